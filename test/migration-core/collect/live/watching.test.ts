/** Clocks, turns and the one stream of many servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WakeDetector } from '../../../../migration-core/collect/live/clock.ts';
import { merge, Turns } from '../../../../migration-core/collect/live/merge.ts';

describe('waking up', () => {
  it('is seen by clocks that part, or by a look that comes late', () => {
    let [now, running] = [1e12, 0];
    const wake = new WakeDetector({ now: () => now, running: () => running });
    const after = (went: number, ran: number): boolean => {
      now += went;
      running += ran;
      return wake.look();
    };
    expect(after(1000, 1000)).toBe(false);
    expect(after(1200, 1000)).toBe(false);
    // A laptop under load.
    expect(after(9000, 9000)).toBe(false);
    expect(after(3_600_000, 1000)).toBe(true);
    expect(after(1000, 1000)).toBe(false);
    expect(after(-7_200_000, 1000)).toBe(true);
    // Windows, whose running clock goes on in sleep.
    expect(after(600_000, 600_000)).toBe(true);
  });
});

describe('turns', () => {
  it('are so many at once, in order, and given up with the signal', async () => {
    const turns = new Turns(2);
    const order: number[] = [];
    let [running, most] = [0, 0];
    const cancel = new AbortController();
    const never = new Turns(0).take(cancel.signal);
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (index) => {
        const done = await turns.take(new AbortController().signal);
        order.push(index);
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
        done();
        done();
      }),
    );
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(2);
    cancel.abort();
    await expect(never).rejects.toThrow();
  });
});

describe('one stream of many', () => {
  async function* counting(
    name: string,
    count: number,
    ended: string[],
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    try {
      for (let index = 0; index < count; index++) {
        if (signal?.aborted === true) return;
        await sleep(1);
        yield `${name}${index}`;
      }
    } finally {
      ended.push(name);
    }
  }

  it('has every item of every source in its order', async () => {
    const got: string[] = [];
    for await (const item of merge(
      [counting('a', 600, []), counting('b', 3, []), counting('c', 0, [])],
      () => undefined,
    )) {
      got.push(item);
    }
    expect(got.length).toBe(603);
    expect(got.filter((item) => item.startsWith('a'))).toEqual(
      Array.from({ length: 600 }, (_, index) => `a${index}`),
    );
  });

  it('waits for its reader, and ends its sources when the reader goes', async () => {
    const ended: string[] = [];
    const cancel = new AbortController();
    const sources = ['a', 'b'].map((name) => counting(name, 1e9, ended, cancel.signal));
    let got = 0;
    for await (const item of merge(sources, () => cancel.abort())) {
      expect(item).toMatch(/^[ab]/u);
      if (++got === 5) break;
    }
    expect(ended.toSorted()).toEqual(['a', 'b']);
  });

  it('ends all when one fails, and says so', async () => {
    const ended: string[] = [];
    const cancel = new AbortController();
    async function* failing(): AsyncGenerator<string> {
      yield 'x';
      throw new Error('defect');
    }
    const stream = merge([counting('a', 1e9, ended, cancel.signal), failing()], () => cancel.abort());
    const reading = (async () => {
      for await (const item of stream) expect(item).not.toBe('');
    })();
    await expect(reading).rejects.toThrow('defect');
    expect(ended).toEqual(['a']);
  });
});
