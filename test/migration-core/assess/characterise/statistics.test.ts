import { describe, expect, it } from 'vitest';
import {
  median,
  percentiles,
  statisticOf,
  theilSen,
} from '../../../../migration-core/assess/characterise/statistics.ts';
import { percentile } from '../../../../migration-core/store/rollup/series-rollup.ts';
import { seeded } from '../../../support/tools.ts';

const PERMILLE = [0, 1, 50, 500, 900, 950, 990, 999, 1000];

describe('percentiles', () => {
  it('are those of the sorted column, whatever its order', () => {
    const random = seeded(1);
    const orders: ((i: number, n: number) => number)[] = [
      () => random(),
      () => Math.floor(random() * 4),
      (i) => i,
      (i, n) => n - i,
      () => 7,
      (i, n) => Math.min(i, n - i),
      (i) => (i % 2 === 0 ? i : -i),
    ];
    for (const n of [1, 2, 3, 25, 100, 288, 999, 1000, 8640])
      for (const order of orders) {
        const values = Float64Array.from({ length: n }, (_, i) => order(i, n));
        const sorted = values.slice().sort();
        const expected = PERMILLE.map((p) => sorted[Math.max(1, Math.ceil((p * n) / 1000)) - 1]!);
        expect(percentiles(values.slice(), PERMILLE)).toEqual(expected);
        expect(percentile(sorted, 95)).toBe(expected[5]);
        expect(median(values)).toBe(sorted[(n - 1) >> 1]);
      }
  });

  it('are found fast in an order made to be slow', () => {
    // Each half of the search meets its pivots in the worst place: without a way out this takes minutes.
    const n = 400_000;
    const values = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? i : n - i) ^ (i >> 3));
    const sorted = values.slice().sort();
    expect(percentiles(values, [500, 999])).toEqual([sorted[n / 2 - 1], sorted[(n * 999) / 1000 - 1]]);
  });
});

describe('statistics', () => {
  const ramp = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => n - i);

  it('nearest rank: the 951st of 1001 for p95', () => {
    expect(statisticOf(ramp(1001), 5000, 2002)).toEqual({
      mean: 501,
      p50: 501,
      p90: 901,
      p95: 951,
      p99: 991,
      p999: 1000,
      maximum: 5000,
      slots: 1001,
      coverage: 0.5,
      p95IsMaximum: false,
      p99IsMaximum: false,
    });
  });

  it('of too few slots the percentile is the maximum of the slots', () => {
    expect(statisticOf(ramp(287), 400, 287)).toMatchObject({
      p90: 259,
      p95: 287,
      p99: 287,
      p95IsMaximum: true,
    });
    expect(statisticOf(ramp(288), 400, 288)).toMatchObject({ p95: 274, p99: 288, p99IsMaximum: true });
    expect(statisticOf(ramp(999), 1000, 999)).toMatchObject({ p99: 999, p999: 999 });
    expect(statisticOf(ramp(1000), 1000, 1000)).toMatchObject({ p99: 990, p999: 999, p99IsMaximum: false });
    expect(statisticOf(new Float64Array(), 0, 10)).toBeNull();
  });
});

describe('Theil-Sen', () => {
  it('finds the slope that a third of outliers cannot turn', () => {
    const days = Float64Array.from({ length: 30 }, (_, day) => (day % 4 === 3 ? 1e6 : 10 + 0.5 * day));
    expect(theilSen(days)).toBeCloseTo(0.5, 10);
    days[4] = Number.NaN;
    expect(theilSen(days)).toBeCloseTo(0.5, 10);
    expect(theilSen(Float64Array.of(1))).toBeNaN();
  });
});
