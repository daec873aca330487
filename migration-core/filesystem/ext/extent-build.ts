/** Building an extent tree from a list of runs: leaves filled from the left, then their parents, up to the root in i_block. */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import {
  entriesPerNode,
  EXTENT_ENTRY,
  EXTENT_HEADER,
  EXTENT_MAGIC,
  MAX_EXTENT,
  nodeTail,
} from './extent-tree.ts';
import { iBlock, seedOf, type Inode } from './inode.ts';
import type { Run } from './run.ts';
import { rewriteBlock } from './rewrite.ts';
import type { ExtVolume } from './volume.ts';

/** One entry of a node: an extent, or in an inner node the child. */
interface Entry {
  logical: number;
  /** Stored length of an extent; of no meaning for a child. */
  length: number;
  block: number;
}

/** Runs cut to what one extent can hold. */
function extentsOf(runs: readonly Run[]): Entry[] {
  const entries: Entry[] = [];
  for (const run of runs) {
    const most = run.unwritten ? MAX_EXTENT - 1 : MAX_EXTENT;
    for (let at = 0; at < run.length; at += most) {
      const length = Math.min(most, run.length - at);
      entries.push({
        logical: run.logical + at,
        length: run.unwritten ? length + MAX_EXTENT : length,
        block: run.physical + at,
      });
    }
  }
  return entries;
}

const rootEntries = 4;

/** Node blocks that a tree for these runs takes. */
export function treeBlocks(volume: ExtVolume, runs: readonly Run[]): number {
  const perNode = entriesPerNode(volume.sb.blockSize);
  let blocks = 0;
  for (let count = extentsOf(runs).length; count > rootEntries;) {
    count = Math.ceil(count / perNode);
    blocks += count;
  }
  return blocks;
}

/** Writes the tree; `nodes` are exactly treeBlocks() blocks for it. */
export async function buildExtentTree(
  volume: ExtVolume,
  inode: Inode,
  runs: readonly Run[],
  nodes: readonly number[],
): Promise<void> {
  const perNode = entriesPerNode(volume.sb.blockSize);
  let entries = extentsOf(runs);
  let depth = 0;
  let next = 0;
  while (entries.length > rootEntries) {
    const parents: Entry[] = [];
    for (let at = 0; at < entries.length; at += perNode) {
      const block = nodes[next++]!;
      const bytes = new Uint8Array(volume.sb.blockSize);
      writeNode(bytes, entries.slice(at, at + perNode), depth, perNode);
      if (volume.sb.metadataChecksum) {
        const tail = nodeTail(perNode);
        viewOf(bytes).setUint32(tail, crc32c(seedOf(volume, inode), bytes, 0, tail), true);
      }
      await rewriteBlock(volume, block, bytes);
      parents.push({ logical: entries[at]!.logical, length: 0, block });
    }
    entries = parents;
    depth++;
  }
  writeNode(iBlock(inode), entries, depth, rootEntries);
}

function writeNode(bytes: Uint8Array, entries: readonly Entry[], depth: number, max: number): void {
  bytes.fill(0);
  const view = viewOf(bytes);
  view.setUint16(0, EXTENT_MAGIC, true);
  view.setUint16(2, entries.length, true);
  view.setUint16(4, max, true);
  view.setUint16(6, depth, true);
  entries.forEach(({ logical, length, block }, i) => {
    const at = EXTENT_HEADER + i * EXTENT_ENTRY;
    const low = block % 2 ** 32;
    const high = Math.floor(block / 2 ** 32);
    view.setUint32(at, logical, true);
    if (depth === 0) {
      view.setUint16(at + 4, length, true);
      view.setUint16(at + 6, high, true);
      view.setUint32(at + 8, low, true);
    } else {
      view.setUint32(at + 4, low, true);
      view.setUint16(at + 8, high, true);
    }
  });
}
