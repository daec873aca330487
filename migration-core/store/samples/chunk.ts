/**
 * A chunk: up to 384 samples of one series in one blob of the engagement file.
 *
 *     u32 LE  CRC-32 of all that follows
 *     u8      1: the head of the times is packed with Zstandard (one frame), 2: that of the values; or both, 3
 *     u16 LE  bytes of the head of the times, of their bits, of the head of the values
 *     these three, and the bits of the values (column.ts); how many samples they are is in the row of the file
 *
 * Measured (`npm run bench -- --store`: 100 series of 5 minutes over a month, the ten kinds of figures of
 * test/bench/store-series.ts, noise among them, half with clocks that jitter; millions of samples appended in a second of
 * processor time; KiB given to write() when each of 60 series gets one sample more, over the first 120 such appends):
 *
 *                                                  bytes/sample  append M/s  read a month  live append
 *     rows (series, time, value) WITHOUT ROWID            27.51        0.78        1.0 ms      102 KiB
 *     blob per day: float64                               16.32       11.1         1.3 ms       73 KiB
 *     blob per day: float32, which loses digits           14.32       12.0         1.1 ms       56 KiB
 *     blob per day: these columns, not packed              5.16        2.6         3.5 ms       22 KiB
 *     blob per day: these columns, heads deflated          3.91        1.7         2.1 ms       18 KiB
 *     blob per day: these columns, both heads Zstandard    4.15        1.6         2.7 ms       20 KiB
 *     blob per week: the same                              3.29        3.6         1.3 ms       20 KiB
 *     blob per month: the same                             3.00        4.4         1.0 ms       20 KiB
 *     chunks of 384 samples: the same, with checksum       3.75        2.3         1.4 ms       54 KiB
 *
 * Varint bytes packed by Zstandard, the first try, took up to a tenth more than lengths and bits apart. A blob per
 * month would be a fifth smaller, but grows without bound with faster samples and is written anew with each of them;
 * chunks are alike whatever the interval, and late samples split them as a B-tree does. The write of a live append
 * includes the rows of 60 series and of the server. Zstandard takes a third of the time of deflate.
 */
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { damaged } from '../damaged.ts';
import { bitsRoom, ColumnWriter, decodeColumn, headRoom } from './column.ts';

/** Samples of a chunk when it is full. See the measurements in tables/samples.ts. */
export const CHUNK_SAMPLES = 384;
const MAX_HEAD_BYTES = headRoom(CHUNK_SAMPLES);
const HEADER = 11;
/** The worst that `encodeChunk` makes of a full chunk. Larger blobs are not ours. */
export const MAX_CHUNK_BYTES = HEADER + 2 * (MAX_HEAD_BYTES + bitsRoom(CHUNK_SAMPLES));
const TIMES_PACKED = 1;
const VALUES_PACKED = 2;
/** Bytes. Below this Zstandard's own header outweighs what it saves. */
const WORTH_PACKING = 48;

export interface Samples {
  /** Milliseconds since 1970, ascending, no two alike. */
  times: Float64Array;
  /** NaN where nothing was measured. */
  values: Float64Array;
}

const timesWriter = new ColumnWriter(CHUNK_SAMPLES);
const valuesWriter = new ColumnWriter(CHUNK_SAMPLES);

/** At most CHUNK_SAMPLES samples as a blob. */
export function encodeChunk({ times, values }: Samples): Buffer {
  const time = timesWriter.encode(times);
  const value = valuesWriter.encode(values);
  const timeHead = pack(time.head);
  const valueHead = pack(value.head);
  const header = Buffer.alloc(HEADER);
  header[4] = (timeHead === time.head ? 0 : TIMES_PACKED) | (valueHead === value.head ? 0 : VALUES_PACKED);
  header.writeUInt16LE(timeHead.length, 5);
  header.writeUInt16LE(time.bits.length, 7);
  header.writeUInt16LE(valueHead.length, 9);
  const blob = Buffer.concat([header, timeHead, time.bits, valueHead, value.bits]);
  blob.writeUInt32LE(crc32(blob.subarray(4)), 0);
  return blob;
}

function pack(head: Uint8Array): Uint8Array {
  if (head.length < WORTH_PACKING) return head;
  const packed = zstdCompressSync(head);
  return packed.length < head.length ? packed : head;
}

/**
 * The samples of a blob, of which the row says that they are `count`.
 * @throws ENGAGEMENT_DAMAGED for whatever `encodeChunk` did not make; allocates no more than a chunk needs by then
 */
export function decodeChunk(blob: Uint8Array, count: number): Samples {
  const fail = (why: string) => damaged('Measurements in the engagement file are', why);
  if (!Number.isInteger(count) || count < 1 || count > CHUNK_SAMPLES)
    throw fail('their number is impossible');
  if (blob.length <= HEADER || blob.length > MAX_CHUNK_BYTES) throw fail('their length is impossible');
  const view = new DataView(blob.buffer, blob.byteOffset, HEADER);
  if (crc32(blob.subarray(4)) !== view.getUint32(0, true)) throw fail('their checksum is wrong');
  const timeBits = HEADER + view.getUint16(5, true);
  const valueHead = timeBits + view.getUint16(7, true);
  const valueBits = valueHead + view.getUint16(9, true);
  const packed = blob[4]!;
  if (valueBits > blob.length || packed > (TIMES_PACKED | VALUES_PACKED)) throw fail('they end too early');
  const times = decodeColumn(
    unpack(packed & TIMES_PACKED, blob.subarray(HEADER, timeBits)),
    blob.subarray(timeBits, valueHead),
    count,
  );
  const values = decodeColumn(
    unpack(packed & VALUES_PACKED, blob.subarray(valueHead, valueBits)),
    blob.subarray(valueBits),
    count,
  );
  for (let i = 0; i < count; i++)
    if (!Number.isFinite(times[i]!) || (i > 0 && times[i]! <= times[i - 1]!))
      throw fail('their times do not ascend');
  return { times, values };

  function unpack(isPacked: number, head: Uint8Array): Uint8Array {
    if (isPacked === 0) return head;
    try {
      return zstdDecompressSync(head, { maxOutputLength: MAX_HEAD_BYTES });
    } catch {
      throw fail('they cannot be unpacked');
    }
  }
}
