import { describe, expect, it } from 'vitest';
import { repack, repacker } from '../../../../migration-core/plan/packing/repack.ts';
import type {
  PackingItem,
  PackingProblem,
  PackingResult,
} from '../../../../migration-core/plan/packing/problem.ts';
import { NO_RULES } from '../../../support/packing-problems.ts';

const item = (key: string, first: number, second: number, more: Partial<PackingItem> = {}): PackingItem => ({
  key,
  demand: Uint16Array.from([first, second]),
  needs: [1],
  ...more,
});

function problem(items: PackingItem[], more: Partial<PackingProblem> = {}): PackingProblem {
  return {
    timed: 1,
    slots: 2,
    fixed: 1,
    items,
    hosts: [{ key: 'h', count: Infinity, capacity: [100], room: [10], cost: 1 }],
    rules: NO_RULES,
    ...more,
  };
}

const planned = (...hosts: string[][]): PackingResult => ({
  hosts: hosts.map((items) => ({ host: 'h', items })),
  unplaced: [],
  bound: { hosts: 1, by: 'sum', resource: 0 },
});

describe('a failover', () => {
  it('finds room hour by hour, and names what finds none', () => {
    const items = [item('a', 60, 10), item('b', 10, 60), item('c', 50, 10), item('d', 10, 60)];
    const plan = planned(['a', 'd'], ['b'], ['c']);
    const ask = repacker(problem(items), plan);
    expect(ask([1])).toEqual({ unplaced: [], moved: [{ item: 'b', host: 2 }], stranded: [] });
    expect(ask([2])).toEqual({ unplaced: [], moved: [{ item: 'c', host: 1 }], stranded: [] });
    expect(ask([0])).toEqual({
      unplaced: [],
      moved: [
        { item: 'a', host: 1 },
        { item: 'd', host: 2 },
      ],
      stranded: [],
    });
    expect(ask([0, 1])).toMatchObject({ unplaced: ['a', 'd'], moved: [{ item: 'b', host: 2 }] });
    expect(ask([0, 1, 2]).unplaced).toEqual(['a', 'b', 'c', 'd']);
    // Questions leave no trace.
    expect(ask([1])).toEqual(repack(problem(items), plan, [1]));
  });

  it('may load hosts higher, or lower, than the plan does', () => {
    const items = [item('a', 60, 60), item('b', 45, 45)];
    const plan = planned(['a'], ['b']);
    const to = (capacity: number) => [
      { key: 'h', count: Infinity, capacity: [capacity], room: [10], cost: 1 },
    ];
    expect(repack(problem(items), plan, [0]).unplaced).toEqual(['a']);
    expect(repack(problem(items), plan, [0], to(105)).unplaced).toEqual([]);
    expect(repack(problem(items), plan, [0], to(50)).unplaced).toEqual(['a']);
  });

  it('keeps the rules', () => {
    const items = [item('a', 10, 10), item('b', 10, 10), item('c', 10, 10, { segment: 'x' })];
    const apart = problem(items, { rules: { ...NO_RULES, apart: [['a', 'b']] } });
    expect(repack(apart, planned(['a'], ['b']), [0]).unplaced).toEqual(['a']);
    expect(repack(apart, planned(['a'], ['b'], ['c']), [0]).moved).toEqual([{ item: 'a', host: 2 }]);
    const gathered = problem(items, { rules: { ...NO_RULES, gathered: [{ items: ['a', 'b'], hosts: 1 }] } });
    expect(repack(gathered, planned(['a', 'b'], ['c']), [0]).moved.map(({ host }) => host)).toEqual([1, 1]);
    const together = problem([item('a', 60, 0), item('b', 20, 0), item('c', 30, 0)], {
      rules: { ...NO_RULES, together: [['a', 'b']] },
    });
    expect(repack(together, planned(['a', 'b'], ['c']), [0]).unplaced).toEqual(['a', 'b']);
  });

  it('uses hosts that stand by where they are named, and says whose own load is lost', () => {
    const load = { demand: Uint16Array.from([50, 50]), needs: [1] };
    const given = problem([item('a', 60, 60), item('b', 60, 60)], {
      hosts: ['h', 'g', 's'].map((key) => ({
        key,
        count: 1,
        capacity: [120],
        room: [10],
        cost: 0,
        ...(key === 'g' ? { load } : {}),
      })),
    });
    const plan = {
      ...planned(),
      hosts: [
        { host: 'h', items: ['a'] },
        { host: 'g', items: ['b'] },
      ],
    };
    expect(repack(given, plan, [1])).toEqual({
      unplaced: [],
      moved: [{ item: 'b', host: 0 }],
      stranded: [1],
    });
    expect(repack(given, plan, [0]).unplaced).toEqual(['a']);
    const standing = { ...plan, hosts: [...plan.hosts, { host: 's', items: [] }] };
    expect(repack(given, standing, [0]).moved).toEqual([{ item: 'a', host: 2 }]);
  });

  it('refuses a plan of another problem', () => {
    const own = problem([item('a', 60, 60), item('b', 60, 60)]);
    const begin = 'The plan to be proved does not belong to its problem: it has ';
    expect(() => repacker(own, planned(['a'], ['x']))).toThrow(
      `${begin}an item that is not of the problem, or is there twice.`,
    );
    expect(() => repacker(own, planned(['a'], ['a']))).toThrow(
      `${begin}an item that is not of the problem, or is there twice.`,
    );
    expect(() => repacker(own, planned(['a', 'b']))).toThrow(
      `${begin}more on a host of class "h" than fits.`,
    );
    expect(() => repack(own, planned(['a'], ['b']), [2])).toThrow(`${begin}no host 2.`);
    const hosts = [{ host: 'z', items: ['a'] }];
    expect(() => repacker(own, { ...planned(), hosts })).toThrow(`${begin}a host of class "z".`);
  });
});
