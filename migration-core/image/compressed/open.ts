/**
 * Disks packed with gzip, xz or zstd, read as they are. Where the file consists of independent pieces (xz with several
 * blocks, zstd with several frames) it is read at any place and nothing is written. Otherwise it is unpacked once into a
 * temporary file: that costs the time of unpacking and the room of the disk's data, zeros excepted. An image of another
 * format inside (`disk.qcow2.gz`) is always unpacked.
 */
import { progressMeter } from '../../block/progress-meter.ts';
import { readBytes, type BlockSource } from '../../block/source.ts';
import type { DiskImage, OpenContext } from '../image.ts';
import { raw } from '../raw.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { probeSectorSize } from '../sector-size.ts';
import type { Packing, Piece } from './method.ts';
import { packings } from './packings.ts';
import { piecesSource, suitsRandomAccess } from './pieces.ts';
import { unpackPiecesToScratch, unpackToScratch, type Scratch } from './scratch.ts';

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, SCRATCH_SPACE, CANCELLED, NOT_FOUND, READ_FAILED, WRITE_FAILED */
export async function openCompressed(path: string, context?: OpenContext): Promise<DiskImage> {
  const file = await openReadFile(path);
  try {
    const head = file.readNow(0, Math.min(16, file.size));
    const packing = packings.find((candidate) => candidate.detect(head));
    if (packing === undefined) throw unsupported(path, 'is not compressed by gzip, xz or zstd', 'Check it.');
    const pieces = packing.pieces(file);
    if (pieces?.length === 0) throw damaged(path, 'it unpacks to nothing');
    if (suitsRandomAccess(pieces)) {
      const source = piecesSource(file, packing, pieces, context?.signal);
      try {
        if (await looksRaw(source, context)) return await inPlace(file, source, packing, pieces.length);
      } catch (error) {
        await source.close();
        throw error;
      }
      await source.close();
    }
    const image = await unpacked(file, packing, pieces, context);
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
    async close() {
      await source.close();
      await file.close();
    },
  };
}

async function unpacked(
  file: ReadFile,
  packing: Packing,
  pieces: readonly Piece[] | null,
  context: OpenContext | undefined,
): Promise<DiskImage> {
  const { path } = file;
  const scratch = await unpackAll(file, packing, pieces, context);
  try {
    const inner =
      context?.openInner === undefined ? await raw.open(scratch.path) : await context.openInner(scratch.path);
    // An open file needs no name where the system is not Windows.
    if (process.platform !== 'win32') await scratch.release();
    const { format, subformat, contentId, details, findings } = inner.facts;
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
        ...(findings === undefined ? {} : { findings }),
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

/** Less than this is unpacked before threads would have started, bytes. */
const LITTLE = 4 << 20;

/** Progress is told in bytes of the packed file: how much they unpack to is not known before. */
async function unpackAll(
  file: ReadFile,
  packing: Packing,
  pieces: readonly Piece[] | null,
  context: OpenContext | undefined,
): Promise<Scratch> {
  const { path, size } = file;
  const options = { path, packedSize: size, signal: context?.signal };
  const meter = progressMeter(context?.onProgress, { phase: 'unpack', totalBytes: size, skippedBytes: 0 });
  let scratch: Scratch;
  if (!packing.isNative && pieces !== null && pieces.reduce((sum, { length }) => sum + length, 0) >= LITTLE)
    scratch = await unpackPiecesToScratch({ file, packing, pieces }, options, (bytes) => meter.add(bytes));
  else {
    const counted: ReadFile = {
      ...file,
      async read(into, offset) {
        await file.read(into, offset);
        meter.add(into.length);
      },
    };
    scratch = await unpackToScratch(packing.unpack(counted), options);
  }
  meter.finish();
  return scratch;
}
