/** The life of inodes: made, and freed with everything that hangs on them. */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { le32 } from './checksum.ts';
import { loadMap, storeMap } from './file-map.ts';
import { initialiseMap, touch } from './file-write.ts';
import { isFastSymlink } from './file-read.ts';
import { hasFlag, isDirectory, modeOf, putInode, setFlag, setSize, setTime, type Inode } from './inode.ts';
import { allocateInode, releaseInode } from './inodes.ts';
import { GOOD_OLD_INODE_SIZE, INODE, INODE_FLAG, S_IF } from './layout.ts';
import { projectOf } from './usage.ts';
import type { ExtVolume } from './volume.ts';
import { dropInlineData, dropXattrs } from './xattr-write.ts';

/** Bytes of the extra part of new inodes: up to and with the project. */
const EXTRA_SIZE = 32;

export interface NewNode {
  /** Type and permission bits. */
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
}

/** Flags a new inode takes over from its directory. */
const INHERITED =
  INODE_FLAG.noDump |
  INODE_FLAG.noAtime |
  INODE_FLAG.sync |
  INODE_FLAG.journalData |
  INODE_FLAG.projectInherit;

/** An inode with nothing in it and no name yet, near its directory. The caller stores it. */
export async function makeNode(volume: ExtVolume, parent: Inode, node: NewNode): Promise<Inode> {
  const directory = (node.mode & S_IF.mask) === S_IF.directory;
  const ino = await allocateInode(volume, parent.ino, directory);
  const raw = new Uint8Array(volume.sb.inodeSize);
  const inode: Inode = { ino, raw, view: viewOf(raw) };
  inode.view.setUint16(INODE.mode, node.mode, true);
  setOwner(inode, node.uid, node.gid);
  inode.view.setUint16(INODE.links, directory ? 2 : 1, true);
  // Any number that differs from the last user's of this inode will do; this one makes equal runs equal.
  inode.view.setUint32(INODE.generation, crc32c(volume.now >>> 0, le32(ino)), true);
  if (raw.length > GOOD_OLD_INODE_SIZE) inode.view.setUint16(INODE.extraSize, EXTRA_SIZE, true);
  inheritFrom(inode, parent);
  if ((node.mode & S_IF.mask) !== S_IF.symlink) initialiseMap(volume, inode);
  touch(volume, inode, node.mtime);
  setTime(inode, INODE.atime, INODE.atimeExtra, volume.now);
  if (raw.length > GOOD_OLD_INODE_SIZE) setTime(inode, INODE.crtime, INODE.crtimeExtra, volume.now);
  return inode;
}

function inheritFrom(inode: Inode, parent: Inode): void {
  const inherited = parent.view.getUint32(INODE.flags, true) & INHERITED;
  if ((modeOf(inode) & S_IF.mask) === S_IF.symlink) return;
  setFlag(inode, inherited, true);
  const project = (inherited & INODE_FLAG.projectInherit) !== 0 ? projectOf(parent) : 0;
  if (project !== 0 && inode.raw.length > GOOD_OLD_INODE_SIZE)
    inode.view.setUint32(INODE.projectId, project, true);
}

export function setOwner(inode: Inode, uid: number, gid: number): void {
  inode.view.setUint16(INODE.uidLo, uid & 0xffff, true);
  inode.view.setUint16(INODE.uidHi, uid >>> 16, true);
  inode.view.setUint16(INODE.gidLo, gid & 0xffff, true);
  inode.view.setUint16(INODE.gidHi, gid >>> 16, true);
}

/** Whether the inode's i_block leads to blocks at all. */
export function hasBlocks(volume: ExtVolume, inode: Inode): boolean {
  const type = modeOf(inode) & S_IF.mask;
  if (hasFlag(inode, INODE_FLAG.inlineData)) return false;
  if (type === S_IF.symlink) return !isFastSymlink(volume, inode);
  return type === S_IF.file || type === S_IF.directory;
}

/** Frees an inode that no name leads to any more, with its blocks and attributes. */
export async function freeNode(volume: ExtVolume, inode: Inode): Promise<void> {
  if (hasBlocks(volume, inode)) await storeMap(volume, inode, await loadMap(volume, inode), []);
  if (hasFlag(inode, INODE_FLAG.inlineData)) dropInlineData(inode);
  await dropXattrs(volume, inode);
  await releaseInode(volume, inode.ino, isDirectory(inode));
  inode.view.setUint16(INODE.links, 0, true);
  inode.view.setUint32(INODE.dtime, Math.max(1, Math.floor(volume.now)), true);
  setSize(inode, 0);
  await putInode(volume, inode);
  volume.names.forget(inode.ino);
}
