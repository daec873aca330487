/** Values as spreadsheets have them, and headers that tell the unit: the same in XLSX and CSV. */
import { SHOWN_UNITS, type Formatter } from '../format.ts';
import type { Column, ColumnKind, Value } from '../model.ts';

/** Numbers are in the unit of their header; shares stay between 0 and 1. Moments are milliseconds in the time of the engagement. */
export type Cell =
  | { type: 'missing' }
  | { type: 'text'; text: string }
  | { type: 'flag'; flag: boolean }
  | { type: 'number'; number: number; kind: ColumnKind }
  | { type: 'date' | 'time'; at: number };

/** Days that every spreadsheet knows: years 1901 to 9999, milliseconds since 1970. */
const FIRST_DAY = Date.UTC(1901, 0, 1);
const LAST_DAY = Date.UTC(9999, 11, 31);
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/u;

export function cellOf(value: Value, kind: ColumnKind, utcOffsetMinutes: number): Cell {
  if (value === null) return { type: 'missing' };
  if (typeof value === 'boolean') return { type: 'flag', flag: value };
  if (typeof value === 'string') {
    const at = kind === 'date' && ISO_DATE.test(value) ? Date.parse(value) : NaN;
    return at >= FIRST_DAY && at <= LAST_DAY ? { type: 'date', at } : { type: 'text', text: value };
  }
  if (!Number.isFinite(value)) return { type: 'missing' };
  if (kind === 'time') {
    const at = value + utcOffsetMinutes * 60_000;
    return at >= FIRST_DAY && at <= LAST_DAY ? { type: 'time', at } : { type: 'number', number: value, kind };
  }
  return { type: 'number', number: kind === 'share' ? value : value / SHOWN_UNITS[kind].per, kind };
}

/** `+01:00` */
export function offsetText(utcOffsetMinutes: number): string {
  const minutes = Math.abs(Math.trunc(utcOffsetMinutes));
  const two = (of: number): string => String(of).padStart(2, '0');
  return `${utcOffsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Headers of a table in the order of its columns, each different from all others, as named tables ask for. */
export function headersOf(columns: readonly Column[], format: Formatter, utcOffsetMinutes: number): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    const told =
      column.kind === 'time' ? `${column.title}, UTC${offsetText(utcOffsetMinutes)}` : format.header(column);
    // Titles of lines are names; a header is one line.
    const base = clip(told.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim(), MAX_HEADER) || column.id;
    let header = base;
    for (let again = 2; taken.has(header.toLowerCase()); again++) header = `${base} (${again})`;
    taken.add(header.toLowerCase());
    return header;
  });
}

/** Of a named table Excel takes 255; the rest is for what makes it different. */
const MAX_HEADER = 240;

/** The first `length` units of UTF-16, without half a character at the end. */
export const clip = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/u, '');
