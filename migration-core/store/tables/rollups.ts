/** Roll-ups as they were computed last. */
import type { Database, Statement } from 'better-sqlite3';
import { damaged } from '../damaged.ts';
import { parseJson } from '../json.ts';
import type { ServerInventory } from '../model/inventory.ts';
import { metricInfo } from '../model/metrics.ts';
import type { Rollup, ServerRollup } from '../model/rollup.ts';
import { keptRollup } from '../rollup/schema.ts';
import { HOURS_OF_WEEK, rollUpSeries } from '../rollup/series-rollup.ts';
import { rollUpServer, SUMMARISED, type SlottedSeries } from '../rollup/server-rollup.ts';
import { slotSeconds, toSlots } from '../rollup/slots.ts';
import { ColumnWriter, decodeColumn } from '../samples/column.ts';
import type { SampleStore } from './samples.ts';

const ROLLUP = 'A roll-up in the engagement file is';
/** Of both parts of the column, with the length of the first before them. */
const MAX_WEEK_BYTES = 8192;

interface Row {
  metric: string;
  instance: string;
  data: string;
  week: Uint8Array | null;
}

export class RollupTable {
  readonly #put: Statement<[number, string, Uint8Array]>;
  readonly #remove: Statement<[number]>;
  readonly #all: Statement<[number], Row>;

  constructor(database: Database) {
    this.#put = database.prepare('INSERT OR REPLACE INTO rollup (series, data, week) VALUES (?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM rollup WHERE series = ?');
    this.#all = database.prepare(
      `SELECT metric, instance, data, iif(length(week) <= ${MAX_WEEK_BYTES}, week, NULL) AS week
       FROM rollup JOIN series ON id = series WHERE server = ? ORDER BY metric, instance`,
    );
  }

  make(
    server: number,
    samples: SampleStore,
    inventory: ServerInventory | undefined,
    utcOffsetMinutes: number,
  ): ServerRollup {
    const summarised: SlottedSeries[] = [];
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const row of samples.rows(server)) {
      const read = samples.readSeries(row.id, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      const interval = row.seen || row.told;
      const slots = toSlots(read, slotSeconds(interval), interval);
      first = Math.min(first, row.first ?? first);
      last = Math.max(last, row.last ?? last);
      if (SUMMARISED.has(row.metric)) summarised.push({ metric: row.metric, instance: row.instance, slots });
      const rollup = rollUpSeries(slots, utcOffsetMinutes);
      if (rollup === undefined) this.#remove.run(row.id);
      else this.#keep(row.id, rollup);
    }
    return rollUpServer(summarised, first <= last ? { first, last } : null, inventory, utcOffsetMinutes);
  }

  #keep(series: number, { week, ...rest }: Omit<Rollup, 'metric' | 'instance'>): void {
    this.#put.run(series, JSON.stringify(rest), encodeWeek(week));
  }

  all(server: number): Rollup[] {
    return this.#all.all(server).map(({ metric, instance, data, week }) => {
      if (week === null || metricInfo(metric) === undefined)
        throw damaged(ROLLUP, 'it is not of this program');
      return {
        metric: metric,
        instance,
        ...parseJson(keptRollup, data, ROLLUP),
        week: decodeWeek(week),
      };
    });
  }
}

/** u16 LE bytes of the head, head and bits of one column. */
function encodeWeek(week: number[]): Buffer {
  const { head, bits } = new ColumnWriter(HOURS_OF_WEEK).encode(Float64Array.from(week));
  const length = Buffer.alloc(2);
  length.writeUInt16LE(head.length);
  return Buffer.concat([length, head, bits]);
}

function decodeWeek(blob: Uint8Array): number[] {
  const split = 2 + (blob[0] ?? 0) + 256 * (blob[1] ?? 0);
  return Array.from(decodeColumn(blob.subarray(2, split), blob.subarray(split), HOURS_OF_WEEK));
}
