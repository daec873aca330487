/**
 * Samples on slots that are the same for all series: slot k of s seconds is the interval from (k - 1) s to k s since 1970,
 * called by its end as samples are. Only slots with a value are kept, so a clock that was wrong once costs nothing.
 */
import type { Samples } from '../samples/chunk.ts';

export interface Slots {
  /** Seconds. */
  slot: number;
  /** Numbers of the slots, ascending. */
  numbers: Float64Array;
  /** Of the samples of each slot. */
  means: Float64Array;
  maxima: Float64Array;
}

export const LEAST_SLOT = 300;
/** No server measures more; sums of ten million of them are still numbers. */
const MAX_VALUE = 1e300;
/**
 * Samples as far apart as slots are long start anywhere in them, and wander: one keeps its distance to the one before
 * until it is this part of a slot away from where it belongs. Else 12:04:59 and 12:05:01 would make a gap of nothing.
 */
const WANDER = 0.75;
/** Samples that are this part of a slot apart, or further, are about one in a slot. */
const NEARLY_ONE = 0.8;

/** What is no number, or no measurement any more, counts for no slot. */
export const isMeasured = (value: number): boolean => Math.abs(value) <= MAX_VALUE;

/** Seconds: 300, or the distance of the samples in whole minutes where they are further apart. */
export const slotSeconds = (interval: number): number => Math.max(LEAST_SLOT, Math.round(interval / 60) * 60);

/** @param interval seconds between the samples, as seen; 0 if unknown */
export function toSlots({ times, values }: Samples, slot: number, interval: number): Slots {
  const numbers = new Float64Array(times.length);
  const means = new Float64Array(times.length);
  const maxima = new Float64Array(times.length);
  const numberOf = slotNumbering(slot, interval);
  let length = 0;
  let members = 0;
  for (let i = 0; i < times.length; i++) {
    const value = values[i]!;
    if (!isMeasured(value)) continue;
    const number = numberOf(times[i]!);
    if (length > 0 && numbers[length - 1] === number) {
      members++;
      means[length - 1]! += (value - means[length - 1]!) / members;
      maxima[length - 1] = Math.max(maxima[length - 1]!, value);
    } else {
      numbers[length] = number;
      means[length] = value;
      maxima[length++] = value;
      members = 1;
    }
  }
  return {
    slot,
    numbers: numbers.slice(0, length),
    means: means.slice(0, length),
    maxima: maxima.slice(0, length),
  };
}

/**
 * Tells of each time which slot it counts for; to be asked in the order of time, for samples that have a value.
 * @param interval seconds between the samples, as seen; 0 if unknown
 */
export const slotNumbering = (slot: number, interval: number): ((time: number) => number) =>
  interval > NEARLY_ONE * slot ? keepingDistance(slot * 1000) : byMiddle(slot * 1000, interval * 1000);

/** Many samples in a slot: the middle of its interval says where a sample belongs. */
const byMiddle = (slot: number, interval: number) => (time: number) =>
  Math.floor((time - Math.max(interval, 1) / 2) / slot) + 1;

/** About one sample in a slot. */
function keepingDistance(slot: number): (time: number) => number {
  // Time and number of the sample before. Not two variables: those of a closure are boxed anew with each sample.
  const before = Float64Array.of(Number.NaN, Number.NaN);
  return (time) => {
    const place = time / slot;
    const nearest = Math.round(place);
    if (Number.isNaN(before[1]!)) {
      before[0] = time;
      return (before[1] = nearest);
    }
    const kept = before[1]! + Math.round((time - before[0]!) / slot);
    before[0] = time;
    return (before[1] = Math.max(Math.abs(place - kept) <= WANDER ? kept : nearest, before[1]!));
  };
}

/** Coarser slots of slots: their means count as samples. */
export const coarser = (slots: Slots, slot: number): Slots =>
  slots.slot === slot
    ? slots
    : toSlots(
        { times: slots.numbers.map((number) => number * slots.slot * 1000), values: slots.means },
        slot,
        slots.slot,
      );

/** Slot by slot, of those that have a value there; a disk that came later counts from then on. */
export function sumOf(parts: readonly Slots[]): Slots | undefined {
  if (parts.length === 0) return undefined;
  const slot = Math.max(...parts.map((part) => part.slot));
  return parts.map((part) => coarser(part, slot)).reduce((sum, part) => combine(sum, part, (a, b) => a + b));
}

/** Slots that both have, one less the other. */
export function differenceOf(from: Slots, less: Slots): Slots {
  const slot = Math.max(from.slot, less.slot);
  const [a, b] = [coarser(from, slot), coarser(less, slot)];
  const both = combine(
    a,
    { ...b, means: b.means.map((value) => -value), maxima: b.means.map((value) => -value) },
    (x, y) => x + y,
    true,
  );
  return both;
}

function combine(a: Slots, b: Slots, join: (x: number, y: number) => number, both = false): Slots {
  const numbers = new Float64Array(a.numbers.length + b.numbers.length);
  const means = new Float64Array(numbers.length);
  const maxima = new Float64Array(numbers.length);
  let length = 0;
  let i = 0;
  let j = 0;
  while (i < a.numbers.length || j < b.numbers.length) {
    const left = a.numbers[i] ?? Number.POSITIVE_INFINITY;
    const right = b.numbers[j] ?? Number.POSITIVE_INFINITY;
    if (left === right) {
      numbers[length] = left;
      means[length] = join(a.means[i]!, b.means[j]!);
      maxima[length++] = join(a.maxima[i++]!, b.maxima[j++]!);
    } else if (both) {
      if (left < right) i++;
      else j++;
    } else {
      const one = left < right ? a : b;
      const at = left < right ? i++ : j++;
      numbers[length] = one.numbers[at]!;
      means[length] = one.means[at]!;
      maxima[length++] = one.maxima[at]!;
    }
  }
  return {
    slot: a.slot,
    numbers: numbers.slice(0, length),
    means: means.slice(0, length),
    maxima: maxima.slice(0, length),
  };
}
