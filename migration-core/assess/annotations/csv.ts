/**
 * Tables as spreadsheets write and read them: RFC 4180 with the liberties that Excel and LibreOffice take (`;` or tabs
 * between cells, a byte order mark, `sep=;` in the first line, Windows-1252).
 */
import { IronliftError } from '../../base/errors.ts';

export const SEPARATORS = [',', ';', '\t'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** 100,000 servers with 600 characters each. */
export const MAX_TABLE_BYTES = 64 << 20;
/** Of a row; there are 40 of ours. */
const MAX_CELLS = 1000;

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

const damaged = (message: string, next: string): IronliftError =>
  new IronliftError('ANNOTATIONS_INVALID', message, { next });

export const tableTooLarge = (name: string, size: number): IronliftError =>
  damaged(
    `${name} has ${size} bytes; a table of servers has at most ${MAX_TABLE_BYTES}.`,
    'Choose the table that `ironlift servers export` has made, or split this one.',
  );

/** @throws ANNOTATIONS_INVALID for what is too large, binary, or has a quotation mark that is never closed */
export function readCsv(bytes: Uint8Array, name: string): CsvTable {
  if (bytes.length > MAX_TABLE_BYTES) throw tableTooLarge(name, bytes.length);
  const remarks: string[] = [];
  let text = decoded(bytes, name, remarks);
  let line = 1;
  const told = /^sep=([,;\t])\r?\n/u.exec(text);
  if (told !== null) {
    text = text.slice(told[0].length);
    line = 2;
  }
  const separator = (told?.[1] as Separator | undefined) ?? guessSeparator(text);
  return { separator, rows: rowsOf(text, separator, line, name), remarks };
}

function decoded(bytes: Uint8Array, name: string, remarks: string[]): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    if (bytes.subarray(0, 4096).includes(0))
      throw damaged(
        `${name} is no table of text.`,
        'Save it as CSV in the spreadsheet program, and give that file.',
      );
    remarks.push(
      `${name} is not in UTF-8; it was read as Windows-1252. Check letters with accents, or save it as "CSV UTF-8".`,
    );
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** The one that the first row has most of. */
function guessSeparator(text: string): Separator {
  const head = text.slice(0, text.search(/\n|$/u)).replace(/"[^"]*"/gu, '');
  const count = (separator: Separator): number => head.split(separator).length;
  return SEPARATORS.reduce((best, one) => (count(one) > count(best) ? one : best));
}

function rowsOf(text: string, separator: Separator, firstLine: number, name: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let line = firstLine;
  let row: CsvRow = { line, cells: [] };
  for (let at = 0; at < text.length;) {
    let cell = '';
    if (text[at] === '"') {
      const from = line;
      for (at++; ; at++) {
        const end = text.indexOf('"', at);
        if (end < 0)
          throw damaged(
            `The quotation mark that begins in line ${from} of ${name} is never closed.`,
            'Save the table again in the spreadsheet program, which sets quotation marks by itself.',
          );
        cell += text.slice(at, end);
        at = end + 1;
        // Two of them are one that is meant.
        if (text[at] !== '"') break;
        cell += '"';
      }
      line += linesIn(cell);
    }
    const start = at;
    while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++;
    row.cells.push(cell + text.slice(start, at));
    if (row.cells.length > MAX_CELLS)
      throw damaged(
        `Line ${row.line} of ${name} has more than ${MAX_CELLS} cells.`,
        'Choose the table that `ironlift servers export` has made.',
      );
    const isEnd = at >= text.length || text[at] !== separator;
    if (!isEnd) {
      at++;
      // A separator at the very end has an empty cell after it.
      if (at === text.length) row.cells.push('');
      if (at < text.length) continue;
    }
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

/** What a spreadsheet takes for the beginning of a formula, or for the mark that it is none. */
const FORMULA = /^['=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]/u;

/** A text that no spreadsheet calculates. `verbatim` gives it back exactly. */
export const inert = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);
export const verbatim = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
