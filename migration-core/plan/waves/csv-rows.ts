/**
 * Tables as text: RFC 4180, and what spreadsheets make of it. A cell that a spreadsheet would take for a formula is written
 * with an apostrophe before it, which is taken away when it is read: it comes back as it was.
 */
import { IronliftError } from '../../base/errors.ts';

export const SEPARATORS = [',', ';', '\t'] as const;
export type Separator = (typeof SEPARATORS)[number];

export interface CsvRow {
  /** In the file, from 1: where the row begins. */
  line: number;
  cells: string[];
}

/** A table of waves of the largest estates has a few megabytes. */
const MAX_ROWS = 200_000;
const MAX_CELLS = 1000;

/**
 * What begins a formula in a spreadsheet, in its full-width spelling too, and what spreadsheets skip before one; the
 * apostrophe itself, so that a cell that begins with one is told from one that was made inert.
 */
const INERT = /^[=+\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]/u;

export const inert = (text: string): string => (INERT.test(text) ? `'${text}` : text);
export const plain = (text: string): string =>
  text.startsWith("'") && INERT.test(text.slice(1)) ? text.slice(1) : text;

/** One row without its end. */
export const csvRow = (cells: readonly string[], separator: Separator): string =>
  cells
    .map((cell) => {
      const text = inert(cell);
      return /[",;\t\r\n]|^\s|\s$/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(separator);

/** @throws WAVES_INVALID for a quotation mark that is never closed, and for tables beyond all measure */
export function readCsv(text: string, separator: Separator): CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    if (rows.length >= MAX_ROWS) throw invalid(`The table has more than ${MAX_ROWS} rows.`);
    const row: CsvRow = { line, cells: [] };
    for (;;) {
      const cell = readCell(text, at, separator, line);
      if (row.cells.length >= MAX_CELLS)
        throw invalid(`Line ${row.line} of the table has more than ${MAX_CELLS} cells.`);
      row.cells.push(cell.text);
      line += cell.lines;
      at = cell.end;
      if (text[at] !== separator) break;
      at++;
      // A separator at the very end has an empty cell after it.
      if (at === text.length) row.cells.push('');
      if (at === text.length) break;
    }
    // CR LF, LF, or CR alone.
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    line++;
    rows.push(row);
  }
  return rows;
}

function readCell(
  text: string,
  start: number,
  separator: Separator,
  line: number,
): { text: string; end: number; lines: number } {
  if (text[start] !== '"') {
    const end = endOfBare(text, start, separator);
    return { text: text.slice(start, end), end, lines: 0 };
  }
  let content = '';
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) throw invalid(`A quotation mark in line ${line} of the table is never closed.`);
    content += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      // What follows the closing mark up to the separator belongs to nothing; it is kept rather than lost.
      const end = endOfBare(text, quote + 1, separator);
      return { text: content + text.slice(quote + 1, end), end, lines: lineEnds(content) };
    }
    content += '"';
    at = quote + 2;
  }
}

function endOfBare(text: string, start: number, separator: Separator): number {
  let at = start;
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}

const lineEnds = (text: string): number => (text.match(/\r\n|\r|\n/gu) ?? []).length;

export const invalid = (message: string): IronliftError =>
  new IronliftError('WAVES_INVALID', message, {
    next: 'Export the waves again, change only the columns Wave and Notes, and save as CSV.',
  });
