/** Estates with everything that can be in one, contradictions and hostile names too. */
import { ruleBook } from '../../../migration-core/assess/rules/pack.ts';
import type { SimilarityGroup } from '../../../migration-core/assess/model/groups.ts';
import type { WavesInput } from '../../../migration-core/plan/waves/plan-waves.ts';
import {
  CRITICALITIES,
  ENVIRONMENTS,
  type ServerAnnotations,
} from '../../../migration-core/store/model/annotations.ts';
import type { ServerInventory } from '../../../migration-core/store/model/inventory.ts';
import { estate, GIB, PLATFORM, type ServerShape } from './estates.ts';

const rules = ruleBook('modern');
const NAMES = [
  '=cmd|x',
  '+1',
  '-1',
  '@a',
  "'q",
  'a"b',
  'a,b;c',
  'x\r\ny',
  ' pad ',
  '\u001b[31m',
  '<b>',
  '007',
  '1E5',
  'Größe',
  '\t',
  '\uff1d1',
];

export function randomInput(random: () => number, most = 90): WavesInput {
  const whole = (below: number): number => Math.floor(random() * below);
  const pick = <T>(of: readonly T[]): T => of[whole(of.length)]!;
  const maybe = <T>(share: number, value: () => T): T | undefined => (random() < share ? value() : undefined);
  const n = 1 + whole(most);
  const chance = random();
  const name = (at: number): string => (at < NAMES.length && chance < 0.5 ? NAMES[at]! : `srv${at + 1}`);
  /** As client of a few, and as server of those that have it as client: pairs that both ends see are strong. */
  const pairs = Array.from({ length: n }, () => [whole(n), whole(n)] as const);
  const connections = (at: number): NonNullable<ServerInventory['connections']> =>
    pairs
      .filter((pair) => pair.includes(at))
      .map(([client, server]) => {
        const other = client === at ? server : client;
        const [localPort, remotePort] = client === at ? [50_000, 443] : [443, 50_000];
        const remoteAddress = `10.1.${other >> 8}.${other & 255}`;
        return { protocol: 'tcp', localAddress: '0.0.0.0', localPort, remoteAddress, remotePort };
      });
  const servers = Array.from({ length: n }, (_, at): ServerShape => {
    const annotations: ServerAnnotations = {
      criticality: maybe(0.8, () => pick(CRITICALITIES)),
      environment: maybe(0.8, () => pick(ENVIRONMENTS)),
      applications: maybe(0.3, () => [`app${whole(8)}`]),
      dependsOn: maybe(0.2, () => [name(whole(n))]),
      availabilityBenefit: maybe(0.6, () => 'Better.'),
      freezes: maybe(0.1, () => [{ from: '2027-01-01', to: `2027-0${1 + whole(9)}-15` }]),
      downtimeMinutes: maybe(0.2, () => whole(600)),
      supportEnds: maybe(0.3, () => `202${whole(10)}-06-01`),
    };
    return {
      name: name(at),
      annotations,
      score: whole(101),
      io: pick(['low', 'low', 'moderate', 'high', 'extreme']),
      copyBytes: whole(3000) * GIB,
      method: pick(['p2v-cold', 'p2v-cold', 'p2v-hot', 'rebuild', 'application', 'v2v']),
      roles: [pick(['web', 'database', 'file', 'dns', 'application'])],
      stars: 1 + whole(5),
      ...(random() < 0.05 ? { sized: null } : {}),
      inventory:
        random() < 0.1
          ? null
          : {
              operatingSystem: { family: pick(['linux', 'windows', 'unix']), name: 'x' },
              networkInterfaces: [{ name: 'eth0', addresses: [`10.1.${at >> 8}.${at & 255}/16`] }],
              ...(random() < 0.5 ? { connections: connections(at) } : {}),
              listeners: [{ protocol: 'tcp' as const, address: '0.0.0.0', port: 443 }],
            },
    };
  });
  const ids = servers.map((_, at) => at + 1);
  const groups = Array.from({ length: whole(4) }, (_, at): SimilarityGroup => {
    const members = ids.filter(() => random() < 0.2);
    return {
      id: `g${at}`,
      kind: 'cookie-cutter',
      title: `set ${at}`,
      members,
      pilot: members[0] ?? 1,
      similarity: 0.97,
      deviations: [],
      saved: null,
    };
  });
  const made = estate({
    servers,
    groups,
    hosts: [ids.filter((id) => id % 2 === 1), ids.filter((id) => id % 2 === 0 && id % 10 !== 0)],
    scenario: {
      calendar: {
        ...(random() < 0.7 ? { start: '2027-01-04' } : {}),
        freezes: [{ from: '2027-02-01', to: random() < 0.1 ? '2999-01-01' : '2027-02-20' }],
        windowHours: 4 + whole(12),
        nightsPerWave: 1 + whole(10),
        copies: 1 + whole(4),
      },
    },
    plan: {
      elsewhere: ids
        .filter((id) => id % 10 === 0)
        .map((server) => ({
          server,
          name: name(server - 1),
          outcome: 'keep-physical',
          why: 'It has a card for faxes.',
        })),
    },
  });
  return {
    ...made,
    rules,
    today: '2026-11-25',
    platform: {
      ...PLATFORM,
      failover: random() < 0.9,
      maturity: pick(['mature', 'mature', 'emerging', 'new-here']),
    },
  };
}
