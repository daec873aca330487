/**
 * A CSV file for each table (RFC 4180), all in one ZIP. Headers and units are those of the workbook. What was not measured
 * is an empty cell, so that a column of numbers can be read as one; a text that a spreadsheet would calculate has an
 * apostrophe before it.
 */
import { BYTE_ORDER_MARK, csvLine, inert, type Separator } from '../base/csv-table.ts';
import { Archive } from './data/archive.ts';
import { cellOf, headersOf, offsetText, type Cell } from './data/cells.ts';
import { dataTables, VALUE_COLUMN, type DataTable } from './data/tables.ts';
import type { Report } from './model.ts';
import { CSV_DEFAULTS, type ReportWriter, type WriteWorld } from './writer.ts';

export const writeCsv = (async (report, world) => {
  const zip = new Archive();
  for (const [name, bytes] of csvFiles(report, world)) zip.add(name, bytes);
  return zip.bytes();
}) satisfies ReportWriter;

/** With their names in the ZIP, one after the other. */
export function* csvFiles(report: Report, world: WriteWorld): Generator<[name: string, bytes: Uint8Array]> {
  const encoder = new TextEncoder();
  for (const table of dataTables(report))
    yield [`${table.id}.csv`, encoder.encode(csvText(table, report.meta.utcOffsetMinutes, world))];
}

function csvText(table: DataTable, utcOffsetMinutes: number, { format, options }: WriteWorld): string {
  const { delimiter, byteOrderMark } = options.csv ?? CSV_DEFAULTS;
  const show = (cell: Cell): string => textOf(cell, delimiter, utcOffsetMinutes);
  const lines = [csvLine(headersOf(table.columns, format, utcOffsetMinutes).map(inert), delimiter)];
  for (const [index, row] of table.rows.entries())
    lines.push(
      csvLine(
        table.columns.map(({ kind }, at) =>
          show(
            cellOf(
              row[at] ?? null,
              at === VALUE_COLUMN ? (table.kinds?.[index] ?? kind) : kind,
              utcOffsetMinutes,
            ),
          ),
        ),
        delimiter,
      ),
    );
  return (byteOrderMark ? BYTE_ORDER_MARK : '') + lines.join('');
}

function textOf(cell: Cell, delimiter: Separator, utcOffsetMinutes: number): string {
  switch (cell.type) {
    case 'missing':
      return '';
    case 'text':
      return inert(cell.text.toWellFormed());
    case 'flag':
      return cell.flag ? 'TRUE' : 'FALSE';
    case 'number':
      return numberText(cell.kind === 'share' ? cell.number * 100 : cell.number, delimiter);
    case 'date':
      return new Date(cell.at).toISOString().slice(0, 10);
    case 'time':
      return `${new Date(cell.at).toISOString().slice(0, 19)}${offsetText(utcOffsetMinutes)}`;
  }
}

/** Digits that a double is sure of: 0.07 in per cent is 7, not 7.000000000000001. */
const SURE_DIGITS = 15;

/** Where a comma is in every number, something else stands between the cells. */
function numberText(number: number, delimiter: Separator): string {
  const text = String(Number(number.toPrecision(SURE_DIGITS)));
  return delimiter === ';' ? text.replace('.', ',') : text;
}
