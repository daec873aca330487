/** Plans of three weeks with a month end among them, and what servers really did in the fourth and at the next month end. */
import { describe, expect, it } from 'vitest';
import { WEEK_SHAPES } from '../../../migration-core/assess/model/demand.ts';
import type { ServerFacts } from '../../../migration-core/assess/model/facts.ts';
import { shippedRulePacks } from '../../../migration-core/assess/rules/pack.ts';
import { hostScore } from '../../../migration-core/assess/sizing/cpu-score.ts';
import { parseScenario } from '../../../migration-core/plan/model/scenario.ts';
import {
  planStudy,
  reassess,
  type AssessedStudy,
  type PlannedStudy,
  type StudyOptions,
} from '../../../migration-core/plan/study.ts';
import { EARLY_MONTH_END, SAMPLES, SAMPLES_PER_DAY } from '../../bench/estate.ts';
import {
  benchServer,
  CORES_PER_STEP,
  factOf,
  profileOf,
  STEP_BYTES,
  type BenchServer,
} from '../../bench/plan-estate.ts';

const SERVERS = 60;
/** Wednesday and Thursday of the third week are the last days of April. */
const FIRST_DAY = Date.UTC(2026, 3, 13);
const PLANNED = 21 * SAMPLES_PER_DAY;
const MONTH_END = 28 * SAMPLES_PER_DAY;
/** Share of slots of hosts over 100 % (assessment model, section 14). */
const LIMIT = 0.0005;
const OPTIONS: StudyOptions = { now: FIRST_DAY + 21 * 86_400_000, packs: shippedRulePacks() };
/** Small enough for sixty servers to need several. */
const TEMPLATE = {
  id: 'small',
  name: 'Small host',
  sockets: 1,
  cores: 16,
  launchYear: 2017,
  memoryBytes: 512e9,
  diskOperations: 60_000,
  diskBytesPerSecond: 4e9,
  nicSpeed: 10e9,
};

interface World {
  servers: BenchServer[];
  facts: ServerFacts[];
}

function worldOf(closing: readonly number[]): World {
  const recording = { closing, samples: PLANNED, firstDay: FIRST_DAY };
  const servers = Array.from({ length: SERVERS }, (_, index) => benchServer(index, recording));
  return {
    servers,
    facts: servers.map((server, index) => factOf(server, index, profileOf(server), WEEK_SHAPES)),
  };
}

function planOf({ facts }: World, profile: string): PlannedStudy {
  const scenario = parseScenario({
    name: 'test',
    profile,
    template: 'small',
    templates: [TEMPLATE],
    failures: 0,
    effort: 'quick',
  });
  return planStudy(reassess({ facts, problems: [] } as unknown as AssessedStudy, scenario, OPTIONS), OPTIONS);
}

/** Share of slots of hosts in which processors, disks or network would have had more to do than the whole host can. */
function violations({ servers }: World, planned: PlannedStudy, from: number, to: number): number {
  const { plan, estate, context } = planned;
  const { cores, perCore } = hostScore(context.host, context.rules);
  const { host } = context;
  const full = [cores * perCore, host.diskOperations, host.diskBytesPerSecond, host.nicSpeed / 8];
  let over = 0;
  for (const { servers: placed } of plan.hosts) {
    const sums = full.map(() => new Float64Array(to - from));
    for (const { server: id } of placed) {
      const { truth, inventory } = servers[id - 1]!;
      const { demand } = estate.assessments[id - 1]!.sized!;
      // What it is: without the comfort that the plan gave it.
      const unitsPerPercent = demand.cpuUnitsPerPercent / context.profile.comfort;
      const percentPerStep = (100 * CORES_PER_STEP) / inventory.processors![0]!.cores!;
      for (let i = from; i < to; i++) {
        const operations = truth[2]![i]!;
        const network = truth[4]![i]! * STEP_BYTES;
        const { cpuPerOperation, cpuPerNetworkByte } = demand.week;
        sums[0]![i - from]! +=
          truth[0]![i]! * percentPerStep * unitsPerPercent +
          operations * cpuPerOperation +
          network * cpuPerNetworkByte;
        sums[1]![i - from]! += operations;
        sums[2]![i - from]! += truth[3]![i]! * STEP_BYTES;
        sums[3]![i - from]! += network;
      }
    }
    for (let i = 0; i < to - from; i++) if (sums.some((sum, at) => sum[i]! > full[at]!)) over++;
  }
  return over / (plan.hosts.length * (to - from));
}

describe('a month end that was seen', () => {
  const seen = worldOf(EARLY_MONTH_END);

  it('is found in the samples of every server', () => {
    for (const { profile } of seen.facts) {
      expect(profile!.seen.monthEnd).toBe(true);
      expect(profile!.monthEnd).not.toBeNull();
    }
  });

  it.each(['conservative', 'balanced', 'aggressive'])('is planned for when it comes again: %s', (profile) => {
    const planned = planOf(seen, profile);
    expect(planned.plan.unplaced).toEqual([]);
    expect(planned.plan.totals.placed).toBe(SERVERS);
    expect(planned.plan.hosts.length).toBeGreaterThan(2);
    expect(violations(seen, planned, 0, PLANNED)).toBe(0);
    expect(violations(seen, planned, PLANNED, MONTH_END)).toBeLessThanOrEqual(LIMIT);
    expect(violations(seen, planned, MONTH_END, SAMPLES)).toBeLessThanOrEqual(LIMIT);
  });

  it('is what holds: the same servers without one among the three weeks are too much when it comes', () => {
    const unseen = worldOf([]);
    const planned = planOf(unseen, 'aggressive');
    expect(violations(unseen, planned, PLANNED, MONTH_END)).toBeLessThanOrEqual(LIMIT);
    expect(violations(unseen, planned, MONTH_END, SAMPLES)).toBeGreaterThan(LIMIT);
  });
});
