/** Gets a block of a source into a slot: the thread reads it itself where it lies in a file, else this thread does. */
import { readFailed } from './file-errors.ts';
import type { Piece } from './pipeline-messages.ts';
import type { PlannedBlock } from './pipeline-plan.ts';
import { SlotError, type Slot } from './pipeline-workers.ts';
import type { BlockSource } from './source.ts';
import { timedAsync, type Spent } from './spent.ts';

/** The parts of a block as places in files, or null where some of them are in no file. */
export function filePieces(source: BlockSource, block: PlannedBlock): Piece[] | null {
  if (source.fileRange === undefined) return block.parts.length === 0 ? [] : null;
  const pieces: Piece[] = [];
  for (const part of block.parts) {
    const end = part.offset + part.length;
    for (let offset = part.offset; offset < end;) {
      const range = source.fileRange(offset, end - offset);
      if (range === null) return null;
      const { length = end - offset, packed } = range;
      const at = offset - block.offset;
      const { fd } = range;
      const last = pieces.at(-1);
      // Clusters mostly lie one behind the other, and one read of many costs as much as one read of one.
      if (packed === undefined && last !== undefined && follows(last, at, fd, range.offset))
        last.length += length;
      else pieces.push({ at, length, fd, offset: range.offset, ...(packed === undefined ? {} : { packed }) });
      offset += length;
    }
  }
  return pieces;
}

const follows = (last: Piece, at: number, fd: number, offset: number): boolean =>
  last.packed === undefined &&
  last.fd === fd &&
  last.at + last.length === at &&
  last.offset + last.length === offset;

/**
 * Has `work` done on a block, with its pieces or (null) after its bytes have been put into the slot here; the time that
 * takes is added to `spent`.
 */
export async function withBlock<T>(
  source: BlockSource,
  block: PlannedBlock,
  slot: Slot,
  work: (pieces: Piece[] | null) => Promise<T>,
  spent?: Spent,
): Promise<T> {
  const pieces = filePieces(source, block);
  if (pieces !== null) {
    try {
      return await work(pieces);
    } catch (error) {
      if (!(error instanceof SlotError) || error.wrote) throw error;
      // Read again through the source: it may know a way round, and if not, it tells best what is wrong.
    }
  }
  const read = (): Promise<void> => readParts(source, block, slot.bytes);
  await (spent === undefined ? read() : timedAsync(spent, 'source', read));
  return work(null);
}

/** Reads the parts of a block into a buffer; what lies between them becomes zeros. @throws READ_FAILED and its like */
export async function readParts(source: BlockSource, block: PlannedBlock, into: Uint8Array): Promise<void> {
  let end = 0;
  for (const { offset, length } of block.parts) {
    const at = offset - block.offset;
    into.fill(0, end, at);
    end = at + length;
    try {
      await source.read(into.subarray(at, end), offset);
    } catch (error) {
      throw readFailed(error, offset);
    }
  }
  into.fill(0, end, block.length);
}
