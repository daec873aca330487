/**
 * The engagement file as the rest of the program sees it: what was collected at one customer, in one file. The classes
 * behind it are in this folder; `openEngagement` and `createEngagement` are in open.ts.
 */
import type { ServerIdentity } from './model/identity.ts';
import type { ServerInventory } from './model/inventory.ts';
import type { MetricId } from './model/metrics.ts';
import type { Rollup, ServerRollup } from './model/rollup.ts';
import type { SampleBatch } from './model/samples.ts';
import type { PlanningStore } from './planning.ts';

/** Of a row of the file; never reused within it. */
export type ServerId = number;

export interface ServerSummary {
  id: ServerId;
  identity: ServerIdentity;
  vendor: string | null;
  model: string | null;
  operatingSystem: string | null;
  cores: number | null;
  memoryBytes: number | null;
  diskBytes: number | null;
  /** Of all samples, milliseconds since 1970; null without samples. */
  firstSample: number | null;
  lastSample: number | null;
  /** What the list shows; null until rolled up. */
  rollup: ServerRollup | null;
}

export interface SeriesInfo {
  metric: MetricId;
  instance: string;
  samples: number;
  /** Milliseconds since 1970. */
  first: number;
  last: number;
  /** Seconds between samples, as seen. */
  interval: number;
}

/** Where something came from: a file, a server that was asked. Never holds credentials. */
export interface CollectionRecord {
  id: number;
  /** `sadf-json`, `pdh-csv`, `ssh`, `local` ... */
  collector: string;
  /** File name, or host and port. */
  source: string;
  /** SHA-256 of the file in hexadecimal; null for what is not a file. */
  digest: string | null;
  startedAt: number;
  /** null: was interrupted, or is still running. */
  finishedAt: number | null;
  counts: CollectionCounts;
}

export interface CollectionCounts {
  servers: number;
  samples: number;
  /** Samples that were there already, with the same time. */
  repeated: number;
  inventories: number;
  /** Lines or records that were not understood. */
  problems: number;
}

/** Something in a source that could not be used. The first 1000 of each collection are kept with their text, all are counted. */
export interface CollectionProblem {
  /** Line, record or byte; what `unit` says. 0: a remark about the source as a whole, which is not counted. */
  at: number;
  unit: 'line' | 'record' | 'row' | 'byte';
  /** One sentence. */
  message: string;
  /** The beginning of what was not understood, at most 200 characters; shown inert. */
  excerpt?: string;
}

export interface EngagementFile extends PlanningStore {
  readonly path: string;
  /** What the consultant called it. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Of the site, minutes east of UTC: whose hours a week and a night have. */
  readonly utcOffsetMinutes: number;
  /** Another program has it open for writing, or the medium allows no writing. */
  readonly readOnly: boolean;

  /**
   * Runs `work` in one transaction: all of it is in the file when this returns, or nothing. Not nested.
   * @throws what `work` throws; ENGAGEMENT_READ_ONLY, ENGAGEMENT_FULL
   */
  transaction<T>(work: () => T): T;

  /**
   * The server of that identity, made known if it was not; keys that are new are added to it. Servers that turn out to be
   * one are merged (tables/known-server.ts says when); the id of the one that goes stands for the other from then on.
   */
  server(identity: ServerIdentity, seenAt: number): { id: ServerId; isNew: boolean };
  /** All servers, by name. */
  servers(): ServerSummary[];
  /** Takes a server with all that was collected and said of it out of the file, and all computed documents: they name it. */
  removeServer(id: ServerId): void;

  /**
   * `inventory` returns of each part what the newest by `observedAt` that knows it says (mergedInventory); older ones are
   * kept to tell what changed.
   */
  putInventory(id: ServerId, inventory: ServerInventory, observedAt: number, collection: number): void;
  inventory(id: ServerId): { inventory: ServerInventory; observedAt: number } | null;

  /**
   * Adds samples; where one of the same time is there already, it stays and the new one counts as repeated: to collect
   * again is harmless. A missing value (NaN) gives way to a measured one. Batches of a series may come in any order of
   * time.
   */
  appendSamples(id: ServerId, batch: SampleBatch): { added: number; repeated: number };
  series(id: ServerId): SeriesInfo[];
  /** Samples from `from` to before `to` (milliseconds since 1970), ascending. Empty where there are none. */
  readSamples(id: ServerId, metric: MetricId, instance: string, from: number, to: number): SampleBatch;

  /** Of one server, computed anew from its samples and kept. */
  rollUp(id: ServerId): ServerRollup;
  /** Servers with samples that were never rolled up, or not since samples, an inventory or another server came to them. */
  outdated(): ServerId[];
  /** As last computed. */
  rollups(id: ServerId): Rollup[];

  beginCollection(about: {
    collector: string;
    source: string;
    digest: string | null;
    startedAt: number;
  }): number;
  /** What the collection came to so far; replaces what was counted before, except problems that were added meanwhile. */
  countCollection(id: number, counts: CollectionCounts): void;
  addProblems(id: number, problems: readonly CollectionProblem[]): void;
  finishCollection(id: number, finishedAt: number): void;
  collections(): CollectionRecord[];
  problems(collection: number): CollectionProblem[];

  /** Another word than before once anything was committed, by whatever program: what was read may be out of date. */
  changeStamp(): string;

  /** Makes all that was committed safe on the medium, and closes. */
  close(): void;
}
