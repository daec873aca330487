/**
 * Samples on their way out of an importer. A file may go through its servers in any order: samples are noted as they come,
 * in columns of a fixed size, and sorted into series when those are full. So memory is the same whatever the file is.
 */
import type { ServerIdentity } from '../../../store/model/identity.ts';
import type { MetricId } from '../../../store/model/metrics.ts';
import type { SampleBatch } from '../../../store/model/samples.ts';
import type { CollectedItem } from '../../collector.ts';

/** Samples noted before they are handed on: 20 bytes each, and 16 when sorted. */
const FULL = 256 << 10;
/** Enough for a day of a server. */
const FIRST = 8 << 10;
/** A thousand servers with two hundred series each. What comes after them is left out, and said. */
const MAX_SERIES = 200_000;
/** More than any site has. Each is an object or two, and the thread that imports has 192 MB. */
const MAX_SERVERS = 20_000;
/** Names of servers, disks and processes are kept as they are, up to here. */
const MAX_NAME = 1024;

interface Series {
  server: number;
  metric: MetricId;
  instance: string;
  interval: number;
  /** Whether a sample of it was handed on. */
  measured: boolean;
}

export class SeriesBuilder {
  readonly #servers: { identity: ServerIdentity; series: Map<string, number> }[] = [];
  readonly #serverByName = new Map<string, number>();
  readonly #series: Series[] = [];
  #of = new Int32Array(FIRST);
  #times = new Float64Array(FIRST);
  #values = new Float64Array(FIRST);
  #held = 0;
  #ready: CollectedItem[] = [];
  /** All samples taken. */
  samples = 0;
  /** Samples with a time that their series had already, within what was kept. */
  duplicates = 0;
  /** Series that were not taken, for there were too many. */
  refused = 0;

  /** Number of a server by its name, or -1 where there are too many. */
  server(name: string): number {
    const short = name.trim().slice(0, MAX_NAME);
    let index = this.#serverByName.get(short);
    if (index === undefined) {
      if (this.#servers.length >= MAX_SERVERS) return -1;
      index = this.#servers.length;
      const fqdn = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/iu.test(short) && !/^[\d.]+$/u.test(short);
      const identity = {
        name: fqdn ? short.split('.')[0]! : short,
        ...(fqdn ? { fqdn: short } : {}),
        macs: [],
      };
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
    if (server < 0) {
      this.refused++;
      return -1;
    }
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
      this.#series.push({ server, metric, instance: short, interval, measured: false });
      series.set(key, index);
    }
    return index;
  }

  /** Takes a sample. `time` milliseconds since 1970, `value` in the unit of the metric. */
  add(index: number, time: number, value: number): void {
    if (index < 0) return;
    if (this.#held === this.#of.length) this.#makeRoom();
    const at = this.#held++;
    this.#of[at] = index;
    this.#times[at] = time;
    this.#values[at] = value;
    this.samples++;
  }

  #makeRoom(): void {
    if (this.#held === FULL) {
      this.#sort();
      return;
    }
    const [of, times, values] = [this.#of, this.#times, this.#values];
    this.#of = new Int32Array(FULL);
    this.#times = new Float64Array(FULL);
    this.#values = new Float64Array(FULL);
    this.#of.set(of);
    this.#times.set(times);
    this.#values.set(values);
  }

  /** Whether it is time to hand on what there is. */
  get full(): boolean {
    return this.#held > FULL / 2 || this.#ready.length > 0;
  }

  /** Hands on all that is kept. */
  *drain(): Generator<CollectedItem> {
    this.#sort();
    const ready = this.#ready;
    this.#ready = [];
    yield* ready;
  }

  /** Servers that the file names without a single figure, among all whose samples were handed on. */
  unmeasured(): string[] {
    const measured = new Set(this.#series.filter((one) => one.measured).map(({ server }) => server));
    return this.#servers.filter((_, index) => !measured.has(index)).map(({ identity }) => identity.name);
  }

  /** By series (a counting sort keeps their order), then each by time where it is not already. */
  #sort(): void {
    const held = this.#held;
    if (held === 0) return;
    this.#held = 0;
    const ends = new Int32Array(this.#series.length + 1);
    for (let i = 0; i < held; i++) ends[this.#of[i]! + 1]!++;
    for (let i = 1; i < ends.length; i++) ends[i]! += ends[i - 1]!;
    const starts = ends.slice(0, -1);
    const times = new Float64Array(held);
    const values = new Float64Array(held);
    for (let i = 0; i < held; i++) {
      const to = starts[this.#of[i]!]!++;
      times[to] = this.#times[i]!;
      values[to] = this.#values[i]!;
    }
    const byServer = new Map<number, SampleBatch[]>();
    for (let i = 0; i < this.#series.length; i++) {
      if (ends[i] === ends[i + 1]) continue;
      const series = this.#series[i]!;
      const { server, metric, instance, interval } = series;
      series.measured = true;
      const [sorted, kept] = this.#ascending(
        times.subarray(ends[i], ends[i + 1]),
        values.subarray(ends[i], ends[i + 1]),
      );
      const batch: SampleBatch = { metric, instance, interval, times: sorted, values: kept };
      const batches = byServer.get(server);
      if (batches === undefined) byServer.set(server, [batch]);
      else batches.push(batch);
    }
    for (const [server, batches] of byServer)
      this.#ready.push({ kind: 'samples', server: this.#servers[server]!.identity, batches });
  }

  /** By time; of those with the same time the first, as the store does. */
  #ascending(times: Float64Array, values: Float64Array): [Float64Array, Float64Array] {
    let sorted = true;
    for (let i = 1; i < times.length; i++) if (times[i]! <= times[i - 1]!) sorted = false;
    if (sorted) return [times, values];
    const order = Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
    const kept = order.filter((at, i) => i === 0 || times[at] !== times[order[i - 1]!]);
    this.duplicates += order.length - kept.length;
    return [Float64Array.from(kept, (at) => times[at]!), Float64Array.from(kept, (at) => values[at]!)];
  }
}
