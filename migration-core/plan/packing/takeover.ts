/**
 * Machines of hosts that fail, onto the hosts that stay: prepared once for all failures that are asked about. It starts
 * from what really runs on each host (backups of visitors included), not from the sum of its items.
 */
import { Hosts, copyHost, type HostState } from './hosts.ts';
import { prepare, type Prepared } from './prepare.ts';
import type { PackingProblem } from './problem.ts';
import { allows } from './rules.ts';

export interface RunningHost {
  /** Keys of items of the problem. */
  items: readonly string[];
  /** All that runs there, timed x slots and fixed: what its items ask for is a part of it. */
  load: { demand: Uint16Array | Uint32Array; needs: readonly number[] };
}

export interface TakenOver {
  /** Where the others went: key of the item and index of the host. */
  moved: { item: string; host: number }[];
  /** Keys of items that found no place, ascending as in the problem. */
  left: string[];
  /** No other packing would leave fewer: each of `left` fits none of the hosts that stay, even were it alone. */
  certain: boolean;
}

/** What is free decides which hosts are tried first; the first order that places all wins. */
const ORDERS = ['as-given', 'emptiest', 'fullest'] as const;

/**
 * @param problem one class with a count of 1 for each host that there is or may come, without loads
 * @param running by class, for those hosts that are there. Kept: more may be added to its end between two questions
 * @param stays keys of items that are lost with their host and ask for no other
 * @returns asked with the indices of the hosts that are lost
 */
export function takeover(
  problem: PackingProblem,
  running: readonly RunningHost[],
  stays: ReadonlySet<string>,
): (lost: ReadonlySet<number>) => TakenOver {
  const prepared = prepare(problem);
  const index = new Map(problem.items.map(({ key }, item) => [key, item]));
  const unitOf = new Map(prepared.units.flatMap(({ items }, u) => items.map((item) => [item, u] as const)));
  // Loads come last: what is said of a unit alone must not count its own host as full of it.
  const loaded = [...problem.hosts];
  const hosts = new Hosts({ ...prepared, problem: { ...problem, hosts: loaded } });
  const states: (HostState | null)[] = [];
  return (lost) => {
    for (let at = states.length; at < running.length; at++) {
      loaded[at] = { ...problem.hosts[at]!, load: running[at]!.load };
      states.push(stateWith(hosts, at, running[at]!, index, unitOf));
    }
    const staying = [...states.keys()].filter((at) => !lost.has(at));
    const units = new Set<number>();
    const homeless: string[] = [];
    for (const at of lost)
      for (const key of running[at]!.items) {
        if (stays.has(key)) continue;
        const u = unitOf.get(index.get(key)!);
        if (u === undefined) homeless.push(key);
        else units.add(u);
      }
    const order = [...units].sort((a, b) => prepared.units[b]!.norm - prepared.units[a]!.norm || a - b);
    const { left, moved } = place(hosts, states, staying, order);
    return {
      moved: [...moved].flatMap(([u, host]) =>
        prepared.units[u]!.items.map((item) => ({ item: problem.items[item]!.key, host })),
      ),
      left: inOrder(problem, [
        ...homeless,
        ...left.flatMap((u) => prepared.units[u]!.items.map((item) => problem.items[item]!.key)),
      ]),
      certain:
        homeless.length === 0 &&
        left.every((u) => {
          // Of several that stay together, some might be placed without the others.
          const unit = prepared.units[u]!;
          return (
            unit.items.length === 1 &&
            staying.every((at) => {
              const host = states[at] ?? null;
              return host !== null && !(hosts.fits(host, unit) && allows(hosts, host, unit));
            })
          );
        }),
    };
  };
}

function inOrder({ items }: PackingProblem, keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  const wanted = new Set(keys);
  return items.filter(({ key }) => wanted.has(key)).map(({ key }) => key);
}

/** null: something runs there that is of no unit, so that its rules are not known; nothing is put there. */
function stateWith(
  hosts: Hosts,
  at: number,
  { items }: RunningHost,
  index: ReadonlyMap<string, number>,
  unitOf: ReadonlyMap<number, number>,
): HostState | null {
  const host = hosts.take(at);
  const sets = new Set<number>();
  const { prepared } = hosts;
  let known = true;
  for (const key of items) {
    const u = unitOf.get(index.get(key)!);
    if (u === undefined) {
      known = false;
      continue;
    }
    const unit = prepared.units[u]!;
    if (unit.segment !== 0) host.segment = unit.segment;
    for (const set of unit.sets) sets.add(set);
    for (const group of unit.groups) {
      if (host.groups.includes(group)) continue;
      host.groups.push(group);
      hosts.groupHosts[group]!++;
    }
  }
  host.sets.push(...sets);
  return known ? host : null;
}

/** Units without a place, and the host of each of the others. */
interface Attempt {
  left: number[];
  moved: Map<number, number>;
}

function place(
  hosts: Hosts,
  states: readonly (HostState | null)[],
  staying: readonly number[],
  units: readonly number[],
): Attempt {
  const targets = staying.filter((at) => states[at] !== null);
  const free = new Map(targets.map((at) => [at, states[at]!.left.reduce((sum, share) => sum + share, 0)]));
  let best: Attempt | undefined;
  for (const order of ORDERS) {
    const tries =
      order === 'as-given'
        ? targets
        : targets.toSorted((a, b) => (free.get(b)! - free.get(a)!) * (order === 'emptiest' ? 1 : -1));
    const attempt = tryOrder(hosts, states, tries, units);
    if (best === undefined || attempt.left.length < best.left.length) best = attempt;
    if (best.left.length === 0) break;
  }
  return best!;
}

/** First fit. A host that takes something is copied first, and the copy forgotten after. */
function tryOrder(
  hosts: Hosts,
  states: readonly (HostState | null)[],
  tries: readonly number[],
  units: readonly number[],
): Attempt {
  const prepared: Prepared = hosts.prepared;
  const changed = new Map<number, HostState>();
  const moved = new Map<number, number>();
  const counted = hosts.groupHosts.slice();
  const left = units.filter((u) => {
    const unit = prepared.units[u]!;
    const at = tries.find((candidate) => {
      const host = changed.get(candidate) ?? states[candidate]!;
      return hosts.fits(host, unit) && allows(hosts, host, unit);
    });
    if (at === undefined) return true;
    const host = changed.get(at) ?? copyHost(states[at]!);
    changed.set(at, host);
    hosts.add(host, u);
    moved.set(u, at);
    return false;
  });
  hosts.groupHosts.set(counted);
  return { left, moved };
}
