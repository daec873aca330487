/** Where the time of a copy goes: what reads, what writes and what computes, so that a person is told which holds it up. */

/** Milliseconds since the threads were started, of all of them together. */
export interface Spent {
  source: number;
  target: number;
  /** Looking for zeros, hashing, packing and unpacking. */
  processor: number;
}
export type Bottleneck = keyof Spent;

export const NOTHING_SPENT: Spent = { source: 0, target: 0, processor: 0 };

/** Milliseconds; before that, chance decides. */
const ENOUGH = 250;

/** What took more than half of the time between two looks; undefined: nothing did, and then it is evenly made. */
export function bottleneckOf(before: Spent, now: Spent): Bottleneck | undefined {
  const took = {
    source: now.source - before.source,
    target: now.target - before.target,
    processor: now.processor - before.processor,
  };
  const all = took.source + took.target + took.processor;
  if (all < ENOUGH) return undefined;
  return (Object.keys(took) as Bottleneck[]).find((one) => took[one] > all / 2);
}

/** Words of a thread's clock in shared memory: one of 64 bits for each of the above. */
export const CLOCKS = { source: 0, target: 1, processor: 2 } as const satisfies Record<Bottleneck, number>;
export const CLOCK_BYTES = 3 * Float64Array.BYTES_PER_ELEMENT;

/** Has `work` done and notes how long it took. */
export function timed<T>(clock: Float64Array, what: Bottleneck, work: () => T): T {
  const begun = performance.now();
  try {
    return work();
  } finally {
    clock[CLOCKS[what]]! += performance.now() - begun;
  }
}

export async function timedAsync<T>(spent: Spent, what: Bottleneck, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  try {
    return await work();
  } finally {
    spent[what] += performance.now() - begun;
  }
}
