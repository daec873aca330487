/**
 * A report as tables alone: what XLSX and CSV consist of, one sheet or file for each. The tables of the chapters as they
 * are; what charts show; the figures; every sentence. What each server has a chapter of its own for on paper becomes
 * one table with a row for each server: a workbook of a thousand sheets can be neither filtered nor found through.
 */
import { plainText, SHOWN_UNITS } from '../format.ts';
import type { Block, Column, ColumnKind, Fact, Report, Section, Table, Text, Value } from '../model.ts';
import { chartTable, weekColumns, weekRows, type DrawnChart } from './charts.ts';

export interface DataTable extends Table {
  /** Title of the chapter that it is from. */
  chapter: string;
  /** Kind of the value in each row, where the rows are figures: column `value` has no kind of its own. */
  kinds?: readonly ColumnKind[];
  /** What a spreadsheet draws beside it. */
  charts: readonly DrawnChart[];
  /** What is missing is an empty cell, not a text: charts take a text for zero. */
  gaps?: boolean;
}

/** The chapter whose sections are about one server each. */
const BY_SERVER = 'servers';
/** A workbook with more pictures on one sheet than this is slow to open; the numbers of all are there. */
const DRAWN_WEEKS = 20;

const text = (id: string, title: string, more: Partial<Column> = {}): Column => ({
  id,
  title,
  kind: 'text',
  ...more,
});

const FIGURE_COLUMNS: readonly Column[] = [
  text('section', 'Section', { width: 2 }),
  text('id', 'Id'),
  text('title', 'Figure', { width: 2 }),
  text('value', 'Value'),
  text('unit', 'Unit'),
  text('basis', 'Basis'),
];
/** Where `kinds` of a table belong. */
export const VALUE_COLUMN = FIGURE_COLUMNS.findIndex(({ id }) => id === 'value');

const TEXT_COLUMNS: readonly Column[] = [
  text('section', 'Section', { width: 2 }),
  text('what', 'What'),
  text('text', 'Text', { width: 6 }),
];

/** In the order of the report; ids are unique, without regard to upper and lower case. */
export function dataTables(report: Report): DataTable[] {
  const figures = new Figures(report.meta.currency);
  for (const one of report.figures) figures.add(report.meta.title, one);
  const texts: Value[][] = [];
  const say = (section: string, what: string, of: Text): void => {
    const said = plainText(of);
    if (said !== '') texts.push([section, what, said]);
  };
  const tables: DataTable[] = [];

  /** Tables that are numbered, of a section each (the members of waves), are put one under the other. */
  const numbered = new Map<string, { rows: Value[][] }>();
  const put = (table: Table, of: string, chapter: string): void => {
    const base = /^(.+)-\d+$/u.exec(table.id)?.[1];
    if (base === undefined) {
      tables.push({ ...table, chapter, charts: [] });
      return;
    }
    const key = JSON.stringify([base, table.columns.map(({ id, kind }) => [id, kind])]);
    let stack = numbered.get(key);
    if (stack === undefined) {
      stack = { rows: [] };
      numbered.set(key, stack);
      const columns = [text('section', 'Section', { width: 2 }), ...table.columns];
      tables.push({ ...table, id: `${base}-members`, columns, rows: stack.rows, chapter, charts: [] });
    }
    for (const row of table.rows) stack.rows.push([of, ...row]);
  };

  const section = (one: Section, chapter: string): void => {
    say(one.title, 'lead', one.lead);
    const weeks = new Weeks();
    for (const block of one.blocks) {
      sentences(block, one.title, say);
      if (block.kind === 'facts') for (const fact of block.facts) figures.add(one.title, fact);
      if (block.kind === 'table') put(block.table, one.title, chapter);
      if (block.kind !== 'chart') continue;
      if (block.spec.kind === 'week')
        weeks.add(block.title, block.title, plainText(block.summary), block.spec);
      else {
        const made = chartTable(block.id, block.title, plainText(block.summary), block.spec);
        tables.push({ ...made, chapter, gaps: true });
      }
    }
    if (!weeks.empty) tables.push(weeks.table(`week-${one.id}`, one.title, chapter));
    if (one.id === BY_SERVER) servers(one, chapter);
    else for (const inner of one.sections) section(inner, chapter);
  };

  /** Facts become columns; tables of one title and what the charts show are put one under the other. */
  const servers = (of: Section, chapter: string): void => {
    const columns = new Map<string, Column>();
    const rows: { server: string; facts: Map<string, Value> }[] = [];
    const stacked = new Map<string, { table: Table; rows: Value[][] }>();
    const weeks = new Weeks();
    for (const one of of.sections) {
      const facts = new Map<string, Value>();
      rows.push({ server: one.title, facts });
      say(one.title, 'lead', one.lead);
      for (const block of one.blocks) {
        sentences(block, one.title, say);
        if (block.kind === 'facts')
          for (const { id, title, value, kind, unit, secret } of block.facts) {
            facts.set(id, value);
            if (!columns.has(id))
              columns.set(id, {
                id,
                title,
                kind,
                ...(unit === undefined ? {} : { unit }),
                ...(secret === undefined ? {} : { secret }),
              });
          }
        if (block.kind === 'table') {
          const { table } = block;
          const key = JSON.stringify([table.title, table.columns.map(({ id, kind }) => [id, kind])]);
          const stack = stacked.get(key) ?? { table, rows: [] };
          stacked.set(key, stack);
          for (const row of table.rows) stack.rows.push([one.title, ...row]);
        }
        if (block.kind !== 'chart') continue;
        if (block.spec.kind === 'week') weeks.add(one.title, block.title, null, block.spec);
        else {
          const made = chartTable(block.id, block.title, plainText(block.summary), block.spec);
          tables.push({ ...made, chapter, gaps: true });
        }
      }
    }
    const server = text('server', 'Server', { secret: 'server', width: 2 });
    tables.push({
      id: 'servers',
      title: of.title,
      columns: [server, ...columns.values()],
      rows: rows.map(({ server: name, facts }) => [
        name,
        ...[...columns.keys()].map((id) => facts.get(id) ?? null),
      ]),
      empty: 'There is no server in this report.',
      chapter,
      charts: [],
    });
    for (const { table, rows: all } of stacked.values())
      tables.push({
        ...table,
        id: `servers-${slug(table.title)}`,
        columns: [server, ...table.columns],
        rows: all,
        chapter,
        charts: [],
      });
    if (!weeks.empty) tables.push(weeks.table('servers-week', 'A typical week', chapter));
  };

  for (const one of report.sections) section(one, one.title);
  const all: DataTable[] = [
    figures.table(),
    ...tables,
    {
      id: 'texts',
      title: 'Every sentence of the report',
      columns: TEXT_COLUMNS,
      rows: texts,
      empty: 'The report has no text.',
      chapter: 'All',
      charts: [],
    },
  ];
  return unique(all);
}

/** Names of files and sheets are made of them. */
const slug = (of: string): string =>
  of
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .replace(/^-+|-+$/gu, '')
    .slice(0, 60) || 'table';

function unique(tables: readonly DataTable[]): DataTable[] {
  const taken = new Set<string>();
  return tables.map((table) => {
    const base = slug(table.id);
    let id = base;
    for (let again = 2; taken.has(id); again++) id = `${base}-${again}`;
    taken.add(id);
    return { ...table, id };
  });
}

function sentences(
  block: Block,
  section: string,
  say: (section: string, what: string, text: Text) => void,
): void {
  switch (block.kind) {
    case 'paragraph': {
      say(section, 'paragraph', block.text);
      return;
    }
    case 'note': {
      say(section, `note: ${block.tone}`, block.text);
      return;
    }
    case 'list':
      for (const item of block.items) say(section, 'list', item);
      return;
    case 'chart': {
      say(section, 'chart', [`${block.title}: `, ...parts(block.summary)]);
      return;
    }
    case 'picture': {
      say(section, 'picture', `${block.title}. Pictures are in the other formats.`);
      return;
    }
    case 'facts':
    case 'table':
  }
}

const parts = (of: Text): Exclude<Text, string> => (typeof of === 'string' ? [of] : of);

class Figures {
  readonly #currency: string;
  readonly #rows: Value[][] = [];
  readonly #kinds: ColumnKind[] = [];
  constructor(currency: string) {
    this.#currency = currency;
  }
  add(section: string, { id, title, value, kind, unit, basis }: Fact): void {
    const shown = unit ?? (kind === 'money' ? this.#currency : SHOWN_UNITS[kind].unit);
    this.#rows.push([section, id, title, value, shown, basis ?? '']);
    this.#kinds.push(kind);
  }
  table(): DataTable {
    return {
      id: 'figures',
      title: 'Figures',
      columns: FIGURE_COLUMNS,
      rows: this.#rows,
      kinds: this.#kinds,
      empty: 'The report has no figures.',
      chapter: 'All',
      charts: [],
    };
  }
}

/** Weeks are a row each: 168 hours side by side, so that a row can be drawn. */
class Weeks {
  readonly #rows: Value[][] = [];
  readonly #charts: DrawnChart[] = [];
  #unit = '';
  get empty(): boolean {
    return this.#rows.length === 0;
  }
  /** @param summary what a picture of it is described by; null: none is drawn */
  add(name: string, title: string, summary: string | null, spec: Parameters<typeof weekRows>[1]): void {
    const from = this.#rows.length;
    this.#unit = spec.unit;
    this.#rows.push(...weekRows(name, spec));
    if (summary !== null && this.#charts.length < DRAWN_WEEKS && spec.rows.length > 0)
      this.#charts.push({
        shape: 'line',
        by: 'row',
        title,
        summary,
        from,
        series: spec.rows.map((_, index) => index),
        axes: { points: '', values: spec.unit },
      });
  }
  table(id: string, title: string, chapter: string): DataTable {
    return {
      id,
      title,
      columns: weekColumns(this.#unit),
      rows: this.#rows,
      empty: 'No week was measured.',
      chapter,
      charts: this.#charts,
      gaps: true,
    };
  }
}
