/** The week of one host as its backups see it: how many run at once, and what capacity is left. */
import { offered } from '../build/capacity.ts';
import { slotsTouched, type Extra } from '../build/items.ts';
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
  /** Production and the backups that were put here. */
  readonly #used: Uint32Array;
  readonly #running = new Uint16Array(CELLS);

  constructor(built: Built, host: OpenHost) {
    this.host = host;
    this.#built = built;
    this.#capacity = offered(host.kind, built.usual, built.scales).capacity;
    this.#used = host.used.slice();
  }

  /** Most backups that run at once in that span, before one more. */
  running(span: Span): number {
    return slotsTouched(span, CELL).reduce((most, cell) => Math.max(most, this.#running[cell]!), 0);
  }

  /** Bytes/s that the disks have left in the busiest moment of the span. */
  diskBudget(span: Span): number {
    const row = 3;
    const left = slotsTouched(span, this.#built.slotMinutes).reduce(
      (least, slot) => Math.min(least, this.#capacity[row]! - this.#used[row * this.#built.slots + slot]!),
      Infinity,
    );
    return Math.max(0, left) / this.#built.scales[row]!;
  }

  /** Whether a run, and the machine itself where it is a guest for that time, fit under the ceilings. */
  fits(extra: Extra, guest?: Uint16Array): boolean {
    const { slots, slotMinutes } = this.#built;
    const units = this.#units(extra);
    return slotsTouched(extra, slotMinutes).every((slot) =>
      units.every((more, resource) => {
        const at = resource * slots + slot;
        return this.#used[at]! + more + (guest?.[at] ?? 0) <= this.#capacity[resource]!;
      }),
    );
  }

  put(extra: Extra, guest?: Uint16Array): void {
    this.#add(extra, guest, 1);
    for (const cell of slotsTouched(extra, CELL)) this.#running[cell]!++;
  }

  /** Units in use with all that was put here, TIMED x slots. */
  get used(): Uint32Array {
    return this.#used;
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
        this.#used[at] = this.#used[at]! + units[resource]! + sign * (guest?.[at] ?? 0);
      }
  }

  #units(extra: Extra): number[] {
    return extra.timed.map((value, resource) => unitsUp(value, this.#built.scales[resource]!));
  }
}
