/** Tables of workbooks and CSV files under one roof: rows as records by the names of their columns. */
import type { CollectedItem, ImportInput, ImportOptions } from '../../collector.ts';
import { MAX_TEXT } from '../../values.ts';
import { openWorkbook } from '../../xlsx.ts';
import { isZip } from '../../zip.ts';
import { decodeText, gather } from './gather.ts';

export interface RawSheet {
  name: string;
  rows(): AsyncIterable<string[]>;
}

/** Values of a row by the name of their column, as `columnKey` makes it. */
export type Row = Map<string, string>;

/**
 * The name of a column for comparing: lower case, single blanks. Exports before 2021 wrote MB where they counted in
 * units of 1,048,576 bytes, newer ones MiB; both are taken as the latter.
 */
export const columnKey = (header: string): string =>
  header
    .slice(0, 200)
    .toLowerCase()
    .replace(/[\s_]+/gu, ' ')
    .replace(/\bmb\b/gu, 'mib')
    .replace(/\bgb\b/gu, 'gib')
    .trim();

/** Sheets of a workbook, of a CSV file, or of the CSV files in a folder. */
export async function sheetsOf(input: ImportInput, options: ImportOptions): Promise<RawSheet[]> {
  if (input.isFolder)
    return input.entries
      .filter((name) => /\.csv$/iu.test(name))
      .sort()
      .map((entry) => csvSheet(input, entry, options));
  if (isZip(input.head))
    return openWorkbook(await gather(input, undefined, undefined, options.signal), input.name);
  return [csvSheet(input, undefined, options)];
}

/** `RVTools_tabvInfo.csv` is the sheet vInfo. */
function csvSheet(input: ImportInput, entry: string | undefined, options: ImportOptions): RawSheet {
  const file = (entry ?? input.name).split('/').at(-1)!;
  return {
    name: file
      .replace(/\.csv$/iu, '')
      .replace(/^rvtools_?/iu, '')
      .replace(/^tab/iu, ''),
    async *rows() {
      yield* csvRows(decodeText(await gather(input, entry, undefined, options.signal)));
    },
  };
}

/** What separates cells is what the first line has most of: a comma, a semicolon where commas are decimal, a tab. */
export function separatorOf(text: string): string {
  const first = text.slice(0, Math.min(100_000, Math.max(0, text.indexOf('\n')) || text.length));
  const count = (separator: string): number => first.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

const MAX_COLUMNS = 1000;

/** RFC 4180, with the separator found out; a quote that is never closed ends with the text. */
export function* csvRows(text: string): Generator<string[]> {
  const separator = separatorOf(text);
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      let cell: string;
      if (text[at] === '"') [cell, at] = quotedCell(text, at);
      else {
        let end = at;
        while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r')
          end++;
        cell = text.slice(at, end);
        at = end;
      }
      if (row.length < MAX_COLUMNS) row.push(cell.slice(0, MAX_TEXT));
      if (text[at] !== separator) break;
      at++;
    }
    while (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    if (row.some((cell) => cell !== '')) yield row;
  }
}

function quotedCell(text: string, start: number): [string, number] {
  let cell = '';
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return [cell + text.slice(at), text.length];
    cell += text.slice(at, quote);
    at = quote + 1;
    if (text[at] !== '"') break;
    cell += '"';
    at++;
  }
  // What stands between the closing quote and the separator belongs to nobody.
  const rest = /[,;\t\r\n]/gu;
  rest.lastIndex = at;
  return [cell, rest.exec(text)?.index ?? text.length];
}

/** Rows below the first that has two cells; a row that repeats the heads is passed over. */
export async function* records(sheet: RawSheet): AsyncGenerator<{ row: number; record: Row }> {
  let columns: string[] | null = null;
  let number = 0;
  for await (const row of sheet.rows()) {
    number++;
    if (columns === null) {
      if (row.filter((cell) => cell.trim() !== '').length < 2) continue;
      columns = row.map(columnKey);
      continue;
    }
    const record: Row = new Map();
    for (const [index, column] of columns.entries()) {
      const value = row[index]?.trim() ?? '';
      if (column !== '' && value !== '' && !record.has(column)) record.set(column, value);
    }
    yield { row: number, record };
  }
}

export const rowProblem = (at: number, message: string): CollectedItem => ({
  kind: 'problem',
  problem: { at, unit: 'row', message },
});
