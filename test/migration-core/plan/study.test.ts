import { describe, expect, it } from 'vitest';
import { shippedRulePacks } from '../../../migration-core/assess/rules/pack.ts';
import { p95OnTarget, weekOnTarget } from '../../../migration-core/assess/sizing/on-target.ts';
import { keep } from '../../../migration-core/collect/keep.ts';
import { readCast } from '../../../migration-core/collect/sample/cast.ts';
import { sampleEstate } from '../../../migration-core/collect/sample/make.ts';
import { flattened } from '../../../migration-core/plan/habits.ts';
import { parseScenario } from '../../../migration-core/plan/model/scenario.ts';
import {
  assessStudy,
  planStudy,
  reassess,
  type AssessedStudy,
  type PlannedStudy,
  type StudyOptions,
} from '../../../migration-core/plan/study.ts';
import type { ServerAnnotations } from '../../../migration-core/store/model/annotations.ts';
import type { EngagementFile } from '../../../migration-core/store/engagement.ts';
import { newFile, now } from '../store/support.ts';

const OPTIONS: StudyOptions = { now: now(), packs: shippedRulePacks() };

/** A few servers of the sample with a month of samples each, of which only this is said. */
async function engagementOf(said: Record<string, ServerAnnotations>): Promise<EngagementFile> {
  const file = await newFile(60);
  const cast = readCast();
  const servers = cast.servers.filter(({ name }) => said[name] !== undefined);
  const signal = new AbortController().signal;
  const how = { collector: 'sample', source: 'invented', digest: null };
  await keep(sampleEstate({ ...cast, servers }, signal), file, how, { now, signal });
  for (const { id, identity } of file.servers()) file.putAnnotations(id, said[identity.name]!);
  return file;
}

const scenarioOf = (more: object) => parseScenario({ name: 'test', effort: 'quick', failures: 0, ...more });
const planned = (study: AssessedStudy, more: object): PlannedStudy =>
  planStudy(reassess(study, scenarioOf(more), OPTIONS), OPTIONS);

const NO_RULES = { together: [], apart: [], gathered: [] };
const NORMAL = { criticality: 'normal', environment: 'production' } as const;
const studied = async (): Promise<AssessedStudy> =>
  assessStudy(await engagementOf({ 'hr-01': NORMAL, 'print-01': NORMAL }), scenarioOf({}), OPTIONS);

describe('growth, from an engagement to a plan', () => {
  it('counts once in whatever a host carries: processors with the backups, memory, disks, network, space', async () => {
    const study = await studied();
    const [today, doubled] = [planned(study, {}), planned(study, { growth: 1, years: 1 })];
    const [before, after] = [today.plan.hosts[0]!, doubled.plan.hosts[0]!];
    expect(before.servers).toHaveLength(2);
    expect(after.servers).toHaveLength(2);
    expect(today.plan.backup.runs.length).toBeGreaterThan(0);
    for (const name of ['cpu', 'diskOperations', 'diskBytes', 'networkBytes'] as const)
      for (const figure of ['peak', 'mean'] as const) {
        expect(before.use[name][figure]).toBeGreaterThan(0);
        // To what rounding up to a thirty-thousandth of a host leaves, of each server.
        expect(after.use[name][figure] - 2 * before.use[name][figure], `${name} ${figure}`).toBeCloseTo(0, 3);
      }
    expect(after.use.cpu.mean / before.use.cpu.mean).toBeCloseTo(2, 2);
    expect(after.storageBytes).toBe(2 * before.storageBytes);
    expect(after.use.memory.peak / before.use.memory.peak).toBeGreaterThan(1.6);
    expect(after.use.memory.peak / before.use.memory.peak).toBeLessThan(2.1);
  });

  it('beyond all measure leaves every server without a place, with a reason', async () => {
    const { plan } = planned(await studied(), { growth: 5, years: 20, mixed: false });
    expect(plan.unplaced.map(({ name }) => name)).toEqual(['hr-01', 'print-01']);
    for (const { why } of plan.unplaced)
      expect(why).toMatch(/^Its demand for .+ is .+, and an empty host has room for .+\.$/u);
  });
});

describe('the habit of adding up 95th percentiles', () => {
  it('is reckoned from the samples, as the market does, and not from the peaks of a week', async () => {
    const { facts, estate } = await studied();
    const server = facts.find(({ name }) => name === 'hr-01')!;
    const sized = estate.assessments.find(({ name }) => name === 'hr-01')!.sized!;
    const [cpu, memory, operations] = p95OnTarget(server, sized) as [number, number, number];
    const { demand } = sized;
    expect(memory).toBe(demand.memoryBytes);
    expect(operations).toBeCloseTo(server.profile!.diskOperations!.p95 * demand.week.disk, 9);
    expect(cpu).toBeGreaterThanOrEqual(server.profile!.cpu!.p95 * demand.cpuUnitsPerPercent);
    const week = weekOnTarget(server, sized, '10-min-peak').slice(0, 1008).sort();
    expect(cpu).toBeLessThan(week[Math.ceil(0.95 * 1008) - 1]!);
    const demandOf = new Map([['a', Uint16Array.of(7)]]);
    const item = { key: 'a', demand: Uint16Array.of(1, 9, 9, 9), needs: [] };
    const problem = { timed: 1, slots: 4, fixed: 0, items: [item], hosts: [], rules: NO_RULES };
    expect(flattened(problem, 'sum-of-p95', 4, demandOf).items[0]!.demand).toEqual(Uint16Array.of(7));
    expect(flattened(problem, 'sum-of-p95', 4).items[0]!.demand).toEqual(Uint32Array.of(9));
    expect(flattened(problem, 'sum-of-peaks', 4, demandOf).items[0]!.demand).toEqual(Uint32Array.of(9));
  });
});
