/**
 * The one copy of the program: used ranges of a source into an image. Blocks of 1 MiB pass through a few slots of
 * shared memory; threads read, unpack, look for zeros, hash, pack and write, this thread decides order and place. Read
 * `copyBlocks` from top to bottom.
 *
 * A packed unit has its place when the length of all before it is known, so threads pack ahead, as far as there are
 * slots, and wait for their turn with what they packed. For figures see test/bench/README.md.
 */
import { throwIfCancelled } from '../base/cancel.ts';
import type { ExtentList } from '../base/extents.ts';
import type { ProgressListener } from '../base/progress.ts';
import { BlockDigests, type ContentDigest } from './block-digests.ts';
import { forEachBlock } from './block-flow.ts';
import { filePieces, withBlock } from './block-reader.ts';
import { inOrder, type CopiedBlock, type CopiedSoFar } from './copied.ts';
import { writeFailed } from './file-errors.ts';
import { localCopyWorkers } from './pipeline-local.ts';
import { BLOCK, type Piece } from './pipeline-messages.ts';
import { plannedBlocks, rangesToRead, type PlannedBlock } from './pipeline-plan.ts';
import {
  packingThreads,
  SlotError,
  startCopyWorkers,
  type CopyWorkers,
  type Slot,
} from './pipeline-workers.ts';
import { packedStore, plainStore, type Store } from './pipeline-store.ts';
import { progressMeter } from './progress-meter.ts';
import type { BlockSink } from './sink.ts';
import type { BlockSource } from './source.ts';

export interface CopyOptions {
  source: BlockSource;
  /** What is copied, bytes of the disk; all else becomes zeros. */
  used: ExtentList;
  /** What `rangesToRead` said of both, where that was asked before. */
  ranges?: ExtentList | undefined;
  writer: BlockSink;
  /** Takes the digest of the contents on the way. */
  digest?: boolean;
  /** Threads that are running already; without, some are started and ended. */
  workers?: CopyWorkers | undefined;
  /** Where an interrupted copy came to; this one goes on there. Its results are of both together. */
  resumed?: CopiedSoFar | undefined;
  /** Hears of every block in the order of the disk, once the image has it and all before it; what it throws ends the copy. */
  onCopied?: ((block: CopiedBlock) => void) | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface CopyResult {
  /** Bytes that were written: whole units of the image. With the two below, the size of the disk. */
  dataBytes: number;
  /** Bytes that were looked at and found to be zeros. */
  zeroBytes: number;
  /** Bytes that did not have to be read. */
  skippedBytes: number;
  /** Of the disk as it was written; null unless asked for. */
  digest: ContentDigest | null;
  /** The digest of every block, to tell where two disks differ; null unless asked for. */
  blocks: BlockDigests | null;
}

/**
 * What is read is cut at these borders (bytes), whatever the units of the image: free space that shares a cluster with
 * data becomes zeros. So what was deleted on the server stays behind, and every format gets the same contents and digest.
 */
export const PAGE = 4096;

/**
 * Copies and settles: when it returns or throws, nothing is under way any more, in the source or in the writer. The
 * writer is neither finished nor aborted.
 * @throws CANCELLED, READ_FAILED (with the offset), DESTINATION_FULL, WRITE_FAILED
 */
export async function copyBlocks(options: CopyOptions): Promise<CopyResult> {
  const { source, used, signal } = options;
  throwIfCancelled(signal);
  const ranges = options.ranges ?? (await rangesToRead(source, used, PAGE, signal));
  const workers = options.workers ?? startWorkers(options, ranges);
  try {
    return await copyRanges(ranges, workers, options);
  } finally {
    if (options.workers === undefined) await workers.close();
  }
}

/** Threads where there is something to compute; else the copy needs none of its own. */
function startWorkers({ source, writer, digest }: CopyOptions, ranges: ExtentList): CopyWorkers {
  if (writer.packed !== undefined) return startCopyWorkers(packingThreads());
  return digest === true || isPacked(source, ranges) ? startCopyWorkers() : localCopyWorkers();
}

/** Blocks that are looked at to tell whether a source is packed: one may hold a few units that did not become shorter. */
const LOOK_AT = 32;

function isPacked(source: BlockSource, ranges: ExtentList): boolean {
  let looked = 0;
  for (const block of plannedBlocks(ranges, source.size)) {
    if (filePieces(source, block)?.some(({ packed }) => packed !== undefined) === true) return true;
    if (++looked === LOOK_AT) break;
  }
  return false;
}

async function copyRanges(
  ranges: ExtentList,
  workers: CopyWorkers,
  options: CopyOptions,
): Promise<CopyResult> {
  const { source, writer, signal } = options;
  const unit = Math.min(writer.granularity, BLOCK);
  const totalBytes = ranges.aligned(unit, source.size).bytes;
  const skippedBytes = source.size - totalBytes;
  const { resumed, onCopied } = options;
  const doneBefore = resumed === undefined ? 0 : resumed.dataBytes + resumed.zeroBytes;
  const meter = progressMeter(options.onProgress, {
    ...{ phase: 'copy', totalBytes, skippedBytes, doneBefore },
    spent: () => workers.spent(),
  });
  const blocks = options.digest === true ? (resumed?.blocks ?? new BlockDigests(source.size)) : null;
  let dataBytes = resumed?.dataBytes ?? 0;
  let zeroBytes = resumed?.zeroBytes ?? 0;
  const takeTurn = onCopied === undefined ? null : inOrder(onCopied);

  let turn: Promise<unknown> = Promise.resolve();

  /** Reads a block, and packs it where the image wants that; `store` writes it when its turn has come. */
  async function readBlock(block: PlannedBlock, slot: Slot): Promise<ReadBlock> {
    const { index } = slot;
    const { length } = block;
    const hash = blocks !== null;
    const read = async (pieces: Piece[] | null): Promise<ReadBlock> => {
      const about = { slot: index, length, pieces, hash };
      if (writer.packed === undefined) {
        const whole = writer.inOnePiece;
        const target = whole === undefined ? null : { ...whole, offset: whole.offset + block.offset };
        const { runs } = await slot.ask({ kind: 'fill', ...about, unit, target });
        return { store: plainStore(writer, block, slot, runs), places: runs };
      }
      const { units } = await slot.ask({ kind: 'pack', ...about, packing: writer.packed.packing });
      const places = onCopied === undefined ? [] : units.flatMap(({ at, length }) => [at, length ?? -1]);
      return { store: packedStore(writer.packed, block, slot, units), places };
    };
    return withBlock(source, block, slot, read, workers.own);
  }

  /** Places a block when all before it have their places; the writing, once the place is known, may take its time. */
  async function placeBlock(block: PlannedBlock, slot: Slot, before: Promise<unknown>): Promise<Stored> {
    const { store, places } = await readBlock(block, slot).catch((error: unknown) => {
      throw error instanceof SlotError && error.wrote ? writeFailed(writer.path, error) : error;
    });
    await before;
    const stored = store().catch((error: unknown) => {
      throw writeFailed(writer.path, error);
    });
    if (writer.place === undefined && writer.packed === undefined) await stored;
    return { stored, places };
  }

  const planned = blocksFrom(resumed?.next ?? 0, plannedBlocks(ranges, source.size));
  await forEachBlock(workers, planned, signal, async (block, slot) => {
    const tell = takeTurn?.();
    const placed = placeBlock(block, slot, turn);
    turn = placed;
    const { stored, places } = await placed;
    const bytes = await stored;
    const touched = unitBytes(block, unit);
    dataBytes += bytes;
    zeroBytes += touched - bytes;
    if (bytes > 0) blocks?.set(block.offset / BLOCK, slot.digest);
    meter.add(touched);
    tell?.({
      offset: block.offset,
      length: block.length,
      places,
      digest: bytes > 0 && blocks !== null ? slot.digest.slice() : null,
      dataBytes: bytes,
      zeroBytes: touched - bytes,
    });
  });
  meter.finish();
  return { dataBytes, zeroBytes, skippedBytes, digest: blocks?.digest() ?? null, blocks };
}

/** Bytes of the units that hold any part of the block. */
function unitBytes({ offset, length, parts }: PlannedBlock, unit: number): number {
  let bytes = 0;
  let counted = 0;
  for (const part of parts) {
    const at = part.offset - offset;
    const from = Math.max(counted, Math.floor(at / unit) * unit);
    counted = Math.min(length, Math.ceil((at + part.length) / unit) * unit);
    bytes += Math.max(0, counted - from);
  }
  return bytes;
}

function* blocksFrom(next: number, blocks: Iterable<PlannedBlock>): Generator<PlannedBlock> {
  for (const block of blocks) if (block.offset >= next) yield block;
}

interface ReadBlock {
  store: Store;
  /** As in CopiedBlock. */
  places: number[];
}

/** The bytes of a block that has its place in the image, once they are there. */
interface Stored extends Pick<ReadBlock, 'places'> {
  stored: Promise<number>;
}
