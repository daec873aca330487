/** Nodes of an index as lists, for changing them, and back to bytes. */
import { roundUp, viewOf } from '../../base/bytes.ts';
import type { IndexKind } from './index-kind.ts';
import { entriesOf, HEADER_SIZE, type Node } from './index-node.ts';
import { ENTRY_FLAG } from './layout.ts';

export interface Item {
  /** The entry without the block below it: reference, lengths, key; and its value where the index has some. */
  bytes: Uint8Array;
  /** The name of a file, or whatever else the index is sorted by. */
  key: string;
  /** Block with the keys before this one, or null. */
  below: number | null;
}

export interface ItemNode {
  items: Item[];
  /** Block with the keys after all of them, or null. */
  end: number | null;
}

export function itemsOf(node: Node, kind: IndexKind, what: string): ItemNode {
  const result: ItemNode = { items: [], end: null };
  for (const entry of entriesOf(node, what)) {
    if (entry.last) {
      result.end = entry.below;
      continue;
    }
    const length = entry.length - (entry.below === null ? 0 : 8);
    const bytes = node.bytes.slice(entry.at, entry.at + length);
    viewOf(bytes).setUint16(12, viewOf(bytes).getUint16(12, true) & ~ENTRY_FLAG.subnode, true);
    result.items.push({ bytes, key: kind.keyAt(node, entry, what), below: entry.below });
  }
  return result;
}

/** An entry for a $FILE_NAME of the file with that reference. */
export function itemFor(reference: Uint8Array, fileName: Uint8Array, name: string): Item {
  const bytes = new Uint8Array(roundUp(16 + fileName.length, 8));
  bytes.set(reference);
  viewOf(bytes).setUint16(8, bytes.length, true);
  viewOf(bytes).setUint16(10, fileName.length, true);
  bytes.set(fileName, 16);
  return { bytes, key: name, below: null };
}

const sizeOf = (item: Item): number => item.bytes.length + (item.below === null ? 0 : 8);

/** Bytes of the entries of a node, its end included. */
export const sizeOfNode = ({ items, end }: ItemNode): number =>
  items.reduce((sum, item) => sum + sizeOf(item), end === null ? 16 : 24);

/** Index header and entries; `first` is where the entries begin, `size` the bytes of the whole node. */
export function nodeBytes(node: ItemNode, first: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  let at = first;
  const put = (entry: Uint8Array, below: number | null, flags: number): void => {
    const length = entry.length + (below === null ? 0 : 8);
    bytes.set(entry, at);
    view.setUint16(at + 8, length, true);
    view.setUint16(at + 12, flags | (below === null ? 0 : ENTRY_FLAG.subnode), true);
    if (below !== null) view.setBigUint64(at + length - 8, BigInt(below), true);
    at += length;
  };
  for (const { bytes: entry, below } of node.items) put(entry, below, 0);
  put(new Uint8Array(16), node.end, ENTRY_FLAG.last);
  view.setUint32(0, first, true);
  view.setUint32(4, at, true);
  view.setUint32(8, size, true);
  view.setUint8(HEADER_SIZE - 4, node.end === null ? 0 : 1);
  return bytes;
}
