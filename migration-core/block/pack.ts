/**
 * Packs units (clusters, grains) for compressed images, in whatever thread has them.
 *
 * Why so: see "Packing" in test/bench/README.md for the figures. Node makes a new state for each call, which costs 40 us
 * for 64 KiB, a twentieth of what deflating them takes. To deflate what cannot become smaller takes the longest of all,
 * so that is recognised first.
 */
import { deflateRawSync, deflateSync, constants, zstdCompressSync } from 'node:zlib';

/** How a sink wants the units of a disk; plain data, so that it can be told to a thread. */
export interface Packing {
  /** Bytes of a unit, at most 1 MiB and a divisor of it. */
  readonly unit: number;
  /** `deflate`: without, `zlib`: with the header of RFC 1950. */
  readonly codec: 'deflate' | 'zlib' | 'zstd';
  readonly level: number;
  /** Of the window of deflate: 9 to 15; the reader must not have a smaller one. */
  readonly windowBits?: number;
  /** What becomes of a unit that does not get smaller: it stays as it is, or goes through the codec all the same. */
  readonly unshrunk: 'plain' | 'packed';
  /** Bytes before each packed unit that the sink fills in itself (PackedPlace.head); 0 unless told. */
  readonly head?: number;
  /** What head and packed unit together are rounded up to with zeros, bytes; 1 unless told. */
  readonly align?: number;
}

/** Less saved than this part of a unit is not worth the time of whoever reads it. */
const WORTH = 1 / 64;
/** Room beyond a unit for what the codecs make of noise: blocks of up to 64 KiB, 5 bytes each, and both ends. */
const GROWTH = 512;

/** Bytes that packed units of a block of `bytes` may need, heads and rounding included. */
export function packedRoom(bytes: number, { unit, head = 0, align = 1 }: Packing): number {
  return Math.ceil(bytes / unit) * (Math.ceil((unit + GROWTH + head) / align) * align);
}

/** The packed unit, or null where it stays as it is. `bytes`: exactly `packing.unit` of them. */
export function packUnit(bytes: Buffer, packing: Packing): Buffer | null {
  const { unit, codec, level, unshrunk } = packing;
  const most = unit - Math.ceil(unit * WORTH);
  if (codec === 'zstd') {
    const packed = zstd(bytes, level);
    return packed.length <= most || unshrunk === 'packed' ? packed : null;
  }
  if (!isNoise(bytes, most)) {
    const packed = deflate(bytes, packing, level);
    if (packed.length <= most) return packed;
  }
  return unshrunk === 'plain' ? null : deflate(bytes, packing, 0);
}

function deflate(bytes: Buffer, { codec, unit, windowBits = 15 }: Packing, level: number): Buffer {
  // Room for all of it at once: put together from pieces of 16 KiB, the default, it takes half as long again.
  const options = { level, windowBits, memLevel: 9, chunkSize: unit + GROWTH };
  return codec === 'deflate' ? deflateRawSync(bytes, options) : deflateSync(bytes, options);
}

function zstd(bytes: Buffer, level: number): Buffer {
  return zstdCompressSync(bytes, {
    chunkSize: bytes.length + GROWTH,
    // It makes its tables as small as the unit.
    pledgedSrcSize: bytes.length,
    params: { [constants.ZSTD_c_compressionLevel]: level },
  });
}

const SAMPLES = 2048;
const counts = new Uint16Array(256);

/**
 * Whether deflate would not make these bytes smaller than `most`. The frequencies of some of them tell text and programs
 * from noise in 3 us; what looks like noise may repeat itself, and zstd finds that out five times as fast as deflate.
 */
function isNoise(bytes: Buffer, most: number): boolean {
  const step = Math.max(1, Math.floor(bytes.length / SAMPLES)) | 1;
  counts.fill(0);
  let taken = 0;
  for (let at = 0; at < bytes.length; at += step, taken++) counts[bytes[at]!]!++;
  let squares = 0;
  for (let i = 0; i < 256; i++) squares += counts[i]! ** 2;
  // Of even noise: n^2/256 + n. A fifth more than that has less than 8 bits in a byte by a few hundredths.
  if (squares > 1.2 * (taken ** 2 / 256 + taken)) return false;
  return zstd(bytes, 1).length > most;
}
