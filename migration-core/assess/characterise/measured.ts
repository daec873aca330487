/** The series of a server on slots, cleaned of what no server can have measured. */
import type { MetricId } from '../../store/model/metrics.ts';
import { diskParts, nicParts } from '../../store/rollup/parts.ts';
import { slotSeconds, toSlots, type Slots } from '../../store/rollup/slots.ts';
import type { SampleReader } from './reader.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';

/** What a profile is made of, and the most that is believed: above it a figure is a mistake of the tool. */
const LIMITS = {
  'cpu.busy': 1e4,
  'cpu.privileged': 1e4,
  'cpu.queue': 1e6,
  'memory.total': 2 ** 53,
  'memory.used': 2 ** 53,
  'memory.available': 2 ** 53,
  'paging.in': 1e13,
  'disk.readOperations': 1e9,
  'disk.writeOperations': 1e9,
  'disk.readBytes': 1e13,
  'disk.writeBytes': 1e13,
  'disk.readLatency': 3600,
  'disk.writeLatency': 3600,
  'disk.queue': 1e6,
  'nic.receivedBytes': 1e13,
  'nic.sentBytes': 1e13,
} as const satisfies Partial<Record<MetricId, number>>;
export type ProfiledMetric = keyof typeof LIMITS;

/** Series beyond this many are no disks and cards of one server; the rest is left out and said so. */
const MAX_SERIES = 20_000;
/** Milliseconds since 1970, the year 2200: no clock of a server is there, and no calendar asked for more. */
const LATEST = 7_258_118_400_000;
/** Seconds. Averages over longer hide what is sized for. */
const COARSE = 900;

export interface MeasuredSeries {
  metric: ProfiledMetric;
  instance: string;
  slots: Slots;
}

export class Measured {
  readonly series: MeasuredSeries[] = [];
  readonly remarks: string[] = [];
  readonly #inventory: ServerInventory | undefined;

  constructor(reader: SampleReader, inventory: ServerInventory | null) {
    this.#inventory = inventory ?? undefined;
    const wanted = reader.series().filter(({ metric }) => Object.hasOwn(LIMITS, metric));
    if (wanted.length > MAX_SERIES)
      this.remarks.push(
        `Of ${wanted.length} series only the first ${MAX_SERIES} were read: no server has so many disks and interfaces.`,
      );
    let impossible = 0;
    let over = 0;
    let coarsest = 0;
    for (const info of wanted.slice(0, MAX_SERIES)) {
      const metric = info.metric as ProfiledMetric;
      const batch = reader.read(metric, info.instance);
      const interval = info.interval || batch.interval;
      const slots = toSlots(batch, slotSeconds(interval), interval);
      if (slots.numbers.length === 0) continue;
      const cleaned = clean(slots, LIMITS[metric]);
      impossible += slots.numbers.length - cleaned.numbers.length;
      if (metric === 'cpu.busy') over += cap(cleaned, 100);
      if (cleaned.numbers.length === 0) continue;
      coarsest = Math.max(coarsest, slots.slot);
      this.series.push({ metric, instance: info.instance, slots: cleaned });
    }
    if (impossible > 0)
      this.remarks.push(
        `${impossible} figures were below zero, beyond what any server does or of an impossible time; they count as missing.`,
      );
    if (over > 0)
      this.remarks.push(`The processor was said to be more than 100 % busy ${over} times; 100 % was used.`);
    if (coarsest > COARSE)
      this.remarks.push(
        `Some figures are averages over ${Math.round(coarsest / 60)} minutes: peaks within them cannot be seen.`,
      );
  }

  /** Of the server as a whole. */
  whole(metric: ProfiledMetric): Slots | undefined {
    return this.series.find((one) => one.metric === metric && one.instance === '')?.slots;
  }

  /** Those disks whose sum is the whole. */
  disks(metric: ProfiledMetric): MeasuredSeries[] {
    return this.#parts(metric, diskParts);
  }

  nics(metric: ProfiledMetric): MeasuredSeries[] {
    return this.#parts(metric, nicParts);
  }

  #parts(metric: ProfiledMetric, parts: typeof diskParts): MeasuredSeries[] {
    const own = this.series.filter((one) => one.metric === metric);
    const counted = new Set(
      parts(
        own.map(({ instance }) => instance),
        this.#inventory,
      ),
    );
    return own.filter(({ instance }) => counted.has(instance));
  }
}

function clean(slots: Slots, most: number): Slots {
  const { slot, numbers, means, maxima } = slots;
  const last = LATEST / (slot * 1000);
  const good = (i: number): boolean =>
    means[i]! >= 0 && maxima[i]! <= most && numbers[i]! >= 0 && numbers[i]! <= last;
  let bad = 0;
  for (let i = 0; i < numbers.length; i++) if (!good(i)) bad++;
  if (bad === 0) return slots;
  const keep = (column: Float64Array): Float64Array => column.filter((_, i) => good(i));
  return { slot, numbers: keep(numbers), means: keep(means), maxima: keep(maxima) };
}

/** @returns how many were above */
function cap({ means, maxima }: Slots, most: number): number {
  let above = 0;
  for (let i = 0; i < means.length; i++) {
    if (maxima[i]! <= most) continue;
    above++;
    maxima[i] = most;
    means[i] = Math.min(most, means[i]!);
  }
  return above;
}
