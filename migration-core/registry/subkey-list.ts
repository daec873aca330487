/**
 * The lists of a key's subkeys: leaves of offsets alone (li), with hints (lf) or with hashes (lh), under an index of leaves
 * (ri) where there are many. They are sorted by upper-case name.
 */
import { damaged } from './errors.ts';
import type { CellStore } from './cells.ts';
import type { HiveCore } from './core.ts';
import { HASH_LEAF_SINCE_MINOR, LIST, MAX_LEAF, NK, NONE, signatureAt } from './layout.ts';
import { nameHash, nameHint, upperName } from './names.ts';

export type LeafKind = 'li' | 'lf' | 'lh';

interface Leaf {
  cell: number;
  kind: LeafKind;
  keys: number[];
  /** Hint or hash of each key; zeros where the kind has none. */
  tags: number[];
}

export interface SubkeyList {
  /** The index of leaves, or NONE where the key points to its one leaf. */
  index: number;
  leaves: Leaf[];
}

/** Reads the name of a key; throws HIVE_DAMAGED where there is none. */
export type NameOf = (key: number) => string;

const isLeaf = (signature: string): signature is LeafKind =>
  signature === 'li' || signature === 'lf' || signature === 'lh';
const elementSize = (kind: LeafKind): number => (kind === 'li' ? 4 : 8);

export const tagOf = (kind: LeafKind, name: string): number => {
  if (kind === 'li') return 0;
  return kind === 'lh' ? nameHash(name) : nameHint(name);
};

const leafKindOf = (minor: number): LeafKind => {
  if (minor >= HASH_LEAF_SINCE_MINOR) return 'lh';
  return minor >= 3 ? 'lf' : 'li';
};

function readLeaf(cells: CellStore, cell: number): Leaf {
  const at = cells.data(cell, LIST.elements, 'a list of subkeys');
  const kind = signatureAt(cells.bytes, at, 2);
  if (!isLeaf(kind))
    throw damaged(`a list of subkeys should lie at 0x${cell.toString(16)}, where something else lies`, {
      cell,
    });
  const count = cells.view.getUint16(at + LIST.count, true);
  const step = elementSize(kind);
  cells.data(cell, LIST.elements + count * step, 'a list of subkeys');
  const leaf: Leaf = { cell, kind, keys: [], tags: [] };
  for (let i = 0, element = at + LIST.elements; i < count; i++, element += step) {
    leaf.keys.push(cells.view.getUint32(element, true));
    leaf.tags.push(step === 8 ? cells.view.getUint32(element + 4, true) : 0);
  }
  return leaf;
}

/**
 * The list of a key whose record begins at `at` in the file; null for none. HIVE_DAMAGED where the list holds another number
 * of keys than the key says, one key twice, or an index inside an index.
 */
export function readSubkeyList(cells: CellStore, at: number): SubkeyList | null {
  const count = cells.view.getUint32(at + NK.subkeyCount, true);
  if (count === 0) return null;
  const cell = cells.view.getUint32(at + NK.subkeyList, true);
  const record = cells.data(cell, LIST.elements, 'a list of subkeys');
  const list: SubkeyList = { index: NONE, leaves: [] };
  if (signatureAt(cells.bytes, record, 2) === 'ri') {
    list.index = cell;
    const leafCount = cells.view.getUint16(record + LIST.count, true);
    cells.data(cell, LIST.elements + leafCount * 4, 'an index of lists of subkeys');
    let found = 0;
    const seen = new Set<number>();
    for (let i = 0; i < leafCount; i++) {
      const leaf = cells.view.getUint32(record + LIST.elements + i * 4, true);
      if (seen.has(leaf)) throw damaged('an index of lists of subkeys names one list twice', { cell });
      seen.add(leaf);
      const read = readLeaf(cells, leaf);
      found += read.keys.length;
      // The same leaf or too many: no more is read than the key says that there is.
      if (found > count) break;
      list.leaves.push(read);
    }
  } else {
    list.leaves.push(readLeaf(cells, cell));
  }
  const keys = keysOf(list);
  if (keys.length !== count)
    throw damaged(`a key counts ${count} subkeys, and its list does not`, { count, listed: keys.length });
  if (new Set(keys).size !== count) throw damaged('a list of subkeys names one key twice', { cell });
  return list;
}

export const keysOf = (list: SubkeyList | null): number[] =>
  list === null ? [] : list.leaves.flatMap((leaf) => leaf.keys);

/** Whether the keys stand in the order of their names, no name twice, each with the right hint or hash. */
export function isSound(list: SubkeyList, nameOf: NameOf): boolean {
  let last: string | undefined;
  for (const leaf of list.leaves) {
    if (leaf.keys.length === 0) return false;
    for (let i = 0; i < leaf.keys.length; i++) {
      const name = nameOf(leaf.keys[i]!);
      const upper = upperName(name);
      if (last !== undefined && upper <= last) return false;
      if (leaf.tags[i] !== tagOf(leaf.kind, name)) return false;
      last = upper;
    }
  }
  return true;
}

/** The first place in a sorted row of keys whose name is not below `upper`. */
function placeOf(keys: readonly number[], upper: string, nameOf: NameOf): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (upperName(nameOf(keys[middle]!)) < upper) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The leaf of a sorted list that a name belongs into: the last one that begins at or before it. */
function leafFor(list: SubkeyList, upper: string, nameOf: NameOf): number {
  let low = 0;
  let high = list.leaves.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (upperName(nameOf(list.leaves[middle]!.keys[0]!)) <= upper) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The key of that upper-case name in a sound list, or NONE. */
export function searchList(list: SubkeyList, upper: string, nameOf: NameOf): number {
  const { keys } = list.leaves[leafFor(list, upper, nameOf)]!;
  const key = keys[placeOf(keys, upper, nameOf)];
  return key !== undefined && upperName(nameOf(key)) === upper ? key : NONE;
}

function writeLeaf(cells: CellStore, leaf: Leaf): void {
  const step = elementSize(leaf.kind);
  const need = LIST.elements + leaf.keys.length * step;
  leaf.cell = cells.ensure(leaf.cell, need, 'a list of subkeys');
  const record = Buffer.alloc(need);
  record.write(leaf.kind, 0, 'latin1');
  record.writeUInt16LE(leaf.keys.length, LIST.count);
  for (let i = 0, at = LIST.elements; i < leaf.keys.length; i++, at += step) {
    record.writeUInt32LE(leaf.keys[i]!, at);
    if (step === 8) record.writeUInt32LE(leaf.tags[i]!, at + 4);
  }
  cells.put(cells.data(leaf.cell, need, 'a list of subkeys'), record);
}

/** Writes index and pointers anew for the leaves as they are, and points the key's record at `keyCell` to them. */
function writeTop(cells: CellStore, keyCell: number, list: SubkeyList): void {
  const count = list.leaves.reduce((sum, leaf) => sum + leaf.keys.length, 0);
  let top = NONE;
  if (list.leaves.length === 1 && list.index === NONE) {
    top = list.leaves[0]!.cell;
  } else if (list.leaves.length > 0) {
    const need = LIST.elements + list.leaves.length * 4;
    list.index = cells.ensure(list.index, need, 'an index of lists of subkeys');
    const record = Buffer.alloc(need);
    record.write('ri', 0, 'latin1');
    record.writeUInt16LE(list.leaves.length, LIST.count);
    list.leaves.forEach((leaf, i) => record.writeUInt32LE(leaf.cell, LIST.elements + i * 4));
    cells.put(cells.data(list.index, need, 'an index of lists of subkeys'), record);
    top = list.index;
  } else if (list.index !== NONE) {
    cells.release(list.index, 'an index of lists of subkeys');
    list.index = NONE;
  }
  const at = cells.record(keyCell, 'nk', NK.name, 'a key');
  cells.u32(at + NK.subkeyCount, count);
  cells.u32(at + NK.subkeyList, top);
}

/** Adds a key, whose name no other key of a sound list has. Leaves it does not go into are left alone. */
export function insertSubkey(core: HiveCore, parent: number, key: number, name: string): void {
  const { cells, nameOf } = core;
  const list = core.subkeyList(parent) ?? {
    index: NONE,
    leaves: [{ cell: NONE, kind: leafKindOf(cells.minor), keys: [], tags: [] }],
  };
  const upper = upperName(name);
  const at = leafFor(list, upper, nameOf);
  const leaf = list.leaves[at]!;
  const place = placeOf(leaf.keys, upper, nameOf);
  leaf.keys.splice(place, 0, key);
  leaf.tags.splice(place, 0, tagOf(leaf.kind, name));
  if (leaf.keys.length > MAX_LEAF) {
    const half = leaf.keys.length >>> 1;
    const second: Leaf = {
      cell: NONE,
      kind: leaf.kind,
      keys: leaf.keys.splice(half),
      tags: leaf.tags.splice(half),
    };
    list.leaves.splice(at + 1, 0, second);
    writeLeaf(cells, second);
  }
  writeLeaf(cells, leaf);
  writeTop(cells, parent, list);
  core.keepList(parent, list);
}

/** Takes a key out of the list it is in. */
export function deleteSubkey(core: HiveCore, parent: number, key: number): void {
  const { cells } = core;
  const list = core.subkeyList(parent);
  const at = list?.leaves.findIndex((leaf) => leaf.keys.includes(key)) ?? -1;
  if (list === null || at < 0) throw damaged('a key is not in the list of its parent', { key });
  const leaf = list.leaves[at]!;
  const place = leaf.keys.indexOf(key);
  leaf.keys.splice(place, 1);
  leaf.tags.splice(place, 1);
  if (leaf.keys.length === 0) {
    cells.release(leaf.cell, 'a list of subkeys');
    list.leaves.splice(at, 1);
  } else {
    writeLeaf(cells, leaf);
  }
  writeTop(cells, parent, list);
  core.keepList(parent, list);
}

/** Writes a list that is out of order, or has wrong hints or hashes, as it should be. Names there twice stay, as they are. */
export function rebuildSubkeyList(core: HiveCore, parent: number): void {
  const { cells, nameOf } = core;
  const list = core.subkeyList(parent);
  if (list === null) return;
  const sorted = keysOf(list)
    .map((key, order) => ({ key, order, name: nameOf(key), upper: upperName(nameOf(key)) }))
    .sort((a, b) => (a.upper < b.upper ? -1 : a.upper > b.upper ? 1 : a.order - b.order));
  for (const leaf of list.leaves) cells.release(leaf.cell, 'a list of subkeys');
  const kind = leafKindOf(cells.minor);
  list.leaves = [];
  for (let i = 0; i < sorted.length; i += MAX_LEAF) {
    const part = sorted.slice(i, i + MAX_LEAF);
    const leaf: Leaf = {
      cell: NONE,
      kind,
      keys: part.map((entry) => entry.key),
      tags: part.map((entry) => tagOf(kind, entry.name)),
    };
    writeLeaf(cells, leaf);
    list.leaves.push(leaf);
  }
  writeTop(cells, parent, list);
  core.keepList(parent, list);
}

/** The cells a list consists of, for those who free or count them. */
export const listCells = (list: SubkeyList | null): number[] =>
  list === null
    ? []
    : [...(list.index === NONE ? [] : [list.index]), ...list.leaves.map((leaf) => leaf.cell)];
