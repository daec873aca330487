/** From a path to a file. Names are found in either case; links are never followed. */
import { damaged, notADirectory, notFound, usage } from './errors.ts';
import { openFile, type NtfsFile } from './file.ts';
import { isLinkTag, type IndexName } from './index-node.ts';
import { listIndex, lookUp } from './index-tree.ts';
import { FILE, NAMESPACE, RECORD, RECORD_FLAG, type Reference } from './layout.ts';
import type { NtfsVolume } from './volume.ts';

const ROOT: Reference = { record: RECORD.root, sequence: 0 };

export function splitPath(path: string): string[] {
  if (!path.startsWith('/'))
    throw usage(
      `The path "${path}" does not begin with a slash.`,
      'Give the path from the root of the volume.',
    );
  const names = path.split('/').filter((name) => name !== '');
  for (const name of names)
    if (name === '.' || name === '..' || name.includes('\0'))
      throw usage(
        `The path "${path}" has a component that cannot be a name.`,
        'Give the path without "." and "..".',
      );
  return names;
}

export interface Found {
  path: string;
  file: NtfsFile;
  /** A stream asked for as `name:stream`; '' for the file itself. */
  stream: string;
}

/** @throws NOT_FOUND, NOT_A_DIRECTORY */
export async function resolve(volume: NtfsVolume, path: string): Promise<Found> {
  const names = splitPath(path);
  const last = names.pop();
  if (last === undefined) return { path, file: await openFile(volume, ROOT), stream: '' };
  const parent = await folderAt(volume, names);
  let stream = '';
  let found = await nameIn(volume, parent, last);
  if (found === null) {
    // Windows keeps the colon for this, so no name it makes has one.
    const colon = last.indexOf(':');
    if (colon > 0) found = await nameIn(volume, parent, last.slice(0, colon));
    if (found === null) throw notFound(path);
    stream = last.slice(colon + 1);
  }
  return { path, file: await openFile(volume, found.reference), stream };
}

/** The folder a path leads to. @throws NOT_FOUND, NOT_A_DIRECTORY */
export async function folderAt(volume: NtfsVolume, names: readonly string[]): Promise<Reference> {
  let folder = ROOT;
  let walked = '';
  const known = names.length === 0 ? ROOT : volume.names.path(`/${names.join('/')}`);
  if (known !== undefined) return known;
  for (const name of names) {
    const path = `${walked}/${name}`;
    let next = volume.names.path(path);
    if (next === undefined) {
      const found = await nameIn(volume, folder, name);
      if (found === null) throw notFound(path);
      if ((found.fileAttributes & FILE.directory) === 0 || isLinkTag(found.tag)) throw notADirectory(path);
      next = found.reference;
      volume.names.putPath(path, next);
    }
    folder = next;
    walked = path;
  }
  return folder;
}

export async function nameIn(volume: NtfsVolume, folder: Reference, name: string): Promise<IndexName | null> {
  const known = volume.names.find(folder.record, name, volume.upcase);
  if (known !== undefined) return known;
  return lookUp(volume, await openFolder(volume, folder), name);
}

export async function openFolder(volume: NtfsVolume, folder: Reference): Promise<NtfsFile> {
  const file = await openFile(volume, folder);
  if (!isDirectory(file)) throw damaged(`record ${folder.record} of the MFT is not the folder it should be`);
  return file;
}

export const isDirectory = (file: NtfsFile): boolean => (file.base.flags & RECORD_FLAG.directory) !== 0;

/** All names of a folder as the index has them, those of DOS and of the file system itself among them. */
export async function namesOf(volume: NtfsVolume, folder: NtfsFile): Promise<readonly IndexName[]> {
  const { number } = folder.base;
  const known = volume.names.list(number);
  if (known !== undefined) return known;
  const names = await listIndex(volume, folder);
  volume.names.put(number, names, volume.upcase);
  return names;
}

/** Whether a person sees the name: not the short one beside a long one, and not the files of the file system itself. */
export const isShown = ({ namespace, reference }: IndexName): boolean =>
  namespace !== NAMESPACE.dos && reference.record >= RECORD.firstUser;
