/** What the list shows of a server (model/rollup.ts ServerRollup), from the slots of its series. */
import type { ServerInventory } from '../model/inventory.ts';
import type { MetricId } from '../model/metrics.ts';
import type { ServerRollup } from '../model/rollup.ts';
import { backupWindow } from './backup-window.ts';
import { diskParts, nicParts } from './parts.ts';
import { rollUpSeries } from './series-rollup.ts';
import { differenceOf, sumOf, type Slots } from './slots.ts';

export interface SlottedSeries {
  metric: MetricId;
  instance: string;
  slots: Slots;
}

/** Metrics of which `rollUpServer` makes use. */
export const SUMMARISED: ReadonlySet<string> = new Set<MetricId>([
  'cpu.busy',
  'memory.used',
  'memory.total',
  'memory.available',
  'disk.readOperations',
  'disk.writeOperations',
  'disk.readBytes',
  'disk.writeBytes',
  'nic.receivedBytes',
  'nic.sentBytes',
]);

const DAY = 86_400_000;

/**
 * @param span milliseconds since 1970 of the first and the last sample of the server, null without any
 */
export function rollUpServer(
  series: readonly SlottedSeries[],
  span: { first: number; last: number } | null,
  inventory: ServerInventory | undefined,
  utcOffsetMinutes: number,
): ServerRollup {
  const whole = (metric: MetricId): Slots | undefined =>
    series.find((one) => one.metric === metric && one.instance === '')?.slots;
  const sum = (parts: typeof diskParts, ...metrics: MetricId[]): Slots | undefined =>
    sumOf(
      metrics.flatMap((metric) => {
        const own = series.filter((one) => one.metric === metric && one.slots.numbers.length > 0);
        const counted = new Set(
          parts(
            own.map(({ instance }) => instance),
            inventory,
          ),
        );
        return own.filter(({ instance }) => counted.has(instance)).map(({ slots }) => slots);
      }),
    );
  const p95 = (slots: Slots | undefined): number | null =>
    slots === undefined ? null : (rollUpSeries(slots, utcOffsetMinutes)?.p95 ?? null);

  const cpuSlots = whole('cpu.busy');
  const cpu = cpuSlots === undefined ? undefined : rollUpSeries(cpuSlots, utcOffsetMinutes);
  const network = sum(nicParts, 'nic.receivedBytes', 'nic.sentBytes');
  return {
    cpuMean: cpu?.mean ?? null,
    cpuP95: cpu?.p95 ?? null,
    cpuMaximum: cpu?.maximum ?? null,
    memoryUsedP95: p95(whole('memory.used') ?? usedMemory(whole('memory.total'), whole('memory.available'))),
    diskOperationsP95: p95(sum(diskParts, 'disk.readOperations', 'disk.writeOperations')),
    diskBytesP95: p95(sum(diskParts, 'disk.readBytes', 'disk.writeBytes')),
    networkBytesP95: p95(network),
    days: span === null ? 0 : (span.last - span.first) / DAY,
    coverage: cpu?.coverage ?? 0,
    backupWindow: backupWindow(sum(diskParts, 'disk.readBytes'), cpuSlots, network, utcOffsetMinutes),
  };
}

/** Of tools that tell what is available only. */
const usedMemory = (total: Slots | undefined, available: Slots | undefined): Slots | undefined =>
  total === undefined || available === undefined ? undefined : differenceOf(total, available);
