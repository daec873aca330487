/** What of a business cycle the samples show, the heaviest day at the turn of a month, and how use grows. */
import type { DemandProfile } from '../model/demand.ts';
import { weekdayOf } from './backup.ts';
import { startMinute, type Grid } from './grid.ts';
import { median, percentiles, theilSen } from './statistics.ts';

const DAY = 1440;
/** A day counts as seen with half of its slots. */
const SEEN_SHARE = 0.5;
/** The turn of a month: its last and first working days (assessment model, section 5). */
const TURN_DAYS = 2;
const DAYS_FOR_GROWTH = 14;
const DAYS_OF_MONTH = 30;

export interface Day {
  /** Since 1970, in the time of the site. */
  number: number;
  mean: number;
  p95: number;
}

/** Days of which half was measured, ascending. */
export function seenDays(grid: Grid, utcOffsetMinutes: number): Day[] {
  const days: Day[] = [];
  const { values, measured } = grid;
  const least = (SEEN_SHARE * DAY * 60) / grid.slot;
  const begin = startMinute(grid, 0, utcOffsetMinutes);
  const minutes = grid.slot / 60;
  const buffer = new Float64Array(Math.ceil(DAY / minutes) + 1);
  for (let at = 0; at < values.length;) {
    const number = Math.floor((begin + at * minutes) / DAY);
    const end = Math.min(values.length, Math.max(at + 1, Math.ceil(((number + 1) * DAY - begin) / minutes)));
    let length = 0;
    let sum = 0;
    for (; at < end; at++) {
      if (measured[at] === 0) continue;
      buffer[length++] = values[at]!;
      sum += values[at]!;
    }
    if (length === 0 || length < least) continue;
    days.push({ number, mean: sum / length, p95: percentiles(buffer.subarray(0, length), [950])[0]! });
  }
  return days;
}

const isWorkingDay = (number: number): boolean => weekdayOf(number * DAY) < 5;

const monthOf = (number: number): number => new Date(number * DAY * 60_000).getUTCMonth();

/** Which month (0 to 11) the day closes or opens, as one of its last or first two working days; -1 for none. */
export function turnOfMonth(number: number): { month: number; closes: boolean } | null {
  if (!isWorkingDay(number)) return null;
  const month = monthOf(number);
  for (const step of [1, -1]) {
    let working = 0;
    for (let day = number + step; monthOf(day) === month && working < TURN_DAYS; day += step)
      if (isWorkingDay(day)) working++;
    if (working < TURN_DAYS) return { month, closes: step === 1 };
  }
  return null;
}

/** @param days of the processor, or of what else was measured */
export function seasonsOf(days: readonly Day[], backup: boolean): DemandProfile['seen'] {
  const weekdays = new Set(days.map(({ number }) => weekdayOf(number * DAY)));
  const turns = days.map(({ number }) => turnOfMonth(number)).filter((turn) => turn !== null);
  return {
    weekdayPeak: [0, 1, 2, 3, 4].every((weekday) => weekdays.has(weekday)),
    weekend: weekdays.has(5) || weekdays.has(6),
    monthEnd: turns.length > 0,
    // Quarters close in March, June, September and December.
    quarterEnd: turns.some(({ month, closes }) => month % 3 === (closes ? 2 : 0)),
    backup,
  };
}

/** The day at the turn of a month with the highest mean, since 1970; null where none was seen. */
export function heaviestTurn(days: readonly Day[]): number | null {
  let heaviest: Day | null = null;
  for (const day of days)
    if (turnOfMonth(day.number) !== null && (heaviest === null || day.mean > heaviest.mean)) heaviest = day;
  return heaviest?.number ?? null;
}

/** Percent a month of the middle level, from the p95 of each day; null with fewer than 14 days, or without any use. */
export function growthOf(days: readonly Day[]): number | null {
  if (days.length < DAYS_FOR_GROWTH) return null;
  const first = days[0]!.number;
  const values = new Float64Array(days.at(-1)!.number - first + 1).fill(Number.NaN);
  for (const { number, p95 } of days) values[number - first] = p95;
  const level = median(values.filter((value) => !Number.isNaN(value)));
  return level > 0 ? ((theilSen(values) * DAYS_OF_MONTH) / level) * 100 : null;
}
