/** A finished packing as the proof of failover asks about it: each host one of its own, with all that runs there. */
import type { HostClass, PackingProblem, PackingResult } from '../../migration-core/plan/packing/problem.ts';
import { takeover, type RunningHost, type TakenOver } from '../../migration-core/plan/packing/takeover.ts';

/**
 * @param classes instead of those of the problem, key by key: a failover may load hosts higher than the plan
 * @returns asked with the indices of the hosts that are lost
 */
export function takeoverOf(
  problem: PackingProblem,
  { hosts }: Pick<PackingResult, 'hosts'>,
  { classes = problem.hosts, stays = [] }: { classes?: readonly HostClass[]; stays?: readonly string[] } = {},
): (...lost: number[]) => TakenOver {
  const byKey = new Map(problem.items.map((item) => [item.key, item]));
  const kindOf = (key: string): HostClass => classes.find((kind) => kind.key === key)!;
  const placed = new Set(hosts.flatMap(({ items }) => items));
  const running = hosts.map(({ host, items }): RunningHost => {
    const { load } = problem.hosts.find(({ key }) => key === host)!;
    const demand = Uint32Array.from(
      { length: problem.timed * problem.slots },
      (_, at) => load?.demand[at] ?? 0,
    );
    const needs = Array.from({ length: problem.fixed }, (_, at) => load?.needs[at] ?? 0);
    for (const key of items) {
      const item = byKey.get(key)!;
      for (let at = 0; at < demand.length; at++) demand[at]! += item.demand[at]!;
      for (let at = 0; at < needs.length; at++) needs[at]! += item.needs[at]!;
    }
    return { items, load: { demand, needs } };
  });
  const ask = takeover(
    {
      ...problem,
      items: problem.items
        .filter(({ key }) => placed.has(key))
        .map(({ hosts: allowed, ...item }) => ({
          ...item,
          ...(allowed === undefined
            ? {}
            : { hosts: hosts.flatMap(({ host }, at) => (allowed.includes(host) ? [String(at)] : [])) }),
        })),
      hosts: hosts.map(({ host }, at) => {
        const { capacity, room } = kindOf(host);
        return { key: String(at), count: 1, capacity, room, cost: 0 };
      }),
    },
    running,
    new Set(stays),
  );
  return (...lost) => ask(new Set(lost));
}
