/** A file as it will be once its log has been replayed: the writes lie over it in memory, the file stays as it is. */
import type { ReadFile } from '../read-file.ts';
import type { LogWrite } from './log.ts';

export interface Patches {
  /** Whether any byte of the range is written over. */
  touches(offset: number, length: number): boolean;
  /** Puts what is written over [offset, offset + into.length) into `into`. */
  apply(into: Uint8Array, offset: number): void;
}

/**
 * Later writes win. Painted from the last to the first over the stretches between all borders, each stretch once, so
 * that any number of writes over each other takes n log n.
 */
export function patchesOf(writes: readonly LogWrite[]): Patches {
  const borders = Float64Array.from(
    new Set(writes.flatMap(({ offset, length }) => [offset, offset + length])),
  ).sort();
  /** Write that a stretch has its bytes from; -1 for none. */
  const owner = new Int32Array(borders.length).fill(-1);
  /** The first stretch at or after this one that has no owner yet. */
  const free = Int32Array.from({ length: borders.length + 1 }, (_, index) => index);
  const firstFree = (index: number): number => {
    let found = index;
    while (free[found] !== found) found = free[found]!;
    for (let at = index; free[at] !== found;) [at, free[at]] = [free[at]!, found];
    return found;
  };
  for (let i = writes.length - 1; i >= 0; i--) {
    const { offset, length } = writes[i]!;
    const end = offset + length;
    let at = firstFree(firstFrom(borders, offset));
    while (at < borders.length && borders[at]! < end) {
      owner[at] = i;
      free[at] = at + 1;
      at = firstFree(at + 1);
    }
  }

  /** Stretches with an owner that meet the range. */
  function* meeting(offset: number, end: number): Generator<{ from: number; to: number; write: LogWrite }> {
    // The one that begins at or before the offset, where there is one.
    let index = firstFrom(borders, offset);
    if (index > 0 && borders[index] !== offset) index--;
    for (; index < borders.length - 1 && borders[index]! < end; index++) {
      const from = Math.max(offset, borders[index]!);
      const to = Math.min(end, borders[index + 1]!);
      if (owner[index]! >= 0 && to > from) yield { from, to, write: writes[owner[index]!]! };
    }
  }

  return {
    touches: (offset, length) => meeting(offset, offset + length).next().done !== true,
    apply(into, offset) {
      for (const { from, to, write } of meeting(offset, offset + into.length)) {
        const part = into.subarray(from - offset, to - offset);
        if (write.bytes === null) part.fill(0);
        else part.set(write.bytes.subarray(from - write.offset, to - write.offset));
      }
    },
  };
}

/** Index of the first number that is not below `value`. */
function firstFrom(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The file with the patches over it; closing it closes the file. `size`: of the patched file, bytes. */
export function patchedFile(file: ReadFile, patches: Patches, size: number): ReadFile {
  return {
    ...file,
    size,
    async read(into, offset) {
      await file.read(into, offset);
      patches.apply(into, offset);
    },
    readNow(offset, length) {
      const bytes = file.readNow(offset, length);
      patches.apply(bytes, offset);
      return bytes;
    },
  };
}
