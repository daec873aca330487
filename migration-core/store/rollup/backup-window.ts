/**
 * When backups run: the daily hours in which disks read far more than in the rest of the day while the processor or the
 * network does not go with it. The rule, over half hours (whole hours where slots are longer) in the time of the site:
 *
 * 1. The typical reading of a half hour is its median over all days; that of the day is the median of these.
 * 2. A half hour stands out where it reads at least 4 times as much as the day and at least 2 MB/s, and where not both
 *    processor and network rise by at least half that factor (then it is work).
 * 3. Of half hours that follow each other, also across midnight, the run that reads most is the window.
 * 4. A night counts where the window reads at least twice as much as the typical day; three are needed, and on half of
 *    the days at least.
 */
import type { ServerRollup } from '../model/rollup.ts';
import type { Slots } from './slots.ts';

const HALF_HOUR = 30;
const MINUTES_OF_DAY = 1440;
const FACTOR = 4;
const NIGHT_FACTOR = 2;
/** Bytes per second. */
const LEAST_READING = 2e6;
const LEAST_NIGHTS = 3;
/** An idle server rises from nothing by any factor: percent, bytes per second. */
const CPU_FLOOR = 1;
const NETWORK_FLOOR = 50_000;

/** Means of each half hour of each day; NaN where nothing was measured. */
type Days = Map<number, Float64Array>;

export function backupWindow(
  reads: Slots | undefined,
  cpu: Slots | undefined,
  network: Slots | undefined,
  utcOffsetMinutes: number,
): ServerRollup['backupWindow'] {
  if (reads === undefined || reads.slot > 3600) return null;
  const bin = reads.slot > HALF_HOUR * 60 ? 60 : HALF_HOUR;
  const days = byDay(reads, bin, utcOffsetMinutes);
  if (days.size < LEAST_NIGHTS) return null;
  const typical = typicalDay(days, bin);
  const ofDay = median(typical);
  const readsMuch = (reading: number): boolean => reading >= LEAST_READING && reading >= FACTOR * ofDay;
  if (!typical.some(readsMuch)) return null;
  const rises = [
    riseOf(cpu, CPU_FLOOR, bin, utcOffsetMinutes),
    riseOf(network, NETWORK_FLOOR, bin, utcOffsetMinutes),
  ].filter((rise) => rise !== undefined);
  const standsOut = typical.map((reading, at) => {
    if (!readsMuch(reading)) return 0;
    const half = reading / Math.max(ofDay, LEAST_READING / FACTOR) / 2;
    return rises.length === 2 && rises.every((rise) => rise[at]! >= half) ? 0 : 1;
  });
  const run = greatestRun(standsOut, typical);
  if (run === undefined) return null;
  const nights = countNights(days, run, NIGHT_FACTOR * Math.max(ofDay, LEAST_READING / FACTOR));
  if (nights < LEAST_NIGHTS || nights * 2 < days.size - 1) return null;
  return {
    startMinute: run.start * bin,
    endMinute: ((run.start + run.length) * bin) % MINUTES_OF_DAY,
    nights,
  };
}

function byDay(slots: Slots, bin: number, utcOffsetMinutes: number): Days {
  const bins = MINUTES_OF_DAY / bin;
  const sums: Days = new Map();
  const counts: Days = new Map();
  for (let i = 0; i < slots.numbers.length; i++) {
    const minute = ((slots.numbers[i]! - 1) * slots.slot) / 60 + utcOffsetMinutes;
    const day = Math.floor(minute / MINUTES_OF_DAY);
    const at = Math.floor((minute - day * MINUTES_OF_DAY) / bin);
    let sum = sums.get(day);
    if (sum === undefined) {
      sum = new Float64Array(bins);
      sums.set(day, sum);
      counts.set(day, new Float64Array(bins));
    }
    sum[at]! += slots.means[i]!;
    counts.get(day)![at]!++;
  }
  for (const [day, sum] of sums) {
    const count = counts.get(day)!;
    for (let at = 0; at < bins; at++) sum[at] = count[at] === 0 ? Number.NaN : sum[at]! / count[at]!;
  }
  return sums;
}

function typicalDay(days: Days, bin: number): Float64Array {
  const all = [...days.values()];
  return Float64Array.from({ length: MINUTES_OF_DAY / bin }, (_, at) =>
    median(Float64Array.from(all, (day) => day[at]!)),
  );
}

/** The lower of the two in the middle; NaN of nothing. */
function median(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted.length === 0 ? Number.NaN : sorted[(sorted.length - 1) >> 1]!;
}

/** By which factor each half hour is above the day. */
function riseOf(
  slots: Slots | undefined,
  floor: number,
  bin: number,
  utcOffsetMinutes: number,
): Float64Array | undefined {
  if (slots === undefined || slots.numbers.length === 0 || slots.slot > bin * 60) return undefined;
  const typical = typicalDay(byDay(slots, bin, utcOffsetMinutes), bin);
  const ofDay = Math.max(floor, median(typical));
  return typical.map((value) => value / ofDay);
}

interface Run {
  start: number;
  length: number;
}

/** Around the clock; undefined where nothing stands out, or everything. */
function greatestRun(standsOut: Float64Array, weights: Float64Array): Run | undefined {
  const bins = standsOut.length;
  let best: (Run & { weight: number }) | undefined;
  for (let start = 0; start < bins; start++) {
    if (standsOut[start] === 0 || standsOut[(start + bins - 1) % bins] === 1) continue;
    let length = 0;
    let weight = 0;
    for (; standsOut[(start + length) % bins] === 1; length++) weight += weights[(start + length) % bins]!;
    if (best === undefined || weight > best.weight) best = { start, length, weight };
  }
  return best;
}

function countNights(days: Days, { start, length }: Run, least: number): number {
  let nights = 0;
  for (const [day, readings] of days) {
    const next = days.get(day + 1);
    let sum = 0;
    let seen = 0;
    for (let i = start; i < start + length; i++) {
      const reading = i < readings.length ? readings[i]! : (next?.[i - readings.length] ?? Number.NaN);
      if (Number.isNaN(reading)) continue;
      sum += reading;
      seen++;
    }
    // A night of which less than half was measured tells nothing.
    if (seen * 2 >= length && sum / seen >= least) nights++;
  }
  return nights;
}
