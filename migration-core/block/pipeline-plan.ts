/** Which bytes of a disk a copy reads: what is in use and is data, block by block. */
import { throwIfCancelled } from '../base/cancel.ts';
import { ExtentList, type Extent } from '../base/extents.ts';
import { BLOCK } from './pipeline-messages.ts';
import type { BlockSource } from './source.ts';

/** A block of the disk and the parts of it that are read; the rest of it becomes zeros. */
export interface PlannedBlock extends Extent {
  /** Bytes from the start of the disk, ascending. */
  parts: Extent[];
}

/** The used ranges that the source does not know to be zero or free, widened to whole units (bytes). */
export async function rangesToRead(
  source: BlockSource,
  used: ExtentList,
  unit: number,
  signal?: AbortSignal,
): Promise<ExtentList> {
  const data = await dataRanges(source, used, signal);
  return data.aligned(unit, source.size);
}

async function dataRanges(
  source: BlockSource,
  used: ExtentList,
  signal: AbortSignal | undefined,
): Promise<ExtentList> {
  if (source.extents === undefined || used.count === 0) return used;
  const start = used.startAt(0);
  const end = used.endAt(used.count - 1);
  const data = new ExtentList();
  for await (const extent of source.extents(start, end - start)) {
    throwIfCancelled(signal);
    if (extent.kind === 'data') data.add(extent.offset, extent.length);
  }
  return used.intersect(data);
}

/** The ranges cut at the borders of blocks of `unit` bytes. Blocks without any range are left out. */
export function* plannedBlocks(ranges: ExtentList, size: number, unit = BLOCK): Generator<PlannedBlock> {
  let block: PlannedBlock | null = null;
  for (const range of ranges) {
    const end = range.offset + range.length;
    for (let at = range.offset; at < end;) {
      const offset = Math.floor(at / unit) * unit;
      if (block !== null && block.offset !== offset) {
        yield block;
        block = null;
      }
      block ??= { offset, length: Math.min(unit, size - offset), parts: [] };
      const until = Math.min(end, offset + unit);
      block.parts.push({ offset: at, length: until - at });
      at = until;
    }
  }
  if (block !== null) yield block;
}
