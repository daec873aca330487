/**
 * Transaction logs of the new format (since Windows 8.1 and Server 2012 R2): a copy of the base block and entries ("HvLE") that
 * follow each other, each with its number, its hashes and whole pages of the hive.
 */
import { viewOf } from '../base/bytes.ts';
import { readBaseBlock, type BaseBlock } from './base-block.ts';
import { MAX_HIVE, PAGE, signatureAt } from './layout.ts';
import type { DirtyPage } from './log-old.ts';
import { marvin32 } from './marvin32.ts';

const SECTOR = 512;
const ENTRY = {
  size: 4,
  flags: 8,
  sequence: 12,
  binsSize: 16,
  pageCount: 20,
  hash1: 24,
  hash2: 32,
  pages: 40,
};

export interface LogEntry {
  sequence: number;
  flags: number;
  /** Of the hive after this entry, bytes. */
  binsSize: number;
  pages: DirtyPage[];
}

export interface NewLog {
  base: BaseBlock;
  /** The first sector as stored. */
  head: Uint8Array;
  /** Numbered one after the other, from the number in the base block on; older ones behind them are left out. */
  entries: LogEntry[];
}

export const isNewLog = (base: BaseBlock): boolean => base.fileType === 6;

/** Why the log cannot be used, in words that follow "it", or the log. */
export function readNewLog(bytes: Uint8Array): NewLog | string {
  const base = readBaseBlock(bytes);
  if (base === null || !isNewLog(base)) return 'does not begin as a log does';
  if (!base.checksumRight) return 'has a wrong checksum';
  const entries: LogEntry[] = [];
  let at = SECTOR;
  for (;;) {
    const read = readEntry(bytes, at);
    if (read === null || read.entry.sequence !== (base.primarySequence + entries.length) >>> 0) break;
    entries.push(read.entry);
    at += read.size;
  }
  if (entries.length === 0) return 'holds no whole entry';
  return { base, head: bytes.subarray(0, SECTOR), entries };
}

/** The entry at an offset; null where there is none, or none that is whole. */
function readEntry(bytes: Uint8Array, at: number): { entry: LogEntry; size: number } | null {
  if (at + ENTRY.pages > bytes.length || signatureAt(bytes, at, 4) !== 'HvLE') return null;
  const view = viewOf(bytes);
  const word = (field: number): number => view.getUint32(at + field, true);
  const size = word(ENTRY.size);
  if (size < SECTOR || size % SECTOR !== 0 || at + size > bytes.length) return null;
  const hashed = (from: number, length: number, field: number): boolean => {
    const { low, high } = marvin32(bytes.subarray(at + from, at + from + length));
    return low === word(field) && high === word(field + 4);
  };
  if (!hashed(ENTRY.pages, size - ENTRY.pages, ENTRY.hash1) || !hashed(0, ENTRY.hash2, ENTRY.hash2))
    return null;
  const binsSize = word(ENTRY.binsSize);
  const count = word(ENTRY.pageCount);
  if (binsSize === 0 || binsSize % PAGE !== 0 || binsSize > MAX_HIVE) return null;
  let data = at + ENTRY.pages + count * 8;
  if (data > at + size) return null;
  const pages: DirtyPage[] = [];
  for (let i = 0; i < count; i++) {
    const offset = word(ENTRY.pages + i * 8);
    const length = word(ENTRY.pages + i * 8 + 4);
    if (data + length > at + size || offset + length > binsSize) return null;
    pages.push({ offset, bytes: bytes.subarray(data, data + length) });
    data += length;
  }
  return { entry: { sequence: word(ENTRY.sequence), flags: word(ENTRY.flags), binsSize, pages }, size };
}
