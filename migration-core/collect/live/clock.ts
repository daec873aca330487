/** Two clocks: one that tells the time of day, and one that only runs. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that nobody sets; on most systems it stands while the computer sleeps. */
  running(): number;
}

export const systemClock: Clock = { now: () => Date.now(), running: () => performance.now() };

/** Between two looks at the clocks. */
export const LOOK_MILLISECONDS = 1_000;
/** Time servers set clocks by less than this; a loaded laptop looks later than it should, but not as late as that. */
const JUMP_MILLISECONDS = 5_000;
const LATE_MILLISECONDS = 30_000;

/**
 * Tells that the computer has slept, or that its clock was set: the time of day went on more than the time that ran. On
 * Windows the running clock goes on in sleep; there the look itself comes late.
 */
export class WakeDetector {
  readonly #clock: Clock;
  #now: number;
  #running: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = clock.now();
    this.#running = clock.running();
  }

  /** @param expected milliseconds since the last look, as the caller meant to wait */
  look(expected = LOOK_MILLISECONDS): boolean {
    const now = this.#clock.now();
    const running = this.#clock.running();
    const went = now - this.#now;
    const ran = running - this.#running;
    this.#now = now;
    this.#running = running;
    return Math.abs(went - ran) > JUMP_MILLISECONDS || went > expected + LATE_MILLISECONDS;
  }
}
