/** Servers made of numbers, for tests of the assessment. */
import { aboutServer, type About, type SampleReader } from '../../../migration-core/assess/characterise/reader.ts';
import type { MetricId } from '../../../migration-core/store/model/metrics.ts';
import { seeded } from '../../support/tools.ts';

/** Monday, 31 August 2026: the last working day of its month. */
export const MONDAY = Date.UTC(2026, 7, 31);
export const MINUTE = 60_000;
export const DAY = 1440 * MINUTE;

export interface TestSeries {
  metric: MetricId;
  instance?: string;
  /** Seconds. */
  interval?: number;
  /** Times and values; a value stands for the interval that ends at its time. */
  samples: (readonly [time: number, value: number])[];
}

export function readerOf(all: readonly TestSeries[]): SampleReader {
  const named = all.map((one) => ({ instance: '', interval: 300, ...one }));
  return {
    series: () =>
      named.map(({ metric, instance, interval, samples }) => ({
        metric,
        instance,
        interval,
        samples: samples.length,
        first: samples[0]?.[0] ?? 0,
        last: samples.at(-1)?.[0] ?? 0,
      })),
    read: (metric, instance) => {
      const { samples, interval } = named.find((one) => one.metric === metric && one.instance === instance)!;
      return {
        metric,
        instance,
        interval,
        times: Float64Array.from(samples, ([time]) => time),
        values: Float64Array.from(samples, ([, value]) => value),
      };
    },
  };
}

/** Samples every 5 minutes from `from` for so many days; `value` gets the minute of the week from Monday and the day from 0. */
export const everyFive = (
  days: number,
  value: (minuteOfDay: number, day: number) => number | null,
  from = MONDAY,
): (readonly [number, number])[] =>
  Array.from({ length: days * 288 }, (_, i) => {
    const minute = i * 5;
    return [from + (minute + 5) * MINUTE, value(minute % 1440, Math.floor(minute / 1440))] as const;
  }).filter((sample): sample is readonly [number, number] => sample[1] !== null);

export const noAbout = (more: Partial<About> = {}): About => ({ ...aboutServer(null, {}, 0), ...more });

/** A month of a server with four resources that were measured, noise in all of them. */
export function noisyMonth(seed: number, days = 30, disks = 1): TestSeries[] {
  const random = seeded(seed);
  const noise = (most: number) => everyFive(days, () => Math.round(random() * random() * most * 100) / 100);
  return [
    { metric: 'cpu.busy', samples: noise(100) },
    { metric: 'memory.used', samples: noise(16e9) },
    ...Array.from({ length: disks }, (_, i): TestSeries[] => [
      { metric: 'disk.readOperations', instance: `sd${'abcdefgh'[i]}`, samples: noise(500) },
      { metric: 'disk.readBytes', instance: `sd${'abcdefgh'[i]}`, samples: noise(5e7) },
    ]).flat(),
    { metric: 'nic.receivedBytes', instance: 'eth0', samples: noise(1e7) },
  ];
}
