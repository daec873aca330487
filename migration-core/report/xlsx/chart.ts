/** Charts of a workbook, drawn by the spreadsheet from cells of their sheet. */
import { WEEK_LABELS, type DrawnChart } from '../data/charts.ts';
import type { Cell } from '../data/cells.ts';
import { fixedCell, plainXml, quotedSheet, XML } from './xml.ts';

/** The palette of the house, in the order of the series; told apart in grey too. */
const COLOURS = ['1F5FA8', 'C75B12', '2E7D5B', '7A4FA3', '8A6D00', '4A5560'];

/** What may be used: dashed, as on screen. */
const LIMIT = 'B3261E';

/** A sheet's numbers as its charts see them: of the header row and all rows below, without totals. */
export interface Plotted {
  sheet: string;
  headers: readonly string[];
  rows: readonly (readonly Cell[])[];
}

type Place = [row: number, column: number];
interface Run {
  from: Place;
  to: Place;
}

const NAMESPACES =
  'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';

export function chartXml(chart: DrawnChart, plotted: Plotted): string {
  const { shape, axes } = chart;
  const limits = new Set(shape === 'line' ? chart.series : (chart.limits ?? []));
  const seriesOf = (isLine: boolean): string =>
    chart.series
      .map((index, order) =>
        limits.has(index) === isLine ? seriesXml(chart, index, order, plotted, isLine) : '',
      )
      .join('');
  const [columns, lines] = [seriesOf(false), seriesOf(true)];
  const ids = '<c:axId val="1"/><c:axId val="2"/>';
  const plot =
    (columns === ''
      ? ''
      : `<c:barChart><c:barDir val="${shape === 'bar' ? 'bar' : 'col'}"/><c:grouping val="clustered"/><c:varyColors val="0"/>${columns}<c:gapWidth val="60"/>${ids}</c:barChart>`) +
    (lines === ''
      ? ''
      : `<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>${lines}<c:marker val="1"/>${ids}</c:lineChart>`);
  // Bars that lie are read from the top.
  const order = `<c:scaling><c:orientation val="${shape === 'bar' ? 'maxMin' : 'minMax'}"/></c:scaling>`;
  const [across, up] = shape === 'bar' ? ['l', 'b'] : ['b', 'l'];
  return (
    `${XML}<c:chartSpace ${NAMESPACES}><c:roundedCorners val="0"/><c:chart>` +
    `${titleXml(chart.title, 1200)}<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>${plot}` +
    `<c:catAx><c:axId val="1"/>${order}<c:delete val="0"/><c:axPos val="${across}"/>${titleXml(axes.points, 900)}<c:numFmt formatCode="General" sourceLinked="1"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/><c:crossAx val="2"/><c:crosses val="autoZero"/>${chart.by === 'row' ? '<c:tickLblSkip val="24"/><c:tickMarkSkip val="24"/>' : ''}</c:catAx>` +
    `<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/>${axes.values === '%' ? WHOLE : ''}</c:scaling><c:delete val="0"/><c:axPos val="${up}"/>${GRID}${titleXml(axes.values, 900)}<c:numFmt formatCode="General" sourceLinked="1"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/><c:crossAx val="1"/><c:crosses val="${shape === 'bar' ? 'max' : 'autoZero'}"/></c:valAx></c:plotArea>` +
    (chart.series.length > 1 ? '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>' : '') +
    '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart></c:chartSpace>'
  );
}

/** Per cent are of a whole, so that two charts of them can be held against each other. */
const WHOLE = '<c:max val="100"/><c:min val="0"/>';

/** Lighter than what is drawn on it. */
const GRID =
  '<c:majorGridlines><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="D5DADE"/></a:solidFill></a:ln></c:spPr></c:majorGridlines>';

/** @param size hundredths of a point */
const titleXml = (title: string, size: number): string =>
  title === ''
    ? ''
    : `<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz="${size}" b="${size > 1000 ? 1 : 0}"/></a:pPr><a:r><a:rPr lang="en" sz="${size}" b="${size > 1000 ? 1 : 0}"/><a:t>${plainXml(title)}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>`;

/** Cells are counted on the sheet: its row 0 has the headers. */
function seriesXml(chart: DrawnChart, index: number, order: number, plotted: Plotted, line: boolean): string {
  const [name, points, values]: [Place, Run, Run] =
    chart.by === 'column'
      ? [
          [0, index],
          { from: [1, 0], to: [plotted.rows.length, 0] },
          { from: [1, index], to: [plotted.rows.length, index] },
        ]
      : [
          [chart.from + index + 1, 1],
          { from: [0, WEEK_LABELS], to: [0, plotted.headers.length - 1] },
          {
            from: [chart.from + index + 1, WEEK_LABELS],
            to: [chart.from + index + 1, plotted.headers.length - 1],
          },
        ];
  const isLimit = line && chart.shape !== 'line';
  const colour = isLimit ? LIMIT : COLOURS[order % COLOURS.length]!;
  const fill = `<a:solidFill><a:srgbClr val="${colour}"/></a:solidFill>`;
  return (
    `<c:ser><c:idx val="${order}"/><c:order val="${order}"/><c:tx>${strings({ from: name, to: name }, plotted)}</c:tx>` +
    `<c:spPr>${line ? `<a:ln w="19050">${fill}${isLimit ? '<a:prstDash val="dash"/>' : ''}</a:ln>` : fill}</c:spPr>` +
    (line ? '<c:marker><c:symbol val="none"/></c:marker>' : '<c:invertIfNegative val="0"/>') +
    `<c:cat>${strings(points, plotted)}</c:cat><c:val>${numbers(values, plotted)}</c:val>${line ? '<c:smooth val="0"/>' : ''}</c:ser>`
  );
}

const reference = ({ from, to }: Run, { sheet }: Plotted): string => {
  const first = fixedCell(...from);
  const last = fixedCell(...to);
  return `<c:f>${plainXml(`${quotedSheet(sheet)}!${first === last ? first : `${first}:${last}`}`)}</c:f>`;
};

function* places({ from, to }: Run): Generator<Place> {
  for (let row = from[0]; row <= to[0]; row++)
    for (let column = from[1]; column <= to[1]; column++) yield [row, column];
}

function strings(run: Run, plotted: Plotted): string {
  const points = [...places(run)].map(([row, column], at) => {
    const cell = row === 0 ? null : (plotted.rows[row - 1]?.[column] ?? null);
    const text = row === 0 ? plotted.headers[column]! : cell === null ? '' : label(cell);
    return `<c:pt idx="${at}"><c:v>${plainXml(text)}</c:v></c:pt>`;
  });
  return `<c:strRef>${reference(run, plotted)}<c:strCache><c:ptCount val="${points.length}"/>${points.join('')}</c:strCache></c:strRef>`;
}

function numbers(run: Run, plotted: Plotted): string {
  const all = [...places(run)];
  const points = all.flatMap(([row, column], at) => {
    const cell = plotted.rows[row - 1]?.[column];
    return cell?.type === 'number' ? [`<c:pt idx="${at}"><c:v>${cell.number}</c:v></c:pt>`] : [];
  });
  return `<c:numRef>${reference(run, plotted)}<c:numCache><c:formatCode>General</c:formatCode><c:ptCount val="${all.length}"/>${points.join('')}</c:numCache></c:numRef>`;
}

function label(cell: Cell): string {
  switch (cell.type) {
    case 'text':
      return cell.text;
    case 'number':
      return String(cell.number);
    case 'date':
    case 'time':
      return new Date(cell.at)
        .toISOString()
        .slice(0, cell.type === 'date' ? 10 : 16)
        .replace('T', ' ');
    case 'flag':
      return cell.flag ? 'yes' : 'no';
    case 'missing':
      return '';
  }
}

/** Columns of a sheet: those of a week are wide, and six of them a page. */
const [WIDTH, WEEK_WIDTH] = [12, 6];
const HEIGHT = 20;

/** Charts one below the other. */
export function drawingXml(charts: readonly DrawnChart[], column: number, row: number): string {
  const anchors = charts.map(({ title, summary, by }, at) => {
    const top = row + at * (HEIGHT + 1);
    const corner = (x: number, y: number): string =>
      `<xdr:col>${x}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>${y}</xdr:row><xdr:rowOff>0</xdr:rowOff>`;
    return (
      `<xdr:twoCellAnchor><xdr:from>${corner(column, top)}</xdr:from><xdr:to>${corner(column + (by === 'row' ? WEEK_WIDTH : WIDTH), top + HEIGHT)}</xdr:to>` +
      `<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="${at + 2}" name="Chart ${at + 1}" title="${plainXml(title)}" descr="${plainXml(summary)}"/><xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr>` +
      '<xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>' +
      `<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="rId${at + 1}"/></a:graphicData></a:graphic></xdr:graphicFrame><xdr:clientData/></xdr:twoCellAnchor>`
    );
  });
  return `${XML}<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">${anchors.join('')}</xdr:wsDr>`;
}
