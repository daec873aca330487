/** What charts of a server's load have in common. */
import type { Format } from '../format.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Of a working day, in the time of the site; shown only, nothing is decided by it. */
const BUSINESS = { from: 8, to: 18 } as const;
/** Room that a label below the axis takes, pixels. */
const LABEL_PIXELS = 48;

export function writerOf(
  unit: 'percent' | 'bytes' | 'operations/s' | 'bytes/s',
  format: Format,
): (value: number) => string {
  switch (unit) {
    case 'percent':
      return (value) => format.percent(value / 100, value < 10 ? 1 : 0);
    case 'bytes':
      return (value) => format.bytes(value);
    case 'bytes/s':
      return (value) => `${format.bytes(value)}/s`;
    case 'operations/s':
      return (value) => format.number(value, value < 10 ? 1 : 0);
  }
}

/** Midnights of the site between two times. */
function midnights(from: number, to: number, utcOffsetMinutes: number): number[] {
  const shift = utcOffsetMinutes * 60_000;
  const first = Math.ceil((from + shift) / DAY) * DAY - shift;
  return Array.from(
    { length: Math.max(0, Math.floor((to - first) / DAY) + 1) },
    (_, day) => first + day * DAY,
  );
}

/** Monday to Friday. */
export function businessHours(
  from: number,
  to: number,
  utcOffsetMinutes: number,
): { from: number; to: number }[] {
  return midnights(from - DAY, to, utcOffsetMinutes)
    .filter((at) => {
      // 1 January 1970 was a Thursday.
      const weekday = (Math.round((at + utcOffsetMinutes * 60_000) / DAY) + 3) % 7;
      return weekday < 5;
    })
    .map((at) => ({ from: at + BUSINESS.from * HOUR, to: at + BUSINESS.to * HOUR }));
}

/** Names of days below the axis: as many as there is room for. */
export function dayMarks(
  from: number,
  to: number,
  utcOffsetMinutes: number,
  width: number,
  format: Format,
): { at: number; label: string }[] {
  const days = midnights(from, to, utcOffsetMinutes);
  const every = Math.max(1, Math.ceil((days.length * LABEL_PIXELS) / Math.max(1, width)));
  const week = days.length <= 8;
  return days
    .filter((_, index) => index % every === 0)
    .map((at) => {
      const weekday = (Math.round((at + utcOffsetMinutes * 60_000) / DAY) + 3) % 7;
      return { at, label: week ? format.weekday(weekday) : format.dayMonth(at, utcOffsetMinutes) };
    });
}
