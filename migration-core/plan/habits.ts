/** How many hosts the market's habits would need for the same servers: one figure for a server instead of its week. */
import type { PackingItem, PackingProblem } from './packing/problem.ts';

export type Habit = 'sum-of-peaks' | 'sum-of-p95';

/**
 * The problem with one slot.
 * @param weekSlots what percentiles of a week are of: a day of the month is no eighth of it
 * @param p95 of the samples by item, where they are known: a week of peaks has higher ones, which would flatter our plan
 */
export function flattened(
  problem: PackingProblem,
  habit: Habit,
  weekSlots: number,
  p95: ReadonlyMap<string, Uint16Array> = new Map(),
): PackingProblem {
  const flat = (demand: PackingItem['demand']): Uint32Array =>
    Uint32Array.from({ length: problem.timed }, (_, resource) => {
      const row = Uint32Array.from(demand.subarray(resource * problem.slots, (resource + 1) * problem.slots));
      // Nearest rank: x[ceil(p n)], as the assessment counts percentiles.
      if (habit === 'sum-of-peaks') return row.reduce((most, value) => Math.max(most, value), 0);
      return row.subarray(0, weekSlots).sort()[Math.ceil(0.95 * weekSlots) - 1] ?? 0;
    });
  return {
    ...problem,
    slots: 1,
    items: problem.items.map((item) => ({
      ...item,
      demand: (habit === 'sum-of-p95' ? p95.get(item.key) : undefined) ?? flat(item.demand),
    })),
    hosts: problem.hosts.map(({ load, ...host }) => ({
      ...host,
      ...(load === undefined ? {} : { load: { demand: flat(load.demand), needs: load.needs } }),
    })),
  };
}
