/** The engagement file: transactions around the tables, and errors in sentences. */
import type { Database, Statement } from 'better-sqlite3';
import { IronliftError } from '../base/errors.ts';
import { disconnect } from './connection.ts';
import { damaged } from './damaged.ts';
import type {
  CollectionCounts,
  CollectionProblem,
  CollectionRecord,
  EngagementFile,
  SeriesInfo,
  ServerId,
  ServerSummary,
} from './engagement.ts';
import type { Lock } from './lock.ts';
import type { ServerAnnotations } from './model/annotations.ts';
import type { ServerIdentity } from './model/identity.ts';
import type { ServerInventory } from './model/inventory.ts';
import type { MetricId } from './model/metrics.ts';
import type { Rollup, ServerRollup } from './model/rollup.ts';
import type { SampleBatch } from './model/samples.ts';
import type { DocumentInfo, DocumentKind } from './planning.ts';
import { explain, readOnlyError } from './sqlite-errors.ts';
import { AnnotationTable } from './tables/annotations.ts';
import { CollectionTable } from './tables/collections.ts';
import { DemandProfileTable } from './tables/demand-profiles.ts';
import { DocumentTable } from './tables/documents.ts';
import { InventoryTable } from './tables/inventories.ts';
import { summarise } from './tables/inventory-summary.ts';
import { RollupTable } from './tables/rollups.ts';
import { SampleStore } from './tables/samples.ts';
import { ServerTable } from './tables/servers.ts';

interface About {
  name: string;
  createdAt: number;
  utcOffsetMinutes: number;
}

export class SqliteEngagement implements EngagementFile {
  readonly path: string;
  readonly readOnly: boolean;
  readonly name: string;
  readonly createdAt: number;
  readonly utcOffsetMinutes: number;

  readonly #database: Database;
  readonly #lock: Lock | null;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #save: Statement;
  readonly #release: Statement;
  readonly #undo: Statement;
  readonly #servers: ServerTable;
  readonly #inventories: InventoryTable;
  readonly #samples: SampleStore;
  readonly #rollups: RollupTable;
  readonly #collections: CollectionTable;
  readonly #annotations: AnnotationTable;
  readonly #profiles: DemandProfileTable;
  readonly #documents: DocumentTable;
  #inTransaction = false;

  /** @param lock of the writer; null: only to read */
  constructor(path: string, database: Database, lock: Lock | null) {
    this.path = path;
    this.readOnly = lock === null;
    this.#database = database;
    this.#lock = lock;
    const about = database
      .prepare<[], About>(
        'SELECT name, created_at AS createdAt, utc_offset_minutes AS utcOffsetMinutes FROM engagement',
      )
      .get();
    if (about === undefined) throw damaged('The engagement file is', 'its first row is missing', { path });
    this.name = about.name;
    this.createdAt = about.createdAt;
    this.utcOffsetMinutes = about.utcOffsetMinutes;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#save = database.prepare('SAVEPOINT step');
    this.#release = database.prepare('RELEASE step');
    this.#undo = database.prepare('ROLLBACK TO step');
    this.#servers = new ServerTable(database);
    this.#inventories = new InventoryTable(database);
    this.#samples = new SampleStore(database);
    this.#rollups = new RollupTable(database);
    this.#collections = new CollectionTable(database);
    this.#annotations = new AnnotationTable(database);
    this.#profiles = new DemandProfileTable(database);
    this.#documents = new DocumentTable(database);
  }

  transaction<T>(work: () => T): T {
    if (this.readOnly) throw readOnlyError(this.path);
    if (this.#inTransaction) throw misuse('A transaction was begun inside another one.');
    return this.#explained(() => {
      this.#begin.run();
      this.#inTransaction = true;
      try {
        const result = work();
        if (result instanceof Promise) throw misuse('A transaction cannot wait.');
        this.#commit.run();
        return result;
      } catch (error) {
        if (this.#isOpen()) this.#rollback.run();
        throw error;
      } finally {
        this.#inTransaction = false;
      }
    });
  }

  /** All of a step or nothing: in the transaction that is open, or in one of its own. */
  #write<T>(step: () => T): T {
    if (!this.#inTransaction) return this.transaction(step);
    return this.#explained(() => {
      // SQLite gives a transaction up by itself when the disk is full; what follows must not be kept one by one.
      if (!this.#isOpen()) throw misuse('The transaction was given up because of an earlier error.');
      this.#save.run();
      try {
        const result = step();
        this.#release.run();
        return result;
      } catch (error) {
        if (this.#isOpen()) {
          this.#undo.run();
          this.#release.run();
        }
        throw error;
      }
    });
  }

  /** Asked anew each time: SQLite ends transactions by itself. */
  #isOpen(): boolean {
    return this.#database.inTransaction;
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  server(identity: ServerIdentity, seenAt: number): { id: ServerId; isNew: boolean } {
    return this.#write(() => this.#servers.find(identity, seenAt, (from, into) => this.#move(from, into)));
  }

  /** What was collected of one server to another one, which it turned out to be. */
  #move(from: ServerId, into: ServerId): void {
    this.#inventories.move(from, into);
    this.#annotations.move(from, into, this.#servers.name(from));
    this.#profiles.remove(into);
    for (const { id, metric, instance, told } of this.#samples.rows(from)) {
      const samples = this.#samples.readSeries(id, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      this.#samples.append(into, { metric: metric, instance, ...samples, interval: told });
    }
  }

  servers(): ServerSummary[] {
    return this.#explained(() => this.#servers.all());
  }

  removeServer(id: ServerId): void {
    this.#write(() => {
      const row = this.#servers.row(id);
      // What was of it is not to be found in unused pages either.
      this.#database.pragma('secure_delete = ON');
      try {
        this.#servers.remove(row);
        // Answers name the servers they are about.
        this.#documents.removeComputed();
      } finally {
        this.#database.pragma('secure_delete = OFF');
      }
    });
  }

  putInventory(id: ServerId, inventory: ServerInventory, observedAt: number, collection: number): void {
    this.#write(() => {
      const row = this.#servers.row(id);
      const isNewest = this.#inventories.put(row, inventory, observedAt, collection);
      this.#servers.describe(row, summarise(inventory), isNewest);
      this.#profiles.remove(row);
    });
  }

  inventory(id: ServerId): { inventory: ServerInventory; observedAt: number } | null {
    return this.#explained(() => this.#inventories.newest(this.#servers.row(id)));
  }

  appendSamples(id: ServerId, batch: SampleBatch): { added: number; repeated: number } {
    return this.#write(() => {
      const row = this.#servers.row(id);
      const counts = this.#samples.append(row, batch);
      if (counts.added > 0) {
        const { first, last } = spanOf(batch.times);
        this.#servers.sampled(row, first, last);
        this.#profiles.remove(row);
      }
      return counts;
    });
  }

  series(id: ServerId): SeriesInfo[] {
    return this.#explained(() => this.#samples.series(this.#servers.row(id)));
  }

  readSamples(id: ServerId, metric: MetricId, instance: string, from: number, to: number): SampleBatch {
    return this.#explained(() => this.#samples.read(this.#servers.row(id), metric, instance, from, to));
  }

  rollUp(id: ServerId): ServerRollup {
    return this.#write(() => {
      const row = this.#servers.row(id);
      const inventory = this.#inventories.newest(row)?.inventory;
      const rollup = this.#rollups.make(row, this.#samples, inventory, this.utcOffsetMinutes);
      this.#servers.putRollup(row, rollup);
      return rollup;
    });
  }

  outdated(): ServerId[] {
    return this.#explained(() => this.#servers.outdated());
  }

  rollups(id: ServerId): Rollup[] {
    return this.#explained(() => this.#rollups.all(this.#servers.row(id)));
  }

  annotations(id: ServerId): ServerAnnotations {
    return this.#explained(() => this.#annotations.get(this.#servers.row(id)));
  }

  annotationRemarks(id: ServerId): string[] {
    return this.#explained(() => this.#annotations.remarks(this.#servers.row(id)));
  }

  putAnnotations(id: ServerId, annotations: ServerAnnotations): void {
    this.#write(() => {
      const row = this.#servers.row(id);
      const before = JSON.stringify(this.#annotations.get(row).backup);
      this.#annotations.put(row, annotations);
      // A profile holds the backups that were told.
      if (JSON.stringify(this.#annotations.get(row).backup) !== before) this.#profiles.remove(row);
    });
  }

  demandProfile(id: ServerId): Uint8Array | null {
    return this.#explained(() => this.#profiles.get(this.#servers.row(id)));
  }

  putDemandProfile(id: ServerId, bytes: Uint8Array): void {
    this.#write(() => this.#profiles.put(this.#servers.row(id), bytes));
  }

  document(kind: DocumentKind, name: string): unknown {
    return this.#explained(() => this.#documents.get(kind, name));
  }

  putDocument(
    kind: DocumentKind,
    name: string,
    value: unknown,
    inputs: string | null,
    changedAt: number,
  ): void {
    this.#write(() => this.#documents.put(kind, name, value, { inputs, changedAt }));
  }

  removeDocument(kind: DocumentKind, name: string): void {
    this.#write(() => this.#documents.remove(kind, name));
  }

  documents(kind: DocumentKind): DocumentInfo[] {
    return this.#explained(() => this.#documents.all(kind));
  }

  beginCollection(about: {
    collector: string;
    source: string;
    digest: string | null;
    startedAt: number;
  }): number {
    return this.#write(() => this.#collections.begin(about));
  }

  countCollection(id: number, counts: CollectionCounts): void {
    this.#write(() => this.#collections.count(id, counts));
  }

  addProblems(id: number, problems: readonly CollectionProblem[]): void {
    this.#write(() => this.#collections.addProblems(id, problems));
  }

  finishCollection(id: number, finishedAt: number): void {
    this.#write(() => this.#collections.finish(id, finishedAt));
  }

  collections(): CollectionRecord[] {
    return this.#explained(() => this.#collections.all());
  }

  problems(collection: number): CollectionProblem[] {
    return this.#explained(() => this.#collections.problems(collection));
  }

  changeStamp(): string {
    return this.#explained(() => {
      const others = this.#database.pragma('data_version', { simple: true });
      const own = this.#database.prepare('SELECT total_changes()').pluck().get();
      return `${String(others)}:${String(own)}`;
    });
  }

  close(): void {
    if (!this.#database.open) return;
    try {
      disconnect(this.#database, this.readOnly);
    } finally {
      this.#lock?.release();
    }
  }
}

const misuse = (message: string): IronliftError =>
  new IronliftError('INTERNAL', message, { next: 'Report this; nothing of it was kept.' });

function spanOf(times: Float64Array): { first: number; last: number } {
  let first = times[0]!;
  let last = first;
  for (const time of times) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return { first, last };
}
