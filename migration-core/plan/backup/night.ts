/** The week of one host as its backups see it: how many run at once, and what capacity is left. */
import { offered } from '../build/capacity.ts';
import { monthEndSlot, slotsTouched, spreadToMonthEnd, type Extra } from '../build/items.ts';
import type { Built } from '../build/problem.ts';
import { TIMED, unitsUp } from '../build/units.ts';
import type { OpenHost } from '../open-hosts.ts';

/** Minutes: fine enough to tell runs that touch from runs that overlap. */
const CELL = 5;
const CELLS = 10_080 / CELL;

type Span = Pick<Extra, 'days' | 'startMinute' | 'endMinute'>;

export class HostNight {
  readonly host: OpenHost;
  readonly #built: Built;
  readonly #capacity: number[];
  /** Of production, TIMED x slots. */
  readonly #production: Uint32Array;
  /** What backups and guests add to the week and take from it. */
  readonly #added: Int32Array;
  /** The same of the turn of a month, at the slots of the working day it would be. */
  readonly #atMonthEnd: Int32Array;
  readonly #running = new Uint16Array(CELLS);

  constructor(built: Built, host: OpenHost) {
    this.host = host;
    this.#built = built;
    this.#capacity = offered(host.kind, built.usual, built.scales).capacity;
    this.#production = host.used;
    this.#added = new Int32Array(host.used.length);
    this.#atMonthEnd = new Int32Array(host.used.length);
  }

  /** Most backups that run at once in that span, before one more. */
  running(span: Span): number {
    return slotsTouched(span, CELL).reduce((most, cell) => Math.max(most, this.#running[cell]!), 0);
  }

  /** Bytes/s that the disks have left in the busiest moment of the span. */
  diskBudget(span: Span): number {
    const row = 3;
    const left = slotsTouched(span, this.#built.slotMinutes).reduce(
      (least, slot) => Math.min(least, this.#capacity[row]! - this.#most(row, slot)),
      Infinity,
    );
    return Math.max(0, left) / this.#built.scales[row]!;
  }

  /** Whether a run, and the machine itself where it is a guest for that time, fit under the ceilings. */
  fits(extra: Extra, guest?: Uint16Array): boolean {
    const units = this.#units(extra);
    return slotsTouched(extra, this.#built.slotMinutes).every((slot) =>
      units.every((more, resource) => this.#most(resource, slot, guest) + more <= this.#capacity[resource]!),
    );
  }

  put(extra: Extra, guest?: Uint16Array): void {
    this.#add(extra, guest, 1);
    for (const cell of slotsTouched(extra, CELL)) this.#running[cell]!++;
  }

  /** Units in use with all that was put here, TIMED x slots. */
  get used(): Uint32Array {
    const { slots, weekSlots } = this.#built;
    const monthEnd = this.#atMonthEnd.slice();
    spreadToMonthEnd(monthEnd, this.#built);
    return this.#production.map((units, at) => {
      const isInWeek = at % slots < weekSlots;
      return units + (isInWeek ? this.#added[at]! : monthEnd[at]!);
    });
  }

  /** Units in use in a slot of the week, or where that is more at the same time of day at the turn of a month. */
  #most(resource: number, slot: number, guest?: Uint16Array): number {
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
    const units = this.#units(extra);
    for (const slot of slotsTouched(extra, slotMinutes))
      for (let resource = 0; resource < TIMED; resource++) {
        const at = resource * slots + slot;
        this.#added[at] = this.#added[at]! + units[resource]! + sign * (guest?.[at] ?? 0);
        const day = monthEndSlot(slot, this.#built);
        if (day === null) continue;
        const visiting = sign * (guest?.[resource * slots + day] ?? 0);
        this.#atMonthEnd[at] = this.#atMonthEnd[at]! + units[resource]! + visiting;
      }
  }

  #units(extra: Extra): number[] {
    return extra.timed.map((value, resource) => unitsUp(value, this.#built.scales[resource]!));
  }
}
