/** Allocating and freeing blocks. With bigalloc everything here is whole clusters, still counted in blocks. */
import { isIronliftError } from '../../base/errors.ts';
import { ExtentList } from '../../base/extents.ts';
import { clearBits, nextBit, setBits, usedRuns } from '../bitmap.ts';
import { touchDescriptor } from './change.ts';
import { damaged, noSpace } from './errors.ts';
import {
  blockBitmapOf,
  flagsOf,
  freeClustersOf,
  groupBlocks,
  groupClusters,
  groupFirstBlock,
  groupHeadBlocks,
  inodeBitmapOf,
  inodeTableBlocks,
  inodeTableOf,
  setFreeClusters,
  setGroupFlags,
} from './groups.ts';
import { BG } from './layout.ts';
import { freeBlocksOf, setFreeBlocks } from './superblock.ts';
import { blockBitmapChecksumFits } from './used.ts';
import type { ExtVolume } from './volume.ts';

export interface BlockRange {
  start: number;
  length: number;
}

/** Blocks that no file may have: superblocks, descriptors, bitmaps, inode tables. */
export function systemBlocks(volume: ExtVolume): ExtentList {
  if (volume.system !== null) return volume.system;
  const { sb, groups } = volume;
  const places: { offset: number; length: number }[] = [];
  const tableLength = inodeTableBlocks(sb);
  for (let group = 0; group < sb.groupCount; group++) {
    const head = Math.min(groupHeadBlocks(sb, group), groupBlocks(sb, group));
    places.push({ offset: groupFirstBlock(sb, group), length: head });
    places.push({ offset: blockBitmapOf(sb, groups, group), length: 1 });
    places.push({ offset: inodeBitmapOf(sb, groups, group), length: 1 });
    places.push({ offset: inodeTableOf(sb, groups, group), length: tableLength });
  }
  return (volume.system = ExtentList.of(places));
}

/** @throws EXT_DAMAGED when a file claims blocks that hold the file system itself. */
export function refuseSystemBlocks(volume: ExtVolume, start: number, length: number): void {
  if (systemBlocks(volume).overlaps(start, length))
    throw damaged(`a file claims block ${start}, which belongs to the file system itself`, { start, length });
}

/** The parts of system blocks in a group, in clusters from its start. */
function* systemClusters(volume: ExtVolume, group: number): Generator<BlockRange> {
  const { sb } = volume;
  const first = groupFirstBlock(sb, group);
  const all = ExtentList.of([{ offset: first, length: groupBlocks(sb, group) }]);
  for (const { offset, length } of all.intersect(near(volume, first, groupBlocks(sb, group)))) {
    const start = Math.floor((offset - first) / sb.clusterBlocks);
    const end = Math.ceil((offset + length - first) / sb.clusterBlocks);
    yield { start, length: end - start };
  }
}

/** What the system blocks have in a range: the range without its gaps. */
function near(volume: ExtVolume, start: number, length: number): ExtentList {
  const gaps = systemBlocks(volume).gaps(start, length);
  return ExtentList.of([{ offset: start, length }]).subtract(gaps);
}

/** The block bitmap of a group. @throws EXT_DAMAGED when it cannot be believed. */
async function readBitmap(volume: ExtVolume, group: number): Promise<Uint8Array> {
  const { sb, groups } = volume;
  const place = blockBitmapOf(sb, groups, group);
  const clusters = groupClusters(sb, group);
  if ((flagsOf(sb, groups, group) & BG.blockUninit) !== 0 && sb.checkedDescriptors) {
    touchDescriptor(volume, group);
    return initialiseBitmap(volume, group, place, clusters);
  }
  if (!volume.checkedBitmaps.blocks.has(group)) {
    await checkBitmap(volume, group, place, clusters);
    volume.checkedBitmaps.blocks.add(group);
  }
  return volume.cache.read(place);
}

async function editBitmap(volume: ExtVolume, group: number): Promise<Uint8Array> {
  await readBitmap(volume, group);
  volume.change!.blockBitmaps.add(group);
  return volume.cache.edit(blockBitmapOf(volume.sb, volume.groups, group));
}

async function checkBitmap(volume: ExtVolume, group: number, place: number, clusters: number): Promise<void> {
  const { sb, groups } = volume;
  const bitmap = await volume.cache.read(place);
  const used = usedRuns(bitmap, clusters, () => undefined);
  const fits =
    blockBitmapChecksumFits(volume, group, bitmap) && clusters - used === freeClustersOf(sb, groups, group);
  if (!fits) throw damaged(`the block bitmap of group ${group} contradicts its descriptor`, { group });
  for (const { start, length } of systemClusters(volume, group)) {
    if (nextBit(bitmap, start, start + length, false) !== start + length)
      throw damaged(`the block bitmap of group ${group} has system blocks as free`, { group });
  }
}

/** A group used for the first time: its bitmap holds what belongs to the file system, and ones past its end. */
function initialiseBitmap(volume: ExtVolume, group: number, place: number, clusters: number): Uint8Array {
  const { sb, groups } = volume;
  const bitmap = volume.cache.fresh(place);
  for (const { start, length } of systemClusters(volume, group)) setBits(bitmap, start, length);
  const used = usedRuns(bitmap, clusters, () => undefined);
  if (clusters - used !== freeClustersOf(sb, groups, group))
    throw damaged(`the descriptor of unused group ${group} has a wrong number of free blocks`, { group });
  setBits(bitmap, clusters, sb.blockSize * 8 - clusters);
  setGroupFlags(sb, groups, group, flagsOf(sb, groups, group) & ~BG.blockUninit);
  volume.change!.blockBitmaps.add(group);
  volume.checkedBitmaps.blocks.add(group);
  return bitmap;
}

/** Makes sure that a group's block bitmap is there, as the kernel does when it takes the first inode of a group. */
export async function initialiseGroupBlocks(volume: ExtVolume, group: number): Promise<void> {
  if ((flagsOf(volume.sb, volume.groups, group) & BG.blockUninit) !== 0 && volume.sb.checkedDescriptors)
    await editBitmap(volume, group);
}

const groupOf = (volume: ExtVolume, block: number): number =>
  Math.floor((block - volume.sb.firstDataBlock) / volume.sb.blocksPerGroup);

/** Free runs shorter than this many clusters are passed over while longer ones can be found. */
const GOOD_RUN = 256;

/**
 * Takes `clusters` clusters, in as few pieces as are found near `goal` (a block). Groups whose bitmap is damaged are
 * passed over. @throws NO_SPACE_IN_GUEST
 */
export async function allocate(volume: ExtVolume, goal: number, clusters: number): Promise<BlockRange[]> {
  const { sb } = volume;
  const taken: BlockRange[] = [];
  if (freeBlocksOf(sb) < clusters * sb.clusterBlocks) throw noSpace(`${clusters * sb.clusterBlocks} blocks`);
  const goalGroup = Math.min(sb.groupCount - 1, Math.max(0, groupOf(volume, goal)));
  let left = clusters;
  for (const threshold of left > 1 ? [GOOD_RUN, 1] : [1]) {
    for (let i = 0; i <= sb.groupCount && left > 0; i++) {
      const group = (goalGroup + i) % sb.groupCount;
      if (freeClustersOf(sb, volume.groups, group) < Math.min(left, threshold)) continue;
      // The group of the goal comes first from the goal on, and last as a whole.
      const from =
        i === 0 ? Math.max(0, Math.floor((goal - groupFirstBlock(sb, group)) / sb.clusterBlocks)) : 0;
      for (const range of await takeInGroup(volume, group, from, left, Math.min(left, threshold))) {
        taken.push(range);
        left -= range.length / sb.clusterBlocks;
      }
    }
  }
  if (left > 0) throw noSpace(`${clusters * sb.clusterBlocks} blocks`);
  return taken;
}

async function takeInGroup(
  volume: ExtVolume,
  group: number,
  from: number,
  wanted: number,
  threshold: number,
): Promise<BlockRange[]> {
  const { sb } = volume;
  let bitmap: Uint8Array;
  try {
    bitmap = await readBitmap(volume, group);
    touchDescriptor(volume, group);
  } catch (error) {
    if (isIronliftError(error, 'EXT_DAMAGED')) return [];
    throw error;
  }
  const first = groupFirstBlock(sb, group);
  // A cluster cut by the end of the volume is not given out.
  const end = Math.floor(groupBlocks(sb, group) / sb.clusterBlocks);
  const found: BlockRange[] = [];
  let left = wanted;
  for (let bit = from; left > 0;) {
    bit = nextBit(bitmap, bit, end, false);
    if (bit >= end) break;
    const until = nextBit(bitmap, bit, Math.min(end, bit + left), true);
    if (until - bit >= Math.min(threshold, left)) {
      found.push({ start: bit, length: until - bit });
      left -= until - bit;
    }
    bit = until;
  }
  if (found.length === 0) return [];
  const edited = await editBitmap(volume, group);
  for (const { start, length } of found) setBits(edited, start, length);
  count(volume, group, left - wanted);
  return found.map(({ start, length }) => {
    const range = { start: first + start * sb.clusterBlocks, length: length * sb.clusterBlocks };
    volume.cache.forget(range.start, range.length);
    return range;
  });
}

/** `change` clusters more (or less) are free in the group and the volume. */
function count(volume: ExtVolume, group: number, change: number): void {
  const { sb, groups } = volume;
  touchDescriptor(volume, group);
  setFreeClusters(sb, groups, group, freeClustersOf(sb, groups, group) + change);
  setFreeBlocks(sb, freeBlocksOf(sb) + change * sb.clusterBlocks);
}

/** Gives whole clusters back. @throws EXT_DAMAGED when they are not in use, or not to be given back. */
export async function release(volume: ExtVolume, { start, length }: BlockRange): Promise<void> {
  const { sb } = volume;
  if (start + length > sb.blocksCount)
    throw damaged(`a file claims block ${start + length - 1} outside the volume`);
  refuseSystemBlocks(volume, start, length);
  volume.cache.forget(start, length);
  for (let at = start; at < start + length;) {
    const group = groupOf(volume, at);
    const first = groupFirstBlock(sb, group);
    const end = Math.min(start + length, first + groupBlocks(sb, group));
    const bit = Math.floor((at - first) / sb.clusterBlocks);
    const clusters = Math.ceil((end - at) / sb.clusterBlocks);
    const bitmap = await editBitmap(volume, group);
    if (nextBit(bitmap, bit, bit + clusters, false) !== bit + clusters)
      throw damaged(`a file holds block ${at}, which is marked as free`, { block: at });
    clearBits(bitmap, bit, clusters);
    count(volume, group, clusters);
    at = end;
  }
}
