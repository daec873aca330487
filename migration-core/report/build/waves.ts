/** Who moves when, what must be true before the next ones may, and what can go wrong. */
import { METHOD_WORDS, type Wording } from '../../assess/model/assessment.ts';
import { plural } from '../../base/text.ts';
import type { Block, Section } from '../model.ts';
import {
  ALL,
  column,
  list,
  namesOf,
  note,
  paragraph,
  SERVER,
  SERVERS,
  tableOf,
  TECHNICAL,
  withNames,
  type Chapter,
} from './section.ts';

const DAY = 86_400_000;

export const waves: Chapter = (input): Section => {
  const { waves: plan, outside, problems, notes } = input.waves;
  const names = namesOf(input);
  const dated = plan.filter(({ starts, ends }) => starts !== null && ends !== null);
  const first = dated[0]?.starts ?? null;
  const last =
    dated
      .map(({ ends }) => ends!)
      .sort()
      .at(-1) ?? null;
  return {
    id: 'waves',
    title: 'Waves',
    audiences: ALL,
    lead:
      plan.length === 0
        ? 'Nothing moves in this plan.'
        : first === null
          ? `${plural(plan.length, 'wave')}; without a first day they have no dates.`
          : `${plural(plan.length, 'wave')} from ${first} to ${last ?? first}.`,
    blocks: [
      ...(dated.length === 0
        ? []
        : ([
            {
              kind: 'chart',
              id: 'calendar',
              title: 'Calendar of the waves',
              summary: dated
                .map(({ number, starts, ends }) => `wave ${number}: ${starts!} to ${ends!}`)
                .join('; '),
              spec: {
                kind: 'spans',
                unit: 'dates',
                from: Date.parse(first!),
                to: Date.parse(last!) + DAY,
                rows: dated.map(({ number, title, starts, ends }) => ({
                  title: `${number} ${title}`,
                  spans: [
                    {
                      from: Date.parse(starts!),
                      to: Date.parse(ends!) + DAY,
                      title: `${starts!} to ${ends!}`,
                    },
                  ],
                })),
              },
            },
          ] satisfies Block[])),
      tableOf({
        id: 'waves',
        title: 'Waves',
        columns: [
          column('wave', 'Wave', 'count'),
          column('title', 'What', 'text', { width: 3 }),
          column('servers', 'Servers', 'count', { total: true }),
          column('starts', 'From', 'date'),
          column('ends', 'To', 'date'),
          column('copy', 'Copying', 'minutes', { total: true }),
          column('test', 'Testing', 'minutes', { total: true }),
          column('risks', 'High risks', 'count', { total: true }),
        ],
        rows: plan.map(({ number, title, members, starts, ends, copyMinutes, testMinutes, risks }) => [
          number,
          title,
          members.length,
          starts,
          ends,
          copyMinutes,
          testMinutes,
          risks.filter(({ severity }) => severity === 'high').length,
        ]),
        empty: 'Nothing moves in this plan.',
      }),
      ...problems.map((text) => note('conditions', withNames(text, names))),
      ...list((notes ?? []).map((text) => withNames(text, names))),
    ],
    sections: [
      ...plan.map((wave): Section => ({
        id: `wave-${wave.number}`,
        title: `Wave ${wave.number}: ${wave.title}`,
        audiences: SERVERS,
        lead: `${plural(wave.members.length, 'server')}${wave.starts === null ? '' : `, ${wave.starts} to ${wave.ends ?? wave.starts}`}.`,
        blocks: [
          tableOf({
            id: `wave-${wave.number}`,
            title: `Servers of wave ${wave.number}`,
            columns: [
              SERVER,
              column('priority', 'Priority', 'score'),
              column('method', 'Moves by', 'text', { width: 2 }),
              column('copy', 'Copying', 'minutes', { total: true }),
              column('test', 'Testing', 'minutes', { total: true }),
              column('why', 'Why now', 'text', { width: 4 }),
            ],
            rows: wave.members.map(({ name, priority, method, copyMinutes, testMinutes, why }) => [
              name,
              priority,
              (METHOD_WORDS as Record<string, Wording>)[method]?.short ?? method,
              copyMinutes,
              testMinutes,
              why,
            ]),
            empty: 'Nobody is in it.',
          }),
          paragraph('Before the next wave:'),
          ...list(wave.gates.map(({ text, required }) => `${text}${required ? '' : ' (advised)'}`)),
          ...(wave.people.length === 0
            ? []
            : [paragraph(`People: ${wave.people.map(({ role, does }) => `${role} (${does})`).join('; ')}.`)]),
          paragraph(withNames(`If it goes wrong: ${wave.rollback}`, names)),
        ],
        sections: [],
      })),
      {
        id: 'risks',
        title: 'Risks',
        audiences: TECHNICAL,
        lead: `${plural(
          plan.reduce((sum, { risks }) => sum + risks.length, 0),
          'risk',
        )}, each with what to do about it.`,
        blocks: [
          tableOf({
            id: 'risks',
            title: 'Risks',
            columns: [
              column('wave', 'Wave', 'count'),
              column('severity', 'Weight', 'status', {
                tones: { high: 'stop', medium: 'conditions', low: 'information' },
              }),
              column('risk', 'Risk', 'text', { width: 4 }),
              column('mitigation', 'What to do', 'text', { width: 4 }),
            ],
            rows: plan.flatMap(({ number, risks }) =>
              risks.map(({ severity, text, mitigation }) => [number, severity, text, mitigation]),
            ),
            empty: 'None were found.',
          }),
        ],
        sections: [],
      },
      {
        id: 'outside',
        title: 'Servers in no wave',
        audiences: SERVERS,
        lead: `${plural(outside.length, 'server')}.`,
        blocks: [
          tableOf({
            id: 'outside',
            title: 'In no wave',
            columns: [SERVER, column('why', 'Why', 'text', { width: 6 })],
            rows: outside.map(({ name, why }) => [name, why]),
            empty: 'Every server that moves is in a wave.',
          }),
        ],
        sections: [],
      },
    ],
  };
};
