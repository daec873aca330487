/** The superblock: geometry read once and checked against itself and the volume, counters read from its bytes in place. */
import { isPowerOfTwo, utf8, viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { readUuid } from '../../base/guid.ts';
import type { BlockSource } from '../../block/source.ts';
import { readBytes } from '../../block/source.ts';
import { superblockChecksum } from './checksum.ts';
import { cutShort, damaged } from './errors.ts';
import {
  COMPAT,
  EXT_MAGIC,
  GOOD_OLD_INODE_SIZE,
  INCOMPAT,
  RO_COMPAT,
  SB,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from './layout.ts';

export interface Superblock {
  /** The 1024 bytes; counters and feature words are read and changed here. */
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  readonly uuid: string;
  readonly label: string;
  /** Bytes. */
  readonly blockSize: number;
  readonly blocksCount: number;
  readonly inodesCount: number;
  /** Blocks per allocation unit: 1, or more with bigalloc. */
  readonly clusterBlocks: number;
  readonly firstDataBlock: number;
  readonly blocksPerGroup: number;
  readonly clustersPerGroup: number;
  readonly inodesPerGroup: number;
  readonly groupCount: number;
  /** First inode that is not reserved. */
  readonly firstInode: number;
  readonly inodeSize: number;
  readonly descriptorSize: number;
  /** Block that holds the primary superblock: 1 with blocks of 1 KiB, else 0. */
  readonly superblockBlock: number;
  /** Group descriptors carry checksums, and so their "uninitialised" flags may be believed. */
  readonly checkedDescriptors: boolean;
  readonly metadataChecksum: boolean;
  /** Start value of all CRC-32C sums of this volume. */
  readonly checksumSeed: number;
}

export const hasCompat = (sb: Superblock, bit: number): boolean =>
  (sb.view.getUint32(SB.compat, true) & bit) !== 0;
export const hasIncompat = (sb: Superblock, bit: number): boolean =>
  (sb.view.getUint32(SB.incompat, true) & bit) !== 0;
export const hasRoCompat = (sb: Superblock, bit: number): boolean =>
  (sb.view.getUint32(SB.roCompat, true) & bit) !== 0;

export function freeBlocksOf(sb: Superblock): number {
  const low = sb.view.getUint32(SB.freeBlocksLo, true);
  return hasIncompat(sb, INCOMPAT.bits64) ? low + sb.view.getUint32(SB.freeBlocksHi, true) * 2 ** 32 : low;
}

export function setFreeBlocks(sb: Superblock, count: number): void {
  sb.view.setUint32(SB.freeBlocksLo, count % 2 ** 32, true);
  if (hasIncompat(sb, INCOMPAT.bits64)) sb.view.setUint32(SB.freeBlocksHi, Math.floor(count / 2 ** 32), true);
}

/** @throws EXT_DAMAGED when a field is out of the format's bounds or the volume is too small for it. */
export function parseSuperblock(raw: Uint8Array<ArrayBuffer>, volumeSize: number): Superblock {
  const view = viewOf(raw);
  const u32 = (offset: number): number => view.getUint32(offset, true);
  const u16 = (offset: number): number => view.getUint16(offset, true);
  const demand = (holds: boolean, what: string): void => {
    if (!holds) throw damaged(`the superblock has ${what}`);
  };
  demand(u16(SB.magic) === EXT_MAGIC, 'no ext signature');
  const revision = u32(SB.revision);
  demand(revision <= 1, `an unknown revision (${revision})`);
  const incompat = revision === 0 ? 0 : u32(SB.incompat);
  const roCompat = revision === 0 ? 0 : u32(SB.roCompat);
  demand(
    revision === 1 || (u32(SB.compat) | u32(SB.incompat) | u32(SB.roCompat)) === 0,
    'features without revision 1',
  );

  const metadataChecksum = (roCompat & RO_COMPAT.metadataChecksum) !== 0;
  if (metadataChecksum) {
    demand(raw[SB.checksumType] === 1, 'an unknown checksum type');
    demand(u32(SB.checksum) === superblockChecksum(raw), 'a wrong checksum');
  }

  const logBlockSize = u32(SB.logBlockSize);
  demand(logBlockSize <= 6, `an impossible block size (1024 << ${logBlockSize})`);
  const blockSize = 1024 << logBlockSize;
  const bits64 = (incompat & INCOMPAT.bits64) !== 0;
  const blocksCount = u32(SB.blocksCountLo) + (bits64 ? u32(SB.blocksCountHi) * 2 ** 32 : 0);
  const firstDataBlock = u32(SB.firstDataBlock);
  const bigalloc = (roCompat & RO_COMPAT.bigalloc) !== 0;
  demand(firstDataBlock === (blockSize === 1024 && !bigalloc ? 1 : 0), 'a wrong first data block');
  demand(blocksCount > firstDataBlock, 'no blocks');
  if (blocksCount * blockSize > volumeSize) {
    throw cutShort(blocksCount * blockSize, volumeSize);
  }

  const logClusterSize = bigalloc ? u32(SB.logClusterSize) : logBlockSize;
  demand(logClusterSize >= logBlockSize && logClusterSize <= 20, 'an impossible cluster size');
  const clusterBlocks = 1 << (logClusterSize - logBlockSize);
  const blocksPerGroup = u32(SB.blocksPerGroup);
  const clustersPerGroup = bigalloc ? u32(SB.clustersPerGroup) : blocksPerGroup;
  demand(
    clustersPerGroup >= 8 && clustersPerGroup <= 8 * blockSize && clustersPerGroup % 8 === 0,
    'an impossible number of blocks per group',
  );
  demand(clustersPerGroup * clusterBlocks === blocksPerGroup, 'groups that are not whole clusters');
  const groupCount = Math.ceil((blocksCount - firstDataBlock) / blocksPerGroup);

  const inodeSize = revision === 0 ? GOOD_OLD_INODE_SIZE : u16(SB.inodeSize);
  demand(
    inodeSize >= GOOD_OLD_INODE_SIZE && inodeSize <= blockSize && isPowerOfTwo(inodeSize),
    'an impossible inode size',
  );
  const inodesPerGroup = u32(SB.inodesPerGroup);
  demand(inodesPerGroup >= 1 && inodesPerGroup <= 8 * blockSize, 'an impossible number of inodes per group');
  const inodesCount = u32(SB.inodesCount);
  demand(inodesCount === inodesPerGroup * groupCount, 'an inode count that does not fit its groups');
  const firstInode = revision === 0 ? 11 : u32(SB.firstInode);
  demand(firstInode >= 11 && firstInode <= inodesCount, 'an impossible first inode');

  const descriptorSize = bits64 ? u16(SB.descriptorSize) : 32;
  demand(
    isPowerOfTwo(descriptorSize) && descriptorSize >= (bits64 ? 64 : 32) && descriptorSize <= 1024,
    'an impossible descriptor size',
  );
  demand(u16(SB.reservedGdtBlocks) <= blockSize / 4, 'too many reserved descriptor blocks');
  demand(groupCount * descriptorSize <= MAX_DESCRIPTOR_BYTES, 'more groups than can be handled');

  return {
    raw,
    view,
    uuid: readUuid(raw, SB.uuid),
    label: utf8(raw, SB.label, 16),
    blockSize,
    blocksCount,
    inodesCount,
    clusterBlocks,
    firstDataBlock,
    blocksPerGroup,
    clustersPerGroup,
    inodesPerGroup,
    groupCount,
    firstInode,
    inodeSize,
    descriptorSize,
    superblockBlock: blockSize === 1024 ? 1 : 0,
    checkedDescriptors: metadataChecksum || (roCompat & RO_COMPAT.gdtChecksum) !== 0,
    metadataChecksum,
    checksumSeed:
      (incompat & INCOMPAT.checksumSeed) !== 0
        ? u32(SB.checksumSeed)
        : crc32c(0xffffffff, raw, SB.uuid, SB.uuid + 16),
  };
}

/** 64 MiB of descriptors: 128 TiB with blocks of 4 KiB. */
const MAX_DESCRIPTOR_BYTES = 64 << 20;

/** ext2, ext3 or ext4, as blkid tells them apart by their features. */
export function typeName(sb: Superblock): string {
  const incompat = sb.view.getUint32(SB.incompat, true);
  const roCompat = sb.view.getUint32(SB.roCompat, true);
  const ext3Incompat = INCOMPAT.filetype | INCOMPAT.recover | INCOMPAT.metaBg;
  const ext3RoCompat = RO_COMPAT.sparseSuper | RO_COMPAT.largeFile | RO_COMPAT.btreeDir;
  if ((incompat & ~ext3Incompat) !== 0 || (roCompat & ~ext3RoCompat) !== 0) return 'ext4';
  return hasCompat(sb, COMPAT.hasJournal) ? 'ext3' : 'ext2';
}

/** Where mke2fs puts the first backups: groups 1 and 3, 5, 7, 9 of volumes with default group sizes. */
function* backupPlaces(): Generator<{ group: number; offset: number }> {
  for (const group of [1, 3, 5, 7, 9]) {
    for (let logBlockSize = 0; logBlockSize <= 6; logBlockSize++) {
      const blockSize = 1024 << logBlockSize;
      yield { group, offset: (group * 8 * blockSize + (blockSize === 1024 ? 1 : 0)) * blockSize };
    }
  }
}

async function findBackup(volume: BlockSource): Promise<Superblock | null> {
  for (const { group, offset } of backupPlaces()) {
    if (offset + SUPERBLOCK_SIZE > volume.size) continue;
    const raw = await readBytes(volume, offset, SUPERBLOCK_SIZE);
    const view = viewOf(raw);
    if (view.getUint16(SB.magic, true) !== EXT_MAGIC || view.getUint16(SB.blockGroupNumber, true) !== group)
      continue;
    try {
      const sb = parseSuperblock(raw, volume.size);
      const start = (group * sb.blocksPerGroup + sb.firstDataBlock) * sb.blockSize;
      if (start === offset) return sb;
    } catch {
      // Not this one either.
    }
  }
  return null;
}

export interface FoundSuperblock {
  sb: Superblock;
  /** Why the primary one could not be used; null where it was. */
  backupBecause: string | null;
}

/** The primary superblock, or where that one is damaged the first backup that holds together. */
export async function findSuperblock(volume: BlockSource): Promise<FoundSuperblock> {
  if (volume.size < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE) throw damaged('the volume is too small to hold one');
  const raw = await readBytes(volume, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE);
  try {
    return { sb: parseSuperblock(raw, volume.size), backupBecause: null };
  } catch (error) {
    const backup = await findBackup(volume);
    if (backup === null) throw error;
    return { sb: backup, backupBecause: error instanceof Error ? error.message : 'it is unreadable' };
  }
}

/**
 * Whether this looks like an ext volume that is not a bare external journal. A wiped primary superblock (zeros) with a
 * good backup counts; one overwritten by something else does not, for then the volume most likely is something else.
 */
export async function looksLikeExt(volume: BlockSource): Promise<boolean> {
  if (volume.size < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE) return false;
  const raw = await readBytes(volume, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE);
  const view = viewOf(raw);
  if (view.getUint16(SB.magic, true) === EXT_MAGIC) {
    const bareJournal = (view.getUint32(SB.incompat, true) & INCOMPAT.journalDevice) !== 0;
    return !bareJournal && view.getUint32(SB.logBlockSize, true) <= 6;
  }
  return raw.every((byte) => byte === 0) && (await findBackup(volume)) !== null;
}
