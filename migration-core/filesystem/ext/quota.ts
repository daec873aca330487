/** Bringing the quota files up to date with what was changed since the last flush. */
import { damaged } from './errors.ts';
import { readContent } from './file-read.ts';
import { replaceContent } from './file-write.ts';
import { putInode, readInode, sizeOf } from './inode.ts';
import { RO_COMPAT, SB } from './layout.ts';
import { bookQuota, buildQuota, parseQuota } from './quota-file.ts';
import { hasRoCompat } from './superblock.ts';
import type { ExtVolume, QuotaKind } from './volume.ts';

const INODE_FIELD: Record<QuotaKind, number> = {
  user: SB.userQuotaInode,
  group: SB.groupQuotaInode,
  project: SB.projectQuotaInode,
};
const MAX_FILE = 64 << 20;

export async function writeQuotas(
  volume: ExtVolume,
  attempt: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  if (!hasRoCompat(volume.sb, RO_COMPAT.quota)) return;
  for (const kind of ['user', 'group', 'project'] as const) {
    const usage = volume.pending.usage[kind];
    const ino = volume.sb.view.getUint32(INODE_FIELD[kind], true);
    const changed = [...usage].filter(([, { bytes, inodes }]) => bytes !== 0 || inodes !== 0);
    if (ino !== 0 && changed.length > 0) {
      await attempt(async () => {
        const inode = await readInode(volume, ino);
        const size = sizeOf(volume, inode);
        if (size > MAX_FILE) throw damaged(`its ${kind} quota file is too large`);
        const old = await readContent(volume, inode, 0, size);
        const entries = parseQuota(kind, old);
        for (const [id, one] of changed) bookQuota(entries, id, one);
        await replaceContent(volume, inode, buildQuota(entries, old), 0);
        await putInode(volume, inode);
      });
    }
    usage.clear();
  }
}
