/** Changing where a file's blocks lie: the whole list of runs is read, changed and stored, whatever its form on disk. */
import { ExtentList } from '../../base/extents.ts';
import { IronliftError } from '../../base/errors.ts';
import { allocate, refuseSystemBlocks, release } from './blocks.ts';
import { damaged } from './errors.ts';
import { buildExtentTree, treeBlocks } from './extent-build.ts';
import { walkExtentTree } from './extent-tree.ts';
import { walkPointers } from './indirect.ts';
import { buildPointers, pointerBlocks } from './indirect-build.ts';
import { allocatedBytes, hasFlag, setAllocatedBytes, type Inode } from './inode.ts';
import { INODE_FLAG } from './layout.ts';
import { pushRun, type Run } from './run.ts';
import type { ExtVolume } from './volume.ts';

export interface FileMap {
  runs: Run[];
  /** Blocks of the tree, from the top down. */
  nodes: number[];
}

/** A file in more pieces than this is not changed: its map alone would fill the memory. */
const MAX_RUNS = 1_000_000;

export async function loadMap(volume: ExtVolume, inode: Inode): Promise<FileMap> {
  const map: FileMap = { runs: [], nodes: [] };
  const walk = {
    start: 0,
    end: Infinity,
    onRun: (run: Run) => {
      pushRun(map.runs, run);
      if (map.runs.length > MAX_RUNS) {
        throw new IronliftError('NOT_SUPPORTED', 'A file is too fragmented to be changed.', {
          next: 'Defragment it on the server, or leave it as it is.',
        });
      }
    },
    onNode: (block: number) => {
      map.nodes.push(block);
    },
  };
  if (hasFlag(inode, INODE_FLAG.extents)) await walkExtentTree(volume, inode, walk);
  else await walkPointers(volume, inode, walk);
  for (const run of map.runs) refuseSystemBlocks(volume, run.physical, run.length);
  for (const node of map.nodes) refuseSystemBlocks(volume, node, 1);
  return map;
}

/** The clusters that runs lie in, as block ranges. */
function clustersOf(volume: ExtVolume, runs: readonly Run[]): ExtentList {
  const size = volume.sb.clusterBlocks;
  const first = volume.sb.firstDataBlock;
  const pieces = runs.map(({ physical, length }) => {
    const start = Math.floor((physical - first) / size) * size;
    const end = Math.ceil((physical - first + length) / size) * size;
    return { offset: first + start, length: end - start };
  });
  return ExtentList.of(pieces);
}

/**
 * Stores a new list of runs: clusters no longer in it are given back, blocks of the tree are reused, taken or given back
 * as needed, and i_blocks is set. The blocks of new runs have been allocated before. The caller stores the inode.
 */
export async function storeMap(
  volume: ExtVolume,
  inode: Inode,
  old: FileMap,
  runs: readonly Run[],
): Promise<FileMap> {
  const before = clustersOf(volume, old.runs);
  const after = clustersOf(volume, runs);
  const { sb } = volume;
  for (const { offset, length } of before.subtract(after))
    await release(volume, { start: offset, length: Math.min(length, sb.blocksCount - offset) });

  const extents = hasFlag(inode, INODE_FLAG.extents);
  const wanted = extents ? treeBlocks(volume, runs) : pointerBlocks(volume, runs);
  const nodes = old.nodes.slice(0, wanted);
  for (const node of old.nodes.slice(wanted)) await releaseMeta(volume, node);
  if (nodes.length < wanted) {
    const goal = nodes.at(-1) ?? runs[0]?.physical ?? sb.firstDataBlock;
    for (const { start, length } of await allocate(volume, goal, wanted - nodes.length))
      for (let at = 0; at < length; at += sb.clusterBlocks) nodes.push(start + at);
  }
  if (!extents) refuseHighBlocks(runs, nodes);
  await (extents ? buildExtentTree : buildPointers)(volume, inode, runs, nodes);
  // i_blocks also counts attributes kept elsewhere, so only what changes here is added to it.
  const moreNodes = (nodes.length - old.nodes.length) * sb.clusterBlocks;
  const change = (after.bytes - before.bytes + moreNodes) * sb.blockSize;
  setAllocatedBytes(volume, inode, Math.max(0, allocatedBytes(volume, inode) + change));
  return { runs: [...runs], nodes };
}

/** Gives back the cluster of a single metadata block. */
export async function releaseMeta(volume: ExtVolume, block: number): Promise<void> {
  const { clusterBlocks, firstDataBlock } = volume.sb;
  const start = firstDataBlock + Math.floor((block - firstDataBlock) / clusterBlocks) * clusterBlocks;
  await release(volume, { start, length: Math.min(clusterBlocks, volume.sb.blocksCount - start) });
}

/** Block pointers have 32 bits. */
function refuseHighBlocks(runs: readonly Run[], nodes: readonly number[]): void {
  if (runs.every((run) => run.physical + run.length <= 2 ** 32) && nodes.every((node) => node < 2 ** 32))
    return;
  throw new IronliftError(
    'NOT_SUPPORTED',
    'A file with block pointers cannot use blocks this far into the volume.',
    {
      next: 'Put the file on another file system.',
    },
  );
}

/**
 * Takes blocks for the logical range [start, end), which is a hole. With bigalloc the parts of clusters that the file has
 * already come first. `goal` is where to look first; right behind the blocks before unless told. Returns the new runs alone.
 */
export async function fillHole(
  volume: ExtVolume,
  existing: readonly Run[],
  start: number,
  end: number,
  goal?: number,
): Promise<Run[]> {
  const size = volume.sb.clusterBlocks;
  const added: Run[] = [];
  /** Where the cluster of logical cluster `at` begins on the volume, if the file has it. */
  const ownerOf = (at: number): number | null => {
    const run = nearRun(existing, at, at + size) ?? nearRun(added.slice(-1), at, at + size);
    return run === null ? null : run.physical - run.logical + at;
  };
  for (let at = start; at < end;) {
    const cluster = Math.floor(at / size) * size;
    const owner = size === 1 ? null : ownerOf(cluster);
    if (owner !== null) {
      const until = Math.min(end, cluster + size);
      pushRun(added, { logical: at, physical: owner + at - cluster, length: until - at, unwritten: false });
      at = until;
      continue;
    }
    const lastCluster = Math.floor((end - 1) / size) * size;
    const tailOwned = size > 1 && lastCluster > cluster && ownerOf(lastCluster) !== null;
    const until = tailOwned ? lastCluster : end;
    for (const range of await allocate(
      volume,
      goal ?? goalFor(volume, existing, at),
      Math.ceil((until - cluster) / size),
    )) {
      const skipped = at - Math.floor(at / size) * size;
      const length = Math.min(range.length - skipped, until - at);
      pushRun(added, { logical: at, physical: range.start + skipped, length, unwritten: false });
      at += length;
    }
  }
  return added;
}

/** The run that reaches into [start, end), by binary search. */
function nearRun(runs: readonly Run[], start: number, end: number): Run | null {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs[middle]!.logical + runs[middle]!.length <= start) low = middle + 1;
    else high = middle;
  }
  const run = runs[low];
  return run !== undefined && run.logical < end ? run : null;
}

/** Blocks are best taken right after those before them in the file. */
function goalFor(volume: ExtVolume, runs: readonly Run[], logical: number): number {
  let before: Run | undefined;
  for (const run of runs) {
    if (run.logical > logical) break;
    before = run;
  }
  if (before === undefined) return volume.sb.firstDataBlock;
  const goal = before.physical + before.length;
  if (goal > volume.sb.blocksCount) throw damaged('a file ends outside the volume');
  return goal;
}
