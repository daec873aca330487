/** Inventories: JSON packed by zlib, for a list of packages is long and packs to a tenth. */
import { deflateSync, inflateSync } from 'node:zlib';
import type { Database, Statement } from 'better-sqlite3';
import { damaged } from '../damaged.ts';
import { parseJson } from '../json.ts';
import { serverInventory, type ServerInventory } from '../model/inventory.ts';

const INVENTORY = 'The inventory of a server in the engagement file is';
/** Unpacked; a server with 100,000 packages and connections has 20 MB. A few bytes could unpack to gigabytes otherwise. */
const MAX_JSON_BYTES = 64 << 20;
/** Packed; what is longer is not read into memory. */
const MAX_PACKED_BYTES = 32 << 20;

export class InventoryTable {
  readonly #put: Statement<[number, number, number, Uint8Array]>;
  readonly #newest: Statement<[number], { observedAt: number; data: Uint8Array | null }>;
  readonly #newestTime: Statement<[number], { observedAt: number | null }>;
  readonly #move: Statement<[number, number]>;

  constructor(database: Database) {
    this.#put = database.prepare(
      `INSERT INTO inventory (server, observed_at, collection, data) VALUES (?, ?, ?, ?)
       ON CONFLICT (server, observed_at, collection) DO UPDATE SET data = excluded.data`,
    );
    this.#newest = database.prepare(
      `SELECT observed_at AS observedAt, iif(length(data) <= ${MAX_PACKED_BYTES}, data, NULL) AS data
       FROM inventory WHERE server = ? ORDER BY observed_at DESC, id DESC LIMIT 1`,
    );
    this.#newestTime = database.prepare(
      'SELECT max(observed_at) AS observedAt FROM inventory WHERE server = ?',
    );
    this.#move = database.prepare('UPDATE OR REPLACE inventory SET server = ? WHERE server = ?');
  }

  /** @returns whether it is the newest of its server */
  put(server: number, inventory: ServerInventory, observedAt: number, collection: number): boolean {
    const newest = this.#newestTime.get(server)?.observedAt ?? Number.NEGATIVE_INFINITY;
    this.#put.run(
      server,
      observedAt,
      collection,
      deflateSync(JSON.stringify(serverInventory.parse(inventory))),
    );
    return observedAt >= newest;
  }

  newest(server: number): { inventory: ServerInventory; observedAt: number } | null {
    const row = this.#newest.get(server);
    if (row === undefined) return null;
    if (row.data === null) throw damaged(INVENTORY, 'it is too long');
    let text: string;
    try {
      text = inflateSync(row.data, { maxOutputLength: MAX_JSON_BYTES }).toString();
    } catch {
      throw damaged(INVENTORY, 'it cannot be unpacked');
    }
    return { inventory: parseJson(serverInventory, text, INVENTORY), observedAt: row.observedAt };
  }

  move(from: number, into: number): void {
    this.#move.run(into, from);
  }
}
