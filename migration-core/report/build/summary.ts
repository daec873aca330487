/** The answer on one page, and the figures that every format is held against. */
import { VERDICT_TITLES, type Outcome } from '../../assess/model/assessment.ts';
import { plural } from '../../base/text.ts';
import type { ReportInput } from '../input.ts';
import type { Fact, Section, Tone } from '../model.ts';
import {
  ALL,
  fact,
  facts,
  list,
  namesOf,
  note,
  paragraph,
  staleNote,
  withNames,
  type Chapter,
} from './section.ts';

export const VERDICT_TONES: Record<Outcome, Tone> = {
  'good-candidate': 'good',
  'candidate-with-conditions': 'conditions',
  'keep-physical': 'stop',
  'os-virtualization': 'information',
  clustering: 'information',
  unknown: 'plain',
  'already-virtual': 'plain',
};
export const OUTCOMES = Object.keys(VERDICT_TITLES) as Outcome[];

/** What the report begins with, by what the customer asked for. */
const DRIVER_QUESTIONS: Record<string, string> = {
  cost: 'what virtualizing saves',
  'hardware-refresh': 'how much hardware has to be bought anew',
  'space-and-power': 'how much space and power can be given back',
  availability: 'how servers become easier to keep running',
  'disaster-recovery': 'how the servers can be brought back elsewhere',
  standardisation: 'how many different systems remain to be looked after',
};

export const verdictCounts = ({ study }: ReportInput): Map<Outcome, number> => {
  const counts = new Map<Outcome, number>(OUTCOMES.map((outcome) => [outcome, 0]));
  for (const { verdict } of study.estate.assessments) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return counts;
};

/** The sum of one kind of savings line, before and after; null where it is not reckoned. */
function line(
  { study }: ReportInput,
  id: string,
  unit: (unit: string) => boolean,
): { before: number; after: number } | null {
  const found = study.savings.lines.filter((one) => one.id === id && unit(one.unit));
  return found.length === 0
    ? null
    : {
        before: found.reduce((sum, { before }) => sum + before, 0),
        after: found.reduce((sum, { after }) => sum + after, 0),
      };
}

/** The key figures: the same on screens, in every format, and in the test that compares them. */
export function keyFigures(input: ReportInput): Fact[] {
  const { study, waves, conversions } = input;
  const { plan, estate, savings } = study;
  const counts = verdictCounts(input);
  const power = line(input, 'power', (unit) => unit === 'kWh');
  const space = line(input, 'space', (unit) => unit === 'U');
  const last = savings.cashFlow?.at(-1) ?? null;
  const ends = waves.waves.flatMap(({ ends: end }) => end ?? []).sort();
  const stars = estate.assessments.map(({ confidence }) => confidence.stars);
  return [
    fact('servers', 'Servers looked at', estate.assessments.length, 'count', { basis: 'measured' }),
    ...OUTCOMES.map((outcome) =>
      fact(`verdict-${outcome}`, VERDICT_TITLES[outcome], counts.get(outcome)!, 'count', {
        basis: 'computed',
      }),
    ),
    fact('placed', 'Servers that become virtual machines', plan.totals.placed, 'count', {
      basis: 'computed',
    }),
    fact('hosts', 'Hosts needed', plan.totals.hosts, 'count', { basis: 'computed' }),
    fact(
      'ratio',
      'Virtual machines on a host',
      plan.totals.placed === 0 ? null : plan.totals.ratio,
      'number',
      {
        basis: 'computed',
      },
    ),
    fact('bound', 'Hosts below which no plan can go', plan.bound.hosts, 'count', { basis: 'computed' }),
    fact('sum-of-peaks-hosts', 'Hosts by adding up peaks', plan.totals.sumOfPeaksHosts, 'count', {
      basis: 'computed',
    }),
    fact('unplaced', 'Servers without a place', plan.unplaced.length, 'count', { basis: 'computed' }),
    fact('managed-before', 'Systems to look after today', plan.totals.managedBefore, 'count', {
      basis: 'computed',
    }),
    fact('managed-after', 'Systems to look after then', plan.totals.managedAfter, 'count', {
      basis: 'computed',
    }),
    fact('waves', 'Waves', waves.waves.length, 'count', { basis: 'computed' }),
    fact('ends', 'Last wave ends', ends.at(-1) ?? null, 'date', { basis: 'estimated' }),
    fact(
      'energy-saved',
      'Energy saved a year',
      power === null ? null : power.before - power.after,
      'number',
      {
        unit: 'kWh',
        basis: 'estimated',
      },
    ),
    fact(
      'space-saved',
      'Rack units given back',
      space === null ? null : space.before - space.after,
      'number',
      {
        unit: 'U',
        basis: 'estimated',
      },
    ),
    fact(
      'net',
      last === null ? 'Net result' : `Net result after ${plural(last.year, 'year')}`,
      last === null ? null : last.cumulative,
      'money',
      {
        basis: 'estimated',
      },
    ),
    fact(
      'stars',
      'Confidence, stars of five',
      stars.length === 0 ? null : stars.reduce((sum, one) => sum + one, 0) / stars.length,
      'number',
      { basis: 'computed' },
    ),
    fact(
      'converted',
      'Servers converted so far',
      conversions.filter(({ finished }) => finished !== null).length,
      'count',
      {
        basis: 'measured',
      },
    ),
  ];
}

export const summary: Chapter = (input): Section => {
  const { study, waves, about } = input;
  const { plan, savings } = study;
  const { totals, failover } = plan;
  const names = namesOf(input);
  const counts = verdictCounts(input);
  const candidates = counts.get('good-candidate')! + counts.get('candidate-with-conditions')!;
  const already = counts.get('already-virtual')!;
  const servers = study.estate.assessments.length;
  const question = DRIVER_QUESTIONS[about.driver];
  const high = waves.waves.flatMap(({ risks }) => risks.filter(({ severity }) => severity === 'high'));
  const open = openDecisions(input);
  return {
    id: 'summary',
    title: 'Summary',
    audiences: ALL,
    lead:
      servers === 0
        ? 'No servers have been collected yet.'
        : totals.placed === 0
          ? `None of the ${plural(servers, 'server')} becomes a virtual machine in this plan.`
          : `${candidates} of ${plural(servers, 'server')} ${candidates === 1 ? 'is' : 'are'} worth virtualizing${already > 0 ? `, ${already} ${already === 1 ? 'is' : 'are'} virtual already` : ''}; the plan puts ${plural(totals.placed, 'server')} on ${plural(totals.hosts, 'host')}.`,
    blocks: [
      ...(question === undefined ? [] : [paragraph(`The question was ${question}.`)]),
      ...staleNote(input),
      facts(...keyFigures(input).filter(({ value, id }) => !id.startsWith('verdict-') && value !== null)),
      {
        kind: 'chart',
        id: 'verdicts',
        title: 'What becomes of the servers',
        summary: OUTCOMES.filter((outcome) => counts.get(outcome)! > 0)
          .map((outcome) => `${VERDICT_TITLES[outcome]}: ${counts.get(outcome)!}`)
          .join('; '),
        spec: {
          kind: 'shares',
          unit: 'servers',
          parts: OUTCOMES.filter((outcome) => counts.get(outcome)! > 0).map((outcome) => ({
            id: outcome,
            title: VERDICT_TITLES[outcome],
            value: counts.get(outcome)!,
            tone: VERDICT_TONES[outcome],
          })),
        },
      },
      ...(totals.placed === 0
        ? []
        : [
            paragraph(
              failover.proved
                ? `The plan survives the loss of ${plural(failover.failures, 'host')}: each was taken out and its machines found room on the others.`
                : `The plan does not survive the loss of ${plural(failover.failures, 'host')}; the chapter on the plan says where room is missing.`,
            ),
          ]),
      ...(savings.cashFlow === null && savings.omitted.length > 0
        ? [
            note(
              'information',
              'Money is left out: prices are missing, and nothing is guessed. The chapter on savings lists which.',
            ),
          ]
        : []),
      ...(high.length === 0
        ? []
        : [
            paragraph('The risks to know about first:'),
            ...list(
              high.slice(0, 3).map(({ text, mitigation }) => withNames(`${text} ${mitigation}`, names)),
            ),
          ]),
      ...(open.length === 0
        ? []
        : [paragraph('To be decided:'), ...list(open.slice(0, 3).map((text) => withNames(text, names)))]),
    ],
    sections: [],
  };
};

/** How the decision on prices begins. */
export const PRICES = 'Which prices hold here:';

/** What the customer has to say before more can be said. */
export function openDecisions({ study }: ReportInput): string[] {
  const { estate, plan, savings } = study;
  const unknown = estate.assessments.filter(({ verdict }) => verdict === 'unknown').length;
  const idle = estate.assessments.filter(({ usage }) => usage === 'idle' || usage === 'zombie').length;
  const blocked = estate.assessments.filter(({ gates }) =>
    gates.some(({ severity, met, fixable }) => severity === 'blocker' && !met && fixable),
  ).length;
  return [
    ...(plan.unplaced.length === 0
      ? []
      : [`Where ${plural(plan.unplaced.length, 'server')} without a place in the plan should go.`]),
    ...(blocked === 0 ? [] : [`Who sees to what stands in the way of ${plural(blocked, 'server')}.`]),
    ...(idle === 0
      ? []
      : [`Whether ${plural(idle, 'server')} that hardly anybody uses can be retired instead.`]),
    ...(unknown === 0
      ? []
      : [
          `Whether ${plural(unknown, 'server')} of which too little is known should be collected again or measured longer.`,
        ]),
    ...(savings.omitted.length === 0
      ? []
      : [`${PRICES} ${[...new Set(savings.omitted.map(({ missing }) => missing))].join(', ')}.`]),
  ];
}
