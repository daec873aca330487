/** Kinds of values in the table of annotations: how they are written, what is understood, what is said to be allowed. */
import type { ServerAnnotations } from '../../store/model/annotations.ts';

export interface Kind {
  /** Goes on from "write ...". */
  allowed: string;
  /** @param value of the kind, as the model has checked it */
  write(value: unknown): string;
  /** @param text trimmed, not empty. undefined: not understood */
  read(text: string): unknown;
}

const kind = <T>(
  allowed: string,
  write: (value: T) => string,
  read: (text: string) => T | undefined,
): Kind => ({
  allowed,
  write: (value) => write(value as T),
  read,
});

/** Of the model. */
const MAX_TEXT = 500;
const MAX_ITEMS = 1000;

export const text = kind<string>(
  `a text of at most ${MAX_TEXT} characters`,
  (value) => value,
  (given) => (given.length <= MAX_TEXT ? given : undefined),
);

/** Items between semicolons or in lines of their own. */
const itemsOf = (given: string): string[] =>
  given
    .split(/[;\n]/u)
    .map((item) => item.trim())
    .filter((item) => item !== '');

function list<T>(allowed: string, write: (item: T) => string, read: (item: string) => T | undefined): Kind {
  return kind<T[]>(
    `${allowed}; several with semicolons between them`,
    (items) => items.map(write).join('; '),
    (given) => {
      const items = itemsOf(given).map(read);
      return items.length <= MAX_ITEMS && items.every((item) => item !== undefined) ? items : undefined;
    },
  );
}

export const texts = list<string>(
  `a text of at most ${MAX_TEXT} characters`,
  (item) => item,
  (item) => (item.length <= MAX_TEXT ? item : undefined),
);

/** @param names in capitals, with an example for the sentence */
export const ids = (of: string, names: readonly string[]): Kind =>
  list<string>(
    `the letter and number of ${of} (${names[0]!})`,
    (item) => item,
    (item) => (names.includes(item.toUpperCase()) ? item.toUpperCase() : undefined),
  );

export const oneOf = (names: readonly string[]): Kind =>
  kind<string>(
    `${names.slice(0, -1).join(', ')} or ${names.at(-1)!}`,
    (value) => value,
    (given) => {
      const name = given.toLowerCase().replace(/[\s_]+/gu, '-');
      return names.includes(name) ? name : undefined;
    },
  );

const YES = new Set(['yes', 'y', 'true', '1', 'x']);
const NO = new Set(['no', 'n', 'false', '0']);
export const yesNo = kind<boolean>(
  'yes or no',
  (value) => (value ? 'yes' : 'no'),
  (given) => {
    const word = given.toLowerCase();
    return YES.has(word) ? true : NO.has(word) ? false : undefined;
  },
);

/** A decimal comma is one; what could be thousands (`1,500`) is asked about. */
export function numberOf(given: string): number | undefined {
  if (/^\d+,\d{3}$/u.test(given) || !/^\d+(?:[.,]\d+)?(?:e[+-]?\d+)?$/iu.test(given)) return undefined;
  const value = Number(given.replace(',', '.'));
  return Number.isFinite(value) ? value : undefined;
}

/** @param of goes on from "a number" */
export const number = (
  of: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, above = -1, whole = false }: NumberLimits = {},
): Kind =>
  kind<number>(
    whole
      ? `a whole number${of}${max < Number.MAX_SAFE_INTEGER ? ` from ${min} to ${max}` : ''}`
      : `a number${of} (1500 or 1.5, without separators of thousands)`,
    String,
    (given) => {
      const value = numberOf(given);
      const fits = value !== undefined && value >= min && value <= max && value > above;
      return fits && (!whole || Number.isInteger(value)) ? value : undefined;
    },
  );

/** null: taken out of all waves. */
export const wave = kind<number | null>(
  'the whole number of a wave, or none',
  (value) => (value === null ? 'none' : String(value)),
  (given) => {
    if (given.toLowerCase() === 'none') return null;
    return /^\d{1,9}$/u.test(given) ? Number(given) : undefined;
  },
);

interface NumberLimits {
  min?: number;
  max?: number;
  above?: number;
  whole?: boolean;
}

export const span = kind<number>(
  'minutes (90), or a number with its unit (90 min, 1.5 h, 2 d)',
  String,
  (given) => {
    const match = /^([\d.,]+(?:e[+-]?\d+)?)\s*(min|m|h|d)?$/iu.exec(given);
    const value = match === null ? undefined : numberOf(match[1]!);
    const unit = match?.[2]?.toLowerCase();
    return value === undefined ? undefined : value * (unit === 'h' ? 60 : unit === 'd' ? 1440 : 1);
  },
);

const UNITS = { tib: 2 ** 40, gib: 2 ** 30, mib: 2 ** 20, kib: 2 ** 10, b: 1 };
export const byteCount = kind<number>(
  'an amount of memory (16 GiB, 512 MiB)',
  (value) => {
    const unit = (['GiB', 'MiB'] as const).find((name) => value % UNITS[unitKey(name)] === 0);
    return unit === undefined ? `${value} B` : `${value / UNITS[unitKey(unit)]} ${unit}`;
  },
  (given) => {
    const match = /^([\d.,]+)\s*([tgmk]i?b?|b|bytes)$/iu.exec(given);
    const value = match === null ? undefined : numberOf(match[1]!);
    if (value === undefined) return undefined;
    const letter = match![2]!.toLowerCase()[0]!;
    const bytes = value * UNITS[letter === 'b' ? 'b' : (`${letter}ib` as keyof typeof UNITS)];
    return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
  },
);
const unitKey = (name: 'GiB' | 'MiB'): keyof typeof UNITS => (name === 'GiB' ? 'gib' : 'mib');

/** A day of the calendar, not only the digits of one. */
function dateOf(given: string): string | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/u.exec(given);
  if (match === null) return undefined;
  const time = new Date(`${given}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(given) ? given : undefined;
}
export const date = kind<string>('a date like 2027-03-31', (value) => value, dateOf);

type Freeze = NonNullable<ServerAnnotations['freezes']>[number];
export const freezes = list<Freeze>(
  'two dates, and why (2026-12-20/2027-01-05 end of year)',
  ({ from, to, why }) => `${from}/${to}${why === undefined ? '' : ` ${why}`}`,
  (item) => {
    const match = /^(\S{10})\s*\/\s*(\S{10})(?:\s+(.*))?$/su.exec(item);
    const from = dateOf(match?.[1] ?? '');
    const to = dateOf(match?.[2] ?? '');
    if (from === undefined || to === undefined || to < from) return undefined;
    const why = match![3];
    return why === undefined ? { from, to } : { from, to, why };
  },
);

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
function minutesOf(hours: string, minutes: string): number | undefined {
  const value = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && value <= 1440 ? value : undefined;
}

type Window = NonNullable<ServerAnnotations['backup']>['windows'][number];
export const backupWindows = list<Window>(
  'hours of the site (22:00-02:00), after the days if it is not every day (Mon-Fri 22:00-02:00, Sat Sun 20:00-23:00)',
  ({ startMinute, endMinute, days }) =>
    [
      ...days.map((day) => DAYS[day]!.replace(/^./u, (letter) => letter.toUpperCase())),
      `${clock(startMinute)}-${clock(endMinute)}`,
    ].join(' '),
  (item) => {
    const match = /^(.*?)\s*(\d{1,2}):(\d\d)\s*[-\u2013]\s*(\d{1,2}):(\d\d)$/su.exec(item);
    if (match === null) return undefined;
    const startMinute = minutesOf(match[2]!, match[3]!);
    const endMinute = minutesOf(match[4]!, match[5]!);
    const days = daysOf(match[1]!);
    if (startMinute === undefined || endMinute === undefined || days === undefined) return undefined;
    return { startMinute, endMinute, days };
  },
);

function daysOf(given: string): number[] | undefined {
  const days: number[] = [];
  for (const word of given
    .toLowerCase()
    .split(/[\s,]+/u)
    .filter((one) => one !== '')) {
    const [first, last, more] = word.split(/[-\u2013]/u).map((name) => DAYS.indexOf(name.slice(0, 3)));
    if (first === undefined || first < 0 || last === -1 || more !== undefined) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.push(day);
      if (day === (last ?? first)) break;
    }
  }
  return [...new Set(days)];
}

type Card = NonNullable<ServerAnnotations['sizedBy']>[number];
export const cards = list<Card>(
  'an application and how many use it (file-server=200)',
  ({ card, clients }) => `${card}=${clients}`,
  (item) => {
    const match = /^(.*)=\s*([^=]+)$/su.exec(item);
    const clients = match === null ? undefined : numberOf(match[2]!.trim());
    const card = match?.[1]?.trim() ?? '';
    return clients === undefined || card === '' || card.length > MAX_TEXT ? undefined : { card, clients };
  },
);
