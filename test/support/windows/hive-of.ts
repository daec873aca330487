/** Hives written from plain tables of keys and values. */
import { openHive, type Hive } from '../../../migration-core/registry/hive.ts';
import { dword, text, texts, type TypedData } from '../../../migration-core/registry/types.ts';
import { emptyHive } from '../../migration-core/registry/build-hive.ts';

/** A text is REG_SZ, a number REG_DWORD, a list of texts REG_MULTI_SZ; null takes the value away. */
export type Data = string | number | readonly string[] | TypedData | null;
/**
 * By path below the root. `CCS\\...` stands for every control set that the table of `hiveOf` has so far, so control sets come
 * before it. Null takes a key away with all below it.
 */
export type Keys = Record<string, Record<string, Data> | null>;

export const WRITTEN = new Date(Date.UTC(2024, 4, 17, 12, 34, 56));

/** Tables are applied one after the other: later ones override. */
export function hiveOf(...tables: readonly Keys[]): Uint8Array<ArrayBuffer> {
  const hive = openHive(emptyHive());
  for (const table of tables) applyKeys(hive, table);
  return hive.serialise(WRITTEN);
}

export function applyKeys(hive: Hive, table: Keys): void {
  for (const [path, values] of Object.entries(table))
    for (const full of expand(hive, path)) set(hive, full, values);
}

function expand(hive: Hive, path: string): string[] {
  if (!path.startsWith('CCS\\')) return [path];
  return hive.root
    .subkeys()
    .map(({ name }) => name)
    .filter((name) => /^ControlSet\d{3}$/iu.test(name))
    .map((name) => `${name}${path.slice(3)}`);
}

function set(hive: Hive, path: string, values: Record<string, Data> | null): void {
  if (values === null) {
    const at = path.lastIndexOf('\\');
    const parent = at < 0 ? hive.root : hive.find(path.slice(0, at));
    if (parent?.subkey(path.slice(at + 1)) !== undefined) parent.removeSubkey(path.slice(at + 1));
    return;
  }
  const key = hive.createKey(path);
  for (const [name, data] of Object.entries(values)) {
    if (data !== null) key.setValue(name, ...typed(data));
    else if (key.value(name) !== undefined) key.removeValue(name);
  }
}

function typed(data: Exclude<Data, null>): TypedData {
  if (typeof data === 'string') return text(data);
  if (typeof data === 'number') return dword(data);
  return data[1] instanceof Uint8Array ? (data as TypedData) : texts(data as readonly string[]);
}
