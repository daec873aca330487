/**
 * Whether two disks hold the same. Only what one of them has allocated is read: what neither has is zeros on both.
 * The copying threads read and compare by themselves where both lie in files; the rest passes through this thread.
 * A disk of another size is equal when the rest of the longer one is zeros.
 */
import { throwIfCancelled } from '../base/cancel.ts';
import { ExtentList, type Extent } from '../base/extents.ts';
import type { ProgressListener } from '../base/progress.ts';
import { forEachBlock } from './block-flow.ts';
import { filePieces, readParts } from './block-reader.ts';
import { HALF_BLOCK, type DifferentByte, type FromWorker, type Stretch } from './pipeline-messages.ts';
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

export interface Comparison {
  /** The first byte that differs, zero beyond the end of the shorter disk. Null where the disks are equal. */
  first: DifferentByte | null;
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
  let first: DifferentByte | null = null;
  let comparedBytes = 0;

  async function compareSpan(span: Span, slot: Slot): Promise<void> {
    for (const { runs, first: here } of await askSpan([a, b], span, slot)) {
      for (let i = 0; i < runs.length; i += 2) ranges.add(runs[i]!, runs[i + 1]! - runs[i]!);
      if (here !== null && (first === null || here.offset < first.offset)) first = here;
    }
    comparedBytes += span.bytes;
    meter.add(span.bytes);
    if (ranges.count >= limit) throw new Enough();
  }

  let more = false;
  try {
    await forEachBlock(workers, spans(inA, inB, size), signal, compareSpan);
    meter.finish();
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
    more = true;
  }
  // Spans begin in order and all that began have ended: the list has no hole before its end.
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

/** What a thread is asked to compare at once, bytes: few questions, and still an end in sight when the job is cancelled. */
const SPAN = 8 << 20;

/** The same stretch of both disks. */
interface Span extends Extent {
  /** The parts of each that are allocated. */
  sides: [PlannedBlock, PlannedBlock];
  /** Bytes that at least one of them has allocated. */
  bytes: number;
}

function* spans(inA: ExtentList, inB: ExtentList, size: number, unit = SPAN): Generator<Span> {
  const iterators = [inA, inB].map((list) => plannedBlocks(list, size, unit));
  const heads = iterators.map((iterator) => iterator.next());
  const offsetOf = (side: number): number =>
    heads[side]!.done === true ? Infinity : heads[side]!.value.offset;
  for (;;) {
    const offset = Math.min(offsetOf(0), offsetOf(1));
    if (offset === Infinity) return;
    const length = Math.min(unit, size - offset);
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

/** What was found in a stretch; offsets are bytes of the disk. */
type Found = Pick<Extract<FromWorker, { kind: 'compared' }>, 'runs' | 'first'>;

async function askSpan(sources: [BlockSource, BlockSource], span: Span, slot: Slot): Promise<Found[]> {
  const [inA, inB] = span.sides.map(({ parts }) => ExtentList.of(parts));
  const direct: { half: Span; stretch: Stretch }[] = [];
  const found: Found[] = [];
  for (const half of spans(inA!, inB!, span.offset + span.length, HALF_BLOCK)) {
    const [a, b] = [filePieces(sources[0], half.sides[0]), filePieces(sources[1], half.sides[1])];
    if (a === null || b === null) found.push(await askHere(sources, half, slot));
    else direct.push({ half, stretch: { at: half.offset, length: half.length, sides: [a, b] } });
  }
  if (direct.length === 0) return found;
  try {
    const stretches = direct.map(({ stretch }) => stretch);
    found.push(await slot.ask({ kind: 'compare', slot: slot.index, stretches }));
  } catch (error) {
    if (!(error instanceof SlotError)) throw error;
    // Read again through the sources: they may know a way round, and if not, they tell best what is wrong.
    for (const { half } of direct) found.push(await askHere(sources, half, slot));
  }
  return found;
}

/** Reads at most half a slot of both through the sources. */
async function askHere(
  sources: [BlockSource, BlockSource],
  { offset, length, sides }: Span,
  slot: Slot,
): Promise<Found> {
  for (const side of [0, 1] as const)
    await readParts(sources[side], sides[side], slot.bytes.subarray(side * HALF_BLOCK));
  const stretches = [{ at: offset, length, sides: null }];
  return slot.ask({ kind: 'compare', slot: slot.index, stretches });
}
