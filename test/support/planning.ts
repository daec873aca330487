/** Small estates for tests of the planner: servers of which each test says only what matters to it. */
import type { Assessment } from '../../migration-core/assess/model/assessment.ts';
import { PROFILE_RULES, type PlanningProfile } from '../../migration-core/assess/model/context.ts';
import type { BackupDemand, DemandProfile } from '../../migration-core/assess/model/demand.ts';
import { SLOT_MINUTES } from '../../migration-core/assess/model/demand.ts';
import type { ServerFacts } from '../../migration-core/assess/model/facts.ts';
import type { SimilarityGroup } from '../../migration-core/assess/model/groups.ts';
import type { PlatformProfile } from '../../migration-core/assess/model/platform.ts';
import type { SizedServer } from '../../migration-core/assess/model/sized.ts';
import { ruleBook } from '../../migration-core/assess/rules/pack.ts';
import { type HostTemplate } from '../../migration-core/assess/model/host.ts';
import { scenario } from '../../migration-core/plan/model/scenario.ts';
import type { PlanRequest } from '../../migration-core/plan/planning.ts';
import { shippedHostTemplates } from '../../migration-core/plan/hosts/templates.ts';
import type { ServerInventory } from '../../migration-core/store/model/inventory.ts';
import type { ServerAnnotations } from '../../migration-core/store/model/annotations.ts';

export const GIB = 1 << 30;
export const RULES = ruleBook('modern');
export const PROFILE: PlanningProfile = RULES.value(PROFILE_RULES.balanced);

export const PLATFORM: PlatformProfile = {
  id: 'kvm',
  name: 'KVM',
  source: 'test',
  architecture: 'hardware-assisted',
  nestedPaging: true,
  devices: 'paravirtual',
  passThrough: true,
  maxVcpus: 240,
  maxMemoryBytes: 4096 * GIB,
  maxDisks: 60,
  maxDiskBytes: 2 ** 45,
  maxNics: 20,
  firmware: ['bios', 'uefi'],
  secureBoot: true,
  tpm: true,
  dot1q: true,
  npiv: true,
  failover: true,
  hardwareIsolation: true,
  maturity: 'mature',
};

/** 100 core units, 104 GiB of which 4 % are kept, a fixed 100 of all else: shares are easy to see. */
export const HOST: HostTemplate = {
  id: 'round',
  name: 'Round host',
  source: 'test',
  sockets: 2,
  cores: 100,
  hardwareVirtualization: true,
  nestedPaging: true,
  x64: true,
  memoryBytes: 104 * GIB,
  diskOperations: 10_000,
  diskBytesPerSecond: 1_000_000_000,
  storage: 'shared',
  spindles: false,
  nicPorts: 2,
  nicSpeed: 10e9,
  hbaPorts: 2,
  powerSupplies: 2,
  formFactor: 'rack',
  rackUnits: 2,
};

export interface TestServer {
  name?: string;
  /** Of the week on the target: the same in each slot, or by slot. Core units, bytes, operations/s, bytes/s, bytes/s. */
  cpu?: number | ((slot: number) => number);
  /** Core units on the heaviest day at the turn of a month, by slot of ten minutes; absent: none was seen. */
  monthEnd?: (slot: number) => number;
  memory?: number;
  operations?: number;
  disk?: number | ((slot: number) => number);
  network?: number;
  vcpus?: number;
  diskBytes?: number;
  annotations?: ServerAnnotations;
  roles?: string[];
  verdict?: Assessment['verdict'];
  method?: Assessment['method'];
  unsized?: boolean;
  backup?: BackupDemand[];
  fqdn?: string;
  vlan?: number;
  inventory?: Partial<ServerInventory>;
}

export interface TestEstate {
  servers: TestServer[];
  scenario?: Record<string, unknown>;
  platform?: Partial<PlatformProfile>;
  profile?: Partial<PlanningProfile>;
  groups?: SimilarityGroup[];
  templates?: HostTemplate[];
  coreUnits?: (template: HostTemplate) => number;
}

export function planRequest(estate: TestEstate): PlanRequest {
  const profile = { ...PROFILE, ...estate.profile };
  const slots = 10_080 / SLOT_MINUTES[profile.shape];
  const facts = estate.servers.map(factsOf);
  return {
    scenario: scenario.parse({
      name: 'test',
      template: 'round',
      failures: 0,
      effort: 'quick',
      ...estate.scenario,
    }),
    rules: RULES,
    profile,
    platform: { ...PLATFORM, ...estate.platform },
    templates: new Map([
      ...shippedHostTemplates(),
      ...[HOST, ...(estate.templates ?? [])].map((template) => [template.id, template] as const),
    ]),
    servers: facts,
    estate: {
      rules: RULES.version,
      profile: 'balanced',
      platform: 'kvm',
      host: 'round',
      assessments: facts.map((server, at) => assessmentOf(estate.servers[at]!, server)),
      groups: estate.groups ?? [],
    },
    weekOf(id) {
      const server = estate.servers[id - 1]!;
      const week = new Float32Array(5 * slots);
      [
        server.cpu ?? 1,
        server.memory ?? GIB,
        server.operations ?? 10,
        server.disk ?? 0,
        server.network ?? 0,
      ].forEach((value, row) => {
        for (let slot = 0; slot < slots; slot++)
          week[row * slots + slot] = typeof value === 'number' ? value : value(slot);
      });
      return week;
    },
    monthEndOf(id) {
      const { monthEnd, memory = GIB, operations = 10, disk = 0, network = 0 } = estate.servers[id - 1]!;
      if (monthEnd === undefined) return null;
      const rest = [memory, operations, typeof disk === 'number' ? disk : 0, network];
      return Float32Array.from(
        [0, ...rest].flatMap((value, row) =>
          Array.from({ length: 144 }, (_, slot) => (row === 0 ? monthEnd(slot) : value)),
        ),
      );
    },
    coreUnitsOf: estate.coreUnits ?? (({ cores }) => cores),
  };
}

function factsOf(server: TestServer, at: number): ServerFacts {
  const name = server.name ?? `server-${String.fromCharCode(97 + (at % 26))}${at >= 26 ? at : ''}x`;
  const identity = { name, macs: [], ...(server.fqdn === undefined ? {} : { fqdn: server.fqdn }) };
  return {
    id: at + 1,
    name,
    identity,
    inventory: { identity, gaps: [], ...server.inventory },
    profile: server.backup === undefined ? null : ({ backup: server.backup } as DemandProfile),
    annotations: server.annotations ?? {},
  };
}

function assessmentOf(server: TestServer, { id, name }: ServerFacts): Assessment {
  const verdict = server.verdict ?? 'good-candidate';
  return {
    server: id,
    name,
    verdict,
    ruled: verdict,
    second: null,
    override: null,
    score: 80,
    parts: [],
    confidence: {
      value: 90,
      stars: 5,
      parts: { coverage: 1, duration: 1, metrics: 1, cycle: 1 },
      caps: [],
    },
    gates: [],
    because: `Because it is ${verdict}.`,
    reasons: [],
    changes: [],
    usage: 'active',
    sized: server.unsized === true ? null : sizedOf(server),
    group: null,
    method: server.method ?? 'p2v-cold',
    roles: server.roles ?? [],
  };
}

export function sizedOf(server: TestServer): SizedServer {
  const memoryBytes = server.memory ?? GIB;
  const bytes = server.diskBytes ?? 10 * GIB;
  return {
    basis: 'measured',
    vcpus: server.vcpus ?? 1,
    memoryBytes,
    disks: [{ name: 'sda', bytes, usedBytes: bytes / 2, provisioning: 'thick', adapter: 0, unit: 0 }],
    nics: [{ name: 'eth0', mac: null, vlan: server.vlan ?? null, teamOf: [] }],
    copyBytes: bytes / 2,
    demand: {
      week: { disk: 1, network: 1, cpuPerOperation: 0, cpuPerNetworkByte: 0 },
      cpu: typeof server.cpu === 'number' ? server.cpu : 1,
      cpuUncertainty: 0.1,
      cpuUnitsPerPercent: 0.1,
      memoryBytes,
      diskOperations: server.operations ?? 10,
      diskBytes: typeof server.disk === 'number' ? server.disk : 0,
      networkBytes: server.network ?? 0,
      ioCpu: 0,
    },
    io: {
      class: 'low',
      operations: null,
      bytes: null,
      latency: null,
      storageShare: null,
      networkShare: null,
      burstiness: null,
      constrained: false,
    },
    provisioningFor: 'normal',
    reasons: [],
  };
}
