/**
 * Attribute values too large for a block (ea_inode): each in an inode without a name, shared by all who have the same
 * value and counted in its ctime (upper half) and version (lower half). Its atime holds the hash of the value.
 */
import { crc32c } from '../../base/crc32c.ts';
import { roundUp, viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { freeNode, makeNode } from './node.ts';
import { replaceContent } from './file-write.ts';
import {
  allocatedBytes,
  hasFlag,
  putInode,
  readInode,
  setAllocatedBytes,
  setFlag,
  type Inode,
} from './inode.ts';
import { INODE, INODE_FLAG, S_IF } from './layout.ts';
import type { ExtVolume } from './volume.ts';
import { entryHash, type StoredXattr } from './xattr-format.ts';

/** Its users count the whole clusters of a value as theirs. */
function bookValue(volume: ExtVolume, owner: Inode, size: number, sign: 1 | -1): void {
  const bytes = roundUp(size, volume.sb.blockSize * volume.sb.clusterBlocks);
  setAllocatedBytes(volume, owner, Math.max(0, allocatedBytes(volume, owner) + sign * bytes));
}

/** Moves a value into an inode of its own; returns the entry that leads to it. */
export async function makeValueInode(
  volume: ExtVolume,
  owner: Inode,
  entry: StoredXattr,
): Promise<StoredXattr> {
  const holder = await makeNode(volume, owner, {
    mode: S_IF.file | 0o600,
    uid: 0,
    gid: 0,
    mtime: volume.now,
  });
  setFlag(holder, INODE_FLAG.eaInode, true);
  await replaceContent(volume, holder, entry.value, 0);
  const valueHash = crc32c(volume.sb.checksumSeed, entry.value);
  holder.view.setUint32(INODE.atime, valueHash, true);
  if (holder.raw.length > INODE.extraSize) holder.view.setUint32(INODE.atimeExtra, 0, true);
  setReferences(holder, 1);
  await putInode(volume, holder);
  bookValue(volume, owner, entry.value.length, 1);
  const word = new Uint8Array(4);
  viewOf(word).setUint32(0, valueHash, true);
  const moved = { ...entry, value: new Uint8Array(0), valueInode: holder.ino, valueSize: entry.value.length };
  return { ...moved, hash: entryHash(moved, word) };
}

/** One user of the value less; the last one takes the inode with it. */
export async function dropValueInode(
  volume: ExtVolume,
  owner: Inode,
  { valueInode, valueSize }: StoredXattr,
): Promise<void> {
  const ino = valueInode;
  const holder = await readInode(volume, ino);
  if (!hasFlag(holder, INODE_FLAG.eaInode))
    throw damaged(`inode ${ino} is not the attribute value it should be`);
  bookValue(volume, owner, valueSize, -1);
  const references = referencesOf(holder);
  if (references <= 1) return freeNode(volume, holder);
  setReferences(holder, references - 1);
  return putInode(volume, holder);
}

const referencesOf = (holder: Inode): number =>
  holder.view.getUint32(INODE.ctime, true) * 2 ** 32 + holder.view.getUint32(INODE.versionLo, true);

function setReferences(holder: Inode, count: number): void {
  holder.view.setUint32(INODE.ctime, Math.floor(count / 2 ** 32), true);
  holder.view.setUint32(INODE.versionLo, count % 2 ** 32, true);
}
