/** What a job tells of itself, as a screen shows it: smoothed speed, a range of the time left, and when nothing moves. */
import type { Progress } from '../../base/progress.ts';
import type { JobProgress } from '../../contract/jobs.ts';

/** Seconds over which speed is smoothed. */
const SMOOTH = 30;
/** An estimate is shown after this part of the work or this many seconds, whichever is first. */
const SHOW_AFTER_PART = 0.05;
const SHOW_AFTER = 30;
/** Seconds without any progress. */
export const STALLED_AFTER = 60;
/** It grew by this much against what was foretold, and by at least as many seconds: not worth a word on short work. */
const GREW = 1.25;
const GREW_SECONDS = 5;
/** Seconds between two estimates that are held against each other, and for which "recalculating" stays. */
const COMPARE_EVERY = 10;
/** The range is never narrower than this part of the estimate to both sides: nobody knows better. */
const LEAST_SPREAD = 0.1;

/** Times are milliseconds since 1970. */
export class ProgressView {
  #phase: string | null = null;
  #began = 0;
  #doneAtBegin = 0;
  #last = { at: 0, done: 0 };
  #movedAt: number;
  #rate = 0;
  #foretold: { at: number; left: number } | null = null;
  #recalculatingUntil = 0;
  #latest: Progress | null = null;

  constructor(now: number) {
    this.#movedAt = now;
  }

  update(progress: Progress, now: number): JobProgress {
    if (progress.phase !== this.#phase) this.#begin(progress, now);
    else this.#measure(progress, now);
    this.#latest = progress;
    return this.at(now)!;
  }

  /** As it is at another time: what stalls says nothing itself. null: nothing was told yet. */
  at(now: number): JobProgress | null {
    const progress = this.#latest;
    if (progress === null) return null;
    const { phase, unit = 'bytes', doneBytes, totalBytes, skippedBytes, bottleneck = null } = progress;
    const seconds = (now - this.#began) / 1000;
    const meanRate = seconds > 0 ? Math.max(0, doneBytes - this.#doneAtBegin) / seconds : 0;
    return {
      phase,
      unit,
      done: doneBytes,
      total: totalBytes,
      skipped: skippedBytes,
      rate: this.#rate,
      meanRate,
      left: this.#left(progress, meanRate, seconds),
      recalculating: now < this.#recalculatingUntil,
      bottleneck,
      stalledSince: now - this.#movedAt >= STALLED_AFTER * 1000 ? this.#movedAt : null,
    };
  }

  #begin({ phase, doneBytes }: Progress, now: number): void {
    this.#phase = phase;
    this.#began = now;
    this.#doneAtBegin = doneBytes;
    this.#last = { at: now, done: doneBytes };
    this.#movedAt = now;
    this.#rate = 0;
    this.#foretold = null;
    this.#recalculatingUntil = 0;
  }

  #measure(progress: Progress, now: number): void {
    const moved = progress.doneBytes - this.#last.done;
    if (moved !== 0) this.#movedAt = now;
    const seconds = (now - this.#last.at) / 1000;
    if (seconds <= 0) return;
    const rate = Math.max(0, moved) / seconds;
    // Young measurements weigh as much as all before them; after 30 s a moment counts by its share of 30 s.
    const age = Math.min((now - this.#began) / 1000, SMOOTH);
    const weight = Math.min(1, seconds / age);
    this.#rate += weight * (rate - this.#rate);
    this.#last = { at: now, done: progress.doneBytes };
    this.#compare(progress, now);
  }

  #compare(progress: Progress, now: number): void {
    if (this.#rate <= 0) return;
    const left = (progress.totalBytes - progress.doneBytes) / this.#rate;
    const before = this.#foretold;
    if (before !== null) {
      const expected = Math.max(0, before.left - (now - before.at) / 1000);
      if (left > GREW * expected && left > expected + GREW_SECONDS)
        this.#recalculatingUntil = now + COMPARE_EVERY * 1000;
    }
    if (before === null || now - before.at >= COMPARE_EVERY * 1000) this.#foretold = { at: now, left };
  }

  #left(progress: Progress, meanRate: number, seconds: number): JobProgress['left'] {
    const { doneBytes, totalBytes } = progress;
    const rest = Math.max(0, totalBytes - doneBytes);
    const isEarly = doneBytes < SHOW_AFTER_PART * totalBytes && seconds < SHOW_AFTER;
    if (isEarly || totalBytes <= 0 || this.#rate <= 0 || meanRate <= 0) return null;
    const fast = rest / Math.max(this.#rate, meanRate);
    const slow = rest / Math.min(this.#rate, meanRate);
    const middle = (fast + slow) / 2;
    return {
      least: Math.min(fast, middle * (1 - LEAST_SPREAD)),
      most: Math.max(slow, middle * (1 + LEAST_SPREAD)),
    };
  }
}
