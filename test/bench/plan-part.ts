/**
 * One measurement of the planner in a process of its own, so that its peak of memory is its own as well:
 * `node plan-part.ts pack|plan|characterise|reassess N` prints a `Part` as JSON. `plan` is all from facts that were read to
 * waves, stage by stage.
 */
import { makeScenario, packingOf, study } from './plan-study.ts';
import { createHash } from 'node:crypto';
import { planWaves } from '../../migration-core/plan/waves/plan-waves.ts';
import { planStudy, reassess, wavesInputOf } from '../../migration-core/plan/study.ts';
import { roundsFor } from '../../migration-core/plan/packing/effort.ts';
import { pack } from '../../migration-core/plan/packing/pack.ts';
import { benchServer, factsOf, profileOf, type BenchServer } from './plan-estate.ts';

export interface Part {
  /** Seconds of processor time, all threads of the process, user and system. */
  cpu: number;
  wall: number;
  /** Largest resident memory of the process, bytes: with the estate it was given. */
  peak: number;
  note: string;
  /** Of `plan`: seconds of processor time by stage, in the order in which they came first. */
  stages?: Record<string, number>;
}

function timed(work: () => string): Part {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const note = work();
  const { user, system } = process.cpuUsage(cpu);
  return {
    cpu: (user + system) / 1e6,
    wall: (performance.now() - began) / 1000,
    peak: process.resourceUsage().maxRSS * 1024,
    note,
  };
}

/** Processor time by stage; a stage that comes twice counts together. */
class Stages {
  readonly seconds: Record<string, number> = {};
  #stage: string | null = null;
  #since = process.cpuUsage();

  readonly begin = (stage: string | null): void => {
    const { user, system } = process.cpuUsage(this.#since);
    if (this.#stage !== null)
      this.seconds[this.#stage] = (this.seconds[this.#stage] ?? 0) + (user + system) / 1e6;
    this.#since = process.cpuUsage();
    this.#stage = stage;
  };

  end(): void {
    this.begin(null);
  }
}

const PARTS: Record<string, (count: number) => Part> = {
  pack(count) {
    const problem = packingOf(count);
    return timed(() => {
      const { hosts } = pack(problem, { seed: 1, rounds: roundsFor(problem, 'normal') });
      return `${hosts.length} hosts`;
    });
  },
  plan(count) {
    const facts = factsOf(count);
    const clock = new Stages();
    let made: () => unknown = () => null;
    const part = timed(() => {
      clock.begin('assess');
      const { assessed, options } = study(facts, makeScenario(count));
      const planning = { ...options, onStage: clock.begin };
      const planned = planStudy(assessed, planning);
      clock.begin('waves');
      const { waves } = planWaves(wavesInputOf(planned, planning));
      clock.end();
      const { totals, failover, backup } = planned.plan;
      made = () => [planned.plan, planned.savings, waves];
      return `${totals.placed} on ${totals.hosts} hosts, ${failover.sets} sets lost${failover.proved ? '' : ' NOT PROVED'}, ${backup.runs.length} backups, ${backup.clashes.length} clash, ${waves.length} waves`;
    });
    // So that two versions of the planner can be told to have made the same plan.
    const digest = createHash('sha256').update(JSON.stringify(made())).digest('hex').slice(0, 12);
    return { ...part, note: `${part.note}, ${digest}`, stages: clock.seconds };
  },
  characterise(count) {
    const servers: BenchServer[] = Array.from({ length: count }, (_, index) => benchServer(index));
    // Compiled is compiled: a thousand servers do not notice.
    for (const server of servers.slice(0, 20)) profileOf(server);
    return timed(() => {
      for (const server of servers) profileOf(server);
      return `${count} servers`;
    });
  },
  reassess(count) {
    const { assessed, options } = study(factsOf(count), makeScenario(count));
    return timed(() => {
      const again = reassess(
        assessed,
        { ...assessed.scenario, profile: 'balanced', growth: 0.1, years: 3 },
        options,
      );
      return `${again.estate.assessments.filter(({ sized }) => sized !== null).length} sized`;
    });
  },
};

if (process.argv[2] !== undefined && import.meta.main)
  console.log(JSON.stringify(PARTS[process.argv[2]]!(Number(process.argv[3]))));
