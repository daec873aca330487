/** How far the figures of a server can be trusted, 0 to 100 and in stars (assessment model, section 5). */
import type { Confidence } from './model/assessment.ts';
import type { AssessmentContext, JudgeConfidence } from './model/context.ts';
import type { DemandProfile, Statistic } from './model/demand.ts';
import type { ServerFacts } from './model/facts.ts';
import type { SizedServer } from './model/sized.ts';
import type { MEASURES } from './rules/confidence.ts';
import {
  CONFIDENCE_CAPS,
  CONFIDENCE_DAYS,
  CONFIDENCE_METRICS,
  CONFIDENCE_SHORT,
  CONFIDENCE_STARS,
  CONFIDENCE_WEIGHTS,
} from './rules/confidence.ts';
import type { RuleBook } from './rules/pack.ts';
import { serverScore } from './sizing/cpu-score.ts';

type Cap = Confidence['caps'][number];
const HOURS_OF_DAY = 24;

const TITLES: Record<(typeof MEASURES)[number], string> = {
  cpu: 'processor use',
  memoryUsed: 'memory in use',
  pagingIn: 'paging',
  diskOperations: 'disk operations',
  diskBytes: 'disk throughput',
  diskLatency: 'disk latency',
  diskQueue: 'disk queues',
  networkBytes: 'network throughput',
};

export const judgeConfidence: JudgeConfidence = (facts, sized, context) => {
  const { rules } = context;
  const parts = partsOf(facts.profile, rules);
  const weights = rules.value(CONFIDENCE_WEIGHTS);
  const sum =
    100 *
    (weights.coverage * parts.coverage +
      weights.duration * parts.duration +
      weights.metrics * parts.metrics +
      weights.cycle * parts.cycle);
  const caps = capsOf(facts, sized, context);
  // Sized by application there is nothing measured to add up: it is worth what such a sizing is worth at most.
  const start = sized?.basis === 'application' ? 100 : sum;
  const value = Math.round(caps.reduce((least, { limit }) => Math.min(least, limit), start));
  return {
    value,
    stars: 1 + rules.value(CONFIDENCE_STARS).filter((limit) => value > limit).length,
    parts,
    caps: [...caps, ...wishes(facts.profile, value, rules)],
  };
};

function partsOf(profile: DemandProfile | null, rules: RuleBook): Confidence['parts'] {
  if (profile === null) return { coverage: 0, duration: 0, metrics: 0, cycle: 0 };
  const share = (statistic: Statistic | null): number => statistic?.coverage ?? 0;
  const moved = (share(profile.diskBytes ?? profile.diskOperations) + share(profile.networkBytes)) / 2;
  const wanted = rules.value(CONFIDENCE_METRICS);
  const { weekdayPeak, weekend, monthEnd, backup } = profile.seen;
  return {
    coverage: Math.min(share(profile.cpu), share(profile.memoryUsed), moved),
    duration: Math.min(1, profile.days / rules.value(CONFIDENCE_DAYS)),
    metrics: wanted.filter((name) => profile[name] !== null).length / wanted.length,
    cycle: [weekdayPeak, weekend, monthEnd, backup].filter(Boolean).length / 4,
  };
}

/** What holds confidence down whatever else is known. */
function capsOf(facts: ServerFacts, sized: SizedServer | null, { rules }: AssessmentContext): Cap[] {
  const { profile } = facts;
  const caps: Cap[] = [];
  if (sized?.basis === 'application')
    caps.push({
      limit: rules.value(CONFIDENCE_CAPS.application),
      why: 'It was sized by what it is for, not by what it does.',
      next: 'Measure it, if only for a week.',
    });
  else if (profile === null)
    caps.push({
      limit: rules.value(CONFIDENCE_CAPS.noSeries),
      why: 'Nothing was measured over time.',
      next: 'Collect its performance for 30 days, or import what a monitoring system has of it.',
    });
  else {
    const hours = profile.days * HOURS_OF_DAY;
    const short = rules
      .value(CONFIDENCE_SHORT)
      .filter((cap) => hours < cap.hours)
      .sort((a, b) => a.hours - b.hours)[0];
    if (short !== undefined)
      caps.push({
        limit: short.limit,
        why: `It was measured for ${describe(hours)} only.`,
        next: `Measure for ${describe(short.hours)} at least, and better for ${rules.value(CONFIDENCE_DAYS)} days.`,
      });
  }
  const score = serverScore(facts, rules);
  // No number of cores, no name and no clock is worse than a clock alone.
  if (
    sized?.basis !== 'application' &&
    (score === null || score.basis === 'megahertz' || score.basis === 'unknown')
  )
    caps.push({
      limit: rules.value(CONFIDENCE_CAPS.megahertz),
      why: 'How fast its processor is could only be guessed from its clock, or not at all.',
      next: 'Enter its SPECrate2017_int_base or its year of launch.',
    });
  const storage = unknownStorage(facts);
  if (storage !== null) caps.push({ limit: rules.value(CONFIDENCE_CAPS.storage), ...storage });
  return caps;
}

const describe = (hours: number): string =>
  hours < 2 * HOURS_OF_DAY ? `${Math.floor(hours)} hours` : `${Math.floor(hours / HOURS_OF_DAY)} days`;

/** SR-100: what lies behind a SAN cannot be seen from the server. */
function unknownStorage({ inventory }: ServerFacts): Omit<Cap, 'limit'> | null {
  const disks = inventory?.disks ?? [];
  if (disks.length === 0 || disks.every(({ bus }) => bus === undefined))
    return {
      why: 'What its disks are and what they hang on is not known.',
      next: 'Collect its inventory.',
    };
  const onSan =
    disks.some(({ bus }) => bus === 'fc' || bus === 'iscsi') ||
    inventory?.hostBusAdapters?.some(({ kind }) => kind === 'fc' || kind === 'iscsi') === true;
  return onSan
    ? {
        why: 'Its disks are on a storage network, whose arrays and switches cannot be seen from the server.',
        next: 'Add what is known of arrays, switches and adapters to the assessment.',
      }
    : null;
}

/** What is not a limit, and would raise it. */
function wishes(profile: DemandProfile | null, value: number, rules: RuleBook): Cap[] {
  if (profile === null || value === 100) return [];
  const wish = (why: string, next: string): Cap => ({ limit: 100, why, next });
  const found: Cap[] = [];
  const missing = rules.value(CONFIDENCE_METRICS).filter((name) => profile[name] === null);
  if (missing.length > 0)
    found.push(
      wish(
        `Not measured: ${missing.map((name) => TITLES[name]).join(', ')}.`,
        'Collect with the program’s own collector, which measures all of them.',
      ),
    );
  const unseen = [
    profile.seen.weekdayPeak ? null : 'a whole working week',
    profile.seen.weekend ? null : 'a weekend',
    profile.seen.monthEnd ? null : 'the end of a month',
    profile.seen.backup ? null : 'a backup',
  ].filter((what) => what !== null);
  if (unseen.length > 0)
    found.push(wish(`The measurements do not show ${unseen.join(', ')}.`, 'Measure until they do.'));
  const least = Math.min(profile.cpu?.coverage ?? 0, profile.memoryUsed?.coverage ?? 0);
  if (least < 1 && profile.cpu !== null && profile.memoryUsed !== null)
    found.push(
      wish(
        `${((1 - least) * 100).toFixed(1)} % of the time is missing from the measurements.`,
        'Find out whether the server or the collector was off.',
      ),
    );
  return found;
}
