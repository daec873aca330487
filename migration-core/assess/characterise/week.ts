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
  const highest = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY);
  const second = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY);
  const weeks = new Uint16Array(slots);
  eachBucket(grid, bucket, shape.endsWith('mean'), utcOffsetMinutes, (number, value) => {
    const at = (((number + MINUTES_BEFORE / bucket) % slots) + slots) % slots;
    weeks[at]!++;
    if (value > highest[at]!) {
      second[at] = highest[at]!;
      highest[at] = value;
    } else if (value > second[at]!) second[at] = value;
  });
  const row = new Float64Array(slots);
  for (let at = 0; at < slots; at++)
    row[at] = weeks[at] === 0 ? fill : weeks[at]! >= WEEKS_FOR_SECOND ? second[at]! : highest[at]!;
  return inSteps(row);
}

/** The day from that minute in 10 minute peaks. */
export function foldDay(grid: Grid, day: number, fill: number, utcOffsetMinutes: number): Float32Array {
  const row = new Float64Array(144).fill(Number.NaN);
  eachBucket(grid, 10, false, utcOffsetMinutes, (number, value) => {
    const at = number - day * 144;
    if (at >= 0 && at < 144) row[at] = value;
  });
  return inSteps(row.map((value) => (Number.isNaN(value) ? fill : value)));
}

/**
 * Calls with the number of each bucket of so many minutes and its highest value or its mean. A slot counts for the bucket
 * in which it begins; one longer than a bucket for each that it touches.
 */
function eachBucket(
  grid: Grid,
  bucket: number,
  isMean: boolean,
  utcOffsetMinutes: number,
  found: (number: number, value: number) => void,
): void {
  const { values, slot } = grid;
  const minutes = slot / 60;
  let current = Number.NaN;
  let joined = 0;
  let members = 0;
  const flush = (): void => {
    if (members > 0) found(current, isMean ? joined / members : joined);
    members = 0;
  };
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (Number.isNaN(value)) continue;
    const start = startMinute(grid, at, utcOffsetMinutes);
    let number = Math.floor(start / bucket);
    do {
      if (number !== current) {
        flush();
        current = number;
        joined = value;
        members = 1;
      } else {
        joined = isMean ? joined + value : Math.max(joined, value);
        members++;
      }
      number++;
    } while (minutes > bucket && number * bucket < start + minutes);
  }
  flush();
}

/** The values as they come back from a kept profile: kept or computed anew, a plan is the same. */
function inSteps(row: Float64Array): Float32Array {
  let peak = 0;
  for (const value of row) peak = Math.max(peak, value);
  peak = Math.fround(peak);
  if (peak === 0) return new Float32Array(row.length);
  return Float32Array.from(row, (value) =>
    // A hair less than whole steps, for 7 / 10 * 10 is not 7.
    fromSteps(Math.min(STEPS, Math.max(0, Math.ceil((value / peak) * STEPS - 1e-6))), peak),
  );
}

export const fromSteps = (steps: number, peak: number): number => Math.fround((steps * peak) / STEPS);
