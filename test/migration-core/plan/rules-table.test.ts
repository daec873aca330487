import { describe, expect, it } from 'vitest';
import { parseRulePack, shippedRulePacks } from '../../../migration-core/assess/rules/pack.ts';
import { ALL_RULES, checkedRuleBook } from '../../../migration-core/plan/rules/table.ts';

const SHIPPED = shippedRulePacks();
const mine = (more: object) =>
  parseRulePack(
    JSON.stringify({
      ...{ id: 'mine', title: '', version: 1, date: '2026-01-01', about: '', rules: {} },
      ...more,
    }),
    'mine.json',
  );

describe('the table of all rules', () => {
  it('is what the pack modern holds, each once', () => {
    const ids = ALL_RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(Object.keys(SHIPPED.get('modern')!.rules).sort());
  });

  it('finds what is wrong with a pack when it is loaded: missing, unheard of, in a pack below', () => {
    const load = (more: object, others: object[] = []) =>
      checkedRuleBook(
        'mine',
        new Map([...SHIPPED, ...[more, ...others].map((one) => [mine(one).id, mine(one)] as const)]),
      );
    const value = { value: 'much', source: 'nonsense' };
    expect(() => load({})).toThrow('The rule pack mine has no rule profile.conservative.');
    expect(() => load({ rules: { 'wave.sizes': value } })).toThrow(
      'The rule pack mine has a rule wave.sizes, which nothing asks for.',
    );
    // Asked for at the very end of a study, and in the pack below.
    const below = { id: 'below', extends: 'modern', rules: { 'wave.retention-days': value } };
    expect(() => load({ extends: 'below' }, [below])).toThrow(
      'Rule wave.retention-days of the rule pack below is not what it must be',
    );
    expect(load({ extends: 'modern' }).version).toBe('mine@1+modern@1');
  });
});
