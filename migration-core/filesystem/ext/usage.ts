/** Keeping the books of disk quotas: what a change to an inode means for its owners. */
import { viewOf } from '../../base/bytes.ts';
import { GOOD_OLD_INODE_SIZE, INODE, RO_COMPAT, ROOT_INODE } from './layout.ts';
import { allocatedBytes, linksOf, modeOf, ownerOf, type Inode } from './inode.ts';
import { hasRoCompat } from './superblock.ts';
import type { ExtVolume, QuotaKind, UsageByOwner } from './volume.ts';

export const noUsage = (): UsageByOwner => ({ user: new Map(), group: new Map(), project: new Map() });

export function addUsage(
  usage: UsageByOwner,
  kind: QuotaKind,
  id: number,
  bytes: number,
  inodes: number,
): void {
  const owner = usage[kind].get(id) ?? { bytes: 0, inodes: 0 };
  owner.bytes += bytes;
  owner.inodes += inodes;
  usage[kind].set(id, owner);
}

export function mergeUsage(into: UsageByOwner, from: UsageByOwner): void {
  for (const kind of ['user', 'group', 'project'] as const)
    for (const [id, { bytes, inodes }] of from[kind]) addUsage(into, kind, id, bytes, inodes);
}

/** Books the difference between an inode's bytes before and after. */
export function bookInode(
  volume: ExtVolume,
  ino: number,
  before: Uint8Array<ArrayBuffer>,
  after: Inode,
): void {
  if (volume.change === null || !hasRoCompat(volume.sb, RO_COMPAT.quota)) return;
  // Inodes of the file system itself belong to nobody.
  if (ino !== ROOT_INODE && ino < volume.sb.firstInode) return;
  book(volume, { ino, raw: before, view: viewOf(before) }, -1);
  book(volume, after, 1);
}

function book(volume: ExtVolume, inode: Inode, sign: 1 | -1): void {
  if (modeOf(inode) === 0 || linksOf(inode) === 0) return;
  const { uid, gid } = ownerOf(inode);
  const usage = volume.change!.usage;
  const bytes = sign * allocatedBytes(volume, inode);
  addUsage(usage, 'user', uid, bytes, sign);
  addUsage(usage, 'group', gid, bytes, sign);
  addUsage(usage, 'project', projectOf(inode), bytes, sign);
}

export function projectOf(inode: Inode): number {
  if (inode.raw.length < INODE.projectId + 4) return 0;
  const extra = inode.view.getUint16(INODE.extraSize, true);
  return GOOD_OLD_INODE_SIZE + extra >= INODE.projectId + 4 ? inode.view.getUint32(INODE.projectId, true) : 0;
}
