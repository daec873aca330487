/**
 * Extended attributes as bytes ("Extended Attributes"). In the inode they follow the extra part after a magic of 4 bytes;
 * in a block after a header of 32. Entries grow up, values grow down, both padded to 4:
 *
 *   entry  0 name length u8  1 name index u8  2 value offset u16  4 value inode u32  8 value size u32  12 hash u32  16 name
 *
 * Offsets count from the first entry in the inode and from the start of the block in a block.
 */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';

export const XATTR_MAGIC = 0xea020000;
export const XATTR_BLOCK_HEADER = 32;
const ENTRY = 16;

export interface StoredXattr {
  /** Which prefix the name goes with. */
  index: number;
  /** The name without its prefix. */
  name: string;
  /** The value, where it lies here; empty where `valueInode` is set. */
  value: Uint8Array;
  /** The inode that holds the value (ea_inode), 0 for none. */
  valueInode: number;
  valueSize: number;
  /** The stored hash: kept for values in inodes of their own, made anew for all others. */
  hash: number;
}

/** Name prefixes by index; a full name is matched against the longest. */
const PREFIXES: readonly [index: number, prefix: string][] = [
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [8, 'system.richacl'],
  [1, 'user.'],
  [4, 'trusted.'],
  [5, 'lustre.'],
  [6, 'security.'],
  [7, 'system.'],
];

export const ACL_ACCESS = 2;
export const ACL_DEFAULT = 3;
const SYSTEM = 7;

export function fullName(index: number, name: string): string | null {
  const prefix = PREFIXES.find(([number]) => number === index)?.[1];
  return prefix === undefined ? null : prefix + name;
}

export function splitName(full: string): { index: number; name: string } | null {
  for (const [index, prefix] of PREFIXES) {
    if (prefix.endsWith('.') ? full.startsWith(prefix) && full.length > prefix.length : full === prefix)
      return { index, name: full.slice(prefix.length) };
  }
  return null;
}

/** `system.data` is where inline data goes on after i_block; it is no attribute to anyone else. */
export const isInlineData = (entry: { index: number; name: string }): boolean =>
  entry.index === SYSTEM && entry.name === 'data';
export const inlineDataEntry = (value: Uint8Array): StoredXattr => ({
  index: SYSTEM,
  name: 'data',
  value,
  valueInode: 0,
  valueSize: value.length,
  hash: 0,
});

const entrySize = (nameLength: number): number => (ENTRY + nameLength + 3) & ~3;

/**
 * Reads the entries that begin at `first`; value offsets count from `base` and end with the bytes.
 * @throws EXT_DAMAGED
 */
export function parseXattrs(bytes: Uint8Array, first: number, base: number, whose: string): StoredXattr[] {
  const view = viewOf(bytes);
  const entries: StoredXattr[] = [];
  let at = first;
  // The list ends with four zero bytes; an entry always takes at least 16, so this ends.
  while (at + 4 <= bytes.length && view.getUint32(at, true) !== 0) {
    if (at + ENTRY > bytes.length) throw damaged(`${whose} has attributes that leave their space`);
    const nameLength = bytes[at]!;
    const end = at + entrySize(nameLength);
    if (end > bytes.length) throw damaged(`${whose} has attributes that leave their space`);
    const valueInode = view.getUint32(at + 4, true);
    const valueSize = view.getUint32(at + 8, true);
    const valueAt = base + view.getUint16(at + 2, true);
    const here = valueInode === 0;
    if (here && valueSize > 0 && valueAt + valueSize > bytes.length)
      throw damaged(`${whose} has an attribute value that leaves its space`);
    entries.push({
      index: bytes[at + 1]!,
      name: Buffer.from(bytes.subarray(at + ENTRY, at + ENTRY + nameLength)).toString('latin1'),
      value: here ? bytes.slice(valueAt, valueAt + valueSize) : new Uint8Array(0),
      valueInode,
      valueSize,
      hash: view.getUint32(at + 12, true),
    });
    at = end;
  }
  return entries;
}

/** Bytes an entry takes with its value, both padded. */
export const spaceOf = (entry: StoredXattr): number =>
  entrySize(entry.name.length) + (entry.valueInode === 0 ? (entry.value.length + 3) & ~3 : 0);

/** The hash stored in an entry of a block: of the name and of the value in 32-bit words. */
export function entryHash(entry: StoredXattr, valueWords: Uint8Array): number {
  let hash = 0;
  for (let i = 0; i < entry.name.length; i++)
    hash = ((hash << 5) ^ (hash >>> 27) ^ entry.name.charCodeAt(i)) >>> 0;
  const view = viewOf(valueWords);
  for (let i = 0; i + 4 <= valueWords.length; i += 4)
    hash = ((hash << 16) ^ (hash >>> 16) ^ view.getUint32(i, true)) >>> 0;
  return hash;
}

export interface XattrArea {
  first: number;
  base: number;
  /** Values in a block are hashed, those in an inode are not. */
  hashed: boolean;
}

/** Fills `bytes` from `area.first` with entries and values; the caller has checked that they fit. Returns the entry hashes. */
export function layOutXattrs(bytes: Uint8Array, entries: readonly StoredXattr[], area: XattrArea): number[] {
  bytes.fill(0, area.first);
  const view = viewOf(bytes);
  const hashes: number[] = [];
  let at = area.first;
  let valueEnd = bytes.length;
  for (const entry of entries) {
    let words: Uint8Array = new Uint8Array(0);
    bytes[at] = entry.name.length;
    bytes[at + 1] = entry.index;
    if (entry.valueInode !== 0) {
      view.setUint32(at + 4, entry.valueInode, true);
    } else if (entry.value.length > 0) {
      valueEnd -= (entry.value.length + 3) & ~3;
      bytes.set(entry.value, valueEnd);
      view.setUint16(at + 2, valueEnd - area.base, true);
      words = bytes.subarray(valueEnd, valueEnd + ((entry.value.length + 3) & ~3));
    }
    view.setUint32(at + 8, entry.valueSize, true);
    const hash = entry.valueInode !== 0 ? entry.hash : area.hashed ? entryHash(entry, words) : 0;
    view.setUint32(at + 12, hash, true);
    hashes.push(hash);
    bytes.set(Buffer.from(entry.name, 'latin1'), at + ENTRY);
    at += entrySize(entry.name.length);
  }
  return hashes;
}
