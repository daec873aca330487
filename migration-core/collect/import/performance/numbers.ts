/** Numbers and times straight from the bytes of a line: a string for each of ten million cells would cost most of the time. */

const SPACE = 0x20;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
/** The largest power of ten a double holds exactly, and so the most digits behind the point that one division gets right. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => 10 ** power);
/** Below 2^53 whatever the digits are. */
const EXACT_DIGITS = 15;
/** No number is longer. */
const MAX_LENGTH = 64;

/**
 * The decimal number in bytes[start, end), blanks around it allowed; a comma is taken for a point. Correctly rounded.
 * @returns NaN where there is none or more than a number
 */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let last = end;
  while (at < last && bytes[at]! <= SPACE) at++;
  while (last > at && bytes[last - 1]! <= SPACE) last--;
  if (last - at > MAX_LENGTH) return Number.NaN;
  const first = at;
  let negative = false;
  if (bytes[at] === MINUS) {
    negative = true;
    at++;
  } else if (bytes[at] === PLUS) at++;
  let mantissa = 0;
  let digits = 0;
  let fraction = -1;
  let seen = false;
  for (; at < last; at++) {
    const byte = bytes[at]!;
    const digit = byte - 0x30;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      if (mantissa > 0) digits++;
      if (fraction >= 0) fraction++;
      seen = true;
    } else if ((byte === DOT || byte === COMMA) && fraction < 0) fraction = 0;
    // An exponent, or no number at all.
    else return slow(bytes, first, last);
  }
  if (!seen) return Number.NaN;
  if (digits > EXACT_DIGITS || fraction > 22) return slow(bytes, first, last);
  const value = fraction > 0 ? mantissa / POWERS[fraction]! : mantissa;
  return negative ? -value : value;
}

function slow(bytes: Uint8Array, start: number, end: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    .toString('latin1')
    .replace(',', '.');
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/u.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** `numberAt` of a text. */
export function numberOf(text: string): number {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) return Number.NaN;
  return slow(Buffer.from(trimmed, 'latin1'), 0, trimmed.length);
}

export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > SPACE) return false;
  return true;
}

const MISSING = new Set(['-', 'na', 'n/a', 'nan', 'null', 'none', 'nil', '?', '#n/a']);

/** Nothing, or one of the words that programs write for nothing. */
export function isMissing(bytes: Uint8Array, start: number, end: number): boolean {
  if (isBlank(bytes, start, end)) return true;
  if (end - start > 16) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  return MISSING.has(text.trim().toLowerCase());
}

/** How a time is written: in what order day, month and year stand, or what has been counted since 1970. */
export const TIME_FORMATS = ['ymd', 'mdy', 'dmy', 'seconds', 'milliseconds', 'microseconds'] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

/** Nothing was measured by the tools we read before, and nothing will be after. */
const EARLIEST_YEAR = 1980;
const LATEST_YEAR = 2100;
const EARLIEST = Date.UTC(EARLIEST_YEAR, 0, 1);
const LATEST = Date.UTC(LATEST_YEAR, 0, 1);
const MINUTE = 60_000;

/** Milliseconds since 1970 of a day; NaN where the calendar has no such day. Months from 1. */
export function dayOf(year: number, month: number, day: number): number {
  if (year < EARLIEST_YEAR || year >= LATEST_YEAR || month < 1 || month > 12 || day < 1 || day > 31)
    return Number.NaN;
  const time = Date.UTC(year, month - 1, day);
  return day > 28 && new Date(time).getUTCDate() !== day ? Number.NaN : time;
}

/** Groups of digits of a time and where they end. */
const groups = new Int32Array(7);

/**
 * The time in bytes[start, end): `2024-05-31T13:00:00.250+02:00`, `05/31/2024 01:00:00 PM`, `31.05.2024 13:00`,
 * `1717160400`. What names no zone is `offset` minutes east of UTC.
 * @returns milliseconds since 1970, UTC; NaN where it is no time
 */
export function timeAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  format: TimeFormat,
  offset: number,
): number {
  if (format === 'seconds' || format === 'milliseconds' || format === 'microseconds') {
    const scale = format === 'seconds' ? 1000 : format === 'milliseconds' ? 1 : 0.001;
    const time = Math.round(numberAt(bytes, start, end) * scale);
    return time >= EARLIEST && time < LATEST ? time : Number.NaN;
  }
  let at = start;
  let last = end;
  while (at < last && bytes[at]! <= SPACE) at++;
  while (last > at && bytes[last - 1]! <= SPACE) last--;
  if (last - at > MAX_LENGTH) return Number.NaN;
  // Date and clock: six groups of digits with one character between them, a fraction as the seventh.
  let count = 0;
  let milliseconds = 0;
  groups.fill(0);
  while (at < last && count < 6) {
    let value = 0;
    const from = at;
    for (; at < last; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === from || at - from > 4) return Number.NaN;
    groups[count++] = value;
    if (at < last && count < 6 && isSeparator(bytes[at]!, count)) {
      at++;
      while (count === 3 && at < last && bytes[at] === SPACE) at++;
    } else break;
  }
  if (count !== 3 && count < 5) return Number.NaN;
  if (count === 6 && at < last && (bytes[at] === DOT || bytes[at] === COMMA)) {
    let scale = 100;
    for (at++; at < last; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      milliseconds += digit * scale;
      scale /= 10;
    }
  }
  let zone = offset;
  let hour = groups[3]!;
  while (at < last) {
    const rest = Buffer.from(bytes.buffer, bytes.byteOffset + at, last - at).toString('latin1');
    const half = /^\s*([AaPp])\.?[Mm]\.?\s*/u.exec(rest);
    if (half !== null) {
      if (hour < 1 || hour > 12) return Number.NaN;
      hour = (hour % 12) + (half[1]!.toLowerCase() === 'p' ? 12 : 0);
      at += half[0].length;
      continue;
    }
    const named = /^\s*(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d)?)$/u.exec(rest);
    if (named === null) return Number.NaN;
    zone = named[1] !== undefined ? 0 : Number(named[3]) * 60 + Number(named[4] ?? 0);
    if (named[2] === '-') zone = -zone;
    break;
  }
  const [a, b, c] = [groups[0]!, groups[1]!, groups[2]!];
  const year = format === 'ymd' ? a : c < 100 ? 2000 + c : c;
  const day = dayOf(year, format === 'mdy' ? a : b, format === 'ymd' ? c : format === 'mdy' ? b : a);
  if (hour > 23 || groups[4]! > 59 || groups[5]! > 60 || Math.abs(zone) > 14 * 60) return Number.NaN;
  return day + ((hour * 60 + groups[4]!) * 60 + groups[5]!) * 1000 + Math.floor(milliseconds) - zone * MINUTE;
}

/** What may follow the group of that number: dates have `-`, `/` or `.`, then `T` or a blank, clocks have `:`. */
function isSeparator(byte: number, after: number): boolean {
  if (after < 3) return byte === MINUS || byte === 0x2f || byte === DOT;
  if (after === 3) return byte === 0x54 || byte === SPACE || byte === 0x74 || byte === COMMA;
  return byte === 0x3a || (byte === DOT && after === 4);
}
