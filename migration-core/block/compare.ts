/**
 * Whether two disks hold the same. Only what one of them has allocated is read: what neither has is zeros on both.
 * Blocks of both lie side by side in a slot of the copying threads, which read and compare them; a disk of another size
 * is equal when the rest of the longer one is zeros.
 */
import { throwIfCancelled } from '../base/cancel.ts';
import { ExtentList, type Extent } from '../base/extents.ts';
import type { ProgressListener } from '../base/progress.ts';
import { forEachBlock } from './block-flow.ts';
import { filePieces, readParts } from './block-reader.ts';
import { HALF_BLOCK } from './pipeline-messages.ts';
import { plannedBlocks, type PlannedBlock } from './pipeline-plan.ts';
import { SlotError, startCopyWorkers, type CopyWorkers, type Slot } from './pipeline-workers.ts';
import { progressMeter } from './progress-meter.ts';
import type { BlockSource } from './source.ts';

export interface CompareOptions {
  a: BlockSource;
  b: BlockSource;
  /** Differing ranges after which the rest is not looked at; 1 unless told: the first difference is all that counts. */
  limit?: number;
  workers?: CopyWorkers | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

/** The first byte that differs. Beyond the end of the shorter disk there are zeros. */
export interface Difference {
  offset: number;
  a: number;
  b: number;
}

export interface Comparison {
  /** Null where the disks are equal. */
  first: Difference | null;
  /** Whole sectors of 512 bytes that differ, ascending, at most `limit`. */
  ranges: Extent[];
  /** Whether the comparison ended at the limit: there may be more. */
  more: boolean;
  /** Bytes that were compared, and those that neither has allocated. */
  comparedBytes: number;
  skippedBytes: number;
}

/** @throws READ_FAILED, CANCELLED, and whatever the images' readers throw */
export async function compareDisks(options: CompareOptions): Promise<Comparison> {
  throwIfCancelled(options.signal);
  const workers = options.workers ?? startCopyWorkers();
  try {
    return await compareWith(workers, options);
  } finally {
    if (options.workers === undefined) await workers.close();
  }
}

/** Ends the flow when enough is known. */
class Enough extends Error {}

async function compareWith(workers: CopyWorkers, options: CompareOptions): Promise<Comparison> {
  const { a, b, limit = 1, signal } = options;
  const size = Math.max(a.size, b.size);
  const [inA, inB] = [await allocated(a, signal), await allocated(b, signal)];
  const totalBytes = inA.union(inB).bytes;
  const skippedBytes = size - totalBytes;
  const meter = progressMeter(options.onProgress, { phase: 'compare', totalBytes, skippedBytes });
  const ranges = new ExtentList();
  let first: Difference | null = null;
  let comparedBytes = 0;

  async function compareBlock({ sides, offset, length, bytes }: BlockPair, slot: Slot): Promise<void> {
    const runs = await askBoth([a, b], sides, slot, length);
    comparedBytes += bytes;
    meter.add(bytes);
    if (runs.length === 0) return;
    for (let i = 0; i < runs.length; i += 2) ranges.add(offset + runs[i]!, runs[i + 1]! - runs[i]!);
    const at = firstByte(slot, runs[0]!);
    if (first === null || offset + at < first.offset)
      first = { offset: offset + at, a: slot.bytes[at]!, b: slot.bytes[HALF_BLOCK + at]! };
    if (ranges.count >= limit) throw new Enough();
  }

  let more = false;
  try {
    await forEachBlock(workers, blockPairs(inA, inB, size), signal, compareBlock);
    meter.finish();
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
    more = true;
  }
  // Blocks begin in order and all that began have ended: the list has no hole before its end.
  return { first, ranges: [...ranges].slice(0, limit), more, comparedBytes, skippedBytes };
}

async function allocated(source: BlockSource, signal: AbortSignal | undefined): Promise<ExtentList> {
  if (source.extents === undefined) return ExtentList.of([{ offset: 0, length: source.size }]);
  const list = new ExtentList();
  for await (const { offset, length, kind } of source.extents(0, source.size)) {
    throwIfCancelled(signal);
    if (kind !== 'zero') list.add(offset, length);
  }
  return list;
}

/** The same stretch of both disks. */
interface BlockPair extends Extent {
  sides: [PlannedBlock, PlannedBlock];
  /** Bytes that at least one of them has allocated. */
  bytes: number;
}

function* blockPairs(inA: ExtentList, inB: ExtentList, size: number): Generator<BlockPair> {
  const iterators = [inA, inB].map((list) => plannedBlocks(list, size, HALF_BLOCK));
  const heads = iterators.map((iterator) => iterator.next());
  const offsetOf = (side: number): number =>
    heads[side]!.done === true ? Infinity : heads[side]!.value.offset;
  for (;;) {
    const offset = Math.min(offsetOf(0), offsetOf(1));
    if (offset === Infinity) return;
    const length = Math.min(HALF_BLOCK, size - offset);
    const sides = [0, 1].map((side): PlannedBlock => {
      const head = heads[side]!;
      if (head.done === true || head.value.offset !== offset) return { offset, length, parts: [] };
      heads[side] = iterators[side]!.next();
      return head.value;
    });
    const bytes = ExtentList.of(sides.flatMap(({ parts }) => parts)).bytes;
    yield { offset, length, sides: [sides[0]!, sides[1]!], bytes };
  }
}

/** The runs that differ. A thread reads what lies in files as it is; the rest, and what it fails to read, is read here. */
async function askBoth(
  sources: [BlockSource, BlockSource],
  blocks: [PlannedBlock, PlannedBlock],
  slot: Slot,
  length: number,
): Promise<number[]> {
  const ask = async (direct: boolean): Promise<number[]> => {
    const sides = [];
    for (const [index, source] of sources.entries()) {
      const pieces = direct ? filePieces(source, blocks[index]!) : null;
      const half = slot.bytes.subarray(index * HALF_BLOCK, index * HALF_BLOCK + length);
      if (pieces === null) await readParts(source, blocks[index]!, half);
      sides.push(pieces);
    }
    const { runs } = await slot.ask({
      kind: 'compare',
      slot: slot.index,
      length,
      sides: [sides[0]!, sides[1]!],
    });
    return runs;
  };
  try {
    return await ask(true);
  } catch (error) {
    if (!(error instanceof SlotError)) throw error;
    return ask(false);
  }
}

/** The first byte that differs at or after `at`, which is the start of a sector that does. */
function firstByte(slot: Slot, at: number): number {
  while (slot.bytes[at] === slot.bytes[HALF_BLOCK + at]) at++;
  return at;
}
