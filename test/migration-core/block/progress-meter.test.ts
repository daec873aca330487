import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../migration-core/base/progress.ts';
import { progressMeter } from '../../../migration-core/block/progress-meter.ts';

describe('progressMeter', () => {
  it('tells at most ten times a second, and knows rate and rest', () => {
    const clock = { now: 1000 };
    const events: Progress[] = [];
    const meter = progressMeter((event) => events.push(event), {
      phase: 'copy',
      totalBytes: 10_000_000,
      skippedBytes: 77,
      now: () => clock.now,
    });
    for (let i = 0; i < 1000; i++) {
      clock.now += 5;
      meter.add(5000);
    }
    // 5 seconds.
    expect(events.length).toBeGreaterThan(40);
    expect(events.length).toBeLessThanOrEqual(51);
    const last = events.at(-1)!;
    expect(last).toMatchObject({ phase: 'copy', totalBytes: 10_000_000, skippedBytes: 77 });
    expect(last.rate).toBeGreaterThan(990_000);
    expect(last.rate).toBeLessThan(1_010_000);
    expect(last.etaSeconds).toBeCloseTo(5, 0);
    // Twice as slow from now on: a few seconds later the rate says so.
    for (let i = 0; i < 400; i++) {
      clock.now += 10;
      meter.add(5000);
    }
    expect(events.at(-1)!.rate).toBeLessThan(510_000);
    meter.add(3_000_000);
    meter.finish();
    expect(events.at(-1)).toMatchObject({ doneBytes: 10_000_000, etaSeconds: 0 });
  });

  it('does not know the rest before anything was done', () => {
    const events: Progress[] = [];
    const meter = progressMeter((event) => events.push(event), {
      phase: 'copy',
      totalBytes: 5,
      skippedBytes: 0,
      now: () => 7,
    });
    meter.add(0);
    expect(events).toEqual([
      { phase: 'copy', doneBytes: 0, totalBytes: 5, skippedBytes: 0, rate: 0, etaSeconds: null },
    ]);
  });
});
