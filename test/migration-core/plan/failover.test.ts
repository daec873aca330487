import { describe, expect, it } from 'vitest';
import { setsToTry } from '../../../migration-core/plan/failover.ts';
import { makePlan } from '../../../migration-core/plan/make-plan.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import type { OpenHost } from '../../../migration-core/plan/open-hosts.ts';
import { firstFit } from '../../support/first-fit.ts';
import { HOST, planRequest, type TestEstate } from '../../support/planning.ts';

const plan = (estate: TestEstate): Plan => makePlan(planRequest(estate), firstFit);
const given = (count: number, failures = 1) => ({
  goal: 'given-hosts',
  failures,
  hosts: Array.from({ length: count }, (_, at) => ({ name: `h${at + 1}`, template: 'round' })),
});
/** A host has 99 core units besides its own, 69.3 of them usually and 89.1 while another one is down. */
const machines = (...cpu: number[]): TestEstate['servers'] =>
  cpu.map((units, at) => ({ name: `m${'abcdefgh'[at]!}`, cpu: units }));

describe('failover proof', () => {
  it('is proved where the machines of each host fit the gaps of the others', () => {
    const { failover } = plan({ servers: machines(24, 24, 24, 24, 24, 24), scenario: given(3) });
    expect(failover).toEqual({
      failures: 1,
      proved: true,
      gaps: [],
      added: 0,
      reserve: 1 / 3,
      sets: 3,
      exhaustive: true,
    });
  });

  it('is not proved where f/N says there is room and a machine does not fit any gap', () => {
    // Three hosts of 45 units each. While one is down the others have 44.1 each to spare, 88.2 in all, and the machine of
    // 45 fits neither gap.
    const made = plan({ servers: machines(45, 45, 45), scenario: given(3) });
    // The rule of thumb keeps a third free, and of what is left not all is in use.
    expect(made.failover.reserve).toBeCloseTo(1 / 3);
    expect((45 * 3) / (89.1 * 3)).toBeLessThan(1 - made.failover.reserve);
    expect(made.failover.proved).toBe(false);
    expect(made.failover.gaps).toEqual([
      { hosts: ['h1'], servers: ['ma'] },
      { hosts: ['h2'], servers: ['mb'] },
      { hosts: ['h3'], servers: ['mc'] },
    ]);
    expect(made.warnings).toContain('The loss of h1 is not survived: ma finds no place on the other hosts.');
  });

  it('adds a host where hosts may be bought', () => {
    const { failover, hosts, totals, bound } = plan({
      servers: machines(45, 45, 45),
      scenario: { failures: 1 },
    });
    expect(failover).toMatchObject({ proved: true, added: 1, sets: 4, reserve: 1 / 4 });
    expect(hosts.map(({ name, spare }) => [name, spare])).toEqual([
      ['host-01', false],
      ['host-02', false],
      ['host-03', false],
      ['host-04', true],
    ]);
    expect(hosts[3]!.warnings).toContain('Kept free, to take over the machines of a host that fails.');
    expect(totals.hosts).toBe(4);
    // The bound is of the work alone, and so is the gap.
    expect(bound.gap).toBe((3 - bound.hosts) / bound.hosts);
  });

  it('takes an idle given host before it says that there is none', () => {
    const { failover, hosts } = plan({ servers: machines(45, 45, 45), scenario: given(4) });
    expect(failover).toMatchObject({ proved: true, added: 1 });
    expect(hosts[3]).toMatchObject({ name: 'h4', spare: true, existing: true });
  });

  it('does not take a host of another zone for a spare: one is bought', () => {
    const { failover, hosts } = plan({
      servers: machines(45, 45, 45),
      scenario: { failures: 1, hosts: [{ name: 'far', template: 'round', zone: 'dmz' }] },
    });
    expect(hosts.filter(({ spare }) => spare).map(({ existing }) => existing)).toEqual([false]);
    expect(failover).toMatchObject({ proved: true, added: 1, gaps: [] });
  });

  it('plans one failure for each sixteen hosts where none is asked for', () => {
    const of = (count: number): Plan =>
      plan({
        servers: Array.from({ length: count }, () => ({ cpu: 60 })),
        scenario: { failures: undefined },
        profile: { shape: '60-min-peak' },
      });
    expect(of(4).failover).toMatchObject({ failures: 1, proved: true, added: 1 });
    // Sixteen and the spare one are more than sixteen.
    expect(of(16).failover).toMatchObject({ failures: 2, proved: true, added: 2, exhaustive: true });
  });

  it('survives a loss in its own zone only, and away from its replica', () => {
    const zones = plan({
      servers: [
        { name: 'dmz', annotations: { zone: 'dmz' } },
        { name: 'lan', annotations: { zone: 'lan' } },
      ],
      scenario: given(2),
    });
    expect(zones.failover.gaps).toEqual([
      { hosts: ['h1'], servers: ['dmz'] },
      { hosts: ['h2'], servers: ['lan'] },
    ]);
    const replicas = plan({
      servers: [{ name: 'a' }, { name: 'b' }],
      scenario: { ...given(2), apart: [['a', 'b']] },
    });
    expect(replicas.failover.proved).toBe(false);
    const licensed = plan({
      servers: [
        { name: 'a', annotations: { licence: { group: 'x' } } },
        { name: 'b', annotations: { licence: { group: 'x' } } },
      ],
      scenario: { failures: 1, licenceHosts: { x: 1 } },
    });
    // A spare host does not help who is not licensed for it.
    expect(licensed.failover).toMatchObject({
      proved: false,
      gaps: [{ hosts: ['host-01'], servers: ['a', 'b'] }],
    });
  });

  it('follows the LUNs', () => {
    const servers = [{ name: 'a', annotations: { luns: ['l1'] } }];
    const hosts = [
      { name: 'h1', template: 'round', luns: ['l1'] },
      { name: 'h2', template: 'round', luns: ['l2'] },
    ];
    const scenario = { goal: 'given-hosts', failures: 1, hosts };
    expect(plan({ servers, scenario }).failover.gaps).toEqual([{ hosts: ['h1'], servers: ['a'] }]);
    hosts[1]!.luns.push('l1');
    expect(plan({ servers, scenario }).failover).toMatchObject({ proved: true, added: 1 });
  });

  it('is none with local storage, and says so', () => {
    const local = { ...HOST, id: 'local', name: 'Local host', storage: 'local' as const };
    const made = plan({
      servers: machines(1),
      templates: [local],
      scenario: { template: 'local', failures: 1 },
    });
    expect(made.failover).toMatchObject({ proved: false, gaps: [{ hosts: ['host-01'], servers: ['ma'] }] });
    expect(made.warnings).toContain(
      'Hosts of Local host have local storage: machines on them do not fail over and cannot be moved while they run.',
    );
  });

  it('is not claimed where no failure is planned for', () => {
    const made = plan({ servers: machines(1) });
    expect(made.failover).toMatchObject({ failures: 0, proved: false, sets: 0 });
    expect(made.warnings).toContain(
      'The scenario plans for no failure of a host: while one is down or maintained, its machines stand still.',
    );
  });

  it('tries all sets where these are few, else each host once and the heaviest together', () => {
    const hosts = Array.from(
      { length: 7 },
      (_, at) => ({ name: `h${at}`, used: Uint32Array.of(at) }) as unknown as OpenHost,
    );
    const names = (sets: OpenHost[][]): string[] => sets.map((set) => set.map(({ name }) => name).join(' '));
    expect(setsToTry(hosts, 2, 21).sets).toHaveLength(21);
    expect(setsToTry(hosts, 2, 21).exhaustive).toBe(true);
    const { sets, exhaustive } = setsToTry(hosts, 2, 20);
    expect(exhaustive).toBe(false);
    expect(names(sets)).toEqual(['h6 h5', 'h4 h3', 'h2 h1', 'h1 h0']);
    expect(names(setsToTry(hosts.slice(0, 2), 5, 100).sets)).toEqual(['h0 h1']);
  });
});
