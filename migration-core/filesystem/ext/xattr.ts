/** Reading the extended attributes of an inode, wherever they are kept: in the inode, in a block, in inodes of their own. */
import { viewOf } from '../../base/bytes.ts';
import { aclFromDisk } from './acl.ts';
import { xattrBlockChecksum } from './checksum.ts';
import { damaged } from './errors.ts';
import { readContent } from './file-read.ts';
import { extraSizeOf, fileAclOf, hasFlag, readInode, sizeOf, type Inode } from './inode.ts';
import { GOOD_OLD_INODE_SIZE, INODE_FLAG } from './layout.ts';
import type { ExtVolume } from './volume.ts';
import {
  ACL_ACCESS,
  ACL_DEFAULT,
  fullName,
  isInlineData,
  parseXattrs,
  XATTR_BLOCK_HEADER,
  XATTR_MAGIC,
  type StoredXattr,
} from './xattr-format.ts';

/** Larger values are none that a kernel would hand out. */
const MAX_VALUE = 64 << 10;

/** Attributes in the inode itself. */
export function inodeXattrs(inode: Inode): StoredXattr[] {
  const extra = extraSizeOf(inode);
  const at = GOOD_OLD_INODE_SIZE + extra;
  if (extra === 0 || at + 8 > inode.raw.length || inode.view.getUint32(at, true) !== XATTR_MAGIC) return [];
  return parseXattrs(inode.raw, at + 4, at + 4, `inode ${inode.ino}`);
}

/** The attribute block, checked. */
export async function readXattrBlock(volume: ExtVolume, inode: Inode): Promise<Uint8Array<ArrayBuffer>> {
  const block = fileAclOf(inode);
  if (block <= volume.sb.superblockBlock)
    throw damaged(`inode ${inode.ino} has its attributes in block ${block}`);
  const bytes = await volume.cache.read(block);
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== XATTR_MAGIC || view.getUint32(8, true) !== 1)
    throw damaged(`inode ${inode.ino} has an attribute block without signature`, { ino: inode.ino, block });
  if (volume.sb.metadataChecksum) {
    if (view.getUint32(0x10, true) !== xattrBlockChecksum(volume.sb.checksumSeed, block, bytes))
      throw damaged(`inode ${inode.ino} has an attribute block with a wrong checksum`, {
        ino: inode.ino,
        block,
      });
  }
  return bytes;
}

export async function blockXattrs(volume: ExtVolume, inode: Inode): Promise<StoredXattr[]> {
  if (fileAclOf(inode) === 0) return [];
  return parseXattrs(await readXattrBlock(volume, inode), XATTR_BLOCK_HEADER, 0, `inode ${inode.ino}`);
}

export async function valueOf(volume: ExtVolume, entry: StoredXattr): Promise<Uint8Array> {
  if (entry.valueInode === 0) return entry.value;
  const holder = await readInode(volume, entry.valueInode);
  if (
    !hasFlag(holder, INODE_FLAG.eaInode) ||
    sizeOf(volume, holder) !== entry.valueSize ||
    entry.valueSize > MAX_VALUE
  )
    throw damaged(`inode ${entry.valueInode} is not the attribute value it should be`, {
      ino: entry.valueInode,
    });
  return readContent(volume, holder, 0, entry.valueSize);
}

/** All attributes by their full names, as getxattr(2) gives them. */
export async function readXattrs(volume: ExtVolume, inode: Inode): Promise<Map<string, Uint8Array>> {
  const result = new Map<string, Uint8Array>();
  for (const entry of [...inodeXattrs(inode), ...(await blockXattrs(volume, inode))]) {
    const name = fullName(entry.index, entry.name);
    if (name === null || isInlineData(entry) || result.has(name)) continue;
    const value = await valueOf(volume, entry);
    const acl = entry.index === ACL_ACCESS || entry.index === ACL_DEFAULT;
    result.set(name, (acl ? aclFromDisk(value) : null) ?? value);
  }
  return result;
}
