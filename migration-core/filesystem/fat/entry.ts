/**
 * Entries of a directory, 32 bytes each; a long name takes more of them before its short one, last part first.
 *
 *   short  0 name[11]  B u8 attributes  C u8 case bits  D u8 created, 10 ms  E u16 u16 created  12 u16 accessed
 *          14 u16 cluster, upper half (FAT32)  16 u16 u16 modified  1A u16 cluster  1C u32 size
 *   long   0 u8 part, 40 for the last  1 UTF-16[5]  B u8 0F  D u8 checksum of the short name  E UTF-16[6]  1A u16 0  1C UTF-16[2]
 *
 * A first byte of E5 is a free entry, of 00 the end of the directory.
 */
import { viewOf } from '../../base/bytes.ts';
import { foldCase, MAX_NAME, shortNameChecksum, showShortName } from './names.ts';

export const SLOT = 32;
export const DELETED = 0xe5;

export const ATTRIBUTE = { readOnly: 0x01, label: 0x08, directory: 0x10, archive: 0x20, longName: 0x0f };
const CHARACTERS_PER_PART = 13;
const MAX_PARTS = Math.ceil(MAX_NAME / CHARACTERS_PER_PART);

export interface Entry {
  /** The long name, else the short one as it is shown. */
  name: string;
  alias: string;
  /** The 11 bytes of the short name. */
  shortName: Uint8Array;
  attributes: number;
  /** 0 for an empty file. */
  firstCluster: number;
  /** Bytes; 0 for directories. */
  size: number;
  /** Seconds since 1970, the times on disk taken as UTC. */
  mtime: number;
  /** Index of the short entry; its long name is in the `parts` entries before it. */
  slot: number;
  parts: number;
}

export const isDirectoryEntry = (entry: Entry): boolean => (entry.attributes & ATTRIBUTE.directory) !== 0;

/** All files and directories, without `.`, `..` and the volume label. */
export function parseEntries(bytes: Uint8Array, fat32: boolean): Entry[] {
  const view = viewOf(bytes);
  const entries: Entry[] = [];
  let long: LongName | null = null;
  for (let slot = 0; (slot + 1) * SLOT <= bytes.length; slot++) {
    const at = slot * SLOT;
    const mark = bytes[at]!;
    if (mark === 0) break;
    const attributes = bytes[at + 11]!;
    if (mark === DELETED) {
      long = null;
    } else if ((attributes & 0x3f) === ATTRIBUTE.longName) {
      long = addPart(long, bytes.subarray(at, at + SLOT));
    } else {
      const complete: LongName | null = long;
      long = null;
      if ((attributes & ATTRIBUTE.label) !== 0 || isDots(bytes, at)) continue;
      const shortName = bytes.slice(at, at + 11);
      const alias = showShortName(shortName, bytes[at + 12]!);
      const name = completeName(complete, shortName);
      const upper = fat32 ? view.getUint16(at + 0x14, true) * 65536 : 0;
      entries.push({
        name: name ?? alias,
        alias,
        shortName,
        attributes,
        firstCluster: upper + view.getUint16(at + 0x1a, true),
        size: (attributes & ATTRIBUTE.directory) !== 0 ? 0 : view.getUint32(at + 0x1c, true),
        mtime: fromDosTime(view.getUint16(at + 0x18, true), view.getUint16(at + 0x16, true)),
        slot,
        parts: name === null ? 0 : complete!.parts,
      });
    }
  }
  return entries;
}

/** By long name or alias, whatever the case. */
export function findEntry(entries: readonly Entry[], name: string): Entry | undefined {
  const wanted = foldCase(name);
  // Folding keeps the length, and is worth saving in large folders.
  const is = (other: string): boolean => other.length === wanted.length && foldCase(other) === wanted;
  return entries.find((entry) => is(entry.name)) ?? entries.find((entry) => is(entry.alias));
}

interface LongName {
  checksum: number;
  parts: number;
  /** The part that must come next; 0 when all are there. */
  next: number;
  text: string;
}

function addPart(before: LongName | null, slot: Uint8Array): LongName | null {
  const order = slot[0]!;
  const part = order & 0x1f;
  const checksum = slot[13]!;
  if ((order & 0x40) !== 0) {
    if (part === 0 || part > MAX_PARTS) return null;
    return { checksum, parts: part, next: part - 1, text: partText(slot) };
  }
  if (before === null || part !== before.next || part === 0 || checksum !== before.checksum) return null;
  return { ...before, next: part - 1, text: partText(slot) + before.text };
}

const PART_PIECES = [
  [1, 5],
  [14, 6],
  [28, 2],
] as const;

function partText(slot: Uint8Array): string {
  let text = '';
  for (const [at, count] of PART_PIECES)
    for (let i = 0; i < count; i++)
      text += String.fromCharCode(slot[at + i * 2]! | (slot[at + i * 2 + 1]! << 8));
  return text;
}

/** The name, or null where parts are missing, belong to another entry, or make no usable name. */
function completeName(long: LongName | null, shortName: Uint8Array): string | null {
  if (long?.next !== 0 || long.checksum !== shortNameChecksum(shortName)) return null;
  const end = long.text.indexOf('\0');
  const name = end < 0 ? long.text : long.text.slice(0, end);
  if (name === '' || name === '.' || name === '..' || name.length > MAX_NAME || name.includes('/'))
    return null;
  return name;
}

function isDots(bytes: Uint8Array, at: number): boolean {
  const name = Buffer.from(bytes.subarray(at, at + 11)).toString('latin1');
  return name === '.          ' || name === '..         ';
}

export interface NewEntry {
  shortName: Uint8Array;
  caseBits: number;
  attributes: number;
  firstCluster: number;
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  created: number;
}

export function encodeShort(entry: NewEntry): Uint8Array {
  const bytes = new Uint8Array(SLOT);
  const view = viewOf(bytes);
  bytes.set(entry.shortName.subarray(0, 11));
  bytes[11] = entry.attributes;
  bytes[12] = entry.caseBits;
  const created = toDosTime(entry.created);
  const modified = toDosTime(entry.mtime);
  view.setUint16(0x0e, created.time, true);
  view.setUint16(0x10, created.date, true);
  view.setUint16(0x12, modified.date, true);
  view.setUint16(0x14, Math.floor(entry.firstCluster / 65536), true);
  view.setUint16(0x16, modified.time, true);
  view.setUint16(0x18, modified.date, true);
  view.setUint16(0x1a, entry.firstCluster & 0xffff, true);
  view.setUint32(0x1c, entry.size, true);
  return bytes;
}

export const longParts = (name: string): number => Math.ceil(name.length / CHARACTERS_PER_PART);

/** The parts of a long name in the order in which they lie on disk. */
export function encodeLong(name: string, shortName: Uint8Array): Uint8Array {
  const parts = longParts(name);
  const checksum = shortNameChecksum(shortName);
  const bytes = new Uint8Array(parts * SLOT);
  for (let part = parts; part >= 1; part--) {
    const at = (parts - part) * SLOT;
    bytes[at] = part === parts ? part | 0x40 : part;
    bytes[at + 11] = ATTRIBUTE.longName;
    bytes[at + 13] = checksum;
    let index = (part - 1) * CHARACTERS_PER_PART;
    for (const [offset, count] of PART_PIECES) {
      for (let i = 0; i < count; i++, index++) {
        // A name that does not fill its last part ends with 0, and FFFF fills up.
        const unit = index < name.length ? name.charCodeAt(index) : index === name.length ? 0 : 0xffff;
        bytes[at + offset + i * 2] = unit & 0xff;
        bytes[at + offset + i * 2 + 1] = unit >>> 8;
      }
    }
  }
  return bytes;
}

/** Of two seconds each, from 1980 to 2107, no time zone: UTC is taken, as Linux does with tz=UTC. */
export function toDosTime(seconds: number): { date: number; time: number } {
  const FIRST = Date.UTC(1980, 0, 1);
  const LAST = Date.UTC(2107, 11, 31, 23, 59, 58);
  const when = new Date(Math.min(Math.max(seconds * 1000, FIRST), LAST));
  return {
    date: ((when.getUTCFullYear() - 1980) << 9) | ((when.getUTCMonth() + 1) << 5) | when.getUTCDate(),
    time: (when.getUTCHours() << 11) | (when.getUTCMinutes() << 5) | (when.getUTCSeconds() >> 1),
  };
}

function fromDosTime(date: number, time: number): number {
  const [year, month, day] = [(date >> 9) + 1980, (date >> 5) & 15, date & 31];
  return Date.UTC(year, month - 1, day, time >> 11, (time >> 5) & 63, (time & 31) * 2) / 1000;
}
