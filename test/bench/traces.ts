/** Servers with their samples, ways to fold these into a packing problem, and what would have come of a plan. */
import { percentiles } from '../../migration-core/assess/characterise/statistics.ts';
import { roundsFor, type Effort } from '../../migration-core/plan/packing/effort.ts';
import { pack } from '../../migration-core/plan/packing/pack.ts';
import type { PackingProblem, PackingResult } from '../../migration-core/plan/packing/problem.ts';

const PER_WEEK = 2016;
const PER_DAY = 288;

export interface Traces {
  resources: readonly string[];
  /** By server and resource, samples of five minutes from a Monday 00:00 as they were written down: packed. */
  recorded: readonly (readonly Uint16Array[])[];
  /** What the servers really did: replayed. */
  truth: readonly (readonly Uint16Array[])[];
  host: readonly number[];
  ceilings: readonly number[];
  /** From here on nothing is known. */
  missing: number;
  /** Samples that are packed, and after how many they begin anew: a week where not told. */
  planned: number;
  period?: number;
  /** Samples that are replayed besides, by title. */
  replays: readonly (readonly [title: string, from: number, to: number])[];
  /** Days packed once more behind the week: of each server and resource the heaviest. */
  closing: readonly number[];
}

export interface Way {
  title: string;
  /** Samples folded into a slot; 0: one figure for all of the time. */
  samples: number;
  /** A number: the quantile that is the figure for all of the time. */
  of: 'peak' | 'mean' | number;
  monthEnd: boolean;
}

export const WAYS: readonly Way[] = [
  { title: 'sum of p95', samples: 0, of: 0.95, monthEnd: false },
  { title: 'sum of peaks', samples: 0, of: 1, monthEnd: false },
  { title: '60 min peak', samples: 12, of: 'peak', monthEnd: true },
  { title: '15 min peak', samples: 3, of: 'peak', monthEnd: true },
  { title: '10 min peak', samples: 2, of: 'peak', monthEnd: true },
  { title: '10 min peak, week only', samples: 2, of: 'peak', monthEnd: false },
  { title: '5 min', samples: 1, of: 'peak', monthEnd: true },
  { title: '15 min mean', samples: 3, of: 'mean', monthEnd: true },
];

/** The same with some of the resources only. */
export const only = (traces: Traces, rows: readonly number[]): Traces => {
  const pick = <T>(all: readonly T[]): T[] => rows.map((r) => all[r]!);
  return {
    ...traces,
    resources: pick(traces.resources),
    recorded: traces.recorded.map(pick),
    truth: traces.truth.map(pick),
    host: pick(traces.host),
    ceilings: pick(traces.ceilings),
  };
};

/** A row of slots: the highest of all weeks, then the heaviest of the closing days. */
function folded(values: Uint16Array, traces: Traces, way: Way): Float64Array {
  const { missing, planned, closing, period = PER_WEEK } = traces;
  if (typeof way.of === 'number') {
    const known = new Float64Array(planned);
    let count = 0;
    for (let at = 0; at < planned; at++) if (values[at]! < missing) known[count++] = values[at]!;
    return Float64Array.from(count === 0 ? [0] : percentiles(known.subarray(0, count), [1000 * way.of]));
  }
  const joined = joinedOf(values, planned, missing, way);
  const slots = period / way.samples;
  const days = way.monthEnd ? closing : [];
  const daySlots = days.length > 0 ? PER_DAY / way.samples : 0;
  const row = new Float64Array(slots + daySlots).fill(-1);
  let most = 0;
  for (let at = 0, slot = 0; at < joined.length; at++) {
    const value = joined[at]!;
    if (value > row[slot]!) row[slot] = value;
    if (value > most) most = value;
    slot = slot + 1 === slots ? 0 : slot + 1;
  }
  let heaviest = -Infinity;
  for (const day of days) {
    const own = joined.subarray(day * daySlots, (day + 1) * daySlots);
    const sum = own.reduce((a, b) => a + b, 0);
    if (sum <= heaviest) continue;
    heaviest = sum;
    row.set(own, slots);
  }
  for (let slot = 0; slot < row.length; slot++) if (row[slot]! < 0) row[slot] = most;
  return row;
}

/** Highest or mean of each so many samples; -1 where nothing is known. */
function joinedOf(values: Uint16Array, planned: number, missing: number, way: Way): Float64Array {
  const { samples } = way;
  const isMean = way.of === 'mean';
  const joined = new Float64Array(Math.floor(planned / samples));
  for (let slot = 0, at = 0; slot < joined.length; slot++) {
    let most = -1;
    let sum = 0;
    let count = 0;
    for (const end = at + samples; at < end; at++) {
      const value = values[at]!;
      if (value >= missing) continue;
      if (value > most) most = value;
      sum += value;
      count++;
    }
    joined[slot] = isMean && count > 0 ? Math.ceil(sum / count) : most;
  }
  return joined;
}

/** Demands by server, resource after resource. */
export const demandsOf = (traces: Traces, way: Way): Uint32Array[] =>
  traces.recorded.map((rows) => {
    const parts = rows.map((values) => folded(values, traces, way));
    const demand = new Uint32Array(parts.length * parts[0]!.length);
    for (const [r, part] of parts.entries()) demand.set(part, r * part.length);
    return demand;
  });

/** @param shares of each resource of a host that may be filled */
export function packedTo(
  traces: Traces,
  demands: readonly Uint32Array[],
  shares: readonly number[],
  effort: Effort = 'normal',
): PackingResult {
  const timed = traces.resources.length;
  const problem: PackingProblem = {
    timed,
    slots: demands[0]!.length / timed,
    fixed: 0,
    items: demands.map((demand, server) => ({ key: keyOf(server), demand, needs: [] })),
    hosts: [
      {
        key: 'host',
        count: Infinity,
        capacity: traces.host.map((value, r) => Math.floor(value * shares[r]!)),
        room: [],
        cost: 1,
      },
    ],
    rules: { together: [], apart: [], gathered: [] },
  };
  return pack(problem, { seed: 1, rounds: roundsFor(problem, effort) });
}

const keyOf = (server: number): string => `server-${String(server).padStart(5, '0')}`;
const serverOf = (key: string): number => Number(key.slice('server-'.length));

export type Window = readonly [from: number, to: number];

/**
 * Of each window the slots of hosts, and those of them over a ceiling and over all there is, in any resource.
 * @param enough share of slots over all there is beyond which nobody wants to know how many there are
 */
export function replayed(
  traces: Traces,
  result: PackingResult,
  windows: readonly Window[],
  enough = 1,
): { slots: number; overCeiling: number; overFull: number }[] {
  const { resources, host, ceilings, missing, truth } = traces;
  return windows.map(([from, to]) => {
    const found = { slots: result.hosts.length * (to - from), overCeiling: 0, overFull: 0 };
    const sum = new Float64Array(to - from);
    const over = new Uint8Array(to - from);
    for (const { items } of result.hosts) {
      over.fill(0);
      for (let r = 0; r < resources.length; r++) {
        sum.fill(0);
        for (const key of items) {
          const values = truth[serverOf(key)]![r]!;
          for (let i = from; i < to; i++) {
            const value = values[i]!;
            if (value < missing) sum[i - from]! += value;
          }
        }
        const [ceiling, full] = [host[r]! * ceilings[r]!, host[r]!];
        for (let i = 0; i < sum.length; i++)
          if (sum[i]! > ceiling) over[i]! |= sum[i]! > full ? 3 : 1;
          else if (sum[i]! > full) over[i]! |= 2;
      }
      for (const one of over) {
        found.overCeiling += one & 1;
        found.overFull += one >> 1;
      }
      if (found.overFull > enough * found.slots) break;
    }
    return found;
  });
}
