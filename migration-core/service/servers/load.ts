/** What a server did in the last days, in steps that a chart can show: mean, least and most of each step. */
import type { ServerLoad } from '../../contract/servers.ts';
import type { EngagementFile, SeriesInfo, ServerSummary } from '../../store/engagement.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import type { MetricId } from '../../store/model/metrics.ts';
import type { Rollup } from '../../store/model/rollup.ts';
import { diskParts, nicParts } from '../../store/rollup/parts.ts';
import { slotSeconds, sumOf, toSlots, type Slots } from '../../store/rollup/slots.ts';

/** More than a screen has pixels for. */
const POINTS_AT_MOST = 400;
const DAY_SECONDS = 86_400;
const HOURS = 168;

type Series = ServerLoad['series'][number];

interface Source {
  resource: Series['resource'];
  unit: Series['unit'];
  metrics: readonly MetricId[];
  /** Which instances make up the whole; undefined: the metric is of the whole server. */
  parts?: typeof diskParts;
}

const SOURCES: readonly Source[] = [
  { resource: 'cpu', unit: 'percent', metrics: ['cpu.busy'] },
  { resource: 'memory', unit: 'bytes', metrics: ['memory.used'] },
  {
    resource: 'operations',
    unit: 'operations/s',
    metrics: ['disk.readOperations', 'disk.writeOperations'],
    parts: diskParts,
  },
  { resource: 'network', unit: 'bytes/s', metrics: ['nic.receivedBytes', 'nic.sentBytes'], parts: nicParts },
];

/** @param days before the last sample */
export function serverLoadOf(engagement: EngagementFile, server: ServerSummary, days: number): ServerLoad {
  const { utcOffsetMinutes } = engagement;
  const { id, firstSample, lastSample, rollup } = server;
  if (firstSample === null || lastSample === null)
    return { from: null, to: null, step: 0, utcOffsetMinutes, series: [] };
  const from = Math.max(firstSample, lastSample - days * DAY_SECONDS * 1000);
  const inventory = engagement.inventory(id)?.inventory;
  const all = engagement.series(id);
  const rollups = engagement.rollups(id);
  const step = stepSeconds((lastSample - from) / 1000);
  const p95 = {
    cpu: rollup?.cpuP95,
    memory: rollup?.memoryUsedP95,
    operations: rollup?.diskOperationsP95,
    network: rollup?.networkBytesP95,
  };
  const capacity = { cpu: 100, memory: server.memoryBytes, operations: null, network: null };
  const series = SOURCES.flatMap((source): Series[] => {
    const chosen = seriesOf(source, all, inventory);
    const slots = sumOf(
      chosen.map(({ metric, instance, interval }) =>
        // To beyond the last sample: `to` itself is not read.
        toSlots(
          engagement.readSamples(id, metric, instance, from, lastSample + 1),
          slotSeconds(interval),
          interval,
        ),
      ),
    );
    if (slots === undefined || slots.numbers.length === 0) return [];
    const { resource, unit } = source;
    return [
      {
        resource,
        unit,
        points: pointsOf(slots, Math.max(step, slots.slot)),
        p95: p95[resource] ?? null,
        capacity: capacity[resource],
        week: weekOf(chosen, rollups),
      },
    ];
  });
  const widest = Math.max(step, ...series.flatMap(({ points }) => distances(points)));
  return { from, to: lastSample, step: widest * 1000, utcOffsetMinutes, series };
}

function seriesOf(
  { metrics, parts }: Source,
  all: readonly SeriesInfo[],
  inventory: ServerInventory | undefined,
): SeriesInfo[] {
  return metrics.flatMap((metric) => {
    const own = all.filter((one) => one.metric === metric);
    if (parts === undefined) return own.filter(({ instance }) => instance === '');
    const whole = new Set(
      parts(
        own.map(({ instance }) => instance),
        inventory,
      ),
    );
    return own.filter(({ instance }) => whole.has(instance));
  });
}

/** Whole multiples of five minutes. */
function stepSeconds(span: number): number {
  const STEPS = [300, 600, 1800, 3600, 7200, 14_400, 21_600, 43_200];
  return STEPS.find((step) => span / step <= POINTS_AT_MOST) ?? DAY_SECONDS;
}

/** Slots that are longer than the step asked for stay as they are: seconds between points, where there are two. */
const distances = (points: Series['points']): number[] =>
  points.length < 2
    ? []
    : [
        points.slice(1).reduce((least, { at }, index) => Math.min(least, at - points[index]!.at), Infinity) /
          1000,
      ];

function pointsOf({ slot, numbers, means, maxima }: Slots, step: number): Series['points'] {
  const each = Math.max(1, Math.round(step / slot));
  const points: Series['points'] = [];
  let group = Number.NaN;
  let count = 0;
  for (let index = 0; index < numbers.length; index++) {
    // A slot is called by its end.
    const place = Math.floor((numbers[index]! - 1) / each);
    const mean = means[index]!;
    const last = points.at(-1);
    if (last !== undefined && place === group) {
      count++;
      last.mean += (mean - last.mean) / count;
      last.minimum = Math.min(last.minimum, mean);
      last.maximum = Math.max(last.maximum, maxima[index]!);
    } else {
      group = place;
      count = 1;
      points.push({ at: (place + 0.5) * each * slot * 1000, mean, minimum: mean, maximum: maxima[index]! });
    }
  }
  return points;
}

/** Sums over the parts; an hour that one of them did not see is that of the others. */
function weekOf(chosen: readonly SeriesInfo[], rollups: readonly Rollup[]): (number | null)[] {
  const weeks = chosen.flatMap(({ metric, instance }) => {
    const found = rollups.find((one) => one.metric === metric && one.instance === instance);
    return found === undefined ? [] : [found.week];
  });
  return Array.from({ length: HOURS }, (_, hour) => {
    const seen = weeks.map((week) => week[hour] ?? Number.NaN).filter((value) => Number.isFinite(value));
    return seen.length === 0 ? null : seen.reduce((sum, value) => sum + value, 0);
  });
}
