/**
 * Changes are all or nothing: everything a change does to metadata can be taken back until it is over, and the contents
 * of files are written only when nothing but the medium can fail any more.
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import { crc32c } from '../../base/crc32c.ts';
import { superblockChecksum } from './checksum.ts';
import { damaged, readOnlyVolume } from './errors.ts';
import {
  blockBitmapOf,
  descriptorChecksum,
  descriptorTrusted,
  inodeBitmapOf,
  tableBlockPlace,
} from './groups.ts';
import { GD, SB, SUPERBLOCK_OFFSET } from './layout.ts';
import { writeQuotas } from './quota.ts';
import { mergeUsage, noUsage } from './usage.ts';
import type { ExtVolume } from './volume.ts';

/** Metadata waiting in memory beyond this is written when a change is over. */
const DIRTY_LIMIT = 32 << 20;

/** Runs `work` as one change. @throws EXT_READ_ONLY, and whatever `work` throws, after all of it was taken back. */
export async function changing<T>(volume: ExtVolume, work: () => Promise<T>): Promise<T> {
  if (volume.readOnlyBecause !== null) throw readOnlyVolume(volume.readOnlyBecause);
  const result = await attempt(volume, work);
  if (volume.cache.dirtyBytes > DIRTY_LIMIT) await flushVolume(volume);
  return result;
}

async function attempt<T>(volume: ExtVolume, work: () => Promise<T>): Promise<T> {
  const superblock = volume.sb.raw.slice();
  const change = {
    descriptors: new Map<number, Uint8Array>(),
    blockBitmaps: new Set<number>(),
    inodeBitmaps: new Set<number>(),
    contents: [],
    usage: noUsage(),
  };
  volume.change = change;
  volume.cache.begin();
  try {
    const result = await work();
    for (const { place, bytes } of volume.change.contents) await volume.blocks.write(bytes, place);
    volume.cache.commit();
    keep(volume);
    return result;
  } catch (error) {
    volume.cache.rollback();
    volume.sb.raw.set(superblock);
    for (const [group, bytes] of change.descriptors)
      volume.groups.raw.set(bytes, group * volume.sb.descriptorSize);
    volume.names.clear();
    throw error;
  } finally {
    volume.change = null;
  }
}

function keep(volume: ExtVolume): void {
  const { change, pending } = volume;
  if (change === null) return;
  for (const group of change.descriptors.keys()) {
    sealDescriptor(volume, group);
    pending.descriptors.add(group);
  }
  for (const group of change.blockBitmaps) pending.blockBitmaps.add(group);
  for (const group of change.inodeBitmaps) pending.inodeBitmaps.add(group);
  mergeUsage(pending.usage, change.usage);
  pending.superblock = true;
}

/** To be called before a descriptor is changed. @throws EXT_DAMAGED when its checksum is wrong to begin with. */
export function touchDescriptor(volume: ExtVolume, group: number): void {
  const { descriptors } = volume.change!;
  if (descriptors.has(group)) return;
  if (volume.sb.checkedDescriptors && !descriptorTrusted(volume.sb, volume.groups, group))
    throw damaged(`the descriptor of group ${group} has a wrong checksum`, { group });
  const size = volume.sb.descriptorSize;
  descriptors.set(group, volume.groups.raw.slice(group * size, (group + 1) * size));
}

function sealDescriptor({ sb, groups }: ExtVolume, group: number): void {
  if (!sb.checkedDescriptors) return;
  groups.view.setUint16(group * sb.descriptorSize + GD.checksum, descriptorChecksum(sb, groups, group), true);
}

export async function flushVolume(volume: ExtVolume, signal?: AbortSignal): Promise<void> {
  const { pending } = volume;
  if (!pending.superblock) return;
  throwIfCancelled(signal);
  await writeQuotas(volume, (work) => attempt(volume, work));
  await sealBitmaps(volume);
  await writeDescriptors(volume);
  await volume.cache.flush();
  const { sb } = volume;
  if (sb.metadataChecksum) sb.view.setUint32(SB.checksum, superblockChecksum(sb.raw), true);
  await volume.blocks.write(sb.raw, SUPERBLOCK_OFFSET);
  pending.superblock = false;
}

async function sealBitmaps(volume: ExtVolume): Promise<void> {
  const { sb, groups, pending } = volume;
  if (sb.metadataChecksum) {
    const seal = async (
      group: number,
      block: number,
      bytes: number,
      low: number,
      high: number,
    ): Promise<void> => {
      const sum = crc32c(sb.checksumSeed, await volume.cache.read(block), 0, bytes);
      const at = group * sb.descriptorSize;
      groups.view.setUint16(at + low, sum & 0xffff, true);
      if (sb.descriptorSize >= 64) groups.view.setUint16(at + high, sum >>> 16, true);
      pending.descriptors.add(group);
    };
    for (const group of pending.blockBitmaps) {
      const place = blockBitmapOf(sb, groups, group);
      await seal(group, place, sb.clustersPerGroup / 8, GD.blockBitmapChecksumLo, GD.blockBitmapChecksumHi);
    }
    for (const group of pending.inodeBitmaps) {
      const place = inodeBitmapOf(sb, groups, group);
      await seal(group, place, sb.inodesPerGroup / 8, GD.inodeBitmapChecksumLo, GD.inodeBitmapChecksumHi);
    }
  }
  pending.blockBitmaps.clear();
  pending.inodeBitmaps.clear();
}

async function writeDescriptors(volume: ExtVolume): Promise<void> {
  const { sb, groups, pending } = volume;
  const perBlock = sb.blockSize / sb.descriptorSize;
  const blocks = new Set<number>();
  for (const group of pending.descriptors) {
    sealDescriptor(volume, group);
    blocks.add(Math.floor(group / perBlock));
  }
  for (const index of blocks) {
    // The last table block may be longer than the descriptors in it; what lies behind them stays.
    const bytes = groups.raw.subarray(index * sb.blockSize, (index + 1) * sb.blockSize);
    await volume.blocks.write(bytes, tableBlockPlace(sb, index) * sb.blockSize);
  }
  pending.descriptors.clear();
}
