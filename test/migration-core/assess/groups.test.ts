import { describe, expect, it } from 'vitest';
import { groupsOf, systemFootprint, type Candidate } from '../../../migration-core/assess/groups.ts';
import { releaseOf } from '../../../migration-core/assess/operating-systems.ts';
import { rolesOf } from '../../../migration-core/assess/roles.ts';
import type { ServerAnnotations } from '../../../migration-core/store/model/annotations.ts';
import { contextOf, factsOf, GiB, sizedOf } from './support.ts';

const MiB = 2 ** 20;
const trixie = {
  operatingSystem: {
    family: 'linux' as const,
    id: 'debian',
    name: 'Debian GNU/Linux 13 (trixie)',
    version: '13.1',
    build: '6.12.48',
    architecture: 'x86_64',
  },
};

const candidate = (
  inventory: Parameters<typeof factsOf>[0] = {},
  annotations: Partial<ServerAnnotations> = {},
  sized: Parameters<typeof sizedOf>[0] = {},
): Candidate => {
  const facts = factsOf(inventory, annotations);
  return {
    facts,
    sized: sizedOf(sized),
    release: releaseOf(facts.inventory?.operatingSystem),
    roles: rolesOf(facts.inventory),
  };
};
const times = (count: number, make: (at: number) => Candidate): Candidate[] =>
  Array.from({ length: count }, (_, at) => make(at));
const cookies = (candidates: Candidate[]) =>
  groupsOf(candidates, contextOf()).filter(({ kind }) => kind === 'cookie-cutter');
const shared = (candidates: Candidate[], context = contextOf()) =>
  groupsOf(candidates, context).filter(({ kind }) => kind === 'os-virtualization');

describe('cookie-cutter sets', () => {
  it('are three and more of a kind, the first being the pilot (SR-62: ten alike application servers)', () => {
    const ten = times(10, () => candidate());
    const [set] = cookies(ten);
    expect(set?.members).toEqual(ten.map(({ facts }) => facts.id));
    expect(set?.pilot).toBe(ten[0]!.facts.id);
    expect(set?.similarity).toBe(1);
    expect(set?.deviations).toEqual([]);
    expect(cookies(ten.slice(0, 2))).toEqual([]);
  });

  it('take in what differs a little, and say in what', () => {
    const set = times(4, (at) => candidate(at === 3 ? { memoryBytes: 128 * GiB } : {}));
    const [found] = cookies(set);
    expect(found?.members).toHaveLength(4);
    expect(found?.similarity).toBeCloseTo(0.95, 10);
    expect(found?.deviations).toEqual([
      { server: set[3]!.facts.id, what: `memory: ${128 * GiB} bytes (pilot: ${64 * GiB} bytes)` },
    ]);
  });

  it.each([
    ['another model', { model: 'PowerEdge R740' }],
    ['another release', trixie],
    ['another role', { roles: ['mail'] }],
    ['other disks', { disks: [{ name: 'sda', bytes: 1 }] }],
    ['nothing known of its drivers', { drivers: undefined }],
    [
      'both another build and other memory',
      {
        memoryBytes: GiB,
        operatingSystem: {
          family: 'linux' as const,
          id: 'debian',
          name: 'Debian GNU/Linux 12 (bookworm)',
          version: '12.5',
          build: '6.1.0-99-amd64',
          architecture: 'x86_64',
        },
      },
    ],
  ])('leave out a server with %s', (_, change) => {
    const odd = candidate(change);
    const [set] = cookies([...times(3, () => candidate()), odd]);
    expect(set?.members).toHaveLength(3);
    expect(set?.members).not.toContain(odd.facts.id);
  });

  it('are not made of servers of which next to nothing is known, nor of machines', () => {
    expect(
      cookies(
        times(5, () =>
          candidate({
            model: undefined,
            roles: undefined,
            services: undefined,
            software: undefined,
            listeners: undefined,
            drivers: undefined,
          }),
        ),
      ),
    ).toEqual([]);
    expect(cookies(times(5, () => candidate({ virtual: 'VMware' })))).toEqual([]);
  });

  it('have the same id for the same members', () => {
    const set = times(3, () => candidate());
    expect(cookies(set)[0]!.id).toBe(cookies(set)[0]!.id);
    expect(cookies(set)[0]!.id).not.toBe(cookies([...set, candidate()])[0]!.id);
  });
});

describe('one operating system for many', () => {
  it('saves what the others cost: eight systems of 512 MB and 4 GB cost 4 GB and 32 GB, and one remains (SR-40)', () => {
    const one = { memoryBytes: 512 * MiB, diskBytes: 4 * GiB };
    expect(systemFootprint(8, one)).toEqual({ memoryBytes: 4 * GiB, diskBytes: 32 * GiB });
    const [group] = shared(
      times(8, () => candidate(trixie)),
      contextOf('proxmox', {}, 'seed-2007'),
    );
    expect(group?.saved).toEqual({ memoryBytes: 3.5 * GiB, diskBytes: 28 * GiB });
    expect(group?.title).toBe('8 servers on one system (Debian 13, web)');
  });

  it('counts less disk where less was measured', () => {
    const small = { ...trixie, volumes: [{ name: 'sda1', mountPoint: '/', usedBytes: GiB }] };
    expect(shared(times(5, () => candidate(small)))[0]?.saved?.diskBytes).toBe(4 * GiB);
  });

  it('spreads more than a hundred over hosts that each keep one', () => {
    const [group] = shared(times(101, () => candidate(trixie)));
    expect(group?.title).toContain('on 2 hosts at least');
    expect(group?.saved?.memoryBytes).toBe(99 * 512 * MiB);
  });

  it.each<[string, Parameters<typeof candidate>]>([
    ['another minor release', [{ operatingSystem: { ...trixie.operatingSystem, version: '13.2' } }]],
    ['another zone', [trixie, { zone: 'dmz' }]],
    ['need of isolation', [trixie, { needsStrongIsolation: true }]],
    ['critical use', [trixie, { criticality: 'critical' as const }]],
    ['high input and output', [trixie, {}, { io: { class: 'high' as const } }]],
    ['another role', [{ ...trixie, roles: ['web', 'mail'] }]],
    [
      'a release older than four years',
      [
        {
          operatingSystem: {
            family: 'linux' as const,
            id: 'debian',
            name: 'Debian 11',
            version: '11',
            architecture: 'x86_64',
          },
        },
      ],
    ],
  ])('keeps out a server with %s', (_, given) => {
    const odd = candidate(...given);
    const groups = shared([...times(5, () => candidate(trixie)), odd]);
    expect(groups).toHaveLength(1);
    expect(groups[0]!.members).not.toContain(odd.facts.id);
  });
});
