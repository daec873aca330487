/**
 * A directory in memory. Changes are made to its bytes first, where they can still fail, and go to the volume with
 * commitDirectory() when everything that the operation needs is known to be there.
 */
import { viewOf } from '../../base/bytes.ts';
import { readChain, runLength, toRuns, type Run } from './chain.ts';
import {
  DELETED,
  encodeLong,
  encodeShort,
  longParts,
  parseEntries,
  SLOT,
  toDosTime,
  type Entry,
  type NewEntry,
} from './entry.ts';
import { damaged, noSpace } from './errors.ts';
import { END } from './allocation.ts';
import { asShortName, makeAlias } from './names.ts';
import { readRuns, writeRuns, type FatVolume } from './volume.ts';

/** 65536 entries: more than that no system makes or reads. */
const MAX_DIRECTORY = 2 << 20;

export interface Directory {
  /** First cluster; 0 for the fixed root of FAT12 and FAT16. */
  readonly firstCluster: number;
  readonly isRoot: boolean;
  /** Null for the fixed root. */
  runs: Run[] | null;
  bytes: Uint8Array<ArrayBuffer>;
  /** Changed bytes [from, to) that the volume does not have yet; none where from >= to. */
  from: number;
  to: number;
}

export function rootCluster({ geometry }: FatVolume): number {
  return geometry.bits === 32 ? geometry.rootCluster : 0;
}

/** The root directory, or the one whose chain begins at `firstCluster`. `path` is for the sentence of an error. */
export async function loadDirectory(
  volume: FatVolume,
  firstCluster: number,
  path: string,
): Promise<Directory> {
  const { geometry, table, blocks } = volume;
  const isRoot = firstCluster === rootCluster(volume);
  if (firstCluster === 0 && isRoot) {
    const bytes = new Uint8Array(geometry.rootEntries * SLOT);
    await blocks.read(bytes, geometry.rootOffset);
    return { firstCluster, isRoot, runs: null, bytes, from: Infinity, to: 0 };
  }
  const limit = Math.ceil(MAX_DIRECTORY / geometry.clusterSize);
  const runs = await readChain(table, firstCluster, limit, `the folder ${path}`);
  const bytes = new Uint8Array(runLength(runs) * geometry.clusterSize);
  await readRuns(volume, runs, 0, bytes);
  return { firstCluster, isRoot, runs, bytes, from: Infinity, to: 0 };
}

export const entriesOf = (volume: FatVolume, directory: Directory): Entry[] =>
  parseEntries(directory.bytes, volume.geometry.bits === 32);

/** What a new entry says beside its name. */
export type EntryFields = Omit<NewEntry, 'shortName' | 'caseBits'>;

/**
 * Puts an entry into the bytes of a directory, which grow where there is no room; nobody may have the name yet.
 * Returns the index of its short entry. @throws NO_SPACE_IN_GUEST where the directory cannot grow.
 */
export function placeEntry(
  volume: FatVolume,
  directory: Directory,
  name: string,
  fields: EntryFields,
): number {
  const entries = entriesOf(volume, directory);
  const taken = new Set(entries.map(({ shortName }) => Buffer.from(shortName).toString('latin1')));
  const isTaken = (bytes: Uint8Array): boolean => taken.has(Buffer.from(bytes).toString('latin1'));
  const short = asShortName(name);
  const plain = short !== null && !isTaken(short.bytes) ? short : null;
  const shortName = plain?.bytes ?? makeAlias(name, isTaken);
  const parts = plain === null ? longParts(name) : 0;

  const first = findRoom(volume, directory, parts + 1);
  const end = endOfEntries(directory.bytes);
  if (plain === null) directory.bytes.set(encodeLong(name, shortName), first * SLOT);
  const slot = first + parts;
  const caseBits = plain?.caseBits ?? 0;
  directory.bytes.set(encodeShort({ ...fields, shortName, caseBits }), slot * SLOT);
  touch(directory, first * SLOT, (slot + 1) * SLOT);
  // Behind the end anything may lie; it must not come to life.
  if (
    slot >= end &&
    (slot + 2) * SLOT <= directory.bytes.length &&
    directory.bytes[(slot + 1) * SLOT] !== 0
  ) {
    directory.bytes.fill(0, (slot + 1) * SLOT, (slot + 2) * SLOT);
    touch(directory, (slot + 1) * SLOT, (slot + 2) * SLOT);
  }
  return slot;
}

/** Index of the first entry of `count` free ones in a row. */
function findRoom(volume: FatVolume, directory: Directory, count: number): number {
  const { bytes } = directory;
  const end = endOfEntries(bytes);
  const slots = bytes.length / SLOT;
  let free = 0;
  for (let slot = 0; slot < slots; slot++) {
    free = slot >= end || bytes[slot * SLOT] === DELETED ? free + 1 : 0;
    if (free === count) return slot - count + 1;
  }
  const first = slots - free;
  const { clusterSize } = volume.geometry;
  const size = Math.ceil(((first + count) * SLOT) / clusterSize) * clusterSize;
  if (directory.runs === null)
    throw noSpace('another name in its main folder, which has a fixed size', { entries: slots });
  if (size > MAX_DIRECTORY) throw noSpace('another name in that folder', { entries: slots });
  const grown = new Uint8Array(size);
  grown.set(bytes);
  directory.bytes = grown;
  touch(directory, bytes.length, size);
  return first;
}

function endOfEntries(bytes: Uint8Array): number {
  for (let slot = 0; (slot + 1) * SLOT <= bytes.length; slot++) if (bytes[slot * SLOT] === 0) return slot;
  return bytes.length / SLOT;
}

export function eraseEntry(directory: Directory, entry: Entry): void {
  const first = entry.slot - entry.parts;
  for (let slot = first; slot <= entry.slot; slot++) directory.bytes[slot * SLOT] = DELETED;
  touch(directory, first * SLOT, (entry.slot + 1) * SLOT);
}

/** Changes what a short entry says of its file; what is absent stays. Times are seconds since 1970. */
export function updateEntry(
  directory: Directory,
  slot: number,
  change: { firstCluster?: number; size?: number; mtime?: number; attributes?: number },
): void {
  const at = slot * SLOT;
  const view = viewOf(directory.bytes.subarray(at, at + SLOT));
  if (change.attributes !== undefined) view.setUint8(0x0b, change.attributes);
  if (change.firstCluster !== undefined) {
    view.setUint16(0x14, Math.floor(change.firstCluster / 65536), true);
    view.setUint16(0x1a, change.firstCluster & 0xffff, true);
  }
  if (change.size !== undefined) view.setUint32(0x1c, change.size, true);
  if (change.mtime !== undefined) {
    const { date, time } = toDosTime(change.mtime);
    view.setUint16(0x12, date, true);
    view.setUint16(0x16, time, true);
    view.setUint16(0x18, date, true);
  }
  touch(directory, at, at + SLOT);
}

/** Clusters by which the bytes have outgrown the chain. */
export function growthOf(volume: FatVolume, directory: Directory): number {
  if (directory.runs === null) return 0;
  return directory.bytes.length / volume.geometry.clusterSize - runLength(directory.runs);
}

/** Writes the changes; `added` are the free clusters for its growth. */
export async function commitDirectory(
  volume: FatVolume,
  directory: Directory,
  added: readonly number[] = [],
): Promise<void> {
  const { table, blocks, geometry } = volume;
  if (added.length !== growthOf(volume, directory))
    throw damaged('a folder grew by another size than planned');
  if (directory.runs !== null && added.length > 0) {
    const last = directory.runs.at(-1)!;
    await linkClusters(volume, added);
    await table.set(last.cluster + last.count - 1, added[0]!);
    directory.runs = [...directory.runs, ...toRuns(added)];
  }
  if (directory.from < directory.to) {
    const changed = directory.bytes.subarray(directory.from, directory.to);
    if (directory.runs === null) await blocks.write(changed, geometry.rootOffset + directory.from);
    else await writeRuns(volume, directory.runs, directory.from, changed);
  }
  directory.from = Infinity;
  directory.to = 0;
}

/** Makes free clusters a chain in their order. */
export async function linkClusters({ table }: FatVolume, clusters: readonly number[]): Promise<void> {
  for (const [i, cluster] of clusters.entries()) await table.set(cluster, clusters[i + 1] ?? END);
}

function touch(directory: Directory, from: number, to: number): void {
  directory.from = Math.min(directory.from, from);
  directory.to = Math.max(directory.to, to);
}
