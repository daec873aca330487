/** Estates of a few servers for the tests of savings and waves: everything has a quiet default that a test overrides. */
import type { Assessment } from '../../../migration-core/assess/model/assessment.ts';
import type { EstateAssessment } from '../../../migration-core/assess/model/context.ts';
import type { DemandProfile, Statistic } from '../../../migration-core/assess/model/demand.ts';
import type { ServerFacts } from '../../../migration-core/assess/model/facts.ts';
import type { SimilarityGroup } from '../../../migration-core/assess/model/groups.ts';
import type { PlatformProfile } from '../../../migration-core/assess/model/platform.ts';
import type { IoClass, SizedServer } from '../../../migration-core/assess/model/sized.ts';
import { hostTemplate, type HostTemplate } from '../../../migration-core/assess/model/host.ts';
import { scenario } from '../../../migration-core/plan/model/scenario.ts';
import type { Plan, PlanHost } from '../../../migration-core/plan/model/plan.ts';
import type { ServerAnnotations } from '../../../migration-core/store/model/annotations.ts';
import type { ServerInventory } from '../../../migration-core/store/model/inventory.ts';
import type { z } from 'zod';

export interface ServerShape {
  name?: string;
  annotations?: ServerAnnotations;
  inventory?: Partial<ServerInventory> | null;
  /** Mean use of processors, percent; absent: not measured. */
  cpu?: number;
  score?: number;
  io?: IoClass;
  copyBytes?: number;
  method?: Assessment['method'];
  roles?: string[];
  stars?: number;
  verdict?: Assessment['verdict'];
  group?: string;
  gates?: Assessment['gates'];
  sized?: null;
}

export const GIB = 2 ** 30;

const statistic = (mean: number): Statistic => ({
  mean,
  p50: mean,
  p90: mean,
  p95: mean,
  p99: mean,
  p999: mean,
  maximum: mean,
  slots: 2000,
  coverage: 1,
  p95IsMaximum: false,
  p99IsMaximum: false,
});

const NOTHING = { slot: 300, days: 28, from: 0, to: 0, version: 1 };

export function profile(cpu: number): DemandProfile {
  return {
    ...NOTHING,
    cpu: statistic(cpu),
    privilegedShare: null,
    production: null,
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
    busiestUplink: null,
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

export function facts(id: number, shape: ServerShape = {}): ServerFacts {
  const name = shape.name ?? `srv${String(id).padStart(3, '0')}`;
  const identity = { name, macs: [] };
  return {
    id,
    name,
    identity,
    inventory:
      shape.inventory === null
        ? null
        : {
            identity,
            gaps: [],
            operatingSystem: { family: 'linux', name: 'Debian GNU/Linux 12', version: '12' },
            ...shape.inventory,
          },
    profile: shape.cpu === undefined ? null : profile(shape.cpu),
    annotations: shape.annotations ?? {},
  };
}

function sized(shape: ServerShape): SizedServer {
  return {
    basis: 'measured',
    vcpus: 2,
    memoryBytes: 4 * GIB,
    disks: [],
    nics: [],
    copyBytes: shape.copyBytes ?? 40 * GIB,
    demand: {
      cpu: 1,
      week: { disk: 1, network: 1, cpuPerOperation: 0, cpuPerNetworkByte: 0 },
      cpuUncertainty: 0.1,
      cpuUnitsPerPercent: 0.1,
      memoryBytes: 4 * GIB,
      diskOperations: 10,
      diskBytes: 1e6,
      networkBytes: 1e6,
      ioCpu: 0,
    },
    io: {
      class: shape.io ?? 'low',
      operations: 100,
      bytes: 1e6,
      latency: null,
      storageShare: 0.01,
      networkShare: 0.01,
      burstiness: 1,
      constrained: false,
    },
    provisioningFor: 'normal',
    reasons: [],
  };
}

export function assessment(id: number, shape: ServerShape = {}): Assessment {
  const verdict = shape.verdict ?? 'good-candidate';
  return {
    server: id,
    name: shape.name ?? `srv${String(id).padStart(3, '0')}`,
    verdict,
    ruled: verdict,
    second: null,
    override: null,
    score: shape.score ?? 80,
    parts: [],
    confidence: {
      value: 90,
      stars: shape.stars ?? 4,
      parts: { coverage: 1, duration: 1, metrics: 1, cycle: 1 },
      caps: [],
    },
    gates: shape.gates ?? [],
    because: 'It is.',
    reasons: [],
    changes: [],
    usage: 'active',
    sized: shape.sized === null ? null : sized(shape),
    group: shape.group ?? null,
    method: shape.method ?? 'p2v-cold',
    roles: shape.roles ?? ['web'],
  };
}

export function template(shape: Partial<z.input<typeof hostTemplate>> = {}): HostTemplate {
  return hostTemplate.parse({
    id: 'modern-2u',
    name: 'Two sockets, 2 U',
    sockets: 2,
    cores: 32,
    memoryBytes: 512 * GIB,
    diskOperations: 100_000,
    diskBytesPerSecond: 2e9,
    ...shape,
  });
}

export const PLATFORM: PlatformProfile = {
  id: 'kvm',
  name: 'KVM',
  source: 'made up for tests',
  architecture: 'hardware-assisted',
  nestedPaging: true,
  devices: 'paravirtual',
  passThrough: true,
  maxVcpus: 128,
  maxMemoryBytes: 4096 * GIB,
  maxDisks: 32,
  maxDiskBytes: 64_000 * GIB,
  maxNics: 16,
  firmware: ['bios', 'uefi'],
  secureBoot: true,
  tpm: true,
  dot1q: true,
  npiv: true,
  failover: true,
  hardwareIsolation: true,
  maturity: 'mature',
};

const used = (mean: number): PlanHost['use']['cpu'] => ({ peak: mean, mean, ceiling: 0.7, slot: 0 });

export interface EstateShape {
  servers: ServerShape[];
  scenario?: Partial<z.input<typeof scenario>>;
  groups?: SimilarityGroup[];
  /** Servers (ids) of each host; the default is all on host-01. */
  hosts?: number[][];
  hostUse?: number;
  plan?: Partial<Plan>;
}

export interface Estate {
  facts: ServerFacts[];
  estate: EstateAssessment;
  plan: Plan;
  scenario: z.infer<typeof scenario>;
}

/** Servers get the ids 1, 2 ... as they come. */
export function estate(shape: EstateShape): Estate {
  const all = shape.servers.map((one, at) => facts(at + 1, one));
  const hosts = shape.hosts ?? [all.map(({ id }) => id)];
  const use = used(shape.hostUse ?? 0.1);
  return {
    facts: all,
    estate: {
      rules: 'modern@1',
      profile: 'balanced',
      platform: 'kvm',
      host: 'modern-2u',
      assessments: shape.servers.map((one, at) => assessment(at + 1, one)),
      groups: shape.groups ?? [],
    },
    scenario: scenario.parse({ name: 'test', ...shape.scenario }),
    plan: {
      scenario: 'test',
      rules: 'modern@1',
      seed: 1,
      hosts: hosts.map((servers, at) => ({
        name: `host-${String(at + 1).padStart(2, '0')}`,
        template: 'modern-2u',
        existing: false,
        spare: false,
        servers: servers.map((server) => ({
          server,
          name: all[server - 1]!.name,
          vcpus: 2,
          memoryBytes: 4 * GIB,
        })),
        use: { cpu: use, memory: use, diskOperations: use, diskBytes: use, networkBytes: use },
        binding: 'memory',
        storageBytes: 0,
        vcpusPerCore: 1,
        blastRadius: { machines: servers.length, critical: 0, owners: [] },
        warnings: [],
      })),
      unplaced: [],
      elsewhere: [],
      osGroups: [],
      bound: { hosts: 1, by: 'sum', gap: 0 },
      failover: { failures: 1, proved: true, gaps: [], added: 0, reserve: 0, sets: 1, exhaustive: true },
      backup: { runs: [], clashes: [], hostJobs: [] },
      constraints: [],
      totals: {
        servers: all.length,
        placed: all.length,
        hosts: hosts.length,
        ratio: 1,
        sumOfPeaksHosts: 1,
        sumOfP95Hosts: 1,
        managedBefore: all.length,
        managedAfter: all.length + hosts.length + 1,
      },
      warnings: [],
      ...shape.plan,
    },
  };
}
