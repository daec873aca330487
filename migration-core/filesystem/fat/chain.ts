/** Chains of clusters, as runs of neighbours, in the order of the file. */
import { BAD, FREE, type AllocationTable } from './allocation.ts';
import { damaged } from './errors.ts';

export interface Run {
  /** First cluster. */
  cluster: number;
  count: number;
}

/**
 * Follows a chain to its end. `limit` is the most clusters it can rightly have: a longer one runs in a circle.
 * @throws FAT_DAMAGED when it leaves the volume, runs into a free or bad cluster, or in a circle.
 */
export async function readChain(
  table: AllocationTable,
  first: number,
  limit: number,
  what: string,
): Promise<Run[]> {
  const runs: Run[] = [];
  let cluster = first;
  for (let count = 0; ; count++) {
    if (!table.isCluster(cluster))
      throw damaged(`${what} leads to cluster ${cluster}, which does not exist`, { first, cluster });
    if (count >= limit) throw damaged(`the clusters of ${what} run in a circle`, { first, limit });
    const last = runs.at(-1);
    if (last !== undefined && last.cluster + last.count === cluster) last.count++;
    else runs.push({ cluster, count: 1 });
    const next = table.peek(cluster) ?? (await table.get(cluster));
    if (table.isEnd(next)) return runs;
    if (next === FREE || next === BAD)
      throw damaged(`${what} leads to a ${next === FREE ? 'free' : 'bad'} cluster`, { first, cluster });
    cluster = next;
  }
}

export const runLength = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.count, 0);

export function* clustersOf(runs: readonly Run[]): Generator<number> {
  for (const { cluster, count } of runs) for (let i = 0; i < count; i++) yield cluster + i;
}

/** Neighbouring clusters put together. */
export function toRuns(clusters: Iterable<number>): Run[] {
  const runs: Run[] = [];
  for (const cluster of clusters) {
    const last = runs.at(-1);
    if (last !== undefined && last.cluster + last.count === cluster) last.count++;
    else runs.push({ cluster, count: 1 });
  }
  return runs;
}

/** The first `count` clusters of a chain. */
export function cutRuns(runs: readonly Run[], count: number): Run[] {
  const kept: Run[] = [];
  let left = count;
  for (const run of runs) {
    if (left <= 0) break;
    kept.push({ cluster: run.cluster, count: Math.min(run.count, left) });
    left -= run.count;
  }
  return kept;
}
