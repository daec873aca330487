import type { Finding } from '../../base/finding.ts';
import type { WritableBlocks } from '../../block/source.ts';
import type { Claims } from './claims.ts';
import type { DirectoryNames } from './directory-names.ts';
import type { Geometry } from './geometry.ts';
import type { Mft } from './mft.ts';
import type { Store } from './store.ts';
import type { OpenStream } from './stream.ts';
import type { Upcase } from './upcase.ts';

/** What every part of the driver works on. */
export interface NtfsVolume {
  readonly blocks: WritableBlocks;
  readonly store: Store;
  readonly geometry: Geometry;
  readonly mft: Mft;
  readonly upcase: Upcase;
  readonly names: DirectoryNames;
  readonly findings: Finding[];
  /** Seconds since 1970. */
  readonly now: number;
  readonly label: string;
  /** Why the volume may be read but not written; reads on after "because". Also the reason to copy all of it. */
  readonly notCleanBecause: string | null;
  /** Whether more is wrong than that it was not closed: then no decision of a person lets it be changed. */
  readonly isBeyondDecision: boolean;
  /** Not null where a person decided that a volume that was not left in order is changed all the same. */
  readonly claims: Claims | null;
  /** 0 where the volume was not left in order and is not to be changed: its map is not believed. */
  freeClusters: number;
  /** Where free clusters are looked for next. */
  nextCluster: number;
  /** Whether the log was emptied for changes to come. */
  prepared: boolean;
  /** The stream read last: large files are read piece by piece. */
  last: { record: number; key: string; stream: OpenStream } | null;
}
