/** A sheet for each server. */
import { METHOD_WORDS, VERDICT_TITLES } from '../../assess/model/assessment.ts';
import { SLOT_MINUTES } from '../../assess/model/demand.ts';
import { plural } from '../../base/text.ts';
import type { Block, Section } from '../model.ts';
import {
  column,
  fact,
  facts,
  list,
  namesOf,
  note,
  paragraph,
  SERVERS,
  tableOf,
  withNames,
  type Chapter,
} from './section.ts';

const TONES = { for: '+ ', against: '− ', note: '' } as const;
const GATE_TONES = { blocker: 'stop', warning: 'conditions', info: 'information' } as const;

export const servers: Chapter = (input): Section => {
  const { study } = input;
  const names = namesOf(input);
  const { shape } = study.context.profile;
  const perHour = 60 / SLOT_MINUTES[shape];
  const facts_ = new Map(study.facts.map((one) => [one.id, one]));
  const host = new Map(
    study.plan.hosts.flatMap(({ name, servers: on }) => on.map(({ server }) => [server, name] as const)),
  );
  const wave = new Map(
    input.waves.waves.flatMap(({ number, members }) =>
      members.map(({ server }) => [server, number] as const),
    ),
  );
  return {
    id: 'servers',
    title: 'Server by server',
    audiences: SERVERS,
    lead: `${plural(study.estate.assessments.length, 'sheet')}, one for each server.`,
    blocks: [],
    sections: study.estate.assessments.map((assessment): Section => {
      const known = facts_.get(assessment.server);
      const { confidence, sized } = assessment;
      const profile = known?.profile ?? null;
      const summary = input.summaries.find(({ id }) => id === assessment.server);
      const week = profile?.weeks.find((one) => one.shape === shape)?.values ?? null;
      return {
        id: `server-${assessment.server}`,
        title: assessment.name,
        audiences: SERVERS,
        lead: withNames(`${VERDICT_TITLES[assessment.verdict]}. ${assessment.because}`, names),
        blocks: [
          facts(
            fact('score', 'Score', assessment.score, 'score', { basis: 'computed' }),
            fact('confidence', 'Confidence', confidence.value, 'score', { basis: 'computed' }),
            fact('system', 'Operating system', summary?.operatingSystem ?? null, 'text', {
              basis: 'measured',
            }),
            fact('model', 'Hardware', summary?.model ?? null, 'text', { basis: 'measured' }),
            fact('owner', 'Owner', known?.annotations.owner ?? null, 'text', {
              secret: 'person',
              basis: 'entered',
            }),
            fact('cores', 'Cores today', summary?.cores ?? null, 'count', { basis: 'measured' }),
            fact('vcpus', 'vCPUs', sized?.vcpus ?? null, 'count', { basis: 'computed' }),
            fact('memory-today', 'Memory today', summary?.memoryBytes ?? null, 'bytes', {
              basis: 'measured',
            }),
            fact('memory', 'Memory', sized?.memoryBytes ?? null, 'bytes', { basis: 'computed' }),
            fact('method', 'Moves by', METHOD_WORDS[assessment.method].short, 'text', { basis: 'computed' }),
            fact('host', 'Host', host.get(assessment.server) ?? null, 'text', {
              secret: 'host',
              basis: 'computed',
            }),
            fact('wave', 'Wave', wave.get(assessment.server) ?? null, 'count', { basis: 'computed' }),
          ),
          ...(assessment.override === null
            ? []
            : [
                note(
                  'information',
                  withNames(
                    `Decided by hand: the rules say ${VERDICT_TITLES[assessment.ruled]}. ${assessment.override.reason}${assessment.override.by === null ? '' : ` (${assessment.override.by})`}`,
                    names,
                  ),
                ),
              ]),
          ...(profile === null
            ? [note('plain', 'Not measured.')]
            : [
                tableOf({
                  id: `use-${assessment.server}`,
                  title: 'Use',
                  columns: [
                    column('what', 'What', 'text', { width: 2 }),
                    column('mean', 'Mean', 'text'),
                    column('p95', 'p95', 'text'),
                    column('p99', 'p99', 'text'),
                    column('maximum', 'Highest', 'text'),
                  ],
                  rows: USE.flatMap(({ title, of, show }) => {
                    const statistic = of(profile);
                    return statistic === null
                      ? [[title, null, null, null, null]]
                      : [
                          [
                            title,
                            show(statistic.mean),
                            show(statistic.p95),
                            show(statistic.p99),
                            show(statistic.maximum),
                          ],
                        ];
                  }),
                  empty: '',
                }),
              ]),
          ...(week === null || Number.isNaN(week[0]!)
            ? []
            : ([
                {
                  kind: 'chart',
                  id: `week-of-${assessment.server}`,
                  title: 'A typical week: processors',
                  summary: withNames(
                    `${assessment.name}: the busiest hour of each day of a typical week.`,
                    names,
                  ),
                  spec: {
                    kind: 'week',
                    unit: '%',
                    ceiling: null,
                    rows: [
                      {
                        title: 'Processors',
                        values: Array.from({ length: 168 }, (_, hour) => {
                          let most = 0;
                          for (let slot = hour * perHour; slot < (hour + 1) * perHour; slot++)
                            most = Math.max(most, week[slot]!);
                          return most;
                        }),
                      },
                    ],
                  },
                },
              ] satisfies Block[])),
          // What a gate found stands beside what to do about it, below.
          ...list(
            assessment.reasons
              .filter(
                ({ tone, text }) =>
                  tone !== 'note' || !assessment.gates.some(({ id }) => text.includes(`(${id})`)),
              )
              .map(({ tone, text }) => withNames(`${TONES[tone]}${text}`, names)),
          ),
          ...assessment.gates.map(({ id, severity, because, fix, met }) =>
            note(
              met ? 'good' : GATE_TONES[severity],
              withNames(`${id}${met ? ', seen to' : ''}: ${because} ${fix}`, names),
            ),
          ),
          ...(assessment.changes.length === 0
            ? []
            : [
                paragraph('What would change this:'),
                ...list(assessment.changes.map((text) => withNames(text, names))),
              ]),
        ],
        sections: [],
      };
    }),
  };
};

type Profile = NonNullable<Parameters<Chapter>[0]['study']['facts'][number]['profile']>;
type Shown = Profile['cpu'];
const percent = (value: number): string => `${round(value)} %`;
const mebibytes = (value: number): string => `${round(value / 2 ** 20)} MiB`;
const perSecond = (value: number): string => `${round(value / 2 ** 20)} MiB/s`;
const plain = (value: number): string => String(round(value));
const round = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10;

const USE: readonly { title: string; of: (profile: Profile) => Shown; show: (value: number) => string }[] = [
  { title: 'Processors', of: ({ cpu }) => cpu, show: percent },
  { title: 'Memory', of: ({ memoryUsed }) => memoryUsed, show: mebibytes },
  { title: 'Disk operations a second', of: ({ diskOperations }) => diskOperations, show: plain },
  { title: 'Disk throughput', of: ({ diskBytes }) => diskBytes, show: perSecond },
  { title: 'Network', of: ({ networkBytes }) => networkBytes, show: perSecond },
];
