/**
 * Changes of the tree. Each first finds out what it needs, names and clusters, and refuses before anything is changed;
 * contents are written into the clusters that a file has already, as the overlay keeps the old ones anyway.
 */
import { IronliftError } from '../../base/errors.ts';
import type { CreateOptions } from '../filesystem.ts';
import { END, FREE } from './allocation.ts';
import { clustersOf, cutRuns, runLength, toRuns, type Run } from './chain.ts';
import {
  commitDirectory,
  entriesOf,
  eraseEntry,
  growthOf,
  linkClusters,
  placeEntry,
  updateEntry,
  type Directory,
} from './directory.ts';
import { ATTRIBUTE, encodeShort, isDirectoryEntry, SLOT, type Entry } from './entry.ts';
import { alreadyExists, damaged, isADirectory, notFound } from './errors.ts';
import { enter, findPlace, type Place } from './lookup.ts';
import { checkName } from './names.ts';
import { fileRuns } from './read.ts';
import { clusterOffset, writeRuns, type FatVolume } from './volume.ts';

const MAX_FILE = 0xffffffff;

export async function writeFile(
  volume: FatVolume,
  path: string,
  data: Uint8Array,
  options: CreateOptions = {},
): Promise<void> {
  checkSize(path, data.length);
  const place = await placeOf(volume, path);
  const mtime = options.mtime ?? volume.now;
  if (place.entry !== undefined) {
    await replaceContent(volume, path, place, place.entry, data, mtime);
    return;
  }
  checkName(place.name);
  const { directory } = place;
  const attributes = ATTRIBUTE.archive | readOnlyBit(options.mode);
  const fields = { attributes, firstCluster: 0, size: data.length, mtime, created: volume.now };
  const slot = placeEntry(volume, directory, place.name, fields);
  const grow = growthOf(volume, directory);
  const clusters = await volume.table.findFree(grow + clustersFor(volume, data.length), path);
  const content = clusters.slice(grow);
  await linkClusters(volume, content);
  await writeRuns(volume, toRuns(content), 0, data);
  updateEntry(directory, slot, { firstCluster: content[0] ?? 0 });
  await commitDirectory(volume, directory, clusters.slice(0, grow));
}

async function replaceContent(
  volume: FatVolume,
  path: string,
  place: Place,
  entry: Entry,
  data: Uint8Array,
  mtime: number,
): Promise<void> {
  if (isDirectoryEntry(entry)) throw isADirectory(path);
  const runs = await fileRuns(volume, entry, path);
  const resized = await resize(volume, runs, clustersFor(volume, data.length), path);
  await writeRuns(volume, resized, 0, data);
  await updateFile(volume, place.directory, entry, resized, data.length, mtime);
}

export async function writeRange(
  volume: FatVolume,
  path: string,
  offset: number,
  data: Uint8Array,
): Promise<void> {
  const { place, entry } = await existingFile(volume, path);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > entry.size)
    throw new IronliftError('USAGE', `A write at ${offset} would leave a gap in ${path}.`, {
      next: `Write within its ${entry.size} bytes or at their end.`,
    });
  checkSize(path, offset + data.length);
  const runs = await fileRuns(volume, entry, path);
  const size = Math.max(entry.size, offset + data.length);
  const needed = Math.max(clustersFor(volume, size), runLength(runs));
  const resized = await resize(volume, runs, needed, path);
  await writeRuns(volume, resized, offset, data);
  await updateFile(volume, place.directory, entry, resized, size, volume.now);
}

export async function truncate(volume: FatVolume, path: string, size: number): Promise<void> {
  const { place, entry } = await existingFile(volume, path);
  if (size >= entry.size) return;
  const kept = Math.max(0, Math.floor(size));
  const runs = await fileRuns(volume, entry, path);
  const resized = await resize(volume, runs, clustersFor(volume, kept), path);
  await updateFile(volume, place.directory, entry, resized, kept, volume.now);
}

export async function mkdir(volume: FatVolume, path: string, options: CreateOptions = {}): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.entry !== undefined) throw alreadyExists(path);
  checkName(place.name);
  const { directory } = place;
  const mtime = options.mtime ?? volume.now;
  const fields = { attributes: ATTRIBUTE.directory, firstCluster: 0, size: 0, mtime, created: volume.now };
  const slot = placeEntry(volume, directory, place.name, fields);
  const grow = growthOf(volume, directory);
  const clusters = await volume.table.findFree(grow + 1, path);
  const firstCluster = clusters[grow]!;
  await linkClusters(volume, [firstCluster]);
  const bytes = new Uint8Array(volume.geometry.clusterSize);
  bytes.set(encodeShort({ ...fields, firstCluster, shortName: dots('.'), caseBits: 0 }));
  const up = { ...fields, firstCluster: upCluster(directory), shortName: dots('..'), caseBits: 0 };
  bytes.set(encodeShort(up), SLOT);
  await volume.blocks.write(bytes, clusterOffset(volume, firstCluster));
  updateEntry(directory, slot, { firstCluster });
  await commitDirectory(volume, directory, clusters.slice(0, grow));
}

export async function remove(volume: FatVolume, path: string): Promise<void> {
  const place = await placeOf(volume, path);
  const { entry, directory } = place;
  if (entry === undefined) throw notFound(path);
  let runs: Run[];
  if (isDirectoryEntry(entry)) {
    const inside = await enter(volume, entry, path);
    if (entriesOf(volume, inside).length > 0)
      throw new IronliftError('DIRECTORY_NOT_EMPTY', `The folder ${path} is not empty.`, {
        next: 'Remove what is in it first.',
      });
    runs = inside.runs ?? [];
  } else {
    runs = await fileRuns(volume, entry, path);
  }
  eraseEntry(directory, entry);
  await commitDirectory(volume, directory);
  await release(volume, runs);
}

export async function rename(volume: FatVolume, from: string, to: string): Promise<void> {
  const source = await placeOf(volume, from);
  const { entry } = source;
  if (entry === undefined) throw notFound(from);
  const target = await placeOf(volume, to);
  checkName(target.name);
  const sameFolder = source.directory.firstCluster === target.directory.firstCluster;
  // A change of case only finds the file itself under the new name.
  const itself = sameFolder && target.entry?.slot === entry.slot;
  if (target.entry !== undefined && !itself) throw alreadyExists(to);
  const isDirectory = isDirectoryEntry(entry);
  if (isDirectory && target.above.includes(entry.firstCluster))
    throw new IronliftError('USAGE', `The folder ${from} cannot be moved into itself.`, {
      next: 'Choose a place outside of it.',
    });

  const old = source.directory;
  const directory = sameFolder ? old : target.directory;
  // The rest of the old entry (dates, attributes) moves along.
  const kept = old.bytes.slice(entry.slot * SLOT, (entry.slot + 1) * SLOT);
  const { firstCluster, size, mtime, attributes } = entry;
  eraseEntry(old, entry);
  const slot = placeEntry(volume, directory, target.name, {
    firstCluster,
    size,
    mtime,
    attributes,
    created: 0,
  });
  directory.bytes.set(kept.subarray(13), slot * SLOT + 13);
  const clusters = await volume.table.findFree(growthOf(volume, directory), to);
  if (isDirectory && !sameFolder) {
    const moved = await enter(volume, entry, from);
    if (Buffer.from(moved.bytes.subarray(SLOT, SLOT + 11)).compare(dots('..')) !== 0)
      throw damaged(`the folder ${from} does not say what folder it is in`);
    updateEntry(moved, 1, { firstCluster: upCluster(directory) });
    await commitDirectory(volume, moved);
  }
  await commitDirectory(volume, directory, clusters);
  if (!sameFolder) await commitDirectory(volume, old);
}

/** Of a mode FAT keeps one thing: whether the file may be written to. */
export async function chmod(volume: FatVolume, path: string, mode: number): Promise<void> {
  const place = await findPlace(volume, path);
  // The root has no entry, and Linux ignores the bit on directories.
  if (place === null) return;
  if (place.entry === undefined) throw notFound(path);
  if (isDirectoryEntry(place.entry)) return;
  const attributes = (place.entry.attributes & ~ATTRIBUTE.readOnly) | readOnlyBit(mode);
  updateEntry(place.directory, place.entry.slot, { attributes });
  await commitDirectory(volume, place.directory);
}

async function placeOf(volume: FatVolume, path: string): Promise<Place> {
  const place = await findPlace(volume, path);
  if (place !== null) return place;
  throw new IronliftError(
    'USAGE',
    'The main folder of a volume can be neither written, removed nor renamed.',
    {
      next: 'Name a file or folder inside it.',
    },
  );
}

async function existingFile(volume: FatVolume, path: string): Promise<{ place: Place; entry: Entry }> {
  const place = await findPlace(volume, path);
  if (place === null) throw isADirectory(path);
  if (place.entry === undefined) throw notFound(path);
  if (isDirectoryEntry(place.entry)) throw isADirectory(path);
  return { place, entry: place.entry };
}

/** Makes a chain `needed` clusters long: its end is cut off, or free clusters are added. Returns its new runs. */
async function resize(volume: FatVolume, runs: Run[], needed: number, path: string): Promise<Run[]> {
  const { table } = volume;
  const have = runLength(runs);
  if (needed > have) {
    const added = await table.findFree(needed - have, path);
    await linkClusters(volume, added);
    const last = runs.at(-1);
    if (last !== undefined) await table.set(last.cluster + last.count - 1, added[0]!);
    return [...runs, ...toRuns(added)];
  }
  if (needed === have) return runs;
  const kept = cutRuns(runs, needed);
  let index = 0;
  for (const cluster of clustersOf(runs)) if (index++ >= needed) await table.set(cluster, FREE);
  const last = kept.at(-1);
  if (last !== undefined) await table.set(last.cluster + last.count - 1, END);
  return kept;
}

async function release(volume: FatVolume, runs: readonly Run[]): Promise<void> {
  for (const cluster of clustersOf(runs)) await volume.table.set(cluster, FREE);
}

async function updateFile(
  volume: FatVolume,
  directory: Directory,
  entry: Entry,
  runs: readonly Run[],
  size: number,
  mtime: number,
): Promise<void> {
  const attributes = entry.attributes | ATTRIBUTE.archive;
  updateEntry(directory, entry.slot, { firstCluster: runs[0]?.cluster ?? 0, size, mtime, attributes });
  await commitDirectory(volume, directory);
}

const clustersFor = (volume: FatVolume, size: number): number =>
  Math.ceil(size / volume.geometry.clusterSize);

const readOnlyBit = (mode: number | undefined): number =>
  mode !== undefined && (mode & 0o222) === 0 ? ATTRIBUTE.readOnly : 0;

/** What `..` says of the directory above: 0 for the root, on FAT32 as well. */
const upCluster = (directory: Directory): number => (directory.isRoot ? 0 : directory.firstCluster);

const dots = (name: string): Uint8Array => Buffer.from(name.padEnd(11), 'latin1');

function checkSize(path: string, size: number): void {
  if (size > MAX_FILE)
    throw new IronliftError('FILE_TOO_LARGE', `${path} would have ${size} bytes, and FAT ends at 4 GiB.`, {
      next: 'Put the file on another volume.',
      data: { size },
    });
}
