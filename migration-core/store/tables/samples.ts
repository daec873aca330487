/**
 * Measurements of the engagement file: each series in chunks of up to 384 samples that do not overlap in time.
 */
import type { Database, Statement } from 'better-sqlite3';
import { damaged } from '../damaged.ts';
import type { SeriesInfo } from '../engagement.ts';
import { metricInfo, type MetricId } from '../model/metrics.ts';
import type { SampleBatch } from '../model/samples.ts';
import { CHUNK_SAMPLES, decodeChunk, encodeChunk, MAX_CHUNK_BYTES, type Samples } from '../samples/chunk.ts';
import { ascending, intervalSeen, lowerBound, merge, slice } from '../samples/merge.ts';

interface ChunkRow {
  id: number;
  first: number;
  last: number;
  samples: number;
}

export interface SeriesRow {
  id: number;
  metric: string;
  instance: string;
  samples: number;
  first: number | null;
  last: number | null;
  told: number;
  seen: number;
}

const EMPTY: Samples = { times: new Float64Array(0), values: new Float64Array(0) };

export class SampleStore {
  readonly #findSeries: Statement<[number, string, string], SeriesRow>;
  readonly #allSeries: Statement<[number], SeriesRow>;
  readonly #addSeries: Statement<[number, string, string]>;
  readonly #updateSeries: Statement<[number, number, number, number, number, number]>;
  readonly #before: Statement<[number, number], ChunkRow>;
  readonly #after: Statement<[number, number], ChunkRow>;
  readonly #overlapping: Statement<[number, number, number, number], ChunkRow>;
  readonly #data: Statement<[number], { bytes: number; data: Uint8Array | null }>;
  readonly #addChunk: Statement<[number, number, number, number, Uint8Array]>;
  readonly #updateChunk: Statement<[number, number, number, Uint8Array, number]>;

  constructor(database: Database) {
    const columns =
      'id, metric, instance, samples, first, last, interval_told AS told, interval_seen AS seen FROM series';
    this.#findSeries = database.prepare(`SELECT ${columns} WHERE server = ? AND metric = ? AND instance = ?`);
    this.#allSeries = database.prepare(`SELECT ${columns} WHERE server = ? ORDER BY metric, instance`);
    this.#addSeries = database.prepare(
      `INSERT INTO series (server, metric, instance, samples, interval_told, interval_seen) VALUES (?, ?, ?, 0, 0, 0)`,
    );
    this.#updateSeries = database.prepare(
      `UPDATE series SET samples = ?, first = ?, last = ?, interval_told = ?, interval_seen = ? WHERE id = ?`,
    );
    const chunk = 'SELECT id, first, last, samples FROM chunk WHERE series = ?';
    this.#before = database.prepare(`${chunk} AND first <= ? ORDER BY first DESC LIMIT 1`);
    this.#after = database.prepare(`${chunk} AND first > ? ORDER BY first LIMIT 1`);
    this.#overlapping = database.prepare(
      `${chunk} AND first >= coalesce((SELECT max(first) FROM chunk WHERE series = ? AND first <= ?), -9e15) AND first < ? ORDER BY first`,
    );
    // A blob that is larger than any of ours is not even read.
    this.#data = database.prepare(
      `SELECT length(data) AS bytes, iif(length(data) <= ${MAX_CHUNK_BYTES}, data, NULL) AS data FROM chunk WHERE id = ?`,
    );
    this.#addChunk = database.prepare(
      'INSERT INTO chunk (series, first, last, samples, data) VALUES (?, ?, ?, ?, ?)',
    );
    this.#updateChunk = database.prepare(
      'UPDATE chunk SET first = ?, last = ?, samples = ?, data = ? WHERE id = ?',
    );
  }

  /** Inside a transaction. */
  append(server: number, batch: SampleBatch): { added: number; repeated: number } {
    const { repeated: twice, ...samples } = ascending(batch);
    const count = samples.times.length;
    if (count === 0) return { added: 0, repeated: 0 };
    const series = this.#series(server, batch.metric, batch.instance);
    const written: Written = { added: 0, filled: 0, tail: undefined };
    for (let from = 0; from < count;) from = this.#put(series.id, samples, from, written);
    const grown = written.added - written.filled;
    const told = batch.interval > 0 ? batch.interval : series.told;
    if (written.added > 0 || told !== series.told)
      this.#updateSeries.run(
        series.samples + grown,
        Math.min(series.first ?? Number.POSITIVE_INFINITY, samples.times[0]!),
        Math.max(series.last ?? Number.NEGATIVE_INFINITY, samples.times[count - 1]!),
        told,
        written.tail === undefined ? series.seen : intervalSeen(written.tail) || series.seen,
        series.id,
      );
    return { added: written.added, repeated: count - written.added + twice };
  }

  #series(server: number, metric: string, instance: string): SeriesRow {
    const found = this.#findSeries.get(server, metric, instance);
    if (found !== undefined) return found;
    const id = Number(this.#addSeries.run(server, metric, instance).lastInsertRowid);
    return { id, metric, instance, samples: 0, first: null, last: null, told: 0, seen: 0 };
  }

  /** Puts samples from `from` on where one chunk is concerned. @returns the index of the first one that is left */
  #put(series: number, samples: Samples, from: number, written: Written): number {
    const start = samples.times[from]!;
    const before = this.#before.get(series, start);
    const after = this.#after.get(series, start);
    const to = after === undefined ? samples.times.length : lowerBound(samples.times, after.first);
    const some = slice(samples, from, to);
    const behind = before === undefined || start > before.last;
    let home = before;
    if (behind && (before === undefined || before.samples >= CHUNK_SAMPLES))
      // Whoever collects backwards in time fills chunks all the same.
      home = after !== undefined && after.samples + some.times.length <= CHUNK_SAMPLES ? after : undefined;
    const there = home === undefined ? EMPTY : this.#chunk(home);
    const merged = merge(there, some);
    if (merged.added === 0) return to;
    const filled = there.times.length + merged.added - merged.times.length;
    written.added += merged.added;
    written.filled += filled;
    if (after === undefined) written.tail = merged.times;
    // At the end chunks are filled to the brim; in the middle room is left for more.
    const pieces = Math.ceil(merged.times.length / CHUNK_SAMPLES);
    const size = behind && after === undefined ? CHUNK_SAMPLES : Math.ceil(merged.times.length / pieces);
    for (let at = 0; at < merged.times.length; at += size) {
      const piece = slice(merged, at, at + size);
      const length = piece.times.length;
      const last = piece.times[length - 1]!;
      const data = encodeChunk(piece);
      if (at === 0 && home !== undefined) this.#updateChunk.run(piece.times[0]!, last, length, data, home.id);
      else this.#addChunk.run(series, piece.times[0]!, last, length, data);
    }
    return to;
  }

  #chunk(row: ChunkRow): Samples {
    const found = this.#data.get(row.id);
    if (found?.data == null)
      throw damaged('Measurements in the engagement file are', 'their length is impossible', {
        chunk: row.id,
      });
    const samples = decodeChunk(found.data, row.samples);
    if (samples.times[0] !== row.first || samples.times.at(-1) !== row.last)
      throw damaged('Measurements in the engagement file are', 'they are of another time', { chunk: row.id });
    return samples;
  }

  series(server: number): SeriesInfo[] {
    return this.#allSeries
      .all(server)
      .filter((row) => row.samples > 0)
      .map(({ metric, instance, samples, first, last, seen, told }) => ({
        metric: knownMetric(metric),
        instance,
        samples,
        first: first!,
        last: last!,
        interval: seen || told,
      }));
  }

  rows(server: number): SeriesRow[] {
    return this.#allSeries.all(server);
  }

  read(server: number, metric: MetricId, instance: string, from: number, to: number): SampleBatch {
    const series = this.#findSeries.get(server, metric, instance);
    const samples = series === undefined ? EMPTY : this.readSeries(series.id, from, to);
    return { metric, instance, ...samples, interval: series?.told ?? 0 };
  }

  readSeries(series: number, from: number, to: number): Samples {
    const parts: Samples[] = [];
    let length = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (const row of this.#overlapping.all(series, series, from, to)) {
      if (row.last < from) continue;
      if (row.first <= last)
        throw damaged('Measurements in the engagement file are', 'they overlap in time', { chunk: row.id });
      last = row.last;
      const samples = this.#chunk(row);
      const part = slice(samples, lowerBound(samples.times, from), lowerBound(samples.times, to));
      length += part.times.length;
      parts.push(part);
    }
    const times = new Float64Array(length);
    const values = new Float64Array(length);
    let at = 0;
    for (const part of parts) {
      times.set(part.times, at);
      values.set(part.values, at);
      at += part.times.length;
    }
    return { times, values };
  }
}

interface Written {
  added: number;
  /** Of these, those that took the place of a missing value. */
  filled: number;
  /** Times of the chunk at the end of the series, where it was written. */
  tail: Float64Array | undefined;
}

function knownMetric(metric: string): MetricId {
  const info = metricInfo(metric);
  if (info === undefined)
    throw damaged('A series of the engagement file is', 'what it measures is unknown', { metric });
  return info.id;
}
