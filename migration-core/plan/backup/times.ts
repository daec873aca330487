/** The times at which one backup may run. */
import type { Extra } from '../build/items.ts';
import type { BackupJob } from './jobs.ts';
import { unitsOf } from './night.ts';

const DAY = 1440;

/** A run with its place in time. */
export interface Placed {
  startMinute: number;
  extra: Extra;
  /** What it asks for of a host while it runs, in the order of RESOURCES. */
  units: readonly number[];
}

/** @param start minutes after midnight of the day its window begins on */
export function placedAt(
  job: BackupJob,
  start: number,
  scales: readonly number[],
  minutes = job.minutes,
  by = 1,
): Placed {
  // A run that goes from one side of midnight to the other is on another day of the week.
  const shift = Math.floor(start / DAY) - Math.floor(presentStart(job) / DAY);
  const startMinute = start % DAY;
  const extra: Extra = {
    timed: job.timed.map((value) => value / by),
    days: job.days.map((day) => (((day + shift) % 7) + 7) % 7),
    startMinute,
    endMinute: startMinute + Math.ceil(minutes),
  };
  return { startMinute, extra, units: unitsOf(extra, scales) };
}

/** Where it starts today, in the days its window counts by. */
export const presentStart = ({ window, startMinute }: BackupJob): number =>
  window.start + ((((startMinute - window.start) % DAY) + DAY) % DAY);

/**
 * Where a backup may start, the present time first, then by how far from it; later before earlier. Made as they are asked
 * for: most backups take the first, and those that find no time at home ask each host for all of them.
 */
export class Times {
  readonly job: BackupJob;
  readonly scales: readonly number[];
  /** Jobs of one word have the same starts and days, but for how late the last may start. */
  readonly word: string;
  readonly #step: number;
  readonly #latest: number;
  readonly #present: number;
  readonly #known: { start: number; placed: Placed }[] = [];
  /** Steps from the beginning of the window to the next later and the next earlier start. */
  #later: number;
  #earlier: number;

  constructor(job: BackupJob, step: number, scales: readonly number[]) {
    this.job = job;
    this.scales = scales;
    this.#step = step;
    this.#latest = job.window.end - Math.ceil(job.minutes);
    this.#present = presentStart(job);
    const steps = (this.#present - job.window.start) / step;
    const present = Number.isInteger(steps) ? Math.floor(this.#present / DAY) : `at ${this.#present}`;
    this.word = [job.window.start, job.window.end, present, ...job.days].join(' ');
    this.#later = Math.floor(steps) + 1;
    this.#earlier = Math.ceil(steps) - 1;
  }

  /** null: there are no more. */
  at(index: number): { start: number; placed: Placed } | null {
    while (this.#known.length <= index) {
      const start = this.#next();
      if (start === null) return null;
      this.#known.push({ start, placed: placedAt(this.job, start, this.scales) });
    }
    return this.#known[index]!;
  }

  #next(): number | null {
    if (this.#known.length === 0 && this.#present <= this.#latest) return this.#present;
    const { start } = this.job.window;
    // Of a window that ends before the present time, some of the earlier starts are too late.
    const least = Math.floor((this.#latest - start) / this.#step);
    this.#earlier = Math.min(this.#earlier, least);
    const later = this.#later <= least ? start + this.#later * this.#step : null;
    const earlier = this.#earlier >= 0 ? start + this.#earlier * this.#step : null;
    if (later !== null && (earlier === null || later - this.#present <= this.#present - earlier)) {
      this.#later++;
      return later;
    }
    if (earlier !== null) this.#earlier--;
    return earlier;
  }
}
