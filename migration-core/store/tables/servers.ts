/** Servers of the engagement file: who they are, and what the list shows of them. */
import type { Database, Statement } from 'better-sqlite3';
import { IronliftError } from '../../base/errors.ts';
import type { ServerId, ServerSummary } from '../engagement.ts';
import { parseJson } from '../json.ts';
import { serverIdentity, type ServerIdentity } from '../model/identity.ts';
import type { ServerRollup } from '../model/rollup.ts';
import { serverRollup } from '../rollup/schema.ts';
import type { InventorySummary } from './inventory-summary.ts';
import { joined, resolve, storedKeys, type KnownServer, type ServerKey } from './known-server.ts';

interface SummaryRow {
  id: number;
  identity: string;
  vendor: string | null;
  model: string | null;
  operatingSystem: string | null;
  cores: number | null;
  memoryBytes: number | null;
  diskBytes: number | null;
  firstSample: number | null;
  lastSample: number | null;
  rollup: string | null;
}

const IDENTITY = 'The identity of a server in the engagement file is';
const ROLLUP = 'The summary of a server in the engagement file is';
/** Of one key. A default address or name may be that of many servers; a thousandth one decides nothing. */
const MAX_HOLDERS = 200;
/** Samples or an inventory came after the summary was made: in one transaction with them, so that a kill cannot hide it. */
const OUTDATED = `iif(rollup IS NULL, NULL, json_set(rollup, '$.outdated', json('true')))`;

export class ServerTable {
  readonly #holders: Statement<[string, string], { id: number; identity: string }>;
  readonly #add: Statement<[string, string, number, number]>;
  readonly #update: Statement<[string, string, number, number, number]>;
  readonly #addKey: Statement<[string, string, number]>;
  readonly #all: Statement<[], SummaryRow>;
  readonly #one: Statement<[number], { id: number; identity: string }>;
  readonly #exists: Statement<[number], { id: number }>;
  readonly #remove: Statement<[number]>;
  readonly #merged: Statement<[number], { into: number }>;
  readonly #addMerged: Statement<[number, number]>;
  readonly #redirect: Statement<[number, number]>;
  readonly #absorb: Statement<{ from: number; into: number }>;
  readonly #span: Statement<{ id: number; first: number; last: number }>;
  readonly #describe: Statement<InventorySummary & { id: number; newest: number }>;
  readonly #putRollup: Statement<[string | null, number]>;
  readonly #outdated: Statement<[], { id: number }>;

  constructor(database: Database) {
    this.#holders = database.prepare(
      `SELECT id, identity FROM server_key JOIN server ON id = server WHERE key = ? AND value = ? ORDER BY id LIMIT ${MAX_HOLDERS}`,
    );
    this.#add = database.prepare(
      'INSERT INTO server (name, identity, first_seen, last_seen) VALUES (?, ?, ?, ?)',
    );
    this.#update = database.prepare(
      'UPDATE server SET name = ?, identity = ?, first_seen = min(first_seen, ?), last_seen = max(last_seen, ?) WHERE id = ?',
    );
    this.#addKey = database.prepare('INSERT OR IGNORE INTO server_key (key, value, server) VALUES (?, ?, ?)');
    this.#all = database.prepare(
      `SELECT id, identity, vendor, model, operating_system AS operatingSystem, cores, memory_bytes AS memoryBytes,
        disk_bytes AS diskBytes, first_sample AS firstSample, last_sample AS lastSample, rollup
       FROM server ORDER BY name COLLATE NOCASE, id`,
    );
    this.#one = database.prepare('SELECT id, identity FROM server WHERE id = ?');
    this.#exists = database.prepare('SELECT id FROM server WHERE id = ?');
    this.#remove = database.prepare('DELETE FROM server WHERE id = ?');
    this.#merged = database.prepare('SELECT into_server AS "into" FROM server_merged WHERE id = ?');
    this.#addMerged = database.prepare('INSERT INTO server_merged (id, into_server) VALUES (?, ?)');
    this.#redirect = database.prepare('UPDATE server_merged SET into_server = ? WHERE into_server = ?');
    this.#absorb = database.prepare(
      `UPDATE server SET
        vendor = coalesce(server.vendor, other.vendor), model = coalesce(server.model, other.model),
        operating_system = coalesce(server.operating_system, other.operating_system),
        cores = coalesce(server.cores, other.cores),
        memory_bytes = coalesce(server.memory_bytes, other.memory_bytes),
        disk_bytes = coalesce(server.disk_bytes, other.disk_bytes),
        first_seen = min(server.first_seen, other.first_seen),
        last_seen = max(server.last_seen, other.last_seen),
        first_sample = min(coalesce(server.first_sample, other.first_sample), coalesce(other.first_sample, server.first_sample)),
        last_sample = max(coalesce(server.last_sample, other.last_sample), coalesce(other.last_sample, server.last_sample)),
        rollup = NULL
       FROM server AS other WHERE server.id = :into AND other.id = :from`,
    );
    this.#span = database.prepare(
      `UPDATE server SET first_sample = min(coalesce(first_sample, :first), :first),
        last_sample = max(coalesce(last_sample, :last), :last), rollup = ${OUTDATED}
       WHERE id = :id AND (first_sample IS NULL OR first_sample > :first OR last_sample < :last
        OR (rollup IS NOT NULL AND rollup ->> '$.outdated' IS NULL))`,
    );
    // Each column is of the newest inventory that knows it.
    this.#describe = database.prepare(
      `UPDATE server SET
        vendor = iif(:newest, coalesce(:vendor, vendor), coalesce(vendor, :vendor)),
        model = iif(:newest, coalesce(:model, model), coalesce(model, :model)),
        operating_system = iif(:newest, coalesce(:operatingSystem, operating_system), coalesce(operating_system, :operatingSystem)),
        cores = iif(:newest, coalesce(:cores, cores), coalesce(cores, :cores)),
        memory_bytes = iif(:newest, coalesce(:memoryBytes, memory_bytes), coalesce(memory_bytes, :memoryBytes)),
        disk_bytes = iif(:newest, coalesce(:diskBytes, disk_bytes), coalesce(disk_bytes, :diskBytes)),
        rollup = ${OUTDATED}
       WHERE id = :id`,
    );
    this.#putRollup = database.prepare('UPDATE server SET rollup = ? WHERE id = ?');
    this.#outdated = database.prepare(
      `SELECT id FROM server WHERE first_sample IS NOT NULL AND (rollup IS NULL OR rollup ->> '$.outdated' IS NOT NULL) ORDER BY id`,
    );
  }

  /**
   * The server of that identity. `mergeServers` moves what hangs on the first server to the second; the first is removed
   * afterwards.
   */
  find(
    given: ServerIdentity,
    seenAt: number,
    mergeServers: (from: ServerId, into: ServerId) => void,
  ): { id: ServerId; isNew: boolean } {
    const identity = serverIdentity.parse(given);
    const holders = ({ key, value }: ServerKey): KnownServer[] =>
      this.#holders.all(key, value).map(readIdentity);
    const { id, same } = resolve(identity, holders);
    if (id === undefined) {
      const added = this.#add.run(identity.name, JSON.stringify(identity), seenAt, seenAt);
      const newId = Number(added.lastInsertRowid);
      for (const { key, value } of storedKeys(identity)) this.#addKey.run(key, value, newId);
      return { id: newId, isNew: true };
    }
    let known = readIdentity(this.#one.get(id)!).identity;
    for (const other of same) {
      known = joined(known, readIdentity(this.#one.get(other)!).identity);
      mergeServers(other, id);
      this.#absorb.run({ from: other, into: id });
      this.#redirect.run(id, other);
      this.#remove.run(other);
      this.#addMerged.run(other, id);
    }
    const now = joined(known, identity);
    for (const { key, value } of [...storedKeys(now), ...storedKeys(identity)])
      this.#addKey.run(key, value, id);
    this.#update.run(now.name, JSON.stringify(now), seenAt, seenAt, id);
    return { id, isNew: false };
  }

  /**
   * The row of that server, also where it has turned out to be another one meanwhile.
   * @throws INTERNAL where there is none
   */
  row(id: ServerId): ServerId {
    const found = this.#exists.get(id)?.id ?? this.#merged.get(id)?.into;
    if (found === undefined)
      throw new IronliftError('INTERNAL', `The engagement file has no server ${id}.`, {
        next: 'Read the list of servers again; it may have been removed.',
        data: { id },
      });
    return found;
  }

  name(id: ServerId): string {
    return readIdentity(this.#one.get(id)!).identity.name;
  }

  all(): ServerSummary[] {
    return this.#all
      .all()
      .map((row) => ({ ...row, identity: readIdentity(row).identity, rollup: readRollup(row.rollup) }));
  }

  remove(id: ServerId): void {
    this.#remove.run(id);
  }

  sampled(id: ServerId, first: number, last: number): void {
    this.#span.run({ id, first, last });
  }

  describe(id: ServerId, summary: InventorySummary, isNewest: boolean): void {
    this.#describe.run({ ...summary, id, newest: isNewest ? 1 : 0 });
  }

  outdated(): ServerId[] {
    return this.#outdated.all().map(({ id }) => id);
  }

  putRollup(id: ServerId, rollup: ServerRollup): void {
    this.#putRollup.run(JSON.stringify(rollup), id);
  }
}

const readIdentity = (row: { id: number; identity: string }): KnownServer => ({
  id: row.id,
  identity: parseJson(serverIdentity, row.identity, IDENTITY),
});

const readRollup = (text: string | null): ServerRollup | null =>
  text === null ? null : parseJson(serverRollup, text, ROLLUP);
