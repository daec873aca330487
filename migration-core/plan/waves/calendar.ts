/**
 * Dates of waves: nights that no freeze forbids, and after them days for tests and signatures. Nothing of a wave lies in a
 * freeze of the estate. It is kept in one piece where that costs no more than a wait; else it steps over the freeze, and
 * says so. A night belongs to the day it is of; it is over before the next one begins.
 */
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
  /** Last night. */
  ends: string;
  /** Last day of its tests and signatures; null: no day was found. */
  accepted: string | null;
  /** Runs of nights without a freeze between them: more than one where it steps over some. */
  pieces: { starts: string; ends: string }[];
  /** Freezes of the estate between its first night and its last, and between that and its signatures. */
  stepsOver: { nights: Span[]; acceptance: Span[] };
}

export interface CalendarAnswer {
  /** By wave; absent: no night was found. */
  dates: Map<number, Dated>;
  /** Waves that found none. */
  without: number[];
  /** Servers that have no night in their wave outside their own freezes, with the freeze. */
  frozen: { wave: number; mover: Mover; why: string }[];
  /** Servers that may move in some nights of their wave only, with the first of these. */
  narrowed: { wave: number; mover: Mover; why: string; free: string }[];
  remarks: string[];
}

/** How far a wave is looked for: longer freezes are no freezes but the end of the project. */
const MAX_DAYS = 3660;
/** How long a wave waits for the freeze of one of its servers to end before that server becomes a risk. */
const MAX_WAIT = 92;
/** How long it waits so that its tests and signatures, too, are done before a freeze: the year's end, and no longer. */
const MAX_WAIT_FOR_SIGNATURES = 31;
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
  const answer: CalendarAnswer = { dates: new Map(), without: [], frozen: [], narrowed: [], remarks: [] };
  if (calendar.start === undefined) return answer;
  const start = daysFromIso(calendar.start);
  if (start === null) {
    answer.remarks.push(`The waves have no dates, for ${calendar.start} is no date.`);
    return answer;
  }
  const freezes = merged(spansOf(calendar.freezes, 'of the estate', answer.remarks));
  let cursor = start;
  let lost = false;
  for (const { number, nights, members } of waves) {
    const own = members.map((mover) => ({
      mover,
      spans: spansOf(mover.facts.annotations.freezes ?? [], `of ${mover.name}`, answer.remarks),
    }));
    const held = own.filter(({ spans }) => spans.length > 0);
    const found = lost ? null : placeFor(cursor, Math.max(1, nights), daysBetween, freezes, held);
    if (found === null) {
      lost = true;
      answer.without.push(number);
      continue;
    }
    for (const { mover, spans } of held) {
      const free = found.nights.find((night) => within(night, spans) === undefined);
      const barred = found.nights.flatMap((night) => within(night, spans) ?? [])[0];
      if (barred === undefined) continue;
      if (free === undefined) answer.frozen.push({ wave: number, mover, why: barred.why });
      else answer.narrowed.push({ wave: number, mover, why: barred.why, free: isoFromDays(free) });
    }
    answer.dates.set(number, datedOf(found, freezes));
    const last = found.nights[found.nights.length - 1]!;
    cursor = found.acceptance === null ? last + 1 + daysBetween : (found.acceptance.at(-1) ?? last) + 1;
  }
  return answer;
}

/** Freezes that overlap are one: in ascending order, none touching the next but by a day. */
function merged(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last === undefined || span.from > last.to) joined.push({ ...span });
    else {
      last.to = Math.max(last.to, span.to);
      if (last.why === '') last.why = span.why;
    }
  }
  return joined;
}

/** Days since 1970. */
interface Place {
  nights: number[];
  /** null: no such days in sight. */
  acceptance: number[] | null;
}

function datedOf({ nights, acceptance }: Place, freezes: readonly Span[]): Dated {
  const [first, last] = [nights[0]!, nights[nights.length - 1]!];
  const pieces: { from: number; to: number }[] = [];
  for (const night of nights) {
    const piece = pieces.at(-1);
    if (piece?.to === night - 1) piece.to = night;
    else pieces.push({ from: night, to: night });
  }
  const between = (from: number, to: number): Span[] =>
    freezes.filter((freeze) => freeze.from > from && freeze.to < to);
  const signed = acceptance === null ? null : (acceptance.at(-1) ?? last);
  return {
    starts: isoFromDays(first),
    ends: isoFromDays(last),
    accepted: signed === null ? null : isoFromDays(signed),
    pieces: pieces.map(({ from, to }) => ({ starts: isoFromDays(from), ends: isoFromDays(to) })),
    stepsOver: { nights: between(first, last), acceptance: signed === null ? [] : between(last, signed) },
  };
}

/**
 * Nights and days of acceptance that are not frozen: the first place where every member has a night of its own and the
 * wave is in one piece; where there is none, what keeps most of that. null: no nights in sight.
 */
function placeFor(
  from: number,
  count: number,
  days: number,
  freezes: readonly Span[],
  held: readonly { spans: readonly Span[] }[],
): Place | null {
  let best: { place: Place; rank: number } | null = null;
  for (let day = from; day <= from + MAX_WAIT; day++) {
    const nights = nightsFrom(day, count, freezes);
    if (nights === null) break;
    // Days in a freeze begin where it is over.
    day = nights[0]!;
    if (best !== null && day > from + MAX_WAIT) break;
    const last = nights[nights.length - 1]!;
    const acceptance = nightsFrom(last + 1, days, freezes);
    const free = held.every(({ spans }) => nights.some((night) => within(night, spans) === undefined));
    const isWhole = last - day === count - 1;
    const isSigned = acceptance !== null && (acceptance.at(-1) ?? last) - last === days;
    const soon = day <= from + MAX_WAIT_FOR_SIGNATURES;
    const rank = (free ? 0 : 3) + (isWhole ? (isSigned && soon ? 0 : 1) : 2);
    if (best === null || rank < best.rank) best = { place: { nights, acceptance }, rank };
    if (rank === 0) break;
    // No later place is signed soon enough; in one piece is as good as it gets.
    if (best.rank === 1 && !soon) break;
  }
  return best?.place ?? null;
}

/** The first so many days that are not frozen; null: there are not so many in sight. */
function nightsFrom(from: number, count: number, freezes: readonly Span[]): number[] | null {
  const nights: number[] = [];
  const end = Math.min(from + MAX_DAYS + count, LAST_DAY);
  let next = freezes.findIndex(({ to }) => to >= from);
  if (next === -1) next = freezes.length;
  for (let day = from; nights.length < count; day++) {
    if (day > end) return null;
    const freeze = freezes[next];
    if (freeze === undefined || day < freeze.from) nights.push(day);
    else {
      day = freeze.to;
      next++;
    }
  }
  return nights;
}
