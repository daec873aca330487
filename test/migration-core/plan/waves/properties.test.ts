/** What holds of every plan of waves, of estates made at random. */
import { describe, expect, it } from 'vitest';
import {
  planWaves,
  rebuildWaves,
  assignmentOf,
  type WavesInput,
} from '../../../../migration-core/plan/waves/plan-waves.ts';
import { exportWaves, importWaves } from '../../../../migration-core/plan/waves/csv.ts';
import { SEPARATORS } from '../../../../migration-core/base/csv-table.ts';
import { randomInput } from '../estates-at-random.ts';
import { seeded } from '../../../support/tools.ts';

const ROUNDS = 40;
const inputs = (): WavesInput[] => {
  const random = seeded(77);
  return Array.from({ length: ROUNDS }, () => randomInput(random));
};

describe('every plan of waves', () => {
  it('has every server once, in a wave or outside with a reason', () => {
    for (const input of inputs()) {
      const { waves, outside } = planWaves(input);
      const all = [
        ...waves.flatMap(({ members }) => members.map(({ server }) => server)),
        ...outside.map(({ server }) => server),
      ];
      expect(all.sort((a, b) => a - b)).toEqual(input.facts.map(({ id }) => id));
      for (const { why } of outside) expect(why).toMatch(/^\p{L}.{10,}\.$/su);
      for (const wave of waves)
        for (const { priority } of wave.members) expect(priority >= 0 && priority <= 100).toBe(true);
      expect(waves.map(({ number }) => number)).toEqual(
        [...new Set(waves.map(({ number }) => number))].sort((a, b) => a - b),
      );
    }
  });

  it('breaks no condition but where there is no way to keep it', () => {
    for (const input of inputs()) {
      const { problems } = planWaves(input);
      const known =
        /never share a wave|depend on each other in a circle|They make up the application|No night is left|lies in a freeze|steps over|takes \d+ nights|the first of production, has/u;
      expect(problems.filter((text) => !known.test(text))).toEqual([]);
    }
  });

  it('never mixes production, keeps waves small and what is needed before', () => {
    for (const input of inputs()) {
      const plan = planWaves(input);
      const waveOf = assignmentOf(plan);
      const of = new Map(input.facts.map((one) => [one.id, one]));
      const production = (id: number): boolean =>
        [undefined, 'production', 'disaster-recovery'].includes(of.get(id)!.annotations.environment);
      for (const { members } of plan.waves) {
        expect(new Set(members.map(({ server }) => production(server))).size).toBeLessThan(2);
        expect(members.length).toBeLessThanOrEqual(50);
      }
      for (const [id, wave] of waveOf) {
        for (const name of of.get(id)!.annotations.dependsOn ?? []) {
          const needed = input.facts.filter((one) => one.name === name);
          const other = needed.length === 1 ? needed[0]!.id : id;
          if (!waveOf.has(other) || production(id) !== production(other)) continue;
          if (plan.problems.some((text) => text.includes('in a circle'))) continue;
          expect(waveOf.get(other)).toBeLessThanOrEqual(wave);
        }
      }
    }
  });

  it('is the same twice, whatever the order the servers come in', () => {
    for (const input of inputs().slice(0, 20)) {
      const first = JSON.stringify(planWaves(input));
      expect(JSON.stringify(planWaves(input))).toBe(first);
      const { notes, ...plan } = planWaves({ ...input, facts: [...input.facts].reverse() });
      const { notes: before, ...same } = JSON.parse(first) as ReturnType<typeof planWaves>;
      expect(JSON.parse(JSON.stringify(plan))).toEqual(same);
      expect([...notes!].sort()).toEqual([...before!].sort());
    }
  });

  it('comes back from its table as it was', () => {
    for (const [at, input] of inputs().entries()) {
      const plan = planWaves(input);
      const notes = new Map(
        input.facts.slice(0, 5).map(({ id }, n) => [id, ['=1+1', "'x", ' a\r\nb;"c",', '\ufeff', 'ok'][n]!]),
      );
      const table = exportWaves(plan, { separator: SEPARATORS[at % 3]!, notes });
      const back = importWaves(Buffer.from(table), input);
      expect(back.problems).toEqual([]);
      expect(back.plan).toEqual(plan);
      expect(back.notes).toEqual(notes);
      expect(exportWaves(back.plan, { separator: SEPARATORS[at % 3]!, notes: back.notes })).toBe(table);
    }
  });

  it('keeps every edit, whatever it breaks', () => {
    const random = seeded(78);
    for (const input of inputs().slice(0, 30)) {
      const edited = new Map<number, number>();
      for (const { id } of input.facts) if (random() < 0.9) edited.set(id, Math.floor(random() * 8));
      const table = exportWaves(rebuildWaves(input, edited));
      const back = importWaves(Buffer.from(table), input);
      expect(back.waveOf).toEqual(edited);
      expect(assignmentOf(back.plan)).toEqual(new Map([...edited].sort(([a], [b]) => a - b || 0)));
      expect(back.problems).toEqual([]);
      expect(back.plan).toEqual(rebuildWaves(input, edited));
    }
  });
});
