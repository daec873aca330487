/**
 * Names of keys and values: how they are stored, compared and hashed. Windows compares names by their upper-case UTF-16 code
 * units, one unit at a time, without regard to language.
 */

import { upperCaseTable } from './upper-case.ts';

/** The capital of one UTF-16 code unit as Windows has it. */
export const upperUnit = (code: number): number => upperCaseTable()[code]!;

/** A name as it is compared: `upperName(a) < upperName(b)` is the order of subkey lists. */
export function upperName(name: string): string {
  const upper = upperCaseTable();
  let changed = false;
  const units: number[] = [];
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    const capital = upper[code]!;
    if (capital !== code) changed = true;
    units.push(capital);
  }
  if (!changed) return name;
  let text = '';
  for (let i = 0; i < units.length; i += 4096) text += String.fromCharCode(...units.slice(i, i + 4096));
  return text;
}

/** What a list with hashes ("lh") says of a name. */
export function nameHash(name: string): number {
  const upper = upperCaseTable();
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 37) + upper[name.charCodeAt(i)]!) >>> 0;
  return hash;
}

/** What a list with hints ("lf") says of a name: its first four characters, or nothing when one is not of Latin-1. */
export function nameHint(name: string): number {
  let hint = 0;
  for (let i = 0; i < 4 && i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 255) return 0;
    hint |= code << (8 * i);
  }
  return hint >>> 0;
}

export interface StoredName {
  bytes: Uint8Array;
  /** One byte a character. */
  compressed: boolean;
}

export function storeName(name: string): StoredName {
  for (let i = 0; i < name.length; i++)
    if (name.charCodeAt(i) > 255) return { bytes: Buffer.from(name, 'utf16le'), compressed: false };
  return { bytes: Buffer.from(name, 'latin1'), compressed: true };
}

export const readName = (bytes: Uint8Array, at: number, length: number, compressed: boolean): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString(compressed ? 'latin1' : 'utf16le');
