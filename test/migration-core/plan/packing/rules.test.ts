import { describe, expect, it } from 'vitest';
import { pack } from '../../../../migration-core/plan/packing/pack.ts';
import type {
  HostClass,
  PackingItem,
  PackingProblem,
  PackingResult,
  PackingRules,
} from '../../../../migration-core/plan/packing/problem.ts';
import { faults } from '../../../support/packing.ts';
import { NO_RULES } from '../../../support/packing-problems.ts';

const OPTIONS = { seed: 1, rounds: 50 };

/** Two timed resources in four slots, one fixed; an item demands the same in each slot unless said otherwise. */
function item(key: string, cpu: number, more: Partial<PackingItem> = {}): PackingItem {
  const demand = Uint16Array.from([cpu, cpu, cpu, cpu, 10, 10, 10, 10]);
  return { key, demand, needs: [1], ...more };
}

const host = (key: string, more: Partial<HostClass> = {}): HostClass => ({
  key,
  count: Infinity,
  capacity: [100, 100],
  room: [100],
  cost: 1,
  ...more,
});

function plan(items: PackingItem[], hosts: HostClass[], rules: Partial<PackingRules> = {}): PackingResult {
  const problem: PackingProblem = {
    timed: 2,
    slots: 4,
    fixed: 1,
    items,
    hosts,
    rules: { ...NO_RULES, ...rules },
  };
  const result = pack(problem, OPTIONS);
  expect(faults(problem, result)).toEqual([]);
  return result;
}

const placed = (result: PackingResult): string[] => result.hosts.map(({ items }) => items.join('+')).sort();

describe('the time of demand', () => {
  it('lets two peaks of different hours share a host', () => {
    const day = { demand: Uint16Array.from([90, 90, 5, 5, 10, 10, 10, 10]) };
    const night = { demand: Uint16Array.from([5, 5, 90, 90, 10, 10, 10, 10]) };
    expect(placed(plan([item('day', 0, day), item('night', 0, night)], [host('h')]))).toEqual(['day+night']);
    expect(placed(plan([item('day', 0, day), item('also', 0, day)], [host('h')]))).toEqual(['also', 'day']);
  });

  it('counts what runs on a host already, slot by slot', () => {
    const load = { demand: Uint16Array.from([60, 0, 0, 0, 0, 0, 0, 0]), needs: [0] };
    const early = item('early', 0, { demand: Uint16Array.from([61, 0, 0, 0, 1, 1, 1, 1]) });
    const late = item('late', 0, { demand: Uint16Array.from([40, 100, 100, 100, 1, 1, 1, 1]) });
    const result = plan([early, late], [host('old', { count: 1, load, cost: 0 }), host('new')]);
    expect(result.hosts).toEqual([
      { host: 'old', items: ['late'] },
      { host: 'new', items: ['early'] },
    ]);
  });
});

describe('rules', () => {
  it('keeps segments on hosts of their own, and lets what has none join any', () => {
    const items = [item('a', 10, { segment: 'dmz' }), item('b', 10, { segment: 'lan' }), item('c', 10)];
    const result = plan(items, [host('h')]);
    expect(result.hosts).toHaveLength(2);
    expect(result.bound).toEqual({ hosts: 2, by: 'segments', resource: 0 });
    expect(placed(result).some((list) => list === 'a+c' || list === 'b+c')).toBe(true);
  });

  it('sends items to the classes they may go to, and fills the cheaper class first', () => {
    const items = [item('a', 60), item('b', 60, { hosts: ['dear'] }), item('c', 40)];
    const result = plan(items, [host('dear', { cost: 5 }), host('cheap', { cost: 2 })]);
    expect(result.hosts).toEqual([
      { host: 'dear', items: ['b'] },
      { host: 'cheap', items: ['a', 'c'] },
    ]);
  });

  it('keeps together what belongs together, through several lists', () => {
    const items = [item('a', 30), item('b', 30), item('c', 30), item('d', 70)];
    const together = [
      ['a', 'b'],
      ['b', 'c', 'gone'],
    ];
    expect(placed(plan(items, [host('h')], { together }))).toEqual(['a+b+c', 'd']);
  });

  it('keeps apart what shall not fail at once', () => {
    const result = plan([item('a', 10), item('b', 10), item('c', 10)], [host('h')], {
      apart: [['a', 'b', 'c']],
    });
    expect(placed(result)).toEqual(['a', 'b', 'c']);
    expect(result.bound).toEqual({ hosts: 3, by: 'pairs', resource: 0 });
  });

  it('keeps a licence group on few hosts although others are larger', () => {
    const small = ['a', 'b', 'c', 'd'].map((key) => item(key, 25));
    const large = ['p', 'q', 'r', 's'].map((key) => item(key, 70));
    const rules = { gathered: [{ items: ['a', 'b', 'c', 'd'], hosts: 1 }] };
    expect(placed(plan([...large, ...small], [host('h')], rules))).toEqual(['a+b+c+d', 'p', 'q', 'r', 's']);
  });
});

describe('what finds no place', () => {
  const why = (result: PackingResult): unknown =>
    Object.fromEntries(result.unplaced.map((u) => [u.item, u.why]));

  it('is too large: of the class that comes closest, the worst resource and its slot', () => {
    const peak = { demand: Uint16Array.from([10, 10, 300, 10, 120, 1, 1, 1]) };
    const classes = [host('tiny', { capacity: [10, 10] }), host('large', { capacity: [200, 200] })];
    expect(why(plan([item('big', 0, peak)], classes))).toEqual({
      big: { kind: 'too-large', resource: 0, slot: 2, demand: 300, room: 200 },
    });
    expect(why(plan([item('disk', 5, { needs: [101] })], [host('h')]))).toEqual({
      disk: { kind: 'too-large', resource: 2, slot: 0, demand: 101, room: 100 },
    });
    expect(why(plan([item('any', 5)], [host('h', { capacity: [0, 100] })]))).toEqual({
      any: { kind: 'too-large', resource: 0, slot: 0, demand: 5, room: 0 },
    });
  });

  it('has no host: none named, none of that name, none of that class', () => {
    const classes = [host('h'), host('sold', { count: 0 })];
    const items = [
      item('a', 5, { hosts: [] }),
      item('b', 5, { hosts: ['x'] }),
      item('c', 5, { hosts: ['sold'] }),
    ];
    const none = { kind: 'no-host' };
    expect(why(plan(items, classes))).toEqual({ a: none, b: none, c: none });
    expect(why(plan([item('a', 5)], []))).toEqual({ a: none });
  });

  it('finds the given hosts full: the resource that is short', () => {
    const items = [item('a', 70), item('b', 60), item('c', 20)];
    expect(why(plan(items, [host('h', { count: 1 })]))).toEqual({ b: { kind: 'hosts-full', resource: 0 } });
    const disks = [item('a', 1, { needs: [60] }), item('b', 1, { needs: [50] })];
    expect(why(plan(disks, [host('h', { count: 1 })]))).toEqual({ b: { kind: 'hosts-full', resource: 2 } });
    const load = { demand: Uint16Array.from([95, 0, 0, 0, 0, 0, 0, 0]), needs: [0] };
    expect(why(plan([item('a', 10)], [host('old', { count: 1, load })]))).toEqual({
      a: { kind: 'hosts-full', resource: 0 },
    });
  });

  it('is together with what it must be apart from', () => {
    const items = ['a', 'b', 'c', 'd'].map((key) => item(key, 5));
    const rules = { together: [['a', 'b', 'c']], apart: [['c', 'a']] };
    expect(why(plan(items, [host('h')], rules))).toEqual({
      a: { kind: 'rules', rule: 'apart', with: ['c'] },
      b: { kind: 'rules', rule: 'together', with: ['a', 'c'] },
      c: { kind: 'rules', rule: 'apart', with: ['a'] },
    });
  });

  it('is together with what is of another segment', () => {
    const items = [item('a', 5, { segment: 'x' }), item('b', 5, { segment: 'y' }), item('c', 5)];
    expect(why(plan(items, [host('h')], { together: [['a', 'b', 'c']] }))).toEqual({
      a: { kind: 'rules', rule: 'segment', with: ['b'] },
      b: { kind: 'rules', rule: 'segment', with: ['a'] },
      c: { kind: 'rules', rule: 'together', with: ['a', 'b'] },
    });
  });

  it('is together with more than a host holds, with what has no host, or with what goes elsewhere', () => {
    const together = [['a', 'b']];
    const both = {
      a: { kind: 'rules', rule: 'together', with: ['b'] },
      b: { kind: 'rules', rule: 'together', with: ['a'] },
    };
    expect(why(plan([item('a', 60), item('b', 60)], [host('h')], { together }))).toEqual(both);
    const pinned = [item('a', 6, { hosts: ['g'] }), item('b', 6, { hosts: ['h'] })];
    expect(why(plan(pinned, [host('g'), host('h')], { together }))).toEqual(both);
    expect(why(plan([item('a', 101), item('b', 6)], [host('h')], { together }))).toEqual({
      a: { kind: 'too-large', resource: 0, slot: 0, demand: 101, room: 100 },
      b: { kind: 'rules', rule: 'together', with: ['a'] },
    });
  });

  it('does not overflow where sums are larger than 32 bits', () => {
    const most = 2 ** 31 - 1;
    const huge = (key: string): PackingItem => ({
      key,
      demand: Uint32Array.from([most, 0, 0, 0, 0, 0, 0, 0]),
      needs: [0],
    });
    const classes = [host('h', { capacity: [most, most] })];
    const keys = ['a', 'b', 'c'];
    expect(placed(plan(keys.map(huge), classes))).toEqual(keys);
    expect(plan(keys.map(huge), classes, { together: [keys] }).unplaced).toHaveLength(3);
  });

  it('is of a group that does not fit its hosts, or that may have none', () => {
    const items = [item('a', 60), item('b', 60), item('c', 60)];
    const group = (hosts: number) => ({ gathered: [{ items: ['a', 'b', 'c'], hosts }] });
    const [left, ...more] = plan(items, [host('h')], group(2)).unplaced;
    expect(more).toEqual([]);
    const others = ['a', 'b', 'c'].filter((key) => key !== left?.item);
    expect(left?.why).toEqual({ kind: 'rules', rule: 'gathered', with: others });
    expect(Object.keys(why(plan(items, [host('h')], group(0))) as object)).toEqual(['a', 'b', 'c']);
  });

  it('finds only hosts with room that a rule closes', () => {
    const one = [host('h', { count: 1 })];
    expect(why(plan([item('a', 20), item('b', 10)], one, { apart: [['a', 'b']] }))).toEqual({
      b: { kind: 'rules', rule: 'apart', with: ['a'] },
    });
    const zones = [item('a', 20, { segment: 'x' }), item('b', 10, { segment: 'y' })];
    expect(why(plan(zones, one))).toEqual({ b: { kind: 'rules', rule: 'segment', with: ['a'] } });
  });
});
