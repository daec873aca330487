/**
 * Storing extended attributes: as many as fit stay in the inode, the rest goes to a block. A block shared with other
 * inodes is never changed: this inode gets one of its own and the count of the shared one goes down.
 */
import { viewOf } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';
import { ACL_ACCESS, ACL_DEFAULT, isInlineData, layOutXattrs, spaceOf, splitName } from './xattr-format.ts';
import { XATTR_BLOCK_HEADER, XATTR_MAGIC, type StoredXattr } from './xattr-format.ts';
import { aclToDisk } from './acl.ts';
import { allocate, refuseSystemBlocks } from './blocks.ts';
import { xattrBlockChecksum } from './checksum.ts';
import { noSpace, notFound } from './errors.ts';
import { releaseMeta } from './file-map.ts';
import {
  allocatedBytes,
  extraSizeOf,
  fileAclOf,
  setAllocatedBytes,
  setFileAcl,
  setFlag,
  type Inode,
} from './inode.ts';
import { GOOD_OLD_INODE_SIZE, INCOMPAT, INODE_FLAG } from './layout.ts';
import { hasIncompat } from './superblock.ts';
import { inodeTableOf } from './groups.ts';
import { dropValueInode, makeValueInode } from './value-inode.ts';
import type { ExtVolume } from './volume.ts';
import { blockXattrs, inodeXattrs, readXattrBlock } from './xattr.ts';

/** The end of a list of entries. */
const TERMINATOR = 4;
const REFCOUNT = 0x04;

const same = (entry: StoredXattr, other: { index: number; name: string }): boolean =>
  entry.index === other.index && entry.name === other.name;

/** Sets one attribute. The caller stores the inode. @throws NO_SPACE_IN_GUEST when it does not fit */
export async function setXattr(
  volume: ExtVolume,
  inode: Inode,
  full: string,
  value: Uint8Array,
): Promise<void> {
  const name = storedName(full);
  const acl = name.index === ACL_ACCESS || name.index === ACL_DEFAULT;
  const stored = acl ? aclToDisk(value) : value;
  if (stored === null || name.name.length > 255)
    throw new IronliftError('USAGE', `The value or name of attribute ${full} is malformed.`, {
      next: 'Correct it.',
    });
  const [inside, outside] = [inodeXattrs(inode), await blockXattrs(volume, inode)];
  for (const old of [...inside, ...outside]) if (same(old, name)) await dropValue(volume, inode, old);
  const entry = { ...name, value: stored, valueInode: 0, valueSize: stored.length, hash: 0 };
  const rest = (list: StoredXattr[]): StoredXattr[] => list.filter((old) => !same(old, name));
  await storeXattrs(volume, inode, [...rest(inside), entry, ...rest(outside)]);
}

/** @throws NOT_FOUND */
export async function removeXattr(volume: ExtVolume, inode: Inode, full: string): Promise<void> {
  const name = storedName(full);
  const all = [...inodeXattrs(inode), ...(await blockXattrs(volume, inode))];
  const gone = all.filter((entry) => same(entry, name));
  if (gone.length === 0) throw notFound(`attribute ${full} of this file`);
  for (const entry of gone) await dropValue(volume, inode, entry);
  await storeXattrs(
    volume,
    inode,
    all.filter((entry) => !same(entry, name)),
  );
}

/** Names are kept as bytes, one character each. */
function storedName(full: string): { index: number; name: string } {
  const split = splitName(full);
  if (split === null || isInlineData(split)) {
    throw new IronliftError('NOT_SUPPORTED', `ext file systems keep no attribute named ${full}.`, {
      next: 'Use a name that begins with user., trusted., security. or system.',
    });
  }
  return { index: split.index, name: Buffer.from(split.name, 'utf8').toString('latin1') };
}

async function dropValue(volume: ExtVolume, inode: Inode, entry: StoredXattr): Promise<void> {
  if (entry.valueInode !== 0) await dropValueInode(volume, inode, entry);
}

/** Inline data leaves the inode; its map is to be made anew by the caller. */
export function dropInlineData(inode: Inode): void {
  const rest = inodeXattrs(inode).filter((entry) => !isInlineData(entry));
  setFlag(inode, INODE_FLAG.inlineData, false);
  writeInside(inode, rest);
}

/** All attributes of an inode that goes away. */
export async function dropXattrs(volume: ExtVolume, inode: Inode): Promise<void> {
  const all = [...inodeXattrs(inode), ...(await blockXattrs(volume, inode))];
  for (const entry of all) await dropValue(volume, inode, entry);
  await storeXattrs(volume, inode, []);
}

/** Room for entries and values in the inode, 0 where it has none. */
function roomInside(inode: Inode): number {
  const extra = extraSizeOf(inode);
  if (extra === 0) return 0;
  return Math.max(0, inode.raw.length - GOOD_OLD_INODE_SIZE - extra - 4 - TERMINATOR);
}

async function storeXattrs(volume: ExtVolume, inode: Inode, entries: StoredXattr[]): Promise<void> {
  const ordered = [...entries.filter(isInlineData), ...entries.filter((entry) => !isInlineData(entry))];
  let left = roomInside(inode);
  const inside: StoredXattr[] = [];
  let outside: StoredXattr[] = [];
  for (const entry of ordered) {
    const fits = spaceOf(entry) <= left;
    (fits ? inside : outside).push(entry);
    if (fits) left -= spaceOf(entry);
  }
  const roomOutside = volume.sb.blockSize - XATTR_BLOCK_HEADER - TERMINATOR;
  const taken = (): number => outside.reduce((sum, entry) => sum + spaceOf(entry), 0);
  while (taken() > roomOutside) {
    const largest = [...outside].sort((a, b) => spaceOf(b) - spaceOf(a))[0]!;
    if (!hasIncompat(volume.sb, INCOMPAT.eaInode) || largest.valueInode !== 0)
      throw noSpace('these extended attributes of one file');
    const moved = await makeValueInode(volume, inode, largest);
    outside = outside.map((entry) => (entry === largest ? moved : entry));
  }
  writeInside(inode, inside);
  await writeOutside(volume, inode, outside);
}

function writeInside(inode: Inode, entries: StoredXattr[]): void {
  const extra = extraSizeOf(inode);
  const at = GOOD_OLD_INODE_SIZE + extra;
  if (extra === 0 || at + 4 + TERMINATOR > inode.raw.length) return;
  inode.raw.fill(0, at);
  if (entries.length === 0) return;
  inode.view.setUint32(at, XATTR_MAGIC, true);
  layOutXattrs(inode.raw, entries, { first: at + 4, base: at + 4, hashed: false });
}

/** The order of entries in a block. */
function byName(a: StoredXattr, b: StoredXattr): number {
  if (a.index !== b.index) return a.index - b.index;
  if (a.name.length !== b.name.length) return a.name.length - b.name.length;
  return a.name < b.name ? -1 : 1;
}

async function writeOutside(volume: ExtVolume, inode: Inode, entries: StoredXattr[]): Promise<void> {
  const { sb } = volume;
  const clusterSize = sb.clusterBlocks * sb.blockSize;
  let block = fileAclOf(inode);
  const bytes = new Uint8Array(sb.blockSize);
  if (entries.length > 0) fillBlock(bytes, entries);
  if (block !== 0) {
    refuseSystemBlocks(volume, block, 1);
    const present = await readXattrBlock(volume, inode);
    const shared = viewOf(present).getUint32(REFCOUNT, true) > 1;
    if (!shared && entries.length > 0) {
      writeBlock(volume, block, bytes);
      return;
    }
    if (shared) {
      const edited = await volume.cache.edit(block);
      viewOf(edited).setUint32(REFCOUNT, viewOf(edited).getUint32(REFCOUNT, true) - 1, true);
      seal(volume, block, edited);
    } else {
      await releaseMeta(volume, block);
    }
    setAllocatedBytes(volume, inode, Math.max(0, allocatedBytes(volume, inode) - clusterSize));
    setFileAcl(inode, 0);
  }
  if (entries.length === 0) return;
  const group = Math.floor((inode.ino - 1) / sb.inodesPerGroup);
  const [range] = await allocate(volume, inodeTableOf(sb, volume.groups, group), 1);
  block = range!.start;
  setFileAcl(inode, block);
  setAllocatedBytes(volume, inode, allocatedBytes(volume, inode) + clusterSize);
  writeBlock(volume, block, bytes);
}

function fillBlock(bytes: Uint8Array, entries: StoredXattr[]): void {
  const sorted = [...entries].sort(byName);
  const hashes = layOutXattrs(bytes, sorted, { first: XATTR_BLOCK_HEADER, base: 0, hashed: true });
  // The hash of the block is made of those of its entries; one without a hash leaves the whole without.
  let hash = 0;
  for (const one of hashes) hash = ((hash << 16) ^ (hash >>> 16) ^ one) >>> 0;
  if (hashes.includes(0)) hash = 0;
  const view = viewOf(bytes);
  view.setUint32(0x00, XATTR_MAGIC, true);
  view.setUint32(REFCOUNT, 1, true);
  view.setUint32(0x08, 1, true);
  view.setUint32(0x0c, hash, true);
}

function writeBlock(volume: ExtVolume, block: number, bytes: Uint8Array): void {
  const target = volume.cache.fresh(block);
  target.set(bytes);
  seal(volume, block, target);
}

function seal(volume: ExtVolume, block: number, bytes: Uint8Array): void {
  if (volume.sb.metadataChecksum)
    viewOf(bytes).setUint32(0x10, xattrBlockChecksum(volume.sb.checksumSeed, block, bytes), true);
}
