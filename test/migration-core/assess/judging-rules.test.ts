/** The rules of gates, score, verdict, groups and use: each has a value with its source, and is used. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as gates from '../../../migration-core/assess/rules/gates.ts';
import * as groups from '../../../migration-core/assess/rules/groups.ts';
import { ruleBook, shippedRulePacks, type Rule } from '../../../migration-core/assess/rules/pack.ts';
import * as score from '../../../migration-core/assess/rules/score.ts';
import * as verdict from '../../../migration-core/assess/rules/verdict.ts';

const ROOM = resolve(import.meta.dirname, '../../../migration-core/assess');
const declared = Object.entries({ ...gates, ...groups, ...score, ...verdict }) as [string, Rule<unknown>][];
const OURS = /^(?:gate|score|verdict|group|usage|os)\./u;

const used = readdirSync(ROOM, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('rules'))
  .map((name) => readFileSync(join(ROOM, name), 'utf8'))
  .join('\n');

describe('rules of the judging half', () => {
  it.each(declared)('%s has a valid value with its source in both packs, and is used', (name, rule) => {
    for (const id of ['modern', 'seed-2007']) {
      const cited = ruleBook(id).cite(rule);
      expect(cited.title).not.toBe('');
      expect(cited.source.length).toBeGreaterThan(10);
    }
    expect(used).toMatch(new RegExp(`\\b${name}\\b`, 'u'));
  });

  it('are all that the packs hold under their names', () => {
    const ids = new Set(declared.map(([, { id }]) => id));
    for (const { rules } of shippedRulePacks().values())
      for (const id of Object.keys(rules).filter((one) => OURS.test(one))) expect(ids).toContain(id);
  });

  it('hold together: weights add up, limits rise', () => {
    const book = ruleBook('modern');
    const weights = Object.values(book.value(groups.groupWeights)).reduce((sum, weight) => sum + weight, 0);
    expect(weights).toBeCloseTo(1, 10);
    const lines = [
      score.scoreCpu,
      score.scoreMemory,
      score.scoreDisk,
      score.scoreNetwork,
      score.scoreBurst,
    ].map((rule) => book.value(rule));
    for (const { green, red } of lines) expect(green).toBeLessThan(red);
    const rest = [score.scoreHardware, score.scoreSupport, score.scoreOperations].map(
      (rule) => book.value(rule).weight,
    );
    expect([...lines.map(({ weight }) => weight), ...rest].reduce((sum, weight) => sum + weight, 0)).toBe(
      book.value(score.scoreMaximum),
    );
    expect(book.value(verdict.conditionsScore)).toBeLessThan(book.value(verdict.goodScore));
  });

  it('differ in the pack of 2007 where the seed does', () => {
    expect(ruleBook('seed-2007').value(gates.ioRefused)).toEqual({
      classes: ['high', 'extreme'],
      overheadAbove: 0.01,
    });
    expect(ruleBook('modern').value(gates.ioRefused)).toEqual({ classes: ['extreme'], overheadAbove: 0.1 });
  });
});
