/**
 * Edits of a hive that are written down as they are made, so that they can be shown to people and taken back. An edit is plain
 * data (binary data in hexadecimal): it goes into a file and comes back from it.
 *
 * Taken back, the hive has the same keys, class names, security descriptors and values; not the same bytes, nor the same times of
 * writing or order of values. Who wants the bytes uses `Hive.changes`.
 */
import { exportValue } from './export-text.ts';
import type { Hive } from './hive.ts';
import type { HiveKey } from './key.ts';
import type { HiveValue } from './value-list.ts';

export interface StoredValue {
  name: string;
  type: number;
  /** Hexadecimal. */
  data: string;
}

export interface StoredKey {
  name: string;
  className: string | null;
  /** The self-relative descriptor, hexadecimal. */
  security: string;
  values: StoredValue[];
  subkeys: StoredKey[];
}

/** `key` is a path below the root. */
export type RegistryEdit =
  | { what: 'set-value'; key: string; value: string; before: StoredValue | null; after: StoredValue }
  | { what: 'remove-value'; key: string; value: string; before: StoredValue; after: null }
  | { what: 'create-key'; key: string; before: null; after: null }
  | { what: 'remove-key'; key: string; before: StoredKey; after: null };

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const storeValue = ({ name, type, data }: HiveValue): StoredValue => ({ name, type, data: hex(data) });

function storeKey(key: HiveKey): StoredKey {
  return {
    name: key.name,
    className: key.className,
    security: hex(key.security),
    values: key.values().map(storeValue),
    subkeys: key.subkeys().map(storeKey),
  };
}

function restoreKey(parent: HiveKey, stored: StoredKey): void {
  const key = parent.createSubkey(stored.name, {
    className: stored.className,
    security: Buffer.from(stored.security, 'hex'),
  });
  for (const value of stored.values) key.setValue(value.name, value.type, Buffer.from(value.data, 'hex'));
  for (const below of stored.subkeys) restoreKey(key, below);
}

function split(path: string): { parent: string; name: string } {
  const at = path.lastIndexOf('\\');
  return { parent: path.slice(0, Math.max(0, at)), name: path.slice(at + 1) };
}

/** Edits one hive; `edits` lists what changed it, in order. What is so already is not written down, nor done. */
export class EditJournal {
  readonly hive: Hive;
  readonly edits: RegistryEdit[] = [];

  constructor(hive: Hive) {
    this.hive = hive;
  }

  /** The key at a path; what is missing of it is made. Errors as of `HiveKey.createSubkey`. */
  createKey(path: string): HiveKey {
    let key = this.hive.root;
    for (const name of path.split('\\')) {
      if (name === '') continue;
      const there = key.subkey(name);
      key = there ?? key.createSubkey(name);
      if (there === undefined)
        this.edits.push({ what: 'create-key', key: key.path, before: null, after: null });
    }
    return key;
  }

  /** Sets a value; key and value are made where they are missing. Errors as of `HiveKey.setValue`. */
  setValue(path: string, name: string, type: number, data: Uint8Array): void {
    const key = this.createKey(path);
    const there = key.value(name);
    const before = there === undefined ? null : storeValue(there);
    const after = { name: there?.name ?? name, type, data: hex(data) };
    if (before?.type === type && before.data === after.data) return;
    key.setValue(name, type, data);
    this.edits.push({ what: 'set-value', key: key.path, value: after.name, before, after });
  }

  /** False where there is no such value. */
  removeValue(path: string, name: string): boolean {
    const key = this.hive.find(path);
    const value = key?.value(name);
    if (key === undefined || value === undefined) return false;
    const before = storeValue(value);
    key.removeValue(name);
    this.edits.push({ what: 'remove-value', key: key.path, value: before.name, before, after: null });
    return true;
  }

  /** A key and all below it; false where there is none. Errors as of `HiveKey.removeSubkey`. */
  removeKey(path: string): boolean {
    const key = this.hive.find(path);
    if (key === undefined || key.path === '') return false;
    // The tree is met key by key first, so that one that leads back to itself is refused and not followed.
    Array.from(this.hive.walk(key));
    const before = storeKey(key);
    const { parent, name } = split(key.path);
    this.hive.key(parent).removeSubkey(name);
    this.edits.push({ what: 'remove-key', key: key.path, before, after: null });
    return true;
  }
}

/** Takes edits back, the last one first. Throws HIVE_KEY_NOT_FOUND where the hive is not as they left it. */
export function undoEdits(hive: Hive, edits: readonly RegistryEdit[]): void {
  for (const edit of edits.toReversed()) {
    if (edit.what === 'set-value' && edit.before === null) {
      hive.key(edit.key).removeValue(edit.value);
    } else if (edit.what === 'set-value' || edit.what === 'remove-value') {
      const { name, type, data } = edit.before!;
      hive.key(edit.key).setValue(name, type, Buffer.from(data, 'hex'));
    } else {
      const { parent, name } = split(edit.key);
      if (edit.what === 'create-key') hive.key(parent).removeSubkey(name);
      else restoreKey(hive.key(parent), edit.before);
    }
  }
}

/** An edit as two or more lines for people: the key, and what was (`-`) and is (`+`). */
export function describeEdit(edit: RegistryEdit): string {
  const shown = ({ name, type, data }: StoredValue): string =>
    exportValue({ name, type, data: Buffer.from(data, 'hex') });
  switch (edit.what) {
    case 'create-key':
      return `+[\\${edit.key}]`;
    case 'remove-key':
      return `-[\\${edit.key}]`;
    case 'remove-value':
      return `[\\${edit.key}]\n-${shown(edit.before)}`;
    case 'set-value':
      return [
        `[\\${edit.key}]`,
        ...(edit.before === null ? [] : [`-${shown(edit.before)}`]),
        `+${shown(edit.after)}`,
      ].join('\n');
  }
}
