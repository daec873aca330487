/**
 * Hosts at equal violations (assessment model, section 14): each way to plan fills hosts as far as it can before too many slots
 * of hosts would have been over all there is, at times that were not packed. A way that reckons with too much may fill up with
 * that here: what is compared is what a way knows, not how careful it is.
 */
import type { Effort } from '../../migration-core/plan/packing/effort.ts';
import { demandsOf, packedTo, replayed, WAYS, type Traces, type Way, type Window } from './traces.ts';

/** Share of slots of hosts over 100 % of any resource, in none of the windows more. */
const VIOLATIONS = 0.0005;
/** Fewer hosts than by the sum of p95, in per cent. */
const LIMIT = 20;
/** Fills tried, in hundredths of a host. */
const LEAST = 60;
const MOST = 140;
const STEP = 2;

/** The habit of the market, then the shapes that the program offers. */
const OFFERED = ['sum of p95', '60 min peak', '15 min peak', '10 min peak', '15 min mean'];
const DEFAULT = '10 min peak';
const COMPARED: readonly Way[] = WAYS.filter(({ title }) => OFFERED.includes(title));

interface Filled {
  /** Of each resource of a host, in hundredths. */
  fill: number;
  hosts: number;
  /** Worst of the windows. */
  violations: number;
}

/** @returns null where no fill has so few violations and leaves no server out */
function fullest(traces: Traces, way: Way, windows: readonly Window[], effort: Effort): Filled | null {
  const demands = demandsOf(traces, way);
  const at = (fill: number): Filled & { isMet: boolean; isOver: boolean } => {
    const result = packedTo(
      traces,
      demands,
      traces.host.map(() => fill / 100),
      effort,
    );
    const violations = replayed(traces, result, windows, VIOLATIONS).reduce(
      (worst, { slots, overFull }) => Math.max(worst, overFull / slots),
      0,
    );
    const isOver = violations > VIOLATIONS;
    return {
      fill,
      hosts: result.hosts.length,
      violations,
      isOver,
      isMet: !isOver && result.unplaced.length === 0,
    };
  };
  // Where one figure stands for a server, violations jump up and down with the fill: it gets the best fill there is.
  if (way.samples === 0) {
    for (let fill = MOST; fill >= LEAST; fill -= STEP) {
      const found = at(fill);
      if (found.isMet) return found;
    }
    return null;
  }
  let best: Filled | null = null;
  let low = LEAST;
  let high = MOST;
  while (low <= high) {
    const middle = low + STEP * Math.floor((high - low) / (2 * STEP));
    const found = at(middle);
    if (found.isMet && (best === null || found.hosts <= best.hosts)) best = found;
    if (found.isOver) high = middle - STEP;
    else low = middle + STEP;
  }
  return best;
}

/** Hosts that are enough where all that will happen is known and spread evenly: no plan has fewer without violations. */
function allKnowing({ truth, host, missing }: Traces, windows: readonly Window[]): number {
  let most = 0;
  for (const [from, to] of windows)
    for (const [r, full] of host.entries()) {
      const sum = new Float64Array(to - from);
      for (const rows of truth)
        for (let i = from; i < to; i++) if (rows[r]![i]! < missing) sum[i - from]! += rows[r]![i]!;
      const over = Math.floor(VIOLATIONS * sum.length);
      most = Math.max(most, sum.sort()[sum.length - 1 - over]! / full);
    }
  return Math.ceil(most);
}

export interface Estate {
  title: string;
  traces: Traces;
  windows: readonly Window[];
}

/** Prints a line for each estate and one for all. @returns whether the default is as much better as it is to be */
export function compareEqual(title: string, estates: Iterable<Estate>, effort: Effort): boolean {
  console.log(
    `\n${title}: hosts, filled (in brackets) until more than ${100 * VIOLATIONS} % of slots would be over 100 %`,
  );
  const width = Math.max(...OFFERED.map((one) => one.length)) + 5;
  console.log(' '.repeat(24) + COMPARED.map((way) => way.title.padStart(width)).join('') + '   all-knowing');
  const sums = COMPARED.map(() => 0);
  for (const estate of estates) {
    const found = COMPARED.map((way) => fullest(estate.traces, way, estate.windows, effort));
    console.log(
      estate.title.padEnd(24) +
        found
          .map((one) => (one === null ? 'none' : `${one.hosts} (${one.fill} %)`).padStart(width))
          .join('') +
        String(allKnowing(estate.traces, estate.windows)).padStart(14),
    );
    for (const [at, one] of found.entries()) sums[at]! += one?.hosts ?? Number.NaN;
  }
  const fewer = sums.map((sum) => 100 * (1 - sum / sums[0]!));
  console.log('all'.padEnd(24) + sums.map((sum) => String(sum).padStart(width)).join(''));
  console.log(
    'fewer than by p95'.padEnd(24) + fewer.map((one) => `${one.toFixed(1)} %`.padStart(width)).join(''),
  );
  return fewer[COMPARED.findIndex((way) => way.title === DEFAULT)]! >= LIMIT;
}

export const verdict = (isMet: boolean): string =>
  `${DEFAULT} at least ${LIMIT} % fewer: ${isMet ? 'met' : 'MISSED'}`;
