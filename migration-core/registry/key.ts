/** One key of a hive: its subkeys, values, class name and security, read and edited. */
import type { HiveCore } from './core.ts';
import { damaged, editNotPossible, keyNotFound, nameNotAllowed, valueNotFound } from './errors.ts';
import {
  KEY_FLAG,
  MAX_CLASS_NAME,
  MAX_DEPTH,
  MAX_KEY_NAME,
  MAX_VALUE_NAME,
  NK,
  NONE,
  letters,
} from './layout.ts';
import { readName, storeName, upperName } from './names.ts';
import { cellsOfTree } from './key-cells.ts';
import { leaveSecurity, readDescriptor, securityWith, shareSecurity } from './security.ts';
import {
  deleteSubkey,
  insertSubkey,
  isSound,
  keysOf,
  readSubkeyList,
  rebuildSubkeyList,
  searchList,
} from './subkey-list.ts';
import { dataCells, placeOfData } from './value-data.ts';
import { findValue, readValue, unlistValue, valueCells, writeValue, type HiveValue } from './value-list.ts';

export interface NewKey {
  /** Null or nothing for none, as almost all keys. */
  className?: string | null;
  /** A self-relative security descriptor; without it the key shares its parent's. */
  security?: Uint8Array;
}

/** Keys are compared by `cell`: two objects may stand for one key. */
export class HiveKey {
  /** Names from below the root, joined by backslashes; empty for the root. */
  readonly path: string;
  /** Where the key lies, relative to the start of the hive bins; it keeps its place as long as it exists. */
  readonly cell: number;
  readonly #core: HiveCore;
  readonly #depth: number;
  readonly #generation: number;

  constructor(core: HiveCore, cell: number, path: string, depth: number) {
    if (depth > MAX_DEPTH) throw damaged(`its keys lie more than ${MAX_DEPTH} deep`, { path });
    this.#core = core;
    this.cell = cell;
    this.path = path;
    this.#depth = depth;
    this.#generation = core.generation(cell);
    core.cells.record(cell, 'nk', NK.name, 'a key');
  }

  #at(): number {
    if (this.#core.generation(this.cell) !== this.#generation) throw keyNotFound(this.path);
    return this.#core.cells.record(this.cell, 'nk', NK.name, 'a key');
  }

  #child(cell: number, name: string): HiveKey {
    return new HiveKey(this.#core, cell, this.path === '' ? name : `${this.path}\\${name}`, this.#depth + 1);
  }

  /** For the other files of this room. */
  get core(): HiveCore {
    return this.#core;
  }

  /** As stored; the root's is of no meaning. */
  get name(): string {
    this.#at();
    return this.#core.nameOf(this.cell);
  }

  /** KEY_FLAG of layout.ts. */
  get flags(): number {
    return this.#core.cells.view.getUint16(this.#at() + NK.flags, true);
  }

  /** FILETIME: units of 100 ns since 1601. Keys that were edited get their time when the hive is serialised. */
  get lastWritten(): bigint {
    return this.#core.cells.view.getBigUint64(this.#at() + NK.timestamp, true);
  }

  get className(): string | null {
    const { cells } = this.#core;
    const at = this.#at();
    const length = cells.view.getUint16(at + NK.classLength, true);
    const cell = cells.view.getUint32(at + NK.className, true);
    if (length === 0 || cell === NONE) return null;
    return readName(cells.bytes, cells.data(cell, length, 'the class name of a key'), length, false);
  }

  /** A copy of the self-relative security descriptor. */
  get security(): Uint8Array {
    return readDescriptor(this.#core.cells, this.#securityCell());
  }

  #securityCell(): number {
    return this.#core.cells.view.getUint32(this.#at() + NK.security, true);
  }

  get subkeyCount(): number {
    return this.#core.cells.view.getUint32(this.#at() + NK.subkeyCount, true);
  }

  /** In the order of the list, which is that of upper-case names. HIVE_DAMAGED where the list is not what it should be. */
  subkeys(): HiveKey[] {
    const list = readSubkeyList(this.#core.cells, this.#at());
    return keysOf(list).map((cell) => this.#child(cell, this.#core.nameOf(cell)));
  }

  /** The first subkey of that name, upper and lower case alike; undefined for none. */
  subkey(name: string): HiveKey | undefined {
    const found = this.#find(name);
    return found === NONE ? undefined : this.#child(found, this.#core.nameOf(found));
  }

  #find(name: string): number {
    const { nameOf, sound } = this.#core;
    this.#at();
    const list = this.#core.subkeyList(this.cell);
    if (list === null) return NONE;
    const upper = upperName(name);
    if (!sound.has(this.cell)) {
      if (!isSound(list, nameOf)) return keysOf(list).find((key) => upperName(nameOf(key)) === upper) ?? NONE;
      sound.add(this.cell);
    }
    return searchList(list, upper, nameOf);
  }

  /** The key at a path below this one, or undefined. A leading backslash is of no meaning; symbolic links are not followed. */
  find(path: string): HiveKey | undefined {
    const names = path.replace(/^\\/u, '').split('\\');
    if (names.length === 1 && names[0] === '') return this;
    return names.reduce<HiveKey | undefined>((key, name) => key?.subkey(name), this);
  }

  /** In the order they were made. */
  values(): HiveValue[] {
    this.#at();
    return valueCells(this.#core, this.cell).map((cell) => readValue(this.#core, cell));
  }

  /** The value of that name, upper and lower case alike; the default value has the empty name. Undefined for none. */
  value(name: string): HiveValue | undefined {
    this.#at();
    const cell = findValue(this.#core, this.cell, name);
    return cell === NONE ? undefined : readValue(this.#core, cell);
  }

  /**
   * Sets a value or makes it. A value that is there keeps its name's letters and its place in the order. Throws
   * NAME_NOT_ALLOWED, HIVE_TOO_LARGE, EDIT_NOT_POSSIBLE (hive opened to be read only), HIVE_DAMAGED.
   */
  setValue(name: string, type: number, data: Uint8Array): void {
    if (name.length > MAX_VALUE_NAME)
      throw nameNotAllowed(
        `A registry value's name has ${name.length} characters, and ${MAX_VALUE_NAME} are the most`,
      );
    if (!Number.isInteger(type) || type < 0 || type > 0xffffffff)
      throw editNotPossible(`${type} is no type of a value`, 'Give the type as a number of 32 bits.');
    this.#core.edit(() => {
      const flags = this.#core.cells.view.getUint16(this.#at() + NK.flags, true);
      if ((flags & KEY_FLAG.predefinedHandle) !== 0)
        throw editNotPossible(
          `"${this.path}" stands for a key of the system`,
          'Set the value in another key.',
        );
      const cell = findValue(this.#core, this.cell, name);
      writeValue(this.#core, this.cell, cell, { name, type, data });
      this.#core.touched.add(this.cell);
    });
  }

  /** Throws HIVE_KEY_NOT_FOUND where there is no such value. */
  removeValue(name: string): void {
    this.#core.edit(() => {
      const { cells } = this.#core;
      this.#at();
      const cell = findValue(this.#core, this.cell, name);
      if (cell === NONE) throw valueNotFound(this.path, name);
      const gone = dataCells(placeOfData(cells, cells.data(cell, 0, 'a value')));
      unlistValue(this.#core, this.cell, cell);
      for (const part of [cell, ...gone]) cells.release(part, 'a value');
      this.#core.touched.add(this.cell);
    });
  }

  /**
   * The subkey of that name; it is made where it is missing, with its parent's security. Throws NAME_NOT_ALLOWED,
   * HIVE_TOO_LARGE, EDIT_NOT_POSSIBLE, HIVE_DAMAGED.
   */
  createSubkey(name: string, about: NewKey = {}): HiveKey {
    const there = this.subkey(name);
    if (there !== undefined) return there;
    if (name === '' || name.length > MAX_KEY_NAME || name.includes('\\'))
      throw nameNotAllowed(
        `"${name.slice(0, 64)}" cannot be the name of a registry key: it has 1 to ${MAX_KEY_NAME} characters and no backslash`,
      );
    if ((about.className ?? '').length > MAX_CLASS_NAME)
      throw nameNotAllowed(`The class name of a registry key has at most ${MAX_CLASS_NAME} characters`);
    if (this.#depth >= MAX_DEPTH) throw nameNotAllowed(`Registry keys lie at most ${MAX_DEPTH} deep`);
    return this.#core.edit(() => {
      const { cells } = this.#core;
      this.#at();
      const parentSecurity = this.#securityCell();
      // Read before anything is written: a damaged one refuses the edit and leaves the hive as it was.
      readDescriptor(cells, parentSecurity);
      this.#orderSubkeys();
      let security = parentSecurity;
      if (about.security === undefined) shareSecurity(cells, parentSecurity);
      else security = securityWith(cells, parentSecurity, about.security);
      const cell = this.#writeKey(name, security, about.className ?? null);
      insertSubkey(this.#core, this.cell, cell, name);
      const key = cells.data(this.cell, NK.name, 'a key');
      if (cells.view.getUint16(key + NK.maxSubkeyName, true) < name.length * 2)
        cells.u16(key + NK.maxSubkeyName, name.length * 2);
      const classLength = (about.className ?? '').length * 2;
      if (cells.view.getUint32(key + NK.maxSubkeyClass, true) < classLength)
        cells.u32(key + NK.maxSubkeyClass, classLength);
      this.#core.touched.add(this.cell);
      this.#core.touched.add(cell);
      return this.#child(cell, name);
    });
  }

  /** A list that Windows would not search right is put in order before a key is added to it. */
  #orderSubkeys(): void {
    const { nameOf, sound } = this.#core;
    if (sound.has(this.cell)) return;
    const list = this.#core.subkeyList(this.cell);
    if (list === null || isSound(list, nameOf)) sound.add(this.cell);
    else rebuildSubkeyList(this.#core, this.cell);
  }

  #writeKey(name: string, security: number, className: string | null): number {
    const { cells } = this.#core;
    const stored = storeName(name);
    const cell = cells.allocate(NK.name + stored.bytes.length);
    let classCell = NONE;
    if (className !== null && className !== '') {
      const bytes = Buffer.from(className, 'utf16le');
      classCell = cells.allocate(bytes.length);
      cells.put(cells.data(classCell, bytes.length, 'a class name'), bytes);
    }
    const at = cells.data(cell, NK.name, 'a key');
    cells.put(at, letters('nk'));
    cells.u16(at + NK.flags, stored.compressed ? KEY_FLAG.compressedName : 0);
    cells.u32(at + NK.parent, this.cell);
    for (const list of [NK.subkeyList, NK.volatileList, NK.valueList]) cells.u32(at + list, NONE);
    cells.u32(at + NK.security, security);
    cells.u32(at + NK.className, classCell);
    cells.u16(at + NK.nameLength, stored.bytes.length);
    cells.u16(at + NK.classLength, classCell === NONE ? 0 : className!.length * 2);
    cells.put(at + NK.name, stored.bytes);
    return cell;
  }

  /**
   * Removes a subkey and all below it. Everything that goes is read first: a tree that is damaged is refused (HIVE_DAMAGED)
   * before anything is changed. Throws HIVE_KEY_NOT_FOUND, EDIT_NOT_POSSIBLE.
   */
  removeSubkey(name: string): void {
    this.#core.edit(() => {
      const { cells } = this.#core;
      const key = this.subkey(name);
      if (key === undefined) throw keyNotFound(this.path === '' ? name : `${this.path}\\${name}`);
      const gone = cellsOfTree(this.#core, key);
      deleteSubkey(this.#core, this.cell, key.cell);
      for (const { key: cell, security } of gone.keys) {
        this.#core.forget(cell);
        leaveSecurity(cells, security, cell);
        cells.release(cell, 'a key');
      }
      for (const cell of gone.others) cells.release(cell, 'a part of a key');
      const at = this.#at();
      if (cells.view.getUint32(at + NK.subkeyCount, true) === 0) {
        cells.u16(at + NK.maxSubkeyName, 0);
        cells.u32(at + NK.maxSubkeyClass, 0);
      }
      this.#core.touched.add(this.cell);
    });
  }
}
