/**
 * Counters that only grow become rates. A counter that is smaller than before was reset (a restart), or has run over its
 * 32 bits; a clock may have been set: none of it makes a negative rate.
 */

/** Seconds without a reading after which nothing is known of what was between. */
const LONGEST_GAP = 86_400;
const WRAP = 2 ** 32;
/** A counter of 32 bits that was in its last quarter and is in its first has most likely run over. */
const LAST_QUARTER = 0.75 * WRAP;

export type RateTrouble = 'reset' | 'clock-back' | 'gap' | 'wrapped';

export class CounterRate {
  #time = Number.NaN;
  #value = Number.NaN;
  /** What was wrong with the last reading; null: nothing. */
  trouble: RateTrouble | null = null;

  /**
   * @param time milliseconds since 1970
   * @returns increase a second since the reading before; NaN for the first, and wherever none can be told
   */
  next(time: number, value: number): number {
    const seconds = (time - this.#time) / 1000;
    let increase = value - this.#value;
    this.trouble = null;
    if (Number.isNaN(value)) return Number.NaN;
    const isFirst = Number.isNaN(this.#time);
    const before = this.#value;
    // The same reading twice says nothing new.
    if (seconds === 0) return Number.NaN;
    this.#time = time;
    this.#value = value;
    if (isFirst) return Number.NaN;
    if (seconds < 0) this.trouble = 'clock-back';
    else if (seconds > LONGEST_GAP) this.trouble = 'gap';
    else if (increase < 0 && before >= LAST_QUARTER && before < WRAP && value < WRAP / 4) {
      increase += WRAP;
      this.trouble = 'wrapped';
    } else if (increase < 0) this.trouble = 'reset';
    return this.trouble === null || this.trouble === 'wrapped' ? increase / seconds : Number.NaN;
  }
}

/** For a note that counts them. */
export const RATE_NOTES: Record<RateTrouble, string> = {
  reset: 'Counters began anew, after a restart most likely; no rate was made across it (%n times).',
  'clock-back': 'The clock went backwards; no rate was made across it (%n times).',
  gap: 'Nothing was recorded for more than a day; no rate was made across it (%n times).',
  wrapped: 'Counters ran over their 32 bits and were continued (%n times).',
};
