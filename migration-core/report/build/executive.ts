/**
 * The report for those who decide: what becomes of the servers, what that saves, the plan in one picture, when it happens,
 * what can go wrong and what has to be decided, on four to six pages. Chapters are those of the technical report without
 * their lists, so that no figure is reckoned twice; what is long is gathered into a few lines, and says where the rest is.
 */
import { plural } from '../../base/text.ts';
import type { ChartSpec } from '../../chart/chart-spec.ts';
import type { ReportInput } from '../input.ts';
import type { Audience, Block, Section, Value } from '../model.ts';
import { method } from './method.ts';
import { plan } from './plan.ts';
import { LEFT_OUT, savings } from './savings.ts';
import { column, list, namesOf, note, paragraph, tableOf, withNames, type Chapter } from './section.ts';
import { openDecisions, PRICES, summary } from './summary.ts';
import { waves } from './waves.ts';

const EXECUTIVE: readonly Audience[] = ['executive'];
const NO_MONEY = 'Money is left out: prices are missing, and nothing is guessed.';
/** Bars beside each other that can still be told apart on a page. */
const MOST_BARS = 24;
/** Waves that are listed one by one; more are gathered by their kind. */
const MOST_WAVES = 12;
const MOST_RISKS = 6;
const MOST_POINTS = 6;

/** Of a chapter what `keep` makes of its blocks, without the sections below. */
const brief =
  (chapter: Chapter, keep: (block: Block, input: ReportInput) => readonly Block[]): Chapter =>
  (input) => {
    const whole = chapter(input);
    return whole === null
      ? null
      : {
          ...whole,
          audiences: EXECUTIVE,
          blocks: whole.blocks.flatMap((block) => keep(block, input)),
          sections: [],
        };
  };

/** The answer, and no list: risks, prices and decisions have their own chapters here. */
const shortSummary = brief(summary, (block) => {
  switch (block.kind) {
    case 'facts':
    case 'chart':
      return [block];
    case 'note':
      return block.tone === 'information' ? [note('information', NO_MONEY)] : [block];
    case 'paragraph':
      return typeof block.text === 'string' && block.text.endsWith(':') ? [] : [block];
    default:
      return [];
  }
});

const planPicture = brief(plan, (block) => {
  switch (block.kind) {
    case 'chart':
      return block.spec.kind === 'bars' ? fullestBars(block, block.spec) : [];
    case 'paragraph':
    case 'note':
      return [block];
    default:
      return [];
  }
});

function fullestBars(
  block: Extract<Block, { kind: 'chart' }>,
  spec: Extract<ChartSpec, { kind: 'bars' }>,
): Block[] {
  const { bars } = spec;
  if (bars.length <= MOST_BARS) return [block];
  const fullest = [...bars].sort((a, b) => (b.value ?? -1) - (a.value ?? -1)).slice(0, MOST_BARS);
  return [
    { ...block, spec: { ...spec, bars: fullest } },
    paragraph(`The ${MOST_BARS} fullest of ${plural(bars.length, 'host')}; the technical report shows all.`),
  ];
}

/** How each line was reckoned, and the years one by one, are in the technical report. */
const savingsInBrief = brief(savings, (block, input) => {
  // What is left out and why, in as few words as it has.
  if (block.kind === 'note' && isAboutPrices(block)) return pricesMissing(input);
  if (block.kind !== 'table') return [block];
  if (block.table.id !== 'savings' || block.table.rows.length === 0) return [];
  const { columns, rows } = block.table;
  const basis = columns.findIndex(({ id }) => id === 'basis');
  const without = <T>(row: readonly T[]): T[] => row.filter((_, at) => at !== basis);
  return [tableOf({ ...block.table, columns: without(columns), rows: rows.map(without) })];
});

const isAboutPrices = ({ text }: Extract<Block, { kind: 'note' }>): boolean =>
  typeof text === 'string' && text.startsWith(LEFT_OUT);

const pricesMissing = ({ study }: ReportInput): Block[] => {
  const missing = [...new Set(study.savings.omitted.map((one) => one.missing))];
  return [
    paragraph(
      `Nothing is guessed. What is left out needs ${plural(missing.length, 'price')} that nobody entered:`,
    ),
    ...list(missing.map((text) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`)),
  ];
};

interface Stage {
  title: string;
  waves: number;
  servers: number;
  starts: string | null;
  ends: string | null;
  high: number;
}

/** Waves one by one, or those of one kind together: `Production, 3 of 40` is one of forty alike. */
function stagesOf({ waves: { waves: all } }: ReportInput): Stage[] {
  const title = (of: { number: number; title: string }): string =>
    all.length <= MOST_WAVES ? `${of.number} ${of.title}` : of.title.replace(/, \d+ of \d+$/u, '');
  return [...Map.groupBy(all, title)].map(([name, members]) => ({
    title: name,
    waves: members.length,
    servers: members.reduce((sum, wave) => sum + wave.members.length, 0),
    starts: members.flatMap(({ starts }) => starts ?? []).sort()[0] ?? null,
    ends:
      members
        .flatMap(({ ends }) => ends ?? [])
        .sort()
        .at(-1) ?? null,
    high: members.reduce(
      (sum, { risks }) => sum + risks.filter(({ severity }) => severity === 'high').length,
      0,
    ),
  }));
}

const DAY = 86_400_000;

const wavesInBrief = brief(waves, (block, input) => {
  const stages = stagesOf(input);
  switch (block.kind) {
    case 'chart': {
      if (block.spec.kind !== 'spans' || stages.length === input.waves.waves.length) return [block];
      const rows = stages.flatMap(({ title, starts, ends }) =>
        starts === null || ends === null
          ? []
          : [
              {
                title,
                spans: [
                  { from: Date.parse(starts), to: Date.parse(ends) + DAY, title: `${starts} to ${ends}` },
                ],
              },
            ],
      );
      return [{ ...block, spec: { ...block.spec, rows } }];
    }
    case 'table': {
      const isDated = stages.some(({ starts }) => starts !== null);
      return [
        tableOf({
          ...block.table,
          columns: [
            column('title', 'What', 'text', { width: 3 }),
            ...(stages.length === input.waves.waves.length
              ? []
              : [column('waves', 'Waves', 'count', { total: true })]),
            column('servers', 'Servers', 'count', { total: true }),
            ...(isDated ? [column('starts', 'From', 'date'), column('ends', 'To', 'date')] : []),
            column('risks', 'High risks', 'count', { total: true }),
          ],
          rows: stages.map(({ title, waves: count, servers, starts, ends, high }): Value[] => [
            title,
            ...(stages.length === input.waves.waves.length ? [] : [count]),
            servers,
            ...(isDated ? [starts, ends] : []),
            high,
          ]),
        }),
      ];
    }
    case 'note':
      return [block];
    default:
      return [];
  }
});

const WEIGHTS = ['high', 'medium', 'low'] as const;

/** Each kind of risk once, with how many waves have it; then what stands in the way of servers, by what it is. */
const risks: Chapter = (input): Section => {
  const names = namesOf(input);
  const all = input.waves.waves.flatMap(({ number, risks: of }) => of.map((risk) => ({ ...risk, number })));
  // What is done about it is the same for risks of one kind: `See to the open blockers`, of each wave with other servers.
  const once = [...Map.groupBy(all, ({ severity, mitigation }) => `${severity} ${mitigation}`).values()].sort(
    (a, b) =>
      WEIGHTS.indexOf(a[0]!.severity) - WEIGHTS.indexOf(b[0]!.severity) ||
      b.length - a.length ||
      (a[0]!.text < b[0]!.text ? -1 : 1),
  );
  const high = once.filter(([first]) => first!.severity === 'high').length;
  const points = pointsOf(input);
  return {
    id: 'risks',
    title: 'Risks',
    audiences: EXECUTIVE,
    lead:
      once.length === 0
        ? 'No risks of the moves were found.'
        : `${plural(once.length, 'kind of risk', 'kinds of risk')} in the moves, ${high === 0 ? 'none of them high' : `${high} of them high`}; each has something that is done about it.`,
    blocks: [
      tableOf({
        id: 'risks',
        title: 'What can go wrong',
        columns: [
          column('severity', 'Weight', 'status', {
            tones: { high: 'stop', medium: 'conditions', low: 'information' },
          }),
          column('risk', 'Risk', 'text', { width: 4 }),
          column('mitigation', 'What is done about it', 'text', { width: 4 }),
          column('waves', 'Waves', 'count'),
        ],
        rows: once
          .slice(0, MOST_RISKS)
          .map((of) => [
            of[0]!.severity,
            of.length === 1
              ? of[0]!.text
              : `${of[0]!.text} And ${plural(of.length - 1, 'like it', 'like it')}.`,
            of[0]!.mitigation,
            new Set(of.map(({ number }) => number)).size,
          ]),
        empty: 'Nothing was found.',
      }),
      ...more(once.length - MOST_RISKS, 'kind'),
      tableOf({
        id: 'points',
        title: 'What to see to before the move',
        columns: [
          column('severity', 'Weight', 'status', { tones: { blocker: 'stop', warning: 'conditions' } }),
          column('title', 'What', 'text', { width: 4 }),
          column('servers', 'Servers', 'count'),
        ],
        rows: points.slice(0, MOST_POINTS).map(({ severity, title, servers }) => [severity, title, servers]),
        empty: 'Nothing stands in the way of any server.',
      }),
      ...more(points.length - MOST_POINTS, 'point'),
      ...input.waves.problems.slice(0, 3).map((text) => note('conditions', withNames(text, names))),
    ],
    sections: [],
  };
};

const more = (count: number, what: string): Block[] =>
  count <= 0
    ? []
    : [paragraph(`${plural(count, `more ${what} is`, `more ${what}s are`)} in the technical report.`)];

function pointsOf({ study }: ReportInput): { severity: string; title: string; servers: number }[] {
  const open = study.estate.assessments.flatMap(({ server, gates }) =>
    gates
      .filter(({ met, severity }) => !met && severity !== 'info')
      .map(({ title, severity }) => ({ server, title, severity })),
  );
  return [...Map.groupBy(open, ({ severity, title }) => `${severity} ${title}`).values()]
    .map((of) => ({ ...of[0]!, servers: new Set(of.map(({ server }) => server)).size }))
    .sort(
      (a, b) =>
        Number(b.severity === 'blocker') - Number(a.severity === 'blocker') ||
        b.servers - a.servers ||
        (a.title < b.title ? -1 : 1),
    );
}

const decisions: Chapter = (input): Section => {
  const names = namesOf(input);
  const open = openDecisions(input);
  return {
    id: 'decisions',
    title: 'What to decide',
    audiences: EXECUTIVE,
    lead:
      open.length === 0 ? 'Nothing is open.' : `${plural(open.length, 'decision')} before the moves begin.`,
    blocks: list(
      open.map((text) =>
        text.startsWith(PRICES)
          ? 'Which prices hold here: the chapter on savings lists them.'
          : withNames(text, names),
      ),
    ),
    sections: [],
  };
};

const trust = brief(method, (block) => (block.kind === 'facts' || block.kind === 'note' ? [block] : []));

/** A new chapter is one function and one line here. */
export const EXECUTIVE_CHAPTERS: readonly Chapter[] = [
  shortSummary,
  planPicture,
  savingsInBrief,
  wavesInBrief,
  risks,
  decisions,
  trust,
];
