/** What a hive and its keys share: the cells, and what is known of keys between one edit and the next. */
import type { CellStore } from './cells.ts';
import { editNotPossible } from './errors.ts';
import { KEY_FLAG, NK } from './layout.ts';
import { readName } from './names.ts';
import { readSubkeyList, type SubkeyList } from './subkey-list.ts';

/** Lists kept, so that a thousand edits of one key do not read its list a thousand times. */
const KEPT_LISTS = 64;

export class HiveCore {
  readonly cells: CellStore;
  readonly rootCell: number;
  /** Keys whose subkey list was found in order, by cell. */
  readonly sound = new Set<number>();
  /** Keys to be stamped with the time of writing, by cell. */
  readonly touched = new Set<number>();
  /** Lists of subkeys as they were read or written last, by the cell of their key; the oldest first. */
  readonly #lists = new Map<number, SubkeyList>();
  /** How often a cell ceased to be a key: what is still held of it is out of date. */
  readonly #removals = new Map<number, number>();
  readonly #readOnly: boolean;
  #broken = false;

  constructor(cells: CellStore, rootCell: number, readOnly: boolean) {
    this.cells = cells;
    this.rootCell = rootCell;
    this.#readOnly = readOnly;
  }

  readonly nameOf = (key: number): string => {
    const at = this.cells.record(key, 'nk', NK.name, 'a key');
    const length = this.cells.view.getUint16(at + NK.nameLength, true);
    this.cells.data(key, NK.name + length, 'a key');
    const compressed = (this.cells.view.getUint16(at + NK.flags, true) & KEY_FLAG.compressedName) !== 0;
    return readName(this.cells.bytes, at + NK.name, length, compressed);
  };

  /** The subkeys of a key, or null. HIVE_DAMAGED where its list is not what it should be. */
  subkeyList(key: number): SubkeyList | null {
    const kept = this.#lists.get(key);
    if (kept !== undefined) return kept;
    const list = readSubkeyList(this.cells, this.cells.record(key, 'nk', NK.name, 'a key'));
    if (list !== null) this.keepList(key, list);
    return list;
  }

  keepList(key: number, list: SubkeyList): void {
    this.#lists.delete(key);
    if (list.leaves.length === 0) return;
    this.#lists.set(key, list);
    if (this.#lists.size > KEPT_LISTS) this.#lists.delete(this.#lists.keys().next().value!);
  }

  generation(key: number): number {
    return this.#removals.get(key) ?? 0;
  }

  forget(key: number): void {
    this.#removals.set(key, this.generation(key) + 1);
    this.#lists.delete(key);
    this.sound.delete(key);
    this.touched.delete(key);
  }

  /** Runs an edit. One that fails after its first write leaves a hive that is not written any more. */
  edit<T>(change: () => T): T {
    this.expectWritable();
    const version = this.cells.version;
    try {
      return change();
    } catch (error) {
      if (this.cells.version !== version) this.#broken = true;
      throw error;
    }
  }

  expectWritable(): void {
    if (this.#readOnly)
      throw editNotPossible(
        'its last write did not end, and it was opened to be read as it is',
        'Open the hive together with its transaction logs.',
      );
    if (this.#broken)
      throw editNotPossible(
        'an edit before failed halfway',
        'Open the hive again from its file, which has not been written to.',
      );
  }
}
