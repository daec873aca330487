/** Demand profiles as they were put. What they were made from changes: then they go, in the same transaction. */
import type { Database, Statement } from 'better-sqlite3';
import { crc32c } from '../../base/crc32c.ts';
import { IronliftError } from '../../base/errors.ts';

/** Four week shapes of five resources as floats are 50 KB; the rest is a few figures. */
export const MAX_PROFILE_BYTES = 1 << 20;

export class DemandProfileTable {
  readonly #get: Statement<[number], { checksum: number; data: Uint8Array }>;
  readonly #put: Statement<[number, number, Uint8Array]>;
  readonly #remove: Statement<[number]>;

  constructor(database: Database) {
    this.#get = database.prepare(
      `SELECT checksum, data FROM demand_profile WHERE server = ? AND length(data) <= ${MAX_PROFILE_BYTES}`,
    );
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO demand_profile (server, checksum, data) VALUES (?, ?, ?)',
    );
    this.#remove = database.prepare('DELETE FROM demand_profile WHERE server = ?');
  }

  /** One that is damaged is none: it is computed again from the samples, which have checksums of their own. */
  get(server: number): Uint8Array | null {
    const row = this.#get.get(server);
    if (row === undefined || crc32c(0xffffffff, row.data) !== row.checksum) return null;
    return row.data;
  }

  put(server: number, bytes: Uint8Array): void {
    if (bytes.length > MAX_PROFILE_BYTES)
      throw new IronliftError(
        'INTERNAL',
        `A demand profile of ${bytes.length} bytes is too long to be kept.`,
        {
          next: 'Report this; nothing of it was kept.',
        },
      );
    this.#put.run(server, crc32c(0xffffffff, bytes), bytes);
  }

  remove(server: number): void {
    this.#remove.run(server);
  }
}
