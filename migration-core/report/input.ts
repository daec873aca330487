/** All that a report is made of: pure data, read by the caller. Same input, same report. */
import type { ResourceName } from '../assess/model/demand.ts';
import type { ConversionRecord } from '../convert/conversion-record.ts';
import type { Comparison } from '../plan/compare.ts';
import type { WavePlan } from '../plan/model/waves.ts';
import type { PlannedStudy } from '../plan/study.ts';
import type { CollectionRecord, ServerSummary } from '../store/engagement.ts';
import type { Audience } from './model.ts';

export interface ReportInput {
  about: {
    customer: string;
    consultant: string;
    company: string;
    driver: string;
    currency: string;
    notes: string;
    utcOffsetMinutes: number;
  };
  /** Milliseconds since 1970. */
  createdAt: number;
  /** `Ironlift 0.1.0` */
  program: string;
  study: PlannedStudy;
  waves: WavePlan;
  /** Why the plan that was kept is older than what it was made from: sentences; absent or empty: it is not. */
  stale?: readonly string[] | undefined;
  /** The plan was made for this report, and nobody has looked at it yet. */
  planMadeNow?: boolean | undefined;
  /** Load of each host, by its name: the highest share of the whole host in each of the 168 hours of a week. */
  strips: ReadonlyMap<string, Readonly<Record<ResourceName, readonly number[]>>>;
  /** The scenario beside others; null: there are none. */
  comparison: Comparison | null;
  conversions: readonly ConversionRecord[];
  summaries: readonly ServerSummary[];
  collections: readonly CollectionRecord[];
}

export interface ReportOptions {
  audience: Audience;
  /** Of audience `owner`: the annotations' owner whose servers it is about. */
  owner: string | null;
  /** Section.id of those that are wanted; null: all of the audience. */
  sections: readonly string[] | null;
  /** Names of these servers only; null: all of the scenario. */
  servers: readonly string[] | null;
  title: string | null;
  draft: boolean;
  confidentiality: string;
}

export const REPORT_DEFAULTS: ReportOptions = {
  audience: 'technical',
  owner: null,
  sections: null,
  servers: null,
  title: null,
  draft: false,
  confidentiality: 'Confidential',
};
