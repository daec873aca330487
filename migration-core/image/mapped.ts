/**
 * What all growing formats share when they are read: the disk is cut into units (clusters, grains, blocks) and tables
 * tell of each where in the file it lies. A format brings the lookup, this file makes a source of it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkRange } from '../block/range.ts';
import type { BlockSource, SourceExtent } from '../block/source.ts';
import type { ReadFile } from './read-file.ts';

/** Some units in a row that are alike. */
export type UnitRun =
  /** Reads as zeros. */
  | { kind: 'zero'; count: number }
  /** Lies in the file as it is, one unit after another; `offset`: bytes from the start of the file. */
  | { kind: 'plain'; count: number; offset: number }
  /** One unit, compressed; `length`: bytes in the file that hold it (it may need fewer). */
  | { kind: 'packed'; count: 1; offset: number; length: number };

export interface UnitMap {
  file: ReadFile;
  /** Bytes of the disk. */
  size: number;
  /** Bytes of a unit. */
  unit: number;
  /** The run that starts at unit `index`; counts at least 1 and may be longer than what is asked for (`count`). */
  run(index: number, count: number): UnitRun;
  /** Unpacks one unit: exactly `unit` bytes. */
  unpack?(packed: Buffer): Uint8Array;
}

/** Steps through the tables between two turns of the event loop. */
const STEPS_A_TURN = 4096;

export function mappedSource(map: UnitMap): BlockSource {
  const { file, size, unit } = map;
  const unpacked = { index: -1, bytes: new Uint8Array(0) };

  /** The run that holds byte `at`, clipped to `end`: where it ends, and how many bytes into the run `at` is. */
  function runAt(at: number, end: number): { run: UnitRun; until: number; into: number } {
    const index = Math.floor(at / unit);
    const run = map.run(index, Math.ceil(end / unit) - index);
    return { run, until: Math.min(end, (index + run.count) * unit), into: at - index * unit };
  }

  async function unpackUnit(index: number, run: UnitRun & { kind: 'packed' }): Promise<Uint8Array> {
    if (unpacked.index !== index) {
      const packed = Buffer.alloc(run.length);
      await file.read(packed, run.offset);
      // Nothing is awaited between these: two reads at once cannot mix up index and bytes.
      unpacked.bytes = Uint8Array.from(map.unpack!(packed));
      unpacked.index = index;
    }
    return unpacked.bytes;
  }

  return {
    size,
    sectorSize: 512,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      const end = offset + into.length;
      for (let at = offset; at < end;) {
        const { run, until, into: skip } = runAt(at, end);
        const part = into.subarray(at - offset, until - offset);
        if (run.kind === 'zero') part.fill(0);
        else if (run.kind === 'plain') await file.read(part, run.offset + skip);
        else part.set((await unpackUnit(Math.floor(at / unit), run)).subarray(skip, skip + part.length));
        at = until;
      }
    },
    /** Plain data gets a new extent where it is not contiguous in the file, so that each is one `fileRange`. */
    async *extents(offset, length): AsyncGenerator<SourceExtent> {
      checkRange(offset, length, size);
      const end = offset + length;
      for (let at = offset, steps = 1; at < end; steps++) {
        const start = at;
        const { run, until } = runAt(at, end);
        at = until;
        // Zeros in a row are one extent, however many tables say so.
        while (run.kind === 'zero' && at < end) {
          const next = runAt(at, end);
          if (next.run.kind !== 'zero') break;
          at = next.until;
          if (++steps % STEPS_A_TURN === 0) await nextTurn();
        }
        yield { offset: start, length: at - start, kind: run.kind === 'zero' ? 'zero' : 'data' };
        if (steps % STEPS_A_TURN === 0) await nextTurn();
      }
    },
    fileRange(offset, length) {
      checkRange(offset, length, size);
      const { run, until, into } = runAt(offset, offset + length);
      // The last unit may be cut off by the end of the file; such a read has to be made good here.
      if (run.kind !== 'plain' || until < offset + length) return null;
      const at = run.offset + into;
      return at + length <= file.size ? { fd: file.fd, offset: at } : null;
    },
    close: () => file.close(),
  };
}

/** Tables of an image, read when needed; the latest used stay in memory up to `limit` bytes. */
export function tableCache(file: ReadFile, bytes: number, limit = 8 << 20): (offset: number) => DataView {
  const tables = new Map<number, DataView>();
  const most = Math.max(2, Math.floor(limit / bytes));
  return (offset) => {
    let table = tables.get(offset);
    if (table === undefined) {
      const read = file.readNow(offset, bytes);
      table = new DataView(read.buffer, read.byteOffset, read.byteLength);
      if (tables.size >= most) tables.delete(tables.keys().next().value!);
    } else {
      tables.delete(offset);
    }
    tables.set(offset, table);
    return table;
  };
}

/** Whether a number above zero is in the list twice: one table used at two places makes a small file an endless one. */
export function hasTwice(offsets: Float64Array): boolean {
  const sorted = offsets.slice().sort();
  for (let i = 1; i < sorted.length; i++) if (sorted[i]! > 0 && sorted[i] === sorted[i - 1]) return true;
  return false;
}
