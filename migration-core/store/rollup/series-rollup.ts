/** The roll-up of one series (model/rollup.ts) from its slots. */
import type { Rollup } from '../model/rollup.ts';
import type { Slots } from './slots.ts';

export const HOURS_OF_WEEK = 168;
/** Below this many slots the percentile is the maximum: a day, and three and a half days, of 5 minutes. */
export const LEAST_FOR_P95 = 288;
export const LEAST_FOR_P99 = 1000;
const MAX_GAPS = 100;
const HOUR = 3_600_000;
/** 1970 began on a Thursday. */
const HOURS_BEFORE = 72;

/** Nearest rank: of n ascending values the one at ceil(percent n / 100), counted from 1. */
export const percentile = (ascending: Float64Array, percent: number): number =>
  ascending[Math.max(1, Math.ceil((percent * ascending.length) / 100)) - 1]!;

/**
 * `maximum` is that of the samples; all else is of the slots' means, also the maximum that stands for a percentile.
 * @returns undefined without a single value
 */
export function rollUpSeries(
  slots: Slots,
  utcOffsetMinutes: number,
): Omit<Rollup, 'metric' | 'instance'> | undefined {
  const { slot, numbers, means, maxima } = slots;
  const count = numbers.length;
  if (count === 0) return undefined;
  const sorted = means.slice().sort();
  const few = { p95: count < LEAST_FOR_P95, p99: count < LEAST_FOR_P99 };
  return {
    slot,
    first: numbers[0]! * slot * 1000,
    last: numbers[count - 1]! * slot * 1000,
    slots: count,
    coverage: count / (numbers[count - 1]! - numbers[0]! + 1),
    gaps: gapsOf(slots),
    mean: means.reduce((sum, value) => sum + value, 0) / count,
    minimum: sorted[0]!,
    maximum: maxima.reduce((most, value) => Math.max(most, value)),
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p95: percentile(sorted, few.p95 ? 100 : 95),
    p99: percentile(sorted, few.p99 ? 100 : 99),
    percentilesAreMaxima: few,
    week: weekOf(slots, utcOffsetMinutes),
  };
}

function gapsOf({ slot, numbers }: Slots): Rollup['gaps'] {
  const gaps: Rollup['gaps'] = [];
  for (let i = 1; i < numbers.length; i++)
    if (numbers[i]! - numbers[i - 1]! - 1 > 2)
      gaps.push({ from: numbers[i - 1]! * slot * 1000, to: (numbers[i]! - 1) * slot * 1000 });
  return gaps
    .sort((a, b) => b.to - b.from - (a.to - a.from) || a.from - b.from)
    .slice(0, MAX_GAPS)
    .sort((a, b) => a.from - b.from);
}

/** A slot counts for the hour in which it begins; one of more than an hour for each hour that it touches. */
function weekOf({ slot, numbers, means }: Slots, utcOffsetMinutes: number): number[] {
  const sums = new Float64Array(HOURS_OF_WEEK);
  const counts = new Float64Array(HOURS_OF_WEEK);
  // Longer than a week says nothing of an hour.
  if (slot * 1000 > HOURS_OF_WEEK * HOUR) return Array.from(sums, () => Number.NaN);
  for (let i = 0; i < numbers.length; i++) {
    const start = (numbers[i]! - 1) * slot * 1000 + utcOffsetMinutes * 60_000;
    for (let hour = Math.floor(start / HOUR); hour * HOUR < start + slot * 1000; hour++) {
      const at = (((hour + HOURS_BEFORE) % HOURS_OF_WEEK) + HOURS_OF_WEEK) % HOURS_OF_WEEK;
      sums[at]! += means[i]!;
      counts[at]!++;
      if (slot * 1000 <= HOUR) break;
    }
  }
  return Array.from(sums, (sum, at) => (counts[at] === 0 ? Number.NaN : sum / counts[at]!));
}
