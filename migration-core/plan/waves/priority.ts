/** Who goes first, 0 to 100: what is ready, unimportant, quiet, alike, simple, saves much and is old (section 13). */
import type { Assessment } from '../../assess/model/assessment.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { IoClass } from '../../assess/model/sized.ts';
import type { RuleBook } from '../../assess/rules/pack.ts';
import { PRIORITY_RULES } from '../rules/waves.ts';
import { daysFromIso } from './dates.ts';
import type { WavesInput } from './estate.ts';

export type IoKnown = IoClass | 'unknown';

export interface Candidate {
  facts: ServerFacts;
  assessment: Assessment | null;
  io: IoKnown;
  complexity: number;
  /** One of a set of servers that are alike. */
  alike: boolean;
  /** Of the estate. */
  costs: HighestCosts;
}

const HARDEST = 4;

/** @returns 0 to 100, a whole number; what is not known earns the points of the middle, or none */
export function priorityOf(
  candidate: Candidate,
  { rules, today }: Pick<WavesInput, 'rules' | 'today'>,
): number {
  const { facts, assessment, io, complexity, alike, costs } = candidate;
  const weights = rules.value(PRIORITY_RULES.weights);
  const criticality = rules.value(PRIORITY_RULES.criticality)[facts.annotations.criticality ?? 'normal'];
  const points =
    (weights.readiness * (assessment?.score ?? 0)) / 100 +
    weights.criticality * criticality +
    weights.io * rules.value(PRIORITY_RULES.io)[io] +
    weights.similarity * (alike ? 1 : 0) +
    weights.complexity * (complexity === 0 ? 0 : (HARDEST - complexity) / (HARDEST - 1)) +
    weights.savings * savingOf(facts, costs) +
    weights.urgency * urgencyOf(facts, today, rules);
  return Math.min(100, Math.max(0, Math.round(points)));
}

/** What a box costs to keep: maintenance, watts, rack units. Not known: 0. */
const costsOf = ({ annotations }: ServerFacts): [number, number, number] => [
  annotations.yearlyMaintenance ?? 0,
  annotations.measuredWatts ?? annotations.nameplateWatts ?? 0,
  annotations.rackUnits ?? 0,
];

/** The highest of each kind of cost. */
export type HighestCosts = readonly [number, number, number];

export function highestCosts(all: readonly ServerFacts[]): HighestCosts {
  const highest: [number, number, number] = [0, 0, 0];
  for (const facts of all)
    costsOf(facts).forEach((cost, kind) => (highest[kind] = Math.max(highest[kind]!, cost)));
  return highest;
}

/** Mean of its costs as shares of the highest in the estate; what is not known earns nothing. */
function savingOf(facts: ServerFacts, highest: HighestCosts): number {
  let sum = 0;
  costsOf(facts).forEach((cost, kind) => {
    if (cost > 0) sum += cost / highest[kind]!;
  });
  return sum / highest.length;
}

/** Support of the hardware ran out: 1, is about to: a half. */
function urgencyOf({ annotations }: ServerFacts, today: string, rules: RuleBook): number {
  const ends = annotations.supportEnds === undefined ? null : daysFromIso(annotations.supportEnds);
  const now = daysFromIso(today);
  if (ends === null || now === null) return 0;
  if (ends <= now) return 1;
  return ends - now <= rules.value(PRIORITY_RULES.urgentDays) ? 0.5 : 0;
}

/** As Red Hat's advisor sees it: operating system and disk space, the harder of the two; 1 easy to 4, 0 not known. */
export function complexityOf(facts: ServerFacts, assessment: Assessment | null, rules: RuleBook): number {
  const { inventory } = facts;
  const family = inventory?.operatingSystem?.family;
  if (family === undefined) return 0;
  const open = assessment?.gates.some(({ severity, met }) => severity === 'warning' && !met) ?? false;
  const system = family === 'unix' || family === 'other' ? 3 : open ? 2 : 1;
  let bytes = 0;
  for (const disk of inventory?.disks ?? []) bytes += disk.bytes ?? 0;
  const tiers = rules.value(PRIORITY_RULES.diskTiers);
  const disk = 1 + tiers.filter((tier) => bytes > tier).length;
  return Math.max(system, disk);
}
