/** Dates of waves: nights in a row that no freeze forbids, with days between waves for tests and signatures. */
import type { Scenario } from '../model/scenario.ts';
import { daysFromIso, isoFromDays } from './dates.ts';
import type { Mover } from './estate.ts';

export interface Span {
  /** Days since 1970, both within. */
  from: number;
  to: number;
  why: string;
}

export interface Dated {
  starts: string;
  ends: string;
}

export interface CalendarAnswer {
  /** By wave; absent: no night was found. */
  dates: Map<number, Dated>;
  /** Waves that found none. */
  without: number[];
  /** Servers that have no night in their wave outside their own freezes, with the freeze. */
  frozen: { wave: number; mover: Mover; why: string }[];
  remarks: string[];
}

/** How far a wave is looked for: longer freezes are no freezes but the end of the project. */
const MAX_DAYS = 3660;
/** How long a wave waits for the freeze of one of its servers to end before that server becomes a risk. */
const MAX_WAIT = 92;
/** The last day of the year 9999. */
const LAST_DAY = 2_932_896;

/** @param freezes unchecked, as people wrote them */
export function spansOf(
  freezes: readonly { from: string; to: string; why?: string | undefined }[],
  whose: string,
  remarks: string[],
): Span[] {
  const spans: Span[] = [];
  for (const { from, to, why } of freezes) {
    const [first, last] = [daysFromIso(from), daysFromIso(to)];
    if (first === null || last === null)
      remarks.push(`A freeze ${whose} from ${from} to ${to} was left out, for that is no pair of dates.`);
    else if (last < first)
      remarks.push(`A freeze ${whose} from ${from} to ${to} was left out, for it ends before it begins.`);
    else spans.push({ from: first, to: last, why: why ?? '' });
  }
  return spans.sort((a, b) => a.from - b.from || a.to - b.to);
}

const within = (day: number, spans: readonly Span[]): Span | undefined =>
  spans.find(({ from, to }) => from <= day && day <= to);

/** @param waves in their order, with the nights each takes */
export function datesOf(
  waves: readonly { number: number; nights: number; members: readonly Mover[] }[],
  calendar: Scenario['calendar'],
  daysBetween: number,
): CalendarAnswer {
  const answer: CalendarAnswer = { dates: new Map(), without: [], frozen: [], remarks: [] };
  if (calendar.start === undefined) return answer;
  const start = daysFromIso(calendar.start);
  if (start === null) {
    answer.remarks.push(`The waves have no dates, for ${calendar.start} is no date.`);
    return answer;
  }
  const freezes = spansOf(calendar.freezes, 'of the estate', answer.remarks);
  let cursor = start;
  let lost = false;
  for (const { number, nights, members } of waves) {
    const own = members.map((mover) => ({
      mover,
      spans: spansOf(mover.facts.annotations.freezes ?? [], `of ${mover.name}`, answer.remarks),
    }));
    const held = own.filter(({ spans }) => spans.length > 0);
    const found = lost ? null : firstNights(cursor, Math.max(1, nights), freezes, held);
    if (found === null) {
      lost = true;
      answer.without.push(number);
      continue;
    }
    for (const { mover, spans } of held)
      if (found.every((night) => within(night, spans) !== undefined))
        answer.frozen.push({ wave: number, mover, why: within(found[0]!, spans)!.why });
    const last = found[found.length - 1]!;
    answer.dates.set(number, { starts: isoFromDays(found[0]!), ends: isoFromDays(last) });
    cursor = last + 1 + daysBetween;
  }
  return answer;
}

/** Nights that are not frozen, from the first day on which every member has one of its own; null: none in sight. */
function firstNights(
  from: number,
  count: number,
  freezes: readonly Span[],
  held: readonly { spans: readonly Span[] }[],
): number[] | null {
  let fallback: number[] | null = null;
  for (let wait = 0; wait <= MAX_WAIT; wait++) {
    const nights = nightsFrom(from + wait, count, freezes);
    if (nights === null) return fallback;
    fallback ??= nights;
    if (held.every(({ spans }) => nights.some((night) => within(night, spans) === undefined))) return nights;
  }
  return fallback;
}

function nightsFrom(from: number, count: number, freezes: readonly Span[]): number[] | null {
  const nights: number[] = [];
  const end = Math.min(from + MAX_DAYS + count, LAST_DAY);
  for (let day = from; nights.length < count; day++) {
    if (day > end) return null;
    const freeze = within(day, freezes);
    if (freeze === undefined) nights.push(day);
    else day = freeze.to;
  }
  return nights;
}
