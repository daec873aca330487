/**
 * Bounds-checked access to on-disk integers. Every getter throws RangeError past the end of the view (DataView does
 * that for us); parsers turn it into their own typed error with `parsing()`.
 */
import { IronliftError } from './errors.ts';
import type { ErrorCode } from './error-codes.ts';

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** A 64-bit unsigned integer as a number; throws RangeError above 2^53-1 (8 PiB), which no disk of ours has. */
export function u64(view: DataView, offset: number, littleEndian: boolean): number {
  const value = view.getBigUint64(offset, littleEndian);
  if (value > MAX_SAFE) throw new RangeError(`64-bit value ${value} at ${offset} is above 2^53-1`);
  return Number(value);
}

export const u64le = (view: DataView, offset: number): number => u64(view, offset, true);
export const u64be = (view: DataView, offset: number): number => u64(view, offset, false);

/** Bytes as text up to the first NUL, one character a byte (for magics, labels and ASCII names). */
export function latin1(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  const part = bytes.subarray(offset, offset + length);
  const end = part.indexOf(0);
  return Buffer.from(part.buffer, part.byteOffset, end < 0 ? part.length : end).toString('latin1');
}

/** Bytes as UTF-8 up to the first NUL. */
export function utf8(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  const part = bytes.subarray(offset, offset + length);
  const end = part.indexOf(0);
  return Buffer.from(part.buffer, part.byteOffset, end < 0 ? part.length : end).toString('utf8');
}

export const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
export const roundDown = (value: number, unit: number): number => Math.floor(value / unit) * unit;
export const isPowerOfTwo = (value: number): boolean => value > 0 && Number.isInteger(Math.log2(value));

/** Runs a parser; a RangeError (a read past the end of a structure) becomes the parser's own typed error. */
export function parsing<T>(code: ErrorCode, what: string, next: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError)
      throw new IronliftError(code, `${what} is damaged: ${error.message}.`, { next, cause: error });
    throw error;
  }
}
