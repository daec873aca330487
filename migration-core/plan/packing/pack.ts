/**
 * Packs machines onto hosts so that no sum is larger than the host in any slot (addition slot by slot), with as few hosts
 * as the effort finds. Same problem, same options: same plan, on every machine and for every order of items and rules.
 */
import { lowerBound } from './bounds.ts';
import { construct } from './construct.ts';
import { improve } from './improve.ts';
import { prepare } from './prepare.ts';
import type { PackedHost, PackingOptions, PackingProblem, PackingResult } from './problem.ts';
import { explainLeft } from './reasons.ts';

/**
 * Every item is on one host of the result or in `unplaced` with its reason. Throws CANCELLED, ASSESSMENT_IMPOSSIBLE for
 * more than can be computed, and INTERNAL for a problem that is not well formed.
 */
export function pack(problem: PackingProblem, options: PackingOptions): PackingResult {
  const prepared = prepare(problem);
  const bound = lowerBound(prepared);
  const packing = construct(prepared, bound.hosts, options.signal);
  improve(packing, bound.hosts, options);
  explainLeft(packing, prepared.unplaced);

  const hosts = packing.open.map(({ class: index, units }) => ({
    index,
    items: units.flatMap((u) => prepared.units[u]!.items).sort((a, b) => a - b),
  }));
  // By class, then by the key of the first item: not by where the search happened to keep them.
  const key = (item: number): string => problem.items[item]!.key;
  const smallest = new Map(
    hosts.map((host) => [host, host.items.map(key).reduce((a, b) => (a < b ? a : b))]),
  );
  hosts.sort((a, b) => a.index - b.index || (smallest.get(a)! < smallest.get(b)! ? -1 : 1));
  return {
    hosts: hosts.map(({ index, items }): PackedHost => ({
      host: problem.hosts[index]!.key,
      items: items.map(key),
    })),
    unplaced: [...prepared.unplaced]
      .sort(([a], [b]) => a - b)
      .map(([item, reason]) => ({ item: key(item), why: reason })),
    bound,
  };
}
