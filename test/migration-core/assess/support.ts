/** Servers for the judging half of the assessment: a plain one of which everything is known and nothing is wrong, and changes to it. */
import { platformById } from '../../../migration-core/assess/platforms.ts';
import { ruleBook } from '../../../migration-core/assess/rules/pack.ts';
import {
  planningProfile,
  PROFILE_RULES,
  type AssessmentContext,
} from '../../../migration-core/assess/model/context.ts';
import type { Assessment, Confidence } from '../../../migration-core/assess/model/assessment.ts';
import type { DemandProfile, Statistic } from '../../../migration-core/assess/model/demand.ts';
import type { ServerFacts } from '../../../migration-core/assess/model/facts.ts';
import type { SizedServer } from '../../../migration-core/assess/model/sized.ts';
import { assessEstate, type Judges } from '../../../migration-core/assess/assess.ts';
import {
  serverAnnotations,
  type ServerAnnotations,
} from '../../../migration-core/store/model/annotations.ts';
import { serverInventory, type ServerInventory } from '../../../migration-core/store/model/inventory.ts';
import { hostTemplate } from '../../../migration-core/assess/model/host.ts';

export const GiB = 2 ** 30;
export const TiB = 2 ** 40;
export const NOW = Date.UTC(2026, 10, 25);

const BOOKS = { modern: ruleBook('modern'), 'seed-2007': ruleBook('seed-2007') };

export function contextOf(
  platform = 'proxmox',
  change: Partial<AssessmentContext> = {},
  pack: keyof typeof BOOKS = 'modern',
): AssessmentContext {
  const rules = BOOKS[pack];
  return {
    rules,
    profileName: 'balanced',
    profile: planningProfile.parse(rules.value(PROFILE_RULES.balanced)),
    platform: platformById(platform),
    host: hostTemplate.parse({
      id: 'host',
      name: 'A host',
      sockets: 2,
      cores: 32,
      memoryBytes: 512 * GiB,
      diskOperations: 100_000,
      diskBytesPerSecond: 2e9,
    }),
    now: NOW,
    growth: 1,
    ...change,
  };
}

/** Parts as the schema takes them; `undefined` takes one away. */
type InventoryInput = Partial<Record<keyof ServerInventory, unknown>>;

/** A rack server with Debian 12 that serves web pages. `undefined` takes a part away. */
export function inventoryOf(change: InventoryInput = {}): ServerInventory {
  const whole: Record<string, unknown> = {
    identity: { name: 'web01' },
    vendor: 'Dell Inc.',
    model: 'PowerEdge R640',
    firmware: { kind: 'bios', secureBoot: false },
    processors: [
      {
        model: 'Intel(R) Xeon(R) Silver 4110',
        vendor: 'GenuineIntel',
        cores: 8,
        threads: 16,
        architecture: 'x86_64',
      },
    ],
    memoryBytes: 64 * GiB,
    devices: [
      { bus: 'pci', vendorId: '14e4', deviceId: '165f', classId: '020000', name: 'NetXtreme BCM5720' },
    ],
    drivers: [
      { name: 'tg3', loaded: true },
      { name: 'megaraid_sas', loaded: true },
      { name: 'xfs', loaded: true },
    ],
    disks: [
      { name: 'sda', bytes: 500 * GiB, bus: 'raid', sectorBytes: 512, system: true, partitionTable: 'gpt' },
    ],
    volumes: [
      {
        name: 'sda1',
        mountPoint: '/',
        fileSystem: 'ext4',
        bytes: 500 * GiB,
        usedBytes: 40 * GiB,
        kind: 'partition',
        disks: ['sda'],
      },
    ],
    hostBusAdapters: [],
    networkInterfaces: [{ name: 'eno1', kind: 'physical', speed: 1e9, addresses: [] }],
    operatingSystem: {
      family: 'linux',
      id: 'debian',
      name: 'Debian GNU/Linux 12 (bookworm)',
      version: '12.5',
      build: '6.1.0-18-amd64',
      architecture: 'x86_64',
    },
    roles: ['web'],
    services: [{ name: 'nginx', running: true }],
    software: [],
    vendorAgents: [],
    listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 443, process: 'nginx' }],
    ...change,
  };
  return serverInventory.parse(
    Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined)),
  );
}

/** All questions answered, all answers harmless. */
export const annotationsOf = (change: Partial<ServerAnnotations> = {}): ServerAnnotations =>
  serverAnnotations.parse({
    criticality: 'normal',
    environment: 'production',
    downtimeMinutes: 480,
    timeCritical: false,
    vendorForbidsVirtualization: false,
    licence: { boundToHardware: false },
    backup: { windows: [], toleratesFreeze: true },
    ...change,
  });

export const statisticOf = (p95: number, coverage = 1): Statistic => ({
  mean: p95 / 2,
  p50: p95 / 2,
  p90: p95,
  p95,
  p99: p95,
  p999: p95,
  maximum: p95,
  slots: 8640,
  coverage,
  p95IsMaximum: false,
  p99IsMaximum: false,
});

/** @param loads p95: percent, bytes, share of the uplink (0 to 1), operations/s; null: not measured */
export function profileOf(loads: {
  cpu: number | null;
  memory: number | null;
  network: number | null;
  operations?: number | null;
  coverage?: number;
}): DemandProfile {
  const { coverage } = loads;
  const of = (value: number | null | undefined): Statistic | null =>
    value === null || value === undefined ? null : statisticOf(value, coverage);
  return {
    version: 1,
    from: NOW - 30 * 86_400_000,
    to: NOW,
    slot: 300,
    days: 30,
    cpu: of(loads.cpu),
    privilegedShare: null,
    memoryUsed: of(loads.memory),
    memoryAvailable: null,
    pagingIn: null,
    diskReadOperations: null,
    diskWriteOperations: null,
    diskOperations: of(loads.operations),
    diskReadBytes: null,
    diskWriteBytes: null,
    diskBytes: null,
    diskLatency: null,
    diskQueue: null,
    networkIn: null,
    networkOut: null,
    networkBytes: of(loads.network),
    production: null,
    busiestUplink: loads.network === null ? null : { name: 'eno1', p95: loads.network, speed: 1e9 },
    cpuQueue: null,
    weeks: [],
    monthEnd: null,
    backup: [],
    seen: { weekdayPeak: true, weekend: true, monthEnd: true, quarterEnd: false, backup: true },
    growth: { cpu: null, memory: null, diskOperations: null },
    restarts: null,
    remarks: [],
  };
}

let nextId = 1;

export const factsOf = (
  inventory: InventoryInput | null = {},
  annotations: Partial<ServerAnnotations> = {},
  change: Partial<ServerFacts> = {},
): ServerFacts => ({
  id: nextId++,
  name: 'web01',
  identity: { name: 'web01', macs: [] },
  inventory: inventory === null ? null : inventoryOf(inventory),
  profile: profileOf({ cpu: 20, memory: 20 * GiB, network: 0.1, operations: 100 }),
  annotations: annotationsOf(annotations),
  ...change,
});

type SizedChange = Partial<Omit<SizedServer, 'io' | 'demand'>> & {
  io?: Partial<SizedServer['io']>;
  demand?: Partial<SizedServer['demand']>;
};

/** Two processors and 8 GiB: 5 % of the processors and less than 2 % of the memory of the host above. */
export const sizedOf = (change: SizedChange = {}): SizedServer => ({
  basis: 'measured',
  vcpus: 2,
  memoryBytes: 8 * GiB,
  disks: [{ name: 'sda', bytes: 500 * GiB, usedBytes: 40 * GiB, provisioning: 'thick', adapter: 0, unit: 0 }],
  nics: [{ name: 'eno1', mac: null, vlan: null, teamOf: [] }],
  copyBytes: 40 * GiB,
  provisioningFor: 'normal',
  reasons: [],
  ...change,
  demand: {
    cpu: 1.6,
    cpuUncertainty: 0.1,
    cpuUnitsPerPercent: 0.08,
    memoryBytes: 8 * GiB,
    diskOperations: 150,
    diskBytes: 3e6,
    networkBytes: 5e6,
    ioCpu: 0.01,
    week: { disk: 1, network: 1, cpuPerOperation: 0, cpuPerNetworkByte: 0 },
    ...change.demand,
  },
  io: {
    class: 'low',
    operations: 140,
    bytes: 3e6,
    latency: 0.004,
    storageShare: 0.0015,
    networkShare: 0.01,
    burstiness: 3,
    constrained: false,
    ...change.io,
  },
});

export const confidenceOf = (stars = 5, caps: Confidence['caps'] = []): Confidence => ({
  value: stars * 20,
  stars,
  parts: { coverage: 1, duration: 1, metrics: 1, cycle: 1 },
  caps,
});

export interface Case {
  inventory?: InventoryInput | null;
  annotations?: Partial<ServerAnnotations>;
  facts?: Partial<ServerFacts>;
  sized?: SizedChange | null;
  confidence?: Confidence;
  context?: AssessmentContext;
  /** Other servers of the estate. */
  others?: ServerFacts[];
}

/** 32 core units: the cores of the host are cores of the reference. */
export const judgesOf = ({ sized, confidence }: Pick<Case, 'sized' | 'confidence'> = {}): Judges => ({
  size: () => (sized === null ? null : sizedOf(sized)),
  confidence: () => confidence ?? confidenceOf(),
  hostCpuUnits: ({ host }) => host.cores,
});

/** The assessment of one server among others. */
export function assessCase(given: Case = {}): Assessment {
  const server = factsOf(given.inventory, given.annotations, given.facts);
  // Four more, unlike it: an estate that is not small.
  const others =
    given.others ?? ['a', 'b', 'c', 'd'].map((name) => factsOf(null, {}, { name, profile: null }));
  const estate = assessEstate([server, ...others], given.context ?? contextOf(), judgesOf(given));
  return estate.assessments[0]!;
}
