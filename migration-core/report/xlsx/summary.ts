/** The first sheet: what the report is, its figures, how good the data are, and where everything is. */
import type { Formatter } from '../format.ts';
import { plainText, SHOWN_UNITS } from '../format.ts';
import type { Fact, Report, Section } from '../model.ts';
import { cellOf, offsetText } from '../data/cells.ts';
import { styledCell } from './cells.ts';
import { textCell, type NamedTable, type SheetCell } from './sheet.ts';
import type { WorkbookSheet } from './workbook.ts';

export interface IndexEntry {
  sheet: string;
  title: string;
  chapter: string;
  rows: number;
}

/** The chapter that says how far the data can be trusted. */
const QUALITY = 'method';
const FIGURE_HEADERS = ['Figure', 'Value', 'Unit', 'Basis'];
const INDEX_HEADERS = ['Sheet', 'What is on it', 'Chapter', 'Rows'];

export function summarySheet(
  report: Report,
  name: string,
  index: readonly IndexEntry[],
  format: Formatter,
): WorkbookSheet {
  const { meta } = report;
  const rows: SheetCell[][] = [];
  const tables: NamedTable[] = [];
  const label = (text: string): SheetCell => ({ style: 'label', value: text });
  const heading = (text: string): void => void rows.push([], [{ style: 'title', value: text }]);
  const table = (id: string, headers: readonly string[], body: readonly SheetCell[][]): void => {
    if (body.length > 0)
      tables.push({ name: `Ironlift_${id}`, headers, row: rows.length, rows: body.length, totals: null });
    rows.push(
      headers.map((header) => ({ style: 'header', value: header })),
      ...body,
    );
  };
  const figures = (facts: readonly Fact[]): SheetCell[][] =>
    facts.map(({ title, value, kind, unit, basis }) => [
      textCell(title),
      styledCell(cellOf(value, kind, meta.utcOffsetMinutes), false),
      textCell(unit ?? (kind === 'money' ? meta.currency : kind === 'share' ? '' : SHOWN_UNITS[kind].unit)),
      textCell(basis ?? ''),
    ]);
  const time = (at: number): SheetCell => styledCell(cellOf(at, 'time', meta.utcOffsetMinutes), false);

  rows.push([{ style: 'title', value: textCell(meta.title).value }]);
  for (const [title, value] of [
    ['Customer', meta.customer],
    ['Prepared by', [meta.consultant, meta.company].filter((text) => text !== '').join(', ')],
    ['The question', meta.driver],
    ['Scenario', meta.scenario],
    ['Rules', meta.rules],
    ['Made with', meta.program],
    ['Confidentiality', meta.confidentiality],
    ['State', meta.draft ? 'Draft' : 'Final'],
    ['Made from (SHA-256)', meta.inputs],
    ['Language and country', format.locale],
    ['Times are', `UTC${offsetText(meta.utcOffsetMinutes)}`],
  ] as const)
    if (value !== '') rows.push([label(title), textCell(value)]);
  rows.push([label('Made at'), time(meta.createdAt)]);
  if (meta.period !== null)
    rows.push([label('Measured from'), time(meta.period.from)], [label('Measured to'), time(meta.period.to)]);

  heading('Key figures');
  table('key_figures', FIGURE_HEADERS, figures(report.figures));

  const quality = report.sections.find(({ id }) => id === QUALITY);
  if (quality !== undefined) {
    heading('Data quality');
    for (const lead of leadsOf(quality)) rows.push([{ ...textCell(lead), style: 'line' }]);
    table('data_quality', FIGURE_HEADERS, figures(factsOf(quality)));
  }

  heading('Sheets');
  table(
    'sheets',
    INDEX_HEADERS,
    index.map(({ sheet, title, chapter, rows: count }) => [
      { style: 'link', value: sheet, link: sheet },
      textCell(title),
      textCell(chapter),
      { style: 'whole', value: count },
    ]),
  );
  return {
    name,
    widths: [38, 68, 30, 14],
    frozen: { rows: 0, columns: 0 },
    rows,
    tables,
    drawn: null,
  };
}

const leadsOf = (section: Section): string[] =>
  [plainText(section.lead), ...section.sections.flatMap(leadsOf)].filter((text) => text !== '');

const factsOf = (section: Section): Fact[] => [
  ...section.blocks.flatMap((block) => (block.kind === 'facts' ? block.facts : [])),
  ...section.sections.flatMap(factsOf),
];
