/** Block group descriptors: where the table lies, reading it, its fields, its checksums. */
import { viewOf } from '../../base/bytes.ts';
import type { BlockSource } from '../../block/source.ts';
import { descriptorCrc16, descriptorCrc32c } from './checksum.ts';
import { damaged } from './errors.ts';
import { BG, COMPAT, GD, INCOMPAT, RO_COMPAT, SB } from './layout.ts';
import { hasCompat, hasIncompat, hasRoCompat, type Superblock } from './superblock.ts';

export interface GroupTable {
  /** All descriptors in a row, `descriptorSize` bytes each. */
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

export const groupFirstBlock = (sb: Superblock, group: number): number =>
  sb.firstDataBlock + group * sb.blocksPerGroup;

/** Blocks in a group: the last one may be short. */
export const groupBlocks = (sb: Superblock, group: number): number =>
  Math.min(sb.blocksPerGroup, sb.blocksCount - groupFirstBlock(sb, group));

/** Clusters in a group; the last may be cut by the end of the volume and still counts. */
export const groupClusters = (sb: Superblock, group: number): number =>
  Math.ceil(groupBlocks(sb, group) / sb.clusterBlocks);

function isPowerOf(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

/** Whether the group begins with a copy of the superblock. */
export function hasSuperblockCopy(sb: Superblock, group: number): boolean {
  if (group === 0) return true;
  if (hasCompat(sb, COMPAT.sparseSuper2))
    return (
      group === sb.view.getUint32(SB.backupGroups, true) ||
      group === sb.view.getUint32(SB.backupGroups + 4, true)
    );
  if (group === 1 || !hasRoCompat(sb, RO_COMPAT.sparseSuper)) return true;
  return isPowerOf(group, 3) || isPowerOf(group, 5) || isPowerOf(group, 7);
}

const perBlock = (sb: Superblock): number => sb.blockSize / sb.descriptorSize;

/** Number of blocks of the descriptor table. */
export const tableBlocks = (sb: Superblock): number => Math.ceil(sb.groupCount / perBlock(sb));

/** Table blocks from here on are spread over their own groups (meta_bg). */
const firstMeta = (sb: Superblock): number =>
  hasIncompat(sb, INCOMPAT.metaBg) ? sb.view.getUint32(SB.firstMetaBg, true) : Infinity;

/** Where block `index` of the descriptor table lies: the primary one, or with `copy` the backup in that group. */
export function tableBlockPlace(sb: Superblock, index: number, copy = 0): number {
  if (index < firstMeta(sb))
    return groupFirstBlock(sb, copy) + (copy === 0 ? superblockOffset(sb) : 0) + 1 + index;
  const group = index * perBlock(sb) + (copy === 0 ? 0 : 1);
  return (
    groupFirstBlock(sb, group) +
    (hasSuperblockCopy(sb, group) ? 1 : 0) +
    (group === 0 ? superblockOffset(sb) : 0)
  );
}

/** With bigalloc and blocks of 1 KiB group 0 begins a block before its superblock. */
const superblockOffset = (sb: Superblock): number => sb.superblockBlock - sb.firstDataBlock;

/** Number of blocks at the start of a group taken by copies of superblock and descriptors, reserved ones included. */
export function groupHeadBlocks(sb: Superblock, group: number): number {
  const copy = hasSuperblockCopy(sb, group);
  let blocks = copy ? 1 + (group === 0 ? superblockOffset(sb) : 0) : 0;
  const meta = firstMeta(sb);
  const index = Math.floor(group / perBlock(sb));
  if (index < meta) {
    if (copy) blocks += Math.min(tableBlocks(sb), meta) + sb.view.getUint16(SB.reservedGdtBlocks, true);
  } else {
    const within = group - index * perBlock(sb);
    if (within === 0 || within === 1 || within === perBlock(sb) - 1) blocks += 1;
  }
  return blocks;
}

/**
 * Reads the table: the primary one, or where its pointers cannot be, the backup in group 1, 3, 5 or 7.
 * @throws EXT_DAMAGED when none holds together.
 */
export async function readGroups(
  blocks: BlockSource,
  sb: Superblock,
): Promise<{ groups: GroupTable; fromBackup: boolean }> {
  let first: unknown;
  for (const copy of [0, 1, 3, 5, 7]) {
    if (copy >= sb.groupCount || !hasSuperblockCopy(sb, copy)) continue;
    try {
      return { groups: await readTable(blocks, sb, copy), fromBackup: copy !== 0 };
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function readTable(blocks: BlockSource, sb: Superblock, copy: number): Promise<GroupTable> {
  const count = tableBlocks(sb);
  const raw = new Uint8Array(count * sb.blockSize);
  for (let at = 0; at < count;) {
    // Neighbouring table blocks are one read.
    const start = tableBlockPlace(sb, at, copy);
    let run = 1;
    while (at + run < count && tableBlockPlace(sb, at + run, copy) === start + run) run++;
    if (start + run > sb.blocksCount) throw damaged('its group descriptors lie past its end');
    await blocks.read(raw.subarray(at * sb.blockSize, (at + run) * sb.blockSize), start * sb.blockSize);
    at += run;
  }
  const table = raw.subarray(0, sb.groupCount * sb.descriptorSize);
  const groups = { raw: table, view: viewOf(table) };
  const tableLength = inodeTableBlocks(sb);
  for (let group = 0; group < sb.groupCount; group++) {
    const places: [number, number][] = [
      [blockBitmapOf(sb, groups, group), 1],
      [inodeBitmapOf(sb, groups, group), 1],
      [inodeTableOf(sb, groups, group), tableLength],
    ];
    for (const [place, length] of places) {
      if (place <= sb.superblockBlock || place + length > sb.blocksCount)
        throw damaged(`group ${group} points outside the volume`, { group, place });
    }
  }
  return groups;
}

export const inodeTableBlocks = (sb: Superblock): number =>
  Math.ceil((sb.inodesPerGroup * sb.inodeSize) / sb.blockSize);

function split32(sb: Superblock, groups: GroupTable, group: number, low: number, high: number): number {
  const at = group * sb.descriptorSize;
  const value = groups.view.getUint32(at + low, true);
  return sb.descriptorSize >= 64 ? value + groups.view.getUint32(at + high, true) * 2 ** 32 : value;
}

function split16(sb: Superblock, groups: GroupTable, group: number, low: number, high: number): number {
  const at = group * sb.descriptorSize;
  const value = groups.view.getUint16(at + low, true);
  return sb.descriptorSize >= 64 ? value + groups.view.getUint16(at + high, true) * 65536 : value;
}

type Field = (sb: Superblock, groups: GroupTable, group: number) => number;
export const blockBitmapOf: Field = (sb, g, n) => split32(sb, g, n, GD.blockBitmapLo, GD.blockBitmapHi);
export const inodeBitmapOf: Field = (sb, g, n) => split32(sb, g, n, GD.inodeBitmapLo, GD.inodeBitmapHi);
export const inodeTableOf: Field = (sb, g, n) => split32(sb, g, n, GD.inodeTableLo, GD.inodeTableHi);
/** Free clusters of the group. */
export const freeClustersOf: Field = (sb, g, n) => split16(sb, g, n, GD.freeBlocksLo, GD.freeBlocksHi);
export const freeInodesOf: Field = (sb, g, n) => split16(sb, g, n, GD.freeInodesLo, GD.freeInodesHi);
export const usedDirsOf: Field = (sb, g, n) => split16(sb, g, n, GD.usedDirsLo, GD.usedDirsHi);
/** Inodes at the end of the group's table that were never used. */
export const itableUnusedOf: Field = (sb, g, n) => split16(sb, g, n, GD.itableUnusedLo, GD.itableUnusedHi);
export const flagsOf: Field = (sb, g, n) => g.view.getUint16(n * sb.descriptorSize + GD.flags, true);

function checksumPair(sb: Superblock, groups: GroupTable, group: number, low: number, high: number): number {
  const at = group * sb.descriptorSize;
  const value = groups.view.getUint16(at + low, true);
  return sb.descriptorSize >= 64 ? (value | (groups.view.getUint16(at + high, true) << 16)) >>> 0 : value;
}

/** The stored checksum of the block bitmap: 32 bits, or 16 in short descriptors. */
export const blockBitmapChecksumOf: Field = (sb, g, n) =>
  checksumPair(sb, g, n, GD.blockBitmapChecksumLo, GD.blockBitmapChecksumHi);
export const inodeBitmapChecksumOf: Field = (sb, g, n) =>
  checksumPair(sb, g, n, GD.inodeBitmapChecksumLo, GD.inodeBitmapChecksumHi);

/** What bg_checksum should be. */
export function descriptorChecksum(sb: Superblock, groups: GroupTable, group: number): number {
  const at = group * sb.descriptorSize;
  const descriptor = groups.raw.subarray(at, at + sb.descriptorSize);
  if (sb.metadataChecksum) return descriptorCrc32c(sb.checksumSeed, group, descriptor);
  return descriptorCrc16(sb.raw.subarray(SB.uuid, SB.uuid + 16), group, descriptor);
}

/** Whether the descriptor's "uninitialised" flags and counts may be believed: only under a checksum that fits. */
export function descriptorTrusted(sb: Superblock, groups: GroupTable, group: number): boolean {
  if (!sb.checkedDescriptors) return false;
  const stored = groups.view.getUint16(group * sb.descriptorSize + GD.checksum, true);
  return stored === descriptorChecksum(sb, groups, group);
}

export const isUninit = (sb: Superblock, groups: GroupTable, group: number, flag: number): boolean =>
  (flagsOf(sb, groups, group) & flag) !== 0 && descriptorTrusted(sb, groups, group);

/** Inodes at the start of the group's table that may be in use. */
export function usedInodeSlots(sb: Superblock, groups: GroupTable, group: number): number {
  if (!descriptorTrusted(sb, groups, group)) return sb.inodesPerGroup;
  if ((flagsOf(sb, groups, group) & BG.inodeUninit) !== 0) return 0;
  return Math.max(0, sb.inodesPerGroup - itableUnusedOf(sb, groups, group));
}

function setSplit16(
  sb: Superblock,
  g: GroupTable,
  group: number,
  low: number,
  high: number,
  value: number,
): void {
  const at = group * sb.descriptorSize;
  g.view.setUint16(at + low, value & 0xffff, true);
  if (sb.descriptorSize >= 64) g.view.setUint16(at + high, value >>> 16, true);
}

type SetField = (sb: Superblock, groups: GroupTable, group: number, value: number) => void;
export const setFreeClusters: SetField = (sb, g, n, v) =>
  setSplit16(sb, g, n, GD.freeBlocksLo, GD.freeBlocksHi, v);
export const setFreeInodes: SetField = (sb, g, n, v) =>
  setSplit16(sb, g, n, GD.freeInodesLo, GD.freeInodesHi, v);
export const setUsedDirs: SetField = (sb, g, n, v) => setSplit16(sb, g, n, GD.usedDirsLo, GD.usedDirsHi, v);
export const setItableUnused: SetField = (sb, g, n, v) =>
  setSplit16(sb, g, n, GD.itableUnusedLo, GD.itableUnusedHi, v);
export const setGroupFlags: SetField = (sb, g, n, v) =>
  g.view.setUint16(n * sb.descriptorSize + GD.flags, v, true);
