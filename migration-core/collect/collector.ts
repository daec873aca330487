/**
 * What collectors and importers have in common: they yield items, `keep` (keep.ts) puts them into the engagement file.
 * They hold no more than a few megabytes at a time, and know nothing of the file.
 */
import type { CollectionProblem } from '../store/engagement.ts';
import type { ServerIdentity } from '../store/model/identity.ts';
import type { ServerInventory } from '../store/model/inventory.ts';
import type { SampleBatch } from '../store/model/samples.ts';

export type CollectedItem =
  | { kind: 'inventory'; inventory: ServerInventory; /** Milliseconds since 1970. */ observedAt: number }
  | { kind: 'samples'; server: ServerIdentity; batches: SampleBatch[] }
  | { kind: 'problem'; problem: CollectionProblem }
  /** How far the source is read: bytes of its file or files. */
  | { kind: 'position'; doneBytes: number };

/** A file that is to be imported, or a folder (a sosreport, a bundle of our collectors). */
export interface ImportInput {
  /** Absolute. */
  path: string;
  /** The last part of the path. */
  name: string;
  isFolder: boolean;
  /** Bytes of the file; of all files of a folder. */
  size: number;
  /** The first 64 KiB of the file, unpacked if it is compressed; empty for a folder. */
  head: Uint8Array;
  /** Names in a folder, relative, at most 10,000; empty for a file. */
  entries: readonly string[];
  /**
   * The whole file (unpacked), or an entry of the folder, in pieces; each is valid until the next is asked for.
   * @throws SOURCE_NOT_READABLE
   */
  read(entry?: string): AsyncIterable<Uint8Array>;
  /** Bytes of the file or files, packed as they are, that have been read so far; for progress. */
  position?: () => number;
}

export interface ImportOptions {
  /** Name of the server where the file does not say it. */
  serverName?: string | undefined;
  /** Minutes east of UTC for local times whose zone the file does not say. */
  utcOffsetMinutes?: number | undefined;
  /** Milliseconds since 1970 of the first sample, for tools that write no times (vmstat, iostat without -t, traces). */
  startTime?: number | undefined;
  /** Seconds between samples, for the same tools. */
  intervalSeconds?: number | undefined;
  /** Which column is what, for plain CSV; see csv/mapping.ts. */
  columns?: unknown;
  /** Milliseconds since 1970: what "now" is. */
  now: () => number;
  signal?: AbortSignal | undefined;
}

export interface Importer {
  /** Stable: `sadf-json`, `pdh-csv`, `rvtools`. */
  id: string;
  /** For people: `Windows Performance Monitor log (CSV)`. */
  name: string;
  /**
   * How sure it is that the input is of its kind, from name, head and entries alone: 0 no, 1 could be, 2 likely, 3
   * certain. The surest importer reads it; on a tie the first in the table.
   */
  recognise(input: ImportInput): 0 | 1 | 2 | 3;
  /**
   * Reads from the beginning to the end. What is not understood becomes a `problem`, and costs that line alone.
   * @throws IMPORT_NOT_SUPPORTED (a format that has to be converted first: `next` names the command), IMPORT_DAMAGED
   * where nothing of the file can be used, IMPORT_NEEDS_ANSWER where an option is missing (`data.option`), CANCELLED
   */
  read(input: ImportInput, options: ImportOptions): AsyncIterable<CollectedItem>;
}
