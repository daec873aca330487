/** Paragraphs, facts, tables, charts, notes and pictures as elements. */
import { pictureOf } from '../../chart/spec-picture.ts';
import { NOT_MEASURED, plainText, type Formatter } from '../format.ts';
import type { Block, Column, Fact, Table, Text, Value } from '../model.ts';
import { words } from '../words.ts';
import type { Mode } from './document.ts';
import { Html, idOf, jsonIn, markup } from './escape.ts';
import { readingsOf, svg, swatch } from './svg.ts';

export interface Draw {
  format: Formatter;
  mode: Mode;
  /** Of a single server: smaller. */
  inSheet: boolean;
  currency: string;
  /** Facts as the figures of the summary. */
  big?: boolean;
}

/** Rows that stand in the page itself; a script of the page makes the others when they are looked at. */
const ROWS_IN_PAGE = 100;
/**
 * Rows of a table that does not say itself what paper shows: some thirty pages where each has a reason beside it. Nobody
 * reads on in print, and a browser needs two gigabytes to print the lists of a thousand servers in full.
 */
const ROWS_ON_PAPER = 250;
const ROWS_IN_PREVIEW = 12;
/** Fewer rows than this are shown with all columns. */
const UNKNOWN_FROM = 5;
/** Below this nobody filters. */
const FILTER_FROM = 12;
/** More columns than this have a smaller face on paper, and where there are many rows the page on its side. */
const WIDE = 8;
const LANDSCAPE_FROM = 12;

export const isLandscape = (of: Block): boolean =>
  of.kind === 'table' && of.table.columns.length > WIDE && of.table.rows.length >= LANDSCAPE_FROM;
/** A word that is longer may be broken anywhere, or it would push the other columns off the page. */
const LONG_WORD = 26;
/** Letters of a name that is not broken. */
const SHORT = 22;
/** Pixels: the measure of a page without its margins, and of a chart beside the contents. */
const CHART_WIDTH = 660;

/** Names stand apart from the sentence: what is written from right to left does not turn the words around it. */
export const said = (text: Text): Html =>
  typeof text === 'string'
    ? markup`${text}`
    : Html.join(
        text.map((part) => (typeof part === 'string' ? markup`${part}` : markup`<bdi>${part.name}</bdi>`)),
      );

export function block(of: Block, draw: Draw): Html {
  switch (of.kind) {
    case 'paragraph':
      return markup`<p>${said(of.text)}</p>\n`;
    case 'list':
      return markup`<ul class="plain-list">${of.items.map((item) => markup`<li>${said(item)}</li>`)}</ul>\n`;
    case 'facts':
      return markup`<dl class="${draw.big === true ? 'facts figures' : 'facts'}">${of.facts.map((one) => fact(one, draw))}</dl>\n`;
    case 'note':
      return markup`<p class="note ${of.tone}"><span>${said(of.text)}</span></p>\n`;
    case 'picture':
      return markup`<figure class="block"><figcaption>${of.title}</figcaption><img class="screen-picture" alt="${of.title}" src="data:image/png;base64,${Buffer.from(of.png).toString('base64')}"></figure>\n`;
    case 'table':
      return table(of.table, draw);
    case 'chart':
      return chart(of, draw);
  }
}

function fact({ title, value, kind, unit, basis }: Fact, { format }: Draw): Html {
  const text = format.figure(value, kind, unit);
  return markup`<div><dt>${title}</dt><dd dir="auto"${value === null ? markup` class="none"` : null}>${text}${
    basis === undefined || value === null ? null : markup`<span class="basis">${words.basis[basis]}</span>`
  }</dd></div>`;
}

const NUMBERS: ReadonlySet<Column['kind']> = new Set([
  'count',
  'number',
  'share',
  'bytes',
  'bytes-rate',
  'seconds',
  'minutes',
  'money',
  'score',
]);
const columnClass = ({ kind }: Column): string =>
  NUMBERS.has(kind) ? 'n' : kind === 'time' || kind === 'date' ? 't' : kind === 'status' ? 's' : '';

/** Sentences take all the room there is; what is short beside them keeps enough of it to be read. */
const headClass = (column: Column): string =>
  [columnClass(column), column.kind === 'text' && column.width === 2 ? 'w2' : '']
    .filter((one) => one !== '')
    .join(' ');

function table(whole: Table, draw: Draw): Html {
  const { format, mode, inSheet } = draw;
  const { of, unknown } = mode === 'paper' ? withoutUnknown(whole) : { of: whole, unknown: [] };
  const id = `t-${idOf(of.id)}`;
  if (of.rows.length === 0)
    return of.empty === ''
      ? markup``
      : markup`<figure class="block"><figcaption>${of.title}</figcaption><p class="remark">${of.empty}</p></figure>\n`;
  const most =
    mode === 'preview' ? ROWS_IN_PREVIEW : mode === 'paper' ? (of.paperRows ?? ROWS_ON_PAPER) : ROWS_IN_PAGE;
  const shown = of.rows.slice(0, most);
  const rest = mode === 'file' ? of.rows.slice(most) : [];
  const left = format.figure(of.rows.length - shown.length, 'count');
  const isWide = of.columns.length > WIDE;
  const head = of.columns.map(
    (column) => markup`<th scope="col" class="${headClass(column)}">${format.header(column)}</th>`,
  );
  return markup`<figure class="block table">${
    inSheet
      ? markup`<figcaption id="${id}-title">${of.title}</figcaption>`
      : markup`<div class="tools"><figcaption class="title" id="${id}-title">${of.title}</figcaption></div>`
  }<div class="scroll"${mode === 'file' ? markup` tabindex="0" role="group" aria-labelledby="${id}-title"` : null}><table id="${id}" aria-labelledby="${id}-title"${isWide ? markup` class="wide"` : null}${
    mode === 'file' && !inSheet
      ? markup` data-table="${of.rows.length >= FILTER_FROM ? 'filter' : 'sort'}" data-label="${words.filterOf(of.title)}"`
      : null
  }><thead><tr>${head}</tr></thead><tbody>
${shown.map((row) => markup`<tr>${row.map((value, at) => cell(value, of.columns[at]!, draw))}</tr>\n`)}</tbody></table></div>${
    rest.length === 0
      ? null
      : markup`<script type="application/json" data-rest="${id}">${jsonIn(rest.map((row) => row.map((value, at) => cellData(value, of.columns[at]!, format))))}</script>`
  }${
    shown.length === of.rows.length
      ? null
      : markup`<p class="remark${mode === 'file' ? ' rest' : ''}">${mode === 'file' ? words.moreHere(left) : words.more(left)}</p>`
  }${unknown.length === 0 ? null : markup`<p class="remark">${words.unknownColumns(unknown.map((column) => format.header(column)))}</p>`}</figure>\n`;
}

/** On paper a column in which nothing is known takes the room of those that say something: a sentence says as much. */
function withoutUnknown(of: Table): { of: Table; unknown: Column[] } {
  if (of.rows.length < UNKNOWN_FROM) return { of, unknown: [] };
  const known = of.columns.map((_, at) => of.rows.some((row) => row[at] !== null && row[at] !== undefined));
  if (known.every(Boolean)) return { of, unknown: [] };
  return {
    of: {
      ...of,
      columns: of.columns.filter((_, at) => known[at]!),
      rows: of.rows.map((row) => row.filter((_, at) => known[at]!)),
    },
    unknown: of.columns.filter((_, at) => !known[at]!),
  };
}

function cell(value: Value, column: Column, { format }: Draw): Html {
  const text = format.cell(value, column);
  const tone = column.kind === 'status' && typeof value === 'string' ? column.tones?.[value] : undefined;
  const classes = [
    columnClass(column),
    value === null || text === NOT_MEASURED ? 'none' : '',
    columnClass(column) !== '' || column.kind === 'status'
      ? ''
      : hasLongWord(text)
        ? 'long'
        : isShort(text)
          ? 'short'
          : '',
  ].filter((one) => one !== '');
  // What a script sorts by: the value, where its text is in the locale of a reader.
  const key = typeof value === 'number' && Number.isFinite(value) ? markup` data-v="${value}"` : null;
  return markup`<td${classes.length === 0 ? null : markup` class="${classes.join(' ')}"`}${key}${columnClass(column) === '' ? markup` dir="auto"` : null}>${
    tone === undefined || tone === 'plain' ? text : markup`<span class="status ${tone}">${text}</span>`
  }</td>`;
}

/** Names stay on one line: `app-01` is no two words. */
const isShort = (text: string): boolean => text.length <= SHORT && !/\s/u.test(text);

const hasLongWord = (text: string): boolean =>
  text.length > LONG_WORD && text.split(/[\s/-]/u).some((word) => word.length > LONG_WORD);

/** For the script: text, or text with what it is sorted by and how it looks. */
function cellData(value: Value, column: Column, format: Formatter): unknown {
  const text = format.cell(value, column);
  const tone = column.kind === 'status' && typeof value === 'string' ? column.tones?.[value] : undefined;
  if (typeof value === 'number') return [text, value];
  return tone === undefined || tone === 'plain' ? text : [text, null, tone];
}

type ChartBlock = Extract<Block, { kind: 'chart' }>;

function chart({ id, title, summary, spec }: ChartBlock, { format, mode, inSheet }: Draw): Html {
  const write = (value: number): string =>
    format.cell(value, { kind: Math.abs(value) >= 100 || Number.isInteger(value) ? 'count' : 'number' });
  const picture = pictureOf(spec, title, {
    width: CHART_WIDTH,
    write,
    writeDate: (at) => format.cell(new Date(at).toISOString().slice(0, 10), { kind: 'date' }),
  });
  const sentence = plainText(summary);
  const element = `c-${idOf(id)}`;
  const legend =
    spec.kind !== 'shares'
      ? null
      : markup`<ul class="legend">${spec.parts.map(({ title: name, value }, at) => {
          const part = picture.marks.filter(({ kind }) => kind === 'rect')[at];
          return markup`<li>${swatch(part?.role ?? 'muted')}${name} ${write(value)}</li>`;
        })}</ul>`;
  const isFile = mode === 'file';
  return markup`<figure class="block chart"${isFile ? markup` data-chart="${element}"` : null}><figcaption dir="auto">${title}</figcaption>${svg(picture, element, title, sentence)}${legend}${
    spec.kind === 'shares' || inSheet ? null : markup`<p class="summary">${said(summary)}</p>`
  }${
    isFile
      ? markup`<script type="application/json">${jsonIn(readingsOf(picture))}</script><details><summary>${words.chartTable}</summary><div class="scroll" tabindex="0" role="group" aria-label="${title}"><table><thead><tr>${picture.table.columns.map((name, at) => (name === '' && at === 0 ? markup`<td></td>` : markup`<th scope="col">${name}</th>`))}</tr></thead><tbody>${picture.table.rows.map(
          (row) =>
            markup`<tr>${row.map((text, at) => (at === 0 ? markup`<th scope="row">${text}</th>` : markup`<td>${text}</td>`))}</tr>\n`,
        )}</tbody></table></div></details>`
      : null
  }</figure>\n`;
}
