/**
 * Where a sparse file has data: lseek(2) with SEEK_DATA and SEEK_HOLE, which Node does not offer, called through koffi.
 * Without koffi, or on a file system that does not tell, all is data.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SourceExtent } from './source.ts';

/** The numbers differ: Linux and FreeBSD 3 and 4, macOS the other way round. */
const WHENCE: Partial<Record<NodeJS.Platform, { data: number; hole: number }>> = {
  linux: { data: 3, hole: 4 },
  darwin: { data: 4, hole: 3 },
};

interface Seeker {
  data: (offset: number) => number;
  hole: (offset: number) => number;
}

const seekers = { lseek: null as Promise<Lseek | null> | null };

type Lseek = (fd: number, offset: number, whence: number) => number | bigint;

/** Loaded when the first sparse file is read: most runs never need it. */
async function loadLseek(): Promise<Lseek | null> {
  try {
    const { default: koffi } = await import('koffi');
    // The program itself is linked with the C library, whichever it is.
    return koffi.load(null).func('int64_t lseek(int, int64_t, int)') as Lseek;
  } catch {
    return null;
  }
}

async function seekerFor(fd: number): Promise<Seeker | null> {
  const whence = WHENCE[process.platform];
  if (whence === undefined) return null;
  seekers.lseek ??= loadLseek();
  const lseek = await seekers.lseek;
  if (lseek === null) return null;
  return {
    data: (offset) => Number(lseek(fd, offset, whence.data)),
    hole: (offset) => Number(lseek(fd, offset, whence.hole)),
  };
}

/** Seeks between two turns of the event loop: each takes some microseconds, a fragmented file has a million. */
const SEEKS_A_TURN = 512;

/** The range as runs of data and of holes, which read as zeros; ascending, covering the range. */
export async function* fileExtents(fd: number, offset: number, length: number): AsyncGenerator<SourceExtent> {
  const end = offset + length;
  if (length <= 0) return;
  const seek = await seekerFor(fd);
  let at = offset;
  for (let count = 1; at < end && seek !== null; count++) {
    // Below zero: ENXIO past the last data, or a file system without the call; the hole at the end decides which.
    const data = seek.data(at);
    if (data < 0) {
      if (seek.hole(at) !== at) break;
      yield { offset: at, length: end - at, kind: 'zero' };
      return;
    }
    if (data > at) yield { offset: at, length: Math.min(data, end) - at, kind: 'zero' };
    if (data >= end) return;
    const hole = seek.hole(data);
    // A file that changes under us may move backwards: what is left counts as data then.
    if (hole <= data) {
      at = Math.max(at, data);
      break;
    }
    yield { offset: data, length: Math.min(hole, end) - data, kind: 'data' };
    at = hole;
    if (count % SEEKS_A_TURN === 0) await nextTurn();
  }
  if (at < end) yield { offset: at, length: end - at, kind: 'data' };
}
