/**
 * The kinds of indexes this driver knows: what they are named, what they are sorted by, and in which order. The names of a
 * directory are sorted by their capitals; $Secure has two that are sorted by numbers. A number is kept as hexadecimal digits
 * of a fixed count, which stand in the order of the numbers.
 */
import { damaged } from './errors.ts';
import { nameAt, type Entry, type Node } from './index-node.ts';
import { ATTRIBUTE, DIRECTORY_INDEX } from './layout.ts';
import { compareExact, type Upcase } from './upcase.ts';

export interface IndexKind {
  /** Of its attributes. */
  name: string;
  /** For messages: what has it, and what is in it. */
  holder: string;
  of: string;
  /** Type of the attribute its keys are; 0 where they are none. */
  indexed: number;
  /** The number of its order in $INDEX_ROOT. */
  collation: number;
  /** @throws NTFS_DAMAGED */
  keyAt(node: Node, entry: Entry, what: string): string;
  /** Below 0 where `a` comes first, 0 for the same. */
  compare(upcase: Upcase, a: string, b: string): number;
}

export const NAMES: IndexKind = {
  name: DIRECTORY_INDEX,
  holder: 'the folder',
  of: 'names',
  indexed: ATTRIBUTE.fileName,
  collation: 1,
  keyAt: nameAt,
  compare: (upcase, a, b) => upcase.compare(a, b) || compareExact(a, b),
};

export const digits = (...numbers: number[]): string =>
  numbers.map((number) => number.toString(16).padStart(8, '0')).join('');

/** Entries of $Secure: A u16 bytes of the key, 10 the key, and from `valueAt` on the 20 bytes of the value. */
const numbered = (name: string, collation: number, words: number, valueAt: number): IndexKind => ({
  name,
  holder: 'the file of rights',
  of: name,
  indexed: 0,
  collation,
  keyAt: ({ view }, { at, length }, what) => {
    if (view.getUint16(at + 10, true) !== words * 4 || length < valueAt + 20)
      throw damaged(`an entry of ${what} is too short`, { at });
    const numbers = [];
    for (let word = 0; word < words; word++) numbers.push(view.getUint32(at + 16 + word * 4, true));
    return digits(...numbers);
  },
  compare: (_, a, b) => compareExact(a, b),
});

/** By number of the descriptor (order NTOFS_ULONG). */
export const SECURITY_IDS = numbered('$SII', 0x10, 1, 0x14);
/** By hash, and by number among equal ones (order NTOFS_SECURITY_HASH). */
export const SECURITY_HASHES = numbered('$SDH', 0x12, 2, 0x18);
