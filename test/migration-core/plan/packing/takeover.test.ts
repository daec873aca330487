import { describe, expect, it } from 'vitest';
import type {
  PackingItem,
  PackingProblem,
  PackingResult,
} from '../../../../migration-core/plan/packing/problem.ts';
import { NO_RULES } from '../../../support/packing-problems.ts';
import { takeoverOf } from '../../../support/takeover.ts';

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

const planned = (...hosts: string[][]): Pick<PackingResult, 'hosts'> => ({
  hosts: hosts.map((items) => ({ host: 'h', items })),
});

describe('a failover', () => {
  it('finds room hour by hour, and names what finds none', () => {
    const items = [item('a', 60, 10), item('b', 10, 60), item('c', 50, 10), item('d', 10, 60)];
    const ask = takeoverOf(problem(items), planned(['a', 'd'], ['b'], ['c']));
    expect(ask(1)).toEqual({ left: [], moved: [{ item: 'b', host: 2 }], certain: true });
    expect(ask(2)).toEqual({ left: [], moved: [{ item: 'c', host: 1 }], certain: true });
    expect(ask(0)).toEqual({
      left: [],
      moved: [
        { item: 'a', host: 1 },
        { item: 'd', host: 2 },
      ],
      certain: true,
    });
    // One of a and d would fit were it alone: first fit says so and leaves the last word to the search.
    expect(ask(0, 1)).toEqual({ left: ['a', 'd'], moved: [{ item: 'b', host: 2 }], certain: false });
    expect(ask(0, 1, 2).left).toEqual(['a', 'b', 'c', 'd']);
    // Questions leave no trace.
    expect(ask(1)).toEqual({ left: [], moved: [{ item: 'b', host: 2 }], certain: true });
  });

  it('may load hosts higher, or lower, than the plan does, and is certain of what fits no host alone', () => {
    const items = [item('a', 60, 60), item('b', 45, 45)];
    const plan = planned(['a'], ['b']);
    const leftWith = (capacity: number) => {
      const classes = [{ key: 'h', count: Infinity, capacity: [capacity], room: [10], cost: 1 }];
      const { left, certain } = takeoverOf(problem(items), plan, { classes })(0);
      return [left, certain];
    };
    expect(leftWith(100)).toEqual([['a'], true]);
    expect(leftWith(105)).toEqual([[], true]);
    // Larger than any host is there: what else might be done for it is not for first fit to say.
    expect(leftWith(50)).toEqual([['a'], false]);
  });

  it('keeps the rules', () => {
    const items = [item('a', 10, 10), item('b', 10, 10), item('c', 10, 10, { segment: 'x' })];
    const apart = problem(items, { rules: { ...NO_RULES, apart: [['a', 'b']] } });
    expect(takeoverOf(apart, planned(['a'], ['b']))(0)).toMatchObject({ left: ['a'], certain: true });
    expect(takeoverOf(apart, planned(['a'], ['b'], ['c']))(0).moved).toEqual([{ item: 'a', host: 2 }]);
    const segments = problem([item('a', 10, 10, { segment: 'y' }), ...items.slice(1)]);
    expect(takeoverOf(segments, planned(['a'], ['c'], ['b']))(0).moved).toEqual([{ item: 'a', host: 2 }]);
    // Licensed is the host that is lost as well, so that no other becomes one of two.
    const gathered = (hosts: number) =>
      problem(items, { rules: { ...NO_RULES, gathered: [{ items: ['a', 'b'], hosts }] } });
    expect(takeoverOf(gathered(1), planned(['a', 'b'], ['c']))(0).left).toEqual(['a', 'b']);
    expect(takeoverOf(gathered(2), planned(['a'], ['c'], ['b']))(0).moved).toEqual([{ item: 'a', host: 2 }]);
    const together = problem([item('a', 60, 0), item('b', 20, 0), item('c', 30, 0)], {
      rules: { ...NO_RULES, together: [['a', 'b']] },
    });
    expect(takeoverOf(together, planned(['a', 'b'], ['c']))(0)).toMatchObject({
      left: ['a', 'b'],
      certain: false,
    });
  });

  it('leaves room for what runs there already, uses hosts that stand by, and asks no place for what stays', () => {
    const load = { demand: Uint16Array.from([50, 50]), needs: [1] };
    const given = problem([item('a', 60, 60), item('b', 60, 60, { hosts: ['g', 's'] })], {
      hosts: ['h', 'g', 's'].map((key) => ({
        key,
        count: 1,
        capacity: [120],
        room: [10],
        cost: 0,
        ...(key === 'g' ? { load } : {}),
      })),
    });
    const hosts = [
      { host: 'h', items: ['a'] },
      { host: 'g', items: ['b'] },
    ];
    expect(takeoverOf(given, { hosts })(0)).toMatchObject({ left: ['a'], certain: true });
    // It may go to g and s only.
    expect(takeoverOf(given, { hosts })(1)).toMatchObject({ left: ['b'] });
    const standing = { hosts: [...hosts, { host: 's', items: [] }] };
    expect(takeoverOf(given, standing)(0).moved).toEqual([{ item: 'a', host: 2 }]);
    expect(takeoverOf(given, standing)(1).moved).toEqual([{ item: 'b', host: 2 }]);
    expect(takeoverOf(given, standing, { stays: ['a'] })(0)).toEqual({ left: [], moved: [], certain: true });
  });
});
