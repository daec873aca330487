/** The journal inside the volume: its inode, its superblock, and which of its blocks a copy can do without. */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { readBytes } from '../../block/source.ts';
import { damaged, unsupportedFeature } from './errors.ts';
import { fileRuns } from './file-read.ts';
import { readInode, sizeOf, type Inode } from './inode.ts';
import {
  BLOCK_TYPE,
  JOURNAL_INCOMPAT,
  JOURNAL_KNOWN_INCOMPAT,
  JOURNAL_MAGIC,
  JOURNAL_SUPERBLOCK_SIZE,
  JSB,
} from './journal-layout.ts';
import { COMPAT, SB } from './layout.ts';
import type { Run } from './run.ts';
import { hasCompat } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

export interface Journal {
  readonly inode: Inode;
  /** All of its blocks, without holes. */
  readonly runs: Run[];
  /** Blocks in all. */
  readonly length: number;
  /** The 1024 bytes of its superblock. */
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

export const journalInodeOf = (volume: ExtVolume): number =>
  hasCompat(volume.sb, COMPAT.hasJournal) ? volume.sb.view.getUint32(SB.journalInode, true) : 0;

const broken = (what: string): Error => damaged(`its journal ${what}`);

/** Null when the volume keeps none of its own. @throws EXT_DAMAGED, EXT_UNSUPPORTED_FEATURE */
export async function openJournal(volume: ExtVolume): Promise<Journal | null> {
  const ino = journalInodeOf(volume);
  if (ino === 0) return null;
  const { blockSize } = volume.sb;
  const inode = await readInode(volume, ino);
  const blocks = Math.floor(sizeOf(volume, inode) / blockSize);
  if (blocks < 2 || blocks > volume.sb.blocksCount) throw broken('is of an impossible size');
  const runs = await fileRuns(volume, inode, 0, blocks);
  let covered = 0;
  for (const run of runs) {
    if (run.logical !== covered) throw broken('has holes');
    covered += run.length;
  }
  if (covered !== blocks) throw broken('has holes');
  const raw = await readBytes(volume.blocks, runs[0]!.physical * blockSize, JOURNAL_SUPERBLOCK_SIZE);
  const view = viewOf(raw);
  if (view.getUint32(JSB.magic) !== JOURNAL_MAGIC) throw broken('has no signature');
  const type = view.getUint32(JSB.type);
  if (type !== BLOCK_TYPE.superblockV1 && type !== BLOCK_TYPE.superblockV2) throw broken('has no superblock');
  if (view.getUint32(JSB.blockSize) !== blockSize) throw broken('has blocks of another size than the volume');
  const journal = { inode, runs, length: view.getUint32(JSB.maxLength), raw, view };
  if (journal.length > blocks) throw broken('is shorter than it claims');
  const first = view.getUint32(JSB.first);
  if (first < 1 || first >= journal.length) throw broken('begins outside itself');
  const unknown = (journalIncompat(journal) & ~JOURNAL_KNOWN_INCOMPAT) >>> 0;
  if (unknown !== 0) throw unsupportedFeature([`journal feature 0x${unknown.toString(16)}`]);
  if (isChecksummed(journal) && view.getUint32(JSB.checksum) !== journalSuperblockChecksum(raw))
    throw broken('has a superblock with a wrong checksum');
  return journal;
}

/** Feature words exist from version 2 of the journal superblock on. */
export const journalIncompat = (journal: Journal): number =>
  journal.view.getUint32(JSB.type) === BLOCK_TYPE.superblockV1 ? 0 : journal.view.getUint32(JSB.incompat);

export const isChecksummed = (journal: Journal): boolean =>
  (journalIncompat(journal) & (JOURNAL_INCOMPAT.checksumV2 | JOURNAL_INCOMPAT.checksumV3)) !== 0;

export function journalSuperblockChecksum(raw: Uint8Array): number {
  const sum = crc32c(crc32c(0xffffffff, raw, 0, JSB.checksum), new Uint8Array(4));
  return crc32c(sum, raw, JSB.checksum + 4, JOURNAL_SUPERBLOCK_SIZE);
}

/** Runs of a clean journal's blocks after its superblock; none where it is not clean or cannot be read. */
export async function skippableJournal(volume: ExtVolume): Promise<Run[]> {
  let journal: Journal | null;
  try {
    journal = await openJournal(volume);
  } catch {
    return [];
  }
  if (journal === null || journal.view.getUint32(JSB.start) !== 0) return [];
  const [head, ...rest] = journal.runs as [Run, ...Run[]];
  const afterSuperblock = { ...head, logical: 1, physical: head.physical + 1, length: head.length - 1 };
  return afterSuperblock.length > 0 ? [afterSuperblock, ...rest] : rest;
}
