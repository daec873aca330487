/** Questions to the planner about the made-up estate. */
import type { ServerFacts } from '../../migration-core/assess/model/facts.ts';
import { shippedRulePacks } from '../../migration-core/assess/rules/pack.ts';
import { scenario, type Scenario } from '../../migration-core/plan/model/scenario.ts';
import type { PackingProblem } from '../../migration-core/plan/packing/problem.ts';
import { reassess, type AssessedStudy, type StudyOptions } from '../../migration-core/plan/study.ts';
import { CEILINGS, HOST, makeServer, profileOf, RESOURCES, SAMPLES, SLOTS } from './estate.ts';
import { apartIn } from './plan-estate.ts';

export const makeScenario = (servers: number): Scenario =>
  scenario.parse({ name: 'bench', effort: 'normal', apart: apartIn(servers) });

/** Assessed, with nothing read from a file. */
export function study(
  facts: ServerFacts[],
  question: Scenario,
): { assessed: AssessedStudy; options: StudyOptions } {
  const options: StudyOptions = { now: Date.UTC(2026, 8, 7), packs: shippedRulePacks() };
  const bare = { facts, problems: [] } as unknown as AssessedStudy;
  return { assessed: reassess(bare, question, options), options };
}

/** The problem of the packing engine alone: no rules, one kind of host. */
export const packingOf = (servers: number): PackingProblem => ({
  timed: RESOURCES.length,
  slots: SLOTS,
  fixed: 3,
  items: Array.from({ length: servers }, (_, index) => {
    const { recorded, vcpus, diskGigabytes } = makeServer(1, index);
    return {
      key: `server-${String(index).padStart(5, '0')}`,
      demand: profileOf(recorded, SAMPLES).week,
      needs: [vcpus, diskGigabytes, 1],
    };
  }),
  hosts: [
    {
      key: 'host',
      count: Infinity,
      capacity: HOST.map((value, r) => Math.floor(value * CEILINGS[r]!)),
      room: [400, 30_000, 60],
      cost: 1,
    },
  ],
  rules: { together: [], apart: [], gathered: [] },
});
