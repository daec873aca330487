/** Judges of packings that know the problem and the result and nothing of how it was found. */
import type { PackingProblem, PackingResult } from '../../migration-core/plan/packing/problem.ts';

/** Sentences on everything that is wrong with the result: overflow, items lost or doubled, rules broken, hosts too many. */
export function faults(problem: PackingProblem, result: PackingResult): string[] {
  const found: string[] = [];
  const items = new Map(problem.items.map((item) => [item.key, item]));
  const places = new Map<string, number[]>();
  const opened = new Map<string, number>();
  for (const [index, { host, items: keys }] of result.hosts.entries()) {
    const kind = problem.hosts.find(({ key }) => key === host);
    if (kind === undefined) {
      found.push(`host ${index} is of no class`);
      continue;
    }
    opened.set(host, (opened.get(host) ?? 0) + 1);
    if (keys.length === 0) found.push(`host ${index} is empty`);
    const sums = new Float64Array(problem.timed * problem.slots);
    const needs = new Float64Array(problem.fixed);
    const add = (demand: ArrayLike<number>, fixed: readonly number[]): void => {
      for (let i = 0; i < sums.length; i++) sums[i]! += demand[i]!;
      for (let f = 0; f < needs.length; f++) needs[f]! += fixed[f]!;
    };
    if (kind.load !== undefined) add(kind.load.demand, kind.load.needs);
    const segments = new Set<string>();
    for (const key of keys) {
      const item = items.get(key);
      if (item === undefined) {
        found.push(`${key} is no item`);
        continue;
      }
      places.set(key, [...(places.get(key) ?? []), index]);
      add(item.demand, item.needs);
      if (item.segment !== undefined) segments.add(item.segment);
      if (item.hosts !== undefined && !item.hosts.includes(host)) found.push(`${key} may not go to ${host}`);
    }
    if (segments.size > 1) found.push(`host ${index} has segments ${[...segments].join(' ')}`);
    for (let i = 0; i < sums.length; i++)
      if (sums[i]! > kind.capacity[Math.floor(i / problem.slots)]!)
        found.push(`host ${index} overflows in value ${i}`);
    for (let f = 0; f < needs.length; f++)
      if (needs[f]! > kind.room[f]!) found.push(`host ${index} overflows in fixed resource ${f}`);
  }
  for (const [host, count] of opened)
    if (count > problem.hosts.find(({ key }) => key === host)!.count)
      found.push(`${count} hosts of class ${host}`);

  const unplaced = result.unplaced.map(({ item }) => item);
  for (const { key } of problem.items) {
    const times = (places.get(key)?.length ?? 0) + unplaced.filter((other) => other === key).length;
    if (times !== 1) found.push(`${key} is in ${times} places`);
  }
  const hostsOf = (keys: readonly string[]): number[] =>
    [...new Set(keys)].flatMap((key) => places.get(key) ?? []);
  for (const keys of problem.rules.apart)
    if (new Set(hostsOf(keys)).size < hostsOf(keys).length) found.push(`${keys.join(' ')} are not apart`);
  for (const { items: keys, hosts } of problem.rules.gathered)
    if (new Set(hostsOf(keys)).size > hosts) found.push(`${keys.join(' ')} are on more than ${hosts} hosts`);
  for (const keys of problem.rules.together) {
    const known = keys.filter((key) => items.has(key));
    const on = hostsOf(known);
    if (new Set(on).size > 1 || (on.length > 0 && on.length < new Set(known).size))
      found.push(`${keys.join(' ')} are not together`);
  }
  return found;
}
