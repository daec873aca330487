/**
 * Extent trees ("Extent Tree" in the kernel documentation). A node is a header of 12 bytes and entries of 12; the root
 * sits in i_block, every other node fills a block, with its checksum right after the last possible entry.
 *
 *   header  0 magic F30A  2 entries  4 max  6 depth (0: leaf)  8 generation
 *   extent  0 logical u32  4 length u16 (above 32768: that much less, unwritten)  6 physical hi u16  8 physical lo u32
 *   index   0 logical u32  4 child lo u32  8 child hi u16
 */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { damaged } from './errors.ts';
import { iBlock, seedOf, type Inode } from './inode.ts';
import { clipRun, pushRun, type Run } from './run.ts';
import type { ExtVolume } from './volume.ts';

export const EXTENT_MAGIC = 0xf30a;
export const EXTENT_HEADER = 12;
export const EXTENT_ENTRY = 12;
/** Blocks in one written extent; an unwritten one holds one less. */
export const MAX_EXTENT = 32768;
const MAX_DEPTH = 5;

export const entriesPerNode = (bytes: number): number => Math.floor((bytes - EXTENT_HEADER) / EXTENT_ENTRY);

/** Where the checksum of a node block lies: after all the entries it could hold. */
export const nodeTail = (max: number): number => EXTENT_HEADER + max * EXTENT_ENTRY;

export interface TreeWalk {
  /** First logical block wanted and the first not wanted any more. */
  start: number;
  end: number;
  onRun: (run: Run) => void;
  /** Every node block passed. */
  onNode?: (block: number) => void;
}

interface Descent {
  volume: ExtVolume;
  inode: Inode;
  walk: TreeWalk;
  /** Everything before this logical block is behind us: what does not ascend is damaged, and so nothing loops. */
  next: number;
}

export async function walkExtentTree(volume: ExtVolume, inode: Inode, walk: TreeWalk): Promise<void> {
  const root = iBlock(inode);
  const depth = viewOf(root).getUint16(6, true);
  if (depth > MAX_DEPTH) throw broken(inode, 'is too deep');
  await walkNode({ volume, inode, walk, next: 0 }, root, depth, Infinity);
}

const broken = (inode: Inode, what: string): Error =>
  damaged(`the extent tree of inode ${inode.ino} ${what}`, { ino: inode.ino });

async function walkNode(descent: Descent, node: Uint8Array, depth: number, limit: number): Promise<void> {
  const { volume, inode, walk } = descent;
  const view = viewOf(node);
  const isRoot = node.length < volume.sb.blockSize;
  const entries = view.getUint16(2, true);
  const max = view.getUint16(4, true);
  if (view.getUint16(0, true) !== EXTENT_MAGIC) throw broken(inode, 'has a node without signature');
  if (view.getUint16(6, true) !== depth) throw broken(inode, 'has a node of the wrong depth');
  if (entries > max || max > entriesPerNode(node.length) || max === 0)
    throw broken(inode, 'has an overfull node');
  if (entries === 0 && !(isRoot && depth === 0)) throw broken(inode, 'has an empty node');
  for (let i = 0; i < entries; i++) {
    const at = EXTENT_HEADER + i * EXTENT_ENTRY;
    const logical = view.getUint32(at, true);
    if (logical < descent.next || logical >= limit) throw broken(inode, 'does not ascend');
    if (depth === 0) {
      const run = extentAt(volume, inode, view, at);
      descent.next = logical + run.length;
      const part = clipRun(run, walk.start, walk.end);
      if (part !== null) walk.onRun(part);
      if (descent.next >= walk.end) return;
    } else {
      if (logical >= walk.end) return;
      const until = i + 1 < entries ? view.getUint32(at + EXTENT_ENTRY, true) : limit;
      if (until <= logical) throw broken(inode, 'does not ascend');
      descent.next = logical;
      if (until <= walk.start) continue;
      const child = view.getUint32(at + 4, true) + view.getUint16(at + 8, true) * 2 ** 32;
      walk.onNode?.(child);
      await walkNode(descent, await readNode(volume, inode, child), depth - 1, until);
    }
  }
}

function extentAt(volume: ExtVolume, inode: Inode, view: DataView, at: number): Run {
  const stored = view.getUint16(at + 4, true);
  const unwritten = stored > MAX_EXTENT;
  const run: Run = {
    logical: view.getUint32(at, true),
    physical: view.getUint32(at + 8, true) + view.getUint16(at + 6, true) * 2 ** 32,
    length: unwritten ? stored - MAX_EXTENT : stored,
    unwritten,
  };
  const { sb } = volume;
  if (run.length === 0 || run.physical <= sb.superblockBlock || run.physical + run.length > sb.blocksCount)
    throw broken(inode, 'points outside the volume');
  if (run.logical + run.length > 2 ** 32) throw broken(inode, 'goes past the largest file');
  return run;
}

async function readNode(volume: ExtVolume, inode: Inode, block: number): Promise<Uint8Array> {
  const node = await volume.cache.read(block);
  if (volume.sb.metadataChecksum) {
    const view = viewOf(node);
    const tail = nodeTail(view.getUint16(4, true));
    if (tail + 4 > node.length || view.getUint32(tail, true) !== crc32c(seedOf(volume, inode), node, 0, tail))
      throw broken(inode, 'has a node with a wrong checksum');
  }
  return node;
}

/** Runs of [start, end) in logical blocks. */
export async function extentRuns(
  volume: ExtVolume,
  inode: Inode,
  start: number,
  end: number,
): Promise<Run[]> {
  const runs: Run[] = [];
  await walkExtentTree(volume, inode, { start, end, onRun: (run) => pushRun(runs, run) });
  return runs;
}
