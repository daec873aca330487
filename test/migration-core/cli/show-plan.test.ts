import { describe, expect, it } from 'vitest';
import { ruleBook } from '../../../migration-core/assess/rules/pack.ts';
import { planText } from '../../../migration-core/cli/commands/study/show-plan.ts';
import { computeSavings } from '../../../migration-core/plan/savings/savings.ts';
import { estate, template } from '../plan/estates.ts';

describe('a plan at a terminal', () => {
  const made = estate({ servers: [{}, {}, {}], hosts: [[1], [2], [3]] });
  const savings = computeSavings({
    ...made,
    rules: ruleBook('modern'),
    today: '2026-11-25',
    templates: new Map([['modern-2u', template({})]]),
  });
  const text = (added: number): string => {
    const { plan } = made;
    const bound = { ...plan.bound, hosts: 2, by: 'sum of processors', gap: 0 };
    return planText({ ...plan, bound, failover: { ...plan.failover, added } }, savings, '10-min-peak', 1000);
  };

  it('says why it has more hosts than it is said to be above the fewest', () => {
    expect(text(1)).toContain(
      'At least 2 hosts needed (sum of processors); the plan is 0 % above that, 1 host for failures aside.',
    );
    expect(text(0)).toContain('; the plan is 0 % above that.');
  });

  it('does not call everything that is missing a price', () => {
    expect(text(0)).toMatch(/ {2}Left out, for it is not known: power \(what the servers draw: /u);
  });
});
