/**
 * Reading a hive nobody vouches for: values of wrong types count as missing, damaged parts are noted and passed over, texts and
 * lists are bounded.
 */
import { isIronliftError } from '../../../base/errors.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { HiveKey } from '../../../registry/key.ts';
import { readDword, readQword, readText, readTexts } from '../../../registry/types.ts';
import type { HiveValue } from '../../../registry/value-list.ts';

/** Characters of a text; the longest that Windows writes into what is read here are paths. */
const LONGEST_TEXT = 4096;
/** Texts of a list. */
const MOST_TEXTS = 4096;
/** Subkeys of one key; a server with thousands of services has under ten thousand. */
const MOST_SUBKEYS = 65_536;
/** Damaged parts that are named. */
const MOST_DAMAGES = 16;

/** Of a hive that does not change meanwhile. */
export class RegistryReader {
  readonly hive: Hive;
  /** Paths of keys that could not be read, without repetition. */
  readonly damaged: string[] = [];
  /** The key found last. */
  #last: { path: string; key: HiveKey | undefined } | null = null;

  constructor(hive: Hive) {
    this.hive = hive;
  }

  #reading<T>(path: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!isIronliftError(error, 'HIVE_DAMAGED')) throw error;
      if (this.damaged.length < MOST_DAMAGES && !this.damaged.includes(path)) this.damaged.push(path);
      return undefined;
    }
  }

  key(path: string): HiveKey | undefined {
    // Value after value of one key is asked for.
    if (this.#last?.path !== path)
      this.#last = { path, key: this.#reading(path, () => this.hive.find(path)) };
    return this.#last.key;
  }

  has(path: string): boolean {
    return this.key(path) !== undefined;
  }

  /** Names of the subkeys in their order; empty where the key is missing. */
  subkeys(path: string): string[] {
    const key = this.key(path);
    if (key === undefined) return [];
    const keys = this.#reading(path, () => key.subkeys().slice(0, MOST_SUBKEYS)) ?? [];
    return keys.flatMap((below) => this.#reading(path, () => [below.name]) ?? []);
  }

  value(path: string, name: string): HiveValue | undefined {
    const key = this.key(path);
    return key === undefined ? undefined : this.#reading(path, () => key.value(name));
  }

  /** Names of the values of a key. */
  valueNames(path: string): string[] {
    const key = this.key(path);
    if (key === undefined) return [];
    return (this.#reading(path, () => key.values()) ?? []).slice(0, MOST_SUBKEYS).map(({ name }) => name);
  }

  /** Empty where it is missing or no text. */
  text(path: string, name: string): string {
    const value = this.value(path, name);
    return value === undefined ? '' : (readText(value) ?? '').slice(0, LONGEST_TEXT);
  }

  /** Null where it is missing or no number. */
  number(path: string, name: string): number | null {
    const value = this.value(path, name);
    if (value === undefined) return null;
    const wide = readQword(value);
    return readDword(value) ?? (wide === undefined ? null : Number(wide));
  }

  /** A list of texts, also where it was written as one text (old programs do); empty where it is missing. */
  texts(path: string, name: string): string[] {
    const value = this.value(path, name);
    if (value === undefined) return [];
    const single = readText(value);
    const list = readTexts(value) ?? (single === undefined || single === '' ? [] : [single]);
    return list.slice(0, MOST_TEXTS).map((text) => text.slice(0, LONGEST_TEXT));
  }

  bytes(path: string, name: string): Uint8Array | null {
    return this.value(path, name)?.data ?? null;
  }
}

/** The current control set, read through the same names that Windows uses: `Control\\Class`. */
export interface ControlSets {
  /** All, ascending. */
  numbers: number[];
  current: number;
  /** `ControlSet001`, in the letters of the hive. */
  path: string;
  /** `Select` named none that is there. */
  assumed: boolean;
}

/** Null where the hive has no control set. */
export function controlSets(system: RegistryReader): ControlSets | null {
  const sets = system
    .subkeys('')
    .map((name) => ({ name, number: Number(/^ControlSet(\d{3})$/iu.exec(name)?.[1] ?? NaN) }))
    .filter(({ number }) => number > 0)
    .sort((a, b) => a.number - b.number);
  if (sets.length === 0) return null;
  const wanted = system.number('Select', 'Current');
  const chosen = sets.find(({ number }) => number === wanted);
  const current = chosen ?? sets[0]!;
  return {
    numbers: sets.map(({ number }) => number),
    current: current.number,
    path: current.name,
    assumed: chosen === undefined,
  };
}
