/** Random names everywhere: none is left in any format, and the same name is the same word everywhere. */
import { describe, expect, it } from 'vitest';
import { formats } from '../../../migration-core/report/formats.ts';
import { redact, redactionOf } from '../../../migration-core/report/redact.ts';
import { ownWords } from '../../../migration-core/report/redact/own-words.ts';
import type { Report, Section } from '../../../migration-core/report/model.ts';
import { allText } from '../../support/archives.ts';
import { HOSTILE, madeUpReport, world } from '../../support/reports.ts';
import { seeded } from '../../support/tools.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 25);

/** Parts that names are made of; some are words of ours, some are parts of words. */
const PARTS = [
  'web',
  'sql',
  'memory',
  'erver',
  'Größe',
  'שרת',
  'corp.example',
  'X',
  '0',
  '17',
  '-',
  '_',
  '.',
  ' ',
  '$',
  '(',
  '*',
  'ı',
  '😀',
  "'",
  '<b>',
];

function randomNames(random: () => number): string[] {
  const below = (most: number): number => Math.floor(random() * most);
  const names = Array.from({ length: 1 + below(12) }, () =>
    random() < 0.1
      ? HOSTILE[below(HOSTILE.length)]!
      : Array.from({ length: 1 + below(5) }, () => PARTS[below(PARTS.length)]!).join(''),
  );
  return [...new Set(names)].filter((name) => name.trim() !== '');
}

/** Names in every kind of sentence: alone, in the middle, glued to others, in capital letters. */
function withSentences(report: Report, names: readonly string[], random: () => number): Report {
  const glue = [' ', ', ', '/', '', ': ', '\n'];
  const items = names.map((name) => {
    const other = names[Math.floor(random() * names.length)]!;
    const between = glue[Math.floor(random() * glue.length)]!;
    return `The plan puts ${name}${between}${other.toUpperCase()} next to (${name}).`;
  });
  const [first, ...rest] = report.sections;
  return {
    ...report,
    sections: [{ ...first!, blocks: [...first!.blocks, { kind: 'list', items }] } satisfies Section, ...rest],
  };
}

describe('a redacted report', () => {
  it('has no name in it, in no format', async () => {
    const writers = await Promise.all(
      formats.filter(({ id }) => id !== 'pdf').map(async ({ id, load }) => ({ id, write: await load() })),
    );
    let looked = 0;
    for (let seed = 1; seed <= CASES; seed++) {
      const random = seeded(seed);
      const names = randomNames(random);
      const report = withSentences(madeUpReport(names), names, random);
      const shut = redact(report);
      const own = ownWords(report);
      // A name may be a part of the very words that names are replaced by: `erver-`.
      const words = [...redactionOf(report).values()]
        .flatMap((of) => [...of.values()])
        .join(' ')
        .toLowerCase();
      // What the formats themselves have to say is in an empty report as well.
      const nobody = madeUpReport(['Q']);
      for (const { id, write } of writers) {
        const made = await write(shut, world());
        const said = allText(made as Uint8Array);
        const always = allText((await write(nobody, world())) as Uint8Array);
        for (const name of names) {
          const small = name.toLowerCase();
          if (name.length <= 3 || own.within(small) || words.includes(small) || always.includes(small))
            continue;
          looked++;
          const at = said.indexOf(small);
          expect(at < 0 ? '' : `${seed} ${id} ${name}: ${said.slice(Math.max(0, at - 40), at + 60)}`).toBe(
            '',
          );
        }
      }
    }
    expect(looked).toBeGreaterThan(CASES);
  });

  it('has for each name one word, in each report of the estate', () => {
    for (let seed = 1; seed <= CASES * 4; seed++) {
      const random = seeded(seed);
      const names = randomNames(random);
      const known = redactionOf(madeUpReport(names));
      const words = known.get('server')!;
      expect(new Set(words.values()).size).toBe(words.size);
      const some = names.filter((_, at) => at === 0 || random() < 0.5);
      const again = redactionOf(madeUpReport(some), known).get('server')!;
      expect([...again]).toEqual([...words]);
    }
  });
});
