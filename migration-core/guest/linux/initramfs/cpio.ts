/**
 * The cpio archive the Linux kernel unpacks as initramfs: "newc" (magic 070701) or the same with checksums (070702).
 * Kernel documentation: Documentation/driver-api/early-userspace/buffer-format.rst; cpio(5).
 *
 *   header, 110 bytes: magic (6), then 13 fields of 8 hexadecimal digits
 *     ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
 *   name, `namesize` bytes with its NUL, padded so that header + name is a multiple of 4
 *   content, `filesize` bytes, padded to a multiple of 4
 *   the last entry has the name TRAILER!!!
 */
import { roundUp } from '../../../base/bytes.ts';
import type { FileType } from '../../../filesystem/filesystem.ts';
import { damaged, type ByteFeed } from './feed.ts';

const HEADER = 110;
const TRAILER = 'TRAILER!!!';
/** PATH_MAX of Linux; the kernel skips entries with longer names. */
const MAX_NAME = 4096;
/** More than any initramfs has; a hostile one must not fill the memory. */
const MAX_ENTRIES = 500_000;

/** S_IFMT of an entry's mode. */
const TYPES: Record<number, FileType> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
  0o060000: 'block',
  0o020000: 'character',
  0o010000: 'fifo',
  0o140000: 'socket',
};

export interface NewEntry {
  /** Without a leading slash: `usr/lib/modules`. */
  path: string;
  type: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  mode: number;
  /** Of a file its bytes, of a symlink its target; empty for a directory. */
  content: Uint8Array;
}

/** An archive with these entries in their order, all owned by root and without times: same entries, same bytes. */
export function writeCpio(entries: readonly NewEntry[]): Uint8Array<ArrayBuffer> {
  const all = [...entries.map((entry) => ({ ...entry, links: entry.type === 'directory' ? 2 : 1 }))];
  const size = (name: string, content: Uint8Array): number =>
    roundUp(HEADER + Buffer.byteLength(name) + 1, 4) + roundUp(content.length, 4);
  const empty = new Uint8Array(0);
  let total = size(TRAILER, empty);
  for (const { path, content } of all) total += size(path, content);
  const bytes = Buffer.alloc(total);
  let at = 0;
  const put = (inode: number, mode: number, links: number, name: string, content: Uint8Array): void => {
    const nameSize = Buffer.byteLength(name) + 1;
    const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, nameSize, 0];
    bytes.write(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`, at, 'latin1');
    bytes.write(name, at + HEADER);
    at += roundUp(HEADER + nameSize, 4);
    bytes.set(content, at);
    at += roundUp(content.length, 4);
  };
  const format = { file: 0o100000, directory: 0o040000, symlink: 0o120000 };
  all.forEach((entry, index) =>
    put(index + 1, format[entry.type] | entry.mode, entry.links, entry.path, entry.content),
  );
  put(0, 0, 1, TRAILER, empty);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export interface CpioEntry {
  /** As the kernel places it: no leading `/` or `./`; empty for the root directory. */
  path: string;
  type: FileType;
  mode: number;
  /** Bytes. */
  size: number;
  /** Of a symlink. */
  target: string;
  /** Of a file the caller wanted; hard links after the first name have none of their own. */
  content: Uint8Array | null;
}

export interface CpioOptions {
  /** Bytes of a file to keep: the whole content if it is at most that long, else none. */
  keep?: (path: string) => number;
}

/**
 * Reads one archive, from its first header to behind its trailer (or the end of the feed, as the kernel allows).
 * `position` of the feed counts for the padding, so an archive begins at a multiple of 4.
 * @throws INITRAMFS_DAMAGED.
 */
export async function* readCpio(feed: ByteFeed, options: CpioOptions = {}): AsyncGenerator<CpioEntry> {
  for (let count = 0; ; count++) {
    const at = feed.position;
    const header = text(await feed.take(HEADER));
    if (header.length === 0 && count > 0) return;
    if (!/^07070[12][0-9A-Fa-f]{104}$/.test(header)) throw damaged('a cpio header is broken', { at });
    if (count >= MAX_ENTRIES) throw damaged('it has too many entries', { at });
    const field = (index: number): number => parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
    const mode = field(1);
    const size = field(6);
    const nameSize = field(11);
    if (nameSize === 0 || nameSize > MAX_NAME) throw damaged('a name is longer than Linux allows', { at });
    const nameBytes = await feed.take(nameSize);
    if (nameBytes.length < nameSize) throw damaged('it ends within a name', { at });
    const name = text(nameBytes).replace(/\0.*$/s, '');
    await align(feed);
    if (name === TRAILER) return;
    const type = TYPES[mode & 0o170000];
    const path = normal(name);
    let target = '';
    let content: Uint8Array | null = null;
    if (type === 'symlink') {
      if (size > MAX_NAME) throw damaged('the target of a symbolic link is too long', { at });
      target = text(await exactly(feed, size, at));
    } else if (type === 'file' && size <= (options.keep?.(path) ?? -1)) {
      content = new Uint8Array(await exactly(feed, size, at));
    } else if ((await feed.skip(size)) < size) throw damaged('it ends within a file', { at, size });
    await align(feed);
    // What has no type the kernel knows is skipped by it too.
    if (type !== undefined) yield { path, type, mode: mode & 0o7777, size, target, content };
  }
}

async function exactly(feed: ByteFeed, length: number, at: number): Promise<Uint8Array> {
  const bytes = await feed.take(length);
  if (bytes.length < length) throw damaged('it ends within a file', { at, length });
  return bytes;
}

async function align(feed: ByteFeed): Promise<void> {
  await feed.skip(roundUp(feed.position, 4) - feed.position);
}

/** UTF-8 where it is, else byte for character: names are only compared. */
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function normal(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
