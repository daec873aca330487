/** Looks at each unit alone before any packing: is there a kind of host that could ever take it? */
import type { PackingProblem, UnplacedReason } from './problem.ts';

/** Returns true, and says why in `unplaced` for each item, where no empty host takes the unit. */
export function explainAlone(
  problem: PackingProblem,
  members: number[],
  allowed: Uint8Array | null,
  summed: { peaks: Float64Array },
  unplaced: Map<number, UnplacedReason>,
): boolean {
  if (fitsSomeClass(problem, allowed, summed.peaks)) return false;
  const { items } = problem;
  const keys = (indices: number[]): string[] => indices.map((index) => items[index]!.key);
  const guilty = members.filter((member) => {
    const why = whyAlone(problem, member);
    if (why !== undefined) unplaced.set(member, why);
    return why !== undefined;
  });
  for (const member of members) {
    if (guilty.includes(member)) continue;
    // Each fits somewhere, but they do not fit together; or it stays out because those do that it stays with.
    const others = guilty.length > 0 ? guilty : members.filter((other) => other !== member);
    unplaced.set(member, { kind: 'rules', rule: 'together', with: keys(others) });
  }
  return true;
}

function fitsSomeClass({ hosts }: PackingProblem, allowed: Uint8Array | null, peaks: Float64Array): boolean {
  // Machines that may go to one of thousands of hosts are many: the others are not looked at.
  const next = (from: number): number =>
    allowed !== null ? allowed.indexOf(1, from) : from < hosts.length ? from : -1;
  for (let index = next(0); index >= 0; index = next(index + 1)) {
    const { capacity, room, count } = hosts[index]!;
    if (count === 0) continue;
    const fits =
      capacity.every((value, r) => peaks[r]! <= value) &&
      room.every((value, f) => peaks[capacity.length + f]! <= value);
    if (fits) return true;
  }
  return false;
}

function whyAlone({ items, hosts, timed, slots }: PackingProblem, item: number): UnplacedReason | undefined {
  const { demand, needs, hosts: list } = items[item]!;
  const names = list === undefined ? undefined : new Set(list);
  let closest: { over: number; why: UnplacedReason } | undefined;
  for (const { key, count, capacity, room } of hosts) {
    if (count === 0 || (names !== undefined && !names.has(key))) continue;
    let worst: { over: number; why: UnplacedReason } | undefined;
    const compare = (resource: number, slot: number, wanted: number, has: number): void => {
      // Next to no room at all everything is too large, the larger the worse.
      const over = wanted / (has === 0 ? 0.5 : has);
      if (wanted > has && (worst === undefined || over > worst.over))
        worst = { over, why: { kind: 'too-large', resource, slot, demand: wanted, room: has } };
    };
    for (let r = 0; r < timed; r++) {
      let peak = 0;
      for (let slot = 1; slot < slots; slot++)
        if (demand[r * slots + slot]! > demand[r * slots + peak]!) peak = slot;
      compare(r, peak, demand[r * slots + peak]!, capacity[r]!);
    }
    for (const [f, need] of needs.entries()) compare(timed + f, 0, need, room[f]!);
    if (worst === undefined) return undefined;
    if (closest === undefined || worst.over < closest.over) closest = worst;
  }
  return closest?.why ?? { kind: 'no-host' };
}
