/**
 * Taking up an image that an interrupted job left. The layout of every writer here is a function of what it was asked
 * to place, in order: told the same again it makes the same tables, so data that is there need not be read or written.
 * What was written after the last flush is not known to be whole and is taken out; holes are holes again.
 */
import { roundUp } from '../base/bytes.ts';
import { ExtentList } from '../base/extents.ts';
import { fileExtents } from '../block/holes.ts';
import type { BlockSink } from '../block/sink.ts';
import { isZero } from '../block/zero-scan.ts';
import type { ImageWriter, PlacedPiece } from './image.ts';
import type { ImageFile } from './image-file.ts';
import { damaged } from './read-file.ts';

type Resumable = Required<Pick<ImageWriter, 'flush' | 'resume' | 'suspend'>>;

/** The part of a writer that has to do with interruptions. `files`: all that data or tables go to. */
export function resumable(files: readonly ImageFile[], sink: Pick<BlockSink, 'place' | 'packed'>): Resumable {
  return {
    async flush() {
      for (const file of files) await file.sync();
    },
    async resume(pieces) {
      const placed = new Map(files.map((file) => [file.fd, new ExtentList()]));
      for await (const some of pieces) {
        for (const piece of some) {
          const { fd, offset, length } = placeAgain(sink, piece);
          placed.get(fd)!.add(offset, length);
        }
      }
      for (const file of files) await cleanFile(file, placed.get(file.fd)!.union(file.tables));
    },
    async suspend() {
      for (const file of files) await file.close().catch(() => undefined);
    },
  };
}

function placeAgain(
  { place, packed }: Pick<BlockSink, 'place' | 'packed'>,
  { offset, length, packed: packedBytes }: PlacedPiece,
): { fd: number; offset: number; length: number } {
  if (packed === undefined) return { ...place!(offset, length), length };
  const { packing } = packed;
  const { fd, offset: at } = packed.place(offset, packedBytes ?? null);
  if (packedBytes === null || packedBytes === undefined) return { fd, offset: at, length };
  return { fd, offset: at, length: roundUp((packing.head ?? 0) + packedBytes, packing.align ?? 1) };
}

/** Bytes; no more than what `isZero` takes. */
const AT_ONCE = 1 << 20;

/** Leaves only what is `kept`; all between reads as zeros. */
async function cleanFile(file: ImageFile, kept: ExtentList): Promise<void> {
  const end = kept.count === 0 ? 0 : kept.endAt(kept.count - 1);
  if (end > file.found) throw damaged(file.path, `it ends at byte ${file.found} and had ${end} bytes`);
  await file.settle(end);
  const data = new ExtentList();
  for await (const extent of fileExtents(file.fd, 0, end))
    if (extent.kind === 'data') data.add(extent.offset, extent.length);
  const buffer = Buffer.alloc(AT_ONCE);
  for (const gap of data.subtract(kept)) {
    for (let done = 0; done < gap.length; done += AT_ONCE) {
      const part = buffer.subarray(0, Math.min(AT_ONCE, gap.length - done));
      await file.read(part, gap.offset + done);
      // Holes are larger than what was left out; what is zeros already costs no write.
      if (isZero(part, 0, part.length)) continue;
      part.fill(0);
      await file.write(part, gap.offset + done);
    }
  }
}
