/** Why a unit that would fit an empty host found no place in the finished plan. */
import type { Packing } from './construct.ts';
import type { HostState } from './hosts.ts';
import { HOST_RULES } from './rules.ts';
import type { UnplacedReason } from './problem.ts';

/** Explains all items of `packing.left`. */
export function explainLeft(packing: Packing, unplaced: Map<number, UnplacedReason>): void {
  const { hosts, left } = packing;
  if (left.length === 0) return;
  // What could be opened still, as it would be then.
  const candidates = [...packing.open];
  for (const { index } of hosts.prepared.classes)
    if (hosts.available(index)) candidates.push(hosts.pristine(index));
  for (const u of left)
    for (const item of hosts.prepared.units[u]!.items) unplaced.set(item, why(packing, candidates, u, item));
}

function why(packing: Packing, candidates: readonly HostState[], u: number, item: number): UnplacedReason {
  const { hosts } = packing;
  const { units, classes, resources } = hosts.prepared;
  const unit = units[u]!;
  const lacking = new Float64Array(resources);
  for (const host of candidates) {
    if (unit.allowed !== null && unit.allowed[host.class] !== 1) continue;
    if (hosts.fits(host, unit)) {
      // It has room here: then a rule is in the way.
      const broken = HOST_RULES.find(({ forbids }) => forbids(hosts, host, unit));
      if (broken !== undefined)
        return { kind: 'rules', rule: broken.rule, with: othersOf(packing, broken.rule, host, u, item) };
      continue;
    }
    // The resource that is short here: where the slots are looked into, the one of the slot that turned it away.
    const { capacity } = classes[host.class]!;
    const { timed, slots } = hosts.prepared.problem;
    let short = capacity.findIndex(
      (limit, r) => (hosts.prepared.exact || r >= timed) && host.use[r]! + unit.peaks[r]! > limit,
    );
    if (short < 0) short = Math.floor(host.hot / slots);
    lacking[short]!++;
  }
  let most = 0;
  for (let r = 1; r < resources; r++) if (lacking[r]! > lacking[most]!) most = r;
  return { kind: 'hosts-full', resource: most };
}

/** Keys of the items that stand in the way under a rule. */
function othersOf(packing: Packing, rule: string, host: HostState, u: number, item: number): string[] {
  const { units, problem, groupUnits } = packing.hosts.prepared;
  const unit = units[u]!;
  const stands = (other: number): boolean => {
    const theirs = units[other]!;
    if (rule === 'segment') return theirs.segment !== 0 && theirs.segment !== unit.segment;
    return theirs.sets.some((set) => unit.sets.includes(set));
  };
  const list =
    rule === 'gathered'
      ? [...new Set(unit.groups.flatMap((group) => groupUnits[group]!))]
      : host.units.filter(stands);
  return list
    .flatMap((other) => units[other]!.items)
    .filter((other) => other !== item)
    .map((other) => problem.items[other]!.key)
    .sort();
}
