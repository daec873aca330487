import { describe, expect, it } from 'vitest';
import { pack } from '../../../../migration-core/plan/packing/pack.ts';
import type { PackingProblem, PackingResult } from '../../../../migration-core/plan/packing/problem.ts';
import { faults } from '../../../support/packing.ts';
import { randomProblem, tryAll, type Best, type Recipe } from '../../../support/packing-problems.ts';
import { seeded } from '../../../support/tools.ts';

const measured = (problem: PackingProblem, result: PackingResult): Best => ({
  unplaced: result.unplaced.length,
  cost: result.hosts.reduce((sum, { host }) => sum + problem.hosts.find(({ key }) => key === host)!.cost, 0),
  hosts: result.hosts.length,
});

function compare(recipe: Recipe, cases: number): { equal: number; worse: string[] } {
  let equal = 0;
  const worse: string[] = [];
  for (let seed = 0; seed < cases; seed++) {
    const problem = randomProblem(seeded(seed), recipe);
    const result = pack(problem, { seed: 1, rounds: 300 });
    expect(faults(problem, result), `seed ${seed}`).toEqual([]);
    const best = tryAll(problem);
    const ours = measured(problem, result);
    // Nobody beats trying all: if we do, the judge or the checker is wrong.
    expect(ours.unplaced, `seed ${seed}`).toBeGreaterThanOrEqual(best.unplaced);
    if (best.unplaced === 0)
      expect(result.bound.hosts, `bound, seed ${seed}`).toBeLessThanOrEqual(best.hosts);
    if (JSON.stringify(ours) === JSON.stringify(best)) equal++;
    else worse.push(`seed ${seed}: ${JSON.stringify(ours)} instead of ${JSON.stringify(best)}`);
  }
  return { equal, worse };
}

describe('small problems, against trying all', () => {
  it('needs as few hosts as there are ways to', () => {
    expect(compare({ items: 8 }, 60).worse).toEqual([]);
    expect(compare({ items: 8, timed: 0, slots: 1, fixed: 3 }, 60).worse).toEqual([]);
    expect(compare({ items: 7, timed: 2, slots: 40, fixed: 1 }, 30).worse).toEqual([]);
  });

  it('places as many as possible on hosts of several kinds', () => {
    expect(compare({ items: 6, classes: 3, finite: true }, 60).worse).toEqual([]);
  });

  it('places as many as rules leave room for', () => {
    expect(compare({ items: 6, classes: 2, rules: true }, 100).worse).toEqual([]);
    expect(compare({ items: 7, rules: true }, 60).worse).toEqual([]);
  });
});
