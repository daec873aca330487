/** The same servers packed by each way to fold a week and by the habits of the market, and what came of each plan. */
import { roundsFor } from '../../migration-core/plan/packing/effort.ts';
import { pack } from '../../migration-core/plan/packing/pack.ts';
import type { PackingProblem } from '../../migration-core/plan/packing/problem.ts';

const PER_WEEK = 2016;
const PER_DAY = 288;

export interface Traces {
  resources: readonly string[];
  servers: number;
  /** Samples of five minutes by resource from a Monday 00:00; above `missing` nothing is known. */
  recorded(server: number): Uint16Array[];
  truth(server: number): Uint16Array[];
  host: readonly number[];
  ceilings: readonly number[];
  missing: number;
  /** Samples that are packed; those replayed afterwards, by title. */
  planned: number;
  replays: readonly (readonly [title: string, from: number, to: number])[];
  /** Days packed once more behind the week: of each server and resource the heaviest. */
  closing: readonly number[];
}

interface Way {
  title: string;
  /** Samples folded into a slot; 0: one figure for all of the time. */
  samples: number;
  of: 'peak' | 'mean' | number;
  monthEnd: boolean;
}

const WAYS: readonly Way[] = [
  { title: 'sum of p95', samples: 0, of: 0.95, monthEnd: false },
  { title: 'sum of peaks', samples: 0, of: 1, monthEnd: false },
  { title: '60 min peak', samples: 12, of: 'peak', monthEnd: true },
  { title: '15 min peak', samples: 3, of: 'peak', monthEnd: true },
  { title: '10 min peak', samples: 2, of: 'peak', monthEnd: true },
  { title: '10 min peak, week only', samples: 2, of: 'peak', monthEnd: false },
  { title: '5 min', samples: 1, of: 'peak', monthEnd: true },
  { title: '15 min mean', samples: 3, of: 'mean', monthEnd: true },
];

/** A row of slots: the highest of all weeks, then the heaviest of the closing days. */
function folded(values: Uint16Array, traces: Traces, way: Way): number[] {
  const { missing, planned, closing } = traces;
  if (typeof way.of === 'number') {
    const known = values
      .subarray(0, planned)
      .filter((value) => value < missing)
      .sort();
    return [known[Math.max(0, Math.ceil(known.length * way.of) - 1)] ?? 0];
  }
  const join = (from: number): number => {
    let most = -1;
    let sum = 0;
    let count = 0;
    for (let at = from; at < from + way.samples; at++) {
      const value = values[at]!;
      if (value >= missing) continue;
      most = Math.max(most, value);
      sum += value;
      count++;
    }
    return way.of === 'peak' || count === 0 ? most : Math.ceil(sum / count);
  };
  const slots = PER_WEEK / way.samples;
  const row = Array.from({ length: slots }, () => -1);
  for (let from = 0; from + way.samples <= planned; from += way.samples) {
    const slot = (from / way.samples) % slots;
    row[slot] = Math.max(row[slot]!, join(from));
  }
  const most = row.reduce((a, b) => Math.max(a, b), 0);
  if (way.monthEnd && closing.length > 0) {
    const days = closing.map((day) =>
      Array.from({ length: PER_DAY / way.samples }, (_, at) => join(day * PER_DAY + at * way.samples)),
    );
    const sum = (day: readonly number[]): number => day.reduce((a, b) => a + b, 0);
    row.push(...days.reduce((a, b) => (sum(b) > sum(a) ? b : a)));
  }
  return row.map((value) => (value < 0 ? most : value));
}

/** Packs by each way and prints a line for it. */
export function compareShapes(title: string, traces: Traces): void {
  const { resources, servers, host, ceilings, planned } = traces;
  console.log(`\n${title}: share of slots of hosts over a ceiling / over 100 %, any resource`);
  let habit = 0;
  for (const way of WAYS) {
    const demands = Array.from({ length: servers }, (_, server) =>
      traces.recorded(server).map((values) => folded(values, traces, way)),
    );
    const problem: PackingProblem = {
      timed: resources.length,
      slots: demands[0]![0]!.length,
      fixed: 0,
      items: demands.map((rows, server) => ({
        key: `server-${String(server).padStart(5, '0')}`,
        demand: Uint32Array.from(rows.flat()),
        needs: [],
      })),
      hosts: [
        {
          key: 'host',
          count: Infinity,
          capacity: host.map((value, r) => Math.floor(value * ceilings[r]!)),
          room: [],
          cost: 1,
        },
      ],
      rules: { together: [], apart: [], gathered: [] },
    };
    const result = pack(problem, { seed: 1, rounds: roundsFor(problem, 'normal') });
    const { bound, unplaced } = result;
    if (habit === 0) habit = result.hosts.length;
    const length = Math.max(planned, ...traces.replays.map(([, , to]) => to));
    const over = new Uint8Array(result.hosts.length * length);
    for (const [at, { items }] of result.hosts.entries()) {
      const sums = resources.map(() => new Uint32Array(length));
      for (const key of items)
        for (const [r, values] of traces.truth(Number(key.slice(7))).entries())
          for (let i = 0; i < length; i++) sums[r]![i]! += values[i]! < traces.missing ? values[i]! : 0;
      for (let i = 0; i < length; i++)
        for (const [r, sum] of sums.entries()) {
          if (sum[i]! > host[r]! * ceilings[r]!) over[at * length + i]! |= 1;
          if (sum[i]! > host[r]!) over[at * length + i]! |= 2;
        }
    }
    const share = (from: number, to: number): string =>
      [1, 2]
        .map((bit) => {
          let count = 0;
          for (let at = 0; at < result.hosts.length; at++)
            for (let i = from; i < to; i++) if ((over[at * length + i]! & bit) !== 0) count++;
          return ((100 * count) / (result.hosts.length * (to - from))).toFixed(3);
        })
        .join(' / ');
    const binding = bound.by === 'sum' ? resources[bound.resource]! : bound.by;
    console.log(
      `${way.title.padEnd(23)}${String(result.hosts.length).padStart(5)} hosts (bound ${bound.hosts}, ${binding}), ` +
        `${(100 * (1 - result.hosts.length / habit)).toFixed(0).padStart(4)} % fewer than p95;  packed ${share(0, planned)}` +
        traces.replays.map(([name, from, to]) => `  ${name} ${share(from, to)}`).join('') +
        (unplaced.length > 0 ? `  ${unplaced.length} UNPLACED` : ''),
    );
  }
}
