/** From amounts to places, and where the lines of a grid go. */
import { round, type Mark, type Write } from './picture.ts';

export type Scale = (value: number) => number;

/** Straight from one span to the other; a span of nothing goes to the beginning. */
export function linear(from: readonly [number, number], to: readonly [number, number]): Scale {
  const span = from[1] - from[0];
  const factor = span === 0 ? 0 : (to[1] - to[0]) / span;
  return (value) => to[0] + (value - from[0]) * factor;
}

const STEPS = [1, 2, 5, 10] as const;
/** Of bytes: the steps of 1024 that people call round. */
const BINARY_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

/**
 * Round amounts from zero to the first that is not below `most`, about `count` of them.
 * @param base 10, or 1024 for bytes
 */
export function ticks(most: number, count: number, base: 10 | 1024 = 10): number[] {
  if (!(most > 0) || !Number.isFinite(most)) return [0, 1];
  const wanted = most / Math.max(1, count);
  let power = 1;
  while (power * base <= wanted) power *= base;
  while (power > wanted && power > 1e-9) power /= base;
  const steps: readonly number[] = base === 10 ? STEPS : BINARY_STEPS;
  const step = power * (steps.find((candidate) => power * candidate >= wanted) ?? base);
  const lines = Math.ceil(most / step - 1e-9);
  return Array.from({ length: lines + 1 }, (_, at) => at * step);
}

/** A line across for each amount, with the amount at its left; that of nothing is the axis. */
export const gridLines = (
  amounts: readonly number[],
  y: Scale,
  { left, right, write }: { left: number; right: number; write: Write },
): Mark[] =>
  amounts.flatMap((value): Mark[] => {
    const at = round(y(value));
    return [
      { kind: 'line', x1: left, y1: at, x2: right, y2: at, role: value === 0 ? 'axis' : 'grid' },
      { kind: 'text', x: left - 6, y: round(at + 4), text: write(value), anchor: 'end', role: 'label' },
    ];
  });
