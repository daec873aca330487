/**
 * A scenario, answered from an engagement file: read the estate, assess it, plan it, reckon what it saves, put it into
 * waves. The parts are pure and know nothing of each other; here they meet.
 */
import { characterise } from '../assess/characterise/characterise.ts';
import { decodeProfile, encodeProfile } from '../assess/characterise/codec.ts';
import { aboutServer, engagementReader } from '../assess/characterise/reader.ts';
import { assessEstate } from '../assess/assess.ts';
import { judgeConfidence } from '../assess/confidence.ts';
import { PROFILE_RULES, type AssessmentContext, type EstateAssessment } from '../assess/model/context.ts';
import type { ServerFacts } from '../assess/model/facts.ts';
import type { SizedServer } from '../assess/model/sized.ts';
import { platformById } from '../assess/platforms.ts';
import { readEstate, type EstateProblem, type ProfileMaker } from '../assess/read-estate.ts';
import type { RulePack } from '../assess/rules/pack.ts';
import { hostScore } from '../assess/sizing/cpu-score.ts';
import { monthEndOnTarget, p95OnTarget, WeekBuffer, weekOnTarget } from '../assess/sizing/on-target.ts';
import { sizeServer } from '../assess/sizing/size.ts';
import { IronliftError } from '../base/errors.ts';
import type { ProgressListener } from '../base/progress.ts';
import type { EngagementFile, ServerId } from '../store/engagement.ts';
import { growthFactor } from './build/units.ts';
import { shippedHostTemplates, templatesOf } from './hosts/templates.ts';
import { makePlan } from './make-plan.ts';
import type { Plan } from './model/plan.ts';
import type { HostTemplate } from '../assess/model/host.ts';
import type { Scenario } from './model/scenario.ts';
import type { Savings } from './model/waves.ts';
import { balance } from './packing/balance.ts';
import { roundsFor } from './packing/effort.ts';
import { pack } from './packing/pack.ts';
import type { PackingEngine, PlanRequest, PlanStage } from './planning.ts';
import { planRecovery, type RecoveryPlan, type RecoveryQuestion } from './recovery.ts';
import { checkedRuleBook } from './rules/table.ts';
import { computeSavings } from './savings/savings.ts';
import type { WavesInput } from './waves/plan-waves.ts';

export interface StudyOptions {
  /** Milliseconds since 1970. */
  now: number;
  /** Rule packs by id. */
  packs: ReadonlyMap<string, RulePack>;
  /** Of the project: that of prices which name none. */
  currency?: string;
  signal?: AbortSignal | undefined;
  progress?: ProgressListener | undefined;
  /** 0 to 1, of the search for a plan. */
  onSearch?: ((part: number) => void) | undefined;
  /** Told as each begins. */
  onStage?: ((stage: PlanStage | 'savings') => void) | undefined;
}

/** Makes demand profiles of an engagement's samples, in the time of its site. */
export const profileMaker: ProfileMaker = {
  characterise: (engagement, id, inventory, annotations) =>
    characterise(
      engagementReader(engagement, id),
      aboutServer(inventory, annotations, engagement.utcOffsetMinutes),
    ),
  encode: encodeProfile,
  decode: decodeProfile,
};

export interface AssessedStudy {
  scenario: Scenario;
  context: AssessmentContext;
  templates: ReadonlyMap<string, HostTemplate>;
  facts: ServerFacts[];
  /** What could not be read of single servers. */
  problems: EstateProblem[];
  estate: EstateAssessment;
}

/** @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
export async function assessStudy(
  engagement: EngagementFile,
  scenario: Scenario,
  options: StudyOptions,
): Promise<AssessedStudy> {
  const { context, templates } = contextOf(scenario, options);
  const { facts, problems } = await readEstate(engagement, profileMaker, {
    shapes: [context.profile.shape],
    signal: options.signal,
    progress: options.progress,
  });
  return { scenario, context, templates, facts, problems, estate: assess(facts, context) };
}

/** Of facts that were read before, with the weeks that the profile of the scenario asks for. */
export function assessFacts(
  facts: ServerFacts[],
  problems: EstateProblem[],
  scenario: Scenario,
  options: StudyOptions,
): AssessedStudy {
  const { context, templates } = contextOf(scenario, options);
  return { scenario, context, templates, facts, problems, estate: assess(facts, context) };
}

/** The same servers under another scenario, without a look at the file: a change of rules costs a second for a thousand. */
export function reassess(study: AssessedStudy, scenario: Scenario, options: StudyOptions): AssessedStudy {
  const { context, templates } = contextOf(scenario, options);
  return { ...study, scenario, context, templates, estate: assess(study.facts, context) };
}

const assess = (facts: readonly ServerFacts[], context: AssessmentContext): EstateAssessment =>
  assessEstate(facts, context, {
    size: sizeServer,
    confidence: judgeConfidence,
    hostCpuUnits: ({ host, rules }) => unitsOf(host, rules),
  });

/** Core units of a whole host. */
const unitsOf = (host: HostTemplate, rules: AssessmentContext['rules']): number => {
  const { cores, perCore } = hostScore(host, rules);
  return cores * perCore;
};

/** What servers are assessed by. @throws SCENARIO_INVALID, RULE_PACK_INVALID */
export function contextOf(
  scenario: Scenario,
  { packs, now }: Pick<StudyOptions, 'packs' | 'now'>,
): Pick<AssessedStudy, 'context' | 'templates'> {
  const rules = checkedRuleBook(scenario.rulePack, packs);
  const templates = templatesOf(scenario, shippedHostTemplates());
  const host = templates.get(scenario.template);
  if (host === undefined)
    throw new IronliftError('SCENARIO_INVALID', `There is no host template ${scenario.template}.`, {
      next: `Choose one of ${[...templates.keys()].sort().join(', ')}, or describe one in the scenario.`,
    });
  const context: AssessmentContext = {
    rules,
    profileName: scenario.profile,
    profile: rules.value(PROFILE_RULES[scenario.profile]),
    platform: platformById(scenario.platform),
    host,
    now,
    growth: growthFactor(scenario.growth, scenario.years),
  };
  return { context, templates };
}

export interface PlannedStudy extends AssessedStudy {
  plan: Plan;
  savings: Savings;
}

const NOTHING = new Float32Array(0);

const ENGINE: PackingEngine = { pack, roundsFor, balance };

/** What the planner asks for, of a study. */
export function planRequestOf(study: AssessedStudy, options: StudyOptions): PlanRequest {
  const { scenario, context, templates, facts, estate } = study;
  const { rules, profile, platform } = context;
  const byId = new Map(facts.map((one) => [one.id, one]));
  const sizedById = new Map(estate.assessments.map(({ server, sized }) => [server, sized]));
  // The planner asks for servers that have a size, and takes that where the week says nothing.
  const onTarget = <T>(
    id: ServerId,
    ask: (server: ServerFacts, sized: SizedServer) => T,
    otherwise: T,
  ): T => {
    const [server, sized] = [byId.get(id), sizedById.get(id)];
    return server === undefined || sized === undefined || sized === null ? otherwise : ask(server, sized);
  };
  const buffer = new WeekBuffer();
  return {
    scenario,
    rules,
    profile,
    platform,
    templates,
    servers: facts,
    estate,
    weekOf: (id) =>
      onTarget(id, (server, sized) => weekOnTarget(server, sized, profile.shape, buffer), NOTHING),
    monthEndOf: (id) => onTarget(id, monthEndOnTarget, null),
    p95Of: (id) => onTarget(id, p95OnTarget, []),
    coreUnitsOf: (template) => unitsOf(template, rules),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onSearch === undefined ? {} : { onProgress: options.onSearch }),
    ...(options.onStage === undefined ? {} : { onStage: options.onStage }),
  };
}

/** The recovery site for the servers of a study. @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
export const planStudyRecovery = (
  study: AssessedStudy,
  sites: RecoveryQuestion['sites'],
  options: StudyOptions,
): RecoveryPlan => planRecovery({ request: planRequestOf(study, options), sites }, ENGINE);

/** @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
export function planStudy(study: AssessedStudy, options: StudyOptions): PlannedStudy {
  const plan = makePlan(planRequestOf(study, options), ENGINE);
  options.onStage?.('savings');
  return { ...study, plan, savings: savingsOf(study, plan, options) };
}

/** What a plan of the study saves. */
export function savingsOf(study: AssessedStudy, plan: Plan, options: StudyOptions): Savings {
  const { scenario, context, templates, facts, estate } = study;
  return computeSavings({
    facts,
    estate,
    plan,
    scenario,
    templates,
    rules: context.rules,
    today: isoDate(options.now),
    ...(options.currency === undefined ? {} : { currency: options.currency }),
  });
}

/** What the wave planner asks for, of a study. */
export const wavesInputOf = (
  { facts, estate, plan, scenario, context }: PlannedStudy,
  { now }: StudyOptions,
): WavesInput => ({
  facts,
  estate,
  plan,
  scenario,
  platform: context.platform,
  rules: context.rules,
  today: isoDate(now),
});

const isoDate = (time: number): string => new Date(time).toISOString().slice(0, 10);
