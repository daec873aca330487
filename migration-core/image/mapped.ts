/**
 * What all growing formats share when they are read: the disk is cut into units (clusters, grains, blocks) and tables
 * tell of each where in the file it lies. A format brings the lookup, this file makes a source of it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkRange } from '../block/range.ts';
import type { SourceExtent } from '../block/source.ts';
import { unpackUnit, type UnitPacking } from '../block/unpack.ts';
import type { DiskImage, ImageFacts } from './image.ts';
import { damaged, type ReadFile } from './read-file.ts';

/** Some units in a row that are alike. */
export type UnitRun =
  /** Reads as zeros. */
  | { kind: 'zero'; count: number }
  /** Is not in this image: its parent has it; zeros where there is none, and beyond the parent's end. */
  | { kind: 'parent'; count: number }
  /** Lies in the file as it is, one unit after another; `offset`: bytes from the start of the file. */
  | { kind: 'plain'; count: number; offset: number }
  /**
   * Units that are packed together, most often one; `length`: bytes in the file that hold them (they may need fewer);
   * `skip`: bytes before the first of them once they are unpacked, 0 unless told.
   */
  | { kind: 'packed'; count: number; offset: number; length: number; skip?: number };

export interface UnitMap {
  file: ReadFile;
  /** Bytes of the disk. */
  size: number;
  /** Bytes of a unit. */
  unit: number;
  /** The run that starts at unit `index`; counts at least 1 and may be longer than what is asked for (`count`). */
  run(index: number, count: number): UnitRun;
  /** Logical sector size of the disk, bytes; 512 unless told. */
  sectorSize?: number | undefined;
  /** What the image tells of itself; its parent answers for the runs that are not here, and is closed with it. */
  facts: ImageFacts;
  /** How packed runs are packed: then threads of a copy unpack them by themselves. */
  packing?: UnitPacking | undefined;
  /** Unpacks a packed run: all bytes of it. Without, `packing` tells how. */
  unpack?(packed: Buffer): Uint8Array;
}

/** Steps through the tables between two turns of the event loop. */
const STEPS_A_TURN = 4096;

export function mappedSource(map: UnitMap): DiskImage {
  const { file, size, unit, facts } = map;
  const { parent } = facts;
  /** The last run that was unpacked, by its place in the file. */
  const unpacked: { offset: number; bytes: Uint8Array } = { offset: -1, bytes: new Uint8Array(0) };

  /** The run that holds byte `at`, clipped to `end`: where it ends, and how many bytes into the run `at` is. */
  function runAt(at: number, end: number): { run: UnitRun; until: number; into: number } {
    const index = Math.floor(at / unit);
    const run = map.run(index, Math.ceil(end / unit) - index);
    const until = Math.min(end, (index + run.count) * unit);
    if (run.kind !== 'parent') return { run, until, into: at - index * unit };
    // A child may be larger than its parent.
    const here = parent === null ? 0 : Math.max(0, parent.size - at);
    if (here === 0) return { run: { kind: 'zero', count: run.count }, until, into: 0 };
    return { run, until: Math.min(until, at + here), into: 0 };
  }

  async function unpackRun(run: UnitRun & { kind: 'packed' }): Promise<Uint8Array> {
    if (unpacked.offset !== run.offset) {
      const packed = Buffer.alloc(run.length);
      await file.read(packed, run.offset);
      // Nothing is awaited between these: two reads at once cannot mix up place and bytes.
      unpacked.bytes = map.unpack?.(packed) ?? unpackHere(packed, run.offset);
      unpacked.offset = run.offset;
    }
    return unpacked.bytes;
  }

  function unpackHere(packed: Buffer, offset: number): Uint8Array {
    try {
      return unpackUnit(packed, map.packing!);
    } catch (error) {
      throw damaged(file.path, `compressed data cannot be unpacked (${String(error)})`, { offset });
    }
  }

  return {
    size,
    facts,
    sectorSize: map.sectorSize ?? 512,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      const end = offset + into.length;
      for (let at = offset; at < end;) {
        const { run, until, into: skip } = runAt(at, end);
        const part = into.subarray(at - offset, until - offset);
        if (run.kind === 'zero') part.fill(0);
        else if (run.kind === 'parent') await parent!.read(part, at);
        else if (run.kind === 'plain') await file.read(part, run.offset + skip);
        else {
          const from = skip + (run.skip ?? 0);
          part.set((await unpackRun(run)).subarray(from, from + part.length));
        }
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
        if (run.kind === 'parent' && parent!.extents !== undefined) yield* parent!.extents(start, at - start);
        else yield { offset: start, length: at - start, kind: run.kind === 'zero' ? 'zero' : 'data' };
        if (steps % STEPS_A_TURN === 0) await nextTurn();
      }
    },
    fileRange(offset, length) {
      checkRange(offset, length, size);
      const { run, until, into } = runAt(offset, offset + length);
      const here = until - offset;
      if (run.kind === 'zero') return null;
      if (run.kind === 'parent') {
        const range = parent!.fileRange?.(offset, here) ?? null;
        return range === null ? null : { length: here, ...range };
      }
      if (run.kind === 'packed') {
        if (map.packing === undefined || run.offset + run.length > file.size) return null;
        const packed = { bytes: run.length, packing: map.packing, skip: into + (run.skip ?? 0) };
        return { fd: file.fd, offset: file.start + run.offset, length: here, packed };
      }
      // The last unit may be cut off by the end of the file; such a read has to be made good here.
      const at = run.offset + into;
      return at + here <= file.size ? { fd: file.fd, offset: file.start + at, length: here } : null;
    },
    async close() {
      await file.close();
      await parent?.close();
    },
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
