/**
 * Directory entries in a stretch of bytes: a directory block, or one of the two places of an inline directory.
 *
 *   0 inode u32 (0: unused)  4 entry length u16  6 name length u8  7 file type u8  8 name
 *
 * Without the `filetype` feature the name length is 16 bits wide. Entries follow each other and fill the stretch; under
 * metadata_csum a block ends with a false entry of 12 bytes (type DE) that holds the checksum.
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import type { FileType } from '../filesystem.ts';

export const DIRENT_HEADER = 8;
export const MAX_NAME = 255;
export const TAIL_SIZE = 12;
const TAIL_TYPE = 0xde;

/** Bytes an entry with a name of this many bytes needs. */
export const direntSize = (nameLength: number): number => (DIRENT_HEADER + nameLength + 3) & ~3;

/** 64 KiB do not fit 16 bits: they are stored as FFFF or 0, and lengths above in the two low bits. */
export function recordLength(stored: number, blockSize: number): number {
  if (blockSize < 65536) return stored;
  if (stored === 0xffff || stored === 0) return blockSize;
  return (stored & 0xfffc) | ((stored & 3) << 16);
}

export const storedLength = (length: number): number => (length >= 65536 ? 0xffff : length);

const TYPE_NAMES: readonly (FileType | null)[] = [
  null,
  'file',
  'directory',
  'character',
  'block',
  'fifo',
  'socket',
  'symlink',
];

export const typeFromDirent = (value: number): FileType | null => TYPE_NAMES[value & 7] ?? null;
export const typeToDirent = (type: FileType): number => TYPE_NAMES.indexOf(type);

/** A stretch of entries: where it ends (before a checksum tail) and how lengths and types are stored. */
export interface Stretch {
  bytes: Uint8Array;
  end: number;
  /** Volume block size: the scale of entry lengths. */
  blockSize: number;
  filetype: boolean;
  /** For messages. */
  ino: number;
}

export interface Dirent {
  /** Offset in the stretch. */
  at: number;
  inode: number;
  length: number;
  nameLength: number;
  /** 0 where the volume does not store it. */
  type: number;
}

/** Visits the entries in order, unused ones too, until the visitor returns true. @throws EXT_DAMAGED when they do not fill the stretch exactly. */
export function eachDirent(stretch: Stretch, visit: (entry: Dirent) => boolean | undefined): void {
  const { bytes, end, blockSize, filetype, ino } = stretch;
  const view = viewOf(bytes);
  let at = 0;
  while (at < end) {
    const broken = (what: string): Error =>
      damaged(`directory inode ${ino} has an entry ${what}`, { ino, at });
    if (at + DIRENT_HEADER > end) throw broken('cut off by the end of its block');
    const length = recordLength(view.getUint16(at + 4, true), blockSize);
    const nameLength = filetype ? bytes[at + 6]! : view.getUint16(at + 6, true);
    const inode = view.getUint32(at, true);
    if (length < DIRENT_HEADER || length % 4 !== 0 || at + length > end)
      throw broken('of an impossible length');
    if (inode !== 0 && (direntSize(nameLength) > length || nameLength === 0 || nameLength > MAX_NAME))
      throw broken('with an impossible name');
    if (visit({ at, inode, length, nameLength, type: filetype ? bytes[at + 7]! : 0 }) === true) return;
    at += length;
  }
}

export const nameOf = (stretch: Stretch, entry: Dirent): Uint8Array =>
  stretch.bytes.subarray(entry.at + DIRENT_HEADER, entry.at + DIRENT_HEADER + entry.nameLength);

export function writeDirent(
  stretch: Stretch,
  at: number,
  length: number,
  entry: { inode: number; name: Uint8Array; type: number },
): void {
  const view = viewOf(stretch.bytes);
  stretch.bytes.fill(0, at + DIRENT_HEADER, Math.min(at + length, at + direntSize(entry.name.length)));
  view.setUint32(at, entry.inode, true);
  view.setUint16(at + 4, storedLength(length), true);
  stretch.bytes[at + 6] = entry.name.length;
  stretch.bytes[at + 7] = stretch.filetype ? entry.type : 0;
  stretch.bytes.set(entry.name, at + DIRENT_HEADER);
}

function setLength(stretch: Stretch, at: number, length: number): void {
  viewOf(stretch.bytes).setUint16(at + 4, storedLength(length), true);
}

/** Puts the entry where there is room for it; false when there is none. */
export function insertDirent(
  stretch: Stretch,
  entry: { inode: number; name: Uint8Array; type: number },
): boolean {
  const needed = direntSize(entry.name.length);
  let done = false;
  eachDirent(stretch, (there) => {
    const taken = there.inode === 0 ? 0 : direntSize(there.nameLength);
    if (there.length - taken < needed) return false;
    if (taken > 0) setLength(stretch, there.at, taken);
    writeDirent(stretch, there.at + taken, there.length - taken, entry);
    done = true;
    return true;
  });
  return done;
}

/** Takes the entry of that name out; false when it is not here. Its room goes to the entry before it. */
export function removeDirent(stretch: Stretch, name: Uint8Array): boolean {
  let before: Dirent | null = null;
  let done = false;
  eachDirent(stretch, (there) => {
    if (there.inode !== 0 && Buffer.compare(nameOf(stretch, there), name) === 0) {
      const previous = before;
      if (previous === null) viewOf(stretch.bytes).setUint32(there.at, 0, true);
      else setLength(stretch, previous.at, previous.length + there.length);
      done = true;
      return true;
    }
    before = there;
    return false;
  });
  return done;
}

/** Whether the block ends with a checksum tail. */
export function hasTail(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const at = bytes.length - TAIL_SIZE;
  return (
    view.getUint32(at, true) === 0 &&
    view.getUint16(at + 4, true) === TAIL_SIZE &&
    bytes[at + 6] === 0 &&
    bytes[at + 7] === TAIL_TYPE
  );
}

export function writeTail(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  const at = bytes.length - TAIL_SIZE;
  bytes.fill(0, at);
  view.setUint16(at + 4, TAIL_SIZE, true);
  bytes[at + 7] = TAIL_TYPE;
}
