/** What a plan is made from, and what of it comes from other rooms. */
import type { EstateAssessment, PlanningProfile } from '../assess/model/context.ts';
import type { ServerFacts } from '../assess/model/facts.ts';
import type { PlatformProfile } from '../assess/model/platform.ts';
import type { RuleBook } from '../assess/rules/pack.ts';
import type { ServerId } from '../store/engagement.ts';
import type { HostTemplate } from '../assess/model/host.ts';
import type { Scenario } from './model/scenario.ts';
import type { PackedHost, PackingOptions, PackingProblem, PackingResult } from './packing/problem.ts';

/** The packing engine: plan/packing. */
export interface PackingEngine {
  pack(problem: PackingProblem, options: PackingOptions): PackingResult;
  /** Rounds of search that a problem is worth. */
  roundsFor(problem: PackingProblem, effort: Scenario['effort']): number;
  /** Evens out what was packed: the same hosts, each sum and rule kept. Absent: it stays as it was packed. */
  balance?(
    problem: PackingProblem,
    placed: readonly PackedHost[],
    options: Pick<PackingOptions, 'signal'>,
  ): PackedHost[];
}

/** What a plan is made in, in this order; the second and the third may come twice. */
export type PlanStage = 'build' | 'pack' | 'balance' | 'backups' | 'failover' | 'compare' | 'report';

export interface PlanRequest {
  scenario: Scenario;
  rules: RuleBook;
  profile: PlanningProfile;
  platform: PlatformProfile;
  /** Those of the program and those of the customer by id; templates of the scenario are added. */
  templates: ReadonlyMap<string, HostTemplate>;
  servers: readonly ServerFacts[];
  /** Of the same rules, profile and platform. Servers it does not know are `unknown`. */
  estate: EstateAssessment;
  /**
   * A typical week of a server on the target without its backups, with the growth of the scenario as `estate` has it in
   * its sizes: RESOURCES.length rows of slots of the shape of the profile, from Monday 00:00; core units, bytes, operations/s, bytes/s, bytes/s.
   * NaN: not measured; its sized figure is taken instead. Asked once for each server, and may be
   * overwritten by the next answer.
   */
  weekOf(server: ServerId): Float32Array;
  /**
   * The heaviest day at the turn of a month that was seen of it, likewise: RESOURCES.length rows of 144 peaks of ten minutes;
   * null: none was seen, and its heaviest working day is taken. Absent: of no server.
   */
  monthEndOf?(server: ServerId): Float32Array | null;
  /**
   * 95th percentiles of the samples in the same units, for what the habit of adding them up would need; absent: those of
   * the week, which are higher where its slots hold peaks.
   */
  p95Of?(server: ServerId): readonly number[];
  /** Reference core units of a whole host. */
  coreUnitsOf(template: HostTemplate): number;
  signal?: AbortSignal;
  /** 0 to 1, of the search. */
  onProgress?: (part: number) => void;
  /** Told as each begins. */
  onStage?: (stage: PlanStage) => void;
}
