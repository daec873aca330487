/** Stretches of days in which nothing may be moved. */
import { periods as text } from '../text/common.ts';

export interface Period {
  /** ISO dates, both of them within. */
  from: string;
  to: string;
  why?: string | undefined;
}

const DATE = /^\d{4}-\d\d-\d\d$/u;
const DAY = 86_400_000;

/** What is wrong with it; null: nothing. */
export function periodProblem({ from, to }: Period): string | null {
  if (!DATE.test(from) || !DATE.test(to)) return text.noDate;
  return to < from ? text.backwards : null;
}

/** A week, on the day after the last one ends, or from `today` on. */
export function nextPeriod(periods: readonly Period[], today: string): Period {
  const last = periods.reduce((late, { to }) => (DATE.test(to) && to > late ? to : late), '');
  const begin = last === '' ? Date.parse(`${today}T00:00:00Z`) : Date.parse(`${last}T00:00:00Z`) + DAY;
  const iso = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return { from: iso(begin), to: iso(begin + 6 * DAY) };
}
