/** What the three ways of compressing begin with: apart from their readers, which are loaded when there is one to read. */
import { XZ_MAGIC } from '../../base/xz-magic.ts';
import { viewOf } from '../../base/bytes.ts';

/** RFC 1952: magic, and deflate, which is the only method there is. */
export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;

export const isXz = (head: Uint8Array): boolean =>
  Buffer.from(head.subarray(0, 6)).toString('latin1') === XZ_MAGIC;

/** RFC 8878: a frame. */
export const ZSTD_MAGIC = 0xfd2fb528;
/** A frame to be passed over; the last digit may be any. */
export const ZSTD_SKIPPABLE = 0x184d2a50;

export function isZstd(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = viewOf(head).getUint32(0, true);
  return magic === ZSTD_MAGIC || (magic & 0xfffffff0) >>> 0 === ZSTD_SKIPPABLE;
}
