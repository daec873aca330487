/**
 * Disks packed with gzip, xz or zstd, read as they are. Where the file consists of independent pieces (xz with several
 * blocks, zstd with several frames) it is read at any place and nothing is written. Otherwise it is unpacked once into a
 * temporary file: that costs the time of unpacking and the room of the disk's data, zeros excepted. An image of another
 * format inside (`disk.qcow2.gz`) is always unpacked.
 */
import { readBytes, type BlockSource } from '../../block/source.ts';
import { chooseSubformat } from '../subformat.ts';
import type { DiskImage, ImageFormat, OpenContext } from '../image.ts';
import { raw } from '../raw.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { probeSectorSize } from '../sector-size.ts';
import { gzip } from './gzip.ts';
import type { Packing } from './method.ts';
import { piecesSource, suitsRandomAccess } from './pieces.ts';
import { unpackToScratch } from './scratch.ts';
import { xz } from './xz.ts';
import { zstd } from './zstd.ts';

const PACKINGS: readonly Packing[] = [gzip, xz, zstd];

export const compressed: ImageFormat = {
  id: 'compressed',
  extension: '.gz',
  name: 'Compressed disk image (gzip, xz, zstd)',
  subformats: [],
  detect: (head) => PACKINGS.some((packing) => packing.detect(head)),
  open: openCompressed,
  async create(options) {
    chooseSubformat(compressed, options);
    throw new TypeError('compressed: has no subformats');
  },
};

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, SCRATCH_SPACE, CANCELLED, NOT_FOUND, READ_FAILED, WRITE_FAILED */
async function openCompressed(path: string, context?: OpenContext): Promise<DiskImage> {
  const file = await openReadFile(path);
  try {
    const head = file.readNow(0, Math.min(16, file.size));
    const packing = PACKINGS.find((candidate) => candidate.detect(head));
    if (packing === undefined) throw unsupported(path, 'is not compressed by gzip, xz or zstd', 'Check it.');
    const pieces = packing.pieces(file);
    if (pieces?.length === 0) throw damaged(path, 'it unpacks to nothing');
    if (suitsRandomAccess(pieces)) {
      const source = piecesSource(file, packing, pieces);
      if (await looksRaw(source, context)) return await inPlace(file, source, packing, pieces.length);
    }
    const image = await unpacked(file, packing, context);
    await file.close();
    return image;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What no other format claims; a raw disk is read in place, all else wants a file of its own. */
async function looksRaw(source: BlockSource, context: OpenContext | undefined): Promise<boolean> {
  const head = await readBytes(source, 0, Math.min(64 << 10, source.size));
  const tail = await readBytes(source, Math.max(0, source.size - 512), Math.min(512, source.size));
  return context?.isNamed?.(head, tail) !== true;
}

async function inPlace(
  file: ReadFile,
  source: BlockSource,
  packing: Packing,
  pieces: number,
): Promise<DiskImage> {
  return {
    ...source,
    sectorSize: await probeSectorSize(source),
    facts: {
      format: 'compressed',
      subformat: packing.id,
      contentId: null,
      files: [file.path],
      parent: null,
      details: { Contents: 'raw', Read: `in place, in ${pieces} independent pieces` },
    },
    close: () => file.close(),
  };
}

async function unpacked(
  file: ReadFile,
  packing: Packing,
  context: OpenContext | undefined,
): Promise<DiskImage> {
  const { path, size: packedSize } = file;
  const scratch = await unpackToScratch(packing.unpack(file), { path, packedSize, signal: context?.signal });
  try {
    const inner =
      context?.openInner === undefined ? await raw.open(scratch.path) : await context.openInner(scratch.path);
    // An open file needs no name where the system is not Windows.
    if (process.platform !== 'win32') await scratch.release();
    const { format, subformat, contentId, details } = inner.facts;
    const isRaw = format === 'raw';
    return {
      ...inner,
      sectorSize: isRaw ? await probeSectorSize(inner) : inner.sectorSize,
      facts: {
        format: isRaw ? 'compressed' : format,
        subformat: isRaw ? packing.id : subformat,
        contentId,
        files: [path],
        parent: null,
        details: { ...details, Packed: packing.id, Contents: format, Read: 'from a temporary file' },
      },
      async close() {
        await inner.close();
        await scratch.release();
      },
    };
  } catch (error) {
    await scratch.release();
    throw error;
  }
}
