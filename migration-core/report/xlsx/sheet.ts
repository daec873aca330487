/** One sheet of a workbook, and the named table on it. */
import { clip } from '../data/cells.ts';
import { styleNumber, type Style } from './styles.ts';
import { cellName, columnName, quotedSheet, XML, xmlText } from './xml.ts';

/** Excel refuses a longer one. UTF-16. */
const MAX_CELL = 32_767;
/** What Excel takes for the beginning of a formula when somebody edits the cell. */
const LIKE_A_FORMULA = /^[=+\-@\t\r]/u;

export interface SheetCell {
  style: Style;
  value: string | number | boolean | null;
  /** Without `=`. Made here, never of data. `value` is its result. */
  formula?: string;
  /** Name of a sheet to go to. */
  link?: string;
}

export interface NamedTable {
  name: string;
  headers: readonly string[];
  /** Of the row with the headers, from 0. */
  row: number;
  /** Below the headers, without totals. */
  rows: number;
  /** What stands in the row of totals; null: there is none. */
  totals: readonly ({ label: string } | { formula: string } | null)[] | null;
}

export interface Sheet {
  name: string;
  /** In characters. */
  widths: readonly number[];
  /** Rows and columns that stay in sight. */
  frozen: { rows: number; columns: number };
  rows: Iterable<readonly SheetCell[]>;
  tables: readonly NamedTable[];
  /** Whether there is a drawing: its relation is `rId1`. */
  drawing: boolean;
}

/** Each string once: texts repeat a lot. */
export class SharedStrings {
  readonly #numbers = new Map<string, number>();
  #uses = 0;
  add(text: string): number {
    this.#uses++;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
  xml(): string {
    const items = [...this.#numbers.keys()].map(
      (text) => `<si><t xml:space="preserve">${xmlText(text)}</t></si>`,
    );
    return `${XML}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="${this.#uses}" uniqueCount="${items.length}">${items.join('')}</sst>`;
  }
}

export const textCell = (text: string): SheetCell => ({
  style: LIKE_A_FORMULA.test(text) ? 'quoted' : 'text',
  value: text.length > MAX_CELL ? `${clip(text, MAX_CELL - 1)}…` : text,
});

export function sheetXml(sheet: Sheet, strings: SharedStrings): string {
  const links: string[] = [];
  const rows: string[] = [];
  for (const row of sheet.rows) {
    const cells = row.map((cell, column) => {
      const name = cellName(rows.length, column);
      if (cell.link !== undefined)
        links.push(
          `<hyperlink ref="${name}" location="${xmlText(`${quotedSheet(cell.link)}!A1`)}" display="${xmlText(cell.link)}"/>`,
        );
      return cellXml(cell, name, strings);
    });
    const height = linesOf(row, sheet.widths) * LINE;
    const told = height > LINE ? ` ht="${Math.min(height, MAX_HEIGHT)}" customHeight="1"` : '';
    rows.push(`<row r="${rows.length + 1}"${told}>${cells.join('')}</row>`);
  }
  const { rows: top, columns: left } = sheet.frozen;
  const pane =
    top + left === 0
      ? ''
      : `<pane${left > 0 ? ` xSplit="${left}"` : ''}${top > 0 ? ` ySplit="${top}"` : ''} topLeftCell="${cellName(top, left)}" activePane="${top > 0 && left > 0 ? 'bottomRight' : top > 0 ? 'bottomLeft' : 'topRight'}" state="frozen"/>`;
  const last = cellName(Math.max(rows.length, 1) - 1, Math.max(sheet.widths.length, 1) - 1);
  const tablesFrom = sheet.drawing ? 2 : 1;
  return (
    `${XML}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
    // The 168 hours of a week are for the screen: on one page nobody could read them.
    `<sheetPr><pageSetUpPr fitToPage="${sheet.widths.length > 30 ? 0 : 1}"/></sheetPr>` +
    `<dimension ref="A1:${last}"/><sheetViews><sheetView workbookViewId="0">${pane}</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>` +
    `<cols>${sheet.widths.map((width, at) => `<col min="${at + 1}" max="${at + 1}" width="${width}" customWidth="1"/>`).join('')}</cols>` +
    `<sheetData>${rows.join('')}</sheetData>` +
    (links.length === 0 ? '' : `<hyperlinks>${links.join('')}</hyperlinks>`) +
    '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>' +
    '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>' +
    '<headerFooter><oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter></headerFooter>' +
    (sheet.drawing ? '<drawing r:id="rId1"/>' : '') +
    (sheet.tables.length === 0
      ? ''
      : `<tableParts count="${sheet.tables.length}">${sheet.tables.map((_, at) => `<tablePart r:id="rId${tablesFrom + at}"/>`).join('')}</tableParts>`) +
    '</worksheet>'
  );
}

/** Height of a line and the most that a row may have, in points. */
const LINE = 15;
const MAX_HEIGHT = 405;

/** Not every spreadsheet works out by itself how high a row with a long text is. */
function linesOf(row: readonly SheetCell[], widths: readonly number[]): number {
  let most = 1;
  for (const [column, { style, value }] of row.entries()) {
    if (typeof value !== 'string' || !(style === 'text' || style === 'quoted' || style === 'header'))
      continue;
    const width = widths[column] ?? NARROWEST;
    if (value.length <= width && !value.includes('\n')) continue;
    let lines = 0;
    for (const line of value.split('\n')) lines += Math.max(1, Math.ceil((line.length * 1.1) / width));
    most = Math.max(most, lines);
  }
  return most;
}
const NARROWEST = 8;

function cellXml({ style, value, formula }: SheetCell, name: string, strings: SharedStrings): string {
  const head = `<c r="${name}" s="${styleNumber(style)}"`;
  if (formula !== undefined) return `${head}><f>${xmlText(formula)}</f><v>${Number(value)}</v></c>`;
  if (value === null) return `${head}/>`;
  if (typeof value === 'string') return `${head} t="s"><v>${strings.add(value)}</v></c>`;
  if (typeof value === 'boolean') return `${head} t="b"><v>${value ? 1 : 0}</v></c>`;
  return `${head}><v>${value}</v></c>`;
}

/** @param number among all tables of the workbook, from 1 */
export function tableXml({ name, headers, row, rows, totals }: NamedTable, number: number): string {
  const lastColumn = columnName(headers.length - 1);
  const filtered = `A${row + 1}:${lastColumn}${row + 1 + rows}`;
  const whole = totals === null ? filtered : `A${row + 1}:${lastColumn}${row + 2 + rows}`;
  const columns = headers.map((header, at) => {
    const head = `<tableColumn id="${at + 1}" name="${xmlText(header)}"`;
    const total = totals?.[at] ?? null;
    if (total === null) return `${head}/>`;
    if ('label' in total) return `${head} totalsRowLabel="${xmlText(total.label)}"/>`;
    return `${head} totalsRowFunction="custom"><totalsRowFormula>${xmlText(total.formula)}</totalsRowFormula></tableColumn>`;
  });
  return (
    `${XML}<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="${number}" name="${name}" displayName="${name}" ref="${whole}"` +
    `${totals === null ? ' totalsRowShown="0"' : ' totalsRowCount="1"'}><autoFilter ref="${filtered}"/>` +
    `<tableColumns count="${headers.length}">${columns.join('')}</tableColumns>` +
    '<tableStyleInfo name="TableStyleLight1" showFirstColumn="0" showLastColumn="0" showRowStripes="1" showColumnStripes="0"/></table>'
  );
}
