/** The numbers of sizing and confidence: each is in the packs with its source, and code asks for it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as confidence from '../../../../migration-core/assess/rules/confidence.ts';
import * as cpu from '../../../../migration-core/assess/rules/cpu.ts';
import * as io from '../../../../migration-core/assess/rules/io.ts';
import * as memory from '../../../../migration-core/assess/rules/memory.ts';
import { ruleBook, shippedRulePacks, type Rule } from '../../../../migration-core/assess/rules/pack.ts';
import * as size from '../../../../migration-core/assess/rules/size.ts';

const DECLARED = [
  ...cpu.CPU_RULES,
  ...memory.MEMORY_RULES,
  ...io.IO_RULES,
  ...size.SIZE_RULES,
  ...confidence.CONFIDENCE_RULES,
] as Rule<unknown>[];
const PREFIXES = /^(?:cpu|memory|io|size|confidence)\./u;
const ASSESS = resolve(import.meta.dirname, '../../../../migration-core/assess');

describe('the numbers of sizing and confidence', () => {
  it.each(['modern', 'seed-2007'])('are all in the pack %s, of the right kind and with a source', (pack) => {
    const book = ruleBook(pack);
    for (const one of DECLARED) {
      expect(() => book.value(one), one.id).not.toThrow();
      expect(book.cite(one).source.length, one.id).toBeGreaterThan(3);
      expect(one.title.length).toBeGreaterThan(3);
    }
  });

  it('are declared, all that are in the packs', () => {
    const ids = new Set(DECLARED.map(({ id }) => id));
    expect(ids.size).toBe(DECLARED.length);
    for (const pack of shippedRulePacks().values())
      for (const id of Object.keys(pack.rules)) if (PREFIXES.test(id)) expect([...ids], id).toContain(id);
  });

  it('are asked for by code', () => {
    const code = readdirSync(ASSESS, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.startsWith('rules/') && !name.startsWith('model/'))
      .map((name) => readFileSync(join(ASSESS, name), 'utf8').replace(/^import [^;]*;$/gmu, ''))
      .join('\n');
    const names = [cpu, memory, io, size, confidence]
      .flatMap((module) => Object.keys(module))
      .filter((name) => /^[A-Z_0-9]+$/u.test(name) && !name.endsWith('_RULES') && name !== 'MEASURES');
    expect(names.length).toBeGreaterThan(25);
    for (const name of names) expect(new RegExp(`\\b${name}\\b`, 'u').test(code), name).toBe(true);
  });

  it('of 2007 are those of the seed paper', () => {
    const book = ruleBook('seed-2007');
    const seed = (one: Rule<unknown>): unknown => {
      expect(book.cite(one)).toMatchObject({ pack: 'seed-2007' });
      return book.value(one);
    };
    expect(seed(io.IO_LATENCY.emulated)).toMatchObject({ low: 0.08, high: 0.2 });
    expect(seed(io.IO_LATENCY.paravirtual)).toMatchObject({ high: 0.02 });
    expect(seed(cpu.CPU_SHADOW_PAGING)).toEqual({ low: 0.25, middle: 0.5, high: 0.75 });
    expect(seed(memory.MEMORY_EMULATION)).toMatchObject({ high: 0.02 });
    expect(seed(size.SIZE_CONTROLLERS)).toEqual({ adapters: 4, units: 16, reserved: [7] });
  });
});
