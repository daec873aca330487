/** Measurements as tools print them, by the kind of figure: percent, bytes per second, latencies, memory. */
import type { MetricId } from '../../migration-core/store/model/metrics.ts';
import { seeded } from '../support/tools.ts';

export interface SeriesKind {
  name: string;
  metric: MetricId;
  /** Bytes for each sample in the file, tables and all. */
  limit: number;
  /** @param normal a random number of the normal distribution */
  values(count: number, uniform: () => number, normal: () => number): number[];
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
const list = (count: number, value: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => value(i));

export const SERIES_KINDS: readonly SeriesKind[] = [
  {
    name: 'percent, a random walk of two decimals',
    metric: 'cpu.busy',
    limit: 4,
    values(count, _, normal) {
      let value = 30;
      return list(count, () => {
        value = Math.min(100, Math.max(0, value + normal() * 1.5));
        return round(value, 2);
      });
    },
  },
  {
    name: 'percent by day and night, with peaks',
    metric: 'cpu.user',
    limit: 4,
    values: (count, _, normal) =>
      list(count, (i) =>
        round(Math.min(100, Math.max(0, 15 + 12 * Math.sin(i / 45.8) + 3 * Math.exp(normal()))), 2),
      ),
  },
  {
    name: '100 less the idle percent',
    metric: 'cpu.privileged',
    limit: 4,
    values: (count, _, normal) => list(count, () => 100 - round(Math.max(0, 90 - 4 * Math.exp(normal())), 2)),
  },
  {
    name: 'bytes/s, whole numbers',
    metric: 'disk.readBytes',
    limit: 4,
    values: (count, _, normal) => list(count, () => Math.round(Math.exp(10 + 2 * normal()))),
  },
  {
    name: 'bytes/s of a busy disk, whole numbers',
    metric: 'disk.writeBytes',
    // 25 bits of noise are 3.1 bytes, and 5 more bits for the clock of every second series.
    limit: 5,
    values: (count, _, normal) => list(count, () => Math.round(Math.exp(16 + normal()))),
  },
  {
    name: 'kB/s with two decimals, in bytes',
    metric: 'nic.receivedBytes',
    limit: 4,
    values: (count, _, normal) => list(count, () => round(Math.exp(5 + 1.5 * normal()), 2) * 1024),
  },
  {
    name: 'milliseconds with two decimals, in seconds',
    metric: 'disk.readLatency',
    limit: 4,
    values: (count, _, normal) => list(count, () => round(Math.exp(1 + 0.8 * normal()), 2) / 1000),
  },
  {
    name: 'memory in kB, in bytes',
    metric: 'memory.used',
    limit: 4,
    values(count, _, normal) {
      let value = 12e6;
      return list(count, () => Math.round((value += 20_000 * normal())) * 1024);
    },
  },
  {
    name: 'errors: nothing, mostly',
    metric: 'nic.errors',
    limit: 4,
    values: (count, uniform) => list(count, () => (uniform() < 0.02 ? Math.round(1000 * uniform()) : 0)),
  },
  {
    name: 'noise of fifteen digits',
    metric: 'cpu.queue',
    // 52 bits of noise.
    limit: 12,
    values: (count, _, normal) => list(count, () => Math.exp(normal())),
  },
];

export interface Series {
  kind: SeriesKind;
  times: Float64Array;
  values: Float64Array;
}

export const START = Date.UTC(2026, 8, 1);
export const MONTH = 8640;

/** `count` series of 5 minutes over 30 days; the clocks of half of them are some milliseconds off each time. */
export function someSeries(count: number, kinds = SERIES_KINDS, samples = MONTH): Series[] {
  const uniform = seeded(20_260_901);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: count }, (_, i) => {
    const kind = kinds[i % kinds.length]!;
    const jitter = Math.floor(i / kinds.length) % 2 === 1 ? 40 : 0;
    return {
      kind,
      times: Float64Array.from(
        { length: samples },
        (_, at) => START + (at + 1) * 300_000 + Math.round(uniform() * jitter),
      ),
      values: Float64Array.from(kind.values(samples, uniform, normal)),
    };
  });
}
