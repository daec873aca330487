/**
 * LZX in the form WIM and WOF use: each chunk of 32 KiB packed for itself, the addresses of CALL instructions translated.
 * Source: Microsoft's description of LZX ([MS-PATCH]) and the public descriptions of how WIM differs from it.
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { BitReader, copyMatch, HuffmanCode } from './huffman.ts';

export const LZX_CHUNK = 32768;
/** Distances fall into so many slots in a window of 32 KiB. */
const SLOTS = 30;
const MAIN_SYMBOLS = 256 + 8 * SLOTS;
const LENGTH_SYMBOLS = 249;
/** WIM translates calls as if every file had this size. */
const TRANSLATION_SIZE = 12_000_000;

/** Extra bits and first distance of each slot. */
const EXTRA = new Uint8Array(SLOTS);
const BASE = new Uint32Array(SLOTS);
for (let slot = 1; slot < SLOTS; slot++) {
  EXTRA[slot] = Math.max(0, (slot >> 1) - 1);
  BASE[slot] = BASE[slot - 1]! + (1 << EXTRA[slot - 1]!);
}

interface State {
  main: Uint8Array;
  lengths: Uint8Array;
  /** The three distances used last. */
  recent: [number, number, number];
}

/** Fills `into` (32 KiB at most) from one packed chunk. @throws NTFS_DAMAGED */
export function unpackLzx(packed: Uint8Array, into: Uint8Array): void {
  const bits = new BitReader(packed);
  const state: State = {
    main: new Uint8Array(MAIN_SYMBOLS),
    lengths: new Uint8Array(LENGTH_SYMBOLS),
    recent: [1, 1, 1],
  };
  for (let out = 0; out < into.length;) {
    const kind = bits.read(3);
    const size = bits.read(1) === 1 ? LZX_CHUNK : bits.read(16);
    if (size === 0 || out + size > into.length || bits.exhausted)
      throw damaged('packed data has a block of impossible size');
    if (kind === 3) storedBlock(bits, packed, state, into, out, size);
    else if (kind === 1 || kind === 2) packedBlock(bits, state, kind === 2, into, out, size);
    else throw damaged('packed data has a block of unknown kind');
    out += size;
  }
  translateCalls(into);
}

function storedBlock(
  bits: BitReader,
  packed: Uint8Array,
  state: State,
  into: Uint8Array,
  out: number,
  size: number,
): void {
  bits.align();
  const at = bits.position;
  if (at + 12 + size > packed.length) throw damaged('packed data is cut off');
  const view = viewOf(packed);
  for (let i = 0; i < 3; i++) state.recent[i] = view.getUint32(at + i * 4, true);
  into.set(packed.subarray(at + 12, at + 12 + size), out);
  bits.moveTo(at + 12 + size + (size & 1));
}

function packedBlock(
  bits: BitReader,
  state: State,
  aligned: boolean,
  into: Uint8Array,
  start: number,
  size: number,
): void {
  let low: HuffmanCode | null = null;
  if (aligned) {
    const lengths = new Uint8Array(8);
    for (let i = 0; i < 8; i++) lengths[i] = bits.read(3);
    low = new HuffmanCode(lengths);
  }
  readLengths(bits, state.main.subarray(0, 256));
  readLengths(bits, state.main.subarray(256));
  readLengths(bits, state.lengths);
  const main = new HuffmanCode(state.main);
  const long = new HuffmanCode(state.lengths);
  const { recent } = state;
  const end = start + size;
  for (let out = start; out < end;) {
    const symbol = main.read(bits);
    if (symbol < 256) {
      into[out++] = symbol;
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
    if (out + length > end) throw damaged('packed data is longer than its block');
    copyMatch(into, out, distance, length);
    out += length;
    if (bits.exhausted) throw damaged('packed data is cut off');
  }
}

/** Lengths of codes, as differences from those of the block before, packed by a small code of their own. */
export function readLengths(bits: BitReader, lengths: Uint8Array): void {
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

/** The packer made the targets of CALL (E8) absolute; they become relative again. */
function translateCalls(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  const end = bytes.length - 10;
  for (let at = 0; at < end; at++) {
    if (bytes[at] !== 0xe8) continue;
    const target = view.getInt32(at + 1, true);
    if (target >= -at && target < TRANSLATION_SIZE)
      view.setInt32(at + 1, target >= 0 ? target - at : target + TRANSLATION_SIZE, true);
    at += 4;
  }
}
