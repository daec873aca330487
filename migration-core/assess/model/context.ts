/** What servers are assessed against: the rules, how careful to be, the platform, and the host they would go to. */
import { z } from 'zod';
import type { HostTemplate } from './host.ts';
import type { ServerFacts } from './facts.ts';
import type { Assessment, Confidence } from './assessment.ts';
import { WEEK_SHAPES } from './demand.ts';
import type { SimilarityGroup } from './groups.ts';
import type { PlatformProfile } from './platform.ts';
import { rule, type RuleBook } from '../rules/pack.ts';
import type { SizedServer } from './sized.ts';

const share = z.number().min(0.05).max(1);
const percentile = z.enum(['p50', 'p90', 'p95', 'p99', 'maximum']);

/** One of the three profiles of a rule pack (assessment model, table of profiles). */
export const planningProfile = z.strictObject({
  cpuPercentile: percentile,
  memoryPercentile: percentile,
  /** Of operations, bytes and network. */
  ioPercentile: percentile,
  comfort: z.number().min(1).max(5),
  /** Ceilings of a host, 0 to 1. */
  hostCpu: share,
  hostMemory: share,
  hostDisk: share,
  hostNetwork: share,
  /** While a host is down. */
  failoverCpu: share,
  failoverMemory: share,
  vcpusPerCore: z.number().positive(),
  memoryOvercommit: z.number().min(1).max(3),
  shape: z.enum(WEEK_SHAPES),
});
export type PlanningProfile = z.infer<typeof planningProfile>;

export const PROFILE_NAMES = ['conservative', 'balanced', 'aggressive'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** The rule that holds a profile: `profile.balanced`. */
export const PROFILE_RULES = {
  conservative: rule('profile.conservative', 'Conservative profile', '', planningProfile),
  balanced: rule('profile.balanced', 'Balanced profile', '', planningProfile),
  aggressive: rule('profile.aggressive', 'Aggressive profile', '', planningProfile),
} as const;

export interface AssessmentContext {
  rules: RuleBook;
  profileName: ProfileName;
  profile: PlanningProfile;
  platform: PlatformProfile;
  host: HostTemplate;
  /** Milliseconds since 1970: what "out of support" is measured against. */
  now: number;
  /** Growth to plan for: factor on all demand, 1 for none. */
  growth: number;
}

/** assess/sizing/size.ts. null: neither measured nor told what it is for, nor what it is made of. */
export type SizeServer = (facts: ServerFacts, context: AssessmentContext) => SizedServer | null;
/** assess/confidence.ts */
export type JudgeConfidence = (
  facts: ServerFacts,
  sized: SizedServer | null,
  context: AssessmentContext,
) => Confidence;

/** assess/sizing: reference core units that the host of the context has, all cores together. */
export type HostCpuUnits = (context: AssessmentContext) => number;

/** Of an estate, servers in the order they came in. Nobody is left out. */
export interface EstateAssessment {
  rules: string;
  profile: ProfileName;
  platform: string;
  host: string;
  assessments: Assessment[];
  groups: SimilarityGroup[];
}
