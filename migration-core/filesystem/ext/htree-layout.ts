/**
 * Blocks of a hashed directory's index ("Hash Tree Directories"). Each looks like a directory block whose entries are
 * unused or span it, so that a reader who knows no index walks past it.
 *
 *   root (block 0)  00 entry `.`  0C entry `..` with the rest of the block  18 zero u32  1C hash version u8
 *                   1D info length u8 = 8  1E levels below the root u8  1F flags u8  20 the entries
 *   inner node      00 unused entry of the whole block  08 the entries
 *   the entries     limit u16, count u16, block u32 (for all hashes below the second), then pairs hash u32, block u32
 *   checksum        after `limit` entries: zero u32, CRC-32C u32
 */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { recordLength } from './dirent.ts';

export const ROOT_INFO = 0x18;
export const ROOT_ENTRIES = 0x20;
export const NODE_ENTRIES = 0x08;
export const DX_ENTRY = 8;

/** Whether this block of an indexed directory belongs to the index. */
export function isIndexBlock(bytes: Uint8Array, logical: number, blockSize: number): boolean {
  if (logical === 0) return true;
  const view = viewOf(bytes);
  return view.getUint32(0, true) === 0 && recordLength(view.getUint16(4, true), blockSize) === blockSize;
}

/** Where limit and count lie. */
export const entriesAt = (logical: number): number => (logical === 0 ? ROOT_ENTRIES : NODE_ENTRIES);

/** How many entries there can be; under metadata_csum one makes room for the checksum. */
export const entryLimit = (logical: number, blockSize: number, checksummed: boolean): number =>
  Math.floor((blockSize - entriesAt(logical)) / DX_ENTRY) - (checksummed ? 1 : 0);

/** Null when limit or count cannot be. */
export function dxChecksum(bytes: Uint8Array, logical: number, seed: number): number | null {
  const view = viewOf(bytes);
  const at = entriesAt(logical);
  const limit = view.getUint16(at, true);
  const count = view.getUint16(at + 2, true);
  if (count > limit || at + (limit + 1) * DX_ENTRY > bytes.length) return null;
  let sum = crc32c(seed, bytes, 0, at + count * DX_ENTRY);
  sum = crc32c(sum, bytes, at + limit * DX_ENTRY, at + limit * DX_ENTRY + 4);
  return crc32c(sum, new Uint8Array(4));
}

export function dxChecksumFits(bytes: Uint8Array, logical: number, seed: number): boolean {
  const sum = dxChecksum(bytes, logical, seed);
  if (sum === null) return false;
  const view = viewOf(bytes);
  const at = entriesAt(logical);
  return view.getUint32(at + view.getUint16(at, true) * DX_ENTRY + 4, true) === sum;
}
