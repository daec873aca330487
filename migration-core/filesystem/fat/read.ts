/** Reading of files. */
import { IronliftError } from '../../base/errors.ts';
import type { FileStat } from '../filesystem.ts';
import { ATTRIBUTE, isDirectoryEntry, type Entry } from './entry.ts';
import { readChain, runLength, type Run } from './chain.ts';
import { damaged, isADirectory, notFound } from './errors.ts';
import { findPlace } from './lookup.ts';
import { clusterOffset, readRuns, type FatVolume } from './volume.ts';
import { rootCluster } from './directory.ts';

const ROOT_INODE = 1;

/** FAT keeps neither owners nor modes: what Linux shows without mount options is given. */
export function statOf(entry: Entry | null, slotOffset: number): FileStat {
  const directory = entry === null || isDirectoryEntry(entry);
  const readOnly = entry !== null && (entry.attributes & ATTRIBUTE.readOnly) !== 0;
  return {
    type: directory ? 'directory' : 'file',
    size: entry?.size ?? 0,
    mode: readOnly ? 0o555 : 0o755,
    uid: 0,
    gid: 0,
    mtime: entry?.mtime ?? 0,
    // The place of the entry is all that tells files apart when they are empty.
    inode: entry === null ? ROOT_INODE : Math.floor(slotOffset / 32),
    links: 1,
  };
}

export async function statPath(volume: FatVolume, path: string): Promise<FileStat> {
  const place = await findPlace(volume, path);
  if (place === null) return statOf(null, 0);
  const { directory, entry } = place;
  if (entry === undefined) throw notFound(path);
  const at = entry.slot * 32;
  if (directory.runs === null) return statOf(entry, volume.geometry.rootOffset + at);
  const { clusterSize } = volume.geometry;
  let left = Math.floor(at / clusterSize);
  let cluster = rootCluster(volume);
  for (const run of directory.runs) {
    if (left < run.count) {
      cluster = run.cluster + left;
      break;
    }
    left -= run.count;
  }
  return statOf(entry, clusterOffset(volume, cluster) + (at % clusterSize));
}

/** The entry of a file. @throws NOT_FOUND, IS_A_DIRECTORY */
export async function fileEntry(volume: FatVolume, path: string): Promise<Entry> {
  const place = await findPlace(volume, path);
  if (place === null) throw isADirectory('/');
  if (place.entry === undefined) throw notFound(path);
  if (isDirectoryEntry(place.entry)) throw isADirectory(path);
  return place.entry;
}

/** The clusters of a file; there may be more of them than its size needs, never fewer. */
export async function fileRuns(volume: FatVolume, entry: Entry, path: string): Promise<Run[]> {
  const { clusterCount, clusterSize } = volume.geometry;
  const runs =
    entry.firstCluster === 0
      ? []
      : await readChain(volume.table, entry.firstCluster, clusterCount, `the file ${path}`);
  if (runLength(runs) * clusterSize < entry.size)
    throw damaged(`the file ${path} has fewer clusters than its size needs`, { size: entry.size });
  return runs;
}

/** Reads from files, remembering the chain of the last one: large files are read piece by piece. */
export class FileReader {
  readonly #volume: FatVolume;
  #last: { firstCluster: number; size: number; version: number; runs: Run[] } | null = null;

  constructor(volume: FatVolume) {
    this.#volume = volume;
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(path, await fileEntry(this.#volume, path), offset, length);
  }

  async readFile(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const entry = await fileEntry(this.#volume, path);
    if (entry.size > limit)
      throw new IronliftError('FILE_TOO_LARGE', `${path} has ${entry.size} bytes, more than ${limit}.`, {
        next: 'Read it piece by piece.',
        data: { size: entry.size, limit },
      });
    return this.#read(path, entry, 0, entry.size);
  }

  async #read(path: string, entry: Entry, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const end = Math.min(entry.size, offset + length);
    if (offset < 0 || end <= offset) return new Uint8Array(0);
    const runs = await this.#runs(entry, path);
    const bytes = new Uint8Array(end - offset);
    await readRuns(this.#volume, runs, offset, bytes);
    return bytes;
  }

  async #runs(entry: Entry, path: string): Promise<Run[]> {
    const { version } = this.#volume.table;
    const { firstCluster, size } = entry;
    const last = this.#last;
    if (last?.firstCluster === firstCluster && last.size === size && last.version === version)
      return last.runs;
    const runs = await fileRuns(this.#volume, entry, path);
    this.#last = { firstCluster, size, version, runs };
    return runs;
  }
}
