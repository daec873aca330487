/** Unpacks the units (clusters, grains) of compressed images, in whatever thread has them. */
import { readSync } from 'node:fs';
import { constants, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { PackedRange } from './source.ts';
import { firstZstdFrame } from './zstd-frame.ts';

/** How the units of an image are packed; plain data, so that it can be told to a thread. */
export interface UnitPacking {
  /** `deflate`: without, `zlib`: with the header of RFC 1950; `zstd`: the first frame. What follows is passed over. */
  codec: 'deflate' | 'zlib' | 'zstd';
  /** Bytes of a unit once it is unpacked. */
  unit: number;
  /** Where units begin with a record of their own: its bytes, and where in it a u32 (LE) tells the bytes that follow. */
  record?: { bytes: number; lengthAt: number };
  /** Whether a unit may hold less than `unit` bytes; zeros follow. */
  short?: boolean;
}

/**
 * Exactly `packing.unit` bytes.
 * @throws Error or RangeError where these are not such bytes
 */
export function unpackUnit(packed: Buffer, packing: UnitPacking): Uint8Array {
  const { unit, record } = packing;
  const bytes = inflate(record === undefined ? packed : afterRecord(packed, record), packing);
  if (bytes.length === unit) return bytes;
  if (packing.short !== true) throw new RangeError(`${bytes.length} bytes instead of ${unit}`);
  const whole = new Uint8Array(unit);
  whole.set(bytes);
  return whole;
}

function afterRecord(packed: Buffer, { bytes, lengthAt }: { bytes: number; lengthAt: number }): Buffer {
  const length = packed.readUInt32LE(lengthAt);
  if (length > packed.length - bytes) throw new RangeError(`its ${length} bytes are not within the file`);
  return packed.subarray(bytes, bytes + length);
}

function inflate(packed: Buffer, { codec, unit }: UnitPacking): Buffer {
  // One piece as large as the unit: put together from pieces of 16 KiB, the default, it takes half as long again.
  const options = { maxOutputLength: unit, chunkSize: Math.max(unit, 64) };
  if (codec === 'zstd') return zstdDecompressSync(packed.subarray(0, firstZstdFrame(packed)), options);
  // The end of the stream is wherever it says so; without a header there is no checksum after it either.
  if (codec === 'deflate') return inflateRawSync(packed, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
  return inflateSync(packed, options);
}

/** @throws a system error, or an Error where the file ends before that */
export function readFully(fd: number, into: Buffer, offset: number): void {
  for (let done = 0; done < into.length;) {
    const count = readSync(fd, into, done, into.length - done, offset + done);
    if (count === 0) throw new Error('the file ends too early');
    done += count;
  }
}

let packedBytes = Buffer.alloc(128 << 10);

/** Reads a packed unit from a file and unpacks it. @throws what readFully and unpackUnit throw */
export function unpackRange(fd: number, offset: number, { bytes, packing }: PackedRange): Uint8Array {
  if (packedBytes.length < bytes) packedBytes = Buffer.alloc(bytes);
  let length = bytes;
  let done = 0;
  if (packing.record !== undefined) {
    // It tells how much there is: mostly far less than there may be.
    done = packing.record.bytes;
    readFully(fd, packedBytes.subarray(0, done), offset);
    length = Math.min(bytes, done + packedBytes.readUInt32LE(packing.record.lengthAt));
  }
  const packed = packedBytes.subarray(0, length);
  readFully(fd, packed.subarray(done), offset + done);
  return unpackUnit(packed, packing);
}
