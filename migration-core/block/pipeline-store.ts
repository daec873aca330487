/** Writing one block of a copy: the sink says where, the block's thread writes; bytes that have no place go through the sink. */
import type { Head, PackedUnit, Placement } from './pipeline-messages.ts';
import type { PlannedBlock } from './pipeline-plan.ts';
import type { Slot } from './pipeline-workers.ts';
import type { BlockSink, PackedSink } from './sink.ts';

/** Finds places at once and resolves to the bytes of the disk that were written, when they are and the digest is there. */
export type Store = () => Promise<number>;

/** For the runs of a block that hold data: pairs of start and end within it; written already where the image is in one piece. */
export function plainStore(writer: BlockSink, block: PlannedBlock, slot: Slot, runs: number[]): Store {
  return async () => {
    const placements: Placement[] = [];
    let bytes = 0;
    for (let i = 0; i < runs.length; i += 2) {
      const at = runs[i]!;
      const length = runs[i + 1]! - at;
      bytes += length;
      if (writer.place === undefined)
        await writer.write(slot.bytes.subarray(at, at + length), block.offset + at);
      else placements.push({ at, length, ...writer.place(block.offset + at, length) });
    }
    if (writer.inOnePiece !== undefined) return bytes;
    // Also where the writer took the bytes itself: the digest is there when this is answered.
    if (bytes > 0) await slot.ask({ kind: 'store', slot: slot.index, placements, heads: [] });
    return bytes;
  };
}

/** For the units of a block that were packed. */
export function packedStore(sink: PackedSink, block: PlannedBlock, slot: Slot, units: PackedUnit[]): Store {
  const { unit, head: headBytes = 0, align = 1 } = sink.packing;
  return async () => {
    const placements: Placement[] = [];
    const heads: Head[] = [];
    let bytes = 0;
    for (const { at, length, from } of units) {
      const plain = Math.min(unit, block.length - at);
      const { fd, offset, head } = sink.place(block.offset + at, length);
      bytes += plain;
      if (length === null) {
        append(placements, { at, length: plain, fd, offset, packed: false });
        continue;
      }
      if (head !== undefined) heads.push({ at: from, bytes: head });
      const rounded = Math.ceil((headBytes + length) / align) * align;
      append(placements, { at: from, length: rounded, fd, offset, packed: true });
    }
    if (bytes > 0) await slot.ask({ kind: 'store', slot: slot.index, placements, heads });
    return bytes;
  };
}

/** What lies together at both ends is written at once. */
function append(placements: Placement[], next: Placement): void {
  const last = placements.at(-1);
  const follows =
    last !== undefined &&
    last.packed === next.packed &&
    last.fd === next.fd &&
    last.at + last.length === next.at &&
    last.offset + last.length === next.offset;
  if (follows) last.length += next.length;
  else placements.push(next);
}
