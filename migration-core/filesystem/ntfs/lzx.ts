/**
 * LZX in the form WIM and WOF use: each chunk of 32 KiB packed for itself, the addresses of CALL instructions translated.
 * Source: the public descriptions of how WIM differs from LZX.
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { BitReader } from './huffman.ts';
import { LzxHistory, readCodes, translateCalls, unpackMatches } from './lzx-block.ts';

export const LZX_CHUNK = 32768;
/** Distances fall into so many slots in a window of 32 KiB. */
const SLOTS = 30;
/** WIM translates calls as if every file had this size. */
const TRANSLATION_SIZE = 12_000_000;

/** Fills `into` (32 KiB at most) from one packed chunk. @throws NTFS_DAMAGED */
export function unpackLzx(packed: Uint8Array, into: Uint8Array): void {
  const bits = new BitReader(packed);
  const history = new LzxHistory(SLOTS);
  for (let out = 0; out < into.length;) {
    const kind = bits.read(3);
    const size = bits.read(1) === 1 ? LZX_CHUNK : bits.read(16);
    if (size === 0 || out + size > into.length || bits.exhausted)
      throw damaged('packed data has a block of impossible size');
    if (kind === 3) storedBlock(bits, packed, history, into, out, size);
    else if (kind === 1 || kind === 2) {
      const codes = readCodes(bits, history, kind === 2);
      const place = { from: out, end: out + size, window: LZX_CHUNK };
      if (unpackMatches(bits, codes, history.recent, into, place) === null)
        throw damaged('packed data is cut off, or longer than its block');
    } else throw damaged('packed data has a block of unknown kind');
    out += size;
  }
  translateCalls(into, 0, TRANSLATION_SIZE);
}

function storedBlock(
  bits: BitReader,
  packed: Uint8Array,
  { recent }: LzxHistory,
  into: Uint8Array,
  out: number,
  size: number,
): void {
  bits.align();
  const at = bits.position;
  if (at + 12 + size > packed.length) throw damaged('packed data is cut off');
  const view = viewOf(packed);
  for (let i = 0; i < 3; i++) recent[i] = view.getUint32(at + i * 4, true);
  into.set(packed.subarray(at + 12, at + 12 + size), out);
  bits.moveTo(at + 12 + size + (size & 1));
}
