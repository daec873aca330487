import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ruleBook } from '../../../migration-core/assess/rules/pack.ts';
import { BACKUP } from '../../../migration-core/plan/rules/backup.ts';
import { FAILOVER } from '../../../migration-core/plan/rules/failover.ts';
import { PLACE } from '../../../migration-core/plan/rules/place.ts';
import { QUICK } from '../../../migration-core/plan/rules/quick.ts';

const PLAN = resolve(import.meta.dirname, '../../../migration-core/plan');
const code = readdirSync(PLAN, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('rules'))
  .map((name) => readFileSync(join(PLAN, name), 'utf8'))
  .join('\n');
const declared = Object.entries({ PLACE, FAILOVER, BACKUP, QUICK }).flatMap(([block, rules]) =>
  Object.entries(rules).map(([name, rule]) => ({ use: `${block}.${name}`, rule: rule })),
);

describe('rules of planning', () => {
  it.each(['modern', 'seed-2007'])('have values and sources in %s', (pack) => {
    const book = ruleBook(pack);
    for (const { rule } of declared) expect(book.cite(rule).source.length, rule.id).toBeGreaterThan(10);
  });

  it('are all used, and the packs hold none that nobody declares', () => {
    for (const { use } of declared) expect(code.includes(use), use).toBe(true);
    const ids = new Set(declared.map(({ rule }) => rule.id));
    const held = ['modern', 'seed-2007'].flatMap((pack) => Object.keys(ruleBook(pack).pack.rules));
    expect(held.filter((id) => /^(?:place|failover|backup|quick)\./u.test(id) && !ids.has(id))).toEqual([]);
    expect(declared.length).toBeGreaterThan(30);
  });
});
