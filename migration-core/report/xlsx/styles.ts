/** How cells look. Formats of numbers are codes, which Excel shows in the way of the reader's country. */
import type { ColumnKind } from '../model.ts';
import { XML } from './xml.ts';

const STYLES = [
  'text',
  /** Begins like a formula: stays a text even when somebody edits it. */
  'quoted',
  /** Goes on over the cells beside it. */
  'line',
  'header',
  'missing',
  'flag',
  'whole',
  'number',
  'share',
  'date',
  'time',
  'title',
  'label',
  'link',
  'total-label',
  'total-whole',
  'total-number',
] as const;
export type Style = (typeof STYLES)[number];

const numbers = new Map(STYLES.map((style, index) => [style, index]));
/** As cells name it. */
export const styleNumber = (style: Style): number => numbers.get(style)!;

export const NUMBER_STYLES: Record<ColumnKind, Style> = {
  text: 'number',
  count: 'whole',
  number: 'number',
  share: 'share',
  bytes: 'number',
  'bytes-rate': 'number',
  seconds: 'whole',
  minutes: 'whole',
  time: 'number',
  date: 'number',
  money: 'whole',
  status: 'number',
  score: 'whole',
};

/** Number format, font, fill, border and more of each (`top`: long texts are wrapped). Formats below 164 are Excel's own: 3 is `#,##0`. */
const LOOKS: Record<
  Style,
  readonly [format: number, font: number, fill: number, border: number, more: string]
> = {
  text: [0, 0, 0, 0, 'top'],
  line: [0, 0, 0, 0, 'quoted line'],
  quoted: [0, 0, 0, 0, 'quoted top'],
  header: [0, 1, 2, 1, 'top'],
  missing: [0, 2, 0, 0, ''],
  flag: [0, 0, 0, 0, ''],
  whole: [3, 0, 0, 0, ''],
  number: [164, 0, 0, 0, ''],
  share: [165, 0, 0, 0, ''],
  date: [166, 0, 0, 0, ''],
  time: [167, 0, 0, 0, ''],
  title: [0, 3, 0, 0, ''],
  label: [0, 1, 0, 0, ''],
  link: [0, 4, 0, 0, ''],
  'total-label': [0, 1, 0, 2, ''],
  'total-whole': [3, 1, 0, 2, ''],
  'total-number': [164, 1, 0, 2, ''],
};

const FONT = '<name val="Calibri"/><family val="2"/>';

export const stylesXml = (): string =>
  `${XML}<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
  '<numFmts count="4"><numFmt numFmtId="164" formatCode="#,##0.0"/><numFmt numFmtId="165" formatCode="0.0%"/>' +
  '<numFmt numFmtId="166" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="167" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>' +
  `<fonts count="5"><font><sz val="11"/>${FONT}</font><font><b/><sz val="11"/>${FONT}</font>` +
  `<font><i/><sz val="11"/><color rgb="FF5F6B76"/>${FONT}</font><font><b/><sz val="16"/>${FONT}</font>` +
  `<font><u/><sz val="11"/><color rgb="FF0B5CAD"/>${FONT}</font></fonts>` +
  '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>' +
  '<fill><patternFill patternType="solid"><fgColor rgb="FFE6EBF0"/><bgColor indexed="64"/></patternFill></fill></fills>' +
  '<borders count="3"><border><left/><right/><top/><bottom/><diagonal/></border>' +
  '<border><left/><right/><top/><bottom style="thin"><color rgb="FF5F6B76"/></bottom><diagonal/></border>' +
  '<border><left/><right/><top style="thin"><color rgb="FF5F6B76"/></top><bottom/><diagonal/></border></borders>' +
  '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
  `<cellXfs count="${STYLES.length}">${STYLES.map((style) => {
    const [format, font, fill, border, more] = LOOKS[style];
    return (
      `<xf numFmtId="${format}" fontId="${font}" fillId="${fill}" borderId="${border}" xfId="0"` +
      `${format === 0 ? '' : ' applyNumberFormat="1"'}${font === 0 ? '' : ' applyFont="1"'}` +
      `${fill === 0 ? '' : ' applyFill="1"'}${border === 0 ? '' : ' applyBorder="1"'}` +
      `${more.startsWith('quoted') ? ' quotePrefix="1"' : ''} applyAlignment="1">` +
      `<alignment vertical="top"${more.endsWith('top') ? ' wrapText="1"' : ''}/></xf>`
    );
  }).join('')}</cellXfs>` +
  '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>' +
  '<tableStyles count="0" defaultTableStyle="TableStyleLight1"/></styleSheet>';
