import { describe, expect, it } from 'vitest';
import { ruleBook, shippedRulePacks } from '../../../migration-core/assess/rules/pack.ts';
import { ALL_RULES } from '../../../migration-core/plan/all-rules.ts';

describe('the table of all rules', () => {
  it('has a title for each number of the shipped packs, and each of its numbers is in them', () => {
    const packs = shippedRulePacks();
    for (const id of packs.keys()) {
      const ids = ruleBook(id, packs)
        .all()
        .map(({ rule }) => rule);
      expect(ids.filter((one) => !ALL_RULES.has(one))).toEqual([]);
      expect([...ALL_RULES.keys()].filter((one) => !ids.includes(one))).toEqual([]);
    }
    for (const { id, title } of ALL_RULES.values()) expect(title.length, id).toBeGreaterThan(3);
  });
});
