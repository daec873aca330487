/** The parts of a workbook and how they know of each other (ECMA-376, Office Open XML). */
import { Archive } from '../data/archive.ts';
import type { DrawnChart } from '../data/charts.ts';
import { chartXml, drawingXml, type Plotted } from './chart.ts';
import { SharedStrings, sheetXml, tableXml, type Sheet } from './sheet.ts';
import { stylesXml } from './styles.ts';
import { plainXml, quotedSheet, XML, xmlText } from './xml.ts';

export interface Drawn {
  charts: readonly DrawnChart[];
  plotted: Plotted;
  /** Where the first of them stands, from 0. */
  column: number;
  row: number;
}

export interface WorkbookSheet extends Omit<Sheet, 'drawing'> {
  drawn: Drawn | null;
}

export interface Properties {
  title: string;
  author: string;
  program: string;
  /** Milliseconds since 1970. */
  createdAt: number;
}

const TYPES = 'application/vnd.openxmlformats-officedocument.';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

const relationsXml = (targets: readonly { type: string; target: string }[]): string =>
  `${XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${targets
    .map(
      ({ type, target }, at) =>
        `<Relationship Id="rId${at + 1}" Type="${type.startsWith('http') ? type : `${RELATIONS}/${type}`}" Target="${target}"/>`,
    )
    .join('')}</Relationships>`;

/** What the workbook says of a sheet. */
type Listed = Pick<WorkbookSheet, 'name' | 'frozen'>;

export function workbook(all: Iterable<WorkbookSheet>, properties: Properties): Uint8Array {
  const parts = new Archive();
  const overrides: string[] = [];
  const encoder = new TextEncoder();
  const put = (path: string, xml: string, type?: string): void => {
    parts.add(path, encoder.encode(xml));
    if (type !== undefined) overrides.push(`<Override PartName="/${path}" ContentType="${type}"/>`);
  };
  const strings = new SharedStrings();
  let tables = 0;
  let drawings = 0;
  let charts = 0;
  const sheets: Listed[] = [];
  for (const sheet of all) {
    const number = sheets.push({ name: sheet.name, frozen: sheet.frozen });
    const path = `xl/worksheets/sheet${number}.xml`;
    const drawn = sheet.drawn === null || sheet.drawn.charts.length === 0 ? null : sheet.drawn;
    put(
      path,
      sheetXml({ ...sheet, drawing: drawn !== null }, strings),
      `${TYPES}spreadsheetml.worksheet+xml`,
    );
    const relations: { type: string; target: string }[] = [];
    if (drawn !== null) {
      drawings++;
      relations.push({ type: 'drawing', target: `../drawings/drawing${drawings}.xml` });
      put(
        `xl/drawings/drawing${drawings}.xml`,
        drawingXml(drawn.charts, drawn.column, drawn.row),
        `${TYPES}drawing+xml`,
      );
      put(
        `xl/drawings/_rels/drawing${drawings}.xml.rels`,
        relationsXml(
          drawn.charts.map((_, at) => ({ type: 'chart', target: `../charts/chart${charts + at + 1}.xml` })),
        ),
      );
      for (const chart of drawn.charts)
        put(`xl/charts/chart${++charts}.xml`, chartXml(chart, drawn.plotted), `${TYPES}drawingml.chart+xml`);
    }
    for (const table of sheet.tables) {
      relations.push({ type: 'table', target: `../tables/table${++tables}.xml` });
      put(`xl/tables/table${tables}.xml`, tableXml(table, tables), `${TYPES}spreadsheetml.table+xml`);
    }
    if (relations.length > 0) put(`xl/worksheets/_rels/sheet${number}.xml.rels`, relationsXml(relations));
  }
  put('xl/sharedStrings.xml', strings.xml(), `${TYPES}spreadsheetml.sharedStrings+xml`);
  put('xl/styles.xml', stylesXml(), `${TYPES}spreadsheetml.styles+xml`);
  put('xl/workbook.xml', workbookXml(sheets), `${TYPES}spreadsheetml.sheet.main+xml`);
  put(
    'xl/_rels/workbook.xml.rels',
    relationsXml([
      ...sheets.map((_, index) => ({ type: 'worksheet', target: `worksheets/sheet${index + 1}.xml` })),
      { type: 'styles', target: 'styles.xml' },
      { type: 'sharedStrings', target: 'sharedStrings.xml' },
    ]),
  );
  put('docProps/core.xml', coreXml(properties), 'application/vnd.openxmlformats-package.core-properties+xml');
  put(
    'docProps/app.xml',
    `${XML}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>${plainXml(properties.program)}</Application></Properties>`,
    `${TYPES}extended-properties+xml`,
  );
  put(
    '_rels/.rels',
    relationsXml([
      { type: 'officeDocument', target: 'xl/workbook.xml' },
      {
        type: 'http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties',
        target: 'docProps/core.xml',
      },
      { type: 'extended-properties', target: 'docProps/app.xml' },
    ]),
  );
  put(
    '[Content_Types].xml',
    `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${overrides.join('')}</Types>`,
  );
  // Readers look at these first; what they say is known last.
  return parts.bytes(['[Content_Types].xml', '_rels/.rels', 'docProps/core.xml', 'docProps/app.xml']);
}

function workbookXml(sheets: readonly Listed[]): string {
  // The headers stand on every printed page.
  const titles = sheets.flatMap(({ name, frozen }, index) =>
    frozen.rows === 0
      ? []
      : [
          `<definedName name="_xlnm.Print_Titles" localSheetId="${index}">${xmlText(`${quotedSheet(name)}!$1:$${frozen.rows}`)}</definedName>`,
        ],
  );
  return (
    `${XML}<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${RELATIONS}"><bookViews><workbookView activeTab="0"/></bookViews>` +
    `<sheets>${sheets.map(({ name }, index) => `<sheet name="${xmlText(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`).join('')}</sheets>` +
    `${titles.length === 0 ? '' : `<definedNames>${titles.join('')}</definedNames>`}</workbook>`
  );
}

function coreXml({ title, author, createdAt }: Properties): string {
  const at = `${new Date(createdAt).toISOString().slice(0, 19)}Z`;
  return (
    `${XML}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
    `<dc:title>${plainXml(title)}</dc:title><dc:creator>${plainXml(author)}</dc:creator>` +
    `<dcterms:created xsi:type="dcterms:W3CDTF">${at}</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">${at}</dcterms:modified></cp:coreProperties>`
  );
}
