/** Small workbooks for tests: each sheet a list of rows, cells as inline strings or shared ones. */
import { zipOf } from './import-input.ts';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const columnName = (index: number): string =>
  index < 26
    ? String.fromCharCode(65 + index)
    : columnName(Math.floor(index / 26) - 1) + columnName(index % 26);

export function workbook(
  sheets: Record<string, string[][]>,
  options: { shared?: boolean; files?: Record<string, string> } = {},
): Buffer {
  const names = Object.keys(sheets);
  const strings: string[] = [];
  const cell = (value: string, column: number, row: number): string => {
    const reference = `r="${columnName(column)}${row}"`;
    if (value === '') return '';
    if (options.shared !== true) return `<c ${reference} t="inlineStr"><is><t>${escaped(value)}</t></is></c>`;
    strings.push(value);
    return `<c ${reference} t="s"><v>${strings.length - 1}</v></c>`;
  };
  const bodies = names.map((name) =>
    sheets[name]!.map(
      (row, at) =>
        `<row r="${at + 1}">${row.map((value, column) => cell(value, column, at + 1)).join('')}</row>`,
    ).join(''),
  );
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const relation = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const files: Record<string, string> = {
    '[Content_Types].xml':
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>',
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${relation}"><sheets>${names
      .map((name, at) => `<sheet name="${escaped(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${names
      .map(
        (_, at) =>
          `<Relationship Id="rId${at + 1}" Type="${relation}/worksheet" Target="worksheets/sheet${at + 1}.xml"/>`,
      )
      .join('')}</Relationships>`,
    ...Object.fromEntries(
      bodies.map((body, at) => [
        `xl/worksheets/sheet${at + 1}.xml`,
        `<worksheet xmlns="${main}"><sheetData>${body}</sheetData></worksheet>`,
      ]),
    ),
    'xl/sharedStrings.xml': `<sst xmlns="${main}">${strings
      .map((value) => `<si><t xml:space="preserve">${escaped(value)}</t></si>`)
      .join('')}</sst>`,
    ...options.files,
  };
  return zipOf(Object.entries(files).map(([name, content]) => ({ name, content })));
}
