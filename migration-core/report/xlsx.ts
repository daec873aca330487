/**
 * The report as a workbook: a first sheet with the figures, the quality of the data and links to all others, and a sheet
 * for each table: typed cells, units in the headers, a named table with filters, sums as formulas, charts that the
 * spreadsheet draws.
 *
 * Written part by part on top of fflate. Of the libraries that were looked at, write-excel-file (4.1.1) has neither named
 * tables, filters, links, charts nor results of formulas, and its ZIP has the time of day in it, so that no two files are
 * the same; all of that would have been patched into its parts. exceljs (4.4.0) has tables but no charts, brings a tree of
 * packages that nobody looks after any more, and its ZIP depends on the zlib of the machine. The parts that are needed
 * are few and in a standard (ECMA-376), and every one of them is read back by other programs in the tests.
 */
import { cellOf, headersOf, type Cell } from './data/cells.ts';
import { dataTables, VALUE_COLUMN, type DataTable } from './data/tables.ts';
import type { Formatter } from './format.ts';
import type { ReportWriter } from './writer.ts';
import { styledCell } from './xlsx/cells.ts';
import { sheetName, tableName } from './xlsx/names.ts';
import { textCell, type NamedTable, type SheetCell } from './xlsx/sheet.ts';
import { NUMBER_STYLES } from './xlsx/styles.ts';
import { summarySheet, type IndexEntry } from './xlsx/summary.ts';
import { workbook, type WorkbookSheet } from './xlsx/workbook.ts';
import { columnName } from './xlsx/xml.ts';

/** Rows of a sheet in Excel, without headers and totals; a table that has more goes on on the next sheet. */
const MAX_ROWS = 1_048_000;
/** Characters. */
const NARROW = 9;
const WIDE = 60;
/** Rows that the width of a column is taken from. */
const LOOKED_AT = 200;

export const writeXlsx = (async (report, { format }) => {
  const taken = new Set<string>();
  const summary = sheetName('summary', taken);
  const index: IndexEntry[] = [];
  const tables = dataTables(report)
    .flatMap(pieces)
    .map((table) => {
      const name = sheetName(table.id, taken);
      index.push({ sheet: name, title: table.title, chapter: table.chapter, rows: table.rows.length });
      return { table, name };
    });
  // One after the other: the cells of all of them at once would be most of the memory.
  function* sheets(): Generator<WorkbookSheet> {
    yield summarySheet(report, summary, index, format);
    for (const { table, name } of tables) yield tableSheet(table, name, format, report.meta.utcOffsetMinutes);
  }
  return workbook(sheets(), {
    title: report.meta.title,
    author: report.meta.consultant,
    program: report.meta.program,
    createdAt: report.meta.createdAt,
  });
}) satisfies ReportWriter;

function pieces(table: DataTable): DataTable[] {
  if (table.rows.length <= MAX_ROWS) return [table];
  return Array.from({ length: Math.ceil(table.rows.length / MAX_ROWS) }, (_, at) => {
    const { kinds } = table;
    const from = at * MAX_ROWS;
    return {
      ...table,
      id: at === 0 ? table.id : `${table.id}-part-${at + 1}`,
      rows: table.rows.slice(from, from + MAX_ROWS),
      ...(kinds === undefined ? {} : { kinds: kinds.slice(from, from + MAX_ROWS) }),
      charts: at === 0 ? table.charts : [],
    };
  });
}

function tableSheet(
  table: DataTable,
  name: string,
  format: Formatter,
  utcOffsetMinutes: number,
): WorkbookSheet {
  const headers = headersOf(table.columns, format, utcOffsetMinutes);
  const cells = table.rows.map((row, index) =>
    table.columns.map(({ kind }, at) =>
      cellOf(row[at] ?? null, at === VALUE_COLUMN ? (table.kinds?.[index] ?? kind) : kind, utcOffsetMinutes),
    ),
  );
  const totals = totalsOf(table, cells);
  const named: NamedTable = {
    name: tableName(table.id),
    headers,
    row: 0,
    rows: cells.length,
    totals: totals === null ? null : totals.map(({ told }) => told),
  };
  return {
    name,
    widths: widthsOf(headers, cells),
    frozen: { rows: 1, columns: table.columns.length > 2 ? 1 : 0 },
    rows: rowsOf(
      headers,
      cells,
      totals?.map(({ cell }) => cell),
      table,
    ),
    // A named table has at least one row in every spreadsheet; of an empty one the sheet says why it is.
    tables: cells.length === 0 ? [] : [named],
    drawn: {
      charts: table.charts,
      plotted: { sheet: name, headers, rows: cells },
      // Rows of a week are 168 cells wide: their pictures stand below the labels of what they show.
      column: table.charts.some(({ by }) => by === 'row') ? 1 : headers.length + 1,
      row: table.charts.some(({ by }) => by === 'row') ? cells.length + 2 : 1,
    },
  };
}

function* rowsOf(
  headers: readonly string[],
  cells: readonly (readonly Cell[])[],
  totals: readonly SheetCell[] | undefined,
  { empty, gaps }: DataTable,
): Generator<readonly SheetCell[]> {
  yield headers.map((header) => ({ style: 'header', value: header }));
  if (cells.length === 0) yield [textCell(empty === '' ? 'There is nothing of this.' : empty)];
  for (const row of cells) yield row.map((cell) => styledCell(cell, gaps === true));
  if (totals !== undefined) yield totals;
}

interface Total {
  cell: SheetCell;
  told: { label: string } | { formula: string } | null;
}

/** Of what the filter shows, as spreadsheets add up; cells that are texts do not count. */
function totalsOf(table: DataTable, cells: readonly (readonly Cell[])[]): Total[] | null {
  if (cells.length === 0 || !table.columns.some(({ total }) => total === true)) return null;
  return table.columns.map(({ total, kind }, at): Total => {
    if (total !== true)
      return at === 0
        ? { cell: { style: 'total-label', value: 'Total' }, told: { label: 'Total' } }
        : { cell: { style: 'total-label', value: null }, told: null };
    const column = columnName(at);
    const formula = `SUBTOTAL(109,${column}2:${column}${cells.length + 1})`;
    let sum = 0;
    for (const row of cells) {
      const cell = row[at]!;
      if (cell.type === 'number') sum += cell.number;
    }
    const style = NUMBER_STYLES[kind] === 'whole' ? 'total-whole' : 'total-number';
    return { cell: { style, value: sum, formula }, told: { formula } };
  });
}

function widthsOf(headers: readonly string[], cells: readonly (readonly Cell[])[]): number[] {
  return headers.map((header, at) => {
    // A header has the arrow of its filter beside it, and may be two lines.
    let width = Math.max(NARROW, Math.min(header.length, 24) + 3);
    for (const row of cells.slice(0, LOOKED_AT)) {
      const cell = row[at]!;
      const wanted =
        cell.type === 'text'
          ? cell.text.length
          : cell.type === 'time'
            ? 16
            : cell.type === 'date'
              ? 11
              : cell.type === 'number'
                ? String(Math.trunc(cell.number)).length * 1.4 + 3
                : 12;
      width = Math.max(width, wanted + 1);
    }
    return Math.ceil(Math.min(width, WIDE));
  });
}
