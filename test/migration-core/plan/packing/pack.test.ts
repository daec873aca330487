import { describe, expect, it } from 'vitest';
import { lowerBound } from '../../../../migration-core/plan/packing/bounds.ts';
import { roundsFor } from '../../../../migration-core/plan/packing/effort.ts';
import { pack } from '../../../../migration-core/plan/packing/pack.ts';
import { prepare } from '../../../../migration-core/plan/packing/prepare.ts';
import type { PackingProblem } from '../../../../migration-core/plan/packing/problem.ts';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { faults } from '../../../support/packing.ts';
import { NO_RULES, randomProblem } from '../../../support/packing-problems.ts';
import { seeded } from '../../../support/tools.ts';

/** Items with demand by day or night in one resource, and the whole week in the other. */
function estate(items: number, slots = 1008): PackingProblem {
  const random = seeded(items);
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    timed: 2,
    slots,
    fixed: 1,
    items: Array.from({ length: items }, (_, index) => {
      const demand = new Uint16Array(2 * slots);
      const [base, peak, phase, memory] = [below(500), below(4000), below(144), 200 + below(3000)];
      for (let slot = 0; slot < slots; slot++) {
        demand[slot] = base + ((slot + phase) % 144 < 50 ? peak : 0) + below(200);
        demand[slots + slot] = memory;
      }
      return { key: `server-${index}`, demand, needs: [1] };
    }),
    hosts: [{ key: 'host', count: Infinity, capacity: [20_000, 40_000], room: [40], cost: 1 }],
    rules: NO_RULES,
  };
}

describe('plans', () => {
  it('are the same for every order of items and rules, and differ by seed only', () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = seeded(seed);
      const problem = randomProblem(random, { items: 25, slots: 20, classes: 3, rules: true });
      const shuffled: PackingProblem = {
        ...problem,
        items: problem.items.toReversed(),
        rules: {
          together: problem.rules.together.map((keys) => keys.toReversed()).reverse(),
          apart: problem.rules.apart.map((keys) => keys.toReversed()),
          gathered: problem.rules.gathered.map((group) => ({ ...group, items: group.items.toReversed() })),
        },
      };
      const options = { seed: 7, rounds: 60 };
      const plan = (of: PackingProblem): unknown => {
        const { hosts, unplaced, bound } = pack(of, options);
        return {
          bound,
          hosts: hosts.map(({ host, items }) => `${host}: ${items.toSorted().join(' ')}`),
          unplaced: unplaced.toSorted((a, b) => (a.item < b.item ? -1 : 1)),
        };
      };
      expect(plan(shuffled), `seed ${seed}`).toEqual(plan(problem));
    }
  });

  it('add up week by week, where sums of peaks would take more hosts', () => {
    const problem = estate(120);
    const result = pack(problem, { seed: 1, rounds: 40 });
    expect(faults(problem, result)).toEqual([]);
    expect(result.unplaced).toEqual([]);
    const peaks = {
      ...problem,
      slots: 1,
      items: problem.items.map((item) => ({
        ...item,
        demand: Uint32Array.from([Math.max(...item.demand.slice(0, 1008)), item.demand[1008]!]),
      })),
    };
    expect(result.hosts.length).toBeLessThan(pack(peaks, { seed: 1, rounds: 40 }).hosts.length);
    expect(result.bound.hosts).toBeLessThanOrEqual(result.hosts.length);
  });

  it('get better with more rounds, never worse', () => {
    const random = seeded(5);
    const problem: PackingProblem = {
      ...estate(0, 1),
      items: Array.from({ length: 150 }, (_, index) => ({
        key: `${index}`,
        demand: Uint16Array.from({ length: 2 }, () => 5 + Math.floor(random() * 35)),
        needs: [5 + Math.floor(random() * 35)],
      })),
      hosts: [{ key: 'host', count: Infinity, capacity: [100, 100], room: [100], cost: 1 }],
    };
    const hosts = [0, 200, 5000].map((rounds) => pack(problem, { seed: 1, rounds }).hosts.length);
    expect(hosts).toEqual(hosts.toSorted((a, b) => b - a));
    expect(hosts[2]).toBeLessThan(hosts[0]!);
  });

  it('of nothing are empty', () => {
    const problem = { ...estate(0), hosts: [] };
    expect(pack(problem, { seed: 1, rounds: 5 })).toEqual({
      hosts: [],
      unplaced: [],
      bound: { hosts: 0, by: 'sum', resource: 0 },
    });
    const bare = { timed: 0, slots: 1, fixed: 0, rules: NO_RULES };
    const item = { key: 'a', demand: new Uint16Array(0), needs: [] };
    const host = { key: 'h', count: 1, capacity: [], room: [], cost: 0 };
    expect(pack({ ...bare, items: [item], hosts: [host] }, { seed: 0, rounds: 5 }).hosts).toEqual([
      { host: 'h', items: ['a'] },
    ]);
  });

  it('tell how far they are, and stop when nobody wants them any more', () => {
    const problem = randomProblem(seeded(5), { items: 60, timed: 3, slots: 1 });
    const parts: number[] = [];
    pack(problem, { seed: 1, rounds: 300, onProgress: (part) => parts.push(part) });
    expect(parts.length).toBeGreaterThan(5);
    expect(parts).toEqual(parts.toSorted((a, b) => a - b));
    expect(parts.at(-1)).toBe(1);
    const stop = new AbortController();
    const options = { seed: 1, rounds: Infinity, signal: stop.signal, onProgress: () => stop.abort() };
    expect(() => pack(problem, options)).toThrow('The job was cancelled.');
  });
});

describe('malformed problems', () => {
  const good = estate(2, 4);
  const code = (problem: PackingProblem): string => {
    try {
      pack(problem, { seed: 1, rounds: 0 });
    } catch (error) {
      if (isIronliftError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
    return 'none';
  };
  const [first] = good.items;
  const [host] = good.hosts;

  it('are refused before anything is computed', () => {
    const begin = 'INTERNAL: The packing problem is not well formed: it has ';
    expect(code(good)).toBe('none');
    expect(code({ ...good, items: [first!, first!] })).toBe(`${begin}the key "server-0" twice.`);
    expect(code({ ...good, items: [{ ...first!, needs: [] }] })).toBe(
      `${begin}item "server-0" with 8 and 0 values instead of 8 and 1.`,
    );
    expect(code({ ...good, items: [{ ...first!, needs: [NaN] }] })).toBe(
      `${begin}item "server-0" with values that are not whole numbers.`,
    );
    expect(code({ ...good, hosts: [{ ...host!, capacity: [2 ** 31, 1] }] })).toBe(
      `${begin}host "host" with values that are not whole numbers up to 2147483647.`,
    );
    expect(code({ ...good, hosts: [{ ...host!, count: 1.5 }] })).toBe(
      `${begin}host "host" with a count of 1.5.`,
    );
    expect(code({ ...good, hosts: [{ ...host!, cost: NaN }] })).toBe(
      `${begin}host "host" with a cost of NaN.`,
    );
    const gathered = [{ items: [], hosts: 0.5 }];
    expect(code({ ...good, rules: { ...NO_RULES, gathered } })).toBe(
      `${begin}a group that is gathered on 0.5 hosts.`,
    );
    const load = { demand: new Uint16Array(8), needs: [0] };
    expect(code({ ...good, hosts: [{ ...host!, load }] })).toBe(
      `${begin}host "host" with a load and a count of Infinity.`,
    );
    expect(code({ ...good, slots: 0 })).toBe(`${begin}2 timed and 1 fixed resources in 0 slots.`);
    expect(code({ ...good, slots: 1e6 })).toBe(
      'ASSESSMENT_IMPOSSIBLE: A plan of 2 machines on 1 kinds of hosts, with 3 resources in 1000000 slots, is larger than can be computed.',
    );
  });
});

describe('restrictions without end', () => {
  it('are refused where their tables would not fit', () => {
    const hosts = Array.from({ length: 20_000 }, (_, index) => ({
      key: `h${index}`,
      count: 1,
      capacity: [],
      room: [],
      cost: 0,
    }));
    const items = Array.from({ length: 14_000 }, (_, index) => ({
      key: `i${index}`,
      demand: new Uint16Array(0),
      needs: [],
      hosts: [`h${index}`],
    }));
    expect(() =>
      pack({ timed: 0, slots: 1, fixed: 0, items, hosts, rules: NO_RULES }, { seed: 1, rounds: 0 }),
    ).toThrow(
      'Machines are restricted to hosts in more than 13422 different ways, on 20000 hosts: that is more than can be computed.',
    );
  });
});

describe('bounds and effort', () => {
  it('counts the busiest slot, not the sum of peaks', () => {
    const of = (values: number[][]): unknown =>
      lowerBound(
        prepare({
          ...estate(0, 2),
          timed: 1,
          fixed: 0,
          hosts: [{ key: 'h', count: Infinity, capacity: [100], room: [], cost: 1 }],
          items: values.map((demand, index) => ({
            key: `${index}`,
            demand: Uint16Array.from(demand),
            needs: [],
          })),
        }),
      );
    const sum = (hosts: number) => ({ hosts, by: 'sum', resource: 0 });
    expect(of([])).toEqual(sum(0));
    expect(of([[0, 0]])).toEqual(sum(1));
    expect(
      of([
        [40, 0],
        [40, 0],
        [0, 90],
        [20, 10],
      ]),
    ).toEqual(sum(1));
    expect(
      of([
        [40, 0],
        [40, 0],
        [0, 90],
        [21, 10],
      ]),
    ).toEqual(sum(2));
    expect(
      of([
        [51, 0],
        [52, 0],
        [53, 60],
        [0, 41],
      ]),
    ).toEqual({ hosts: 3, by: 'pairs', resource: 0 });
  });

  it('grows with the problem and with the effort', () => {
    const rounds = [100, 1000].map((items) => roundsFor(estate(items, 8), 'normal'));
    expect(rounds[1]).toBeGreaterThan(rounds[0]!);
    const of = (slots: number) => roundsFor(estate(10, slots), 'normal');
    expect(of(1)).toBeGreaterThan(of(1008));
    const efforts = (['quick', 'normal', 'thorough'] as const).map((effort) => roundsFor(estate(10), effort));
    expect(efforts).toEqual(efforts.toSorted((a, b) => a - b));
    expect(efforts[0]).toBeGreaterThan(0);
  });
});
