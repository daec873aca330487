import { checkRange } from './range.ts';
import type { BlockSource, SourceExtent, WritableBlocks } from './source.ts';

/** A window on a source: a partition of a disk. Closing the slice leaves the source below open. */
export function slice(below: BlockSource, offset: number, size: number): BlockSource {
  checkRange(offset, size, below.size);
  const extentsBelow = below.extents?.bind(below);
  async function* extents(at: number, length: number): AsyncGenerator<SourceExtent> {
    checkRange(at, length, size);
    for await (const extent of extentsBelow!(offset + at, length))
      yield { ...extent, offset: extent.offset - offset };
  }
  return {
    size,
    sectorSize: below.sectorSize,
    async read(into, at) {
      checkRange(at, into.length, size);
      await below.read(into, offset + at);
    },
    ...(extentsBelow === undefined ? {} : { extents }),
    fileRange(at, length) {
      checkRange(at, length, size);
      return below.fileRange?.(offset + at, length) ?? null;
    },
    close: async () => undefined,
  };
}

/** A window on something that can be written, such as a partition of an overlay. */
export function writableSlice(below: WritableBlocks, offset: number, size: number): WritableBlocks {
  return {
    ...slice(below, offset, size),
    async write(data, at) {
      checkRange(at, data.length, size);
      await below.write(data, offset + at);
    },
  };
}
