/** Putting samples together: of batches that are not in order, and of a batch with those that are there already. */
import { IronliftError } from '../../base/errors.ts';
import type { Samples } from './chunk.ts';

/** What `Date` can hold; other times are a caller's mistake. */
const MAX_TIME = 8.64e15;

/** The samples of a batch, ascending; of two of the same time the first is kept, the others are counted. */
export function ascending({ times, values }: Samples): Samples & { repeated: number } {
  if (times.length !== values.length) throw broken('has another number of times than of values');
  let sorted = true;
  for (let i = 0; i < times.length; i++) {
    if (!(Math.abs(times[i]!) <= MAX_TIME)) throw broken('has a time that is none');
    if (i > 0 && times[i]! <= times[i - 1]!) sorted = false;
  }
  if (sorted) return { times, values, repeated: 0 };
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
  const kept = order.filter((i, at) => at === 0 || times[i]! !== times[order[at - 1]!]!);
  return {
    times: Float64Array.from(kept, (i) => times[i]!),
    values: Float64Array.from(kept, (i) => values[i]!),
    repeated: times.length - kept.length,
  };
}

const broken = (what: string): IronliftError =>
  new IronliftError('INTERNAL', `A batch of measurements ${what}.`, {
    next: 'Report this together with the file that was imported.',
  });

export interface Merged extends Samples {
  added: number;
  repeated: number;
}

/**
 * Both, ascending. Where both have the same time the one of `there` stays and the other counts as repeated, except that
 * a missing value gives way to a measured one, which counts as added.
 */
export function merge(there: Samples, more: Samples): Merged {
  const times = new Float64Array(there.times.length + more.times.length);
  const values = new Float64Array(times.length);
  let length = 0;
  let added = 0;
  let i = 0;
  let j = 0;
  while (i < there.times.length || j < more.times.length) {
    const old = i < there.times.length ? there.times[i]! : Number.POSITIVE_INFINITY;
    const late = j < more.times.length ? more.times[j]! : Number.POSITIVE_INFINITY;
    times[length] = Math.min(old, late);
    if (late < old) {
      values[length++] = more.values[j++]!;
      added++;
      continue;
    }
    let value = there.values[i++]!;
    if (late === old) {
      if (Number.isNaN(value) && !Number.isNaN(more.values[j]!)) {
        value = more.values[j]!;
        added++;
      }
      j++;
    }
    values[length++] = value;
  }
  return {
    times: times.subarray(0, length),
    values: values.subarray(0, length),
    added,
    repeated: more.times.length - added,
  };
}

export const slice = ({ times, values }: Samples, from: number, to: number): Samples => ({
  times: times.subarray(from, to),
  values: values.subarray(from, to),
});

/** The first index whose time is not below `time`. */
export function lowerBound(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Seconds between samples as they are: the median of the last 64 distances; 0 with fewer than two samples. */
export function intervalSeen(times: Float64Array): number {
  const tail = times.subarray(Math.max(0, times.length - 65));
  if (tail.length < 2) return 0;
  const distances = tail.slice(1);
  for (let i = 0; i < distances.length; i++) distances[i] = tail[i + 1]! - tail[i]!;
  distances.sort();
  return distances[distances.length >> 1]! / 1000;
}
