/** The values of a key: the list of their records, and the records. */
import type { HiveCore } from './core.ts';
import { damaged } from './errors.ts';
import { KEY_FLAG, NK, NONE, VALUE_COMPRESSED_NAME, VK, letters } from './layout.ts';
import { readName, storeName, upperName } from './names.ts';
import { placeOfData, readData, storeData } from './value-data.ts';

/** A value as it was when it was looked up. */
export interface HiveValue {
  /** Empty for the default value of the key. */
  readonly name: string;
  /** As stored: 1 for REG_SZ and so on (types.ts); any 32-bit number is allowed. */
  readonly type: number;
  /** Bytes of data. */
  readonly size: number;
  /** A copy of the data, read when it is asked for; HIVE_DAMAGED where it cannot be. */
  readonly data: Uint8Array;
}

/** The cells of a key's values in the order of their list. HIVE_DAMAGED where it is cut short or names one twice. */
export function valueCells(core: HiveCore, keyCell: number): number[] {
  const { cells } = core;
  const at = cells.record(keyCell, 'nk', NK.name, 'a key');
  // In such a key the count is the number of a predefined key of the system.
  if ((cells.view.getUint16(at + NK.flags, true) & KEY_FLAG.predefinedHandle) !== 0) return [];
  const count = cells.view.getUint32(at + NK.valueCount, true);
  if (count === 0) return [];
  const list = cells.view.getUint32(at + NK.valueList, true);
  const listAt = cells.data(list, count * 4, 'a list of values');
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push(cells.view.getUint32(listAt + i * 4, true));
  if (new Set(found).size !== count) throw damaged('a list of values names one value twice', { list });
  return found;
}

export function valueName(core: HiveCore, cell: number): string {
  const { cells } = core;
  const at = cells.record(cell, 'vk', VK.name, 'a value');
  const length = cells.view.getUint16(at + VK.nameLength, true);
  cells.data(cell, VK.name + length, 'a value');
  const compressed = (cells.view.getUint16(at + VK.flags, true) & VALUE_COMPRESSED_NAME) !== 0;
  return readName(cells.bytes, at + VK.name, length, compressed);
}

export function readValue(core: HiveCore, cell: number): HiveValue {
  const { cells } = core;
  const name = valueName(core, cell);
  const at = cells.record(cell, 'vk', VK.name, 'a value');
  return {
    name,
    type: cells.view.getUint32(at + VK.type, true),
    size: cells.view.getUint32(at + VK.dataSize, true) & 0x7fffffff,
    get data(): Uint8Array {
      return readData(cells, cells.record(cell, 'vk', VK.name, 'a value'));
    },
  };
}

/** The cell of the first value of that name, or NONE. */
export function findValue(core: HiveCore, keyCell: number, name: string): number {
  const upper = upperName(name);
  return valueCells(core, keyCell).find((cell) => upperName(valueName(core, cell)) === upper) ?? NONE;
}

/** Sets the data of a value that is there (`cell`) or adds a new one (NONE). */
export function writeValue(
  core: HiveCore,
  keyCell: number,
  cell: number,
  value: { name: string; type: number; data: Uint8Array },
): void {
  const { cells } = core;
  const count = valueCells(core, keyCell).length;
  let record = cell;
  if (cell === NONE) {
    const name = storeName(value.name);
    record = cells.allocate(VK.name + name.bytes.length);
    const at = cells.data(record, VK.name, 'a value');
    cells.put(at, letters('vk'));
    cells.u16(at + VK.nameLength, name.bytes.length);
    cells.u16(at + VK.flags, name.compressed ? VALUE_COMPRESSED_NAME : 0);
    cells.put(at + VK.name, name.bytes);
  }
  const before = cell === NONE ? null : placeOfData(cells, cells.data(cell, VK.name, 'a value'));
  const stored = storeData(cells, value.data, before);
  const at = cells.data(record, VK.name, 'a value');
  cells.u32(at + VK.dataSize, stored.size);
  cells.u32(at + VK.data, stored.word);
  cells.u32(at + VK.type, value.type);
  if (cell === NONE) appendValue(core, keyCell, record, count);
  const key = cells.data(keyCell, NK.name, 'a key');
  raise(core, key + NK.maxValueName, value.name.length * 2);
  raise(core, key + NK.maxValueData, value.data.length);
}

function appendValue(core: HiveCore, keyCell: number, record: number, count: number): void {
  const { cells } = core;
  const old =
    count === 0 ? NONE : cells.view.getUint32(cells.data(keyCell, NK.name, 'a key') + NK.valueList, true);
  const keptAt = count === 0 ? 0 : cells.data(old, count * 4, 'a list of values');
  const kept = cells.bytes.slice(keptAt, keptAt + count * 4);
  const need = (count + 1) * 4;
  const list = cells.ensure(old, need, 'a list of values');
  const listAt = cells.data(list, need, 'a list of values');
  if (list !== old) cells.put(listAt, kept);
  cells.u32(listAt + count * 4, record);
  const key = cells.data(keyCell, NK.name, 'a key');
  cells.u32(key + NK.valueCount, count + 1);
  cells.u32(key + NK.valueList, list);
}

function raise(core: HiveCore, at: number, value: number): void {
  if (core.cells.view.getUint32(at, true) < value) core.cells.u32(at, value);
}

/** Takes a value out of the list of its key; its cells are the caller's to free. */
export function unlistValue(core: HiveCore, keyCell: number, cell: number): void {
  const { cells } = core;
  const rest = valueCells(core, keyCell).filter((other) => other !== cell);
  const key = cells.data(keyCell, NK.name, 'a key');
  const list = cells.view.getUint32(key + NK.valueList, true);
  cells.u32(key + NK.valueCount, rest.length);
  if (rest.length === 0) {
    cells.release(list, 'a list of values');
    cells.u32(key + NK.valueList, NONE);
    cells.u32(key + NK.maxValueName, 0);
    cells.u32(key + NK.maxValueData, 0);
    return;
  }
  const listAt = cells.data(list, rest.length * 4, 'a list of values');
  const words = Buffer.alloc(rest.length * 4);
  rest.forEach((offset, i) => words.writeUInt32LE(offset, i * 4));
  cells.put(listAt, words);
}
