/**
 * All that a qcow2 file says of who uses which of its clusters: the header and every table, the data of the active state
 * and of the snapshots. The check compares it with the refcounts.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { roundUp, u64be, viewOf } from '../../base/bytes.ts';
import { throwIfCancelled } from '../../base/cancel.ts';
import { isIronliftError } from '../../base/errors.ts';
import type { ReadFile } from '../read-file.ts';
import type { Header } from './header.ts';
import { hasTwice } from '../mapped.ts';
import { ENTRY, L1_LIMIT, SUBCLUSTERS } from './layout.ts';
import { compressedPlace, entryOffset } from './tables.ts';
import { readSnapshots } from './snapshots.ts';

/** What uses a cluster. Those before `table` belong to one user alone; the others may be shared with snapshots. */
export const USE = {
  header: 1,
  l1: 2,
  refcountTable: 3,
  refcountBlock: 4,
  snapshots: 5,
  bitmap: 6,
  l2: 7,
  data: 8,
  compressed: 9,
} as const;
export type Use = (typeof USE)[keyof typeof USE];

export const USE_NAMES: Readonly<Record<Use, string>> = {
  [USE.header]: 'the header',
  [USE.l1]: 'an L1 table',
  [USE.refcountTable]: 'the refcount table',
  [USE.refcountBlock]: 'a refcount block',
  [USE.snapshots]: 'the list of snapshots',
  [USE.bitmap]: 'a dirty bitmap',
  [USE.l2]: 'an L2 table',
  [USE.data]: 'data',
  [USE.compressed]: 'compressed data',
};

export interface ReferenceListener {
  /** Bytes [offset, offset + length) of the file are used, for the `use` named; `length` may be cut off by the end of the file. */
  used(offset: number, length: number, use: Use): void;
  /** An entry of the active state that says it is (`copied`) or is not the only user of the cluster at `offset`. */
  copied(offset: number, copied: boolean, what: 'L1' | 'L2'): void;
  /** Something is wrong whatever the refcounts say. */
  wrong(message: string, offset?: number): void;
}

export interface WalkOptions {
  signal: AbortSignal | undefined;
  /** Called after each L2 table; tables of snapshots count too. */
  onTable: () => void;
}

export interface WalkResult {
  /** Clusters of the disk that have room in the file. */
  allocated: number;
}

/** Entries of the L1 tables of all snapshots together: a thousand snapshots of a disk of 2 TiB. */
const SNAPSHOT_ENTRIES = 4 << 20;

/** Tells the listener of every reference in the file, the same each time. @throws READ_FAILED, CANCELLED */
export async function walkReferences(
  file: ReadFile,
  header: Header,
  refcountBlocks: Float64Array,
  listener: ReferenceListener,
  options: WalkOptions,
): Promise<WalkResult> {
  const { cluster } = header;
  listener.used(0, cluster, USE.header);
  listener.used(header.refcountTableOffset, header.refcountTableClusters * cluster, USE.refcountTable);
  for (const block of refcountBlocks) if (block > 0) listener.used(block, cluster, USE.refcountBlock);
  bitmapReferences(file, header, listener);
  const walk = { file, header, listener, options };
  const { l1Offset, l1Entries, l1Needed } = header;
  const isWithin = l1Offset + l1Entries * 8 <= file.size;
  if (!isWithin) listener.wrong('The L1 table is not within the file.', l1Offset);
  const allocated = await l1References(walk, l1Offset, isWithin ? l1Entries : l1Needed, true);
  await snapshotReferences(walk);
  return { allocated };
}

interface Walk {
  file: ReadFile;
  header: Header;
  listener: ReferenceListener;
  options: WalkOptions;
}

/** Entries of an L1 table that are looked at together. */
const L1_PIECE = 8192;

async function l1References(walk: Walk, l1Offset: number, entries: number, active: boolean): Promise<number> {
  const { file, header, listener, options } = walk;
  const { cluster } = header;
  if (entries > 0) listener.used(l1Offset, entries * 8, USE.l1);
  if (entries > L1_LIMIT / 8) {
    listener.wrong('An L1 table is beyond all bounds.', l1Offset);
    return 0;
  }
  let allocated = 0;
  const tables = new Float64Array(entries);
  for (let first = 0; first < entries; first += L1_PIECE) {
    const count = Math.min(L1_PIECE, entries - first);
    const view = viewOf(file.readNow(l1Offset + first * 8, count * 8));
    for (let i = 0; i < count; i++) {
      const offset = entryOffset(view, i * 8);
      if (offset === 0) continue;
      if (offset % cluster !== 0 || offset + cluster > file.size) {
        listener.wrong(`Entry ${first + i} of an L1 table names no L2 table within the file.`, offset);
        continue;
      }
      if (hasReserved(view, i * 8, ENTRY.l1Reserved))
        listener.wrong(`Entry ${first + i} of an L1 table has bits that mean nothing.`, l1Offset);
      listener.used(offset, cluster, USE.l2);
      if (active) listener.copied(offset, isCopied(view, i * 8), 'L1');
      tables[first + i] = offset;
    }
  }
  if (hasTwice(tables)) {
    // To follow them would take for ever where all of a large disk is one table.
    listener.wrong('Two entries of an L1 table share one L2 table.', l1Offset);
    return 0;
  }
  for (const table of tables) {
    if (table === 0) continue;
    allocated += l2References(walk, table, active);
    options.onTable();
    throwIfCancelled(options.signal);
    await nextTurn();
  }
  return allocated;
}

const isCopied = (view: DataView, at: number): boolean => (view.getUint32(at) & ENTRY.copied) !== 0;

function hasReserved(view: DataView, at: number, [high, low]: readonly [number, number]): boolean {
  return (view.getUint32(at) & high) !== 0 || (view.getUint32(at + 4) & low) !== 0;
}

function l2References({ file, header, listener }: Walk, table: number, active: boolean): number {
  const { cluster, clusterBits, subclusters, externalData } = header;
  const entryBytes = subclusters ? 16 : 8;
  const view = viewOf(file.readNow(table, cluster));
  let allocated = 0;
  for (let at = 0; at < cluster; at += entryBytes) {
    const high = view.getUint32(at);
    if (subclusters) subclusterStates(view, at, listener, table);
    if (high & ENTRY.compressed) {
      if (externalData) listener.wrong('There is compressed data, and a data file.', table + at);
      if (isCopied(view, at)) listener.wrong('A compressed cluster is marked as copied.', table + at);
      const { offset, length } = compressedPlace(view, at, clusterBits);
      if (offset >= file.size) listener.wrong('A compressed cluster is not within the file.', table + at);
      else listener.used(offset, length, USE.compressed);
      allocated++;
      continue;
    }
    if (hasReserved(view, at, ENTRY.l2Reserved))
      listener.wrong('An entry of an L2 table has bits that mean nothing.', table + at);
    const offset = entryOffset(view, at);
    if (offset === 0 && !(externalData && isCopied(view, at))) continue;
    allocated++;
    // A data file counts nothing.
    if (externalData) continue;
    if (offset % cluster !== 0) {
      listener.wrong('A cluster begins within another.', table + at);
      listener.used(offset, cluster, USE.data);
    } else if (offset >= file.size) listener.wrong('A cluster is not within the file.', table + at);
    else {
      listener.used(offset, cluster, USE.data);
      if (active) listener.copied(offset, isCopied(view, at), 'L2');
    }
  }
  return allocated;
}

function subclusterStates(view: DataView, at: number, listener: ReferenceListener, table: number): void {
  const zero = view.getUint32(at + 8);
  const there = view.getUint32(at + 12);
  const isCompressed = (view.getUint32(at) & ENTRY.compressed) !== 0;
  if ((zero & there) !== 0 || (isCompressed && (zero | there) !== 0))
    listener.wrong(`A cluster has ${SUBCLUSTERS} subclusters in states that exclude each other.`, table + at);
}

async function snapshotReferences(walk: Walk): Promise<void> {
  const { file, header, listener } = walk;
  if (header.snapshots === 0) return;
  let table;
  try {
    table = readSnapshots(file, header);
  } catch (error) {
    if (!isIronliftError(error, 'IMAGE_DAMAGED')) throw error;
    listener.wrong(error.message, header.snapshotsOffset);
    return;
  }
  listener.used(header.snapshotsOffset, table.bytes, USE.snapshots);
  let entries = 0;
  for (const { id, l1Offset, l1Entries } of table.snapshots) {
    entries += l1Entries;
    if (l1Offset % header.cluster !== 0 || l1Offset + l1Entries * 8 > file.size || entries > SNAPSHOT_ENTRIES)
      listener.wrong(`The L1 table of snapshot ${id} is not within the file.`, l1Offset);
    else await l1References(walk, l1Offset, l1Entries, false);
  }
}

/** Bitmap directory: table offset u64, table entries u32, flags u32, type and granularity u8, name u16, extra data u32. */
const BITMAP_FIXED = 24;
/** Bytes of a directory: QEMU makes bitmaps by the dozen, with names of up to 1023 bytes. */
const BITMAP_DIRECTORY = 4 << 20;
/** Entries of a table: with clusters of 64 KiB and a bit for 64 KiB each maps 32 GiB of the disk. */
const BITMAP_ENTRIES = 1 << 20;

function bitmapReferences(file: ReadFile, header: Header, listener: ReferenceListener): void {
  const { bitmaps, cluster } = header;
  if (bitmaps === null) return;
  if (bitmaps.size > BITMAP_DIRECTORY || bitmaps.offset + bitmaps.size > file.size) {
    listener.wrong('The directory of dirty bitmaps is not within the file.', bitmaps.offset);
    return;
  }
  listener.used(bitmaps.offset, bitmaps.size, USE.bitmap);
  const view = viewOf(file.readNow(bitmaps.offset, bitmaps.size));
  let at = 0;
  for (let i = 0; i < bitmaps.count && at + BITMAP_FIXED <= bitmaps.size; i++) {
    const entries = view.getUint32(at + 8);
    const tableOffset = safe(view, at);
    if (tableOffset === null || entries > BITMAP_ENTRIES || tableOffset + entries * 8 > file.size) {
      listener.wrong('The table of a dirty bitmap is not within the file.', bitmaps.offset + at);
      return;
    }
    listener.used(tableOffset, entries * 8, USE.bitmap);
    const table = viewOf(file.readNow(tableOffset, entries * 8));
    for (let entry = 0; entry < entries; entry++) {
      const offset = entryOffset(table, entry * 8);
      if (offset > 0) listener.used(offset, cluster, USE.bitmap);
    }
    at = roundUp(at + BITMAP_FIXED + view.getUint16(at + 18) + view.getUint32(at + 20), 8);
  }
}

function safe(view: DataView, at: number): number | null {
  try {
    return u64be(view, at);
  } catch {
    return null;
  }
}
