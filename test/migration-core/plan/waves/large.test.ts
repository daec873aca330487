/** Large estates and absurd calendars: an answer, and soon. */
import { describe, expect, it } from 'vitest';
import {
  planWaves,
  rebuildWaves,
  type WavesInput,
} from '../../../../migration-core/plan/waves/plan-waves.ts';
import { exportWaves, importWaves } from '../../../../migration-core/plan/waves/csv.ts';
import { randomInput } from '../estates-at-random.ts';
import { seeded } from '../../../support/tools.ts';
import { GIB, type ServerShape } from '../estates.ts';
import { inputOf } from './input.ts';

const HOT: ServerShape = {
  annotations: { criticality: 'normal', environment: 'production' },
  method: 'p2v-hot',
  copyBytes: 900 * GIB,
};

describe('an estate of thousands', () => {
  it('is planned, written and read back within seconds', () => {
    let input: WavesInput;
    const random = seeded(3);
    do input = randomInput(random, 2000);
    while (input.facts.length < 1500);
    const start = process.cpuUsage();
    const plan = planWaves(input);
    const back = importWaves(Buffer.from(exportWaves(plan)), input);
    const { user, system } = process.cpuUsage(start);
    expect(back.waveOf.size).toBeGreaterThan(500);
    expect(back.plan).toEqual(plan);
    console.log(
      `${input.facts.length} servers planned three times: ${Math.round((user + system) / 1000)} ms`,
    );
    expect((user + system) / 1e6).toBeLessThan(10);
  });

  it('may be put into one wave by hand', () => {
    const input = inputOf({ servers: Array.from({ length: 2000 }, () => HOT) });
    const plan = rebuildWaves(input, new Map(input.facts.map(({ id }) => [id, 1])));
    expect(plan.waves[1]!.members).toHaveLength(2000);
    expect(plan.problems[0]).toBe(
      'Wave 1, the first of production, has 2000 servers, more than the 10 it should begin with.',
    );
  });
});

describe('an absurd calendar', () => {
  it.each([
    { copyBytesPerSecond: 1e-300 },
    { copyBytesPerSecond: 1e300 },
    { windowHours: 1e-9 },
    { windowHours: 1e300 },
    {
      nightsPerWave: Number.MAX_SAFE_INTEGER,
      copies: Number.MAX_SAFE_INTEGER,
      people: Number.MAX_SAFE_INTEGER,
    },
    { start: '9999-12-31' },
    { start: '0000-01-01' },
    { start: '2027-01-01', freezes: [{ from: '0000-01-01', to: '9999-12-31' }] },
    {
      start: '2027-01-01',
      freezes: Array.from({ length: 3000 }, () => ({ from: '2027-01-01', to: '2027-03-01' })),
    },
  ])('has an answer (%#)', (calendar) => {
    const plan = planWaves(
      inputOf({ servers: Array.from({ length: 30 }, () => HOT), scenario: { calendar } }),
    );
    const moved = plan.waves.flatMap(({ members }) => members).length;
    expect(moved + plan.outside.length).toBe(30);
    for (const { copyMinutes, testMinutes } of plan.waves) {
      expect(Number.isSafeInteger(copyMinutes)).toBe(true);
      expect(Number.isSafeInteger(testMinutes)).toBe(true);
    }
    for (const text of plan.problems) expect(text).not.toMatch(/NaN|undefined|Infinity/u);
  });
});
