/** Turns counted bytes into progress events: at most ten a second, with a rate that does not jump. */
import { performance } from 'node:perf_hooks';
import type { ProgressListener } from '../base/progress.ts';
import { bottleneckOf, NOTHING_SPENT, type Spent } from './spent.ts';

const EVENTS_EVERY = 100;
/** The rate is that of the last seconds, so that a pause of the medium shows and a hiccup does not. */
const WINDOW = 3000;
/** Before this the first blocks, which wait for threads and caches, would foretell hours. */
const WARM_UP = 500;

export interface MeterOptions {
  phase: string;
  totalBytes: number;
  skippedBytes: number;
  /** Bytes that were done before this run: they are told at once and do not count for the rate. */
  doneBefore?: number | undefined;
  /** Where the time goes; without, nothing is said of what holds it up. */
  spent?: () => Spent;
  /** Milliseconds from anywhere; that of the machine unless told. */
  now?: () => number;
}

export interface ProgressMeter {
  /** Bytes that are done since the last call. */
  add(bytes: number): void;
  /** The last event: everything is done. */
  finish(): void;
}

export function progressMeter(listener: ProgressListener | undefined, options: MeterOptions): ProgressMeter {
  const { phase, totalBytes, skippedBytes, doneBefore = 0, now = () => performance.now() } = options;
  const spent = options.spent ?? (() => NOTHING_SPENT);
  let done = doneBefore;
  let lastEvent = -Infinity;
  const samples = [{ time: now(), done, spent: spent() }];

  function report(time: number): void {
    lastEvent = time;
    const took = spent();
    samples.push({ time, done, spent: took });
    while (samples.length > 2 && samples[1]!.time <= time - WINDOW) samples.shift();
    const oldest = samples[0]!;
    const elapsed = time - oldest.time;
    const rate = elapsed >= WARM_UP ? ((done - oldest.done) * 1000) / elapsed : 0;
    const left = totalBytes - done;
    const bottleneck = bottleneckOf(oldest.spent, took);
    listener?.({
      phase,
      doneBytes: done,
      totalBytes,
      skippedBytes,
      rate,
      etaSeconds: left === 0 ? 0 : rate > 0 ? left / rate : null,
      ...(bottleneck === undefined ? {} : { bottleneck }),
    });
  }

  if (done > 0) report(now());

  return {
    add(bytes) {
      done += bytes;
      const time = now();
      if (time - lastEvent >= EVENTS_EVERY) report(time);
    },
    finish() {
      report(now());
    },
  };
}
