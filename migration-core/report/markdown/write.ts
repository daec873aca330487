/** A short report for a wiki or a pull request: the answer, the key figures, the reason of each wave, what is open. */
import { plainText } from '../format.ts';
import type { Block, Report, Section, Text } from '../model.ts';
import type { ReportWriter, WriteWorld } from '../writer.ts';
import { words } from '../words.ts';

/** Chapters that a summary is made of; the others are named with their first sentence. */
const WHOLE: ReadonlySet<string> = new Set(['summary', 'waves']);
/** Rows of a table: a wiki page is no spreadsheet. */
const ROWS = 40;

export const writeMarkdown: ReportWriter = async (report, world) =>
  new TextEncoder().encode(
    `${lines(report, world)
      .join('\n')
      .replace(/\n{3,}/gu, '\n\n')
      .trim()}\n`,
  );

function lines(report: Report, world: WriteWorld): string[] {
  const { meta, figures, sections } = report;
  const { format } = world;
  const about = [
    [words.preparedFor, meta.customer],
    [words.preparedBy, [meta.consultant, meta.company].filter((part) => part !== '').join(', ')],
    [words.date, format.figure(meta.createdAt, 'time')],
    [words.scenario, meta.scenario],
    [words.rules, meta.rules],
    [words.program, meta.program],
    [words.inputs, meta.inputs],
  ] as const;
  return [
    `# ${md(meta.title)}`,
    '',
    ...(meta.draft ? [`**${words.draft}.** `] : []),
    ...(meta.confidentiality === '' ? [] : [md(meta.confidentiality), '']),
    ...about.filter(([, value]) => value !== '').map(([title, value]) => `- ${title}: ${md(value)}`),
    '',
    ...table(
      ['Figure', 'Value', 'Basis'],
      figures.map(({ title, value, kind, unit, basis }) => [
        title,
        format.figure(value, kind, unit),
        basis === undefined ? '' : words.basis[basis],
      ]),
    ),
    '',
    ...sections.flatMap((section) => chapter(section, world)),
  ];
}

function chapter(section: Section, world: WriteWorld): string[] {
  const head = [`## ${md(section.title)}`, '', say(section.lead), ''];
  if (!WHOLE.has(section.id)) return head;
  return [
    ...head,
    ...section.blocks.filter(({ kind }) => kind !== 'facts').flatMap((one) => block(one, world)),
    ...section.sections.flatMap((part) => [
      `### ${md(part.title)}`,
      '',
      say(part.lead),
      '',
      ...part.blocks.flatMap((one) => block(one, world)),
    ]),
  ];
}

function block(of: Block, { format }: WriteWorld): string[] {
  switch (of.kind) {
    case 'paragraph':
      return [say(of.text), ''];
    case 'note':
      return [`> ${say(of.text)}`, ''];
    case 'list':
      return [...of.items.map((item) => `- ${say(item)}`), ''];
    case 'facts':
      return [
        ...of.facts.map(
          ({ title, value, kind, unit }) => `- ${md(title)}: ${md(format.figure(value, kind, unit))}`,
        ),
        '',
      ];
    case 'chart':
      return [`**${md(of.title)}.** ${say(of.summary)}`, ''];
    case 'picture':
      return [];
    case 'table': {
      const { title, columns, rows, empty } = of.table;
      if (rows.length === 0) return empty === '' ? [] : [md(empty), ''];
      return [
        `**${md(title)}**`,
        '',
        ...table(
          columns.map((column) => format.header(column)),
          rows.slice(0, ROWS).map((row) => row.map((value, at) => format.cell(value, columns[at]!))),
        ),
        ...(rows.length > ROWS ? ['', words.more(format.figure(rows.length - ROWS, 'count'))] : []),
        '',
      ];
    }
  }
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.map(cell).join(' | ')} |`,
  `| ${head.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
];

const cell = (text: string): string => md(text).replaceAll('|', '\\|');
const say = (text: Text): string => md(plainText(text));

/**
 * Text that stays text: every sign that Markdown or HTML give a meaning is escaped, and it is one line. Signs within a word
 * that mean nothing there (`db_01.example`) are left alone, for people read the source, too.
 */
export const md = (text: string): string =>
  text
    .toWellFormed()

    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replace(/[`*[\]<>~]/gu, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/&(?=[#\p{L}])/gu, '\\&')
    .replace(/^(\s*)([#+=-]|\d+[.)])(?=\s|$)/u, '$1\\$2')
    .replace(/:\/\//gu, ':\\/\\/');
