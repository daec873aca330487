/** Where the blocks of a file lie: runs of logical blocks on consecutive physical ones, ascending; holes are left out. */

export interface Run {
  /** First block within the file. */
  logical: number;
  /** First block on the volume. */
  physical: number;
  /** Blocks. */
  length: number;
  /** Allocated but never written: reads as zeros. */
  unwritten: boolean;
}

/** Appends a run, melting it into the one before where both go on from each other. */
export function pushRun(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  if (
    last !== undefined &&
    last.unwritten === run.unwritten &&
    last.logical + last.length === run.logical &&
    last.physical + last.length === run.physical
  )
    last.length += run.length;
  else runs.push({ ...run });
}

/** The part of a run within [start, end), or null. */
export function clipRun(run: Run, start: number, end: number): Run | null {
  const from = Math.max(run.logical, start);
  const to = Math.min(run.logical + run.length, end);
  if (from >= to) return null;
  return { ...run, logical: from, physical: run.physical + from - run.logical, length: to - from };
}

/** Runs without what lies in [start, end). */
export function withoutRange(runs: readonly Run[], start: number, end: number): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const before = clipRun(run, 0, start);
    if (before !== null) result.push(before);
    const after = clipRun(run, end, Infinity);
    if (after !== null) result.push(after);
  }
  return result;
}

/** Two ascending lists that share no logical block, as one. */
export function mergeRuns(a: readonly Run[], b: readonly Run[]): Run[] {
  const result: Run[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && left.logical < right.logical)) {
      pushRun(result, left!);
      i++;
    } else {
      pushRun(result, right);
      j++;
    }
  }
  return result;
}
