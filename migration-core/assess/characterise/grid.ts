/**
 * The slots of a server as plain columns: store/rollup/slots.ts says what a slot is, here each has its place between the
 * first and the last of the whole server, so that disks are added, gaps found and weeks folded without searching.
 */
import { coarser, type Slots } from '../../store/rollup/slots.ts';

/** Milliseconds since 1970: ends of the first and the last slot of the server. */
export interface Span {
  from: number;
  to: number;
}

export interface Grid {
  /** Seconds. */
  slot: number;
  /** Number of the first slot. */
  first: number;
  /** Means; NaN where nothing is known. Gaps of one or two slots are bridged. */
  values: Float64Array;
  /** 1: measured, 0: missing or bridged. */
  measured: Uint8Array;
  /** Highest of the samples; of sums the sum of the highest. */
  maximum: number;
}

/** A counter that was not read once or twice is no outage; longer silence is (assessment model, section 5). */
const SHORT_GAP = 2;
/** So many days are looked at, the latest: columns of 115,200 slots. A cycle of business has a year. */
const MAX_DAYS = 400;
/** An island of samples this far from all others that holds so small a part of them comes of a wrong clock. */
const ISLAND_GAP = 7 * 86_400_000;
const ISLAND_SHARE = 0.02;
const DAY = 86_400_000;
const HOUR_SECONDS = 3600;

/** @returns the time the samples are about, and how many slots lie outside of it */
export function spanOf(all: readonly Slots[]): { span: Span; outside: number } | null {
  // A slot of a month may end two weeks after its sample: it does not say how long was measured while others do.
  const fine = all.filter(({ slot }) => slot <= HOUR_SECONDS);
  const stretches = (fine.length > 0 ? fine : all)
    .flatMap(stretchesOf)
    .sort((a, b) => a.from - b.from || a.to - b.to);
  const islands: Stretch[] = [];
  for (const stretch of stretches) {
    const last = islands.at(-1);
    if (last === undefined || stretch.from - last.to > ISLAND_GAP) islands.push({ ...stretch });
    else {
      last.to = Math.max(last.to, stretch.to);
      last.slots += stretch.slots;
    }
  }
  const total = islands.reduce((sum, { slots }) => sum + slots, 0);
  const kept = islands.filter(({ slots }) => slots >= total * ISLAND_SHARE);
  if (kept.length === 0) return null;
  const to = kept.at(-1)!.to;
  const from = Math.max(kept[0]!.from, to - MAX_DAYS * DAY);
  let outside = 0;
  for (const { slot, numbers } of fine.length > 0 ? fine : all) {
    const [least, most] = [from / (slot * 1000), to / (slot * 1000)];
    for (let i = 0; i < numbers.length; i++) if (numbers[i]! < least || numbers[i]! > most) outside++;
  }
  return { span: { from, to }, outside };
}

interface Stretch extends Span {
  slots: number;
}

function stretchesOf({ slot, numbers }: Slots): Stretch[] {
  const stretches: Stretch[] = [];
  let start = 0;
  for (let i = 1; i <= numbers.length; i++) {
    if (i < numbers.length && (numbers[i]! - numbers[i - 1]!) * slot * 1000 <= ISLAND_GAP) continue;
    stretches.push({
      from: numbers[start]! * slot * 1000,
      to: numbers[i - 1]! * slot * 1000,
      slots: i - start,
    });
    start = i;
  }
  return stretches;
}

/** A grid over the span with nothing in it. */
export function emptyGrid(slot: number, span: Span): Grid {
  const first = Math.ceil(span.from / (slot * 1000));
  const length = Math.ceil(span.to / (slot * 1000)) - first + 1;
  return {
    slot,
    first,
    values: new Float64Array(length).fill(Number.NaN),
    measured: new Uint8Array(length),
    maximum: Number.NEGATIVE_INFINITY,
  };
}

type Join = (before: number, value: number) => number;
const add: Join = (before, value) => before + value;

/**
 * Joins the parts slot by slot, each bridged over its own short gaps first: a disk that was not read once does not halve
 * the sum. A part that came later counts from then on.
 * @returns null without parts; else on the slots of the coarsest
 */
export function gridOf(parts: readonly Slots[], span: Span, join: Join = add): Grid | null {
  if (parts.length === 0) return null;
  const slot = parts.reduce((most, part) => Math.max(most, part.slot), 0);
  const grid = emptyGrid(slot, span);
  const { values, measured, first } = grid;
  const maxima = new Float64Array(values.length).fill(Number.NaN);
  for (const part of parts) {
    const { numbers, means, maxima: highest } = coarser(part, slot);
    let before = -1;
    for (let i = 0; i < numbers.length; i++) {
      const at = numbers[i]! - first;
      if (at < 0 || at >= values.length) continue;
      const missing = at - before - 1;
      if (before >= 0 && missing > 0 && missing <= SHORT_GAP) {
        const rise = (means[i]! - means[i - 1]!) / (missing + 1);
        for (let step = 1; step <= missing; step++)
          put(values, before + step, means[i - 1]! + rise * step, join);
      }
      if (measured[at] === 0 && Number.isNaN(values[at]!)) {
        // Adding 0 makes 0 of -0, which JSON does not know.
        values[at] = means[i]! + 0;
        maxima[at] = highest[i]!;
      } else {
        put(values, at, means[i]!, join);
        put(maxima, at, highest[i]!, join);
      }
      measured[at] = 1;
      before = at;
    }
  }
  for (let at = 0; at < maxima.length; at++) if (maxima[at]! > grid.maximum) grid.maximum = maxima[at]!;
  return grid;
}

function put(into: Float64Array, at: number, value: number, join: Join): void {
  const before = into[at]!;
  into[at] = Number.isNaN(before) ? value + 0 : join(before, value);
}

/** Values of slots that were measured. */
export function measuredValues({ values, measured }: Grid): Float64Array {
  const found = new Float64Array(values.length);
  let length = 0;
  for (let at = 0; at < values.length; at++) if (measured[at] === 1) found[length++] = values[at]!;
  return found.subarray(0, length);
}

/** What was measured, as the store keeps it. */
export function toSparse({ slot, first, values, measured }: Grid): Slots {
  const numbers = new Float64Array(values.length);
  const means = new Float64Array(values.length);
  let length = 0;
  for (let at = 0; at < values.length; at++) {
    if (measured[at] === 0) continue;
    numbers[length] = first + at;
    means[length++] = values[at]!;
  }
  const kept = means.slice(0, length);
  return { slot, numbers: numbers.slice(0, length), means: kept, maxima: kept };
}

/** Minutes since 1970 in the time of the site at which a slot begins. */
export const startMinute = ({ slot, first }: Grid, at: number, utcOffsetMinutes: number): number =>
  ((first + at - 1) * slot) / 60 + utcOffsetMinutes;
