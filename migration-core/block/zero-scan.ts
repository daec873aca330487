/**
 * Finding zeros at the speed of memory: `Buffer.compare` against zeros is a memcmp (30 GB/s and more), which stops at
 * the first byte that differs; any loop of our own is ten times slower.
 */
const LARGEST = 1 << 20;
const STEP = 64 << 10;
const zeros = Buffer.alloc(LARGEST);

/** Whether bytes[start, end) is all zero; at most 1 MiB at once. */
export function isZero(bytes: Buffer, start: number, end: number): boolean {
  // Most data differs in its first byte already, and the call costs more than that look.
  if (bytes[start] !== 0) return false;
  return zeros.compare(bytes, start, end, 0, end - start) === 0;
}

/**
 * The parts of `bytes` (at most 1 MiB) that hold anything but zeros, in whole units (bytes, the last may be short):
 * start and end in turns. Looks at all of it first, then at 64 KiB, then at single units.
 */
export function dataRuns(bytes: Buffer, unit: number): number[] {
  const runs: number[] = [];
  const size = bytes.length;
  if (isZero(bytes, 0, size)) return runs;
  const step = Math.max(STEP, unit);
  for (let at = 0; at < size; at += step) {
    const end = Math.min(at + step, size);
    if (unit < step) {
      if (!isZero(bytes, at, end)) unitRuns(bytes, at, end, unit, runs);
    } else if (!isZero(bytes, at, end)) {
      append(runs, at, end);
    }
  }
  return runs;
}

function unitRuns(bytes: Buffer, start: number, end: number, unit: number, runs: number[]): void {
  for (let at = start; at < end; at += unit) {
    const until = Math.min(at + unit, end);
    if (!isZero(bytes, at, until)) append(runs, at, until);
  }
}

/**
 * Where two buffers of the same length differ, in whole units (bytes, the last may be short): start and end in turns.
 * Looks at all of them first, then at 64 KiB, then at single units.
 */
export function differingRuns(a: Buffer, b: Buffer, unit: number): number[] {
  const runs: number[] = [];
  const size = a.length;
  const same = (start: number, end: number): boolean => a.compare(b, start, end, start, end) === 0;
  if (same(0, size)) return runs;
  for (let step = 0; step < size; step += STEP) {
    const end = Math.min(step + STEP, size);
    if (same(step, end)) continue;
    for (let at = step; at < end; at += unit) {
      const until = Math.min(at + unit, end);
      if (!same(at, until)) append(runs, at, until);
    }
  }
  return runs;
}

function append(runs: number[], start: number, end: number): void {
  if (runs.at(-1) === start) runs[runs.length - 1] = end;
  else runs.push(start, end);
}
