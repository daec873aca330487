/** Reads from an engagement file all that a report is made of. */
import { conversionRecord, type ConversionRecord } from '../convert/conversion-record.ts';
import type { ResourceName } from '../assess/model/demand.ts';
import { comparePlans } from '../plan/compare.ts';
import { collectedIn, planInputsOf, staleBecause } from '../plan/inputs.ts';
import { keptPlan, type PlanDocument } from '../plan/model/plan-document.ts';
import { hourStrips, openPlan } from '../plan/opened-plan.ts';
import {
  planRequestOf,
  planStudy,
  savingsOf,
  wavesInputOf,
  type AssessedStudy,
  type PlannedStudy,
  type StudyOptions,
} from '../plan/study.ts';
import { planWaves } from '../plan/waves/plan-waves.ts';
import { scenarioNames } from '../plan/kept.ts';
import type { EngagementFile } from '../store/engagement.ts';
import { projectOf } from '../store/model/project.ts';
import type { ReportInput } from './input.ts';

export interface ReadOptions extends StudyOptions {
  /** `Ironlift 0.1.0` */
  program: string;
  /** A plan that could not be kept in the file; else the one that is kept. */
  plan?: PlanDocument | null | undefined;
  /** Makes a plan where there is none; who has made it before gives it again. */
  makePlan?: ((study: AssessedStudy) => PlannedStudy) | undefined;
}

/**
 * The plan that was made and kept where there is one, else one made now. A kept plan is shown as it is, even where servers
 * or rules have changed since: it is what was looked at, moved by hand and agreed upon, and a report must not show another
 * one than the screen. That it is older is said in the report (`stale`).
 */
export function readReportInput(
  engagement: EngagementFile,
  study: AssessedStudy,
  options: ReadOptions,
): ReportInput {
  const kept = options.plan ?? keptPlan(engagement, study.scenario.name);
  const planned =
    kept === null
      ? (options.makePlan ?? ((one) => planStudy(one, options)))(study)
      : { ...study, plan: kept.plan, savings: savingsOf(study, kept.plan, options) };
  const opened = openPlan(planRequestOf(study, options), planned.plan);
  const strips = new Map<string, Record<ResourceName, number[]>>(
    opened.hosts.map((host) => [host.name, hourStrips(opened, host)]),
  );
  const plans = scenarioNames(engagement).flatMap((name) =>
    name === study.scenario.name ? [] : (keptPlan(engagement, name)?.plan ?? []),
  );
  return {
    about: {
      ...projectOf(engagement),
      utcOffsetMinutes: engagement.utcOffsetMinutes,
    },
    createdAt: options.now,
    program: options.program,
    study: planned,
    waves: planWaves(wavesInputOf(planned, options)),
    stale: kept === null ? [] : staleOf(kept, engagement, study, options),
    planMadeNow: kept === null,
    strips,
    comparison: plans.length === 0 ? null : comparePlans([planned.plan, ...plans]),
    conversions: conversionsOf(engagement),
    summaries: engagement.servers(),
    collections: engagement.collections(),
  };
}

const staleOf = (
  { inputs }: PlanDocument,
  engagement: EngagementFile,
  { scenario, facts }: AssessedStudy,
  { packs }: ReadOptions,
): string[] => staleBecause(inputs, planInputsOf(scenario, packs, collectedIn(engagement), facts));

/** By the time they were begun. */
function conversionsOf(engagement: EngagementFile): ConversionRecord[] {
  return engagement
    .documents('conversion')
    .flatMap(({ name }) => {
      const record = conversionRecord.safeParse(engagement.document('conversion', name));
      return record.success ? [record.data] : [];
    })
    .sort((a, b) => a.startedAt - b.startedAt || (a.folder < b.folder ? -1 : 1));
}
