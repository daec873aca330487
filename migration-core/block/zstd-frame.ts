/** The length of a zstd frame that other bytes follow (RFC 8878, 3.1.1): Node's decoder takes exact frames only. */
import { viewOf } from '../base/bytes.ts';

const MAGIC = 0xfd2fb528;
/** Bytes of the dictionary id and of the content size, by their two bits of the descriptor. */
const DICTIONARY_ID = [0, 1, 2, 4] as const;
const CONTENT_SIZE = [0, 2, 4, 8] as const;
const BLOCK_RLE = 1;

/** Bytes from the start of the frame to its end. @throws RangeError where there is no whole frame */
export function firstZstdFrame(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('no zstd frame');
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >> 6;
  const window = singleSegment ? 0 : 1;
  const contentSize = sizeCode === 0 && singleSegment ? 1 : CONTENT_SIZE[sizeCode]!;
  let at = 5 + window + DICTIONARY_ID[descriptor & 3]! + contentSize;
  for (;;) {
    // Block header, 24 bits: last block, type, size.
    const header = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
    const isRle = ((header >> 1) & 3) === BLOCK_RLE;
    at += 3 + (isRle ? 1 : header >> 3);
    if (header & 1) break;
  }
  if (descriptor & 4) at += 4; // checksum of the content
  if (at > bytes.length) throw new RangeError('zstd frame is cut off');
  return at;
}
