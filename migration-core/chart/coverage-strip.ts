/** When something was measured, within a common span: what is there, and where the gaps are. */
import { round, type Mark, type Picture } from './picture.ts';
import { linear } from './scale.ts';

export interface CoverageStripInput {
  title: string;
  /** Of the whole strip, milliseconds since 1970. */
  from: number;
  to: number;
  /** Of this one. */
  first: number;
  last: number;
  gaps: readonly { from: number; to: number }[];
  width: number;
  height: number;
  writeTime: (at: number) => string;
}

/** Pixels: a gap that is narrower would be seen by nobody. */
const GAP_AT_LEAST = 2;

export function coverageStrip(input: CoverageStripInput): Picture {
  const { title, from, to, first, last, gaps, width, height, writeTime } = input;
  const x = linear([from, Math.max(to, from + 1)], [0, width]);
  const marks: Mark[] = [{ kind: 'line', x1: 0, y1: height / 2, x2: width, y2: height / 2, role: 'grid' }];
  let start = first;
  const part = (begin: number, end: number): void => {
    if (end > begin)
      marks.push({
        kind: 'rect',
        x: round(x(begin)),
        y: 2,
        width: round(Math.max(1, x(end) - x(begin))),
        height: height - 4,
        role: 'series-1',
      });
  };
  for (const gap of gaps) {
    part(start, gap.from);
    // Not narrower than can be seen; what comes after begins where the gap is drawn to.
    const seen =
      x(gap.to) - x(gap.from) < GAP_AT_LEAST ? ((to - from) * GAP_AT_LEAST) / Math.max(1, width) : 0;
    start = Math.max(gap.to, gap.from + seen);
  }
  part(start, last);
  return {
    width,
    height,
    marks,
    readings: [],
    summary: `${title}: ${writeTime(first)} to ${writeTime(last)}, ${gaps.length} ${gaps.length === 1 ? 'gap' : 'gaps'}.`,
    table: {
      columns: [title, ''],
      rows: gaps.map((gap) => [writeTime(gap.from), writeTime(gap.to)]),
    },
  };
}
