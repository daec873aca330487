import { describe, expect, it } from 'vitest';
import type { SimilarityGroup } from '../../../../migration-core/assess/model/groups.ts';
import type { PlatformProfile } from '../../../../migration-core/assess/model/platform.ts';
import type { Wave, WavePlan } from '../../../../migration-core/plan/model/waves.ts';
import { CONDITIONS } from '../../../../migration-core/plan/waves/conditions/table.ts';
import { planWaves, rebuildWaves } from '../../../../migration-core/plan/waves/plan-waves.ts';
import type { ServerAnnotations } from '../../../../migration-core/store/model/annotations.ts';
import { GIB, type EstateShape, type ServerShape } from '../estates.ts';
import { inputOf } from './input.ts';

const plan = (shape: EstateShape, platform: Partial<PlatformProfile> = {}): WavePlan =>
  planWaves(inputOf(shape, platform));

const with_ = (annotations: ServerAnnotations, more: ServerShape = {}): ServerShape => ({
  annotations,
  ...more,
});
const LOW = with_({ criticality: 'low', environment: 'production' });
const NORMAL = with_({ criticality: 'normal', environment: 'production' });
const HIGH = with_({
  criticality: 'high',
  environment: 'production',
  availabilityBenefit: 'Restarts by itself.',
});
const CRITICAL = with_({
  criticality: 'critical',
  environment: 'production',
  availabilityBenefit: 'Restarts by itself.',
});
const TEST = with_({ environment: 'test' });
const LAB = with_({ environment: 'lab' });

/** `kind: ids` of each wave. */
const layout = ({ waves }: WavePlan): string[] =>
  waves.map(
    ({ number, kind, members }) => `${number} ${kind}: ${members.map(({ server }) => server).join(' ')}`,
  );
const risks = ({ waves }: WavePlan): string[] => waves.flatMap((wave) => wave.risks.map(({ text }) => text));
const moved = (
  shape: EstateShape,
  waves: Record<number, number>,
  platform: Partial<PlatformProfile> = {},
): WavePlan =>
  rebuildWaves(
    inputOf(shape, platform),
    new Map(Object.entries(waves).map(([id, wave]) => [Number(id), wave])),
  );

describe('phases of the seed', () => {
  it('lab, test, first and small production, production, important, critical', () => {
    const answer = plan({ servers: [CRITICAL, HIGH, NORMAL, LOW, TEST, LAB] });
    expect(layout(answer)).toEqual([
      '0 lab: 6',
      '1 test: 5',
      '2 first-production: 4',
      '3 production: 3',
      '4 important: 2',
      '5 critical: 1',
    ]);
    expect(answer.problems).toEqual([]);
    expect(answer.outside).toEqual([]);
    expect(answer.waves.map(({ title }) => title)).toEqual([
      'Lab',
      'Test and development',
      'First production',
      'Production',
      'Important production',
      'Critical production and databases',
    ]);
  });

  it('has a lab to practise in even without a server of the lab', () => {
    const answer = plan({ servers: [NORMAL] });
    expect(layout(answer)).toEqual(['0 lab: ', '1 first-production: 1']);
    expect(answer.waves[0]!.gates.map(({ id, required }) => [id, required])).toEqual([['lab-ready', false]]);
    expect(answer.waves[0]!.rollback).toBe('Nothing moves, so that there is nothing to take back.');
  });

  it('begins production with at most ten of low importance, easy roles first', () => {
    const servers = Array.from({ length: 12 }, (_, at) => ({
      ...LOW,
      roles: [at < 3 ? 'application' : 'web'],
    }));
    const answer = plan({ servers });
    expect(layout(answer)[2]).toBe('2 production: 2 3');
    expect(answer.waves[1]!.members.map(({ server }) => server).sort((a, b) => a - b)).toEqual([
      1, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(answer.waves[2]!.members[0]!.why).toContain('there was no room before');
  });

  it('says so where nothing is known to be of low importance', () => {
    const answer = plan({ servers: Array.from({ length: 11 }, () => NORMAL) });
    expect(answer.waves.map(({ members }) => members.length)).toEqual([0, 10, 1]);
    expect(
      risks(answer).some((text) =>
        /are in the first wave of production, though not known to be both/u.test(text),
      ),
    ).toBe(true);
    expect(answer.problems).toEqual([]);
  });

  it('makes waves of 25 of normal production, and keeps databases for last', () => {
    const servers = [...Array.from({ length: 60 }, () => NORMAL), { ...NORMAL, roles: ['database'] }];
    const answer = plan({ servers, scenario: { calendar: { nightsPerWave: 30 } } });
    expect(answer.waves.map(({ members }) => members.length)).toEqual([0, 10, 25, 25, 1]);
    expect(answer.waves[4]).toMatchObject({ kind: 'critical' });
    expect(answer.waves[4]!.members[0]!.why).toBe(
      'Its role is database, which moves last unless it is of low importance.',
    );
  });

  it('demands the four tests after the first wave of production only, a restore after each', () => {
    const answer = plan({ servers: [LOW, NORMAL, TEST] });
    const ids = (at: number) =>
      answer.waves[at]!.gates.filter(({ required }) => required).map(({ id }) => id);
    expect(ids(1)).toEqual(['hosts-ready', 'backup-restore', 'ownership', 'owner-sign-off']);
    expect(ids(2)).toEqual([
      'hosts-ready',
      'patching',
      'backup-restore',
      'disaster-recovery',
      'failover-alert',
      'ownership',
      'owner-sign-off',
    ]);
    expect(ids(3)).toEqual([
      'hosts-ready',
      'backup-restore',
      'failover-alert',
      'ownership',
      'owner-sign-off',
    ]);
    expect(answer.waves[2]!.people.map(({ role }) => role)).toEqual([
      'Migration team',
      'Storage team',
      'Network team',
      'Backup team',
      'Application owner',
      'Security',
      'Service desk',
    ]);
    expect(answer.waves[1]!.gates.find(({ id }) => id === 'ownership')!.text).toContain('after 90 days');
    expect(answer.waves[1]!.rollback).toContain('for 14 days');
  });

  it('tries patches on a copy where servers share one operating system', () => {
    const shape: EstateShape = {
      servers: [NORMAL, NORMAL],
      hosts: [],
      plan: {
        osGroups: [
          { id: 'g', title: 'web', servers: [1, 2], hosts: 1, saved: { memoryBytes: 0, diskBytes: 0 } },
        ],
      },
    };
    const answer = plan(shape);
    expect(answer.waves[1]!.gates.map(({ id }) => id)).toContain('shared-system');
    expect(answer.waves[1]!.members[0]!.method).toBe('os-virtualization');
  });
});

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
      'srv001, srv002 depend on each other in a circle but move in different waves: between those, they talk to each other across two worlds.',
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
      'They make up the application Shop. srv002, srv003 move in different waves.',
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
        why: 'It stands still while its copy takes 18 h 22 min and reconfiguring and tests take 1 h 15 min, but the window of a night has 8 h 0 min: lengthen the window, speed up the copy, or copy it while it runs.',
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

describe('contradictions', () => {
  it('a circle across environments is told and broken', () => {
    const answer = plan({
      servers: [
        with_({ environment: 'test', dependsOn: ['srv002'] }),
        with_({ environment: 'production', dependsOn: ['srv001'] }),
      ],
    });
    expect(layout(answer)).toEqual(['0 lab: ', '1 test: 1', '2 first-production: 2']);
    expect(answer.problems).toEqual([
      'srv002 and srv001 depend on each other, but one is production and the other is not: they never share a wave, so that srv001 moves first and they talk across two worlds meanwhile.',
    ]);
  });

  it('a circle too large for any wave is split and told', () => {
    const n = 120;
    const servers = Array.from({ length: n }, (_, at) =>
      with_({
        environment: 'production',
        criticality: 'normal',
        dependsOn: [`srv${String(((at + 1) % n) + 1).padStart(3, '0')}`],
      }),
    );
    const answer = plan({ servers, scenario: { calendar: { nightsPerWave: 99 } } });
    expect(answer.waves.map(({ members }) => members.length)).toEqual([0, 10, 25, 25, 25, 25, 10]);
    expect(answer.problems[0]).toMatch(
      /^srv001, srv002, srv003, srv004, srv005 and 115 more depend on each other in a circle/u,
    );
  });

  it('an application too large for any wave comes apart, what depends on each other in it does not', () => {
    const servers = Array.from({ length: 60 }, (_, at) =>
      with_({
        environment: 'production',
        criticality: 'normal',
        applications: ['erp'],
        ...(at < 2 ? { dependsOn: [at === 0 ? 'srv002' : 'srv001'] } : {}),
      }),
    );
    const answer = plan({ servers, scenario: { calendar: { nightsPerWave: 99 } } });
    const waveOf = new Map(
      answer.waves.flatMap(({ number, members }) => members.map(({ server }) => [server, number])),
    );
    expect(waveOf.size).toBe(60);
    expect(waveOf.get(1)).toBe(waveOf.get(2));
    expect(answer.problems).toEqual([
      expect.stringMatching(/^They make up the application erp\. srv001, .* move in different waves\.$/u),
    ]);
  });
});

describe('calendar', () => {
  const dates = ({ waves }: WavePlan) => waves.map(({ starts, ends }) => [starts, ends]);
  it('has no dates without a beginning', () => {
    expect(dates(plan({ servers: [LOW] }))).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it('goes around freezes, over the end of a year and a leap day', () => {
    const calendar = {
      start: '2027-12-20',
      freezes: [
        { from: '2027-12-24', to: '2028-01-06', why: 'Year end' },
        { from: '2028-01-08', to: '2028-02-28' },
      ],
    };
    const answer = plan({ servers: [TEST, LOW, NORMAL], scenario: { calendar } });
    expect(dates(answer)).toEqual([
      ['2027-12-20', '2027-12-20'],
      ['2027-12-23', '2027-12-23'],
      ['2028-01-07', '2028-01-07'],
      ['2028-02-29', '2028-02-29'],
    ]);
  });

  it('waits for the freeze of one server, and tells of one that does not end', () => {
    const frozen = (to: string) => ({
      servers: [
        with_({
          criticality: 'low',
          environment: 'production',
          freezes: [{ from: '2027-01-01', to, why: 'Fair' }],
        }),
      ],
      scenario: { calendar: { start: '2027-01-01' } },
    });
    expect(dates(plan(frozen('2027-01-20')))[1]).toEqual(['2027-01-21', '2027-01-21']);
    const stuck = plan(frozen('2030-01-01'));
    expect(dates(stuck)[1]).toEqual(['2027-01-04', '2027-01-04']);
    expect(stuck.problems).toEqual(['Every night of wave 1 lies in a freeze of srv001 (Fair).']);
  });

  it('explains a freeze over everything, and dates that are none', () => {
    const calendar = (from: string, to: string) => ({ start: '2027-01-01', freezes: [{ from, to }] });
    const shut = plan({
      servers: [LOW, NORMAL],
      scenario: { calendar: calendar('2027-01-01', '2999-12-31') },
    });
    expect(dates(shut)).toEqual([
      [null, null],
      [null, null],
      [null, null],
    ]);
    expect(shut.problems).toEqual([
      'No night is left for wave 0 and the 2 after it: the freezes cover every day after it could begin, from 2027-01-01 on.',
    ]);
    expect(plan({ servers: [LOW], scenario: { calendar: calendar('soon', 'later') } }).problems).toEqual([
      'A freeze of the estate from soon to later was left out, for that is no pair of dates.',
    ]);
    expect(
      plan({ servers: [LOW], scenario: { calendar: calendar('2027-02-01', '2027-01-01') } }).problems,
    ).toEqual([
      'A freeze of the estate from 2027-02-01 to 2027-01-01 was left out, for it ends before it begins.',
    ]);
    expect(plan({ servers: [LOW], scenario: { calendar: { start: '2027-02-31' } } }).problems).toEqual([
      'The waves have no dates, for 2027-02-31 is no date.',
    ]);
  });

  it('gives 500 GB the 110 minutes of the source, files a third more, and fills nights side by side', () => {
    const servers = Array.from({ length: 4 }, (_, at) => ({
      ...NORMAL,
      copyBytes: 500 * GIB,
      method: at === 3 ? ('rebuild' as const) : ('p2v-cold' as const),
    }));
    const [, wave] = plan({ servers, scenario: { calendar: { start: '2027-03-01', windowHours: 4 } } })
      .waves as [Wave, Wave];
    const minutes = wave.members.map(({ copyMinutes }) => copyMinutes).sort((a, b) => a - b);
    expect(minutes).toEqual([111, 111, 111, 144]);
    // Two lanes of two copies each; 4 x 75 minutes of tests by two people.
    expect(wave.copyMinutes).toBe(255);
    expect(wave.testMinutes).toBe(150);
    // 111 + 111 fit into the four hours of one lane, 111 + 144 do not.
    expect([wave.starts, wave.ends]).toEqual(['2027-03-04', '2027-03-05']);
  });

  it('gives a wave the nights that its people need for tests', () => {
    const servers = Array.from({ length: 8 }, () => ({ ...NORMAL, copyBytes: 0 }));
    const scenario = { calendar: { start: '2027-03-01', windowHours: 2, people: 1 } };
    // 8 x 75 minutes of one person, two hours each night.
    expect(dates(plan({ servers, scenario }))[1]).toEqual(['2027-03-04', '2027-03-08']);
  });

  it('tells of a wave that takes more nights than it has, after an edit', () => {
    const servers = Array.from({ length: 9 }, () => ({ ...NORMAL, copyBytes: 1000 * GIB }));
    const scenario = { calendar: { copies: 1, nightsPerWave: 2 } };
    expect(plan({ servers, scenario }).problems).toEqual([]);
    expect(
      moved({ servers, scenario }, Object.fromEntries(servers.map((_, at) => [at + 1, 1]))).problems,
    ).toEqual(['Wave 1 takes 5 nights, more than the 2 a wave is given.']);
  });
});

describe('what nobody forgets', () => {
  it('gives every server that does not move its reason', () => {
    const answer = plan({
      servers: [{ ...NORMAL, method: 'retire' }, { ...NORMAL, method: 'stay' }, NORMAL, NORMAL, NORMAL],
      hosts: [[1, 2, 5]],
      plan: {
        unplaced: [{ server: 3, name: 'srv003', why: 'It fits no host.', next: 'Take a larger one.' }],
      },
    });
    expect(answer.outside).toEqual([
      { server: 1, name: 'srv001', why: 'It is to be switched off, not moved.' },
      { server: 2, name: 'srv002', why: 'Its assessment says that it stays as it is.' },
      { server: 3, name: 'srv003', why: 'It fits no host. Take a larger one.' },
      { server: 4, name: 'srv004', why: 'It is not part of the plan.' },
    ]);
    const gone = inputOf({ servers: [NORMAL, NORMAL] });
    expect(planWaves({ ...gone, facts: gone.facts.slice(0, 1) }).outside).toEqual([
      { server: 2, name: 'srv002', why: 'The plan has it, but nothing is known of it any more: plan again.' },
    ]);
  });

  it('takes waves that were set by hand, and answers for them', () => {
    const answer = plan({
      servers: [
        with_({ environment: 'test', wave: 3 }),
        LOW,
        with_({ environment: 'production', criticality: 'low', wave: 77 }),
      ],
    });
    expect(layout(answer)).toEqual(['0 lab: ', '2 first-production: 2', '3 test: 1', '77 production: 3']);
    expect(answer.problems).toEqual([
      'srv001 is not in production but moves in wave 3, after production began to move in wave 2.',
    ]);
  });

  it('is empty for an empty estate', () => {
    expect(plan({ servers: [], hosts: [] })).toMatchObject({ waves: [], outside: [], problems: [] });
  });

  it('says how well each kind of data is known, and shows hostile names as they are', () => {
    const name = '=cmd|\u001b[31m<script>';
    const answer = plan({
      servers: [
        {
          ...with_({
            environment: 'production',
            criticality: 'low',
            owner: 'Ann',
            dependsOn: [],
            applications: ['a'],
          }),
          name,
        },
        LOW,
      ],
    });
    expect(answer.waves[1]!.confidence).toEqual([
      { category: 'inventory', level: 'high' },
      { category: 'dependencies', level: 'medium' },
      { category: 'applications', level: 'medium' },
      { category: 'business', level: 'medium' },
    ]);
    expect(answer.waves[1]!.members.map((one) => one.name)).toContain(name);
    expect(answer.waves[1]!.people.find(({ role }) => role.startsWith('Application'))!.role).toBe(
      'Application owner (Ann)',
    );
  });

  it('tells of open blockers, open warnings, little data and hot databases', () => {
    const gate = (severity: 'blocker' | 'warning') => ({
      id: 'B1',
      severity,
      title: '',
      because: '',
      fix: '',
      evidence: [],
      rules: [],
      fixable: true,
      met: false,
    });
    const answer = plan({
      servers: [
        { ...LOW, gates: [gate('blocker')] },
        { ...LOW, gates: [gate('warning')] },
        { ...LOW, stars: 2 },
        { ...LOW, method: 'p2v-hot', roles: ['database'] },
        {},
      ],
    });
    for (const text of [
      'Something still stands in the way of srv001, by the assessment.',
      '1 server with open warnings: srv002.',
      'Little is known of srv003, so that sizes may be wrong.',
      'srv004 would be copied while databases or mail are being written.',
      'Importance or environment of srv005 was not told; production of normal importance was taken.',
    ])
      expect(risks(answer)).toContain(text);
  });
});
