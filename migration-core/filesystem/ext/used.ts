/**
 * Which bytes of the volume hold anything: what the block bitmaps say, and all metadata. Left out although its blocks are
 * allocated: inode tables past the last inode ever used, bitmaps that were never initialised (both only where the group's
 * descriptor has a checksum that fits), and a clean journal but for its superblock, which the kernel and e2fsck are
 * content to find as zeros.
 *
 * A bitmap whose checksum or number of free clusters does not fit its descriptor is not believed: the whole group counts
 * as used, and a finding says so.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import { crc32c } from '../../base/crc32c.ts';
import { ExtentList, type Extent } from '../../base/extents.ts';
import { usedRuns } from '../bitmap.ts';
import {
  blockBitmapChecksumOf,
  blockBitmapOf,
  freeClustersOf,
  groupBlocks,
  groupClusters,
  groupFirstBlock,
  groupHeadBlocks,
  inodeBitmapOf,
  inodeTableBlocks,
  inodeTableOf,
  isUninit,
  usedInodeSlots,
} from './groups.ts';
import { skippableJournal } from './journal-file.ts';
import { BG } from './layout.ts';
import type { Superblock } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

const READ_RUN = 1 << 20;

export async function usedExtents(volume: ExtVolume, signal?: AbortSignal): Promise<ExtentList> {
  const { sb } = volume;
  if (volume.bitmapsDoubtfulBecause !== null)
    return ExtentList.of([{ offset: 0, length: sb.blocksCount * sb.blockSize }]);

  const { always, never } = metadataPlaces(volume);
  for (const run of await skippableJournal(volume)) never.push(bytesOf(sb, run.physical, run.length));
  const used = new Subtracting(ExtentList.of(never));
  const doubted: number[] = [];
  for await (const { group, bitmap } of blockBitmaps(volume, signal)) {
    const first = groupFirstBlock(sb, group);
    const blocks = groupBlocks(sb, group);
    const addWhole = (): void => used.add(first * sb.blockSize, blocks * sb.blockSize);
    if (bitmap === null) continue;
    if (!bitmapFits(volume, group, bitmap)) {
      doubted.push(group);
      addWhole();
      continue;
    }
    usedRuns(bitmap, groupClusters(sb, group), (start, length) => {
      const from = start * sb.clusterBlocks;
      const count = Math.min(length * sb.clusterBlocks, blocks - from);
      used.add((first + from) * sb.blockSize, count * sb.blockSize);
    });
  }
  if (doubted.length > 0) reportDoubted(volume, doubted);
  const list = used.list;
  // Nearly all of this is in the bitmaps already: only what is missing is inserted.
  for (const extent of ExtentList.of(always))
    for (const gap of list.gaps(extent.offset, extent.length)) list.add(gap.offset, gap.length);
  return list;
}

const bytesOf = (sb: Superblock, block: number, count: number): Extent => ({
  offset: block * sb.blockSize,
  length: count * sb.blockSize,
});

function metadataPlaces(volume: ExtVolume): { always: Extent[]; never: Extent[] } {
  const { sb, groups } = volume;
  const always: Extent[] = [{ offset: 0, length: (sb.superblockBlock + 1) * sb.blockSize }];
  const never: Extent[] = [];
  const tableLength = inodeTableBlocks(sb);
  for (let group = 0; group < sb.groupCount; group++) {
    const head = Math.min(groupHeadBlocks(sb, group), groupBlocks(sb, group));
    always.push(bytesOf(sb, groupFirstBlock(sb, group), head));
    const blockBitmap = bytesOf(sb, blockBitmapOf(sb, groups, group), 1);
    (isUninit(sb, groups, group, BG.blockUninit) ? never : always).push(blockBitmap);
    const inodeBitmap = bytesOf(sb, inodeBitmapOf(sb, groups, group), 1);
    (isUninit(sb, groups, group, BG.inodeUninit) ? never : always).push(inodeBitmap);
    const usedTable = Math.ceil((usedInodeSlots(sb, groups, group) * sb.inodeSize) / sb.blockSize);
    const table = inodeTableOf(sb, groups, group);
    always.push(bytesOf(sb, table, usedTable));
    never.push(bytesOf(sb, table + usedTable, tableLength - usedTable));
  }
  return { always, never };
}

/** Bitmaps of all groups in order, neighbours read together (flex_bg puts 16 in a row); null for a group never used. */
async function* blockBitmaps(
  volume: ExtVolume,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ group: number; bitmap: Uint8Array | null }> {
  const { sb, groups } = volume;
  const perRead = Math.max(1, Math.floor(READ_RUN / sb.blockSize));
  const buffer = new Uint8Array(perRead * sb.blockSize);
  const initialised = (group: number): boolean => !isUninit(sb, groups, group, BG.blockUninit);
  for (let group = 0; group < sb.groupCount;) {
    if (!initialised(group)) {
      yield { group, bitmap: null };
      group++;
      continue;
    }
    throwIfCancelled(signal);
    const start = blockBitmapOf(sb, groups, group);
    let count = 1;
    while (
      count < perRead &&
      group + count < sb.groupCount &&
      blockBitmapOf(sb, groups, group + count) === start + count &&
      initialised(group + count)
    )
      count++;
    await volume.blocks.read(buffer.subarray(0, count * sb.blockSize), start * sb.blockSize);
    for (let i = 0; i < count; i++)
      yield { group: group + i, bitmap: buffer.subarray(i * sb.blockSize, (i + 1) * sb.blockSize) };
    group += count;
  }
}

function bitmapFits(volume: ExtVolume, group: number, bitmap: Uint8Array): boolean {
  const { sb, groups } = volume;
  if (!blockBitmapChecksumFits(volume, group, bitmap)) return false;
  const clusters = groupClusters(sb, group);
  const used = usedRuns(bitmap, clusters, () => undefined);
  return clusters - used === freeClustersOf(sb, groups, group);
}

/** Whether the checksum of a block bitmap, where there is one, is the one in its group's descriptor. */
export function blockBitmapChecksumFits(volume: ExtVolume, group: number, bitmap: Uint8Array): boolean {
  const { sb, groups } = volume;
  if (!sb.metadataChecksum) return true;
  const sum = crc32c(sb.checksumSeed, bitmap, 0, sb.clustersPerGroup / 8);
  return blockBitmapChecksumOf(sb, groups, group) === (sb.descriptorSize >= 64 ? sum : sum & 0xffff);
}

function reportDoubted(volume: ExtVolume, groups: number[]): void {
  const code = 'EXT_BITMAP_DOUBTFUL';
  if (volume.findings.some((finding) => finding.code === code)) return;
  volume.findings.push({
    severity: 'warning',
    code,
    message: `The allocation map of ${groups.length} block group(s) contradicts itself, the first being group ${groups[0]}; they are copied whole.`,
    next: 'Run e2fsck on the server when it can be taken down.',
  });
}

/** An ascending list that leaves out the ranges of another while it is filled. */
class Subtracting {
  readonly list = new ExtentList();
  readonly #without: ExtentList;
  #next = 0;

  constructor(without: ExtentList) {
    this.#without = without;
  }

  add(offset: number, length: number): void {
    const end = offset + length;
    let at = offset;
    const without = this.#without;
    while (this.#next < without.count && without.endAt(this.#next) <= at) this.#next++;
    for (let i = this.#next; i < without.count && without.startAt(i) < end; i++) {
      if (without.startAt(i) > at) this.list.add(at, without.startAt(i) - at);
      at = Math.max(at, without.endAt(i));
    }
    if (at < end) this.list.add(at, end - at);
  }
}
