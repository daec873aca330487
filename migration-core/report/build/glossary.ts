/** Words and methods that a reader may not know. */
import type { Citation } from '../../assess/rules/pack.ts';
import type { Section } from '../model.ts';
import { ALL, column, tableOf, TECHNICAL, type Chapter } from './section.ts';

const WORDS: readonly (readonly [string, string])[] = [
  [
    '95th percentile, p95',
    'The value that is not exceeded in 95 of 100 measurements: rare peaks are left out, long ones are not.',
  ],
  ['Binding', 'The resource of a host that is full first; adding more of any other does not help.'],
  ['Blast radius', 'What stands still when one host fails.'],
  ['Ceiling', 'How full a host may get; the rest is kept for what nobody foresaw.'],
  ['Cookie-cutter set', 'Servers so much alike that one recipe moves all of them.'],
  ['Core unit', 'The work of one core of the reference processor; makes old and new processors comparable.'],
  ['Gate', 'A question asked of every server: does this stand in the way? A blocker must be seen to first.'],
  ['IOPS', 'Reads and writes of disks in a second.'],
  ['N+1', 'One host may fail, and its machines find room on the others.'],
  [
    'OS virtualization',
    'Servers that share one operating system and see only their own part of it: containers.',
  ],
  ['P2V', 'Turning a physical server into a virtual machine.'],
  ['vCPU', 'A processor of a virtual machine; several share one core of a host.'],
  ['Wave', 'Servers that move together, with what must be true before the next ones may.'],
];

export const glossary: Chapter = ({ study }): Section => {
  const rules = new Map<string, Citation>();
  for (const { parts, reasons, gates } of study.estate.assessments)
    for (const citation of [...parts, ...reasons, ...gates].flatMap((one) => one.rules))
      rules.set(citation.rule, citation);
  return {
    id: 'appendix',
    title: 'Rules and words',
    audiences: ALL,
    lead: 'What the figures were held against, and what the words mean.',
    blocks: [],
    sections: [
      {
        id: 'rules',
        title: 'Rules',
        audiences: TECHNICAL,
        lead: `${rules.size} numbers decided something in this report; each has a source.`,
        blocks: [
          tableOf({
            id: 'rules',
            title: 'Rules',
            columns: [
              column('rule', 'Rule', 'text', { width: 2 }),
              column('title', 'What', 'text', { width: 3 }),
              column('value', 'Value', 'text', { width: 2 }),
              column('unit', 'Unit', 'text'),
              column('source', 'Source', 'text', { width: 4 }),
              column('pack', 'Pack', 'text'),
            ],
            rows: [...rules.values()]
              .sort((a, b) => (a.rule < b.rule ? -1 : 1))
              .map(({ rule, title, value, unit, source, pack }) => [
                rule,
                title,
                readable(value),
                unit,
                source,
                pack,
              ]),
            empty: 'No rule decided anything.',
          }),
        ],
        sections: [],
      },
      {
        id: 'glossary',
        title: 'Words',
        audiences: ALL,
        lead: 'In the order of the alphabet.',
        blocks: [
          tableOf({
            id: 'glossary',
            title: 'Words',
            columns: [column('word', 'Word', 'text'), column('meaning', 'Meaning', 'text', { width: 5 })],
            rows: WORDS,
            empty: '',
          }),
        ],
        sections: [],
      },
    ],
  };
};

/** The value of a rule as people read it: what belongs together with its name, lists with commas. */
function readable(value: unknown): string {
  if (Array.isArray(value)) return value.map(readable).join(typeof value[0] === 'object' ? '; ' : ', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .filter(([, one]) => !Array.isArray(one) || one.length > 0)
    .map(([name, one]) => `${name}: ${readable(one)}`)
    .join(', ');
}
