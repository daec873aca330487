/**
 * Marvin32, the keyed checksum of transaction log entries: 64 bits of state, four turns for every word. As described for .NET
 * strings and for SymCrypt by Microsoft; the key of registry logs is given in the regf specification ("Log entries", note 3).
 */
import { viewOf } from '../base/bytes.ts';

const LOW_SEED = 0x7a4e55c5;
const HIGH_SEED = 0x82ef4d88;

const turn = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** The low and the high 32 bits. */
export function marvin32(bytes: Uint8Array): { low: number; high: number } {
  const view = viewOf(bytes);
  let low = LOW_SEED | 0;
  let high = HIGH_SEED | 0;
  const mix = (word: number): void => {
    low = (low + word) | 0;
    high ^= low;
    low = (turn(low, 20) + high) | 0;
    high = turn(high, 9) ^ low;
    low = (turn(low, 27) + high) | 0;
    high = turn(high, 19);
  };
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) mix(view.getInt32(at, true));
  // What is left over, closed by the byte 0x80, and one word of nothing.
  let last = 0x80 << (8 * (bytes.length - whole));
  for (let at = whole; at < bytes.length; at++) last |= bytes[at]! << (8 * (at - whole));
  mix(last);
  mix(0);
  return { low: low >>> 0, high: high >>> 0 };
}
