/**
 * A plain packing engine that obeys a packing problem in full: items in the order of their size, each on the first host
 * that takes it. What a plan is tested with; how well it packs does not matter here.
 */
import type {
  HostClass,
  LowerBound,
  PackingItem,
  PackingProblem,
  PackingResult,
  UnplacedReason,
} from '../../migration-core/plan/packing/problem.ts';
import type { PackingEngine } from '../../migration-core/plan/planning.ts';

interface Open {
  kind: HostClass;
  used: Float64Array;
  needs: number[];
  items: PackingItem[];
}

export const firstFit: PackingEngine = { pack, roundsFor: () => 0 };

function pack(problem: PackingProblem): PackingResult {
  const { rules, items } = problem;
  const groups = supers(problem);
  const hosts: Open[] = [];
  const opened = new Map<HostClass, number>();
  const classes = [...problem.hosts].sort((a, b) => a.cost - b.cost);
  const unplaced: PackingResult['unplaced'] = [];
  const foes = new Map<string, Set<string>>();
  for (const set of rules.apart)
    for (const key of set)
      foes.set(key, new Set([...(foes.get(key) ?? []), ...set.filter((other) => other !== key)]));
  const gathered = rules.gathered.map((group) => ({ items: new Set(group.items), hosts: group.hosts }));

  const mayShare = (host: Open, group: readonly PackingItem[]): UnplacedReason | null => {
    for (const item of group) {
      if (item.hosts !== undefined && !item.hosts.includes(host.kind.key)) return { kind: 'no-host' };
      for (const other of [...host.items, ...group]) {
        if (other === item) continue;
        if (foes.get(item.key)?.has(other.key) === true)
          return { kind: 'rules', rule: 'apart', with: [item.key, other.key] };
        if (item.segment !== undefined && other.segment !== undefined && item.segment !== other.segment)
          return { kind: 'rules', rule: 'segment', with: [item.key, other.key] };
      }
      for (const licence of gathered) {
        if (!licence.items.has(item.key) || host.items.some(({ key }) => licence.items.has(key))) continue;
        const there = hosts.filter((open) => open.items.some(({ key }) => licence.items.has(key))).length;
        if (there >= licence.hosts) return { kind: 'rules', rule: 'gathered', with: [...licence.items] };
      }
    }
    return null;
  };
  const order = [...groups].sort((a, b) => weight(problem, b) - weight(problem, a));
  for (const group of order) {
    let reason: UnplacedReason = { kind: 'no-host' };
    let found: Open | null = null;
    const candidates: Open[] = [
      ...hosts,
      ...classes.filter((kind) => (opened.get(kind) ?? 0) < kind.count).map((kind) => empty(problem, kind)),
    ];
    for (const host of candidates) {
      const rule = mayShare(host, group);
      const room = rule ?? short(problem, host, group);
      if (room === null) {
        found = host;
        break;
      }
      if (room.kind !== 'no-host') reason = room;
    }
    if (found === null) {
      if (reason.kind === 'too-large' && fitsAnEmptyOne(problem, group))
        reason = { kind: 'hosts-full', resource: reason.resource };
      for (const { key } of group) unplaced.push({ item: key, why: reason });
      continue;
    }
    if (!hosts.includes(found)) {
      hosts.push(found);
      opened.set(found.kind, (opened.get(found.kind) ?? 0) + 1);
    }
    for (const item of group) {
      found.items.push(item);
      item.demand.forEach((value, at) => (found.used[at] = found.used[at]! + value));
      item.needs.forEach((value, at) => (found.needs[at] = found.needs[at]! + value));
    }
  }
  const at = new Map(items.map(({ key }, index) => [key, index]));
  return {
    hosts: hosts.map(({ kind, items: placed }) => ({
      host: kind.key,
      items: placed.map(({ key }) => key).sort((a, b) => at.get(a)! - at.get(b)!),
    })),
    unplaced: unplaced.sort((a, b) => at.get(a.item)! - at.get(b.item)!),
    bound: bound(problem),
  };
}

function supers({ items, rules }: PackingProblem): PackingItem[][] {
  const groupOf = new Map(items.map((item) => [item.key, [item]]));
  for (const set of rules.together) {
    const merged = [...new Set(set.flatMap((key) => groupOf.get(key) ?? []))];
    for (const { key } of merged) groupOf.set(key, merged);
  }
  return [...new Set(groupOf.values())];
}

const weight = ({ hosts, timed, slots }: PackingProblem, group: readonly PackingItem[]): number => {
  const largest = hosts.reduce((a, b) => (b.capacity[0]! > a.capacity[0]! ? b : a));
  let sum = 0;
  for (let resource = 0; resource < timed; resource++)
    for (const { demand } of group)
      sum +=
        Math.max(...demand.subarray(resource * slots, (resource + 1) * slots)) /
        Math.max(1, largest.capacity[resource]!);
  return sum;
};

function empty({ timed, slots, fixed }: PackingProblem, kind: HostClass): Open {
  return {
    kind,
    used: Float64Array.from({ length: timed * slots }, (_, at) => kind.load?.demand[at] ?? 0),
    needs: Array.from({ length: fixed }, (_, at) => kind.load?.needs[at] ?? 0),
    items: [],
  };
}

/** null: it fits. */
function short(
  { timed, slots, fixed }: PackingProblem,
  host: Open,
  group: readonly PackingItem[],
): UnplacedReason | null {
  for (let at = 0; at < timed * slots; at++) {
    const demand = group.reduce((sum, item) => sum + item.demand[at]!, 0);
    const resource = Math.floor(at / slots);
    const room = host.kind.capacity[resource]! - host.used[at]!;
    if (demand > room && demand > 0)
      return { kind: 'too-large', resource, slot: at % slots, demand, room: Math.max(0, room) };
  }
  for (let at = 0; at < fixed; at++) {
    const demand = group.reduce((sum, item) => sum + item.needs[at]!, 0);
    const room = host.kind.room[at]! - host.needs[at]!;
    if (demand > room && demand > 0)
      return { kind: 'too-large', resource: timed + at, slot: 0, demand, room: Math.max(0, room) };
  }
  return null;
}

const fitsAnEmptyOne = (problem: PackingProblem, group: readonly PackingItem[]): boolean =>
  problem.hosts.some(
    (kind) =>
      group.every(({ hosts }) => hosts?.includes(kind.key) !== false) &&
      short(problem, empty(problem, kind), group) === null,
  );

function bound({ items, hosts, timed, slots }: PackingProblem): LowerBound {
  const best: LowerBound = { hosts: items.length > 0 ? 1 : 0, by: 'sum', resource: 0 };
  for (let resource = 0; resource < timed; resource++) {
    const capacity = Math.max(1, ...hosts.map((kind) => kind.capacity[resource]!));
    for (let slot = 0; slot < slots; slot++) {
      const sum = items.reduce((all, { demand }) => all + demand[resource * slots + slot]!, 0);
      const needed = Math.ceil(sum / capacity);
      if (needed > best.hosts) {
        best.hosts = needed;
        best.resource = resource;
      }
    }
  }
  return best;
}
