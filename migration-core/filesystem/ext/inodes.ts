/** Allocating and freeing inodes. */
import { crc32c } from '../../base/crc32c.ts';
import { clearBits, nextBit, setBits, testBit } from '../bitmap.ts';
import { initialiseGroupBlocks } from './blocks.ts';
import { touchDescriptor } from './change.ts';
import { damaged, noSpace } from './errors.ts';
import {
  flagsOf,
  freeInodesOf,
  inodeBitmapChecksumOf,
  inodeBitmapOf,
  inodeTableOf,
  itableUnusedOf,
  setFreeInodes,
  setGroupFlags,
  setItableUnused,
  setUsedDirs,
  usedDirsOf,
} from './groups.ts';
import { BG, SB } from './layout.ts';
import type { ExtVolume } from './volume.ts';

/** The inode bitmap of a group to be changed. @throws EXT_DAMAGED when it cannot be believed. */
async function editBitmap(volume: ExtVolume, group: number): Promise<Uint8Array> {
  const { sb, groups, checkedBitmaps } = volume;
  const place = inodeBitmapOf(sb, groups, group);
  const first = !checkedBitmaps.inodes.has(group);
  touchDescriptor(volume, group);
  let bitmap: Uint8Array;
  if ((flagsOf(sb, groups, group) & BG.inodeUninit) !== 0 && sb.checkedDescriptors) {
    bitmap = volume.cache.fresh(place);
    setBits(bitmap, sb.inodesPerGroup, sb.blockSize * 8 - sb.inodesPerGroup);
    setGroupFlags(sb, groups, group, flagsOf(sb, groups, group) & ~BG.inodeUninit);
    setItableUnused(sb, groups, group, sb.inodesPerGroup);
  } else {
    if (first && sb.metadataChecksum) {
      const sum = crc32c(sb.checksumSeed, await volume.cache.read(place), 0, sb.inodesPerGroup / 8);
      if (inodeBitmapChecksumOf(sb, groups, group) !== (sb.descriptorSize >= 64 ? sum : sum & 0xffff))
        throw damaged(`the inode bitmap of group ${group} has a wrong checksum`, { group });
    }
    bitmap = await volume.cache.edit(place);
  }
  checkedBitmaps.inodes.add(group);
  volume.change!.inodeBitmaps.add(group);
  return bitmap;
}

/** Takes a free inode, in the group of `near` where there is one. @throws NO_SPACE_IN_GUEST */
export async function allocateInode(volume: ExtVolume, near: number, directory: boolean): Promise<number> {
  const { sb, groups } = volume;
  const start = Math.floor((near - 1) / sb.inodesPerGroup);
  for (let i = 0; i < sb.groupCount; i++) {
    const group = (start + i) % sb.groupCount;
    if (freeInodesOf(sb, groups, group) === 0) continue;
    const reserved = Math.max(0, sb.firstInode - 1 - group * sb.inodesPerGroup);
    if (reserved >= sb.inodesPerGroup) continue;
    let bitmap: Uint8Array;
    try {
      bitmap = await editBitmap(volume, group);
    } catch {
      continue;
    }
    const bit = nextBit(bitmap, reserved, sb.inodesPerGroup, false);
    if (bit >= sb.inodesPerGroup) continue;
    setBits(bitmap, bit, 1);
    await initialiseGroupBlocks(volume, group);
    extendTable(volume, group, bit);
    count(volume, group, -1, directory ? 1 : 0);
    return group * sb.inodesPerGroup + bit + 1;
  }
  throw noSpace('another file (all inodes are in use)');
}

/** The table of a group is zeroed only as far as it was ever used. */
function extendTable(volume: ExtVolume, group: number, bit: number): void {
  const { sb, groups } = volume;
  if (!sb.checkedDescriptors) return;
  const used = sb.inodesPerGroup - Math.min(sb.inodesPerGroup, itableUnusedOf(sb, groups, group));
  if (bit < used) return;
  const perBlock = sb.blockSize / sb.inodeSize;
  const table = inodeTableOf(sb, groups, group);
  for (let block = Math.ceil(used / perBlock); block <= Math.floor(bit / perBlock); block++)
    volume.cache.fresh(table + block);
  touchDescriptor(volume, group);
  setItableUnused(sb, groups, group, sb.inodesPerGroup - bit - 1);
}

function count(volume: ExtVolume, group: number, inodes: number, directories: number): void {
  const { sb, groups } = volume;
  touchDescriptor(volume, group);
  setFreeInodes(sb, groups, group, freeInodesOf(sb, groups, group) + inodes);
  if (directories !== 0)
    setUsedDirs(sb, groups, group, Math.max(0, usedDirsOf(sb, groups, group) + directories));
  sb.view.setUint32(SB.freeInodes, sb.view.getUint32(SB.freeInodes, true) + inodes, true);
}

/** Gives an inode back. @throws EXT_DAMAGED when it is not in use. */
export async function releaseInode(volume: ExtVolume, ino: number, directory: boolean): Promise<void> {
  const { sb } = volume;
  const group = Math.floor((ino - 1) / sb.inodesPerGroup);
  const bit = (ino - 1) % sb.inodesPerGroup;
  const bitmap = await editBitmap(volume, group);
  if (!testBit(bitmap, bit)) throw damaged(`inode ${ino} is in use and marked as free`, { ino });
  clearBits(bitmap, bit, 1);
  count(volume, group, 1, directory ? -1 : 0);
}
