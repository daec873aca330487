/** The tree of an index: one name of a directory looked up, all of them listed, or a range of any index walked. */
import { isPowerOfTwo, u64le, viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { findAttribute, type NtfsFile } from './file.ts';
import { NAMES, type IndexKind } from './index-kind.ts';
import {
  entriesOf,
  indexNameAt,
  nameAt,
  parseNode,
  type Entry,
  type IndexName,
  type Node,
} from './index-node.ts';
import { ATTRIBUTE } from './layout.ts';
import { unprotect } from './record.ts';
import { HOLE, pieces } from './runs.ts';
import { openStream, type OpenStream } from './stream.ts';
import { compareExact } from './upcase.ts';
import type { NtfsVolume } from './volume.ts';

/** A tree this deep has more names than a volume has files. */
const MAX_DEPTH = 24;

export interface Index {
  kind: IndexKind;
  what: string;
  root: Node;
  /** Bytes of an index block, and of what block numbers count. */
  blockSize: number;
  unit: number;
  allocation: OpenStream | null;
}

/** $INDEX_ROOT: 0 u32 type, 4 u32 order, 8 u32 bytes of an index block, 10 the node. @throws NTFS_DAMAGED */
export function openIndex(volume: NtfsVolume, file: NtfsFile, kind: IndexKind = NAMES): Index {
  const what = `${kind.holder} in record ${file.base.number}`;
  const root = findAttribute(file, ATTRIBUTE.indexRoot, kind.name);
  if (root?.value === null || root === undefined || root.value.length < 0x20)
    throw damaged(`${what} has no index of ${kind.of}`);
  const view = viewOf(root.value);
  const blockSize = view.getUint32(8, true);
  if (
    view.getUint32(0, true) !== kind.indexed ||
    !isPowerOfTwo(blockSize) ||
    blockSize < 512 ||
    blockSize > 65536
  )
    throw damaged(`${what} has an index of another kind`, { blockSize });
  const { clusterSize } = volume.geometry;
  return {
    kind,
    what,
    root: parseNode(root.value.subarray(0x10), what),
    blockSize,
    // Blocks smaller than a cluster are counted in 512 bytes.
    unit: clusterSize <= blockSize ? clusterSize : 512,
    allocation: openStream(volume, file, ATTRIBUTE.indexAllocation, kind.name),
  };
}

/** Where an index block lies on the volume; one may be spread over several clusters. */
export function blockPieces(
  volume: NtfsVolume,
  index: Index,
  block: number,
): { at: number; from: number; length: number }[] {
  const { allocation, unit, blockSize, what } = index;
  const offset = block * unit;
  if (allocation === null || !(offset + blockSize <= allocation.initialised) || offset % blockSize !== 0)
    throw damaged(`${what} leads to index block ${block}, which it does not have`);
  const parts = [...pieces(allocation.runs, volume.geometry.clusterSize, offset, blockSize)];
  if (parts.some(({ at }) => at === HOLE)) throw damaged(`${what} has index block ${block} in a hole`);
  return parts;
}

/** Index block: 0 "INDX", 10 u64 its own number, 18 the node. Returns the whole block without its protection. */
export async function readBlock(
  volume: NtfsVolume,
  index: Index,
  block: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(index.blockSize);
  for (const { at, from, length } of blockPieces(volume, index, block))
    await volume.store.read(bytes.subarray(from, from + length), at);
  unprotect(bytes, 'INDX', `index block ${block} of ${index.what}`);
  if (u64le(viewOf(bytes), 0x10) !== block)
    throw damaged(`index block ${block} of ${index.what} says it is another`);
  return bytes;
}

export const NODE_OFFSET = 0x18;

export async function readNode(volume: NtfsVolume, index: Index, block: number): Promise<Node> {
  return parseNode((await readBlock(volume, index, block)).subarray(NODE_OFFSET), index.what);
}

/** The name as it is written, or else one that differs in case only. @throws NTFS_DAMAGED */
export async function lookUp(volume: NtfsVolume, file: NtfsFile, name: string): Promise<IndexName | null> {
  const index = openIndex(volume, file);
  const { upcase } = volume;
  const found = await search(volume, index, (other) => upcase.compare(name, other));
  if (found === null || found.name === name) return found;
  const exact = await search(
    volume,
    index,
    (other) => upcase.compare(name, other) || compareExact(name, other),
  );
  return exact ?? found;
}

/** @param order below 0 where what is sought comes before the name, 0 where it is found */
async function search(
  volume: NtfsVolume,
  index: Index,
  order: (name: string) => number,
): Promise<IndexName | null> {
  let node = index.root;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    let below: number | null = null;
    for (const entry of entriesOf(node, index.what)) {
      const side = entry.last ? -1 : order(nameAt(node, entry, index.what));
      if (side > 0) continue;
      if (side === 0) return indexNameAt(node, entry, index.what);
      ({ below } = entry);
      break;
    }
    if (below === null) return null;
    node = await readNode(volume, index, below);
  }
  throw damaged(`${index.what} has an index that is too deep`);
}

/** All names in their order, those of DOS among them. @throws NTFS_DAMAGED */
export async function listIndex(volume: NtfsVolume, file: NtfsFile): Promise<IndexName[]> {
  const index = openIndex(volume, file);
  const names: IndexName[] = [];
  await walkIndex(
    volume,
    index,
    () => 0,
    (node, entry) => {
      names.push(indexNameAt(node, entry, index.what));
    },
  );
  return names;
}

/**
 * Visits entries in their order. `side` says of a key that it is below the range asked for (below 0), in it (0), or behind it.
 * @throws NTFS_DAMAGED
 */
export async function walkIndex(
  volume: NtfsVolume,
  index: Index,
  side: (key: string) => number,
  visit: (node: Node, entry: Entry) => void,
): Promise<void> {
  const { what, kind } = index;
  const visited = new Set<number>();
  /** Whether the range goes on behind this node. */
  const walk = async (node: Node, depth: number): Promise<boolean> => {
    if (depth > MAX_DEPTH) throw damaged(`${what} has an index that is too deep`);
    for (const entry of entriesOf(node, what)) {
      const here = entry.last ? 1 : side(kind.keyAt(node, entry, what));
      if (here < 0) continue;
      if (entry.below !== null) {
        if (visited.has(entry.below)) throw damaged(`${what} has index block ${entry.below} twice`);
        visited.add(entry.below);
        if (!(await walk(await readNode(volume, index, entry.below), depth + 1))) return false;
      }
      if (entry.last) return true;
      if (here > 0) return false;
      visit(node, entry);
    }
    return true;
  };
  await walk(index.root, 0);
}
