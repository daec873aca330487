/** Progress of a job in words. */
import type { Format } from '../format.ts';
import { progress as words } from '../text/common.ts';
import type { JobProgress } from './types.ts';

export interface ProgressWords {
  /** 0 to 1. */
  part: number;
  percent: string;
  phase: string;
  amount: string;
  rate: string | null;
  meanRate: string | null;
  left: string;
  skipped: string | null;
  limit: string | null;
  stalled: string | null;
}

const sentenceCase = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** @param now milliseconds since 1970 */
export function describeProgress(progress: JobProgress, format: Format, now: number): ProgressWords {
  const { unit, done, total, skipped, rate, meanRate, left, recalculating, bottleneck, stalledSince } =
    progress;
  const amount = (value: number): string =>
    unit === 'bytes' ? format.bytes(value) : `${format.number(value)} ${unit}`;
  const part = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  return {
    part,
    // Work that is not over is never at 100 %.
    percent: format.percent(done < total ? Math.min(part, 0.99) : part),
    phase: sentenceCase(progress.phase),
    amount: words.of(unit === 'bytes' ? format.bytes(done) : format.number(done), amount(total)),
    rate: rate > 0 ? words.rate(amount(rate)) : null,
    meanRate: meanRate > 0 ? words.mean(amount(meanRate)) : null,
    left: recalculating
      ? words.recalculating
      : left === null
        ? words.leftUnknown
        : words.left(format.duration(left.least), format.duration(left.most)),
    skipped: skipped > 0 ? words.skipped(amount(skipped)) : null,
    limit: bottleneck === null ? null : words.limitedBy[bottleneck],
    stalled: stalledSince === null ? null : words.stalled(format.duration((now - stalledSince) / 1000)),
  };
}
