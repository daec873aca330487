/**
 * A column of numbers in few bytes, bit for bit. What tools print are decimal fractions of two or three digits or whole
 * numbers; as integers of the smallest step (12.34 is 1234 hundredths) their differences fit one or two bytes.
 *
 * Layout, little-endian:
 *
 *     u8  flags    see the constants below
 *     [missing]    FLAG_MISSING: ceil(n / 8) bytes, bit i set: value i is NaN; the rest of the column leaves it away
 *     scaled:      u8 decimals, u8 shift; value = integer * 2^shift / 10^decimals
 *                  residuals: zigzag varints (7 bits a byte, least significant first); FLAG_REST_ZERO: only as many as
 *                  the predictor needs to start, all others are 0
 *                  [corrections] FLAG_CORRECTED: zigzag varints, units in the last place to add to each value
 *     raw:         float64, the first bytes of all values, then the second bytes ... (they compress, whole ones do not)
 */
import type { IronliftError } from '../../base/errors.ts';
import { damaged as engagementDamaged } from '../damaged.ts';

const FLAG_SCALED = 1;
const FLAG_MISSING = 2;
const FLAG_CORRECTED = 4;
const FLAG_REST_ZERO = 8;
/** Of the differences that are kept: 0 the numbers themselves, 1 to the one before, 2 of these differences. */
const PREDICTOR_SHIFT = 4;
const ALL_FLAGS = FLAG_SCALED | FLAG_MISSING | FLAG_CORRECTED | FLAG_REST_ZERO | (3 << PREDICTOR_SHIFT);

/** Second differences of integers up to this stay below 2^52, so their zigzag form is a safe integer. */
const MAX_INTEGER = 2 ** 50;
const MAX_DECIMALS = 9;
/** 100 - 97.53, and 5.17 ms in seconds, are a few units beside the fraction with two or five decimals. */
const MAX_NEAR_DECIMALS = 6;
const MAX_SHIFT = 52;
/** Larger corrections than two varint bytes are no rounding error of a sum; raw bytes are as small then. */
const MAX_CORRECTION = 2 ** 13 - 1;
const MAX_VARINT_BYTES = 8;
const POWERS = Array.from({ length: MAX_DECIMALS + 1 }, (_, decimals) => 10 ** decimals);

/** Bytes that `encodeColumn` may need for `count` values. */
export const columnRoom = (count: number): number => 16 + Math.ceil(count / 8) + count * 11;

const word = new Float64Array(1);
const words = new Uint32Array(word.buffer);

/** Units in the last place from `from` to `to`, or NaN where they are far apart or differ in sign or exponent. */
function unitsBetween(from: number, to: number): number {
  word[0] = from;
  const low = words[0]!;
  const high = words[1]!;
  word[0] = to;
  if (words[1] !== high) return Number.NaN;
  const units = words[0]! - low;
  return Math.abs(units) <= MAX_CORRECTION ? units : Number.NaN;
}

function addUnits(value: number, units: number): number {
  word[0] = value;
  words[0] = words[0]! + units;
  return word[0];
}

interface Scaled {
  decimals: number;
  shift: number;
  integers: Float64Array;
  /** Empty where every value is the decimal fraction itself. */
  corrections: Int32Array;
}

/** Whether the fraction with that many decimals is the value, or a few units beside it. */
const isStep = (value: number, power: number): boolean => Math.round(value * power) / power === value;
const isNearStep = (value: number, power: number): boolean =>
  !Number.isNaN(unitsBetween(Math.round(value * power) / power, value));

/** The fewest decimals with which `fits` holds for all values; more than `most` where there are none. */
function decimalsOf(
  values: Float64Array,
  most: number,
  fits: (value: number, power: number) => boolean,
): number {
  let decimals = 0;
  for (const value of values) while (!fits(value, POWERS[decimals]!)) if (++decimals > most) return decimals;
  return decimals;
}

/** The values as integers of one step; undefined where they are none. */
function toIntegers(values: Float64Array): Scaled | undefined {
  let decimals = decimalsOf(values, MAX_DECIMALS, isStep);
  const exact = decimals <= MAX_DECIMALS;
  if (!exact) decimals = decimalsOf(values, MAX_NEAR_DECIMALS, isNearStep);
  if (!exact && decimals > MAX_NEAR_DECIMALS) return undefined;
  const count = values.length;
  const power = POWERS[decimals]!;
  const integers = new Float64Array(count);
  const corrections = exact ? new Int32Array(0) : new Int32Array(count);
  let factor = 2 ** MAX_SHIFT;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    const integer = Math.round(value * power);
    if (!(Math.abs(integer) <= MAX_INTEGER) || (value === 0 && Object.is(value, -0))) return undefined;
    if (!exact) corrections[i] = unitsBetween(integer / power, value);
    // Dividing by a power of two is exact, and faster than the remainder.
    while (factor > 1 && !Number.isInteger(integer / factor)) factor /= 2;
    integers[i] = integer;
  }
  if (factor > 1) for (let i = 0; i < count; i++) integers[i] = integers[i]! / factor;
  return { decimals, shift: Math.log2(factor), integers, corrections };
}

const varintLength = (integer: number): number => {
  const size = Math.abs(integer) * 2;
  return size < 2 ** 7 ? 1 : size < 2 ** 14 ? 2 : size < 2 ** 21 ? 3 : size < 2 ** 28 ? 4 : 6;
};

/** Which differences take the fewest bytes. */
function choosePredictor(integers: Float64Array): 0 | 1 | 2 {
  const bytes = [0, 0, 0];
  let before = 0;
  let difference = 0;
  for (const integer of integers) {
    const step = integer - before;
    bytes[0]! += varintLength(integer);
    bytes[1]! += varintLength(step);
    bytes[2]! += varintLength(step - difference);
    before = integer;
    difference = step;
  }
  if (bytes[2]! < bytes[1]! && bytes[2]! < bytes[0]!) return 2;
  return bytes[1]! < bytes[0]! ? 1 : 0;
}

function residualsOf(integers: Float64Array, predictor: 0 | 1 | 2): Float64Array {
  if (predictor === 0) return integers;
  const residuals = new Float64Array(integers.length);
  let before = 0;
  let difference = 0;
  for (let i = 0; i < integers.length; i++) {
    const step = integers[i]! - before;
    residuals[i] = predictor === 1 ? step : step - difference;
    before = integers[i]!;
    difference = step;
  }
  return residuals;
}

function putVarint(into: Uint8Array, at: number, integer: number): number {
  let rest = integer >= 0 ? integer * 2 : -integer * 2 - 1;
  let next = at;
  while (rest >= 2 ** 31) {
    into[next++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    into[next++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  into[next++] = rest;
  return next;
}

/** Writes a column at `at`; `into` has `columnRoom` bytes there. @returns where it ends */
export function encodeColumn(column: Float64Array, into: Uint8Array, at: number): number {
  let missing = 0;
  for (const value of column) if (Number.isNaN(value)) missing++;
  const values = missing === 0 ? column : column.filter((value) => !Number.isNaN(value));
  let next = at + 1;
  let flags = 0;
  if (missing > 0) {
    flags |= FLAG_MISSING;
    const bytes = Math.ceil(column.length / 8);
    into.fill(0, next, next + bytes);
    for (let i = 0; i < column.length; i++)
      if (Number.isNaN(column[i]!)) into[next + (i >> 3)]! |= 1 << (i & 7);
    next += bytes;
  }
  const afterMissing = next;
  const scaled = toIntegers(values);
  if (scaled === undefined) {
    into[at] = flags;
    return encodeRaw(values, into, next);
  }
  const predictor = choosePredictor(scaled.integers);
  const residuals = residualsOf(scaled.integers, predictor);
  flags |= FLAG_SCALED | (predictor << PREDICTOR_SHIFT);
  into[next++] = scaled.decimals;
  into[next++] = scaled.shift;
  let kept = residuals.length;
  while (kept > predictor && residuals[kept - 1] === 0) kept--;
  if (kept <= predictor) flags |= FLAG_REST_ZERO;
  else kept = residuals.length;
  for (let i = 0; i < kept; i++) next = putVarint(into, next, residuals[i]!);
  if (scaled.corrections.length > 0) {
    flags |= FLAG_CORRECTED;
    for (const units of scaled.corrections) next = putVarint(into, next, units);
  }
  if (next - afterMissing > values.length * 8) {
    into[at] = flags & FLAG_MISSING;
    return encodeRaw(values, into, afterMissing);
  }
  into[at] = flags;
  return next;
}

function encodeRaw(values: Float64Array, into: Uint8Array, at: number): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let next = at;
  for (let plane = 0; plane < 8; plane++)
    for (let i = plane; i < bytes.length; i += 8) into[next++] = bytes[i]!;
  return next;
}

const damaged = (why: string): IronliftError =>
  engagementDamaged('Measurements in the engagement file are', why);

/** Reads columns one after the other out of bytes that nobody vouches for. */
export class ColumnReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw damaged('bytes are left over');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw damaged('they end too early');
    return byte;
  }

  #varint(): number {
    const bytes = this.#bytes;
    const first = this.#byte();
    // Most are of one byte.
    if (first < 128) return (first & 1) === 0 ? first >>> 1 : -((first + 1) >>> 1);
    let rest = first & 127;
    let weight = 128;
    for (let length = 1; ; length++) {
      if (length === MAX_VARINT_BYTES) throw damaged('a number is too long');
      const byte = bytes[this.#at++];
      if (byte === undefined) throw damaged('they end too early');
      rest += (byte & 127) * weight;
      if (byte < 128) break;
      weight *= 128;
    }
    return rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2;
  }

  /** The next column, which has `count` values; the caller has bounded it. @throws ENGAGEMENT_DAMAGED */
  column(count: number): Float64Array {
    const flags = this.#byte();
    if ((flags & ~ALL_FLAGS) !== 0) throw damaged('their kind is unknown');
    const missing = (flags & FLAG_MISSING) === 0 ? undefined : this.#bitmap(count);
    const present = missing === undefined ? count : count - countBits(missing);
    const values = (flags & FLAG_SCALED) === 0 ? this.#raw(present) : this.#scaled(present, flags);
    return missing === undefined ? values : spread(values, missing, count);
  }

  #bitmap(count: number): Uint8Array {
    const end = this.#at + Math.ceil(count / 8);
    if (end > this.#bytes.length) throw damaged('they end too early');
    const bitmap = this.#bytes.slice(this.#at, end);
    this.#at = end;
    if (count % 8 !== 0 && bitmap[bitmap.length - 1]! >> (count % 8) !== 0)
      throw damaged('more are missing than there are');
    return bitmap;
  }

  #raw(count: number): Float64Array {
    if (this.#bytes.length - this.#at < count * 8) throw damaged('they end too early');
    const values = new Float64Array(count);
    const bytes = new Uint8Array(values.buffer);
    for (let plane = 0; plane < 8; plane++)
      for (let i = plane; i < bytes.length; i += 8) bytes[i] = this.#bytes[this.#at++]!;
    return values;
  }

  #scaled(count: number, flags: number): Float64Array {
    const power = POWERS[this.#byte()];
    const shift = this.#byte();
    const predictor = flags >> PREDICTOR_SHIFT;
    if (power === undefined || shift > MAX_SHIFT || predictor > 2) throw damaged('their scale is unknown');
    const factor = 2 ** shift;
    const kept = (flags & FLAG_REST_ZERO) === 0 ? count : Math.min(count, predictor);
    const values = new Float64Array(count);
    let before = 0;
    let difference = 0;
    for (let i = 0; i < count; i++) {
      const residual = i < kept ? this.#varint() : 0;
      if (predictor === 0) before = residual;
      else {
        difference = predictor === 1 ? residual : difference + residual;
        before += difference;
      }
      values[i] = (before * factor) / power;
    }
    if ((flags & FLAG_CORRECTED) !== 0)
      for (let i = 0; i < count; i++) values[i] = addUnits(values[i]!, this.#varint());
    return values;
  }
}

function countBits(bitmap: Uint8Array): number {
  let bits = 0;
  for (let byte of bitmap) for (; byte !== 0; byte &= byte - 1) bits++;
  return bits;
}

function spread(values: Float64Array, missing: Uint8Array, count: number): Float64Array {
  const column = new Float64Array(count);
  let next = 0;
  for (let i = 0; i < count; i++)
    column[i] = (missing[i >> 3]! & (1 << (i & 7))) === 0 ? values[next++]! : Number.NaN;
  return column;
}
