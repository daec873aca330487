/** Adding an archive to the end of an initramfs, so that the kernel that read the image up to there reads it too. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { roundUp } from '../../../base/bytes.ts';
import { packLz4 } from './lz4.ts';
import type { Initramfs } from './segments.ts';

const gzipped = promisify(gzip);

/** Level 5 takes 84 ms for 8.2 MB and leaves 2.07 MB; level 9 takes 1.7 s for 2 % less. */
const GZIP_LEVEL = 5;

/** Zero bytes that are enough for every decoder to see the end of its own data. */
const ENOUGH_ZEROS = 16;

/**
 * The bytes to append: padding and the archive.
 *
 * After anything but LZ4: zeros up to the next multiple of 512 (uncompressed archives must begin at a multiple of 4,
 * zeros between segments are skipped), then the archive, in gzip where the kernel is known to read that.
 *
 * After LZ4: an LZ4 frame, directly. The format has no end mark, and kernels before 5.14 (mainline 2c484419efc0) take
 * whatever follows for the size of the next block, and lose it, unless it is the magic of another frame.
 */
export async function segmentBytes(
  image: Pick<Initramfs, 'size' | 'segments'>,
  archive: Uint8Array,
  readsGzip: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  if (image.segments.at(-1)?.kind === 'lz4') return packLz4(archive);
  const padding = roundUp(image.size + ENOUGH_ZEROS, 512) - image.size;
  const packed = readsGzip ? await gzipped(archive, { level: GZIP_LEVEL }) : archive;
  const result = new Uint8Array(padding + packed.length);
  result.set(packed, padding);
  return result;
}
