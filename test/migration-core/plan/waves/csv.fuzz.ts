/** Damaged tables by the thousand: typed errors or an answer that has every server once, and soon. */
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { exportWaves, importWaves } from '../../../../migration-core/plan/waves/csv.ts';
import { planWaves } from '../../../../migration-core/plan/waves/plan-waves.ts';
import { seeded } from '../../../support/tools.ts';
import { randomInput } from '../estates-at-random.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 1500);
const PIECES = [
  '"',
  '""',
  ',',
  ';',
  '\t',
  '\r',
  '\n',
  '\r\n',
  "'",
  '=',
  '-1',
  '99999999999999999999',
  '\ufeff',
  'sep=;\n',
  '\u0000',
  'Wave',
  'Server',
  ' ',
  '1e3',
  '٣',
  ',"',
];

test('damaged tables', () => {
  const random = seeded(2026);
  const whole = (below: number): number => Math.floor(random() * below);
  let input = randomInput(random, 12);
  let former = new Map<number, number>();
  let refused = 0;
  let told = 0;
  for (let round = 0; round < CASES; round++) {
    if (round % 25 === 0) {
      input = randomInput(random, 12);
      former = new Map(input.facts.filter(() => random() < 0.7).map(({ id }) => [id, whole(6)]));
    }
    let text = exportWaves(planWaves(input), { separator: ([',', ';', '\t'] as const)[whole(3)]! });
    for (let n = 1 + whole(5); n > 0; n--) {
      const at = whole(text.length + 1);
      const piece = PIECES[whole(PIECES.length)]!;
      text = text.slice(0, at) + piece + text.slice(at + (random() < 0.5 ? whole(12) : 0));
    }
    const bytes = Buffer.from(text, random() < 0.8 ? 'utf8' : random() < 0.5 ? 'utf16le' : 'latin1');
    if (random() < 0.3) bytes[whole(bytes.length)] = whole(256);
    try {
      const { plan, waveOf, problems } = importWaves(bytes, input, former);
      const all = [
        ...plan.waves.flatMap(({ members }) => members.map(({ server }) => server)),
        ...plan.outside.map(({ server }) => server),
      ].sort((a, b) => a - b);
      expect(all).toEqual(input.facts.map(({ id }) => id));
      for (const wave of waveOf.values())
        expect(Number.isInteger(wave) && wave >= 0 && wave <= 9999).toBe(true);
      for (const { text: sentence } of problems) expect(sentence).toMatch(/\.$/u);
      // What comes out goes back in.
      const again = importWaves(Buffer.from(exportWaves(plan)), input, new Map());
      expect(again.waveOf).toEqual(waveOf);
      expect(again.problems).toEqual([]);
      told += problems.length > 0 ? 1 : 0;
    } catch (error) {
      if (!isIronliftError(error, 'WAVES_INVALID')) throw error;
      refused++;
    }
  }
  // The damage is of both kinds, or this test says nothing.
  expect(refused).toBeGreaterThan(CASES / 100);
  expect(told).toBeGreaterThan(CASES / 20);
});
