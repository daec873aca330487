/** Extents with a grain directory and grain tables: what the three kinds have in common once they are opened. */
import { hasTwice, type UnitMap, type UnitRun } from '../mapped.ts';
import { damaged, type ReadFile } from '../read-file.ts';
import type { ExtentKind } from './extent-kind.ts';
import { tableReader, type SecondCopy } from './second-copy.ts';

/** Bytes from the start of the file; or `wrong`: what no writer means. */
export type GrainEntry = number | 'absent' | 'zero' | 'wrong';

/** An extent whose header and directory are read and checked. */
export interface TableExtent extends Pick<UnitMap, 'packing'> {
  readonly kind: ExtentKind;
  /** Sectors of the disk. */
  readonly sectors: number;
  /** Bytes of a grain. */
  readonly grain: number;
  /** Bytes from the start of the file to each grain table; 0 where there is none. */
  readonly tables: Float64Array;
  /** Entries of one table, and its bytes. */
  readonly entries: number;
  readonly tableBytes: number;
  /** Bytes a compressed grain can have in the file; null where grains are as they are. */
  readonly packed: number | null;
  /** Whether the program that wrote it last did not close it. */
  readonly unclean: boolean;
  /** Where the tables end and grains may begin, bytes; 0 where that is not told. */
  readonly firstGrain: number;
  /** Bytes of the file that are for grains alone; null where that is not told. */
  readonly room: number | null;
  /** The second copy of directory and tables, where there is one. */
  readonly second?: SecondCopy;
  /** What an entry of a table says, not checked against the file. */
  entry(table: DataView, index: number): GrainEntry;
}

/** Grain tables an extent may have: with grains of 64 KiB, 128 TiB. */
const DIRECTORY_LIMIT = 4 << 20;

/**
 * The places of all grain tables, as `place` reads them from the directory (`count` entries of `bytes` each at
 * `offset`); `place` gives 0 for no table and null for an entry that means nothing.
 */
export function readDirectory(
  file: ReadFile,
  where: { offset: number; count: number; bytes: number; tableBytes: number },
  place: (view: DataView, at: number) => number | null,
): Float64Array {
  const { path } = file;
  const { offset, count, bytes, tableBytes } = where;
  if (count > DIRECTORY_LIMIT || offset + count * bytes > file.size)
    throw damaged(path, 'its grain directory is not within the file', { tables: count });
  const read = file.readNow(offset, count * bytes);
  const view = new DataView(read.buffer, read.byteOffset, read.byteLength);
  const tables = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const at = place(view, index * bytes);
    if (at === null || at + tableBytes > file.size)
      throw damaged(path, 'a grain table is not within the file', { index, offset: at });
    tables[index] = at;
  }
  if (hasTwice(tables)) throw damaged(path, 'two entries share one grain table');
  return tables;
}

/** The lookup of `mappedSource`; the latest used tables stay in memory up to `cacheBytes`. */
export function grainLookup(
  file: ReadFile,
  extent: TableExtent,
  cacheBytes: number,
): (index: number, count: number) => UnitRun {
  const { entries, grain, tables, packed } = extent;
  const tableOf = tableReader(file, extent, cacheBytes);
  return (index, count) => {
    const first = index % entries;
    let number = Math.floor(index / entries);
    if (tables[number] === 0) {
      let absent = entries - first;
      while (absent < count && tables[++number] === 0) absent += entries;
      return { kind: 'parent', count: absent };
    }
    const table = tableOf(number);
    const entry = extent.entry(table, first);
    if (entry === 'wrong') throw damaged(file.path, 'an entry of a grain table means nothing', { index });
    const isPlace = typeof entry === 'number';
    if (isPlace && entry >= file.size)
      throw damaged(file.path, 'a grain is not within the file', { index, offset: entry });
    if (isPlace && packed !== null)
      return { kind: 'packed', count: 1, offset: entry, length: Math.min(packed, file.size - entry) };
    const most = Math.min(count, entries - first);
    let run = 1;
    for (; run < most; run++) {
      const next = extent.entry(table, first + run);
      if (next !== (isPlace ? entry + run * grain : entry)) break;
      if (isPlace && entry + run * grain >= file.size) break;
    }
    if (isPlace) return { kind: 'plain', count: run, offset: entry };
    return { kind: entry === 'zero' ? 'zero' : 'parent', count: run };
  };
}
