/**
 * Whole numbers for the packing engine. Each timed resource has a scale of its own on which the largest host is FULL;
 * demands are rounded up and capacities down, so that what fits in whole numbers fits.
 */
import { RESOURCES, SLOT_MINUTES, type WeekShape } from '../../assess/model/demand.ts';

export const TIMED = RESOURCES.length;
const MINUTES_OF_WEEK = 10_080;
/** Finer than a host's measurements are, and twice as much still fits 16 bits. */
export const FULL = 30_000;
/** Larger than any host: what is cut off here fits nowhere either way. */
export const MOST = 65_535;
export const MIB = 1_048_576;
/** Where a host has no limit: far above any sum of needs, and sums of it are exact. */
export const UNLIMITED = 2 ** 40;

export const FIXED = ['memory', 'storage', 'vcpus', 'machines', 'critical'] as const;
export type FixedName = (typeof FIXED)[number];

/** Of a week. Where the turn of a month was seen, slots of that day follow. */
export const slotsOf = (shape: WeekShape): number => MINUTES_OF_WEEK / SLOT_MINUTES[shape];
export const slotsOfDay = (shape: WeekShape): number => slotsOf(shape) / 7;

/** Units by real one, by resource. `largest`: of the whole hosts, by resource. */
export const scalesOf = (largest: readonly number[]): number[] =>
  largest.map((whole) => (whole > 0 ? FULL / whole : FULL));

export const unitsUp = (value: number, scale: number): number =>
  value > 0 ? Math.min(MOST, Math.ceil(value * scale)) : 0;
export const unitsDown = (value: number, scale: number): number =>
  value > 0 ? Math.floor(value * scale) : 0;
export const mebibytesUp = (bytes: number): number =>
  Math.min(UNLIMITED, Math.ceil(Math.max(0, bytes) / MIB));
export const mebibytesDown = (bytes: number): number =>
  Math.min(UNLIMITED, Math.floor(Math.max(0, bytes) / MIB));

/**
 * Growth over years as a factor, by multiplication alone, so that it is the same on every machine. A part of a year
 * grows in proportion.
 */
export function growthFactor(growth: number, years: number): number {
  const whole = Math.floor(years);
  let factor = 1;
  for (let year = 0; year < whole; year++) factor *= 1 + growth;
  return factor * (1 + growth * (years - whole));
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** `01:00`. */
export function clock(minute: number): string {
  const ofDay = ((minute % 1440) + 1440) % 1440;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(ofDay / 60))}:${two(ofDay % 60)}`;
}

/** `Tue 02:10`, for tables. @param behind what slots behind the week are called: those of the day at the turn of a month */
export function shortSlotText(slot: number, shape: WeekShape, behind = 'month-end day'): string {
  const minute = slot * SLOT_MINUTES[shape];
  const day = minute >= MINUTES_OF_WEEK ? behind : DAYS[Math.floor(minute / 1440)]!.slice(0, 3);
  return `${day} ${clock(minute)}`;
}

/** `Tuesday 10:00`, or `month-end day 10:00` of a slot behind the week. */
export function slotText(slot: number, shape: WeekShape): string {
  const minute = slot * SLOT_MINUTES[shape];
  if (minute >= MINUTES_OF_WEEK) return `month-end day ${clock(minute)}`;
  return `${DAYS[Math.floor(minute / 1440) % 7]!} ${clock(minute)}`;
}
