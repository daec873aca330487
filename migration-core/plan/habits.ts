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
  const flat = (demand: PackingItem['demand']): Uint32Array => {
    const levels = new Uint32Array(problem.timed);
    for (let resource = 0; resource < problem.timed; resource++) {
      const start = resource * problem.slots;
      // Nearest rank: x[ceil(p n)], as the assessment counts percentiles.
      if (habit === 'sum-of-p95')
        levels[resource] =
          demand.slice(start, start + weekSlots).sort()[Math.ceil(0.95 * weekSlots) - 1] ?? 0;
      else
        for (let at = start; at < start + problem.slots; at++)
          if (demand[at]! > levels[resource]!) levels[resource] = demand[at]!;
    }
    return levels;
  };
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
