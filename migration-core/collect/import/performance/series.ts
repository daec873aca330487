/**
 * Samples on their way out of an importer: sorted into series, kept in columns, handed on before they grow large. A file
 * may go through its servers in any order, so each series has a buffer of its own.
 */
import type { ServerIdentity } from '../../../store/model/identity.ts';
import type { MetricId } from '../../../store/model/metrics.ts';
import type { SampleBatch } from '../../../store/model/samples.ts';
import type { CollectedItem } from '../../collector.ts';

/** Samples kept before all of them are handed on: 16 bytes each, so 4 MiB. */
const FULL = 256 << 10;
/** Samples of one series kept before they are handed on. */
const SERIES_FULL = 4096;
/** With so many series their buffers stay; with more (64 KiB each) they would be most of the memory. */
const BUFFERS_STAY = 256;
/** A thousand servers with two hundred series each. What comes after them is left out, and said. */
const MAX_SERIES = 200_000;
/** Names of servers, disks and processes are kept as they are, up to here. */
const MAX_NAME = 1024;

interface Series {
  server: number;
  metric: MetricId;
  instance: string;
  interval: number;
  times: Float64Array;
  values: Float64Array;
  length: number;
  /** Ascending so far. */
  sorted: boolean;
}

export class SeriesBuilder {
  readonly #servers: { identity: ServerIdentity; series: Map<string, number> }[] = [];
  readonly #serverByName = new Map<string, number>();
  readonly #series: Series[] = [];
  #held = 0;
  #ready: { server: number; batch: SampleBatch }[] = [];
  /** All samples taken. */
  samples = 0;
  /** Samples with a time that their series had already, within what was kept. */
  duplicates = 0;
  /** Series that were not taken, for there were too many. */
  refused = 0;

  /** Number of a server by its name. */
  server(name: string): number {
    const short = name.trim().slice(0, MAX_NAME);
    let index = this.#serverByName.get(short);
    if (index === undefined) {
      index = this.#servers.length;
      const fqdn = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/iu.test(short) && !/^[\d.]+$/u.test(short);
      const identity = { name: fqdn ? short.split('.')[0]! : short, ...(fqdn ? { fqdn: short } : {}), macs: [] };
      this.#servers.push({ identity, series: new Map() });
      this.#serverByName.set(short, index);
    }
    return index;
  }

  get serverCount(): number {
    return this.#servers.length;
  }

  /** Number of a series, or -1 where there are too many. Metrics of a whole server have the instance ''. */
  series(server: number, metric: MetricId, instance: string, interval = 0): number {
    const { series } = this.#servers[server]!;
    const short = instance.slice(0, MAX_NAME);
    const key = `${metric}\n${short}`;
    let index = series.get(key);
    if (index === undefined) {
      if (this.#series.length >= MAX_SERIES) {
        this.refused++;
        return -1;
      }
      index = this.#series.length;
      this.#series.push({
        server,
        metric,
        instance: short,
        interval,
        times: new Float64Array(16),
        values: new Float64Array(16),
        length: 0,
        sorted: true,
      });
      series.set(key, index);
    }
    return index;
  }

  /** Takes a sample. `time` milliseconds since 1970, `value` in the unit of the metric. */
  add(index: number, time: number, value: number): void {
    if (index < 0) return;
    const series = this.#series[index]!;
    const at = series.length;
    if (at === series.times.length) grow(series);
    if (at > 0 && time <= series.times[at - 1]!) series.sorted = false;
    series.times[at] = time;
    series.values[at] = value;
    series.length = at + 1;
    this.samples++;
    this.#held++;
    if (series.length === SERIES_FULL) this.#close(series);
  }

  /** Whether it is time to hand on what there is. */
  get full(): boolean {
    return this.#held >= FULL;
  }

  /** Hands on all that is kept. */
  *drain(): Generator<CollectedItem> {
    for (const series of this.#series) if (series.length > 0) this.#close(series);
    const ready = this.#ready;
    this.#ready = [];
    this.#held = 0;
    const byServer = new Map<number, SampleBatch[]>();
    for (const { server, batch } of ready) {
      const batches = byServer.get(server);
      if (batches === undefined) byServer.set(server, [batch]);
      else batches.push(batch);
    }
    for (const [server, batches] of byServer)
      yield { kind: 'samples', server: this.#servers[server]!.identity, batches };
  }

  #close(series: Series): void {
    const stays = this.#series.length <= BUFFERS_STAY;
    let times: Float64Array = series.times[stays ? 'slice' : 'subarray'](0, series.length);
    let values: Float64Array = series.values[stays ? 'slice' : 'subarray'](0, series.length);
    if (!stays) {
      series.times = new Float64Array(16);
      series.values = new Float64Array(16);
    }
    if (!series.sorted) [times, values] = this.#ascending(times, values);
    const { metric, instance, interval, server } = series;
    this.#ready.push({ server, batch: { metric, instance, interval, times, values } });
    series.length = 0;
    series.sorted = true;
  }

  /** By time; of those with the same time the first, as the store does. */
  #ascending(times: Float64Array, values: Float64Array): [Float64Array, Float64Array] {
    const order = Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
    const kept = order.filter((at, i) => i === 0 || times[at] !== times[order[i - 1]!]);
    this.duplicates += order.length - kept.length;
    return [Float64Array.from(kept, (at) => times[at]!), Float64Array.from(kept, (at) => values[at]!)];
  }
}

function grow(series: Series): void {
  const length = series.times.length * 4;
  const times = new Float64Array(length);
  const values = new Float64Array(length);
  times.set(series.times);
  values.set(series.values);
  series.times = times;
  series.values = values;
}
