import { describe, expect, it } from 'vitest';
import type { Wave, WavePlan } from '../../../../migration-core/plan/model/waves.ts';
import { daysFromIso, isoFromDays } from '../../../../migration-core/plan/waves/dates.ts';
import { planWaves } from '../../../../migration-core/plan/waves/plan-waves.ts';
import { GIB, type EstateShape } from '../estates.ts';
import {
  inputOf,
  plan,
  with_,
  LOW,
  NORMAL,
  HIGH,
  CRITICAL,
  TEST,
  LAB,
  layout,
  risks,
  moved,
} from './input.ts';

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
      /^srv001, srv002, srv003, srv004, srv005, srv006, srv007, srv008 and 112 more depend on each other in a circle/u,
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
      ['2028-03-01', '2028-03-01'],
      ['2028-03-04', '2028-03-04'],
    ]);
    // One of the two days for signatures fits between the freezes, the other on the leap day.
    expect(answer.waves.map(({ accepted }) => accepted)).toEqual([
      '2027-12-22',
      '2028-02-29',
      '2028-03-03',
      '2028-03-06',
    ]);
    expect(risks(answer)).toContain(
      'Tests and signatures of wave 1 step over 2 freezes, the first of them from 2027-12-24 to 2028-01-06 (Year end) and end on 2028-02-29.',
    );
  });

  /** Four nights of one copy each. */
  const long = (calendar: Record<string, unknown>): WavePlan =>
    plan({
      servers: Array.from({ length: 4 }, () => ({ ...LOW, copyBytes: 1000 * GIB })),
      scenario: { calendar: { windowHours: 5, copies: 1, ...calendar } },
    });

  it('begins a wave after a freeze that would cut it in two', () => {
    const answer = long({
      start: '2027-12-17',
      freezes: [{ from: '2027-12-22', to: '2028-01-06', why: 'Year end' }],
    });
    // The lab and its signatures take three days; four nights and two days do not fit before the freeze.
    expect(dates(answer)).toEqual([
      ['2027-12-17', '2027-12-17'],
      ['2028-01-07', '2028-01-10'],
    ]);
    expect(answer.waves[1]!.accepted).toBe('2028-01-12');
    expect(answer.problems).toEqual([]);
  });

  it('says which freezes a wave steps over where it fits between none', () => {
    // Every other day.
    const freezes = Array.from({ length: 300 }, (_, at) => {
      const day = isoFromDays(daysFromIso('2027-12-18')! + 2 * at);
      return { from: day, to: day, why: 'Batch' };
    });
    const answer = long({ start: '2027-12-17', freezes });
    const { starts, ends, pieces, accepted } = answer.waves[1]!;
    expect([starts, ends, accepted]).toEqual(['2027-12-23', '2027-12-29', '2028-01-02']);
    expect(pieces).toEqual(
      ['2027-12-23', '2027-12-25', '2027-12-27', '2027-12-29'].map((day) => ({ starts: day, ends: day })),
    );
    expect(answer.problems).toEqual([
      'Wave 1 steps over 3 freezes, the first of them on 2027-12-24 (Batch): its nights are 2027-12-23, 2027-12-25, 2027-12-27 and 2027-12-29, and nothing of it is done between.',
    ]);
  });

  it('names a night to servers whose own freeze covers some of them', () => {
    const frozen = {
      ...LOW,
      annotations: { ...LOW.annotations, freezes: [{ from: '2027-01-01', to: '2027-01-04' }] },
    };
    const answer = plan({
      servers: [frozen, LOW, LOW].map((one) => ({ ...one, copyBytes: 1000 * GIB })),
      scenario: { calendar: { start: '2027-01-01', windowHours: 5, copies: 1 } },
    });
    expect(dates(answer)[1]).toEqual(['2027-01-04', '2027-01-06']);
    expect(risks(answer)).toContain(
      'Some nights of wave 1 lie in a freeze of srv001: it moves on 2027-01-05 or in another night outside it.',
    );
  });

  it('lets no night and no day of acceptance lie in a freeze, whatever they are', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const first = daysFromIso('2027-01-01')!;
    for (let round = 0; round < 60; round++) {
      const spans = Array.from({ length: random(8) }, () => {
        const from = first + random(40);
        return { from, to: from + random(12) };
      });
      const frozen = (day: number): boolean => spans.some(({ from, to }) => from <= day && day <= to);
      const answer = long({
        start: '2027-01-01',
        freezes: spans.map(({ from, to }) => ({ from: isoFromDays(from), to: isoFromDays(to) })),
      });
      let free = first;
      for (const { number, starts, ends, accepted, pieces } of answer.waves) {
        const days = pieces!.flatMap((piece) => {
          const [from, to] = [daysFromIso(piece.starts)!, daysFromIso(piece.ends)!];
          return Array.from({ length: to - from + 1 }, (_, at) => from + at);
        });
        expect(days).toHaveLength(number === 0 ? 1 : 4);
        expect(days.filter(frozen)).toEqual([]);
        expect([pieces![0]!.starts, pieces!.at(-1)!.ends]).toEqual([starts, ends]);
        expect(days[0]).toBeGreaterThanOrEqual(free);
        const [last, signed] = [days.at(-1)!, daysFromIso(accepted!)!];
        expect(frozen(signed)).toBe(false);
        const usable = Array.from({ length: signed - last }, (_, at) => last + 1 + at).filter(
          (day) => !frozen(day),
        );
        expect(usable).toHaveLength(2);
        const told = answer.problems.some((text) => text.startsWith(`Wave ${number} steps over`));
        expect(told).toBe(pieces!.length > 1);
        free = signed + 1;
      }
    }
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
