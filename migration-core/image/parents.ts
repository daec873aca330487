/**
 * Finds the image that another one holds the changes to (backing file, parent, base disk). A name in an image is
 * somebody else's word: it is followed only to regular files, not round in circles, and not out of the image's folder
 * unless the caller allows it.
 */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, win32 } from 'node:path';
import { IronliftError } from '../base/errors.ts';
import type { DiskImage, OpenContext } from './image.ts';

export type ParentsAllowed = 'none' | 'folder' | 'anywhere';

type OpenFile = (path: string, format: string | undefined, context: OpenContext) => Promise<DiskImage>;

/** Chains of snapshots are a few long; platforms themselves stop at 32 to 255. */
const LONGEST_CHAIN = 256;

/** Finds parents for the image at `path` and for theirs; `open` opens one that was found. */
export function parentFinder(path: string, allowed: ParentsAllowed, open: OpenFile): OpenContext {
  const top = dirname(resolve(path));
  const context = (chain: readonly string[]): OpenContext => ({
    async openParent(child, names, format) {
      const found = await findParent(child, names, { allowed, top });
      const real = await realpath(found);
      const before = chain.length === 0 ? [await realpath(child)] : chain;
      if (before.includes(real))
        throw hasBacking(child, `says that its parent is ${found}, which in turn depends on it`);
      if (before.length >= LONGEST_CHAIN)
        throw hasBacking(child, `has more than ${LONGEST_CHAIN} parents, one behind the other`);
      return open(found, format, context([...before, real]));
    },
  });
  return context([]);
}

async function findParent(
  child: string,
  names: readonly string[],
  { allowed, top }: { allowed: ParentsAllowed; top: string },
): Promise<string> {
  const wanted = names.find((name) => name !== '') ?? '';
  if (allowed === 'none' || wanted === '') throw hasBacking(child, 'holds only the changes to another image');
  let outside: string | null = null;
  for (const candidate of candidates(child, names)) {
    const file = await stat(candidate).catch(() => null);
    if (file?.isFile() !== true) continue;
    if (allowed === 'anywhere' || isWithin(await realpath(top), await realpath(candidate))) return candidate;
    outside ??= candidate;
  }
  if (outside !== null) {
    throw new IronliftError(
      'IMAGE_HAS_BACKING',
      `${child} holds only the changes to ${outside}, which lies in another folder.`,
      {
        next: 'If you trust this image, allow parents in other folders (--parents anywhere), or put both into one folder.',
        data: { path: child, parent: outside },
      },
    );
  }
  throw new IronliftError(
    'IMAGE_HAS_BACKING',
    `${child} holds only the changes to ${wanted}, which is not there.`,
    { next: 'Put the parent image beside it and start again.', data: { path: child, parent: wanted } },
  );
}

/** Where a parent may be: where the child says, and, since images move together, beside the child. */
function* candidates(child: string, names: readonly string[]): Generator<string> {
  const folder = dirname(resolve(child));
  for (const name of names) {
    if (name === '' || name.includes('\0')) continue;
    const path = win32.isAbsolute(name) && !isAbsolute(name) ? null : name.replaceAll('\\', '/');
    if (path !== null) yield isAbsolute(path) ? path : join(folder, path);
    else if (process.platform === 'win32') yield name;
  }
  for (const name of names) {
    if (name === '' || name.includes('\0')) continue;
    yield join(folder, basename(win32.basename(name)));
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

function hasBacking(path: string, what: string): IronliftError {
  return new IronliftError('IMAGE_HAS_BACKING', `${path} ${what}.`, {
    next: 'Merge the snapshots with the program that made them, then start again with the result.',
    data: { path },
  });
}
