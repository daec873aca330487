/** What an initramfs holds, all its archives laid over each other as the kernel does: a later entry wins. */
import type { FileType } from '../../../filesystem/filesystem.ts';
import type { CpioEntry } from './cpio.ts';

export interface ListedEntry {
  type: FileType;
  /** Bytes. */
  size: number;
  /** Of a symlink. */
  target: string;
  /** Of the small files that were asked for. */
  content: Uint8Array | null;
}

/** By path without a leading slash. */
export type Listing = Map<string, ListedEntry>;

/** As many symlinks as Linux follows in one path. */
const MAX_SYMLINKS = 40;

export function addToListing(listing: Listing, entry: CpioEntry): void {
  const { type, size, target, content } = entry;
  // Names behind a link (`lib/x` where lib leads to usr/lib) are kept where they land.
  const slash = entry.path.lastIndexOf('/');
  const parent = slash < 0 ? '' : resolveListed(listing, entry.path.slice(0, slash));
  const name = entry.path.slice(slash + 1);
  listing.set(parent === '' ? name : `${parent}/${name}`, { type, size, target, content });
}

/** The path with every symlink of the initramfs followed, as far as there are any; what does not exist is kept as it is. */
export function resolveListed(listing: Listing, path: string): string {
  const todo = path.split('/').reverse();
  const at: string[] = [];
  let links = 0;
  while (todo.length > 0) {
    const name = todo.pop()!;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at.pop();
      continue;
    }
    at.push(name);
    const entry = listing.get(at.join('/'));
    if (entry?.type !== 'symlink' || ++links > MAX_SYMLINKS) continue;
    at.pop();
    if (entry.target.startsWith('/')) at.length = 0;
    todo.push(...entry.target.split('/').reverse());
  }
  return at.join('/');
}

/** The entry at a path, symlinks followed. */
export function findListed(listing: Listing, path: string): ListedEntry | undefined {
  return listing.get(resolveListed(listing, path));
}
