/** The made-up estate (estate.ts) as the planner gets it: samples boiled down to profiles, with inventories beside them. */
import { characterise } from '../../migration-core/assess/characterise/characterise.ts';
import { encodeProfile } from '../../migration-core/assess/characterise/codec.ts';
import { aboutServer, type SampleReader } from '../../migration-core/assess/characterise/reader.ts';
import type { DemandProfile, WeekShape } from '../../migration-core/assess/model/demand.ts';
import type { ServerFacts } from '../../migration-core/assess/model/facts.ts';
import { profileMaker } from '../../migration-core/plan/study.ts';
import type { ServerAnnotations } from '../../migration-core/store/model/annotations.ts';
import type { ServerInventory } from '../../migration-core/store/model/inventory.ts';
import type { MetricId } from '../../migration-core/store/model/metrics.ts';
import { makeServer, MISSING, SAMPLES, type Server } from './estate.ts';
import { variantOf } from './plan-variants.ts';

const SEED = 1;
/** Monday, 3 August 2026, as estate.ts counts days. */
const FIRST_DAY = Date.UTC(2026, 7, 3);
const FIVE_MINUTES = 300_000;
const GIB = 2 ** 30;
/** Real units of the steps of estate.ts: thousandths of a core, 16 MB, operations/s, 0.1 MB/s. */
export const CORES_PER_STEP = 0.001;
export const [STEP_MEMORY, STEP_BYTES] = [16e6, 1e5];

/** What of the samples of estate.ts is known, and when it was. */
export interface Recording {
  /** Days that are the end of a month besides the last two: `makeServer`. */
  closing: readonly number[];
  /** The first so many. */
  samples: number;
  /** A Monday, milliseconds since 1970. */
  firstDay: number;
}
const ALL: Recording = { closing: [], samples: SAMPLES, firstDay: FIRST_DAY };

/** The five series of one server, as a reader of samples gives them. */
export function readerOf(
  { recorded }: Server,
  cores: number,
  { samples, firstDay }: Recording = ALL,
): SampleReader {
  const series: { metric: MetricId; instance: string; row: number; step: number; most: number }[] = [
    { metric: 'cpu.busy', instance: '', row: 0, step: 0.1 / cores, most: 100 },
    { metric: 'memory.used', instance: '', row: 1, step: STEP_MEMORY, most: Infinity },
    { metric: 'disk.readOperations', instance: 'sda', row: 2, step: 1, most: Infinity },
    { metric: 'disk.readBytes', instance: 'sda', row: 3, step: STEP_BYTES, most: Infinity },
    { metric: 'nic.receivedBytes', instance: 'eth0', row: 4, step: STEP_BYTES, most: Infinity },
  ];
  return {
    series: () =>
      series.map(({ metric, instance }) => ({
        metric,
        instance,
        interval: 300,
        samples,
        first: firstDay + FIVE_MINUTES,
        last: firstDay + samples * FIVE_MINUTES,
      })),
    read(metric, instance) {
      const { row, step, most } = series.find((one) => one.metric === metric)!;
      const times = new Float64Array(samples);
      const values = new Float64Array(samples);
      let length = 0;
      for (let sample = 0; sample < samples; sample++) {
        const value = recorded[row]![sample]!;
        if (value === MISSING) continue;
        times[length] = firstDay + (sample + 1) * FIVE_MINUTES;
        values[length++] = Math.min(most, value * step);
      }
      return {
        metric,
        instance,
        interval: 300,
        times: times.slice(0, length),
        values: values.slice(0, length),
      };
    },
  };
}

export interface BenchServer {
  inventory: ServerInventory;
  annotations: ServerAnnotations;
  reader: SampleReader;
  /** By RESOURCES in steps of estate.ts, of the whole month. */
  truth: Uint16Array[];
}

/** One in fifty is one of a pair that stands in for each other, two in a hundred cannot share hosts with the rest. */
export function benchServer(index: number, recording: Recording = ALL): BenchServer {
  const server = makeServer(SEED, index, recording.closing);
  const cores = Math.max(2, server.vcpus);
  const name = nameOf(index);
  const peak = server.recorded[1]!.reduce(
    (most, value) => (value === MISSING ? most : Math.max(most, value)),
    0,
  );
  const bytes = server.diskGigabytes * GIB;
  return {
    inventory: {
      identity: { name, macs: [] },
      gaps: [],
      firmware: { kind: 'bios' },
      processors: [
        {
          model: 'Intel(R) Xeon(R) CPU E5530 @ 2.40GHz',
          vendor: 'GenuineIntel',
          sockets: 1,
          cores,
          threads: cores,
          megahertz: 2400,
          architecture: 'x86_64',
          flags: ['lm', 'vmx', 'ept'],
          hardwareVirtualization: true,
          nestedPaging: true,
        },
      ],
      memoryBytes: Math.ceil((peak * STEP_MEMORY * 1.5) / GIB) * GIB,
      disks: [{ name: 'sda', bytes, bus: 'sas', system: true }],
      volumes: [
        { name: 'sda1', mountPoint: '/', fileSystem: 'ext4', bytes, usedBytes: bytes / 2, disks: ['sda'] },
      ],
      networkInterfaces: [{ name: 'eth0', kind: 'physical', addresses: [], speed: 1e9 }],
      operatingSystem: {
        family: 'linux',
        id: 'debian',
        name: 'Debian GNU/Linux 12',
        version: '12',
        architecture: 'x86_64',
      },
    },
    annotations: { zone: zoneOf(index) },
    reader: readerOf(server, cores, recording),
    truth: server.truth,
  };
}

const zoneOf = (index: number): string => (index % 50 === 0 ? 'dmz' : 'lan');
const nameOf = (index: number): string => `server-${String(index).padStart(5, '0')}`;

export const profileOf = ({ inventory, annotations, reader }: BenchServer): DemandProfile | null =>
  characterise(reader, aboutServer(inventory, annotations, 0));

/** So many servers have samples of their own; others are variants of them, for a month of samples takes 25 ms to make. */
const MADE = 250;

export interface EstateServer {
  inventory: ServerInventory;
  annotations: ServerAnnotations;
  profile: DemandProfile;
}

/** One after the other, in the order of their names. */
export function* estateOf(count: number): Generator<EstateServer> {
  // Not their samples: no engagement is in memory as a whole.
  const made: Omit<EstateServer, 'annotations'>[] = [];
  for (let index = 0; index < count; index++) {
    if (index < MADE) {
      const server = benchServer(index);
      made.push({ inventory: server.inventory, profile: profileOf(server)! });
    }
    const { inventory, profile } = made[index % MADE]!;
    const own = index < MADE ? { inventory, profile } : variantOf(index, { inventory }, profile);
    yield {
      inventory: { ...own.inventory, identity: { name: nameOf(index), macs: [] } },
      profile: own.profile,
      annotations: { zone: zoneOf(index) },
    };
  }
}

/** As reading an engagement file gives them: written down, read back, with the weeks of one shape. */
export const factsOf = (count: number): ServerFacts[] =>
  Array.from(estateOf(count), ({ inventory, annotations, profile }, index) => {
    const { identity } = inventory;
    return {
      ...{ id: index + 1, name: identity.name, identity, inventory, annotations },
      profile: profileMaker.decode(encodeProfile(profile), ['10-min-peak']),
    };
  });

export function factOf(
  { inventory, annotations }: BenchServer,
  index: number,
  profile: DemandProfile | null,
  shapes: readonly WeekShape[],
): ServerFacts {
  return {
    id: index + 1,
    name: nameOf(index),
    identity: inventory.identity,
    inventory,
    profile:
      profile === null
        ? null
        : { ...profile, weeks: profile.weeks.filter(({ shape }) => shapes.includes(shape)) },
    annotations,
  };
}

/** Pairs of servers that stand in for each other, by name. */
export const apartIn = (count: number): string[][] =>
  Array.from({ length: Math.floor(count / 100) }, (_, pair) => [
    nameOf(pair * 100 + 7),
    nameOf(pair * 100 + 8),
  ]);
