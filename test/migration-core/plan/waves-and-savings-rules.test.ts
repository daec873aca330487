import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ruleBook, shippedRulePacks, type Rule } from '../../../migration-core/assess/rules/pack.ts';
import * as savings from '../../../migration-core/plan/rules/savings.ts';
import * as waves from '../../../migration-core/plan/rules/waves.ts';

const PLAN = join(import.meta.dirname, '../../../migration-core/plan');
const source = ['savings', 'waves']
  .flatMap((room) =>
    readdirSync(join(PLAN, room), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(PLAN, room, name),
    ),
  )
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(name, 'utf8'))
  .join('\n');

const groups = Object.entries({ ...savings, ...waves });
const declared = groups.flatMap(([group, rules]) =>
  Object.entries(rules as Record<string, Rule<unknown>>).map(([key, rule]) => ({
    use: `${group}.${key}`,
    rule,
  })),
);
const OWN = /^(?:wave|savings|power|licence)\./u;

describe('rules of savings and waves', () => {
  it.each(declared)('$use is in every pack, with its source, and is used', ({ use, rule }) => {
    for (const pack of ['modern', 'seed-2007']) {
      const { value, source: from } = ruleBook(pack).cite(rule);
      expect(value).toBeDefined();
      expect(from.length).toBeGreaterThan(10);
    }
    expect(rule.id).toMatch(OWN);
    expect(rule.title.length).toBeGreaterThan(5);
    expect(source.includes(use), `${use} is used`).toBe(true);
  });

  it('are all that the packs hold of their kind', () => {
    const ids = new Set(declared.map(({ rule }) => rule.id));
    for (const { rules } of shippedRulePacks().values())
      for (const id of Object.keys(rules)) if (OWN.test(id)) expect(ids).toContain(id);
    expect(ids.size).toBe(declared.length);
  });
});
