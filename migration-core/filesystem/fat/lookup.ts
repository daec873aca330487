/** From a path to an entry. Names are told apart without regard to case, and files are found by their aliases as well. */
import { IronliftError } from '../../base/errors.ts';
import { entriesOf, loadDirectory, rootCluster, type Directory } from './directory.ts';
import { findEntry, isDirectoryEntry, type Entry } from './entry.ts';
import { damaged, notADirectory, notFound } from './errors.ts';
import type { FatVolume } from './volume.ts';

export function splitPath(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  if (!path.startsWith('/') || names.some((name) => name === '.' || name === '..'))
    throw new IronliftError('USAGE', `The path "${path}" is not a path from the root of the volume.`, {
      next: 'Give it with a slash in front, and without "." and "..".',
    });
  return names;
}

/** Where a path leads: the directory that has or would have the last name in it. */
export interface Place {
  directory: Directory;
  entries: Entry[];
  name: string;
  /** Absent where nobody has the name. */
  entry: Entry | undefined;
  /** First clusters of all directories on the way, the one above included. */
  above: number[];
}

/** Null for the root itself. @throws NOT_FOUND, NOT_A_DIRECTORY for what is on the way. */
export async function findPlace(volume: FatVolume, path: string): Promise<Place | null> {
  const names = splitPath(path);
  const last = names.pop();
  if (last === undefined) return null;
  let directory = await loadDirectory(volume, rootCluster(volume), '/');
  const above = [directory.firstCluster];
  let walked = '';
  for (const name of names) {
    walked += `/${name}`;
    const entry = findEntry(entriesOf(volume, directory), name);
    if (entry === undefined) throw notFound(walked);
    directory = await enter(volume, entry, walked);
    if (above.includes(directory.firstCluster)) throw damaged(`the folder ${walked} contains itself`);
    above.push(directory.firstCluster);
  }
  const entries = entriesOf(volume, directory);
  return { directory, entries, name: last, entry: findEntry(entries, last), above };
}

/** The directory that an entry stands for. */
export async function enter(volume: FatVolume, entry: Entry, path: string): Promise<Directory> {
  if (!isDirectoryEntry(entry)) throw notADirectory(path);
  // Zero, and the first cluster of the root, would be the root: no directory contains that.
  if (entry.firstCluster === 0 || entry.firstCluster === rootCluster(volume))
    throw damaged(`the folder ${path} leads to the main folder`);
  return loadDirectory(volume, entry.firstCluster, path);
}
