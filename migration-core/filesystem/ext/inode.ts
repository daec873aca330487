/** Inodes: where they lie, their fields, their checksum. An `Inode` is a copy; putInode() stores it back. */
import { roundUp, viewOf } from '../../base/bytes.ts';
import type { FileType } from '../filesystem.ts';
import { hasChecksumHi, inodeChecksum, inodeSeed } from './checksum.ts';
import { damaged } from './errors.ts';
import { inodeTableOf } from './groups.ts';
import { GOOD_OLD_INODE_SIZE, I_BLOCK_SIZE, INCOMPAT, INODE, INODE_FLAG, RO_COMPAT, S_IF } from './layout.ts';
import { hasIncompat, hasRoCompat } from './superblock.ts';
import { bookInode } from './usage.ts';
import type { ExtVolume } from './volume.ts';

export interface Inode {
  readonly ino: number;
  /** All `inodeSize` bytes, the space for attributes included. */
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

/** Blocks of an inode table read at once, as the kernel does (inode_readahead_blks). */
const TABLE_READ_AHEAD = 15;

function placeOf(volume: ExtVolume, ino: number): { block: number; offset: number; ahead: number } {
  const { sb } = volume;
  if (!Number.isInteger(ino) || ino < 1 || ino > sb.inodesCount)
    throw damaged(`something points to inode ${ino} of ${sb.inodesCount}`, { ino });
  const group = Math.floor((ino - 1) / sb.inodesPerGroup);
  const at = ((ino - 1) % sb.inodesPerGroup) * sb.inodeSize;
  const index = Math.floor(at / sb.blockSize);
  const left = Math.ceil((sb.inodesPerGroup * sb.inodeSize) / sb.blockSize) - index - 1;
  return {
    block: inodeTableOf(sb, volume.groups, group) + index,
    offset: at % sb.blockSize,
    ahead: Math.min(left, TABLE_READ_AHEAD),
  };
}

/** @throws EXT_DAMAGED for a number that is none of the volume's, or a wrong checksum. */
export async function readInode(volume: ExtVolume, ino: number): Promise<Inode> {
  const { block, offset, ahead } = placeOf(volume, ino);
  const bytes = await volume.cache.read(block, ahead);
  const raw = bytes.slice(offset, offset + volume.sb.inodeSize);
  const inode = { ino, raw, view: viewOf(raw) };
  if (volume.sb.metadataChecksum && !checksumFits(volume, inode))
    throw damaged(`inode ${ino} has a wrong checksum`, { ino });
  return inode;
}

/** Start value of the checksums of everything that hangs on this inode. */
export const seedOf = (volume: ExtVolume, inode: Inode): number =>
  inodeSeed(volume.sb.checksumSeed, inode.ino, inode.view.getUint32(INODE.generation, true));

function checksumFits(volume: ExtVolume, { ino, raw, view }: Inode): boolean {
  const sum = inodeChecksum(seedOf(volume, { ino, raw, view }), raw);
  if (view.getUint16(INODE.checksumLo, true) !== (sum & 0xffff)) return false;
  return !hasChecksumHi(raw) || view.getUint16(INODE.checksumHi, true) === sum >>> 16;
}

/** Stores the inode in its table, with its checksum. */
export async function putInode(volume: ExtVolume, inode: Inode): Promise<void> {
  if (volume.sb.metadataChecksum) {
    const sum = inodeChecksum(seedOf(volume, inode), inode.raw);
    inode.view.setUint16(INODE.checksumLo, sum & 0xffff, true);
    if (hasChecksumHi(inode.raw)) inode.view.setUint16(INODE.checksumHi, sum >>> 16, true);
  }
  const { block, offset } = placeOf(volume, inode.ino);
  const table = await volume.cache.edit(block);
  bookInode(volume, inode.ino, table.slice(offset, offset + inode.raw.length), inode);
  table.set(inode.raw, offset);
}

const TYPES: Partial<Record<number, FileType>> = {
  [S_IF.file]: 'file',
  [S_IF.directory]: 'directory',
  [S_IF.symlink]: 'symlink',
  [S_IF.block]: 'block',
  [S_IF.character]: 'character',
  [S_IF.fifo]: 'fifo',
  [S_IF.socket]: 'socket',
};

/** @throws EXT_DAMAGED for an inode that is free or of no known type. */
export function typeOf(inode: Inode): FileType {
  const type = TYPES[modeOf(inode) & S_IF.mask];
  if (type === undefined) throw damaged(`inode ${inode.ino} is of no known type`, { ino: inode.ino });
  return type;
}

/** i_mode: type and permission bits. */
export const modeOf = (inode: Inode): number => inode.view.getUint16(INODE.mode, true);
export const inodeFlags = (inode: Inode): number => inode.view.getUint32(INODE.flags, true);
export const hasFlag = (inode: Inode, flag: number): boolean => (inodeFlags(inode) & flag) !== 0;
export const linksOf = (inode: Inode): number => inode.view.getUint16(INODE.links, true);
export const isDirectory = (inode: Inode): boolean => (modeOf(inode) & S_IF.mask) === S_IF.directory;

export function setFlag(inode: Inode, flag: number, on: boolean): void {
  const flags = inodeFlags(inode);
  inode.view.setUint32(INODE.flags, on ? flags | flag : flags & ~flag, true);
}

export const ownerOf = (inode: Inode): { uid: number; gid: number } => ({
  uid: inode.view.getUint16(INODE.uidLo, true) + inode.view.getUint16(INODE.uidHi, true) * 65536,
  gid: inode.view.getUint16(INODE.gidLo, true) + inode.view.getUint16(INODE.gidHi, true) * 65536,
});

/** Bytes. The upper half counts for files, for directories only on volumes that allow large ones. */
export function sizeOf(volume: ExtVolume, inode: Inode): number {
  const low = inode.view.getUint32(INODE.sizeLo, true);
  const wide = (modeOf(inode) & S_IF.mask) === S_IF.file || hasIncompat(volume.sb, INCOMPAT.largeDir);
  const size = wide ? low + inode.view.getUint32(INODE.sizeHi, true) * 2 ** 32 : low;
  if (size > Number.MAX_SAFE_INTEGER)
    throw damaged(`inode ${inode.ino} claims an impossible size`, { ino: inode.ino });
  return size;
}

export function setSize(inode: Inode, size: number): void {
  inode.view.setUint32(INODE.sizeLo, size % 2 ** 32, true);
  inode.view.setUint32(INODE.sizeHi, Math.floor(size / 2 ** 32), true);
}

/** Block of the extended attributes, 0 for none. */
export const fileAclOf = (inode: Inode): number =>
  inode.view.getUint32(INODE.fileAclLo, true) + inode.view.getUint16(INODE.fileAclHi, true) * 2 ** 32;

export function setFileAcl(inode: Inode, block: number): void {
  inode.view.setUint32(INODE.fileAclLo, block % 2 ** 32, true);
  inode.view.setUint16(INODE.fileAclHi, Math.floor(block / 2 ** 32), true);
}

/** i_blocks in bytes. It counts sectors of 512, or blocks where the inode says it is huge. */
export function allocatedBytes(volume: ExtVolume, inode: Inode): number {
  const low = inode.view.getUint32(INODE.blocksLo, true);
  if (!hasRoCompat(volume.sb, RO_COMPAT.hugeFile)) return low * 512;
  const count = low + inode.view.getUint16(INODE.blocksHi, true) * 2 ** 32;
  return count * (hasFlag(inode, INODE_FLAG.hugeFile) ? volume.sb.blockSize : 512);
}

export function setAllocatedBytes(volume: ExtVolume, inode: Inode, bytes: number): void {
  const sectors = bytes / 512;
  const wide = hasRoCompat(volume.sb, RO_COMPAT.hugeFile);
  const inBlocks = wide && sectors >= 2 ** 48;
  if (wide) setFlag(inode, INODE_FLAG.hugeFile, inBlocks);
  const count = inBlocks ? bytes / volume.sb.blockSize : sectors;
  inode.view.setUint32(INODE.blocksLo, count % 2 ** 32, true);
  if (wide) inode.view.setUint16(INODE.blocksHi, Math.floor(count / 2 ** 32), true);
}

/** Bytes of the inode's extra part that are in use; 0 in inodes of 128 bytes. @throws EXT_DAMAGED */
export function extraSizeOf(inode: Inode): number {
  if (inode.raw.length <= GOOD_OLD_INODE_SIZE) return 0;
  const extra = inode.view.getUint16(INODE.extraSize, true);
  if (extra % 4 !== 0 || GOOD_OLD_INODE_SIZE + extra > inode.raw.length)
    throw damaged(`inode ${inode.ino} has an impossible extra size`, { ino: inode.ino });
  return extra;
}

const reaches = (inode: Inode, field: number): boolean =>
  inode.raw.length > GOOD_OLD_INODE_SIZE &&
  GOOD_OLD_INODE_SIZE + inode.view.getUint16(INODE.extraSize, true) >= field + 4;

/** Seconds since 1970: 32 signed bits, two more above them and nanoseconds in the extra word where it exists. */
export function timeOf(inode: Inode, field: number, extraField: number): number {
  const seconds = inode.view.getInt32(field, true);
  if (!reaches(inode, extraField)) return seconds;
  const extra = inode.view.getUint32(extraField, true);
  return seconds + (extra & 3) * 2 ** 32 + (extra >>> 2) / 1e9;
}

export function setTime(inode: Inode, field: number, extraField: number, time: number): void {
  const seconds = Math.floor(time);
  inode.view.setInt32(field, seconds | 0, true);
  if (!reaches(inode, extraField)) return;
  const epoch = Math.round((seconds - (seconds | 0)) / 2 ** 32) & 3;
  const nanoseconds = Math.min(999_999_999, Math.round((time - seconds) * 1e9));
  inode.view.setUint32(extraField, ((nanoseconds << 2) | epoch) >>> 0, true);
}

export const mtimeOf = (inode: Inode): number => timeOf(inode, INODE.mtime, INODE.mtimeExtra);

/** The 60 bytes of i_block, part of the inode's own bytes. */
export const iBlock = (inode: Inode): Uint8Array<ArrayBuffer> =>
  inode.raw.subarray(INODE.block, INODE.block + I_BLOCK_SIZE);

/** Blocks the inode's size spans. */
export const sizeInBlocks = (volume: ExtVolume, inode: Inode): number =>
  roundUp(sizeOf(volume, inode), volume.sb.blockSize) / volume.sb.blockSize;
