/**
 * What a server used, boiled down from its samples once and kept: everything a rule may ask for, and nothing that
 * depends on a rule, so that a change of rules never reads a sample again.
 */

/** What is placed by time, in this order wherever there are five numbers. */
export const RESOURCES = ['cpu', 'memory', 'diskOperations', 'diskBytes', 'networkBytes'] as const;
export type ResourceName = (typeof RESOURCES)[number];

/** Over slots of `DemandProfile.slot` seconds, of means. Nearest rank: x[ceil(p n)]. */
export interface Statistic {
  mean: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  /** Of the samples themselves. */
  maximum: number;
  /** Slots with a value. */
  slots: number;
  /** Slots with a value, of those expected between the first and the last of the whole server; 0 to 1. */
  coverage: number;
  /** Too few slots: the percentile is the maximum (288 for p95, 1000 for p99 and above). */
  p95IsMaximum: boolean;
  p99IsMaximum: boolean;
}

/** How a typical week is folded. */
export const WEEK_SHAPES = ['10-min-peak', '15-min-peak', '15-min-mean', '60-min-peak'] as const;
export type WeekShape = (typeof WEEK_SHAPES)[number];
export const SLOT_MINUTES: Record<WeekShape, number> = {
  '10-min-peak': 10,
  '15-min-peak': 15,
  '15-min-mean': 15,
  '60-min-peak': 60,
};

/**
 * A typical week from Monday 00:00 in the time of the site, one row for each of RESOURCES (cpu: percent of all logical
 * processors; memory: bytes; operations and bytes per second of all disks, of all interfaces in the busier direction),
 * each a value for each slot: the highest of the matching slots of all weeks, of four and more weeks the second highest.
 * Slots in which nothing was ever seen hold the p95 of the resource. Backup traffic is taken out (see `backup`).
 */
export interface TypicalWeek {
  shape: WeekShape;
  /**
   * RESOURCES.length x (10080 / SLOT_MINUTES), resource after resource; NaN row: the resource was not measured.
   * Of a profile that was read from a file they are unpacked anew by each look, for ten thousand servers have 100 MB more of
   * them unpacked: look once, and keep them no longer than they are needed.
   */
  readonly values: Float32Array;
  /** Writes the same into an array of that length: who asks of thousands of servers needs one. Absent: `values` is at hand. */
  readonly unpack?: (into: Float32Array) => void;
}

export interface BackupDemand {
  /** Minutes after midnight in the time of the site. */
  startMinute: number;
  endMinute: number;
  /** 0 is Monday. */
  days: number[];
  /** On top of the rest in that window, mean: percent of all processors, operations/s, bytes/s, bytes/s. */
  cpu: number;
  diskOperations: number;
  diskBytes: number;
  networkBytes: number;
  /** Seen in the samples, or told by the customer and sized from what the disks hold. */
  basis: 'seen' | 'told';
}

export interface DemandProfile {
  /** Bump when the meaning changes: kept profiles of another version are computed anew. */
  version: number;
  /** Milliseconds since 1970 of the first and last slot. */
  from: number;
  to: number;
  /** Seconds, 300 unless samples are further apart. */
  slot: number;
  days: number;
  /** null: never measured. Percent of all logical processors. */
  cpu: Statistic | null;
  /** Privileged share of processor use, 0 to 1. */
  privilegedShare: number | null;
  /** Bytes without caches that are given back. */
  memoryUsed: Statistic | null;
  memoryAvailable: { minimum: number; p5: number } | null;
  /** Bytes/s read back from swap or page file. */
  pagingIn: Statistic | null;
  diskReadOperations: Statistic | null;
  diskWriteOperations: Statistic | null;
  /** Of all disks together, sums over aligned slots. */
  diskOperations: Statistic | null;
  diskReadBytes: Statistic | null;
  diskWriteBytes: Statistic | null;
  diskBytes: Statistic | null;
  /** Seconds; the worse of reads and writes, over disks weighted by operations. */
  diskLatency: Statistic | null;
  /** Requests waiting, of the worst disk. */
  diskQueue: Statistic | null;
  networkIn: Statistic | null;
  networkOut: Statistic | null;
  /** The busier direction in each slot, of all interfaces. */
  networkBytes: Statistic | null;
  /** The same without backups, where any were taken out; null: as above. What classes of input and output go by. */
  production: {
    cpu: Statistic | null;
    diskOperations: Statistic | null;
    diskBytes: Statistic | null;
    networkBytes: Statistic | null;
  } | null;
  /** Of the busiest single interface, share of its speed (0 to 1); null where the speed is unknown. */
  busiestUplink: { name: string; p95: number; speed: number } | null;
  cpuQueue: Statistic | null;

  /** Of resources that were measured at all: values of the disks' series whose sums are above; for a chart. */
  weeks: TypicalWeek[];
  /**
   * The heaviest day at the turn of a month (last two and first two working days) by mean use of the processor:
   * RESOURCES.length x 144 peaks of 10 min, as in `weeks`; null: none seen. Unpacked like these.
   */
  readonly monthEnd: Float32Array | null;
  backup: BackupDemand[];

  /** What of a business cycle was seen. */
  seen: { weekdayPeak: boolean; weekend: boolean; monthEnd: boolean; quarterEnd: boolean; backup: boolean };
  /** Percent a month, of daily p95 values (Theil-Sen); null with fewer than 14 days. */
  growth: { cpu: number | null; memory: number | null; diskOperations: number | null };
  /** 1: the last start lies inside the window (at least one), 0: before it; null where nothing tells. */
  restarts: number | null;
  /** Plain sentences on what is odd in the samples: a clock that jumped, figures over 100 %. */
  remarks: string[];
}
