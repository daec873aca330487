/** Ways to keep measurements in SQLite that were tried beside the one that is used. */
import Database from 'better-sqlite3';
import { deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { createEngagement } from '../../migration-core/store/open.ts';
import { ColumnWriter, decodeColumn } from '../../migration-core/store/samples/column.ts';
import type { Series } from './store-series.ts';

export interface Layout {
  name: string;
  open: (path: string) => OpenLayout;
}

export interface OpenLayout {
  /** Whole series, each in a transaction of its own. */
  append(id: number, series: Series): void;
  /** One more sample of many series, in one transaction, as a live collector does. */
  tick(series: { id: number; time: number; value: number }[]): void;
  read(id: number, from: number, to: number): Float64Array;
  close(): void;
}

const DAY = 86_400_000;

function connect(path: string): Database.Database {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return database;
}

const rows: Layout = {
  name: 'rows (series, time, value) WITHOUT ROWID',
  open(path) {
    const database = connect(path);
    database.exec(
      'CREATE TABLE sample (series INTEGER, time REAL, value REAL, PRIMARY KEY (series, time)) WITHOUT ROWID',
    );
    const add = database.prepare('INSERT OR IGNORE INTO sample VALUES (?, ?, ?)');
    const read = database
      .prepare('SELECT value FROM sample WHERE series = ? AND time >= ? AND time < ?')
      .pluck();
    return {
      append: database.transaction((id: number, { times, values }: Series) => {
        for (let i = 0; i < times.length; i++) add.run(id, times[i], values[i]);
      }),
      tick: database.transaction((series: { id: number; time: number; value: number }[]) => {
        for (const { id, time, value } of series) add.run(id, time, value);
      }),
      read: (id, from, to) => Float64Array.from(read.all(id, from, to) as number[]),
      close: () => database.close(),
    };
  },
};

interface Encoding {
  name: string;
  encode: (times: Float64Array, values: Float64Array) => Uint8Array;
  decode: (blob: Uint8Array, count: number) => { times: Float64Array; values: Float64Array };
}

const bytesOf = (array: Float64Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const float64: Encoding = {
  name: 'float64',
  encode: (times, values) => Buffer.concat([bytesOf(times), bytesOf(values)]),
  decode(blob, count) {
    const both = new Float64Array(new Uint8Array(blob).buffer);
    return { times: both.subarray(0, count), values: both.subarray(count) };
  },
};

/** Loses digits: here to see what it would save. */
const float32: Encoding = {
  name: 'float32 (loses digits), times as float64',
  encode: (times, values) => Buffer.concat([bytesOf(times), bytesOf(Float32Array.from(values))]),
  decode(blob, count) {
    const { buffer } = new Uint8Array(blob);
    return {
      times: new Float64Array(buffer, 0, count),
      values: Float64Array.from(new Float32Array(buffer, count * 8)),
    };
  },
};

const integers = (
  name: string,
  pack: (bytes: Uint8Array) => Uint8Array,
  unpack: (bytes: Uint8Array) => Uint8Array,
): Encoding => ({
  name: `scaled, differences, lengths and bits${name}`,
  encode: (times, values) =>
    Buffer.concat(
      [times, values].flatMap((column) => {
        const { head, bits } = new ColumnWriter(column.length).encode(column);
        const packed = pack(head);
        return [new Uint8Array(Uint32Array.of(packed.length, bits.length).buffer), packed, bits];
      }),
    ),
  decode(blob, count) {
    let at = 0;
    const next = (): Float64Array => {
      const [head, bits] = new Uint32Array(new Uint8Array(blob.subarray(at, at + 8)).buffer);
      const middle = at + 8 + head!;
      const packed = blob.subarray(at + 8, middle);
      at = middle + bits!;
      return decodeColumn(unpack(packed), blob.subarray(middle, at), count);
    };
    return { times: next(), values: next() };
  },
});
const plain = integers(
  '',
  (bytes) => bytes,
  (bytes) => bytes,
);
const deflated = integers(
  ', deflate',
  (bytes) => deflateRawSync(bytes),
  (bytes) => inflateRawSync(bytes),
);
const zstd = integers(
  ', zstd',
  (bytes) => zstdCompressSync(bytes),
  (bytes) => zstdDecompressSync(bytes),
);

const blobs = (what: string, period: number, { name, encode, decode }: Encoding): Layout => ({
  name: `blob per ${what}: ${name}`,
  open(path) {
    const database = connect(path);
    database.exec(
      'CREATE TABLE blobs (id INTEGER PRIMARY KEY, series INTEGER, period INTEGER, count INTEGER, data BLOB, UNIQUE (series, period))',
    );
    const put = database.prepare(
      `INSERT INTO blobs (series, period, count, data) VALUES (?, ?, ?, ?)
       ON CONFLICT (series, period) DO UPDATE SET count = excluded.count, data = excluded.data`,
    );
    const get = database.prepare<[number, number], { count: number; data: Uint8Array }>(
      'SELECT count, data FROM blobs WHERE series = ? AND period = ?',
    );
    return {
      append: database.transaction((id: number, { times, values }: Series) => {
        for (let from = 0; from < times.length;) {
          const number = Math.floor(times[from]! / period);
          let to = from;
          while (to < times.length && times[to]! < (number + 1) * period) to++;
          put.run(id, number, to - from, encode(times.subarray(from, to), values.subarray(from, to)));
          from = to;
        }
      }),
      tick: database.transaction((series: { id: number; time: number; value: number }[]) => {
        for (const { id, time, value } of series) {
          const number = Math.floor(time / period);
          const found = get.get(id, number);
          const there = found === undefined ? { times: [], values: [] } : decode(found.data, found.count);
          const times = Float64Array.from([...there.times, time]);
          put.run(id, number, times.length, encode(times, Float64Array.from([...there.values, value])));
        }
      }),
      read(id, from, to) {
        const values: number[] = [];
        for (let number = Math.floor(from / period); number <= Math.floor((to - 1) / period); number++) {
          const found = get.get(id, number);
          if (found !== undefined) values.push(...decode(found.data, found.count).values);
        }
        return Float64Array.from(values);
      },
      close: () => database.close(),
    };
  },
});

const engagement: Layout = {
  name: 'the engagement file: chunks of 384, zstd',
  open(path) {
    const file = createEngagement(path, { name: 'benchmark', now: () => 0 });
    const { id: server } = file.server({ name: 'server', macs: [] }, 0);
    const metric = 'cpu.busy';
    return {
      append: (id, { times, values }) =>
        void file.appendSamples(server, { metric, instance: `${id}`, times, values, interval: 300 }),
      tick: (series) =>
        file.transaction(() => {
          for (const { id, time, value } of series)
            file.appendSamples(server, {
              metric,
              instance: `${id}`,
              times: Float64Array.of(time),
              values: Float64Array.of(value),
              interval: 300,
            });
        }),
      read: (id, from, to) => file.readSamples(server, metric, `${id}`, from, to).values,
      close: () => file.close(),
    };
  },
};

export const LAYOUTS: readonly Layout[] = [
  rows,
  blobs('day', DAY, float64),
  blobs('day', DAY, float32),
  blobs('day', DAY, plain),
  blobs('day', DAY, deflated),
  blobs('day', DAY, zstd),
  blobs('week', 7 * DAY, zstd),
  blobs('month', 30 * DAY, zstd),
  engagement,
];
