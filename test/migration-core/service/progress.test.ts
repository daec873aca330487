import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../migration-core/base/progress.ts';
import { ProgressView } from '../../../migration-core/service/jobs/progress.ts';

const GIB = 1 << 30;
const bytes = (doneBytes: number, more: Partial<Progress> = {}): Progress => ({
  phase: 'copy',
  doneBytes,
  totalBytes: 100 * GIB,
  skippedBytes: 0,
  rate: 0,
  etaSeconds: null,
  ...more,
});

/** Tells `rate` bytes a second, twice a second, for so many seconds. */
function go(view: ProgressView, from: { at: number; done: number }, seconds: number, rate: number) {
  let { at, done } = from;
  let latest = view.at(at);
  for (let i = 0; i < 2 * seconds; i++) {
    at += 500;
    done += rate / 2;
    latest = view.update(bytes(done), at);
  }
  return { at, done, latest: latest! };
}

describe('progress as it is shown', () => {
  it('hides what is left until 30 s or 5 % are over, and then tells a range', () => {
    const view = new ProgressView(0);
    view.update(bytes(0), 0);
    const early = go(view, { at: 0, done: 0 }, 29, GIB / 10);
    expect(early.latest.left).toBeNull();
    expect(early.latest.rate).toBeCloseTo(GIB / 10, -3);
    const later = go(view, early, 2, GIB / 10).latest;
    expect(later.left!.least).toBeLessThan(970);
    expect(later.left!.most).toBeGreaterThan(970);
    expect(later.left!.most - later.left!.least).toBeCloseTo(0.2 * 969, 0);

    const fast = new ProgressView(0);
    fast.update(bytes(0), 0);
    expect(go(fast, { at: 0, done: 0 }, 6, GIB).latest.left!.least).toBeGreaterThan(80);
  });

  it('smooths speed over 30 s and says that it recalculates instead of jumping', () => {
    const view = new ProgressView(0);
    view.update(bytes(0), 0);
    const first = go(view, { at: 0, done: 0 }, 60, GIB / 10);
    expect(first.latest.recalculating).toBe(false);
    const slower = go(view, first, 3, GIB / 100);
    expect(slower.latest.rate).toBeGreaterThan(GIB / 12);
    expect(slower.latest.rate).toBeLessThan(GIB / 10);
    const slow = go(view, slower, 12, GIB / 100);
    expect(slow.latest.recalculating).toBe(true);
    expect(slow.latest.left!.most).toBeGreaterThan(1.25 * 940);
    const steady = go(view, slow, 240, GIB / 100);
    expect(steady.latest.recalculating).toBe(false);
    expect(steady.latest.rate).toBeCloseTo(GIB / 100, -5);
    expect(steady.latest.meanRate).toBeGreaterThan(2 * steady.latest.rate);
  });

  it('says since when nothing moved, whoever asks, and takes it back when it moves', () => {
    const view = new ProgressView(1000);
    view.update(bytes(0), 1000);
    view.update(bytes(GIB), 2000);
    view.update(bytes(GIB), 50_000);
    expect(view.at(61_999)!.stalledSince).toBeNull();
    expect(view.at(62_000)!.stalledSince).toBe(2000);
    expect(view.update(bytes(GIB + 1), 70_000).stalledSince).toBeNull();
  });

  it('begins anew with each phase, and counts what was done before as done', () => {
    const view = new ProgressView(0);
    view.update(bytes(0), 0);
    go(view, { at: 0, done: 0 }, 60, GIB);
    const resumed = view.update(bytes(50 * GIB, { phase: 'verify' }), 61_000);
    expect(resumed).toMatchObject({ phase: 'verify', rate: 0, meanRate: 0, left: null });
    expect(view.update(bytes(51 * GIB, { phase: 'verify' }), 62_000).meanRate).toBe(GIB);
  });

  it('has an answer for clocks that go back, for nothing to do, and for counts that shrink', () => {
    const view = new ProgressView(10_000);
    view.update(bytes(5, { totalBytes: 0 }), 10_000);
    expect(view.update(bytes(3, { totalBytes: 0 }), 5000)).toMatchObject({
      meanRate: 0,
      left: null,
      rate: 0,
    });
    const later = view.update(bytes(1, { totalBytes: 0 }), 20_000);
    expect(later.rate).toBe(0);
    expect(Number.isFinite(later.meanRate)).toBe(true);
    expect(new ProgressView(0).at(1)).toBeNull();
    expect(view.update(bytes(2, { bottleneck: 'source' }), 21_000).bottleneck).toBe('source');
  });
});
