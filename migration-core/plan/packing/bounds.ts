/**
 * How many hosts any plan needs at least: the largest of three counts. None looks at more than the largest host of any
 * class, empty, so that they hold for every mixture of classes.
 *
 * - sum: demand of all units in the busiest slot over what a host has (for each resource);
 * - pairs: units no two of which can share a host, found greedily, so not always the most there are;
 * - segments: the sums of each security zone, which share no hosts, added up.
 */
import { BLOCK, type Prepared, type Unit } from './prepare.ts';
import type { LowerBound } from './problem.ts';
import { keepsApart } from './rules.ts';

/** Comparisons of two units that the search for pairs may take: half a second. The bound is lower then, never wrong. */
const COMPARISONS = 2_000_000;

/** Of the units that could be placed alone; 0 hosts where there are none. */
export function lowerBound(prepared: Prepared): LowerBound {
  const { units } = prepared;
  let best: LowerBound = { hosts: 0, by: 'sum', resource: 0 };
  if (units.length === 0) return best;
  const sum = sumBound(prepared, units);
  best = { ...sum, by: 'sum' };
  const named = units.filter(({ segment }) => segment !== 0);
  if (named.length > 0) {
    const bySegment = Map.groupBy(named, ({ segment }) => segment);
    let hosts = 0;
    for (const list of bySegment.values()) hosts += sumBound(prepared, list).hosts;
    if (hosts > best.hosts) best = { hosts, by: 'segments', resource: best.resource };
  }
  const pairs = pairsBound(prepared);
  if (pairs > best.hosts) best = { hosts: pairs, by: 'pairs', resource: best.resource };
  return best;
}

/** At least 1: there is something to place. */
function sumBound(prepared: Prepared, units: readonly Unit[]): { hosts: number; resource: number } {
  const { reference, resources, problem } = prepared;
  const { timed, slots } = problem;
  let best = { hosts: 1, resource: 0 };
  const offer = (total: number, resource: number): void => {
    const hosts = wholeRatio(total, reference[resource]!);
    if (hosts > best.hosts) best = { hosts, resource };
  };
  const totals = new Float64Array(timed * slots);
  for (const { demand } of units) for (let i = 0; i < totals.length; i++) totals[i]! += demand[i]!;
  for (let r = 0; r < timed; r++) {
    let peak = 0;
    for (let i = r * slots; i < (r + 1) * slots; i++) if (totals[i]! > peak) peak = totals[i]!;
    offer(peak, r);
  }
  for (let r = timed; r < resources; r++) {
    let total = 0;
    for (const { peaks } of units) total += peaks[r]!;
    offer(total, r);
  }
  return best;
}

/** Quotient rounded up, in whole numbers: a division that comes out a hair too large would claim one host too many. */
function wholeRatio(total: number, capacity: number): number {
  return (total - (total % capacity)) / capacity + (total % capacity > 0 ? 1 : 0);
}

/** Size of a set of units no two of which can share a host. */
function pairsBound(prepared: Prepared): number {
  const { units, grouping } = prepared;
  const byNorm = [...units.keys()].sort((a, b) => units[b]!.norm - units[a]!.norm || a - b);
  const unitOf = new Map(units.flatMap(({ items }, u) => items.map((item) => [item, u] as const)));
  // Two ways to begin: with the largest units, and with the longest list of those that are apart by rule.
  const apart = grouping.sets
    .map((set) => [...new Set(set.map((item) => unitOf.get(item)).filter((u) => u !== undefined))])
    .sort((a, b) => b.length - a.length || a[0]! - b[0]!);
  const begins: number[][] = [[], apart[0] ?? []];
  let most = 0;
  let comparisons = 0;
  for (const begin of begins) {
    const clique = [...begin];
    const known = new Set(clique);
    for (const u of byNorm) {
      if (comparisons > COMPARISONS) break;
      if (known.has(u)) continue;
      const all = clique.every((other) => {
        comparisons++;
        return excludes(prepared, units[u]!, units[other]!);
      });
      if (all) clique.push(u);
    }
    most = Math.max(most, clique.length);
  }
  return most;
}

/** Whether no host can hold both. */
function excludes(prepared: Prepared, a: Unit, b: Unit): boolean {
  if (keepsApart(a, b)) return true;
  const { reference, problem, exact, blocks } = prepared;
  const { timed, slots } = problem;
  for (let r = 0; r < reference.length; r++) {
    const limit = reference[r]!;
    if (a.peaks[r]! + b.peaks[r]! <= limit) continue;
    if (exact || r >= timed) return true;
    for (let block = 0; block < blocks; block++) {
      const at = r * blocks + block;
      if (a.blockMax[at]! + b.blockMax[at]! <= limit) continue;
      const start = r * slots + block * BLOCK;
      const stop = Math.min((r + 1) * slots, start + BLOCK);
      for (let i = start; i < stop; i++) if (a.demand[i]! + b.demand[i]! > limit) return true;
    }
  }
  return false;
}
