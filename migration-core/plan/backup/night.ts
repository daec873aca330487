/** The week of one host as its backups see it: how many run at once, and what capacity is left. */
import { offered } from '../build/capacity.ts';
import { eachSlotTouched, monthEndSlot, slotsTouched, spreadToMonthEnd, type Extra } from '../build/items.ts';
import type { Built } from '../build/problem.ts';
import { TIMED, unitsUp } from '../build/units.ts';
import type { OpenHost } from '../open-hosts.ts';

/** Minutes: fine enough to tell runs that touch from runs that overlap. */
const CELL = 5;
const CELLS = 10_080 / CELL;

type Span = Pick<Extra, 'days' | 'startMinute' | 'endMinute'>;

/** Of an extra, in the order of RESOURCES. */
export const unitsOf = ({ timed }: Extra, scales: readonly number[]): number[] =>
  timed.map((value, resource) => unitsUp(value, scales[resource]!));

/**
 * Thousands of times in the week of hundreds of hosts are asked for: counts of cells before each cell tell whether any of
 * a span is taken without looking at them, and what is left in each slot is kept rather than added up.
 */
export class HostNight {
  readonly host: OpenHost;
  /** Of machines, in the order of FIXED. */
  readonly room: readonly number[];
  /** By the word of a backup (backups.ts) the shortest that found all its times taken by others. */
  readonly turnless = new Map<string, number>();
  readonly #built: Built;
  readonly #capacity: number[];
  readonly #most: number;
  /** Of production, TIMED x slots. */
  readonly #production: Uint32Array;
  /** What backups and guests add to the week and take from it. */
  readonly #added: Int32Array;
  /** The same of the turn of a month, at the slots of the working day it would be. */
  readonly #atMonthEnd: Int32Array;
  readonly #running = new Uint16Array(CELLS);
  /** Of the cells before each: in which any backup runs, and in which as many do as may. */
  readonly #busyBefore = new Uint16Array(CELLS + 1);
  readonly #fullBefore = new Uint16Array(CELLS + 1);
  /** TIMED x slots of the week; -1 where there is more than the host has. */
  readonly #left: Int32Array;

  /** @param most backups that may run at once */
  constructor(built: Built, host: OpenHost, most: number) {
    const { capacity, room } = offered(host.kind, built.usual, built.scales);
    this.host = host;
    this.room = room;
    this.#built = built;
    this.#capacity = capacity;
    this.#most = most;
    this.#production = host.used;
    this.#added = new Int32Array(host.used.length);
    this.#atMonthEnd = new Int32Array(host.used.length);
    this.#left = new Int32Array(TIMED * built.weekSlots);
    for (let slot = 0; slot < built.weekSlots; slot++) this.#countLeft(slot);
    this.#countCells();
  }

  /** Whether no backup runs in that span. */
  isQuiet(span: Span): boolean {
    return countIn(this.#busyBefore, span) === 0;
  }

  /** Whether one more may run in that span. */
  hasTurn(span: Span): boolean {
    return countIn(this.#fullBefore, span) === 0;
  }

  /** Bytes/s that the disks have left in the busiest moment of the span. */
  diskBudget(span: Span): number {
    const row = 3;
    const { weekSlots, slotMinutes, scales } = this.#built;
    let least = Infinity;
    eachSlotTouched(span, slotMinutes, (slot) => {
      least = Math.min(least, this.#left[row * weekSlots + slot]!);
      return true;
    });
    return Math.max(0, least) / scales[row]!;
  }

  /** Whether a run of so many units, and the machine itself where it is a guest for that time, fit under the ceilings. */
  fits(span: Span, units: readonly number[], guest?: Uint16Array): boolean {
    const { weekSlots, slotMinutes } = this.#built;
    const left = this.#left;
    return eachSlotTouched(span, slotMinutes, (slot) => {
      for (let resource = 0; resource < TIMED; resource++) {
        if (units[resource]! > left[resource * weekSlots + slot]!) return false;
        if (
          guest !== undefined &&
          this.#usedIn(resource, slot, guest) + units[resource]! > this.#capacity[resource]!
        )
          return false;
      }
      return true;
    });
  }

  put(extra: Extra, guest?: Uint16Array): void {
    this.#add(extra, guest, 1);
    for (const cell of slotsTouched(extra, CELL)) this.#running[cell]!++;
    this.#countCells();
  }

  /** Units in use with all that was put here, TIMED x slots. */
  get used(): Uint32Array {
    const { slots, weekSlots } = this.#built;
    const monthEnd = this.#atMonthEnd.slice();
    spreadToMonthEnd(monthEnd, this.#built);
    const used = this.#production.slice();
    for (let row = 0; row < used.length; row += slots)
      for (let slot = 0; slot < slots; slot++)
        used[row + slot]! += slot < weekSlots ? this.#added[row + slot]! : monthEnd[row + slot]!;
    return used;
  }

  #countCells(): void {
    let busy = 0;
    let full = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      const running = this.#running[cell]!;
      if (running > 0) busy++;
      if (running >= this.#most) full++;
      this.#busyBefore[cell + 1] = busy;
      this.#fullBefore[cell + 1] = full;
    }
  }

  #countLeft(slot: number): void {
    const { weekSlots } = this.#built;
    for (let resource = 0; resource < TIMED; resource++)
      this.#left[resource * weekSlots + slot] = Math.max(
        -1,
        this.#capacity[resource]! - this.#usedIn(resource, slot),
      );
  }

  /** Units in use in a slot of the week, or where that is more at the same time of day at the turn of a month. */
  #usedIn(resource: number, slot: number, guest?: Uint16Array): number {
    const row = resource * this.#built.slots;
    const at = row + slot;
    const usual = this.#production[at]! + this.#added[at]! + (guest?.[at] ?? 0);
    const day = monthEndSlot(slot, this.#built);
    if (day === null) return usual;
    const then = row + day;
    return Math.max(usual, this.#production[then]! + this.#atMonthEnd[at]! + (guest?.[then] ?? 0));
  }

  /** Of a machine that is elsewhere for its backup. */
  leave(extra: Extra, guest: Uint16Array): void {
    this.#add({ ...extra, timed: extra.timed.map(() => 0) }, guest, -1);
  }

  #add(extra: Extra, guest: Uint16Array | undefined, sign: 1 | -1): void {
    const { slots, slotMinutes } = this.#built;
    const units = unitsOf(extra, this.#built.scales);
    for (const slot of slotsTouched(extra, slotMinutes)) {
      for (let resource = 0; resource < TIMED; resource++) {
        const at = resource * slots + slot;
        this.#added[at] = this.#added[at]! + units[resource]! + sign * (guest?.[at] ?? 0);
        const day = monthEndSlot(slot, this.#built);
        if (day === null) continue;
        const visiting = sign * (guest?.[resource * slots + day] ?? 0);
        this.#atMonthEnd[at] = this.#atMonthEnd[at]! + units[resource]! + visiting;
      }
      this.#countLeft(slot);
    }
  }
}

/** How many of the cells of a span are counted by `before`; those of a run of more than a day perhaps twice. */
function countIn(before: Uint16Array, { days, startMinute, endMinute }: Span): number {
  let count = 0;
  for (const day of days) {
    const first = Math.floor((day * 1440 + startMinute) / CELL);
    const last = Math.min(Math.ceil((day * 1440 + endMinute) / CELL), first + CELLS);
    const from = first % CELLS;
    const to = from + Math.max(0, last - first);
    count += before[Math.min(to, CELLS)]! - before[from]!;
    if (to > CELLS) count += before[to - CELLS]!;
  }
  return count;
}
