/**
 * Takes backups out of what disks, network and processor do, so that a nightly stream makes no file server a heavy one
 * and no host is laid out for two things that never meet. Windows come from the customer or from the samples; the block
 * that stands out every night is found by store/rollup/backup-window.ts, and by the same over nights of one weekday for
 * what runs once a week.
 */
import type { BackupDemand } from '../model/demand.ts';
import { backupWindow } from '../../store/rollup/backup-window.ts';
import type { Slots } from '../../store/rollup/slots.ts';
import type { About, ToldBackup } from './reader.ts';
import { startMinute, toSparse, type Grid } from './grid.ts';
import { median } from './statistics.ts';

/** Resources that a backup uses; memory is not handed back for it. */
export interface Loads {
  cpu: Grid | null;
  diskOperations: Grid | null;
  diskBytes: Grid | null;
  networkBytes: Grid | null;
}

export interface Split {
  backup: BackupDemand[];
  /** The same without backups; the grids of `loads` themselves where there is none. */
  production: Loads;
  remarks: string[];
}

const DAY = 1440;
const NOON = 720;
/** A night counts where disks read twice as much as on a typical day, and this much at least (bytes/s). */
const NIGHT_FACTOR = 2;
const LEAST_READING = 5e5;
/** The window finder wants three nights: of one weekday that is three weeks. */
const DAYS_FOR_WEEKLY = 21;
/** Backups read in large pieces: operations of a backup that only its bytes are known of. */
const BYTES_PER_OPERATION = 262_144;
/** What store/rollup/backup-window.ts wants of a half hour. */
const HALF_HOUR = 30;
const SPIKE_FACTOR = 4;
const LEAST_SPIKES = 3;
const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6] as const;

interface Window extends ToldBackup {
  basis: BackupDemand['basis'];
}

/** @param reads bytes/s of all disks */
export function splitBackup(reads: Grid | null, loads: Loads, about: About, days: number): Split {
  const told: Window[] = about.toldBackups.map(({ startMinute: start, endMinute, days: on }) => ({
    startMinute: start % DAY,
    endMinute: endMinute % DAY,
    days: on.length === 0 ? [...WEEKDAYS] : [...new Set(on)].sort((a, b) => a - b),
    basis: 'told',
  }));
  const seen = reads === null ? [] : seenWindows(reads, loads, about.utcOffsetMinutes, days);
  const windows = [...told, ...seen.filter((window) => !told.some((one) => overlap(one, window)))];
  const split: Split = { backup: [], production: loads, remarks: [] };
  for (const window of windows) takeOut(window, split, about);
  return split;
}

const overlap = (a: ToldBackup, b: ToldBackup): boolean =>
  inWindow(a, b.startMinute) || inWindow(b, a.startMinute);

const lengthOf = ({ startMinute: start, endMinute: end }: ToldBackup): number =>
  end > start ? end - start : end - start + DAY;

const inWindow = (window: ToldBackup, minute: number): boolean =>
  (minute - window.startMinute + DAY) % DAY < lengthOf(window);

function seenWindows(reads: Grid, { cpu, networkBytes }: Loads, offset: number, days: number): Window[] {
  const halfHours = {
    reads: localHalfHours(reads, offset),
    cpu: cpu === null ? undefined : localHalfHours(cpu, offset),
    network: networkBytes === null ? undefined : localHalfHours(networkBytes, offset),
  };
  const usual = median(halfHours.reads.means.slice());
  const daily = backupWindow(halfHours.reads, halfHours.cpu, halfHours.network, 0);
  if (daily !== null) {
    const window = { startMinute: daily.startMinute, endMinute: daily.endMinute, days: [...WEEKDAYS] };
    const busy = busyDays(reads, window, offset, NIGHT_FACTOR * Math.max(usual, LEAST_READING));
    return [{ ...window, days: busy.length === 0 ? window.days : busy, basis: 'seen' }];
  }
  if (days < DAYS_FOR_WEEKLY || !hasSpikes(halfHours.reads, usual)) return [];
  const nights = {
    reads: nightsOf(halfHours.reads),
    cpu: nightsOf(halfHours.cpu),
    network: nightsOf(halfHours.network),
  };
  const weekly = WEEKDAYS.flatMap((weekday): Window[] => {
    const found = backupWindow(
      nights.reads![weekday],
      nights.cpu?.[weekday],
      nights.network?.[weekday],
      -NOON,
    );
    if (found === null) return [];
    const start = (found.startMinute + NOON) % DAY;
    return [
      {
        startMinute: start,
        endMinute: (found.endMinute + NOON) % DAY,
        days: [found.startMinute + NOON >= DAY ? (weekday + 1) % 7 : weekday],
        basis: 'seen',
      },
    ];
  });
  return joinDays(weekly);
}

/** Without three half hours that stand out there is no backup of three weeks to look for. */
const hasSpikes = ({ means }: Slots, usual: number): boolean =>
  means.reduce(
    (spikes, value) => spikes + (value >= SPIKE_FACTOR * Math.max(usual, LEAST_READING) ? 1 : 0),
    0,
  ) >= LEAST_SPIKES;

/** Half hours (or the slots themselves where they are longer), numbered in the time of the site. */
function localHalfHours(grid: Grid, offset: number): Slots {
  if (grid.slot > HALF_HOUR * 60) {
    const sparse = toSparse(grid);
    return { ...sparse, numbers: sparse.numbers.map((number) => number + (offset * 60) / grid.slot) };
  }
  const { values, measured } = grid;
  const numbers = new Float64Array(values.length);
  const means = new Float64Array(values.length);
  const begin = startMinute(grid, 0, offset);
  let length = 0;
  let members = 0;
  for (let at = 0; at < values.length; at++) {
    if (measured[at] === 0) continue;
    const number = Math.floor((begin + (at * grid.slot) / 60) / HALF_HOUR) + 1;
    if (length === 0 || numbers[length - 1] !== number) {
      numbers[length] = number;
      means[length++] = values[at]!;
      members = 1;
    } else means[length - 1]! += (values[at]! - means[length - 1]!) / ++members;
  }
  const kept = means.subarray(0, length);
  return { slot: HALF_HOUR * 60, numbers: numbers.subarray(0, length), means: kept, maxima: kept };
}

/** Windows of the same hours on several days are one. */
function joinDays(windows: readonly Window[]): Window[] {
  const joined: Window[] = [];
  for (const window of windows) {
    const same = joined.find(
      (one) => one.startMinute === window.startMinute && one.endMinute === window.endMinute,
    );
    if (same === undefined) joined.push(window);
    else same.days = [...new Set([...same.days, ...window.days])].sort((a, b) => a - b);
  }
  return joined;
}

/** Parted by weekday, from noon to noon: a backup of Friday night goes on into Saturday. */
function nightsOf(slots: Slots | undefined): Slots[] | undefined {
  if (slots === undefined) return undefined;
  const { slot, numbers, means } = slots;
  const counts = new Uint32Array(7);
  const parts = WEEKDAYS.map(() => ({
    numbers: new Float64Array(numbers.length),
    means: new Float64Array(numbers.length),
  }));
  for (let i = 0; i < numbers.length; i++) {
    const weekday = weekdayOf(((numbers[i]! - 1) * slot) / 60 - NOON);
    const part = parts[weekday]!;
    const at = counts[weekday]!++;
    part.numbers[at] = numbers[i]!;
    part.means[at] = means[i]!;
  }
  return parts.map((part, weekday) => {
    const kept = part.means.subarray(0, counts[weekday]);
    return { slot, numbers: part.numbers.subarray(0, counts[weekday]), means: kept, maxima: kept };
  });
}

/** 0 is Monday. @param minute since 1970, which began on a Thursday */
export const weekdayOf = (minute: number): number => (((Math.floor(minute / DAY) + 3) % 7) + 7) % 7;

/** Weekdays on which at least half of the nights show it. */
function busyDays(reads: Grid, window: ToldBackup, offset: number, threshold: number): number[] {
  const nights = new Map<number, { sum: number; slots: number }>();
  eachSlotOf(reads, window, offset, (at, day) => {
    if (reads.measured[at] === 0) return;
    const night = nights.get(day) ?? { sum: 0, slots: 0 };
    night.sum += reads.values[at]!;
    night.slots++;
    nights.set(day, night);
  });
  const all = new Uint16Array(7);
  const busy = new Uint16Array(7);
  for (const [day, { sum, slots }] of nights) {
    const weekday = weekdayOf(day * DAY);
    all[weekday]!++;
    if (sum / slots >= threshold) busy[weekday]!++;
  }
  return WEEKDAYS.filter((weekday) => busy[weekday]! > 0 && busy[weekday]! * 2 >= all[weekday]!);
}

/** Slots that begin in the window, with the day (since 1970) on which their window begins. */
function eachSlotOf(
  grid: Grid,
  window: ToldBackup,
  offset: number,
  found: (at: number, day: number) => void,
): void {
  const length = lengthOf(window);
  for (let at = 0; at < grid.values.length; at++) {
    const minute = startMinute(grid, at, offset) - window.startMinute;
    const day = Math.floor(minute / DAY);
    if (minute - day * DAY < length) found(at, day);
  }
}

function takeOut(window: Window, split: Split, about: About): void {
  const { utcOffsetMinutes: offset } = about;
  const before = split.production;
  const masks = new Map<string, Uint8Array>();
  const parts = {
    cpu: part(before.cpu, window, offset, masks),
    diskOperations: part(before.diskOperations, window, offset, masks),
    diskBytes: part(before.diskBytes, window, offset, masks),
    networkBytes: part(before.networkBytes, window, offset, masks),
  };
  const { startMinute: start, endMinute, days, basis } = window;
  const hours = { startMinute: start, endMinute, days: [...days] };
  const bytes = parts.diskBytes;
  // A told window that shows in the samples is as large as it shows.
  if (basis === 'seen' || (bytes !== null && bytes.above >= Math.max(bytes.usual, LEAST_READING))) {
    split.production = {
      cpu: parts.cpu?.production ?? null,
      diskOperations: parts.diskOperations?.production ?? null,
      diskBytes: parts.diskBytes?.production ?? null,
      networkBytes: parts.networkBytes?.production ?? null,
    };
    split.backup.push({
      ...hours,
      cpu: parts.cpu?.above ?? 0,
      diskOperations: parts.diskOperations?.above ?? 0,
      diskBytes: parts.diskBytes?.above ?? 0,
      networkBytes: parts.networkBytes?.above ?? 0,
      basis,
    });
    return;
  }
  const rate = about.usedBytes === null ? 0 : about.usedBytes / (lengthOf(window) * 60);
  split.remarks.push(
    about.usedBytes === null
      ? 'A backup window was told, but neither do the samples show it nor is it known what the disks hold: its load is counted as nothing.'
      : 'A backup window was told that the samples do not show; its load is that of reading all that the disks hold within it.',
  );
  split.backup.push({
    ...hours,
    cpu: 0,
    diskOperations: rate / BYTES_PER_OPERATION,
    diskBytes: rate,
    networkBytes: rate,
    basis,
  });
}

interface Part {
  production: Grid;
  /** Mean on top of the usual, inside the window. */
  above: number;
  /** Median outside of it. */
  usual: number;
}

/** Which slots are in the window: the same for all grids of one span, as most are, and dear to find. */
function slotsInside(grid: Grid, window: Window, offset: number, masks: Map<string, Uint8Array>): Uint8Array {
  const span = `${grid.slot} ${grid.first} ${grid.values.length}`;
  const known = masks.get(span);
  if (known !== undefined) return known;
  const inside = new Uint8Array(grid.values.length);
  const on = WEEKDAYS.map((weekday) => window.days.includes(weekday));
  eachSlotOf(grid, window, offset, (at, day) => {
    if (on[weekdayOf(day * DAY)]!) inside[at] = 1;
  });
  masks.set(span, inside);
  return inside;
}

/** Inside the window production is taken to be the median of the rest; what is above is the backup's. */
function part(
  grid: Grid | null,
  window: Window,
  offset: number,
  masks: Map<string, Uint8Array>,
): Part | null {
  if (grid === null) return null;
  const inside = slotsInside(grid, window, offset, masks);
  const values = grid.values.slice();
  // Loops, not filters: a call for each of 8,640 slots of four resources is a third of a profile.
  const outside = new Float64Array(values.length);
  let rest = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (inside[at] === 0 && !Number.isNaN(value)) outside[rest++] = value;
  }
  const usual = median(outside.subarray(0, rest));
  if (Number.isNaN(usual)) return { production: grid, above: 0, usual: 0 };
  let above = 0;
  let slots = 0;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (inside[at] === 1 && !Number.isNaN(value)) {
      slots++;
      if (value > usual) {
        above += value - usual;
        values[at] = usual;
      }
    }
    if (values[at]! > maximum) maximum = values[at]!;
  }
  return { production: { ...grid, values, maximum }, above: slots === 0 ? 0 : above / slots, usual };
}
