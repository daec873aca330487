/** Machines are spread over the hosts that a plan has, and it never takes one more for that. */
import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../migration-core/plan/make-plan.ts';
import type { Plan } from '../../../migration-core/plan/model/plan.ts';
import { balance } from '../../../migration-core/plan/packing/balance.ts';
import { firstFit } from '../../support/first-fit.ts';
import { planRequest, type TestEstate } from '../../support/planning.ts';

const plan = (estate: TestEstate): Plan => makePlan(planRequest(estate), { ...firstFit, balance });
const machines = (...cpu: number[]): TestEstate['servers'] =>
  cpu.map((units, at) => ({ name: `m${at + 1}`, cpu: units }));
const loads = ({ hosts }: Plan): number[] => hosts.map(({ use }) => Math.round(use.cpu.peak * 100));

describe('an even plan', () => {
  // A host takes 69 units: first fit makes 60, 60 and 10 of them.
  const seven = { servers: machines(30, 30, 30, 10, 10, 10, 10), scenario: { failures: 0 } };

  it('has no nearly empty host beside full ones', () => {
    expect(loads(plan({ ...seven, scenario: { failures: 0, balance: false } }))).toEqual([60, 60, 10]);
    expect(loads(plan(seven)).toSorted((a, b) => a - b)).toEqual([40, 40, 50]);
  });

  it('spreads over the spare host as well, and still survives the loss of any', () => {
    const estate = { servers: machines(30, 30, 30, 30, 30, 30), scenario: { failures: 1 } };
    const cold = plan({ ...estate, scenario: { failures: 1, balance: false } });
    expect(loads(cold)).toEqual([60, 60, 60, 0]);
    expect(cold.failover).toMatchObject({ proved: true, added: 1 });
    const even = plan(estate);
    expect(even.hosts.map(({ servers }) => servers.length).sort()).toEqual([1, 1, 2, 2]);
    expect(even.hosts.map(({ spare }) => spare)).toEqual([false, false, false, false]);
    expect(even.failover).toMatchObject({ proved: true, added: 1, spread: true });
    expect(even.totals.hosts).toBe(cold.totals.hosts);
    expect(even.bound).toEqual(cold.bound);
  });

  it('keeps a spare host free that stands in for several zones', () => {
    const zone = (name: string) => ({ name, cpu: 30, annotations: { zone: name.slice(0, 3) } });
    const made = plan({
      servers: ['dmz1', 'dmz2', 'lan1', 'lan2'].map(zone),
      scenario: { failures: 1 },
    });
    expect(made.failover).toMatchObject({ proved: true, added: 1 });
    expect(made.failover.spread).toBeUndefined();
    expect(made.hosts.map(({ servers, spare }) => [servers.length, spare])).toEqual([
      [2, false],
      [2, false],
      [0, true],
    ]);
  });

  it('keeps the rules: who is together, apart, or kept on few hosts', () => {
    const made = plan({
      servers: machines(30, 30, 30, 10, 10, 10, 10),
      scenario: { failures: 0, together: [['m4', 'm5', 'm6', 'm7']], apart: [['m1', 'm2', 'm3']] },
    });
    const hostOf = (name: string): number =>
      made.hosts.findIndex(({ servers }) => servers.some((one) => one.name === name));
    expect(new Set(['m4', 'm5', 'm6', 'm7'].map(hostOf)).size).toBe(1);
    expect(new Set(['m1', 'm2', 'm3'].map(hostOf)).size).toBe(3);
  });

  it('is the same twice', () => {
    expect(plan(seven)).toEqual(plan(seven));
  });
});
