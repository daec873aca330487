/**
 * Weeks folded into a typical one: what is laid on hosts. A slot of the week holds the highest of the matching slots of
 * all weeks; where four and more were seen, the second highest, so that one odd Tuesday does not rule all Tuesdays.
 */
import { SLOT_MINUTES, type WeekShape } from '../model/demand.ts';
import { startMinute, type Grid } from './grid.ts';

const MINUTES_OF_WEEK = 10_080;
/** 1970 began on a Thursday: so far is it from Monday. */
const MINUTES_BEFORE = 3 * 1440;
const WEEKS_FOR_SECOND = 4;
/** Steps from nothing to the peak of a row, so that a row is kept in two bytes a slot. */
export const STEPS = 65_535;

/**
 * @param fill for slots of the week in which nothing was seen
 * @returns (10080 / slot) values in STEPS steps of the row's peak, rounded up
 */
export function foldWeek(grid: Grid, shape: WeekShape, fill: number, utcOffsetMinutes: number): Float32Array {
  const bucket = SLOT_MINUTES[shape];
  const slots = MINUTES_OF_WEEK / bucket;
  const { values, first } = bucketsOf(grid, bucket, shape.endsWith('mean'), utcOffsetMinutes);
  const highest = new Float64Array(slots);
  const second = new Float64Array(slots);
  const weeks = new Uint16Array(slots);
  let at = (((first + MINUTES_BEFORE / bucket) % slots) + slots) % slots;
  for (let i = 0; i < values.length; i++, at = at + 1 === slots ? 0 : at + 1) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    if (weeks[at]!++ === 0) highest[at] = value;
    else if (value > highest[at]!) {
      second[at] = highest[at]!;
      highest[at] = value;
    } else if (value > second[at]!) second[at] = value;
  }
  for (let slot = 0; slot < slots; slot++) {
    if (weeks[slot] === 0) highest[slot] = fill;
    else if (weeks[slot]! >= WEEKS_FOR_SECOND) highest[slot] = second[slot]!;
  }
  return inSteps(highest);
}

/** The day of that number (since 1970, in the time of the site) in 10 minute peaks. */
export function foldDay(grid: Grid, day: number, fill: number, utcOffsetMinutes: number): Float32Array {
  const { values, first } = bucketsOf(grid, 10, false, utcOffsetMinutes);
  const row = new Float64Array(144);
  for (let at = 0; at < 144; at++) {
    const value = values[day * 144 + at - first] ?? Number.NaN;
    row[at] = Number.isNaN(value) ? fill : value;
  }
  return inSteps(row);
}

/**
 * Highest or mean of each bucket of so many minutes; NaN where nothing was seen. A slot counts for the bucket in which it
 * begins; one longer than a bucket for each that it touches.
 * @returns `first` is the number of the first bucket since 1970 in the time of the site
 */
function bucketsOf(
  grid: Grid,
  bucket: number,
  isMean: boolean,
  utcOffsetMinutes: number,
): { values: Float64Array; first: number } {
  const { values: slots } = grid;
  const minutes = grid.slot / 60;
  const begin = startMinute(grid, 0, utcOffsetMinutes);
  const first = Math.floor(begin / bucket);
  const last = Math.ceil((begin + slots.length * minutes) / bucket);
  const values = new Float64Array(last - first).fill(Number.NaN);
  const longer = minutes > bucket;
  const ratio = bucket / minutes;
  if (Number.isInteger(ratio) && Number.isInteger(begin / minutes)) {
    evenBuckets(slots, values, ratio, begin / minutes - first * ratio, isMean);
    return { values, first };
  }
  let members = 0;
  let current = -1;
  for (let at = 0; at < slots.length; at++) {
    const value = slots[at]!;
    if (Number.isNaN(value)) continue;
    const start = begin + at * minutes;
    let number = Math.floor(start / bucket) - first;
    if (longer) {
      const end = (start + minutes) / bucket - first;
      for (; number < end; number++) if (!(values[number]! >= value)) values[number] = value;
      continue;
    }
    if (number !== current) {
      current = number;
      members = 1;
      values[number] = value;
    } else if (isMean) {
      members++;
      values[number]! += (value - values[number]!) / members;
    } else if (value > values[number]!) values[number] = value;
  }
  return { values, first };
}

/** Buckets of `ratio` whole slots each, as almost all are; `skipped` of the first one lie before the first slot. */
function evenBuckets(
  slots: Float64Array,
  buckets: Float64Array,
  ratio: number,
  skipped: number,
  isMean: boolean,
): void {
  for (let number = 0; number < buckets.length; number++) {
    const start = number * ratio - skipped;
    const from = Math.max(0, start);
    const to = Math.min(slots.length, start + ratio);
    buckets[number] = isMean ? meanOf(slots, from, to) : highestOf(slots, from, to);
  }
}

/** NaN where nothing was seen. */
function highestOf(slots: Float64Array, from: number, to: number): number {
  let highest = Number.NaN;
  for (let at = from; at < to; at++) {
    const value = slots[at]!;
    if (value > highest || Number.isNaN(highest)) highest = value;
  }
  return highest;
}

function meanOf(slots: Float64Array, from: number, to: number): number {
  let mean = Number.NaN;
  let members = 0;
  for (let at = from; at < to; at++) {
    const value = slots[at]!;
    if (Number.isNaN(value)) continue;
    if (members++ === 0) mean = value;
    else mean += (value - mean) / members;
  }
  return mean;
}

/** The values as they come back from a kept profile: kept or computed anew, a plan is the same. */
function inSteps(row: Float64Array): Float32Array {
  let peak = 0;
  for (let at = 0; at < row.length; at++) peak = Math.max(peak, row[at]!);
  peak = Math.fround(peak);
  const steps = new Float32Array(row.length);
  if (peak === 0) return steps;
  for (let at = 0; at < row.length; at++)
    // A hair less than whole steps, for 7 / 10 * 10 is not 7.
    steps[at] = fromSteps(Math.min(STEPS, Math.max(0, Math.ceil((row[at]! / peak) * STEPS - 1e-6))), peak);
  return steps;
}

export const fromSteps = (steps: number, peak: number): number => Math.fround((steps * peak) / STEPS);
