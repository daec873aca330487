/** Transaction logs of both formats, written from the specification for a hive as it was and as it should be. */
import { marvin32 } from '../../../migration-core/registry/marvin32.ts';
import { seal } from './build-hive.ts';

/** Offsets in the bins of pages of `size` bytes that differ. */
function changedPages(before: Buffer, after: Buffer, size: number): number[] {
  const pages: number[] = [];
  for (let at = 4096; at < after.length; at += size)
    if (Buffer.compare(before.subarray(at, at + size), after.subarray(at, at + size)) !== 0)
      pages.push(at - 4096);
  return pages;
}

/** A log of the old format that makes `after` of `before`. */
export function oldLog(before: Buffer, after: Buffer): Buffer {
  const binsSize = after.readUInt32LE(40);
  const pages = changedPages(before, after.subarray(0, 4096 + binsSize), 512);
  const head = Buffer.alloc(512);
  after.copy(head, 0, 0, 512);
  head.writeUInt32LE(1, 28);
  const bitmap = Buffer.alloc(Math.ceil((4 + binsSize / 4096) / 512) * 512);
  bitmap.write('DIRT', 0, 'latin1');
  for (const page of pages) bitmap[4 + Math.floor(page / 4096)]! |= 1 << ((page / 512) % 8);
  return Buffer.concat([
    seal(head),
    bitmap,
    ...pages.map((page) => after.subarray(4096 + page, 4096 + page + 512)),
  ]);
}

/** A log of the new format: an entry for each state of the hive after the first; numbered from `sequence` on. */
export function newLog(states: readonly Buffer[], sequence: number): Buffer {
  const head = Buffer.alloc(512);
  states[0]!.copy(head, 0, 0, 512);
  head.writeUInt32LE(6, 28);
  head.writeUInt32LE(sequence, 4);
  head.writeUInt32LE(sequence, 8);
  const entries = states.slice(1).map((after, i) => {
    const binsSize = after.readUInt32LE(40);
    const pages = changedPages(states[i]!, after.subarray(0, 4096 + binsSize), 4096);
    const size = Math.ceil((40 + pages.length * (8 + 4096)) / 512) * 512;
    const entry = Buffer.alloc(size);
    entry.write('HvLE', 0, 'latin1');
    const words = [size, 0, sequence + i, binsSize, pages.length];
    words.forEach((word, place) => entry.writeUInt32LE(word, 4 + place * 4));
    pages.forEach((page, place) => {
      entry.writeUInt32LE(page, 40 + place * 8);
      entry.writeUInt32LE(4096, 44 + place * 8);
      after.copy(entry, 40 + pages.length * 8 + place * 4096, 4096 + page, 8192 + page);
    });
    return sign(entry);
  });
  return Buffer.concat([seal(head), ...entries]);
}

/** Puts the hashes of an entry right. */
export function sign(entry: Buffer): Buffer {
  const put = (at: number, { low, high }: { low: number; high: number }): void => {
    entry.writeUInt32LE(low, at);
    entry.writeUInt32LE(high, at + 4);
  };
  put(24, marvin32(entry.subarray(40)));
  put(32, marvin32(entry.subarray(0, 32)));
  return entry;
}

/** The hive as a write that did not end leaves it. */
export function dirty(hive: Buffer): Buffer {
  const copy = Buffer.from(hive);
  copy.writeUInt32LE(copy.readUInt32LE(8) + 1, 4);
  return seal(copy);
}
