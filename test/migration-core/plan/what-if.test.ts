import { describe, expect, it } from 'vitest';
import type { EstateAssessment } from '../../../migration-core/assess/model/context.ts';
import type { Citation } from '../../../migration-core/assess/rules/pack.ts';
import { comparePlans } from '../../../migration-core/plan/compare.ts';
import { makePlan } from '../../../migration-core/plan/make-plan.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import { planRecovery } from '../../../migration-core/plan/recovery.ts';
import { whatIfAssessments, whatIfPlans } from '../../../migration-core/plan/what-if.ts';
import { firstFit } from '../../support/first-fit.ts';
import { HOST, planRequest, sizedOf, type TestEstate } from '../../support/planning.ts';

const plan = (estate: TestEstate): Plan => makePlan(planRequest(estate), firstFit);
const estate = (...servers: TestEstate['servers']): EstateAssessment => planRequest({ servers }).estate;
const citation = (value: number): Citation => ({
  rule: 'score.disk',
  title: 'Disk I/O share',
  unit: '%',
  value,
  source: 'test',
  pack: 'modern',
});

describe('what changed in an assessment', () => {
  it('names the rule that caused it', () => {
    const before = estate({ name: 'a', verdict: 'keep-physical' }, { name: 'b' });
    const after = estate({ name: 'a', verdict: 'good-candidate' }, { name: 'b' });
    for (const [at, value] of [
      [before, 25],
      [after, 40],
    ] as const)
      at.assessments[0]!.reasons = [
        { tone: 'against', text: 'Its disks are busy.', rules: [citation(value)] },
      ];
    expect(whatIfAssessments(before, after)).toEqual({
      changes: [
        {
          server: 1,
          name: 'a',
          what: 'verdict',
          before: 'Keep physical',
          after: 'Good candidate',
          why: 'Because Disk I/O share is 40 % instead of 25 %.',
          rules: [citation(40)],
        },
      ],
      overrides: [],
      summary: ['1 verdict and 0 sizes changed.'],
    });
    expect(whatIfAssessments(after, after).summary).toEqual(['No verdict and no size is another one.']);
  });

  it('names what was found anew where no rule changed, sizes, and who came and went', () => {
    const before = estate({ name: 'a' }, { name: 'gone' });
    const after = estate({ name: 'a' });
    after.assessments[0]!.sized = sizedOf({ vcpus: 4 });
    after.assessments[0]!.reasons = [{ tone: 'note', text: 'It was measured for longer.', rules: [] }];
    after.assessments.push({ ...estate({ name: 'x' }).assessments[0]!, server: 9, name: 'new' });
    expect(
      whatIfAssessments(before, after).changes.map((change) => Object.values(change).join(' | ')),
    ).toEqual([
      '1 | a | size | 1 vCPU, 1 GiB | 4 vCPUs, 1 GiB | It was measured for longer. | ',
      '9 | new | list |  | assessed | It was not assessed before. | ',
      '2 | gone | list | assessed |  | It is not part of the estate any more. | ',
    ]);
  });

  it('keeps decisions made by hand and says what the rules say now', () => {
    const before = estate({ name: 'a', verdict: 'keep-physical' });
    const after = estate({ name: 'a', verdict: 'keep-physical' });
    const override = { verdict: 'keep-physical' as const, reason: 'leased until 2028', by: null };
    before.assessments[0]!.override = after.assessments[0]!.override = override;
    after.assessments[0]!.ruled = 'good-candidate';
    const { changes, overrides } = whatIfAssessments(before, after);
    expect(changes).toEqual([]);
    expect(overrides).toEqual([
      {
        server: 1,
        name: 'a',
        text: 'The rules now say Good candidate instead of Keep physical; the decision for Keep physical stands (leased until 2028).',
      },
    ]);
    after.assessments[0]!.override = null;
    after.assessments[0]!.verdict = 'good-candidate';
    expect(whatIfAssessments(before, after).changes[0]!.why).toBe(
      'The decision by hand was taken back: leased until 2028',
    );
  });
});

describe('what changed in a plan', () => {
  const servers = [
    { name: 'a', cpu: 30 },
    { name: 'b', cpu: 30 },
    { name: 'c', cpu: 30 },
    { name: 'd', cpu: 30 },
  ];

  it('says who moved, and is silent about hosts that only have another name', () => {
    const before = plan({ servers });
    const after = plan({ servers, scenario: { apart: [['a', 'b']] } });
    const { changes, summary } = whatIfPlans(before, after, 'a and b stay apart now.');
    expect(changes).toEqual([
      {
        server: 3,
        name: 'c',
        what: 'host',
        before: 'host-02',
        after: 'host-01',
        why: 'a and b stay apart now.',
        rules: [],
      },
      {
        server: 2,
        name: 'b',
        what: 'host',
        before: 'host-01',
        after: 'host-02',
        why: 'a and b stay apart now.',
        rules: [],
      },
    ]);
    expect(summary).toEqual(['As many hosts as before: 2.']);
    const renamed = {
      ...before,
      hosts: [...before.hosts].reverse().map((host, at) => ({ ...host, name: `h${at}` })),
    };
    expect(whatIfPlans(before, renamed).changes).toEqual([]);
  });

  it('says who left or came, and what became of failover', () => {
    const before = plan({ servers, scenario: { failures: 1 } });
    const after = plan({ servers, scenario: { exclude: ['d'], include: ['a', 'b', 'd'] } });
    const { changes, summary } = whatIfPlans(before, after);
    expect(
      changes.map(({ name, what, before: from, after: to, why }) => [name, what, from, to, why]),
    ).toEqual([
      ['d', 'list', 'host-02', 'excluded', 'The scenario leaves it out.'],
      ['c', 'list', 'host-02', '', 'It is not part of the scenario any more.'],
    ]);
    expect(summary).toEqual(['2 hosts fewer: 1 instead of 3.', 'Failover is not proved any more.']);
  });
});

describe('plans side by side', () => {
  it('has a row for each figure and says which plan is best in it', () => {
    const servers = [{ cpu: 50 }, { cpu: 50 }, { name: 'x', cpu: 500 }];
    const one = plan({ servers, scenario: { name: 'one' } });
    const two = plan({ servers, scenario: { name: 'two', failures: 1 } });
    const { scenarios, rows } = comparePlans([one, two]);
    expect(scenarios).toEqual(['one', 'two']);
    const row = (id: string) => rows.find((each) => each.id === id)!;
    expect(row('hosts')).toEqual({
      id: 'hosts',
      title: 'Hosts',
      unit: '',
      values: [2, 3],
      better: 'less',
      best: [0],
    });
    expect(row('unplaced')).toMatchObject({ values: [1, 1], best: [] });
    expect(row('failover').values).toEqual(['not planned', 'yes']);
    expect(row('binding').values).toEqual(['processors', 'processors']);
    expect(row('cpu')).toMatchObject({ values: [50, 50], unit: '%' });
    expect(comparePlans([]).rows.every(({ values, best }) => values.length === 0 && best.length === 0)).toBe(
      true,
    );
  });
});

describe('a recovery site', () => {
  const critical = { criticality: 'critical' as const };
  const servers = [
    { name: 'a', cpu: 40, annotations: { ...critical, site: 'north' } },
    { name: 'b', cpu: 40, annotations: { ...critical, site: 'north' } },
    { name: 'c', cpu: 40, annotations: { criticality: 'high' as const, site: 'south' } },
    { name: 'd', cpu: 40, annotations: { criticality: 'normal' as const, site: 'south' } },
    { name: 'e', cpu: 40 },
  ];

  it('needs what its largest site needs, at its own ceilings and on its own hosts', () => {
    const request = planRequest({ servers });
    const recovery = planRecovery({ request, sites: 'largest' }, firstFit);
    // Two of 40 units fit under 85 % of 99, and not under 70 %.
    expect(recovery.sites.map(({ site, servers: there, hosts }) => [site, there, hosts])).toEqual([
      ['north', [1, 2], 1],
      ['south', [3], 1],
    ]);
    expect(recovery).toMatchObject({
      hosts: 1,
      left: 2,
      least: 'high',
      ceilings: { cpu: 0.85, memory: 0.95 },
    });
    expect(recovery.sites[0]!.names).toEqual(['a', 'b']);
    expect(recovery.warnings).toEqual([
      'How important e is is not known, so that it is not planned to fail over.',
    ]);
    expect(planRecovery({ request, sites: 'sum' }, firstFit).hosts).toBe(2);
    const small = { ...HOST, id: 'small', cores: 60 };
    const other = planRequest({ servers, templates: [small], scenario: { template: 'small' } });
    expect(planRecovery({ request: other, sites: 'largest' }, firstFit).hosts).toBe(2);
    expect(planRecovery({ request: planRequest({ servers: [] }), sites: 'largest' }, firstFit).hosts).toBe(0);
  });
});
