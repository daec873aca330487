/** Opening a volume: what may be relied on, what may be written, and the journal brought up to date. */
import { isIronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { throwIfCancelled } from '../../base/cancel.ts';
import type { WritableBlocks } from '../../block/source.ts';
import type { OpenOptions } from '../filesystem.ts';
import { BlockCache } from './cache.ts';
import { DirectoryNames } from './directory-names.ts';
import { damaged } from './errors.ts';
import { doubtfulReason, readOnlyReason, refuseIfInUse, refuseUnknownFeatures } from './features.ts';
import { readGroups } from './groups.ts';
import { isDirectory, readInode } from './inode.ts';
import { COMPAT, INCOMPAT, ROOT_INODE } from './layout.ts';
import { noUsage } from './usage.ts';
import { openJournal } from './journal-file.ts';
import { processOrphans } from './orphans.ts';
import { replayJournal } from './journal-replay.ts';
import { findSuperblock, hasCompat, hasIncompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

export async function openVolume(blocks: WritableBlocks, options: OpenOptions): Promise<ExtVolume> {
  let volume = await readVolume(blocks, options);
  await refuseIfInUse(blocks, volume.sb);
  if (hasIncompat(volume.sb, INCOMPAT.recover)) {
    const replayed = await replayJournal(volume, options.signal);
    // The journal may have held newer superblocks and descriptors: everything is read again.
    volume = await readVolume(blocks, options);
    volume.findings.push(replayed);
  } else {
    await noteJournalState(volume);
  }
  const root = await readInode(volume, ROOT_INODE);
  if (!isDirectory(root)) throw damaged('its root is not a folder');
  await processOrphans(volume);
  return volume;
}

async function readVolume(blocks: WritableBlocks, options: OpenOptions): Promise<ExtVolume> {
  throwIfCancelled(options.signal);
  const { sb, backupBecause } = await findSuperblock(blocks);
  refuseUnknownFeatures(sb);
  const { groups, fromBackup } = await readGroups(blocks, sb);
  const findings: Finding[] = [];
  let readOnlyBecause = readOnlyReason(sb);
  let bitmapsDoubtfulBecause = doubtfulReason(sb);
  if (backupBecause !== null || fromBackup) {
    const what = backupBecause !== null ? 'superblock' : 'group descriptors';
    findings.push({
      severity: 'warning',
      code: 'EXT_BACKUP_USED',
      message: `The primary ${what} of the ext file system cannot be used, so a backup copy was read instead.`,
      next: 'Run e2fsck on the server before it is converted.',
    });
    readOnlyBecause ??= `only a backup copy of its ${what} is usable`;
    bitmapsDoubtfulBecause ??= readOnlyBecause;
  }
  if (bitmapsDoubtfulBecause !== null) {
    findings.push({
      severity: 'warning',
      code: 'EXT_NOT_CLEAN',
      message: `The ext file system is copied whole, free space included, because ${bitmapsDoubtfulBecause}.`,
      next: 'Unmount it cleanly or run e2fsck on it first to copy only what is in use.',
    });
  }
  return {
    blocks,
    sb,
    groups,
    cache: new BlockCache(blocks, sb.blockSize, sb.blocksCount),
    names: new DirectoryNames(),
    findings,
    now: options.now,
    readOnlyBecause,
    bitmapsDoubtfulBecause,
    change: null,
    pending: {
      descriptors: new Set(),
      blockBitmaps: new Set(),
      inodeBitmaps: new Set(),
      usage: noUsage(),
      superblock: false,
    },
    system: null,
    checkedBitmaps: { blocks: new Set(), inodes: new Set() },
  };
}

/** A journal that cannot be read stops the kernel from mounting; the volume is still readable here. */
async function noteJournalState(volume: ExtVolume): Promise<void> {
  if (!hasCompat(volume.sb, COMPAT.hasJournal)) return;
  try {
    await openJournal(volume);
  } catch (error) {
    if (!isIronliftError(error)) throw error;
    volume.readOnlyBecause ??= 'its journal is damaged';
    volume.findings.push({
      severity: 'warning',
      code: 'EXT_JOURNAL_DAMAGED',
      message: error.message,
      next: 'Run e2fsck on the server; its kernel would refuse to mount this file system.',
    });
  }
}
