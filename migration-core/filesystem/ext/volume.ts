/** An open ext volume as its parts see it. */
import type { ExtentList } from '../../base/extents.ts';
import type { Finding } from '../../base/finding.ts';
import type { WritableBlocks } from '../../block/source.ts';
import type { BlockCache } from './cache.ts';
import type { DirectoryNames } from './directory-names.ts';
import type { GroupTable } from './groups.ts';
import type { Superblock } from './superblock.ts';

/** What a change does beside the cached blocks, kept apart until it has succeeded. */
export interface ChangeLog {
  /** Groups whose descriptors changed, with their bytes before. */
  readonly descriptors: Map<number, Uint8Array>;
  /** Groups whose bitmaps changed: their checksums are due. */
  readonly blockBitmaps: Set<number>;
  readonly inodeBitmaps: Set<number>;
  /** Contents of files, written last. */
  readonly contents: { place: number; bytes: Uint8Array }[];
  /** Usage to be booked, by kind of quota and then owner. */
  readonly usage: UsageByOwner;
}

/** Bytes and inodes more (or less) for an owner. */
export interface Usage {
  bytes: number;
  inodes: number;
}
export type QuotaKind = 'user' | 'group' | 'project';
export type UsageByOwner = Record<QuotaKind, Map<number, Usage>>;

export interface ExtVolume {
  readonly blocks: WritableBlocks;
  readonly sb: Superblock;
  readonly groups: GroupTable;
  /** All metadata goes through here; contents of files do not. */
  readonly cache: BlockCache;
  /** Directories lately looked into. */
  readonly names: DirectoryNames;
  readonly findings: Finding[];
  /** Seconds since 1970 for new timestamps. */
  readonly now: number;
  /** Why nothing may be written; null where it may. */
  readOnlyBecause: string | null;
  /** Why the bitmaps cannot be relied on, so that the whole volume counts as used; null where they can. */
  bitmapsDoubtfulBecause: string | null;
  /** The change that is running; null between changes. */
  change: ChangeLog | null;
  /** What succeeded changes left to be written at flush(). */
  readonly pending: Omit<ChangeLog, 'descriptors' | 'contents'> & {
    readonly descriptors: Set<number>;
    superblock: boolean;
  };
  /** Blocks of superblocks, descriptors, bitmaps and inode tables, in blocks; made when first asked for. */
  system: ExtentList | null;
  /** Groups whose bitmaps have been checked. */
  readonly checkedBitmaps: { blocks: Set<number>; inodes: Set<number> };
}
