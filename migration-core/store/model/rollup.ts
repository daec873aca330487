/** What remains of a month of samples in a list: percentiles, a typical week, and how far the figures can be trusted. */
import type { MetricId } from './metrics.ts';

/** Of one series. Samples are put on slots of `slot` seconds first, by their mean and their maximum. */
export interface Rollup {
  metric: MetricId;
  instance: string;
  /** Seconds; 300 unless the samples are further apart. */
  slot: number;
  /** Milliseconds since 1970: of the first and the last slot. */
  first: number;
  last: number;
  /** Slots with a value. */
  slots: number;
  /** Slots with a value, of those between first and last; 0 to 1. */
  coverage: number;
  /** Periods without samples that are longer than two slots; the 100 longest, ascending by time. */
  gaps: { from: number; to: number }[];
  mean: number;
  minimum: number;
  maximum: number;
  /**
   * Nearest rank over the slots' means: x[ceil(p n)]. With fewer than 288 slots p95, with fewer than 1000 p99 is the
   * maximum, for a percentile of so few tells nothing (see `percentilesAreMaxima`).
   */
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  percentilesAreMaxima: { p95: boolean; p99: boolean };
  /** 168 means, one for each hour of the week from Monday 00:00 in the time of the site; NaN where nothing was seen. */
  week: number[];
}

/** What the list of servers shows. Values of all disks or interfaces together are sums over aligned slots, not sums of peaks. */
export interface ServerRollup {
  /** Percent of all logical processors. */
  cpuMean: number | null;
  cpuP95: number | null;
  cpuMaximum: number | null;
  /** Bytes. */
  memoryUsedP95: number | null;
  /** Operations per second, reads and writes of all disks. */
  diskOperationsP95: number | null;
  /** Bytes per second. */
  diskBytesP95: number | null;
  networkBytesP95: number | null;
  /** Days between the first and the last sample. */
  days: number;
  /** Of the processor's series; 0 to 1. */
  coverage: number;
  /**
   * Daily hours in which disks read far more than in the rest of the day and processors or networks do not match it:
   * likely a backup. Minutes after midnight in the time of the site; null where none was seen.
   */
  backupWindow: { startMinute: number; endMinute: number; nights: number } | null;
}
