/** A value as a cell of a sheet. */
import type { Cell } from '../data/cells.ts';
import { NOT_MEASURED } from '../format.ts';
import { textCell, type SheetCell } from './sheet.ts';
import { NUMBER_STYLES } from './styles.ts';

const DAY = 86_400_000;
/** Days from the day that Excel calls 0 to 1970; true from March 1900 on. */
const DAYS_TO_1970 = 25_569;

/** @param gaps what is missing is an empty cell */
export function styledCell(cell: Cell, gaps: boolean): SheetCell {
  switch (cell.type) {
    case 'missing':
      return { style: 'missing', value: gaps ? null : NOT_MEASURED };
    case 'text':
      return textCell(cell.text);
    case 'flag':
      return { style: 'flag', value: cell.flag };
    case 'number':
      return { style: NUMBER_STYLES[cell.kind], value: cell.number };
    case 'date':
    case 'time':
      return { style: cell.type, value: cell.at / DAY + DAYS_TO_1970 };
  }
}
