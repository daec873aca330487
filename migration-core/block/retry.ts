/**
 * A disk that fails here and there: a read that fails is tried again, then cut in halves until the sectors that cannot
 * be read are known. Such a sector ends the job, with its place; or, where that was asked for, it reads as zeros from
 * then on and is noted. Only defects of the medium are ever replaced: a disk that went away or a file that became
 * shorter is not a bad sector, however the reads end.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { cancelled, throwIfCancelled } from '../base/cancel.ts';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import { ExtentList } from '../base/extents.ts';
import { formatBytes } from '../base/text.ts';
import { checkRange } from './range.ts';
import type { BlockSource } from './source.ts';

export interface RetryOptions {
  /** What the disk is called in messages. */
  name: string;
  /** Gives zeros in place of sectors that cannot be read; without, they end the job. */
  zeroBadSectors?: boolean;
  /** How often a read is tried; 3 unless told. */
  tries?: number;
  /** Milliseconds before the second try, doubled for each one after it; 100 unless told. */
  firstWait?: number;
  signal?: AbortSignal | undefined;
}

export interface RetrySource extends BlockSource {
  /** Sectors that could not be read and read as zeros now, bytes. Grows while the disk is read. */
  readonly badSectors: ExtentList;
}

/** What systems call a medium that does not give its data; on Windows all of it becomes EIO. */
const DEFECTS: ReadonlySet<unknown> = new Set(['EIO', 'EBADMSG', 'EILSEQ', 'ENODATA', 'EREMOTEIO']);

/** A disk that was unplugged fails everywhere: beyond these it is not taken for a disk with bad sectors. Bytes. */
const MOST_IN_A_ROW = 16 << 20;
const MOST_IN_ALL = 256 << 20;

const ADVICE =
  'Check the cable and the health of the disk; copy a failing disk to an image with ddrescue first, or convert with --zero-bad-sectors, which puts zeros in place of what cannot be read and lists it.';

/**
 * Takes the source over: closing this closes it.
 * Reads throw READ_FAILED with the offset of the first sector that cannot be read, and CANCELLED while they wait.
 */
export function retrying(below: BlockSource, options: RetryOptions): RetrySource {
  const { name, zeroBadSectors = false, tries = 3, firstWait = 100, signal } = options;
  const { size, sectorSize } = below;
  const bad = new ExtentList();
  let badBytes = 0;

  /** The error of the last try, or null when one succeeded. */
  async function attempt(
    into: Uint8Array,
    offset: number,
    times: number,
    pause: number,
  ): Promise<IronliftError | null> {
    for (let left = times, next = pause; ; left--, next *= 2) {
      throwIfCancelled(signal);
      try {
        await below.read(into, offset);
        return null;
      } catch (error) {
        if (!isIronliftError(error, 'READ_FAILED')) throw error;
        if (left <= 1) return error;
      }
      if (next > 0) await pauseFor(next, signal);
    }
  }

  function zeroSector(sector: number, cause: IronliftError): void {
    const errno = cause.data['errno'];
    if (!DEFECTS.has(errno)) throw cause;
    if (!zeroBadSectors)
      throw new IronliftError(
        'READ_FAILED',
        `${name} has a defect: sector ${sector / sectorSize}, at byte ${sector}, cannot be read.`,
        { next: ADVICE, data: { path: name, offset: sector, errno }, cause },
      );
    // Two reads may meet in one sector.
    if (bad.overlaps(sector, 1)) return;
    const length = Math.min(sectorSize, size - sector);
    bad.add(sector, length);
    badBytes += length;
    const start = sector + length - MOST_IN_A_ROW;
    const row = start >= 0 && bad.gaps(start, MOST_IN_A_ROW).count === 0;
    if (!row && badBytes <= MOST_IN_ALL) return;
    throw new IronliftError(
      'READ_FAILED',
      `More than ${formatBytes(row ? MOST_IN_A_ROW : MOST_IN_ALL)} of ${name} cannot be read${row ? ` before byte ${sector}` : ''}; that is more than bad sectors.`,
      {
        next: 'Check that the disk is still connected; copy a dying disk to an image with ddrescue and convert that.',
        data: { path: name, offset: sector, errno, badBytes },
        cause,
      },
    );
  }

  /** Reads what can be read of a range that failed as a whole. */
  async function salvage(into: Uint8Array, offset: number, cause: IronliftError): Promise<void> {
    const end = offset + into.length;
    const sector = offset - (offset % sectorSize);
    if (end <= sector + sectorSize) {
      zeroSector(sector, cause);
      into.fill(0);
      return;
    }
    const half = Math.floor((offset + end) / 2);
    const middle = Math.max(half - (half % sectorSize), sector + sectorSize);
    for (const [from, to] of [
      [offset, middle],
      [middle, end],
    ] as const) {
      const part = into.subarray(from - offset, to - offset);
      const isSector = to - from <= sectorSize;
      // The whole range had its pauses; a thousand sectors one after another would take minutes with theirs.
      const error = isKnown(from, to) ? cause : await attempt(part, from, isSector ? tries : 1, 0);
      if (error !== null) await salvage(part, from, error);
    }
  }

  const isKnown = (from: number, to: number): boolean =>
    bad.overlaps(from, to - from) && bad.gaps(from, to - from).count === 0;

  async function read(into: Uint8Array, offset: number): Promise<void> {
    checkRange(offset, into.length, size);
    // What was zeros once stays zeros: a sector that comes back would be two things in one copy.
    const gaps = bad.overlaps(offset, into.length)
      ? bad.gaps(offset, into.length)
      : [{ offset, length: into.length }];
    let done = offset;
    for (const gap of gaps) {
      into.fill(0, done - offset, gap.offset - offset);
      done = gap.offset + gap.length;
      const part = into.subarray(gap.offset - offset, done - offset);
      const error = await attempt(part, gap.offset, tries, firstWait);
      if (error !== null) await salvage(part, gap.offset, error);
    }
    into.fill(0, done - offset);
  }

  const extentsBelow = below.extents?.bind(below);
  return {
    size,
    sectorSize,
    badSectors: bad,
    read,
    ...(extentsBelow === undefined ? {} : { extents: extentsBelow }),
    fileRange: (offset, length) =>
      bad.overlaps(offset, length) ? null : (below.fileRange?.(offset, length) ?? null),
    close: () => below.close(),
  };
}

async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw cancelled();
  }
}
