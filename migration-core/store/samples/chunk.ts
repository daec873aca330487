/**
 * A chunk: up to 512 samples of one series in one blob of the engagement file.
 *
 *     u32 LE  CRC-32 of all that follows
 *     u8      1: as it is; 2: packed with Zstandard (one frame)
 *     column of times, column of values (column.ts); how many is in the row of the file
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { damaged } from '../damaged.ts';
import { ColumnReader, columnRoom, encodeColumn } from './column.ts';

/** Samples of a chunk when it is full. See the measurements in tables/samples.ts. */
export const CHUNK_SAMPLES = 512;
/** The worst that `encodeChunk` makes of a full chunk. Larger blobs are not ours, and are not unpacked. */
export const MAX_CHUNK_BYTES = 5 + 2 * columnRoom(CHUNK_SAMPLES);
const HEADER = 5;
const PLAIN = 1;
const PACKED = 2;
/** Below this Zstandard's own header outweighs what it saves. */
const WORTH_PACKING = 48;

export interface Samples {
  /** Milliseconds since 1970, ascending, no two alike. */
  times: Float64Array;
  /** NaN where nothing was measured. */
  values: Float64Array;
}

const scratch = new Uint8Array(MAX_CHUNK_BYTES);

/** At most CHUNK_SAMPLES samples as a blob. */
export function encodeChunk({ times, values }: Samples): Buffer {
  const end = encodeColumn(values, scratch, encodeColumn(times, scratch, HEADER));
  let body = scratch.subarray(HEADER, end);
  let kind = PLAIN;
  if (body.length >= WORTH_PACKING) {
    const packed = zstdCompressSync(body, { params: { [constants.ZSTD_c_contentSizeFlag]: 1 } });
    if (packed.length < body.length) {
      body = packed;
      kind = PACKED;
    }
  }
  const blob = Buffer.allocUnsafe(HEADER + body.length);
  blob[4] = kind;
  blob.set(body, HEADER);
  blob.writeUInt32LE(crc32(blob.subarray(4)), 0);
  return blob;
}

/**
 * The samples of a blob, of which the row says that they are `count`.
 * @throws ENGAGEMENT_DAMAGED for whatever `encodeChunk` did not make; allocates no more than MAX_CHUNK_BYTES by then
 */
export function decodeChunk(blob: Uint8Array, count: number): Samples {
  const fail = (why: string) => damaged('Measurements in the engagement file are', why);
  if (!Number.isInteger(count) || count < 1 || count > CHUNK_SAMPLES)
    throw fail('their number is impossible');
  if (blob.length <= HEADER || blob.length > MAX_CHUNK_BYTES) throw fail('their length is impossible');
  const sealed = new DataView(blob.buffer, blob.byteOffset, 4).getUint32(0, true);
  if (crc32(blob.subarray(4)) !== sealed) throw fail('their checksum is wrong');
  const reader = new ColumnReader(unpack(blob[4]!, blob.subarray(HEADER)));
  const times = reader.column(count);
  const values = reader.column(count);
  reader.end();
  for (let i = 0; i < count; i++)
    if (!Number.isFinite(times[i]!) || (i > 0 && times[i]! <= times[i - 1]!))
      throw fail('their times do not ascend');
  return { times, values };

  function unpack(kind: number, body: Uint8Array): Uint8Array {
    if (kind === PLAIN) return body;
    if (kind !== PACKED) throw fail('their kind is unknown');
    try {
      return zstdDecompressSync(body, { maxOutputLength: MAX_CHUNK_BYTES });
    } catch {
      throw fail('they cannot be unpacked');
    }
  }
}
