/** From a path to an inode. Symbolic links are never followed: they may lead to another volume. */
import { IronliftError } from '../../base/errors.ts';
import { damaged, encrypted, notFound } from './errors.ts';
import { MAX_NAME } from './dirent.ts';
import { listDirectory } from './directory.ts';
import { lookUpIndexed } from './htree-lookup.ts';
import { hasFlag, isDirectory, readInode, sizeOf, type Inode } from './inode.ts';
import { INODE_FLAG, ROOT_INODE } from './layout.ts';
import { encodeName } from './names.ts';
import type { ExtVolume } from './volume.ts';

/** Directories above this are not read whole to find one name, where they have an index. */
const LARGE_DIRECTORY = 4 << 20;

export function splitPath(path: string): string[] {
  if (!path.startsWith('/'))
    throw new IronliftError('USAGE', `The path "${path}" does not begin with a slash.`, {
      next: 'Give the path from the root of the volume.',
    });
  const names = path.split('/').filter((name) => name !== '');
  for (const name of names) {
    if (name === '.' || name === '..' || name.includes('\0'))
      throw new IronliftError('USAGE', `The path "${path}" has a component that cannot be a name.`, {
        next: 'Give the path without "." and "..".',
      });
  }
  return names;
}

export function notADirectory(path: string): IronliftError {
  return new IronliftError('NOT_A_DIRECTORY', `${path} is not a folder.`, { next: 'Check the path.' });
}

export function isADirectory(path: string): IronliftError {
  return new IronliftError('IS_A_DIRECTORY', `${path} is a folder.`, { next: 'Name a file in it.' });
}

/** The inode number under that name, or null. @throws EXT_DAMAGED for a name that leads to an inode of the file system itself */
export async function lookUp(volume: ExtVolume, directory: Inode, name: string): Promise<number | null> {
  const ino = await findName(volume, directory, name);
  if (ino !== null && ino < volume.sb.firstInode && ino !== ROOT_INODE)
    throw damaged(`the name "${name}" leads to inode ${ino}, which belongs to the file system itself`, {
      ino,
    });
  return ino;
}

async function findName(volume: ExtVolume, directory: Inode, name: string): Promise<number | null> {
  const known = volume.names.get(directory.ino);
  if (known !== undefined) return known.get(name)?.inode ?? null;
  if (hasFlag(directory, INODE_FLAG.encrypted)) throw encrypted('The folder');
  if (hasFlag(directory, INODE_FLAG.index) && sizeOf(volume, directory) > LARGE_DIRECTORY) {
    const found = await lookUpIndexed(volume, directory, encodeName(name));
    if (found !== 'unindexed') return found;
  }
  return (await listDirectory(volume, directory)).get(name)?.inode ?? null;
}

/** @throws NOT_FOUND, NOT_A_DIRECTORY, NAME_TOO_LONG */
export async function resolve(volume: ExtVolume, path: string): Promise<Inode> {
  let inode = await readInode(volume, ROOT_INODE);
  let walked = '';
  for (const name of splitPath(path)) {
    if (!isDirectory(inode)) throw notADirectory(walked);
    walked += `/${name}`;
    if (encodeName(name).length > MAX_NAME) throw nameTooLong(name);
    const ino = await lookUp(volume, inode, name);
    if (ino === null) throw notFound(walked);
    inode = await readInode(volume, ino);
  }
  return inode;
}

export function nameTooLong(name: string): IronliftError {
  return new IronliftError(
    'NAME_TOO_LONG',
    `The name "${name.slice(0, 40)}..." is longer than ${MAX_NAME} bytes.`,
    {
      next: 'Choose a shorter name.',
    },
  );
}
