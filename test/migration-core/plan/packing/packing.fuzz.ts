import { expect, it } from 'vitest';
import { balance } from '../../../../migration-core/plan/packing/balance.ts';
import { pack } from '../../../../migration-core/plan/packing/pack.ts';
import type { PackedHost, PackingProblem } from '../../../../migration-core/plan/packing/problem.ts';
import { faults } from '../../../support/packing.ts';
import { randomProblem } from '../../../support/packing-problems.ts';
import { takeoverOf } from '../../../support/takeover.ts';
import { seeded } from '../../../support/tools.ts';

/** The largest share of a timed resource of any host in any slot; what runs there already counts. */
function fullest(problem: PackingProblem, hosts: readonly PackedHost[]): number {
  const { items, timed, slots } = problem;
  let most = 0;
  for (const { host, items: keys } of hosts) {
    const kind = problem.hosts.find(({ key }) => key === host)!;
    const there = items.filter(({ key }) => keys.includes(key));
    for (let at = 0; at < timed * slots; at++) {
      const sum = there.reduce((all, { demand }) => all + demand[at]!, kind.load?.demand[at] ?? 0);
      const room = kind.capacity[Math.floor(at / slots)]!;
      most = Math.max(most, sum === 0 ? 0 : sum / room);
    }
  }
  return most;
}

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 500);

it(`keeps all rules and loses no item in ${CASES} problems with rules at random`, () => {
  for (let seed = 1; seed <= CASES; seed++) {
    const random = seeded(seed);
    const problem = randomProblem(random, {
      items: Math.floor(random() * 30),
      timed: Math.floor(random() * 3),
      slots: 1 + Math.floor(random() * 40),
      fixed: Math.floor(random() * 3),
      classes: Math.floor(random() * 5),
      finite: random() < 0.5,
      rules: true,
    });
    const options = { seed, rounds: 40 };
    const result = pack(problem, options);
    expect(faults(problem, result), `seed ${seed}`).toEqual([]);
    expect(pack(problem, options), `seed ${seed} again`).toEqual(result);

    const even = balance(problem, result.hosts);
    expect(faults(problem, { ...result, hosts: even }), `seed ${seed} evened out`).toEqual([]);
    expect(even).toHaveLength(result.hosts.length);
    expect(fullest(problem, even), `seed ${seed} evened out`).toBeLessThanOrEqual(
      fullest(problem, result.hosts),
    );
    expect(balance(problem, result.hosts)).toEqual(even);

    const ask = takeoverOf(problem, result);
    for (const lost of result.hosts.keys()) {
      const { moved, left } = ask(lost);
      const hosts = result.hosts.map(({ host, items }, index) => ({
        host,
        items: index === lost ? [] : [...items, ...moved.filter((m) => m.host === index).map((m) => m.item)],
      }));
      expect([...moved.map(({ item }) => item), ...left].sort(), `seed ${seed} without ${lost}`).toEqual(
        result.hosts[lost]!.items.toSorted(),
      );
      const after = {
        ...result,
        hosts: hosts.filter(({ items }) => items.length > 0),
        unplaced: [...result.unplaced, ...left.map((item) => ({ item, why: { kind: 'no-host' as const } }))],
      };
      expect(faults(problem, after), `seed ${seed} without ${lost}`).toEqual([]);
    }
  }
});
