/** Many servers, one stream. */

/** Items that wait to be read; producers wait when there are as many. */
const WAITING = 256;

/**
 * What all sources yield, as it comes. To stop reading ends every source and waits until it has ended. A source that
 * throws ends all the others, and the error comes out.
 * @param stop makes sources end that are in the middle of something; called before they are waited for
 */
export async function* merge<T>(sources: readonly AsyncIterable<T>[], stop: () => void): AsyncGenerator<T> {
  const waiting: T[] = [];
  let running = sources.length;
  const failures: unknown[] = [];
  let stopped = false;
  let wakeReader: () => void = () => undefined;
  let wakeWriters: (() => void)[] = [];
  const pump = async (source: AsyncIterable<T>): Promise<void> => {
    try {
      for await (const item of source) {
        while (waiting.length >= WAITING && !stopped) {
          await new Promise<void>((resolve) => void wakeWriters.push(resolve));
        }
        if (stopped) break;
        waiting.push(item);
        wakeReader();
      }
    } catch (error) {
      failures.push(error);
    }
    running--;
    wakeReader();
  };
  const pumps = sources.map(pump);
  const releaseWriters = (): void => {
    const writers = wakeWriters;
    wakeWriters = [];
    for (const wake of writers) wake();
  };
  try {
    while (running > 0 || waiting.length > 0) {
      if (failures.length > 0) break;
      const item = waiting.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => void (wakeReader = resolve));
        continue;
      }
      releaseWriters();
      yield item;
    }
  } finally {
    stopped = true;
    stop();
    releaseWriters();
    await Promise.all(pumps);
  }
  if (failures.length > 0) throw failures[0];
}

/** So many at once; others wait for their turn, in order. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with what gives the turn back. Rejects with the reason of the signal. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever the signal's owner gave
        reject(signal.reason);
      };
      const mine = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.push(mine);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
