/**
 * The proof of a failover: machines of hosts that are lost are packed onto the hosts that stay, with all that runs there,
 * by the same sums and rules as the plan. Nothing that runs is moved: a cluster restarts machines, it does not tidy up.
 */
import { IronliftError } from '../../base/errors.ts';
import { checkProblem } from './check.ts';
import { copyHost, Hosts, type HostState } from './hosts.ts';
import { prepare, type Prepared } from './prepare.ts';
import type { HostClass, PackingProblem, PackingResult } from './problem.ts';
import { allows } from './rules.ts';

export interface Repacked {
  /** Keys of items of the lost hosts that found no place; ascending as in the problem. */
  unplaced: string[];
  /** Where the others went: index of the host in the result. */
  moved: { item: string; host: number }[];
  /** Lost hosts whose own load (HostClass.load) goes with them: it is no item and is not packed. */
  stranded: number[];
}

/** Hosts to try first, by what is free: as they are, the emptiest, the fullest. The first order that places all wins. */
const ORDERS = ['as-planned', 'emptiest', 'fullest'] as const;

/**
 * Prepares once and answers for any hosts that are lost, given as indices of `result.hosts`. `classes` replaces those of
 * the problem, key by key, where a failover may load hosts higher than the plan. A host that stands by is named in the
 * result with no items. Throws INTERNAL for a result that is not of this problem.
 */
export function repacker(
  problem: PackingProblem,
  result: PackingResult,
  classes: readonly HostClass[] = problem.hosts,
): (without: readonly number[]) => Repacked {
  const renewed = renew(problem, classes);
  checkProblem({ ...problem, items: [], hosts: renewed });
  const prepared = prepare(problem);
  const hosts = new Hosts(prepared);
  const planned = restore(prepared, hosts, result);
  // Only now: the plan was made for the ceilings of every day, and may be above or below those of a failover.
  for (const kind of prepared.classes) {
    const { capacity, room } = renewed[kind.index]!;
    kind.capacity = Float64Array.from([...capacity, ...room]);
  }
  return (without) => {
    const lost = new Set(without);
    for (const index of lost) if (planned[index] === undefined) throw strange(`no host ${index}`);
    const gone = [...lost].sort((a, b) => a - b);
    for (const index of gone) hosts.close(planned[index]!);
    const units = gone
      .flatMap((index) => planned[index]!.units)
      .sort((a, b) => prepared.units[b]!.norm - prepared.units[a]!.norm || a - b);
    const answer = place(hosts, planned, lost, units);
    for (const index of gone) hosts.reopen(planned[index]!);
    return {
      ...answer,
      stranded: gone.filter((index) => problem.hosts[planned[index]!.class]!.load !== undefined),
    };
  };
}

/** One question; for many, ask `repacker` once. */
export function repack(
  problem: PackingProblem,
  result: PackingResult,
  without: readonly number[],
  classes?: readonly HostClass[],
): Repacked {
  return repacker(problem, result, classes)(without);
}

function place(
  hosts: Hosts,
  planned: readonly HostState[],
  lost: ReadonlySet<number>,
  units: readonly number[],
): Omit<Repacked, 'stranded'> {
  const { prepared } = hosts;
  const staying = [...planned.keys()].filter((index) => !lost.has(index));
  const { items } = prepared.problem;
  const inOrder = (list: number[]): string[] => list.sort((a, b) => a - b).map((item) => items[item]!.key);
  let best: { left: number[]; moved: Map<number, number> } | undefined;
  for (const order of ORDERS) {
    const tries =
      order === 'as-planned'
        ? staying
        : staying.toSorted(
            (a, b) => (freeOf(planned[b]!) - freeOf(planned[a]!)) * (order === 'emptiest' ? 1 : -1),
          );
    const attempt = tryOrder(hosts, planned, tries, units);
    if (best === undefined || attempt.left.length < best.left.length) best = attempt;
    if (best.left.length === 0) break;
  }
  const { left, moved } = best!;
  const places = [...moved].flatMap(([u, host]) =>
    inOrder([...prepared.units[u]!.items]).map((item) => ({ item, host })),
  );
  return { unplaced: inOrder(left.flatMap((u) => prepared.units[u]!.items)), moved: places };
}

/** What is left on average over resources and parts of the week. */
function freeOf({ left }: HostState): number {
  let sum = 0;
  for (const share of left) sum += share;
  return sum;
}

/** First fit. Hosts that take something are copied first and forgotten after. */
function tryOrder(
  hosts: Hosts,
  planned: readonly HostState[],
  tries: readonly number[],
  units: readonly number[],
): { left: number[]; moved: Map<number, number> } {
  const { prepared } = hosts;
  const changed = new Map<number, HostState>();
  const moved = new Map<number, number>();
  const left = units.filter((u) => {
    const unit = prepared.units[u]!;
    const index = tries.find((candidate) => {
      const host = changed.get(candidate) ?? planned[candidate]!;
      return hosts.fits(host, unit) && allows(hosts, host, unit);
    });
    if (index === undefined) return true;
    let host = changed.get(index);
    if (host === undefined) {
      host = copyHost(planned[index]!);
      changed.set(index, host);
      hosts.close(planned[index]!);
      hosts.reopen(host);
    }
    hosts.add(host, u);
    moved.set(u, index);
    return false;
  });
  for (const [index, host] of changed) {
    hosts.close(host);
    hosts.reopen(planned[index]!);
  }
  return { left, moved };
}

/** The plan as hosts that can be added to. */
function restore(prepared: Prepared, hosts: Hosts, result: PackingResult): HostState[] {
  const classOf = new Map(prepared.classes.map(({ key, index }) => [key, index]));
  const unitOf = new Map<string, number>();
  for (const [u, { items }] of prepared.units.entries())
    for (const item of items) unitOf.set(prepared.problem.items[item]!.key, u);
  const placed = new Set<number>();
  return result.hosts.map(({ host: key, items }) => {
    const index = classOf.get(key);
    if (index === undefined) throw strange(`a host of class ${JSON.stringify(key)}`);
    const host = hosts.take(index);
    const units = new Set(items.map((item) => unitOf.get(item)));
    for (const u of units) {
      if (u === undefined || placed.has(u))
        throw strange('an item that is not of the problem, or is there twice');
      if (!hosts.fits(host, prepared.units[u]!))
        throw strange(`more on a host of class ${JSON.stringify(key)} than fits`);
      placed.add(u);
      hosts.add(host, u);
    }
    return host;
  });
}

function renew(problem: PackingProblem, classes: readonly HostClass[]): HostClass[] {
  const byKey = new Map(classes.map((host) => [host.key, host]));
  return problem.hosts.map((host) => {
    const { capacity, room } = byKey.get(host.key) ?? host;
    return { ...host, capacity, room };
  });
}

const strange = (what: string): IronliftError =>
  new IronliftError('INTERNAL', `The plan to be proved does not belong to its problem: it has ${what}.`, {
    next: 'Make the plan again, then prove it; if this comes back, report it with the engagement file.',
  });
