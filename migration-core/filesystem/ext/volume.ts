/** An open ext volume as its parts see it. */
import type { Finding } from '../../base/finding.ts';
import type { WritableBlocks } from '../../block/source.ts';
import type { BlockCache } from './cache.ts';
import type { DirectoryNames } from './directory-names.ts';
import type { GroupTable } from './groups.ts';
import type { Superblock } from './superblock.ts';

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
}
