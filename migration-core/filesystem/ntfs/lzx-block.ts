/**
 * What all forms of LZX have in common: codes, the bytes and matches of one block, and the translation of calls. Source:
 * Microsoft's description of LZX ([MS-PATCH], section 2).
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { copyMatch, HuffmanCode, type BitReader } from './huffman.ts';

export const LENGTH_SYMBOLS = 249;

/** Extra bits and first distance of each slot, as many as the largest window has. */
const EXTRA = new Uint8Array(50);
const BASE = new Uint32Array(50);
for (let slot = 1; slot < EXTRA.length; slot++) {
  EXTRA[slot] = Math.min(17, Math.max(0, (slot >> 1) - 1));
  BASE[slot] = BASE[slot - 1]! + (1 << EXTRA[slot - 1]!);
}

/** What goes over from one block to the next: lengths of codes, of which only differences are written, and the distances used last. */
export class LzxHistory {
  readonly main: Uint8Array;
  readonly long = new Uint8Array(LENGTH_SYMBOLS);
  readonly recent: [number, number, number] = [1, 1, 1];

  /** `slots`: of distances, by the size of the window. */
  constructor(slots: number) {
    this.main = new Uint8Array(256 + 8 * slots);
  }
}

export interface LzxCodes {
  main: HuffmanCode;
  long: HuffmanCode;
  /** The three low bits of distances, in blocks that pack them. */
  low: HuffmanCode | null;
}

/** @throws NTFS_DAMAGED */
export function readCodes(bits: BitReader, { main, long }: LzxHistory, aligned: boolean): LzxCodes {
  let low: HuffmanCode | null = null;
  if (aligned) {
    const lengths = new Uint8Array(8);
    for (let i = 0; i < lengths.length; i++) lengths[i] = bits.read(3);
    low = new HuffmanCode(lengths);
  }
  readLengths(bits, main.subarray(0, 256));
  readLengths(bits, main.subarray(256));
  readLengths(bits, long);
  return { main: new HuffmanCode(main), long: new HuffmanCode(long), low };
}

/**
 * Fills `into` from `from` to `end`. null: something in the packed data is impossible, a match that goes beyond the end, or reaches
 * farther back than `window` bytes.
 * @throws NTFS_DAMAGED for a match from before the start of `into`
 */
export function unpackMatches(
  bits: BitReader,
  { main, long, low }: LzxCodes,
  recent: LzxHistory['recent'],
  into: Uint8Array,
  { from, end, window }: { from: number; end: number; window: number },
): number | null {
  let out = from;
  while (out < end) {
    const symbol = main.read(bits);
    if (symbol < 256) {
      into[out++] = symbol;
      if (bits.exhausted) return null;
      continue;
    }
    let length = (symbol & 7) + 2;
    if (length === 9) length += long.read(bits);
    const slot = (symbol - 256) >>> 3;
    let distance: number;
    if (slot < 3) {
      distance = recent[slot]!;
      recent[slot] = recent[0];
    } else {
      const extra = EXTRA[slot]!;
      let rest: number;
      if (low !== null && extra >= 3) {
        rest = bits.read(extra - 3) * 8;
        rest += low.read(bits);
      } else {
        rest = bits.read(extra);
      }
      distance = BASE[slot]! + rest - 2;
      recent[2] = recent[1];
      recent[1] = recent[0];
    }
    recent[0] = distance;
    if (out + length > end || distance > window || bits.exhausted) return null;
    copyMatch(into, out, distance, length);
    out += length;
  }
  return out;
}

/** Lengths of codes, as differences from those of the block before, packed by a small code of their own. */
function readLengths(bits: BitReader, lengths: Uint8Array): void {
  const small = new Uint8Array(20);
  for (let i = 0; i < small.length; i++) small[i] = bits.read(4);
  const code = new HuffmanCode(small);
  const difference = (at: number, symbol: number): number => (lengths[at]! - symbol + 17) % 17;
  for (let at = 0; at < lengths.length;) {
    const symbol = code.read(bits);
    if (symbol < 17) {
      lengths[at] = difference(at, symbol);
      at++;
      continue;
    }
    let count: number;
    let value = 0;
    if (symbol === 17) count = 4 + bits.read(4);
    else if (symbol === 18) count = 20 + bits.read(5);
    else {
      count = 4 + bits.read(1);
      const again = code.read(bits);
      if (again > 16) throw damaged('packed data repeats a code that means nothing');
      value = difference(at, again);
    }
    // A run may go beyond the end; what is beyond means nothing.
    lengths.fill(value, at, Math.min(lengths.length, at + count));
    at += count;
  }
}

/**
 * The packer made the targets of CALL (E8) absolute; they become relative again. `position`: where the bytes lie in what was
 * packed, `size`: the size it was told.
 */
export function translateCalls(bytes: Uint8Array, position: number, size: number): void {
  const view = viewOf(bytes);
  const end = bytes.length - 10;
  for (let at = 0; at < end; at++) {
    if (bytes[at] !== 0xe8) continue;
    const here = position + at;
    const target = view.getInt32(at + 1, true);
    if (target >= -here && target < size)
      view.setInt32(at + 1, target >= 0 ? target - here : target + size, true);
    at += 4;
  }
}
