/** A disk with faults at known places, for tests of what stands above it. */
import { roundUp } from '../base/bytes.ts';
import { IronliftError } from '../base/errors.ts';
import { checkRange } from './range.ts';
import type { BlockSource } from './source.ts';

/** A range (bytes) that cannot be read: whole sectors of it, as on a real disk. */
export interface Fault {
  offset: number;
  length: number;
  /** Reads that fail before the place heals; all of them unless told. */
  times?: number;
  /** What the system says; EIO unless told. */
  errno?: string;
  /** The read ends here, as at the end of a file that became shorter: what lies before is read, and there is no errno. */
  short?: boolean;
}

export interface FaultySource extends BlockSource {
  /** Reads that failed so far. */
  readonly failures: number;
}

/** Takes the source over: closing this closes it. */
export function faulty(below: BlockSource, faults: readonly Fault[]): FaultySource {
  const left = faults.map(({ times = Infinity }) => times);
  let failures = 0;
  const { sectorSize } = below;
  const places = faults.map(({ offset, length }) => ({
    start: offset - (offset % sectorSize),
    end: roundUp(offset + length, sectorSize),
  }));
  const firstIn = (offset: number, length: number): number =>
    places.findIndex(({ start, end }, index) => left[index]! > 0 && start < offset + length && offset < end);
  const extents = below.extents?.bind(below);
  return {
    size: below.size,
    sectorSize,
    get failures() {
      return failures;
    },
    async read(into, offset) {
      checkRange(offset, into.length, below.size);
      const index = firstIn(offset, into.length);
      if (index < 0) {
        await below.read(into, offset);
        return;
      }
      failures++;
      left[index]!--;
      const { errno = 'EIO', short = false } = faults[index]!;
      const at = Math.max(places[index]!.start, offset);
      if (short) await below.read(into.subarray(0, at - offset), offset);
      throw new IronliftError('READ_FAILED', `The disk cannot be read at byte ${at}: a fault of the test.`, {
        next: 'Take the fault away.',
        data: { offset: at, ...(short ? {} : { errno }) },
      });
    },
    ...(extents === undefined ? {} : { extents }),
    // Whoever read the file directly would not meet the fault.
    fileRange: (offset, length) =>
      firstIn(offset, length) >= 0 ? null : (below.fileRange?.(offset, length) ?? null),
    close: () => below.close(),
  };
}
