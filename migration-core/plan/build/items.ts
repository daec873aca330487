/** A candidate as an item of the packing problem. */
import { SLOT_MINUTES, type WeekShape } from '../../assess/model/demand.ts';
import type { PlanRequest } from '../planning.ts';
import type { HostKind } from './hosts.ts';
import type { Candidate } from './select.ts';
import { keyOf } from './constraints.ts';
import { growthFactor, mebibytesUp, slotsOf, slotsOfDay, TIMED, UNLIMITED, unitsUp } from './units.ts';

/** Of the day at the turn of a month, as it is kept. */
const PEAK_MINUTES = 10;
const PEAKS_OF_DAY = 144;
/** Months are closed from Monday to Friday. */
const WORKING_DAYS = 5;

export interface PlannedItem {
  key: string;
  candidate: Candidate;
  /** Without its backups: TIMED x slots units. */
  production: Uint16Array;
  /** With its backups where the backup plan puts them. */
  demand: Uint16Array;
  /** 95th percentiles of the samples in units, TIMED of them; null: not told. */
  p95: Uint16Array | null;
  /** In the order of FIXED. */
  needs: number[];
  segment: string | undefined;
  /** Keys of host classes; undefined: all. */
  hosts: string[] | undefined;
  /** The one that the scenario pins it to, while nothing fails; undefined: any of `hosts`. */
  home: HostKind | undefined;
  /** Devices go through to it: it stays where it is whatever happens. */
  pinned: boolean;
  storageBytes: number;
  critical: boolean;
}

/** @param slots of the week, or of the week and of a day at the turn of a month */
export function plannedItem(
  request: PlanRequest,
  slots: number,
  candidate: Candidate,
  scales: readonly number[],
  segment: string | undefined,
  hosts: string[] | undefined,
): { item: PlannedItem; unmeasured: boolean } {
  const { scenario, profile } = request;
  const { facts, sized } = candidate;
  // What it asks for has grown already, in its size and in its week; what it stores is that of today.
  const growth = growthFactor(scenario.growth, scenario.years);
  const weekSlots = slotsOf(profile.shape);
  const week = request.weekOf(facts.id);
  const fallback = [
    sized.demand.cpu,
    sized.demand.memoryBytes,
    sized.demand.diskOperations,
    sized.demand.diskBytes,
    sized.demand.networkBytes,
  ];
  const production = new Uint16Array(TIMED * slots);
  let unmeasured = false;
  for (let resource = 0; resource < TIMED; resource++) {
    const scale = scales[resource]!;
    const otherwise = unitsUp(fallback[resource]!, scale);
    const row = production.subarray(resource * slots, (resource + 1) * slots);
    for (let slot = 0; slot < weekSlots; slot++) {
      const value = week[resource * weekSlots + slot];
      if (value === undefined || Number.isNaN(value)) {
        unmeasured = true;
        row[slot] = otherwise;
      } else row[slot] = unitsUp(value, scale);
    }
  }
  if (slots > weekSlots) addMonthEnd(production, slots, request, candidate, scales, fallback);
  const p95 = request.p95Of?.(facts.id) ?? null;
  const storageBytes = growth * sized.disks.reduce((sum, disk) => sum + occupied(disk), 0);
  const critical = facts.annotations.criticality === 'critical';
  return {
    unmeasured,
    item: {
      key: keyOf(candidate),
      candidate,
      production,
      demand: production,
      p95: p95 === null ? null : Uint16Array.from(scales, (scale, at) => unitsUp(p95[at] ?? 0, scale)),
      needs: [
        mebibytesUp(sized.memoryBytes),
        mebibytesUp(storageBytes),
        // Growth over decades is beyond whole numbers.
        Math.min(UNLIMITED, sized.vcpus),
        1,
        critical ? 1 : 0,
      ],
      segment,
      hosts,
      home: undefined,
      pinned: (facts.annotations.passThrough ?? []).length > 0,
      storageBytes,
      critical,
    },
  };
}

/** Fills the slots behind the week. */
function addMonthEnd(
  production: Uint16Array,
  slots: number,
  request: PlanRequest,
  { facts }: Candidate,
  scales: readonly number[],
  fallback: readonly number[],
): void {
  const { shape } = request.profile;
  const weekSlots = slotsOf(shape);
  const daySlots = slotsOfDay(shape);
  const peaks = request.monthEndOf?.(facts.id) ?? null;
  for (let resource = 0; resource < TIMED; resource++) {
    const row = production.subarray(resource * slots, (resource + 1) * slots);
    if (peaks === null) {
      // It never worked at a month end that we saw: as on its heaviest working day, then.
      const day = heaviestDay(row, daySlots);
      row.copyWithin(weekSlots, day * daySlots, (day + 1) * daySlots);
      continue;
    }
    for (let slot = 0; slot < daySlots; slot++) {
      const value = resampled(peaks, resource, slot, shape);
      row[weekSlots + slot] = unitsUp(Number.isNaN(value) ? fallback[resource]! : value, scales[resource]!);
    }
  }
}

function heaviestDay(row: Uint16Array, daySlots: number): number {
  let heaviest = 0;
  let most = -1;
  for (let day = 0; day < WORKING_DAYS; day++) {
    let sum = 0;
    for (let slot = day * daySlots; slot < (day + 1) * daySlots; slot++) sum += row[slot]!;
    if (sum > most) [heaviest, most] = [day, sum];
  }
  return heaviest;
}

/**
 * Peaks of ten minutes as a slot of another length: the highest that it touches. Of means the mean by the time each of them
 * covers, which is above what it was: nothing but the peaks of that day is kept.
 */
function resampled(peaks: Float32Array, resource: number, slot: number, shape: WeekShape): number {
  const minutes = SLOT_MINUTES[shape];
  const [start, end] = [slot * minutes, (slot + 1) * minutes];
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let at = Math.floor(start / PEAK_MINUTES); at * PEAK_MINUTES < end; at++) {
    const value = peaks[resource * PEAKS_OF_DAY + at] ?? Number.NaN;
    if (Number.isNaN(value)) return Number.NaN;
    const covered = Math.min(end, (at + 1) * PEAK_MINUTES) - Math.max(start, at * PEAK_MINUTES);
    most = Math.max(most, value);
    sum += value * covered;
  }
  return shape === '15-min-mean' ? sum / minutes : most;
}

/** A thin disk takes what is used, where that is known. */
const occupied = (disk: Candidate['sized']['disks'][number]): number =>
  disk.provisioning === 'thin' ? (disk.usedBytes ?? disk.bytes) : disk.bytes;

/** What is added to an item's demand on some days: core units, operations/s, bytes/s, bytes/s. */
export interface Extra {
  /** In the order of RESOURCES, real units. */
  timed: readonly number[];
  days: readonly number[];
  /** Minutes after midnight; the end may be on the next day and so above 1440. */
  startMinute: number;
  endMinute: number;
}

/** Slots of all that is counted by time: a week, and where there is one the day at the turn of a month behind it. */
export interface Timeline {
  weekSlots: number;
  slots: number;
  slotMinutes: number;
}

/** The slot of the turn of a month at the time of day of a slot of the week; null: none, or no working day. */
export function monthEndSlot(slot: number, { weekSlots, slots }: Timeline): number | null {
  const daySlots = slots - weekSlots;
  if (daySlots === 0 || slot >= WORKING_DAYS * daySlots) return null;
  return weekSlots + (slot % daySlots);
}

/** What is added to a week (TIMED x slots) comes on the turn of a month as on that working day which has most of it. */
export function spreadToMonthEnd(added: Int32Array, timeline: Timeline): void {
  const { slots, weekSlots } = timeline;
  const daySlots = slots - weekSlots;
  for (let resource = 0; resource < TIMED; resource++) {
    const row = added.subarray(resource * slots, (resource + 1) * slots);
    for (let slot = 0; slot < daySlots; slot++) {
      let most = row[slot]!;
      for (let day = 1; day < WORKING_DAYS; day++) most = Math.max(most, row[day * daySlots + slot]!);
      row[weekSlots + slot] = most;
    }
  }
}

/** Slots of the week that a run touches, in the order of time. */
export function slotsTouched(
  { days, startMinute, endMinute }: Pick<Extra, 'days' | 'startMinute' | 'endMinute'>,
  slotMinutes: number,
): number[] {
  const slots = 10_080 / slotMinutes;
  const touched: number[] = [];
  for (const day of days) {
    const first = Math.floor((day * 1440 + startMinute) / slotMinutes);
    const last = Math.ceil((day * 1440 + endMinute) / slotMinutes);
    for (let slot = first; slot < last && slot < first + slots; slot++) touched.push(slot % slots);
  }
  // Only runs of about a day meet themselves on the next one.
  return endMinute - startMinute + 2 * slotMinutes < 1440 ? touched : [...new Set(touched)];
}

/**
 * The demand of an item with extras on top; the same array where there are none. The turn of a month may be any working
 * day: it has the most that the extras of one of them ask for at that time.
 */
export function withExtras(
  { slots, weekSlots, slotMinutes }: Timeline,
  production: Uint16Array,
  extras: readonly Extra[],
  scales: readonly number[],
): Uint16Array {
  if (extras.length === 0) return production;
  const added = new Int32Array(TIMED * slots);
  for (const extra of extras) {
    const units = extra.timed.map((value, resource) => unitsUp(value, scales[resource]!));
    for (const slot of slotsTouched(extra, slotMinutes))
      for (let resource = 0; resource < TIMED; resource++) {
        const at = resource * slots + slot;
        added[at] = added[at]! + units[resource]!;
      }
  }
  spreadToMonthEnd(added, { slots, weekSlots, slotMinutes });
  return production.map((units, at) => Math.min(65_535, units + added[at]!));
}
