/** Servers made of numbers, for tests of the assessment. */
import {
  aboutServer,
  type About,
  type SampleReader,
} from '../../../migration-core/assess/characterise/reader.ts';
import {
  PROFILE_RULES,
  type AssessmentContext,
  type PlanningProfile,
  type ProfileName,
} from '../../../migration-core/assess/model/context.ts';
import type { DemandProfile, Statistic } from '../../../migration-core/assess/model/demand.ts';
import type { ServerFacts } from '../../../migration-core/assess/model/facts.ts';
import type { PlatformProfile } from '../../../migration-core/assess/model/platform.ts';
import { ruleBook } from '../../../migration-core/assess/rules/pack.ts';
import { hostTemplate, type HostTemplate } from '../../../migration-core/assess/model/host.ts';
import type { ServerInventory } from '../../../migration-core/store/model/inventory.ts';
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

/** A server that was not looked at, with what the test says of it. */
export const factsOf = (more: Partial<ServerFacts> = {}): ServerFacts => ({
  id: 1,
  name: 'alpha',
  identity: { name: 'alpha', macs: [] },
  inventory: null,
  profile: null,
  annotations: {},
  ...more,
});

export const inventoryOf = (more: Partial<ServerInventory> = {}): ServerInventory => ({
  identity: { name: 'alpha', macs: [] },
  gaps: [],
  ...more,
});

const PLATFORM: PlatformProfile = {
  id: 'test',
  name: 'Test platform',
  source: 'this test',
  architecture: 'hardware-assisted',
  nestedPaging: true,
  devices: 'paravirtual',
  passThrough: true,
  maxVcpus: 64,
  maxMemoryBytes: 2 ** 42,
  maxDisks: 60,
  maxDiskBytes: 2 ** 46,
  maxNics: 10,
  firmware: ['bios', 'uefi'],
  secureBoot: true,
  tpm: true,
  dot1q: true,
  npiv: true,
  failover: true,
  hardwareIsolation: true,
  maturity: 'mature',
};

/** A host of 2017 with 40 cores: its cores are the reference. */
const HOST = {
  id: 'host',
  name: 'Host',
  sockets: 2,
  cores: 40,
  launchYear: 2017,
  memoryBytes: 2 ** 38,
  diskOperations: 50_000,
  diskBytesPerSecond: 2e9,
};

export function contextOf(
  more: {
    pack?: string;
    profileName?: ProfileName;
    profile?: Partial<PlanningProfile>;
    platform?: Partial<PlatformProfile>;
    host?: Partial<HostTemplate>;
    growth?: number;
  } = {},
): AssessmentContext {
  const rules = ruleBook(more.pack ?? 'modern');
  const profileName = more.profileName ?? 'balanced';
  return {
    rules,
    profileName,
    profile: { ...rules.value(PROFILE_RULES[profileName]), ...more.profile },
    platform: { ...PLATFORM, ...more.platform },
    host: hostTemplate.parse({ ...HOST, ...more.host }),
    now: MONDAY,
    growth: more.growth ?? 1,
  };
}

/** A statistic of a flat line, with what the test changes of it. */
export const flat = (value: number, more: Partial<Statistic> = {}): Statistic => ({
  mean: value,
  p50: value,
  p90: value,
  p95: value,
  p99: value,
  p999: value,
  maximum: value,
  slots: 8640,
  coverage: 1,
  p95IsMaximum: false,
  p99IsMaximum: false,
  ...more,
});

/** Thirty days in which nothing but what the test says was measured. */
export const profileOf = (more: Partial<DemandProfile> = {}): DemandProfile => ({
  version: 1,
  from: MONDAY,
  to: MONDAY + 30 * DAY,
  slot: 300,
  days: 30,
  cpu: null,
  privilegedShare: null,
  memoryUsed: null,
  memoryAvailable: null,
  pagingIn: null,
  diskReadOperations: null,
  diskWriteOperations: null,
  diskOperations: null,
  diskReadBytes: null,
  diskWriteBytes: null,
  diskBytes: null,
  diskLatency: null,
  diskQueue: null,
  networkIn: null,
  networkOut: null,
  networkBytes: null,
  production: null,
  busiestUplink: null,
  cpuQueue: null,
  weeks: [],
  monthEnd: null,
  backup: [],
  seen: { weekdayPeak: true, weekend: true, monthEnd: true, quarterEnd: true, backup: true },
  growth: { cpu: null, memory: null, diskOperations: null },
  restarts: null,
  remarks: [],
  ...more,
});

export const textsOf = (reasons: readonly { text: string }[]): string[] => reasons.map(({ text }) => text);
