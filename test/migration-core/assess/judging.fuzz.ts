/** Estates of nonsense: whatever inventories, annotations and sizes hold, every server is listed with a sentence. */
import { describe, expect, it } from 'vitest';
import { assessEstate } from '../../../migration-core/assess/assess.ts';
import { VERDICT_TITLES, type Confidence } from '../../../migration-core/assess/model/assessment.ts';
import type { ServerFacts } from '../../../migration-core/assess/model/facts.ts';
import type { SizedServer } from '../../../migration-core/assess/model/sized.ts';
import { shippedPlatforms } from '../../../migration-core/assess/platforms.ts';
import {
  CRITICALITIES,
  ENVIRONMENTS,
  serverAnnotations,
} from '../../../migration-core/store/model/annotations.ts';
import { serverInventory } from '../../../migration-core/store/model/inventory.ts';
import { seeded } from '../../support/tools.ts';
import { annotationsOf, confidenceOf, contextOf, inventoryOf, profileOf, sizedOf } from './support.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 120);
const SERVERS = 12;
const YOUNG = {
  operatingSystem: {
    family: 'linux',
    id: 'debian',
    name: 'Debian GNU/Linux 13 (trixie)',
    version: '13.1',
    architecture: 'x86_64',
  },
};

const NAMES = [
  '',
  ' ',
  'web01',
  '__proto__',
  'constructor',
  'toString',
  "=cmd|' /C calc'!A0",
  '<script>alert(1)</script>',
  '\u001b[31mred\u001b[0m',
  'a\u0000b',
  '../../etc/passwd',
  '\ud800',
  '\u202egnp.exe',
  'x'.repeat(5000),
  'Windows Server 2012 R2',
  'Red Hat Enterprise Linux 7',
  'debian',
  'windows',
  'rhel',
  'web',
  'database',
  'mail',
  'erp',
  'domain controller',
  'mysqld',
  'NTDS',
  'corosync',
  'vmms',
  'raid1',
  'ldm',
  'storage-spaces',
  'fc',
  '/',
  'C:',
  'i686',
  'x86_64',
  'sparc',
  'OEM',
  'HASP',
  'd161',
  '0529',
  '10de',
  '070300',
  '0402',
  '030200',
  '0c0400',
  '6.1.7601',
  '12.5',
  '20348',
  '%s%n',
  '$&',
  '${x}',
];

function generator(seed: number) {
  const random = seeded(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const text = (): string => pick(NAMES);
  const maybe = <T>(make: () => T, chance = 0.6): T | undefined => (random() < chance ? make() : undefined);
  const list = <T>(make: () => T, most = 4): T[] => Array.from({ length: below(most + 1) }, make);
  const bytes = (): number =>
    pick([0, 1, 512, 2 ** 31, 2 ** 41, 2 ** 41 + 1, 2 ** 50, Number.MAX_SAFE_INTEGER]);
  const number = (): number =>
    pick([0, 1, 0.001, 3, 50, 99.9, 1e4, 1e9, 1e300, -1, Number.NaN, Number.POSITIVE_INFINITY]);
  const share = (): number | null => pick([null, 0, 0.001, 0.03, 0.25, 0.6, 0.61, 5, 1e9, Number.NaN]);
  const inventory = (): unknown => ({
    identity: { name: text() },
    vendor: maybe(text),
    model: maybe(text),
    virtual: maybe(text, 0.1),
    firmware: maybe(() => ({
      kind: maybe(() => pick(['bios', 'uefi'])),
      secureBoot: maybe(() => random() < 0.5),
    })),
    processors: maybe(
      () =>
        list(() => ({
          model: text(),
          vendor: maybe(text),
          architecture: maybe(text),
          flags: maybe(() => list(text)),
        })),
      0.85,
    ),
    memoryBytes: maybe(bytes, 0.85),
    devices: maybe(() =>
      list(() => ({
        bus: pick(['pci', 'usb']),
        vendorId: maybe(text),
        deviceId: maybe(text),
        classId: maybe(text),
        className: maybe(text),
        vendor: maybe(text),
        name: maybe(text),
        address: maybe(text),
      })),
    ),
    drivers: maybe(() => list(() => ({ name: text(), loaded: maybe(() => random() < 0.5) }))),
    disks: maybe(
      () =>
        list(() => ({
          name: text(),
          bytes: maybe(bytes),
          bus: maybe(text),
          wwn: maybe(text, 0.3),
          sectorBytes: maybe(() => pick([0, 512, 4096])),
          system: maybe(() => random() < 0.5),
          partitionTable: maybe(text),
          paths: maybe(() => list(text), 0.2),
        })),
      0.85,
    ),
    volumes: maybe(() =>
      list(() => ({
        name: text(),
        mountPoint: maybe(text),
        kind: maybe(text),
        disks: maybe(() => list(text)),
        usedBytes: maybe(bytes),
        encryption: maybe(() => pick(['luks', 'bitlocker', 'other']), 0.3),
      })),
    ),
    hostBusAdapters: maybe(() => list(() => ({ name: text(), kind: pick(['fc', 'iscsi', 'sas', 'other']) }))),
    networkInterfaces: maybe(() =>
      list(() => ({
        name: text(),
        kind: maybe(() => pick(['physical', 'bond', 'vlan'])),
        vlan: maybe(() => below(4096)),
        teamMode: maybe(text, 0.2),
        members: maybe(() => list(text)),
      })),
    ),
    operatingSystem: maybe(
      () => ({
        family: pick(['linux', 'windows', 'unix', 'other']),
        id: maybe(text),
        name: text(),
        version: maybe(text),
        build: maybe(text),
        architecture: maybe(text),
      }),
      0.85,
    ),
    roles: maybe(() => list(text)),
    services: maybe(() => list(() => ({ name: text(), running: maybe(() => random() < 0.5) }))),
    software: maybe(() => list(() => ({ name: text() }))),
    vendorAgents: maybe(() => list(() => ({ name: text() }))),
    listeners: maybe(() =>
      list(() => ({ protocol: 'tcp', address: text(), port: below(65_536), process: maybe(text) })),
    ),
    gaps: list(
      () => ({ part: pick(['devices', 'firmware', 'volumes', text()]), why: text(), next: maybe(text) }),
      2,
    ),
  });
  const annotations = (): unknown => ({
    criticality: maybe(() => pick(CRITICALITIES)),
    environment: maybe(() => pick(ENVIRONMENTS)),
    zone: maybe(() => text().slice(0, 500)),
    tags: maybe(() => list(() => text().slice(0, 500))),
    downtimeMinutes: maybe(() => pick([0, 1, 80, 1e6])),
    backup: maybe(() => ({
      method: maybe(() => pick(['agent', 'host', 'proxy', 'none'])),
      toleratesFreeze: maybe(() => random() < 0.5),
    })),
    clustering: maybe(() => pick(['native', 'os-cluster', 'none']), 0.3),
    latencySensitive: maybe(() => random() < 0.5),
    timeCritical: maybe(() => random() < 0.5),
    needsStrongIsolation: maybe(() => random() < 0.5, 0.3),
    vendorForbidsVirtualization: maybe(() => random() < 0.5, 0.3),
    licence: maybe(() => ({
      group: maybe(() => text().slice(0, 500)),
      boundToHardware: maybe(() => random() < 0.5),
      vendorConsents: maybe(() => random() < 0.5),
    })),
    encryptionKeyKnown: maybe(() => random() < 0.5),
    luns: maybe(() => list(() => text().slice(0, 500)), 0.3),
    passThrough: maybe(() => list(() => text().slice(0, 500)), 0.3),
    usbOverIp: maybe(() => random() < 0.5),
    conditionsMet: maybe(() => list(() => pick(['B1', 'B3', 'B9', 'W2', 'W15', 'I1', text().slice(0, 500)]))),
    override: maybe(
      () => ({
        verdict: pick(['good-candidate', 'keep-physical', 'clustering']),
        reason: text().slice(0, 500),
        by: maybe(() => text().slice(0, 500)),
      }),
      0.15,
    ),
  });
  const sized = (): SizedServer => ({
    basis: pick(['measured', 'application', 'as-configured']),
    vcpus: below(2000),
    memoryBytes: bytes(),
    disks: list(() => ({
      name: text(),
      bytes: bytes(),
      usedBytes: maybe(bytes) ?? null,
      provisioning: pick(['thick-eager', 'thick', 'thin']),
      adapter: 0,
      unit: 0,
    })),
    nics: list(() => ({ name: text(), mac: null, vlan: null, teamOf: [] })),
    copyBytes: bytes(),
    demand: {
      cpu: number(),
      cpuUncertainty: 0.1,
      cpuUnitsPerPercent: 1,
      memoryBytes: number(),
      diskOperations: 0,
      diskBytes: 0,
      networkBytes: 0,
      ioCpu: 0,
      week: { disk: 1, network: 1, cpuPerOperation: 0, cpuPerNetworkByte: 0 },
    },
    io: {
      class: pick(['low', 'moderate', 'high', 'extreme']),
      operations: share(),
      bytes: share(),
      latency: share(),
      storageShare: share(),
      networkShare: share(),
      burstiness: share(),
      constrained: random() < 0.2,
    },
    provisioningFor: pick(CRITICALITIES),
    reasons: [],
  });
  /** A sound one with a part or two of nonsense: what gets past the first questions. */
  const nearly = (sound: object, nonsense: unknown): unknown => {
    const parts = Object.entries(nonsense as object).filter(() => random() < 0.08);
    return { ...sound, ...Object.fromEntries(parts) };
  };
  const server = (id: number): ServerFacts => ({
    id,
    name: text(),
    identity: { name: text(), macs: [] },
    inventory:
      random() < 0.9
        ? serverInventory.parse(
            JSON.parse(
              JSON.stringify(random() < 0.5 ? nearly(inventoryOf(YOUNG), inventory()) : inventory()),
            ),
          )
        : null,
    profile:
      random() < 0.6
        ? profileOf({ cpu: share(), memory: share(), network: share(), operations: share() })
        : null,
    annotations: serverAnnotations.parse(
      JSON.parse(JSON.stringify(random() < 0.5 ? nearly(annotationsOf(), annotations()) : annotations())),
    ),
  });
  const confidence = (): Confidence =>
    confidenceOf(
      1 + below(5),
      list(() => ({ limit: below(100), why: text(), next: text() }), 2),
    );
  return { random, pick, text, server, sized, confidence };
}

describe('estates of nonsense', () => {
  it(`are judged whole, ${CASES} times`, () => {
    const platforms = [...shippedPlatforms().keys()];
    const seen = new Set<string>();
    for (let seed = 1; seed <= CASES; seed++) {
      const of = generator(seed);
      const servers = Array.from({ length: SERVERS }, (_, id) => of.server(id));
      // Copies of one, so that sets come about.
      if (seed % 3 === 0) for (let id = 6; id < SERVERS; id++) servers[id] = { ...servers[5]!, id };
      const judges = {
        size: () => {
          if (of.random() < 0.05) throw new Error(of.text());
          if (of.random() < 0.4) return sizedOf();
          return of.random() < 0.1 ? null : of.sized();
        },
        confidence: () => of.confidence(),
        hostCpuUnits: () => of.pick([0, 1, 64, Number.NaN]),
      };
      const context = contextOf(of.pick(platforms), {}, of.pick(['modern', 'seed-2007']));
      const estate = assessEstate(servers, context, judges);
      expect(
        estate.assessments.map(({ server, name }) => [server, name]),
        `seed ${seed}`,
      ).toEqual(servers.map(({ id, name }) => [id, name]));
      for (const one of estate.assessments) {
        seen.add(one.ruled);
        const where = `seed ${seed}, server ${one.server}`;
        expect(one.because.length, where).toBeGreaterThan(10);
        expect(Object.keys(VERDICT_TITLES), where).toContain(one.verdict);
        if (one.score !== null) {
          expect(one.score, where).toBeGreaterThanOrEqual(0);
          expect(one.score, where).toBeLessThanOrEqual(100);
        }
        expect(one.score === null, where).toBe(one.ruled === 'unknown');
        if (one.ruled === 'good-candidate')
          expect(
            one.gates.filter(({ severity, met }) => severity !== 'info' && !met),
            where,
          ).toEqual([]);
        for (const gate of one.gates) {
          expect(gate.because, where).not.toMatch(/\bundefined\b|\[object/u);
          expect(gate.evidence.length, where).toBeLessThanOrEqual(22);
        }
        // A name of strangers cannot make a sentence endless.
        expect(one.because.length, where).toBeLessThan(60_000);
      }
      for (const group of estate.groups) {
        expect(new Set(group.members).size, `seed ${seed}`).toBe(group.members.length);
        expect(group.members, `seed ${seed}`).toContain(group.pilot);
      }
      JSON.stringify(estate);
    }
    // It came by all outcomes, not only by refusals.
    if (CASES >= 120) expect([...seen].sort()).toEqual(Object.keys(VERDICT_TITLES).sort());
  });
});
