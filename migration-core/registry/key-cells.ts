/** The cells a key and all below it consist of. */
import type { HiveCore } from './core.ts';
import { damaged, editNotPossible } from './errors.ts';
import type { HiveKey } from './key.ts';
import { KEY_FLAG, NK, NONE, SK, VK } from './layout.ts';
import { listCells, readSubkeyList } from './subkey-list.ts';
import { dataCells, placeOfData } from './value-data.ts';
import { valueCells } from './value-list.ts';

/** All cells of one key but its own and its security: class name, lists, values and their data. */
export function partsOfKey(core: HiveCore, key: number): number[] {
  const { cells } = core;
  const at = cells.record(key, 'nk', NK.name, 'a key');
  const parts = listCells(readSubkeyList(cells, at));
  const className = cells.view.getUint32(at + NK.className, true);
  if (className !== NONE && cells.view.getUint16(at + NK.classLength, true) > 0) parts.push(className);
  const values = valueCells(core, key);
  if (values.length > 0) parts.push(cells.view.getUint32(at + NK.valueList, true));
  for (const value of values) {
    parts.push(value);
    for (const cell of dataCells(placeOfData(cells, cells.record(value, 'vk', VK.name, 'a value'))))
      parts.push(cell);
  }
  return parts;
}

export interface TreeCells {
  keys: { key: number; security: number }[];
  others: number[];
}

/** Throws HIVE_DAMAGED where one cell belongs to two owners, EDIT_NOT_POSSIBLE where a key must not be deleted. */
export function cellsOfTree(core: HiveCore, top: HiveKey): TreeCells {
  const tree: TreeCells = { keys: [], others: [] };
  const seen = new Set<number>();
  const claim = (cell: number): void => {
    core.cells.data(cell, 0, 'a part of a key');
    if (seen.has(cell)) throw damaged('a cell belongs to two keys or values at once', { cell });
    seen.add(cell);
  };
  const waiting = [top];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    claim(key.cell);
    if ((key.flags & (KEY_FLAG.noDelete | KEY_FLAG.hiveEntry)) !== 0)
      throw editNotPossible(
        `Windows marks the key "${key.path}" as one that is not deleted`,
        'Leave the key in place.',
      );
    const at = core.cells.record(key.cell, 'nk', NK.name, 'a key');
    const security = core.cells.view.getUint32(at + NK.security, true);
    core.cells.record(security, 'sk', SK.descriptor, 'the security of a key');
    tree.keys.push({ key: key.cell, security });
    for (const part of partsOfKey(core, key.cell)) {
      claim(part);
      tree.others.push(part);
    }
    for (const below of key.subkeys()) waiting.push(below);
  }
  return tree;
}
