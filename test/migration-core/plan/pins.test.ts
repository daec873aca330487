import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../migration-core/plan/make-plan.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import { hourStrips, openPlan, tryMove } from '../../../migration-core/plan/opened-plan.ts';
import { pack } from '../../../migration-core/plan/packing/pack.ts';
import { roundsFor } from '../../../migration-core/plan/packing/effort.ts';
import { GIB, planRequest, type TestEstate } from '../../support/planning.ts';

const plan = (estate: TestEstate): Plan => makePlan(planRequest(estate), { pack, roundsFor });
const hostOf = ({ hosts }: Plan, server: string): string | undefined =>
  hosts.find(({ servers }) => servers.some(({ name }) => name === server))?.name;

const four = [
  { name: 'a', cpu: 30 },
  { name: 'b', cpu: 30 },
  { name: 'c', cpu: 30 },
  { name: 'd', cpu: 30 },
];

describe('a server that is pinned to a host', () => {
  it('stays on a new host of that name, and the plan says who asked for it', () => {
    const free = plan({ servers: four });
    expect(free.hosts.map(({ name }) => name)).toEqual(['host-01', 'host-02']);
    const home = hostOf(free, 'a')!;
    const other = home === 'host-01' ? 'host-02' : 'host-01';
    const pinned = plan({ servers: four, scenario: { pinned: [{ server: 'A', host: other }] } });
    expect(hostOf(pinned, 'a')).toBe(other);
    expect(pinned.hosts.map(({ name }) => name)).toEqual(['host-01', 'host-02']);
    expect(pinned.constraints).toContainEqual({
      kind: 'pinned',
      origin: 'scenario',
      servers: ['a'],
      why: `The scenario keeps a on ${other}.`,
    });
  });

  it('stays on a host that is there, though another one would do', () => {
    const scenario = {
      hosts: [
        { name: 'old-1', template: 'round' },
        { name: 'old-2', template: 'round' },
      ],
      pinned: [{ server: 'a', host: 'old-2' }],
    };
    expect(hostOf(plan({ servers: [{ name: 'a', cpu: 10 }], scenario }), 'a')).toBe('old-2');
  });

  it('may still be taken over when that host fails', () => {
    const { failover } = plan({
      servers: four,
      scenario: { failures: 1, pinned: [{ server: 'a', host: 'host-02' }] },
    });
    expect(failover).toMatchObject({ proved: true, gaps: [] });
  });

  it('is left out with the reason where the host is full of what is pinned there', () => {
    const { unplaced } = plan({
      servers: four,
      scenario: { pinned: ['a', 'b', 'c'].map((server) => ({ server, host: 'host-01' })) },
    });
    expect(unplaced).toHaveLength(1);
    expect(unplaced[0]).toMatchObject({
      why: 'The scenario pins it to host-01, where processors ran short.',
      next: 'Let go of the pin, or make room on host-01.',
    });
  });

  it('is placed all the same where the pin cannot be kept, and the plan says so', () => {
    const { unplaced, warnings } = plan({
      servers: [
        { name: 'a', annotations: { site: 'North' } },
        { name: 'b', annotations: { site: 'South' } },
      ],
      scenario: {
        goal: 'given-hosts',
        hosts: [
          { name: 'n', template: 'round', site: 'North' },
          { name: 's', template: 'round', site: 'South' },
        ],
        pinned: [
          { server: 'a', host: 's' },
          { server: 'b', host: 'elsewhere' },
          { server: 'ghost', host: 'n' },
        ],
      },
    });
    expect(unplaced).toEqual([]);
    expect(warnings).toContain(
      'The scenario pins a to s, which it may not go to: its site, its zone or its LUNs are not there; the pin is let go of.',
    );
    expect(warnings).toContain(
      'The scenario pins b to elsewhere, but there is no host of that name; the pin is let go of.',
    );
    expect(warnings).toContain('The scenario pins ghost to n, but there is no server of that name.');
  });
});

describe('a move that is tried', () => {
  const estate = (more: object = {}): TestEstate => ({
    servers: [
      { name: 'day', cpu: (slot) => (slot === 60 ? 60 : 5), memory: GIB },
      { name: 'noon', cpu: (slot) => (slot === 60 ? 30 : 5) },
      { name: 'night', cpu: (slot) => (slot === 3 ? 60 : 5) },
      { name: 'large', cpu: 45 },
    ],
    ...more,
  });
  const opened = (more: object = {}) => {
    const request = planRequest(estate(more));
    const made = makePlan(request, { pack, roundsFor });
    return { plan: made, opened: openPlan(request, made) };
  };
  const idOf = (name: string): number => estate().servers.findIndex((one) => one.name === name) + 1;

  it('has the sums of the plan it was opened from', () => {
    const { plan: made, opened: open } = opened();
    for (const host of made.hosts) {
      const strips = hourStrips(
        open,
        open.hosts.find(({ name }) => name === host.name)!,
      );
      for (const name of ['cpu', 'memory', 'diskOperations'] as const) {
        expect(strips[name]).toHaveLength(168);
        expect(Math.max(...strips[name])).toBe(host.use[name].peak);
      }
    }
  });

  it('says the resource and the hour that stand in the way', () => {
    const { plan: made, opened: open } = opened();
    expect(hostOf(made, 'large')).not.toBe(hostOf(made, 'day'));
    const tried = tryMove(open, idOf('day'), hostOf(made, 'large')!)!;
    expect(tried).toMatchObject({ fits: false, binding: 'cpu', when: 'Monday 10:00' });
    expect(tried.text).toMatch(
      /^day does not fit on host-0\d: processors would reach 1\d\d % of what may be used \(Monday 10:00\)\.$/u,
    );
    const cpu = tried.use.find(({ resource }) => resource === 'cpu')!;
    expect(cpu.after).toBeGreaterThan(cpu.ceiling);
    expect(cpu.before).toBeLessThan(cpu.ceiling);
  });

  it('says what a move breaks that is no matter of room', () => {
    const { plan: made, opened: open } = opened({ scenario: { apart: [['large', 'noon']] } });
    const tried = tryMove(open, idOf('noon'), hostOf(made, 'large')!)!;
    expect(tried).toMatchObject({
      fits: false,
      binding: null,
      text: 'noon and large are kept on different hosts, so that one fault does not take both.',
    });
  });

  it('takes along who must stay together, and knows no server or host that is not there', () => {
    const { plan: made, opened: open } = opened({ scenario: { together: [['day', 'night']] } });
    expect(tryMove(open, idOf('day'), hostOf(made, 'large')!)!.along).toEqual(['night']);
    expect(tryMove(open, 99, 'host-01')).toBeNull();
    expect(tryMove(open, idOf('day'), 'host-77')).toBeNull();
  });
});
