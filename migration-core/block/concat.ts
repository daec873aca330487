import { checkRange } from './range.ts';
import type { BlockSource, SourceExtent } from './source.ts';

/**
 * Sources one behind the other as one: a disk that lies in several files. Takes them over: closing it closes them all.
 * Their logical sector sizes must be the same.
 */
export function concatenate(parts: readonly BlockSource[]): BlockSource {
  if (parts.length === 0) throw new TypeError('concatenate: there is nothing to put together');
  const { sectorSize } = parts[0]!;
  if (parts.some((part) => part.sectorSize !== sectorSize))
    throw new TypeError('concatenate: the parts have sectors of different sizes');
  /** Where each part starts, and where the last one ends. */
  const starts = new Float64Array(parts.length + 1);
  for (const [index, part] of parts.entries()) starts[index + 1] = starts[index]! + part.size;
  const size = starts[parts.length]!;

  /** The last part that starts at `offset` or before: never an empty one, unless the offset is the end of all. */
  function partAt(offset: number): number {
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The pieces of a range, each within one part; `at`: bytes from the start of the part. */
  function* pieces(
    offset: number,
    length: number,
  ): Generator<{ part: BlockSource; start: number; at: number; length: number }> {
    const end = offset + length;
    let from = offset;
    for (let index = partAt(offset); from < end; index++) {
      const start = starts[index]!;
      const until = Math.min(end, starts[index + 1]!);
      if (until > from) yield { part: parts[index]!, start, at: from - start, length: until - from };
      from = until;
    }
  }

  return {
    size,
    sectorSize,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      let done = 0;
      for (const { part, at, length } of pieces(offset, into.length)) {
        await part.read(into.subarray(done, done + length), at);
        done += length;
      }
    },
    async *extents(offset, length): AsyncGenerator<SourceExtent> {
      checkRange(offset, length, size);
      for (const piece of pieces(offset, length)) {
        const { part, start, at } = piece;
        if (part.extents === undefined) yield { offset: start + at, length: piece.length, kind: 'data' };
        else
          for await (const extent of part.extents(at, piece.length))
            yield { ...extent, offset: start + extent.offset };
      }
    },
    fileRange(offset, length) {
      checkRange(offset, length, size);
      const index = partAt(offset);
      if (offset + length > starts[index + 1]!) return null;
      return parts[index]!.fileRange?.(offset - starts[index]!, length) ?? null;
    },
    async close() {
      // Every one of them, whatever the others say.
      const closed = await Promise.allSettled(parts.map((part) => part.close()));
      const failed = closed.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}
