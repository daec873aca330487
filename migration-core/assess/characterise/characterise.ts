/**
 * A server's samples boiled down to a `DemandProfile` (assessment model, sections 5, 8 and 9). Pure: the same samples give
 * the same profile on every machine, and nothing of a rule pack is in it.
 */
import {
  RESOURCES,
  WEEK_SHAPES,
  type DemandProfile,
  type ResourceName,
  type Statistic,
  type TypicalWeek,
  type WeekShape,
  SLOT_MINUTES,
} from '../model/demand.ts';
import { differenceOf } from '../../store/rollup/slots.ts';
import { splitBackup, type Loads } from './backup.ts';
import { busierDirection, busiestUplink, latencyGrid, queueGrid } from './devices.ts';
import { gridOf, measuredValues, spanOf, type Grid, type Span } from './grid.ts';
import { Measured, type ProfiledMetric } from './measured.ts';
import type { About, SampleReader } from './reader.ts';
import { growthOf, heaviestTurn, seasonsOf, seenDays } from './season.ts';
import { percentiles, statisticOf } from './statistics.ts';
import { foldDay, foldWeek } from './week.ts';

/** Bump when the meaning of a profile changes. */
export const PROFILE_VERSION = 1;
const DAY = 86_400_000;

/** @returns null for a server without a single sample of what is sized for */
export function characterise(reader: SampleReader, about: About): DemandProfile | null {
  const measured = new Measured(reader, about.inventory);
  const found = spanOf(measured.series.map(({ slots }) => slots));
  if (found === null) return null;
  const { span, outside } = found;
  const remarks = [...measured.remarks];
  if (outside > 0)
    remarks.push(
      `${outside} figures lie far outside the time of all others and were left out: a clock was wrong, or they are more than 400 days old.`,
    );
  const offset = about.utcOffsetMinutes;
  const whole = (metric: ProfiledMetric): Grid | null => {
    const slots = measured.whole(metric);
    return slots === undefined ? null : gridOf([slots], span);
  };
  // A sum of what is the whole already is not made twice, nor its statistic.
  const sums = new Map<string, Grid | null>();
  const sum = (kind: 'disks' | 'nics', ...metrics: ProfiledMetric[]): Grid | null => {
    const there = metrics.filter((metric) => measured[kind](metric).length > 0);
    const key = there.join();
    if (!sums.has(key))
      sums.set(
        key,
        gridOf(
          there.flatMap((metric) => measured[kind](metric).map(({ slots }) => slots)),
          span,
        ),
      );
    return sums.get(key)!;
  };
  const known = new Map<Grid, Statistic | null>();
  const statistic = (grid: Grid | null): Statistic | null => {
    if (grid === null) return null;
    if (!known.has(grid))
      known.set(grid, statisticOf(measuredValues(grid), grid.maximum, grid.values.length));
    return known.get(grid)!;
  };

  const cpu = whole('cpu.busy');
  const memory = memoryGrid(measured, span);
  const received = sum('nics', 'nic.receivedBytes');
  const sent = sum('nics', 'nic.sentBytes');
  const reads = sum('disks', 'disk.readBytes');
  const loads: Loads = {
    cpu,
    diskOperations: sum('disks', 'disk.readOperations', 'disk.writeOperations'),
    diskBytes: sum('disks', 'disk.readBytes', 'disk.writeBytes'),
    networkBytes: busierDirection(received, sent, span),
  };
  const days = (span.to - span.from) / DAY;
  const split = splitBackup(reads, loads, about, days);
  remarks.push(...split.remarks);

  const rows: Rows = { ...split.production, memory };
  const main = cpu ?? memory ?? loads.diskBytes ?? loads.diskOperations ?? loads.networkBytes;
  const seen = main === null ? [] : seenDays(main, offset);
  const growth = (grid: Grid | null): number | null =>
    grid === null ? null : growthOf(grid === main ? seen : seenDays(grid, offset));
  const turn = heaviestTurn(seen);
  const isProduction = split.production !== loads;
  const statistics = {
    cpu: statistic(cpu),
    memory: statistic(memory),
    diskOperations: statistic(loads.diskOperations),
    diskBytes: statistic(loads.diskBytes),
    networkBytes: statistic(loads.networkBytes),
  };
  const production = isProduction
    ? {
        cpu: statistic(split.production.cpu),
        diskOperations: statistic(split.production.diskOperations),
        diskBytes: statistic(split.production.diskBytes),
        networkBytes: statistic(split.production.networkBytes),
      }
    : null;
  // What a slot of the week holds that was never seen.
  const fills = RESOURCES.map((name) => ({ ...statistics, ...production })[name]?.p95 ?? 0);
  return {
    version: PROFILE_VERSION,
    from: span.from,
    to: span.to,
    slot: main?.slot ?? 300,
    days,
    cpu: statistics.cpu,
    privilegedShare: privilegedShare(cpu, whole('cpu.privileged')),
    memoryUsed: statistics.memory,
    memoryAvailable: availability(whole('memory.available')),
    pagingIn: statistic(whole('paging.in')),
    diskReadOperations: statistic(sum('disks', 'disk.readOperations')),
    diskWriteOperations: statistic(sum('disks', 'disk.writeOperations')),
    diskOperations: statistics.diskOperations,
    diskReadBytes: statistic(reads),
    diskWriteBytes: statistic(sum('disks', 'disk.writeBytes')),
    diskBytes: statistics.diskBytes,
    diskLatency: statistic(latencyGrid(measured, span)),
    diskQueue: statistic(queueGrid(measured, span)),
    networkIn: statistic(received),
    networkOut: statistic(sent),
    networkBytes: statistics.networkBytes,
    production,
    busiestUplink: busiestUplink(measured, about, span),
    cpuQueue: statistic(whole('cpu.queue')),
    weeks: main === null ? [] : WEEK_SHAPES.map((shape) => weekOf(shape, rows, fills, offset)),
    monthEnd: turn === null ? null : dayOf(turn, rows, fills, offset),
    backup: split.backup,
    seen: seasonsOf(
      seen,
      split.backup.some(({ basis }) => basis === 'seen') || (isProduction && split.backup.length > 0),
    ),
    growth: { cpu: growth(cpu), memory: growth(memory), diskOperations: growth(loads.diskOperations) },
    restarts: restartsIn(span, about.bootedAt),
    remarks,
  };
}

/** Of tools that tell only what is available, what is installed less that. */
function memoryGrid(measured: Measured, span: Span): Grid | null {
  const used = measured.whole('memory.used');
  if (used !== undefined) return gridOf([used], span);
  const total = measured.whole('memory.total');
  const available = measured.whole('memory.available');
  if (total === undefined || available === undefined) return null;
  const difference = differenceOf(total, available);
  const least = (column: Float64Array): Float64Array => column.map((value) => Math.max(0, value));
  return gridOf([{ ...difference, means: least(difference.means), maxima: least(difference.maxima) }], span);
}

function availability(grid: Grid | null): DemandProfile['memoryAvailable'] {
  if (grid === null) return null;
  const values = measuredValues(grid);
  if (values.length === 0) return null;
  const [minimum, p5] = percentiles(values, [0, 50]);
  return { minimum: minimum!, p5: p5! };
}

function privilegedShare(busy: Grid | null, privileged: Grid | null): number | null {
  if (busy === null || privileged === null || busy.slot !== privileged.slot) return null;
  let all = 0;
  let own = 0;
  for (let at = 0; at < busy.values.length; at++) {
    if (busy.measured[at] === 0 || privileged.measured[at] === 0) continue;
    all += busy.values[at]!;
    own += privileged.values[at]!;
  }
  return all === 0 ? null : Math.min(1, own / all);
}

type Rows = Record<ResourceName, Grid | null>;

function weekOf(shape: WeekShape, rows: Rows, fills: readonly number[], offset: number): TypicalWeek {
  const slots = 10_080 / SLOT_MINUTES[shape];
  return { shape, values: filled(slots, rows, (grid, at) => foldWeek(grid, shape, fills[at]!, offset)) };
}

const dayOf = (day: number, rows: Rows, fills: readonly number[], offset: number): Float32Array =>
  filled(144, rows, (grid, at) => foldDay(grid, day, fills[at]!, offset));

function filled(slots: number, rows: Rows, row: (grid: Grid, at: number) => Float32Array): Float32Array {
  const values = new Float32Array(RESOURCES.length * slots).fill(Number.NaN);
  RESOURCES.forEach((name, at) => {
    const grid = rows[name];
    if (grid !== null) values.set(row(grid, at), at * slots);
  });
  return values;
}

/** One is what can be told: that the last start lies inside, or before. */
function restartsIn({ from, to }: Span, bootedAt: number | null): number | null {
  if (bootedAt === null || bootedAt > to) return null;
  return bootedAt > from ? 1 : 0;
}
