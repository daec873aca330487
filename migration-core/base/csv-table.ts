/**
 * Tables as spreadsheets write and read them: RFC 4180 with the liberties that Excel and LibreOffice take (`;` or tabs
 * between cells, a byte order mark, `sep=;` in the first line, letters of the country), and cells that no spreadsheet
 * calculates. For tables that people fill in: they are in memory as a whole, and each cell has a line to be told by.
 *
 * There is a second reader of rows, collect/import/performance/rows.ts. It is for measurements, of which a file has any
 * number of gigabytes: it goes through pieces of bytes, keeps one row, and makes no text of a number. Neither could do
 * the work of the other.
 */
import type { ErrorCode } from './error-codes.ts';
import { IronliftError } from './errors.ts';
import { decodeText, type TextEncoding } from './text-encoding.ts';

export const SEPARATORS = [',', ';', '\t'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** Excel takes a file without it for one in the letters of the country. */
export const BYTE_ORDER_MARK = '\ufeff';

/** 100,000 servers with 600 characters each. */
export const MAX_TABLE_BYTES = 64 << 20;
const MAX_ROWS = 200_000;
/** Of a row; the widest of ours has 50. */
const MAX_CELLS = 1000;
/** Of the table: twice 100,000 servers of 50 columns. A file of nothing but separators has more, and fills the memory. */
const MAX_ALL_CELLS = 10_000_000;

/** How what is no table is refused. */
export interface CsvSource {
  /** Goes on from "of": a file name, `the table`. */
  name: string;
  code: ErrorCode;
  next: string;
}

export interface CsvRow {
  /** In which it begins, counted from 1 as editors do. */
  line: number;
  cells: string[];
}

export interface CsvTable {
  separator: Separator;
  rows: CsvRow[];
  /** Sentences: what was assumed. */
  remarks: string[];
}

const refusal = ({ code, next }: CsvSource, message: string): IronliftError =>
  new IronliftError(code, message, { next });

/** @param size bytes. Also for a look at the file before it is read */
export const tableTooLarge = (source: CsvSource, size: number): IronliftError =>
  refusal(source, `The size of ${source.name} is ${size} bytes; at most ${MAX_TABLE_BYTES} are read.`);

/** @throws the code of `source` for what is too large or binary, or has a quotation mark that is never closed */
export function readCsv(bytes: Uint8Array, source: CsvSource): CsvTable {
  if (bytes.length > MAX_TABLE_BYTES) throw tableTooLarge(source, bytes.length);
  const remarks: string[] = [];
  let text = decoded(bytes, source, remarks);
  let line = 1;
  // LibreOffice writes it back as the cell of a row, with the separators of that row behind it.
  const told = /^(?:"sep=([,;\t])"|sep=([,;\t]))[,;\t]*(?:\r\n|\r|\n)/iu.exec(text);
  if (told !== null) {
    text = text.slice(told[0].length);
    line = 2;
  }
  const separator = separatorOf(text, (told?.[1] ?? told?.[2]) as Separator | undefined);
  return { separator, rows: rowsOf(text, separator, line, source), remarks };
}

const TITLES: Partial<Record<TextEncoding, string>> = {
  'windows-1251': 'Windows-1251',
  'windows-1252': 'Windows-1252',
  ibm866: 'code page 866',
};

function decoded(bytes: Uint8Array, source: CsvSource, remarks: string[]): string {
  const { text, encoding } = decodeText(bytes);
  if (encoding === 'utf-8' || encoding === 'utf-16le' || encoding === 'utf-16be') return text;
  if (bytes.subarray(0, 4096).includes(0)) throw refusal(source, `There is no text in ${source.name}.`);
  // The two pages of a console are a guess from few letters; of spreadsheets, signs like a dash or the euro are likelier.
  const taken = TITLES[encoding] === undefined ? 'windows-1252' : encoding;
  remarks.push(
    `It is not in UTF-8: ${source.name} was read as ${TITLES[taken]!}. Check letters with accents, or save it as "CSV UTF-8".`,
  );
  return taken === encoding ? text : new TextDecoder(taken).decode(bytes);
}

/** The one that was told, or that the first row has most of. What was told may be older than the table. */
function separatorOf(text: string, told: Separator | undefined): Separator {
  const head = (/[^\r\n]+/u.exec(text)?.[0] ?? '').replace(/"[^"]*"/gu, '');
  const count = (separator: Separator): number => head.split(separator).length;
  const most = SEPARATORS.reduce((best, one) => (count(one) > count(best) ? one : best));
  return told !== undefined && (count(told) > 1 || count(most) === 1) ? told : most;
}

function rowsOf(text: string, separator: Separator, firstLine: number, source: CsvSource): CsvRow[] {
  const rows: CsvRow[] = [];
  let line = firstLine;
  let row: CsvRow = { line, cells: [] };
  let all = 0;
  for (let at = 0; at < text.length;) {
    let cell = '';
    if (text[at] === '"') {
      const from = line;
      for (at++; ; at++) {
        const end = text.indexOf('"', at);
        if (end < 0)
          throw refusal(
            source,
            `The quotation mark that begins in line ${from} of ${source.name} is never closed.`,
          );
        cell += text.slice(at, end);
        at = end + 1;
        // Two of them are one that is meant.
        if (text[at] !== '"') break;
        cell += '"';
      }
      line += linesIn(cell);
    }
    // What follows the closing mark up to the separator belongs to nothing; it is kept rather than lost.
    const start = at;
    while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++;
    row.cells.push(cell + text.slice(start, at));
    if (row.cells.length > MAX_CELLS)
      throw refusal(source, `Line ${row.line} of ${source.name} has more than ${MAX_CELLS} cells.`);
    if (++all > MAX_ALL_CELLS)
      throw refusal(source, `There are more than ${MAX_ALL_CELLS} cells in ${source.name}.`);
    if (at < text.length && text[at] === separator) {
      at++;
      // A separator at the very end has an empty cell after it.
      if (at === text.length) row.cells.push('');
      if (at < text.length) continue;
    }
    if (rows.length >= MAX_ROWS)
      throw refusal(source, `There are more than ${MAX_ROWS} rows in ${source.name}.`);
    // CR LF, LF, or CR alone.
    if (text[at] === '\r' && text[at + 1] === '\n') at++;
    at++;
    rows.push(row);
    line++;
    row = { line, cells: [] };
  }
  return rows;
}

const linesIn = (text: string): number => text.split(/\r\n|\r|\n/u).length - 1;

/** One row with its end, CR LF. */
export const csvLine = (cells: readonly string[], separator: Separator): string =>
  `${cells.map((cell) => (/[",;\t\r\n]|^\s|\s$/u.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(separator)}\r\n`;

/**
 * What a spreadsheet takes for the beginning of a formula, in its full-width spelling too, and what it skips before one;
 * the apostrophe itself, so that a cell that begins with one is told from one that was made inert.
 */
const FORMULA = /^['=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]/u;

/** A text that no spreadsheet calculates. `verbatim` gives it back exactly. */
export const inert = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);
export const verbatim = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
