import { describe, expect, it } from 'vitest';
import type { SimilarityGroup } from '../../../../migration-core/assess/model/groups.ts';
import { CONDITIONS } from '../../../../migration-core/plan/waves/conditions/table.ts';
import type { ServerAnnotations } from '../../../../migration-core/store/model/annotations.ts';
import { GIB } from '../estates.ts';
import { CRITICAL, plan, with_, LOW, NORMAL, HIGH, TEST, layout, risks, moved } from './input.ts';

describe('conditions', () => {
  it('are in the order of the assessment model, each with its own id', () => {
    expect(CONDITIONS.map(({ id }) => id)).toEqual([
      'two-way',
      'application',
      'dependency-order',
      'test-first',
      'never-mixed',
      'critical-last',
      'complex-later',
      'low-first',
      'size',
      'pilot-first',
      'benefit',
      'failover',
      'maturity',
      'window',
      'first-fit',
      'loose-ends',
    ]);
  });

  it('two-way: who depend on each other move together, by hand or not', () => {
    const one = with_({ criticality: 'low', environment: 'production', dependsOn: ['srv002'] });
    const two = with_({ criticality: 'normal', environment: 'production', dependsOn: ['srv001'] });
    const shape = { servers: [one, two, LOW] };
    expect(layout(plan(shape))).toEqual(['0 lab: ', '1 first-production: 3', '2 production: 1 2']);
    const torn = moved(shape, { 1: 1, 2: 2, 3: 1 });
    expect(torn.problems).toContain(
      'srv001 and srv002 depend on each other in a circle but move in different waves: between those, they talk to each other across two worlds.',
    );
  });

  it('application: what makes up one moves together', () => {
    const app = (name: string, more: ServerAnnotations = {}) =>
      with_({ criticality: 'normal', environment: 'production', applications: [name], ...more });
    const shape = {
      servers: [LOW, app('Shop'), app('shop ', { criticality: 'high', availabilityBenefit: 'x' }), app('x')],
    };
    expect(layout(plan(shape))).toEqual([
      '0 lab: ',
      '1 first-production: 1',
      '2 production: 4',
      '3 important: 2 3',
    ]);
    expect(plan(shape).waves[3]!.members[0]!.why).toBe(
      'Production of normal importance. With its application Shop. It waits for what it depends on or moves with.',
    );
    expect(moved(shape, { 1: 1, 2: 1, 3: 2 }).problems).toContain(
      'They make up the application Shop. srv002 and srv003 move in different waves.',
    );
  });

  it('application and two-way: what moves without its other half is told', () => {
    const half = (more: ServerAnnotations) =>
      with_({ criticality: 'normal', environment: 'production', ...more });
    const answer = plan({
      servers: [
        half({ applications: ['shop'] }),
        half({ applications: ['shop'] }),
        half({ dependsOn: ['srv004'] }),
        half({ dependsOn: ['srv003'] }),
      ],
      hosts: [[1, 3]],
    });
    expect(risks(answer)).toContain(
      'They make up the application shop. srv001 moves, srv002 stays where it is.',
    );
    expect(risks(answer)).toContain('They depend on each other. srv003 moves, srv004 stays where it is.');
    expect(answer.problems).toEqual([]);
  });

  it('application: test and production of one are not tied', () => {
    const answer = plan({
      servers: [
        with_({ environment: 'test', applications: ['shop'] }),
        with_({ environment: 'production', applications: ['shop'] }),
      ],
    });
    expect(layout(answer)).toEqual(['0 lab: ', '1 test: 1', '2 first-production: 2']);
    expect(answer.problems).toEqual([]);
  });

  it('dependency-order: a server waits for what it depends on', () => {
    const web = with_({ criticality: 'low', environment: 'production', dependsOn: ['srv002'] });
    const shape = { servers: [web, { ...CRITICAL, roles: ['database'] }, LOW] };
    expect(layout(plan(shape))).toEqual(['0 lab: ', '1 first-production: 3', '2 critical: 2 1']);
    expect(moved(shape, { 1: 1, 2: 2, 3: 1 }).problems).toEqual([
      'srv001 moves in wave 1, before srv002, on which it depends.',
    ]);
  });

  it('test-first and never-mixed', () => {
    const shape = { servers: [LOW, TEST, NORMAL] };
    expect(moved(shape, { 1: 1, 2: 2, 3: 3 }).problems).toEqual([
      'srv002 is not in production but moves in wave 2, after production began to move in wave 1.',
    ]);
    expect(moved(shape, { 1: 1, 2: 1, 3: 2 }).problems).toEqual([
      'Wave 1 mixes production with srv002, which is not.',
    ]);
  });

  it('critical-last', () => {
    expect(moved({ servers: [HIGH, NORMAL] }, { 1: 1, 2: 2 }).problems).toEqual([
      'srv001 is important but moves in wave 1, the first of production.',
    ]);
    expect(moved({ servers: [HIGH] }, { 1: 1 }).problems).toEqual([]);
  });

  it('complex-later, low-first: what is hard, busy or unknown is not in the first wave', () => {
    const big = {
      inventory: {
        disks: [{ name: 'sda', bytes: 21e12 }],
        operatingSystem: { family: 'linux' as const, name: 'x' },
      },
    };
    const unix = { inventory: { operatingSystem: { family: 'unix' as const, name: 'AIX' } } };
    const shape = {
      servers: [
        { ...LOW, ...big },
        { ...LOW, ...unix },
        { ...LOW, inventory: null },
        { ...LOW, io: 'high' as const },
        LOW,
      ],
    };
    const answer = plan(shape);
    expect(layout(answer)[1]).toBe('1 first-production: 5');
    const why = new Map(answer.waves[2]!.members.map(({ server, why: text }) => [server, text]));
    expect(why.get(1)).toBe('It is hard to convert, by its operating system or the size of its disks.');
    expect(why.get(2)).toBe('It is hard to convert, by its operating system or the size of its disks.');
    expect(why.get(3)).toBe('How hard it is to convert is not known, for its system is not.');
    expect(why.get(4)).toBe('Of low importance, but its input and output is high.');
  });

  it('size', () => {
    const sixty = {
      servers: Array.from({ length: 60 }, () => NORMAL),
      scenario: { calendar: { nightsPerWave: 99 } },
    };
    const all = Object.fromEntries(sixty.servers.map((_, at) => [at + 1, at < 5 ? 1 : 2]));
    expect(moved(sixty, all).problems).toEqual([
      'Wave 2 has 55 servers, more than the 50 that a wave has at most.',
    ]);
    const eleven = { servers: sixty.servers.slice(0, 11) };
    expect(moved(eleven, Object.fromEntries(eleven.servers.map((_, at) => [at + 1, 1]))).problems).toEqual([
      'Wave 1, the first of production, has 11 servers, more than the 10 it should begin with.',
    ]);
  });

  it('pilot-first', () => {
    const group: SimilarityGroup = {
      id: 'g',
      kind: 'cookie-cutter',
      title: 'web farm',
      members: [1, 2, 3],
      pilot: 2,
      similarity: 0.98,
      deviations: [],
      saved: null,
    };
    const shape = { servers: [{ ...NORMAL, score: 99 }, NORMAL, NORMAL], groups: [group] };
    const answer = plan(shape);
    expect(layout(answer)).toEqual(['0 lab: ', '1 first-production: 2 1 3']);
    expect(answer.waves[1]!.members[0]!.why).toBe('Production of normal importance. Pilot of web farm.');
    expect(moved(shape, { 1: 1, 2: 2, 3: 2 }).problems).toEqual([
      'srv001 of the set web farm moves before its pilot srv002.',
    ]);
  });

  it('benefit: an essential server without one stays outside, and by hand it is told', () => {
    const shape = { servers: [with_({ criticality: 'critical' }), LOW] };
    const why =
      'Its importance is critical, but nobody has stated what becomes better for it by moving: state the benefit for its availability.';
    expect(plan(shape).outside).toEqual([{ server: 1, name: 'srv001', why }]);
    expect(moved(shape, { 1: 2, 2: 1 }).problems).toEqual([`srv001 was put into wave 2 by hand. ${why}`]);
  });

  it('failover: without it, no production', () => {
    const shape = { servers: [LOW, TEST] };
    const platform = { failover: false, name: 'Workstation' };
    const why =
      'Workstation does not restart the machines of a host that failed, so that it is for lab, test and development only: choose a platform with failover for production.';
    const answer = plan(shape, platform);
    expect(layout(answer)).toEqual(['0 lab: ', '1 test: 2']);
    expect(answer.outside).toEqual([{ server: 1, name: 'srv001', why }]);
    expect(moved(shape, { 1: 2, 2: 1 }, platform).problems).toEqual([
      `Wave 2 goes further than the platform may: ${why}`,
    ]);
  });

  it('maturity: new platforms go to the first wave of production, emerging ones not to important production', () => {
    const shape = { servers: [LOW, NORMAL, HIGH, TEST] };
    const fresh = plan(shape, { maturity: 'new-here' });
    expect(layout(fresh)).toEqual(['0 lab: ', '1 test: 4', '2 first-production: 1']);
    expect(fresh.outside.map(({ why }) => why)).toEqual(
      Array.from(
        { length: 2 },
        () =>
          'KVM is new here, so that it hosts no more than the first wave of production until it has proved itself.',
      ),
    );
    const emerging = plan(shape, { maturity: 'emerging' });
    expect(layout(emerging)).toEqual(['0 lab: ', '1 test: 4', '2 first-production: 1', '3 production: 2']);
    expect(emerging.outside.map(({ why }) => why)).toEqual([
      'KVM is still emerging, so that it hosts no important production.',
    ]);
  });

  it('window: a copy longer than a night stays outside unless the server runs meanwhile', () => {
    const big = { ...NORMAL, copyBytes: 5000 * GIB };
    const shape = { servers: [big, { ...big, method: 'p2v-hot' as const }] };
    const answer = plan(shape);
    expect(answer.outside).toEqual([
      {
        server: 1,
        name: 'srv001',
        why: 'It stands still while its copy takes 18 h 22 min and reconfiguring and tests take 1 h 15 min, but the window of a night has 8 h: lengthen the window, speed up the copy, or copy it while it runs.',
      },
    ]);
    expect(layout(answer)).toEqual(['0 lab: ', '1 first-production: 2']);
    expect(answer.waves[1]).toMatchObject({ copyMinutes: 1102 });
  });

  it('window: the downtime that was agreed, and sizes nobody knows', () => {
    const short = with_({ criticality: 'low', environment: 'production', downtimeMinutes: 30 });
    expect(risks(plan({ servers: [short] }))).toContain(
      'srv001 may not stand still as long as the copy and its tests take.',
    );
    const blind = plan({ servers: [{ ...NORMAL, sized: null }] });
    expect(risks(blind)).toContain(
      'How much there is to copy of srv001 is not known; a whole night was planned for each.',
    );
    expect(blind.waves[1]!.members[0]).toMatchObject({ copyMinutes: 405, testMinutes: 75 });
  });

  it('loose-ends: test that needs production, what stays, and what was seen once', () => {
    const shape = {
      servers: [with_({ environment: 'test', dependsOn: ['srv002', 'srv003'] }), LOW, NORMAL],
      hosts: [[1, 2]],
      plan: {
        elsewhere: [
          { server: 3, name: 'srv003', outcome: 'keep-physical' as const, why: 'It has a fax card.' },
        ],
      },
    };
    const answer = plan(shape);
    expect(risks(answer)).toContain('srv001 depends on servers of production, which move in a later wave.');
    expect(risks(answer)).toContain('srv001 depends on servers that stay where they are.');
    expect(answer.outside).toEqual([{ server: 3, name: 'srv003', why: 'It has a fax card.' }]);
    const interfaces = (id: number) => [{ name: 'eth0', addresses: [`10.0.0.${id}/24`] }];
    const seen = plan({
      servers: [
        {
          ...LOW,
          inventory: {
            networkInterfaces: interfaces(1),
            operatingSystem: { family: 'linux', name: 'x' },
            connections: [
              {
                protocol: 'tcp',
                localAddress: '10.0.0.1',
                localPort: 50_000,
                remoteAddress: '10.0.0.2',
                remotePort: 443,
              },
            ],
          },
        },
        {
          ...NORMAL,
          inventory: { networkInterfaces: interfaces(2), operatingSystem: { family: 'linux', name: 'x' } },
        },
      ],
    });
    expect(risks(seen)).toContain(
      '1 server had connections to servers of later waves that were seen once only: srv001.',
    );
    expect(seen.problems).toEqual([]);
  });
});
