/** Where the chunks of an EWF image lie: the tables of all segments, read when they are needed. */
import { u64le, viewOf } from '../../base/bytes.ts';
import { damaged } from '../read-file.ts';
import { adler32 } from './adler32.ts';
import { COMPRESSED, MOST_ENTRIES, TABLE } from './layout.ts';
import type { Section, Segment } from './segments.ts';

/** One table and the chunks it is of. */
export interface ChunkTable {
  segment: Segment;
  section: Section;
  /** The first chunk of the disk in it, and how many there are. */
  first: number;
  count: number;
  /** What the offsets of its entries are from, bytes of the segment file. */
  base: number;
  /** Where the contents of its last chunk end at the latest, bytes of the segment file. */
  end: number;
}

export interface PlacedChunk {
  segment: Segment;
  /** Bytes of the segment file. */
  offset: number;
  length: number;
  compressed: boolean;
}

/** All tables in the order of the disk. @throws IMAGE_DAMAGED */
export function readTables(segments: readonly Segment[], type: 'table' | 'table2'): ChunkTable[] {
  const tables: ChunkTable[] = [];
  let first = 0;
  for (const segment of segments) {
    let sectors: Section | null = null;
    for (const section of segment.sections) {
      if (section.type === 'sectors') sectors = section;
      if (section.type !== type) continue;
      const table = readTable(segment, section, sectors, first);
      if (table.count === 0) continue;
      tables.push(table);
      first += table.count;
    }
  }
  return tables;
}

function readTable(segment: Segment, section: Section, sectors: Section | null, first: number): ChunkTable {
  const { file } = segment;
  const bytes = file.readNow(section.offset, TABLE.length);
  const view = viewOf(bytes);
  const count = view.getUint32(TABLE.entries, true);
  if (view.getUint32(TABLE.checksum, true) !== adler32(bytes.subarray(0, TABLE.checksum)))
    throw damaged(file.path, 'the checksum of a table does not match', { offset: section.offset });
  if (count > MOST_ENTRIES || TABLE.length + count * 4 > section.length)
    throw damaged(file.path, 'a table is longer than its section', { offset: section.offset, count });
  const base = u64Of(segment, view, TABLE.base);
  // The oldest writers have no `sectors` sections: the chunks follow the entries in the table's own.
  const own = section.offset + section.length;
  const end = sectors === null ? own : sectors.offset + sectors.length;
  return { segment, section, first, count, base, end };
}

function u64Of({ file }: Segment, view: DataView, field: number): number {
  try {
    return u64le(view, field);
  } catch {
    throw damaged(file.path, 'the base offset of a table is beyond all bounds');
  }
}

/** Tables in memory at a time: 64 Ki chunks of 32 KiB, 2 GiB of the disk, and half a MiB each. */
const KEPT = 16;

/** Finds chunks by their number on the disk. */
export function chunkFinder(tables: readonly ChunkTable[]): (chunk: number) => PlacedChunk {
  const loaded = new Map<number, Entries>();
  const entriesOf = (index: number): Entries => {
    let entries = loaded.get(index);
    if (entries === undefined) {
      entries = loadEntries(tables[index]!);
      if (loaded.size >= KEPT) loaded.delete(loaded.keys().next().value!);
    } else loaded.delete(index);
    loaded.set(index, entries);
    return entries;
  };
  return (chunk) => {
    let low = 0;
    let high = tables.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (tables[middle]!.first <= chunk) low = middle;
      else high = middle - 1;
    }
    const { segment, first } = tables[low]!;
    const { starts, compressed } = entriesOf(low);
    const at = chunk - first;
    return {
      segment,
      offset: starts[at]!,
      length: starts[at + 1]! - starts[at]!,
      compressed: compressed[at] === 1,
    };
  };
}

interface Entries {
  /** Places in the segment file, one more than there are chunks: a chunk ends where the next begins. */
  starts: Float64Array;
  compressed: Uint8Array;
}

/**
 * Offsets ascend. EnCase 6.7 and later write segments above 2 GiB where the offsets grow into the highest bit: once an
 * offset without that bit would go backwards, it belongs to the offset, and nothing from there on is compressed.
 */
export function loadEntries(table: ChunkTable): Entries {
  const { segment, section, count, base, end } = table;
  const { file } = segment;
  const bytes = file.readNow(section.offset + TABLE.length, count * 4 + 4);
  const view = viewOf(bytes);
  checkEntries(table, bytes);
  const starts = new Float64Array(count + 1);
  const compressed = new Uint8Array(count);
  let beyond = false;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const entry = view.getUint32(i * 4, true);
    const low = entry & ~COMPRESSED;
    if (!beyond && low < before && entry >= before) beyond = true;
    const offset = beyond ? entry : low;
    if (!beyond && entry >= COMPRESSED) compressed[i] = 1;
    if (i > 0 && offset <= before)
      throw damaged(file.path, 'the chunks of a table are not in order', { entry: i });
    before = offset;
    starts[i] = base + offset;
  }
  starts[count] = last(table, starts[count - 1]!);
  if (starts[count] > Math.min(end, file.size) || starts[count] <= starts[count - 1]!)
    throw damaged(file.path, 'a chunk is not within its section', { offset: starts[count - 1]! });
  return { starts, compressed };
}

/** Where the last chunk ends: with the section that it begins in. */
function last({ section, end }: ChunkTable, start: number): number {
  return start < end ? end : section.offset + section.length;
}

/** SMART and EnCase 1 have chunks where later writers have the checksum, so only tables without room for those are checked. */
function checkEntries({ segment, section, count }: ChunkTable, bytes: Buffer): void {
  if (section.length !== TABLE.length + count * 4 + 4) return;
  if (bytes.readUInt32LE(count * 4) !== adler32(bytes.subarray(0, count * 4)))
    throw damaged(segment.file.path, 'the checksum of the entries of a table does not match', {
      offset: section.offset,
    });
}
