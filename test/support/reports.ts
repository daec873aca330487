/** Reports made by hand for tests of writers: everything that a report can hold, and names that break things. */
import {
  CSV_DEFAULTS,
  WRITE_DEFAULTS,
  type CsvOptions,
  type WriteWorld,
} from '../../migration-core/report/writer.ts';
import { formatter } from '../../migration-core/report/format.ts';
import { COLUMN_KINDS, type Report, type Value } from '../../migration-core/report/model.ts';

export const HOSTILE = [
  '=cmd|"/c calc"!A0',
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '\ttab first',
  '\rreturn',
  '<script>alert(1)</script>&amp;"\'',
  'שרת-דואר خادم',
  '\u202egnp.exe',
  'n'.repeat(300),
  'nul\u0000 bell\u0007 escape\u001b[31m',
  '_x0041_ is no A',
  'two\nlines; "quoted", comma',
  'half \ud83d and whole 😀',
  "'apostrophe",
  '٣٤%',
] as const;

export const world = (csv: Partial<CsvOptions> = {}): WriteWorld => ({
  format: formatter('en-GB', 'EUR', 60),
  options: { ...WRITE_DEFAULTS, csv: { ...CSV_DEFAULTS, ...csv } },
});

/** @param names in every place where a name can stand @param missing all values are null */
export function madeUpReport(names: readonly string[], missing = false): Report {
  const all: Record<string, Value> = {
    text: 'plain',
    count: 47,
    number: 6.8,
    share: 0.07,
    bytes: 3 * 2 ** 30,
    'bytes-rate': 2.5 * 2 ** 20,
    seconds: 61,
    minutes: 90,
    time: Date.UTC(2026, 9, 14, 0, 55),
    date: '2026-11-26',
    money: 1234.5,
    status: 'good',
    score: 88,
  };
  const of = (value: Value): Value => (missing ? null : value);
  const secret = 'server' as const;
  return {
    meta: {
      title: 'Assessment',
      customer: '',
      consultant: 'C',
      company: '',
      driver: 'cost',
      createdAt: Date.UTC(2026, 10, 26),
      period: missing ? null : { from: Date.UTC(2026, 8, 14), to: Date.UTC(2026, 9, 14) },
      utcOffsetMinutes: 60,
      currency: 'EUR',
      scenario: 'default',
      rules: 'modern@1',
      program: 'Ironlift 0.1.0',
      draft: true,
      confidentiality: 'Confidential',
      inputs: 'a'.repeat(64),
    },
    figures: COLUMN_KINDS.map((kind) => ({
      id: `f-${kind}`,
      title: `Figure ${kind}`,
      kind,
      value: of(all[kind]!),
    })),
    sections: [
      {
        id: 'method',
        title: 'Method',
        audiences: ['technical'],
        lead: names.map((name) => ({ secret, name })),
        blocks: [
          {
            kind: 'table',
            table: {
              id: 'kinds',
              title: 'Kinds',
              columns: [
                { id: 'server', title: 'Server', kind: 'text', secret },
                ...COLUMN_KINDS.map((kind) => ({
                  id: kind,
                  title: kind,
                  kind,
                  total: !['text', 'time', 'date', 'status'].includes(kind),
                })),
              ],
              rows: names.map((name) => [name, ...COLUMN_KINDS.map((kind) => of(all[kind]!))]),
              empty: 'There is no server.',
            },
          },
          { kind: 'list', items: names.map((name) => `About ${name}, and no other.`) },
          {
            kind: 'chart',
            id: `week-${names[0] ?? 'none'}`,
            title: names[0] ?? 'Nobody',
            summary: 'A week.',
            spec: {
              kind: 'week',
              unit: '%',
              ceiling: of(80) as number | null,
              rows: names.map((title) => ({
                title,
                values: Array.from({ length: 168 }, (_, hour) => (missing || hour % 5 === 0 ? null : hour)),
              })),
            },
          },
          {
            kind: 'chart',
            id: `bars-${names[0] ?? 'none'}`,
            title: names[0] ?? 'Nobody',
            summary: [{ secret, name: names[0] ?? 'Nobody' }],
            spec: {
              kind: 'bars',
              unit: '%',
              bars: names.map((title) => ({ title, value: missing ? null : 12.5, ceiling: 80 })),
            },
          },
        ],
        sections: [],
      },
      {
        id: 'servers',
        title: 'Servers',
        audiences: ['technical'],
        lead: '',
        blocks: [],
        sections: names.map((name, index) => ({
          id: `server-${index}`,
          title: name,
          audiences: ['technical'],
          lead: '',
          blocks: [
            {
              kind: 'facts',
              facts: [
                { id: 'memory', title: 'Memory', kind: 'bytes', value: of(2 ** 30) },
                { id: 'host', title: 'Host', kind: 'text', secret: 'host', value: of(name) },
              ],
            },
          ],
          sections: [],
        })),
      },
    ],
  };
}
