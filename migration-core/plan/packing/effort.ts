/** How many rounds of search a problem is worth. */
import type { PackingProblem } from './problem.ts';

export type Effort = 'quick' | 'normal' | 'thorough';

/** Of the rounds of `normal`. */
const PART: Record<Effort, number> = { quick: 0.25, normal: 1, thorough: 20 };
/** Rounds of `normal`: some for each problem, and one more for so many items. */
const LEAST = 15;
const ITEMS_PER_ROUND = 32;
/** Values of an item for which that holds: a week of ten minutes of five resources. A round takes as long as it has values. */
const VALUES = 5 * 1008;
/** What a round costs that has nothing to do with the values, in values. */
const ROUND_COST = 250;

/**
 * Counted, so that it is the same on each machine. `normal` with five resources in 1,008 slots was chosen so that 100,
 * 1,000 and 10,000 items are packed within 0.1, 0.5 and 3 s on a laptop (test/bench/README.md).
 */
export function roundsFor({ items, timed, slots, fixed }: PackingProblem, effort: Effort): number {
  const rounds = LEAST + items.length / ITEMS_PER_ROUND;
  const cost = (timed * slots + fixed + ROUND_COST) / (VALUES + ROUND_COST);
  return Math.ceil((rounds * PART[effort]) / cost);
}
