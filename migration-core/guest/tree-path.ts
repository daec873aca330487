/**
 * Walking a guest path. Symlinks of a guest mean places in the guest: absolute ones begin at its root, and they may lead
 * from one volume to another, so they are resolved here, one component after another, and never by a file system driver.
 */
import { IronliftError } from '../base/errors.ts';
import type { FileType } from '../filesystem/filesystem.ts';

/** As many symlinks as Linux follows in one path (path_resolution(7)). */
const MAX_SYMLINKS = 40;
/** PATH_MAX of Linux; a symlink of a damaged volume may claim more. */
const MAX_PATH = 4096;

/** What is at a canonical path, without following it; `target` where it is a symlink. */
export interface PathNode {
  type: FileType;
  target?: string;
}

export type PathLookup = (canonical: string) => Promise<PathNode | null>;

export interface Resolved {
  /** Canonical guest path. */
  path: string;
  /** Null where the last component does not exist. */
  node: PathNode | null;
}

export function notFound(path: string): IronliftError {
  return new IronliftError('NOT_FOUND', `There is no ${path} in the guest.`, {
    next: 'Check the path; the server may keep this file somewhere else.',
    data: { path },
  });
}

function notADirectory(path: string): IronliftError {
  return new IronliftError('NOT_A_DIRECTORY', `${path} in the guest is not a directory.`, {
    next: 'Check the path; a directory was expected there.',
    data: { path },
  });
}

/**
 * Resolves every symlink on the way, and the last component too if `followLast`. The last component need not exist.
 * @throws NOT_FOUND, NOT_A_DIRECTORY for a component in the middle, SYMLINK_LOOP, NAME_TOO_LONG.
 */
export async function resolvePath(path: string, followLast: boolean, lookup: PathLookup): Promise<Resolved> {
  if (path.length > MAX_PATH || path.includes('\0')) throw badPath(path);
  // Components still to go, the next one last.
  const todo = components(path).reverse();
  let links = 0;
  let at = '/';
  let node: PathNode | null = { type: 'directory' };
  while (todo.length > 0) {
    const name = todo.pop()!;
    if (node === null) throw notFound(at);
    if (node.type !== 'directory') throw notADirectory(at);
    if (name === '..') {
      at = parentOf(at);
      continue;
    }
    const here: string = at === '/' ? `/${name}` : `${at}/${name}`;
    if (here.length > MAX_PATH) throw badPath(path);
    const found: PathNode | null = await lookup(here);
    if (found?.type !== 'symlink' || (todo.length === 0 && !followLast)) {
      at = here;
      node = found;
      continue;
    }
    const target = found.target ?? '';
    links++;
    if (links > MAX_SYMLINKS) throw symlinkLoop(path);
    if (target.length > MAX_PATH || target.includes('\0')) throw badPath(here);
    if (target.startsWith('/')) at = '/';
    todo.push(...components(target).reverse());
  }
  return { path: at, node };
}

function components(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function joinPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

function symlinkLoop(path: string): IronliftError {
  return new IronliftError('SYMLINK_LOOP', `The symbolic links of ${path} in the guest lead in a circle.`, {
    next: 'Repair the link on the server, then start again.',
    data: { path },
  });
}

function badPath(path: string): IronliftError {
  return new IronliftError('NAME_TOO_LONG', `A path of the guest is longer than Linux allows.`, {
    next: 'Check the file system on the server; a symbolic link on it may be damaged.',
    data: { path: path.slice(0, 200) },
  });
}
