/** A list of servers that was pasted: which column is taken for what, and the same list with its columns named as a person says. */
import { IronliftError } from '../../../base/errors.ts';
import { csvRows } from './sheets.ts';
import { listColumn, listFields } from './inventory-sheet.ts';
import { LIST_FIELDS, MAX_PASTED, type ListField } from './list-fields.ts';

const MAX_TITLE_ROWS = 20;
const MAX_COLUMNS = 100;
const SHOWN = 8;
const MAX_CELL = 200;

export interface PastedList {
  /** In their order; `field` null: not understood, and left out. */
  columns: { title: string; field: ListField | null }[];
  /** The first rows, cut for a screen. */
  rows: string[][];
  rowCount: number;
}

/** The rows from that with the names of the columns on. @throws IMPORT_DAMAGED */
function listOf(text: string): { header: string[]; rows: string[][] } {
  const all = [...csvRows(text.slice(0, MAX_PASTED))];
  const scores = all.slice(0, MAX_TITLE_ROWS).map((row) => Object.keys(listFields(row)).length);
  const best = scores.reduce((top, score, at) => (score > scores[top]! ? at : top), 0);
  const header = all[best]?.slice(0, MAX_COLUMNS);
  const rows = all.slice(best + 1);
  if (header === undefined || header.length < 2 || rows.length === 0)
    throw new IronliftError(
      'IMPORT_DAMAGED',
      'This is no table with a row of column names and rows below it.',
      {
        next: 'Copy the cells in the spreadsheet together with their headings, and paste them here.',
      },
    );
  return { header, rows };
}

/** @throws IMPORT_DAMAGED */
export function lookAtPasted(text: string): PastedList {
  const { header, rows } = listOf(text);
  const found = Object.entries(listFields(header)) as [ListField, number][];
  return {
    columns: header.map((title, at) => ({
      title: title.slice(0, MAX_CELL),
      field: found.find(([, column]) => column === at)?.[0] ?? null,
    })),
    rows: rows.slice(0, SHOWN).map((row) => header.map((_, at) => (row[at] ?? '').slice(0, MAX_CELL))),
    rowCount: rows.length,
  };
}

/**
 * The list as CSV with names of columns that the importer knows.
 * @param fields what each column is; null leaves it out
 * @throws IMPORT_DAMAGED, USAGE: there is no column of names, or one thing in two columns
 */
export function pastedAsCsv(text: string, fields: readonly (ListField | null)[]): string {
  const { header, rows } = listOf(text);
  const used = header.flatMap((title, at) => {
    const field = fields[at] ?? null;
    return field === null ? [] : [{ field, at, title: listColumn(field, title) }];
  });
  const twice = used.find(({ field }, at) => used.findIndex((one) => one.field === field) !== at);
  if (twice !== undefined)
    throw new IronliftError('USAGE', `Two columns are said to be “${LIST_FIELDS[twice.field]}”.`, {
      next: 'Leave one of them out.',
    });
  if (!used.some(({ field }) => field === 'name') || used.length < 3)
    throw new IronliftError('USAGE', 'A list needs a column with the names of the servers and two others.', {
      next: 'Say which columns hold the name and, for instance, the operating system and the memory.',
    });
  const line = (cells: readonly string[]): string =>
    `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\r\n`;
  return [
    line(used.map(({ title }) => title)),
    ...rows.map((row) => line(used.map(({ at }) => row[at] ?? ''))),
  ].join('');
}
