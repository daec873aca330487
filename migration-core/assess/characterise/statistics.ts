/**
 * Figures of a column of numbers: nearest-rank percentiles by selection (a month has 8,640 slots and a server twenty
 * columns, so sorting them all would be most of the work) and the slope that outliers cannot turn (Theil-Sen).
 */
import type { Statistic } from '../model/demand.ts';
import { LEAST_FOR_P95, LEAST_FOR_P99 } from '../../store/rollup/series-rollup.ts';

/** Below this, sorting is as fast as parting. */
const SMALL = 24;
/** From so many on a sample of this many finds a better pivot than three do, and costs nothing beside it. */
const LARGE = 400;
const SAMPLE = 15;
const sample = new Float64Array(SAMPLE);

/**
 * Puts the value of rank `k` (from 0) into its place, smaller ones before it and larger ones behind it.
 * @param values no NaN; changed
 */
function select(values: Float64Array, k: number, from: number, to: number): number {
  let left = from;
  let right = to;
  // Rounds that do not halve the rest: after so many the order is one made to be slow, and sorting is safe.
  for (let rounds = 64; right - left > SMALL && rounds > 0; rounds--) {
    const pivot =
      right - left > LARGE
        ? pivotNear(values, k, left, right)
        : middleOf(values[left]!, values[(left + right) >> 1]!, values[right]!);
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return values[k]!;
  }
  values.subarray(left, right + 1).sort();
  return values[k]!;
}

/** The one of a sample, spread over the range, whose rank in it is nearest to that of `k`: high percentiles lie far from the middle. */
function pivotNear(values: Float64Array, k: number, left: number, right: number): number {
  const step = (right - left) / (SAMPLE - 1);
  for (let at = 0; at < SAMPLE; at++) {
    const value = values[left + Math.floor(at * step)]!;
    let place = at;
    for (; place > 0 && sample[place - 1]! > value; place--) sample[place] = sample[place - 1]!;
    sample[place] = value;
  }
  return sample[Math.round(((k - left) / (right - left)) * (SAMPLE - 1))]!;
}

const middleOf = (a: number, b: number, c: number): number =>
  a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;

/**
 * Nearest rank: of n ascending values the one at ceil(p n), counted from 1.
 * @param values no NaN, at least one; changed. @param permille ascending, so that each search begins where the last ended
 */
export function percentiles(values: Float64Array, permille: readonly number[]): number[] {
  let from = 0;
  return permille.map((p) => {
    const k = Math.max(1, Math.ceil((p * values.length) / 1000)) - 1;
    const found = select(values, k, Math.min(from, k), values.length - 1);
    from = k;
    return found;
  });
}

/** The lower of the two in the middle. @param values no NaN; changed. @returns NaN of nothing */
export const median = (values: Float64Array): number =>
  values.length === 0 ? Number.NaN : select(values, (values.length - 1) >> 1, 0, values.length - 1);

/**
 * @param means of the slots with a value, no NaN; changed
 * @param maximum of the samples themselves
 * @param expected slots that the time would have
 */
export function statisticOf(means: Float64Array, maximum: number, expected: number): Statistic | null {
  const slots = means.length;
  if (slots === 0) return null;
  let sum = 0;
  for (let i = 0; i < slots; i++) sum += means[i]!;
  const p95IsMaximum = slots < LEAST_FOR_P95;
  const p99IsMaximum = slots < LEAST_FOR_P99;
  const [p50, p90, p95, p99, p999] = percentiles(means, [
    500,
    900,
    p95IsMaximum ? 1000 : 950,
    p99IsMaximum ? 1000 : 990,
    p99IsMaximum ? 1000 : 999,
  ]) as [number, number, number, number, number];
  return {
    mean: sum / slots,
    p50,
    p90,
    p95,
    p99,
    p999,
    maximum,
    slots,
    coverage: Math.min(1, slots / expected),
    p95IsMaximum,
    p99IsMaximum,
  };
}

/** The middle of the slopes between all pairs of days. @param values NaN where a day is missing. @returns per day; NaN with fewer than two */
export function theilSen(values: Float64Array): number {
  const slopes: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue;
    for (let j = i + 1; j < values.length; j++)
      if (!Number.isNaN(values[j]!)) slopes.push((values[j]! - values[i]!) / (j - i));
  }
  return median(Float64Array.from(slopes));
}
