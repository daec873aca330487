/**
 * How a value looks, by its kind and the reader's locale: one way for all formats that are read by people. Numbers of one
 * column have the same unit, told in its header.
 */
import type { Column, ColumnKind, Text, Value } from './model.ts';

export const NOT_MEASURED = 'not measured';

export interface Formatter {
  locale: string;
  /** A cell of a table, whose header tells the unit. */
  cell(value: Value, column: Pick<Column, 'kind' | 'unit'>): string;
  /** A figure by itself, with its unit. */
  figure(value: Value, kind: ColumnKind, unit?: string): string;
  /** Header of a column with its unit: `Memory, GiB`. */
  header(column: Pick<Column, 'title' | 'kind' | 'unit'>): string;
}

/** In which unit a column of this kind is shown, and by what its values are divided. */
export const SHOWN_UNITS: Record<ColumnKind, { unit: string; per: number; digits: number }> = {
  text: { unit: '', per: 1, digits: 0 },
  count: { unit: '', per: 1, digits: 0 },
  number: { unit: '', per: 1, digits: 1 },
  share: { unit: '%', per: 0.01, digits: 1 },
  bytes: { unit: 'GiB', per: 2 ** 30, digits: 1 },
  'bytes-rate': { unit: 'MiB/s', per: 2 ** 20, digits: 1 },
  seconds: { unit: 's', per: 1, digits: 0 },
  minutes: { unit: 'min', per: 1, digits: 0 },
  time: { unit: '', per: 1, digits: 0 },
  date: { unit: '', per: 1, digits: 0 },
  money: { unit: '', per: 1, digits: 0 },
  status: { unit: '', per: 1, digits: 0 },
  score: { unit: '', per: 1, digits: 0 },
};

/** Nobody knows a tenth of so much; in a column the points of all numbers stand one above the other all the same. */
const WHOLE_FROM = 1000;

/** @param locale BCP 47 @param currency shown in headers of money */
export function formatter(locale: string, currency: string, utcOffsetMinutes: number): Formatter {
  const numbers = new Map<number, Intl.NumberFormat>();
  const number = (value: number, digits: number): string => {
    let format = numbers.get(digits);
    if (format === undefined) {
      format = new Intl.NumberFormat(locale, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      });
      numbers.set(digits, format);
    }
    return format.format(value);
  };
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  const times = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

  const bare = (value: Exclude<Value, null>, kind: ColumnKind, isAlone = false): string => {
    if (typeof value === 'boolean') return value ? 'yes' : 'no';
    if (typeof value === 'string') {
      if (kind !== 'date') return value;
      const at = Date.parse(value);
      return Number.isNaN(at) ? value : dates.format(at);
    }
    if (!Number.isFinite(value)) return NOT_MEASURED;
    if (kind === 'time') return times.format(value + utcOffsetMinutes * 60_000);
    const { per, digits } = SHOWN_UNITS[kind];
    const shown = value / per;
    return number(shown, isAlone && Math.abs(shown) >= WHOLE_FROM ? 0 : digits);
  };
  const unitOf = (kind: ColumnKind, unit: string | undefined): string =>
    unit ?? (kind === 'money' ? currency : SHOWN_UNITS[kind].unit);

  return {
    locale,
    cell: (value, { kind }) => (value === null ? NOT_MEASURED : bare(value, kind)),
    figure(value, kind, unit) {
      if (value === null) return NOT_MEASURED;
      const text = bare(value, kind, true);
      const of = typeof value === 'number' && Number.isFinite(value) ? unitOf(kind, unit) : '';
      // A thin space holds a number and its unit together.
      return of === '' ? text : `${text}\u202f${of}`;
    },
    header({ title, kind, unit }) {
      const of = unitOf(kind, unit);
      return of === '' ? title : `${title}, ${of}`;
    },
  };
}

/** A text whose names are all there. */
export const plainText = (text: Text): string =>
  typeof text === 'string'
    ? text
    : text.map((part) => (typeof part === 'string' ? part : part.name)).join('');
