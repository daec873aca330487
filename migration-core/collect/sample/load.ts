/**
 * Load of invented servers: what the day of a web shop, a file server or a database looks like, with week-ends, month-ends,
 * backups, growth and gaps. Seeded, and made of additions and products only, so that every machine invents the same.
 */
import type { MetricId } from '../../store/model/metrics.ts';
import type { SampleBatch } from '../../store/model/samples.ts';

/** Activity from 0 to 1 at each full hour of a working day; between them it runs straight. */
export const DAY_SHAPES = {
  office: [2, 2, 2, 2, 2, 3, 8, 25, 65, 90, 100, 95, 70, 80, 95, 90, 75, 50, 25, 12, 8, 5, 3, 2],
  shop: [12, 8, 6, 5, 5, 8, 15, 28, 42, 52, 60, 68, 75, 72, 68, 66, 70, 78, 90, 100, 95, 72, 45, 22],
  night: [100, 95, 90, 80, 60, 35, 15, 8, 5, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 8, 15, 35, 65, 90],
  steady: [
    80, 80, 80, 80, 80, 80, 85, 90, 95, 100, 100, 100, 100, 100, 100, 100, 95, 95, 90, 85, 85, 80, 80, 80,
  ],
  none: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
} as const;
export type DayShape = keyof typeof DAY_SHAPES;

/** At no activity, and at full. */
type Range = readonly [low: number, high: number];

export interface ServerLoad {
  shape: DayShape;
  /** Activity of a Saturday or Sunday, as a share of a working day's. */
  weekend: number;
  /** Factor on the last two and first two days of a month. */
  monthEnd: number;
  /** Added to activity in a month: 0.05 is five per cent. */
  growth: number;
  /** How much neighbouring samples differ, as a share of activity; and how often one jumps to full. */
  noise: number;
  bursts: number;
  /** Percent of all logical processors. */
  cpu: Range;
  /** Bytes installed, and the share in use. */
  memoryBytes: number;
  memory: Range;
  /** Of all disks, operations/s. */
  reads: Range;
  writes: Range;
  /** Bytes an operation moves. */
  readSize: number;
  writeSize: number;
  /** Seconds a request takes when nothing else does. */
  latency: number;
  /** Bytes/s. */
  received: Range;
  sent: Range;
  backup: { startMinute: number; minutes: number; bytesPerSecond: number; days: readonly number[] } | null;
}

export interface Simulation {
  /** Milliseconds since 1970 of the first sample; whole intervals follow. */
  from: number;
  days: number;
  /** Seconds. */
  interval: number;
  utcOffsetMinutes: number;
  seed: number;
  disks: readonly string[];
  nics: readonly string[];
  /** Times without samples, as shares of the whole: [0.3, 0.32]. */
  gaps: readonly Range[];
}

const DAY = 86_400_000;
const MINUTE = 60_000;

/** Samples of every metric, ready for `keep`. */
export function simulate(load: ServerLoad, about: Simulation): SampleBatch[] {
  const { from, days, interval, disks, nics } = about;
  const random = generator(about.seed);
  const all = Math.floor((days * 86_400) / interval);
  const isGap = (at: number): boolean => about.gaps.some(([a, b]) => at >= a * all && at < b * all);
  const kept = Array.from({ length: all }, (_, at) => at).filter((at) => !isGap(at));
  const times = Float64Array.from(kept, (at) => from + at * interval * 1000);
  const columns = new Map<string, { metric: MetricId; instance: string; values: Float64Array }>();
  const put = (metric: MetricId, instance: string, row: number, value: number, digits: number): void => {
    const key = `${metric}\n${instance}`;
    let column = columns.get(key);
    if (column === undefined)
      columns.set(key, (column = { metric, instance, values: new Float64Array(times.length) }));
    column.values[row] = Math.round(value * digits) / digits;
  };
  let drift = 0;
  times.forEach((time, row) => {
    drift = drift * 0.7 + (random() - 0.5) * load.noise;
    const burst = random() < load.bursts ? 1 : 0;
    const activity = Math.max(
      0,
      Math.min(1.25, Math.max(burst, activityAt(load, about, time) * (1 + drift))),
    );
    const between = ([low, high]: Range): number => low + (high - low) * activity;
    const jitter = (): number => 0.9 + random() * 0.2;
    const backup = backupShare(load, about, time);
    const streamed = backup * (load.backup?.bytesPerSecond ?? 0);
    const busy = Math.min(100, between(load.cpu) * jitter() + backup * 4);
    put('cpu.busy', '', row, busy, 100);
    put('cpu.privileged', '', row, busy * (0.2 + 0.1 * random()), 100);
    const used = load.memoryBytes * Math.min(0.985, between(load.memory) * (0.98 + random() * 0.04));
    put('memory.total', '', row, load.memoryBytes, 1);
    put('memory.used', '', row, used / 2 ** 20, 1);
    put('memory.available', '', row, (load.memoryBytes - used) / 2 ** 20, 1);
    const share = 1 / disks.length;
    for (const disk of disks) {
      const reads = between(load.reads) * jitter() * share;
      const writes = between(load.writes) * jitter() * share;
      const big = (streamed * share) / BACKUP_READ;
      put('disk.readOperations', disk, row, reads + big, 10);
      put('disk.writeOperations', disk, row, writes, 10);
      put('disk.readBytes', disk, row, reads * load.readSize + streamed * share, 1);
      put('disk.writeBytes', disk, row, writes * load.writeSize, 1);
      // A disk slows down as it fills its time: twice as slow at full activity.
      const wait = load.latency * (1 + activity) * jitter();
      put('disk.readLatency', disk, row, wait, 100_000);
      put('disk.writeLatency', disk, row, wait * 0.7, 100_000);
    }
    nics.forEach((nic, at) => {
      const first = at === 0 ? 1 : 0;
      put('nic.receivedBytes', nic, row, between(load.received) * jitter() * first, 1);
      put('nic.sentBytes', nic, row, (between(load.sent) * jitter() + streamed) * first, 1);
    });
  });
  // Megabytes as whole numbers pack to a tenth of bytes with noise in every bit, and nobody measures finer.
  for (const { metric, values } of columns.values())
    if (metric === 'memory.used' || metric === 'memory.available')
      for (let row = 0; row < values.length; row++) values[row]! *= 2 ** 20;
  return [...columns.values()].map(({ metric, instance, values }) => ({
    metric,
    instance,
    times,
    values,
    interval,
  }));
}

/** Bytes in one read of a backup program. */
const BACKUP_READ = 262_144;

function activityAt(load: ServerLoad, { from, utcOffsetMinutes }: Simulation, time: number): number {
  const local = new Date(time + utcOffsetMinutes * MINUTE);
  const shape = DAY_SHAPES[load.shape];
  const hour = local.getUTCHours();
  const part = (local.getUTCMinutes() * 60 + local.getUTCSeconds()) / 3600;
  const curve = (shape[hour]! * (1 - part) + shape[(hour + 1) % 24]! * part) / 100;
  const day = local.getUTCDay();
  const isWeekend = day === 0 || day === 6;
  const date = local.getUTCDate();
  const lastDate = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate();
  const isMonthEnd = date <= 2 || date > lastDate - 2;
  const grown = 1 + (load.growth * (time - from)) / (30 * DAY);
  return curve * (isWeekend ? load.weekend : 1) * (isMonthEnd ? load.monthEnd : 1) * grown;
}

/** 1 in the middle of a backup, less where the sample is only partly in it, else 0. */
function backupShare({ backup }: ServerLoad, about: Simulation, time: number): number {
  if (backup === null) return 0;
  const minute = (time + about.utcOffsetMinutes * MINUTE) / MINUTE;
  const start = minute - about.interval / 60;
  // A backup that began yesterday may still run.
  return [0, -1440].reduce((sum, shift) => {
    const midnight = Math.floor(minute / 1440) * 1440 + shift;
    // 1970-01-01 was a Thursday; 0 is Monday.
    const weekday = (((Math.floor(midnight / 1440) + 3) % 7) + 7) % 7;
    if (!backup.days.includes(weekday)) return sum;
    const begin = midnight + backup.startMinute;
    const overlap = Math.min(minute, begin + backup.minutes) - Math.max(start, begin);
    return sum + Math.max(0, overlap) / (about.interval / 60);
  }, 0);
}

/** Park-Miller, 31 bits: exact in doubles. */
export function generator(seed: number): () => number {
  let state = (Math.abs(Math.floor(seed)) % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
