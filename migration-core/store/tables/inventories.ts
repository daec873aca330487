/** Inventories: JSON packed by zlib, for a list of packages is long and packs to a tenth. */
import { deflateSync, inflateSync } from 'node:zlib';
import type { Database, Statement } from 'better-sqlite3';
import { damaged } from '../damaged.ts';
import { parseJson } from '../json.ts';
import { serverInventory, type ServerInventory } from '../model/inventory.ts';
import { mergedInventory } from '../model/merged-inventory.ts';

const INVENTORY = 'The inventory of a server in the engagement file is';
/** Unpacked; a server with 100,000 packages and connections has 20 MB. A few bytes could unpack to gigabytes otherwise. */
const MAX_JSON_BYTES = 64 << 20;
/** Packed; what is longer is not read into memory. */
const MAX_PACKED_BYTES = 32 << 20;
/** Inventories of a server that are looked at together: more kinds of tools than anybody uses on one. */
const MERGED = 8;

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
       FROM inventory WHERE server = ? ORDER BY observed_at DESC, id DESC LIMIT ${MERGED}`,
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

  /** What the newest ones tell together, and when the newest was seen. */
  newest(server: number): { inventory: ServerInventory; observedAt: number } | null {
    const rows = this.#newest.all(server);
    const [first] = rows;
    if (first === undefined) return null;
    return { inventory: mergedInventory(rows.map(unpacked)), observedAt: first.observedAt };
  }

  move(from: number, into: number): void {
    this.#move.run(into, from);
  }
}

function unpacked({ data }: { data: Uint8Array | null }): ServerInventory {
  if (data === null) throw damaged(INVENTORY, 'it is too long');
  let text: string;
  try {
    text = inflateSync(data, { maxOutputLength: MAX_JSON_BYTES }).toString();
  } catch {
    throw damaged(INVENTORY, 'it cannot be unpacked');
  }
  return parseJson(serverInventory, text, INVENTORY);
}
