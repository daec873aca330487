/**
 * Reads .zip files (PKWARE APPNOTE 6.3.10) that strangers made: bundles of collectors, workbooks. Sizes are checked
 * before anything is unpacked and again while it is, so that a small file that claims to be large, or is, costs nothing.
 */
import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { IronliftError } from '../base/errors.ts';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const END_SIZE = 22;
const MAX_COMMENT = 0xffff;
const ENTRY_SIZE = 46;
const LOCAL_SIZE = 30;
/** A workbook has dozens of files, a bundle fewer than a hundred. */
const MAX_ENTRIES = 10_000;
/** Deflate packs 1032 to 1 at most; text of tools stays far below this, a bomb is above it. */
const MAX_RATIO = 250;
/** Below this size nobody minds how well something packs, bytes. */
const SMALL = 4 << 20;
const ENCRYPTED = 1;
const UTF8_NAME = 0x800;

export interface ZipEntry {
  /** With slashes, whatever the program wrote (.NET before 4.6.1 wrote backslashes). */
  name: string;
  /** Bytes when unpacked, as the directory says; reading ends with an error above. */
  size: number;
}

export interface ZipArchive {
  entries: readonly ZipEntry[];
  /**
   * The contents of an entry, in pieces.
   * @throws IMPORT_DAMAGED, IMPORT_NOT_SUPPORTED (encrypted, unknown method, larger than `limit`, a bomb)
   */
  read(entry: ZipEntry, limit: number): AsyncIterable<Uint8Array>;
}

interface Located extends ZipEntry {
  packed: number;
  method: number;
  flags: number;
  crc: number;
  offset: number;
}

export const isZip = (head: Uint8Array): boolean =>
  head.length >= 4 && head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;

/**
 * @param bytes the whole file
 * @param what its name, for errors
 * @throws IMPORT_DAMAGED, IMPORT_NOT_SUPPORTED (more than 4 GiB or 65,535 entries, which need zip64)
 */
export function openZip(bytes: Buffer, what: string): ZipArchive {
  const entries = readDirectory(bytes, what);
  return {
    entries,
    read: (entry, limit) => {
      const located = entries.find((one) => one === entry);
      if (located === undefined) throw damaged(what, `it has no file ${entry.name}`);
      return readEntry(bytes, located, limit, what);
    },
  };
}

function readDirectory(bytes: Buffer, what: string): Located[] {
  const end = findEnd(bytes);
  if (end < 0) throw damaged(what, 'its directory is missing');
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff)
    throw notSupported(what, 'it is a zip64 file', 'Unpack it and import the folder.');
  if (count > MAX_ENTRIES)
    throw notSupported(what, `it holds ${count} files`, 'Check that it is the right file.');
  const entries: Located[] = [];
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_SIZE > end || bytes.readUInt32LE(at) !== DIRECTORY_ENTRY)
      throw damaged(what, 'its directory is not whole');
    const nameLength = bytes.readUInt16LE(at + 28);
    const next = at + ENTRY_SIZE + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (next > end) throw damaged(what, 'its directory is not whole');
    const flags = bytes.readUInt16LE(at + 8);
    const name = bytes
      .subarray(at + ENTRY_SIZE, at + ENTRY_SIZE + nameLength)
      .toString((flags & UTF8_NAME) === 0 ? 'latin1' : 'utf8')
      .replaceAll('\\', '/');
    entries.push({
      name,
      flags,
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
    });
    at = next;
  }
  return entries.filter(({ name }) => !name.endsWith('/'));
}

/** The end record stands before a comment of at most 64 KiB. */
function findEnd(bytes: Buffer): number {
  const lowest = Math.max(0, bytes.length - END_SIZE - MAX_COMMENT);
  for (let at = bytes.length - END_SIZE; at >= lowest; at--)
    if (
      bytes.readUInt32LE(at) === END_OF_DIRECTORY &&
      at + END_SIZE + bytes.readUInt16LE(at + 20) <= bytes.length
    )
      return at;
  return -1;
}

async function* readEntry(
  bytes: Buffer,
  entry: Located,
  limit: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  const name = `${entry.name} in ${what}`;
  if ((entry.flags & ENCRYPTED) !== 0)
    throw notSupported(name, 'it is encrypted', 'Pack it again without a password.');
  if (entry.size > limit) throw tooLarge(name);
  if (entry.size > SMALL && entry.size > entry.packed * MAX_RATIO) throw tooLarge(name);
  const { offset } = entry;
  if (offset + LOCAL_SIZE > bytes.length || bytes.readUInt32LE(offset) !== LOCAL_HEADER)
    throw damaged(name, 'its header is missing');
  const start = offset + LOCAL_SIZE + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  if (start + entry.packed > bytes.length) throw damaged(name, 'it is cut off');
  const packed = bytes.subarray(start, start + entry.packed);
  let total = 0;
  let crc = 0;
  for await (const piece of unpack(packed, entry.method, name)) {
    total += piece.length;
    if (total > entry.size) throw damaged(name, 'it is larger than its directory says');
    crc = crc32(piece, crc);
    yield piece;
  }
  if (total !== entry.size || crc !== entry.crc) throw damaged(name, 'its checksum is wrong');
}

async function* unpack(packed: Buffer, method: number, name: string): AsyncGenerator<Uint8Array> {
  if (method === 0) {
    yield packed;
    return;
  }
  if (method !== 8)
    throw notSupported(name, `it is packed by method ${method}`, 'Pack it again as an ordinary .zip file.');
  const inflate = Readable.from([packed]).pipe(createInflateRaw());
  try {
    for await (const piece of inflate) yield piece as Uint8Array;
  } catch (cause) {
    throw damaged(name, 'it cannot be unpacked', cause);
  } finally {
    inflate.destroy();
  }
}

const damaged = (what: string, why: string, cause?: unknown): IronliftError =>
  new IronliftError('IMPORT_DAMAGED', `${what} is damaged: ${why}.`, {
    next: 'Copy the file again from where it was made.',
    cause,
  });

const notSupported = (what: string, why: string, next: string): IronliftError =>
  new IronliftError('IMPORT_NOT_SUPPORTED', `${what} cannot be read: ${why}.`, { next });

const tooLarge = (what: string): IronliftError =>
  notSupported(what, 'it unpacks to more than any such file holds', 'Check where the file comes from.');
