/**
 * A column of numbers in few bytes, bit for bit. What tools print are decimal fractions of two or three digits or whole
 * numbers; as integers of the smallest step (12.34 is 1234 hundredths) their differences fit one or two bytes.
 *
 * A column has two parts, for they pack differently. In its `head`, little-endian:
 *
 *     u8  flags    see the constants below
 *     [missing]    FLAG_MISSING: ceil(n / 8) bytes, bit i set: value i is NaN; the rest of the column leaves it away
 *     scaled:      u8 decimals, u8 shift; value = integer * 2^shift / 10^decimals
 *                  for each residual a u8: how many bits it has (0: it is 0), in zigzag form unless FLAG_UNSIGNED; FLAG_REST_ZERO: only as many
 *                  residuals as the predictor needs to start, all others are 0
 *                  [corrections] FLAG_CORRECTED: the same for the units in the last place to add to each value
 *     raw:         float64, the eighth (highest) bytes of all values, then the seventh ones; the other six of each
 *                  value are in the bits
 *
 * and in its `bits`, least significant first, the bits of these numbers below their highest one. The lengths repeat
 * and pack to two or three bits each; the bits below are noise, and stay as they are.
 */
import type { IronliftError } from '../../base/errors.ts';
import { damaged as engagementDamaged } from '../damaged.ts';

const FLAG_SCALED = 1;
const FLAG_MISSING = 2;
const FLAG_CORRECTED = 4;
const FLAG_REST_ZERO = 8;
/** Of the differences that are kept: 0 the numbers themselves, 1 to the one before, 2 of these differences. */
const PREDICTOR_SHIFT = 4;
/** The residuals are not in zigzag form, for none is below 0. */
const FLAG_UNSIGNED = 64;
const ALL_FLAGS =
  FLAG_UNSIGNED | FLAG_SCALED | FLAG_MISSING | FLAG_CORRECTED | FLAG_REST_ZERO | (3 << PREDICTOR_SHIFT);

/** Second differences of integers up to this stay below 2^52, so their zigzag form is a safe integer. */
const MAX_INTEGER = 2 ** 50;
const MAX_DECIMALS = 9;
/** 100 - 97.53, and 5.17 ms in seconds, are a few units beside the fraction with two or five decimals. */
const MAX_NEAR_DECIMALS = 6;
const MAX_SHIFT = 52;
/** Larger corrections are no rounding error of a sum; raw bytes are as small then. */
const MAX_CORRECTION = 2 ** 13 - 1;
const MAX_BITS = 53;
/** Bytes of a float64 that are sign, exponent and four bits: the ones that repeat. */
const RAW_HEAD = 2;
const POWERS = Array.from({ length: MAX_DECIMALS + 1 }, (_, decimals) => 10 ** decimals);

/** Bytes of each part that a column of `count` values may need. */
export const headRoom = (count: number): number => 8 + Math.ceil(count / 8) + count * 8;
export const bitsRoom = (count: number): number => 8 + count * 9;

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

const bitLength = (integer: number): number =>
  integer < 2 ** 32 ? 32 - Math.clz32(integer) : 64 - Math.clz32(integer / 2 ** 32);

/** Which differences take the fewest bits; they have a sign, the numbers themselves mostly not. */
function choosePredictor(integers: Float64Array): 0 | 1 | 2 {
  const signed = (integer: number): number => (integer === 0 ? 0 : 1 + bitLength(Math.abs(integer)));
  const bits = [0, 0, 0];
  let before = 0;
  let difference = 0;
  const areSigned = integers.some((integer) => integer < 0);
  for (const integer of integers) {
    const step = integer - before;
    bits[0]! += areSigned ? signed(integer) : bitLength(integer);
    bits[1]! += signed(step);
    bits[2]! += signed(step - difference);
    before = integer;
    difference = step;
  }
  if (bits[2]! < bits[1]! && bits[2]! < bits[0]!) return 2;
  return bits[1]! < bits[0]! ? 1 : 0;
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

/** Writes a column. */
export class ColumnWriter {
  readonly #head: Uint8Array;
  readonly #bits: Uint8Array;
  #headAt = 0;
  #bitsAt = 0;
  /** Bits that are no whole byte yet, and how many. */
  #pending = 0;
  #pendingBits = 0;

  constructor(count: number) {
    this.#head = new Uint8Array(headRoom(count));
    this.#bits = new Uint8Array(bitsRoom(count));
  }

  /** Both parts of a column, until the next one is encoded. */
  encode(column: Float64Array): { head: Uint8Array; bits: Uint8Array } {
    this.#headAt = 0;
    this.#bitsAt = 0;
    this.#pending = 0;
    this.#pendingBits = 0;
    this.#put(column);
    if (this.#pendingBits > 0) this.#bits[this.#bitsAt++] = this.#pending;
    return { head: this.#head.subarray(0, this.#headAt), bits: this.#bits.subarray(0, this.#bitsAt) };
  }

  #put(column: Float64Array): void {
    let missing = 0;
    for (const value of column) if (Number.isNaN(value)) missing++;
    const values = missing === 0 ? column : column.filter((value) => !Number.isNaN(value));
    const flags = missing === 0 ? 0 : FLAG_MISSING;
    const flagsAt = this.#headAt++;
    if (missing > 0) {
      const start = this.#headAt;
      this.#headAt += Math.ceil(column.length / 8);
      this.#head.fill(0, start, this.#headAt);
      for (let i = 0; i < column.length; i++)
        if (Number.isNaN(column[i]!)) this.#head[start + (i >> 3)]! |= 1 << (i & 7);
    }
    const scaled = toIntegers(values);
    if (scaled === undefined) {
      this.#head[flagsAt] = flags;
      this.#putRaw(values);
    } else this.#head[flagsAt] = flags | this.#putScaled(scaled);
  }

  /** @returns its flags */
  #putScaled({ integers, decimals, shift, corrections }: Scaled): number {
    const predictor = choosePredictor(integers);
    const residuals = residualsOf(integers, predictor);
    this.#head[this.#headAt++] = decimals;
    this.#head[this.#headAt++] = shift;
    let kept = residuals.length;
    while (kept > predictor && residuals[kept - 1] === 0) kept--;
    const restIsZero = kept <= predictor;
    const unsigned = residuals.every((residual) => residual >= 0);
    this.#putNumbers(restIsZero ? residuals.subarray(0, predictor) : residuals, unsigned);
    if (corrections.length > 0) this.#putNumbers(corrections, false);
    return (
      FLAG_SCALED |
      (unsigned ? FLAG_UNSIGNED : 0) |
      (predictor << PREDICTOR_SHIFT) |
      (restIsZero ? FLAG_REST_ZERO : 0) |
      (corrections.length > 0 ? FLAG_CORRECTED : 0)
    );
  }

  #putRaw(values: Float64Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let plane = 7; plane > 7 - RAW_HEAD; plane--)
      for (let i = plane; i < bytes.length; i += 8) this.#head[this.#headAt++] = bytes[i]!;
    for (let i = 0; i < bytes.length; i++) if (i % 8 < 8 - RAW_HEAD) this.#putBits(bytes[i]!, 8);
  }

  #putNumbers(numbers: ArrayLike<number>, unsigned: boolean): void {
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i]!;
      const zigzag = unsigned ? number : number >= 0 ? number * 2 : -number * 2 - 1;
      const length = bitLength(zigzag);
      this.#head[this.#headAt++] = length;
      if (length < 2) continue;
      let left = length - 1;
      let rest = zigzag - 2 ** left;
      for (; left > 16; left -= 16) {
        this.#putBits(rest % 65_536, 16);
        rest = Math.floor(rest / 65_536);
      }
      this.#putBits(rest, left);
    }
  }

  /** At most 16 of them. */
  #putBits(value: number, count: number): void {
    let pending = this.#pending | (value << this.#pendingBits);
    let bits = this.#pendingBits + count;
    for (; bits >= 8; bits -= 8) {
      this.#bits[this.#bitsAt++] = pending & 255;
      pending >>>= 8;
    }
    this.#pending = pending;
    this.#pendingBits = bits;
  }
}

const damaged = (why: string): IronliftError =>
  engagementDamaged('Measurements in the engagement file are', why);

/** Reads a column out of bytes that nobody vouches for. */
export function decodeColumn(head: Uint8Array, bits: Uint8Array, count: number): Float64Array {
  const reader = new ColumnReader(head, bits);
  const column = reader.column(count);
  reader.end();
  return column;
}

class ColumnReader {
  readonly #bytes: Uint8Array;
  readonly #bits: Uint8Array;
  #at = 0;
  #bitsAt = 0;
  #pending = 0;
  #pendingBits = 0;

  constructor(head: Uint8Array, bits: Uint8Array) {
    this.#bytes = head;
    this.#bits = bits;
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at !== this.#bytes.length || this.#bitsAt !== this.#bits.length || this.#pending !== 0)
      throw damaged('bytes are left over');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw damaged('they end too early');
    return byte;
  }

  #number(unsigned: boolean): number {
    const length = this.#byte();
    if (length === 0) return 0;
    if (length > MAX_BITS) throw damaged('a number is too long');
    let zigzag = 2 ** (length - 1);
    let weight = 1;
    let left = length - 1;
    for (; left > 16; left -= 16) {
      zigzag += this.#take(16) * weight;
      weight *= 65_536;
    }
    if (left > 0) zigzag += this.#take(left) * weight;
    if (unsigned) return zigzag;
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** At most 16 bits. */
  #take(count: number): number {
    while (this.#pendingBits < count) {
      const byte = this.#bits[this.#bitsAt++];
      if (byte === undefined) throw damaged('they end too early');
      this.#pending |= byte << this.#pendingBits;
      this.#pendingBits += 8;
    }
    const value = this.#pending & ((1 << count) - 1);
    this.#pending >>>= count;
    this.#pendingBits -= count;
    return value;
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
    if (this.#bytes.length - this.#at < count * RAW_HEAD) throw damaged('they end too early');
    const values = new Float64Array(count);
    const bytes = new Uint8Array(values.buffer);
    for (let plane = 7; plane > 7 - RAW_HEAD; plane--)
      for (let i = plane; i < bytes.length; i += 8) bytes[i] = this.#bytes[this.#at++]!;
    for (let i = 0; i < bytes.length; i++) if (i % 8 < 8 - RAW_HEAD) bytes[i] = this.#take(8);
    return values;
  }

  #scaled(count: number, flags: number): Float64Array {
    const power = POWERS[this.#byte()];
    const shift = this.#byte();
    const predictor = (flags >> PREDICTOR_SHIFT) & 3;
    const unsigned = (flags & FLAG_UNSIGNED) !== 0;
    if (power === undefined || shift > MAX_SHIFT || predictor > 2) throw damaged('their scale is unknown');
    const factor = 2 ** shift;
    const kept = (flags & FLAG_REST_ZERO) === 0 ? count : Math.min(count, predictor);
    const values = new Float64Array(count);
    let before = 0;
    let difference = 0;
    for (let i = 0; i < count; i++) {
      const residual = i < kept ? this.#number(unsigned) : 0;
      if (predictor === 0) before = residual;
      else {
        difference = predictor === 1 ? residual : difference + residual;
        before += difference;
      }
      values[i] = (before * factor) / power;
    }
    if ((flags & FLAG_CORRECTED) !== 0)
      for (let i = 0; i < count; i++) values[i] = addUnits(values[i]!, this.#number(false));
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
