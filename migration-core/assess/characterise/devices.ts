/** What single disks and interfaces tell: how long requests take, how many wait, which uplink is the busiest. */
import type { DemandProfile } from '../model/demand.ts';
import type { About } from './reader.ts';
import { emptyGrid, gridOf, measuredValues, type Grid, type Span } from './grid.ts';
import type { Measured, MeasuredSeries } from './measured.ts';
import { statisticOf } from './statistics.ts';

const larger = (a: number, b: number): number => Math.max(a, b);

/** Seconds: over disks weighted by their operations, the worse of reads and writes. Idle slots have none. */
export function latencyGrid(measured: Measured, span: Span): Grid | null {
  const sides = (['read', 'write'] as const)
    .map((side) =>
      weighted(
        measured.disks(`disk.${side}Latency`),
        new Map(measured.disks(`disk.${side}Operations`).map((one) => [one.instance, one])),
        span,
      ),
    )
    .filter((grid) => grid !== null);
  if (sides.length < 2) return sides[0] ?? null;
  return worse(sides[0]!, sides[1]!, span);
}

function weighted(
  latencies: readonly MeasuredSeries[],
  operations: ReadonlyMap<string, MeasuredSeries>,
  span: Span,
): Grid | null {
  if (latencies.length === 0) return null;
  const slot = latencies.reduce((most, { slots }) => Math.max(most, slots.slot), 0);
  const grid = emptyGrid(slot, span);
  const weights = new Float64Array(grid.values.length);
  grid.values.fill(0);
  for (const { instance, slots } of latencies) {
    const own = gridOf([slots], span)!;
    const busy = operations.get(instance);
    // Where nobody counted operations, each disk weighs the same while it has a latency at all.
    const counts = busy === undefined ? null : gridOf([busy.slots], span);
    const ratio = slot / own.slot;
    const countRatio = counts === null ? 1 : own.slot / counts.slot;
    for (let at = 0; at < own.values.length; at++) {
      const latency = own.values[at]!;
      if (own.measured[at] === 0) continue;
      const weight =
        counts === null
          ? latency > 0
            ? 1
            : 0
          : (counts.values[Math.ceil((own.first + at) * countRatio) - counts.first] ?? Number.NaN);
      if (!(weight > 0)) continue;
      const to = ratio === 1 ? at : Math.ceil((own.first + at) / ratio) - grid.first;
      if (to < 0 || to >= weights.length) continue;
      grid.values[to]! += latency * weight;
      weights[to]! += weight;
    }
    grid.maximum = Math.max(grid.maximum, own.maximum);
  }
  for (let at = 0; at < weights.length; at++) {
    if (weights[at] === 0) grid.values[at] = Number.NaN;
    else {
      grid.values[at] = grid.values[at]! / weights[at]!;
      grid.measured[at] = 1;
    }
  }
  return grid;
}

/** Slot by slot the larger of both; where one is missing, the other. On the slots of the coarser. */
function worse(a: Grid, b: Grid, span: Span): Grid {
  const [coarse, fine] = a.slot >= b.slot ? [a, b] : [b, a];
  const grid = emptyGrid(coarse.slot, span);
  grid.maximum = Math.max(a.maximum, b.maximum);
  for (const one of [coarse, fine]) {
    const ratio = coarse.slot / one.slot;
    for (let from = 0; from < one.values.length; from++) {
      const value = one.values[from]!;
      const at = Math.ceil((one.first + from) / ratio) - coarse.first;
      if (Number.isNaN(value) || at < 0 || at >= grid.values.length) continue;
      if (!(grid.values[at]! >= value)) grid.values[at] = value;
      if (one.measured[from] === 1) grid.measured[at] = 1;
    }
  }
  return grid;
}

/** Requests waiting at the disk that has most. */
export const queueGrid = (measured: Measured, span: Span): Grid | null =>
  gridOf(
    measured.disks('disk.queue').map(({ slots }) => slots),
    span,
    larger,
  );

/** Bytes/s in the busier direction of each slot. */
export function busierDirection(received: Grid | null, sent: Grid | null, span: Span): Grid | null {
  if (received === null || sent === null) return received ?? sent;
  return worse(received, sent, span);
}

/** The interface whose busier direction fills most of its speed at p95. */
export function busiestUplink(
  measured: Measured,
  { nicSpeeds }: About,
  span: Span,
): DemandProfile['busiestUplink'] {
  const received = measured.nics('nic.receivedBytes');
  const sent = measured.nics('nic.sentBytes');
  const names = [...new Set([...received, ...sent].map(({ instance }) => instance))];
  let busiest: DemandProfile['busiestUplink'] = null;
  for (const name of names) {
    // Windows calls a card by its maker, the inventory by its connection: with one of each there is no doubt.
    const only = names.length === 1 && nicSpeeds.size === 1 ? [...nicSpeeds.values()][0] : undefined;
    const speed = nicSpeeds.get(name) ?? only;
    if (speed === undefined) continue;
    const of = (series: readonly MeasuredSeries[]): Grid | null =>
      gridOf(
        series.filter(({ instance }) => instance === name).map(({ slots }) => slots),
        span,
      );
    const grid = busierDirection(of(received), of(sent), span);
    if (grid === null) continue;
    const statistic = statisticOf(measuredValues(grid), grid.maximum, grid.values.length);
    if (statistic === null) continue;
    const p95 = Math.min(1, (statistic.p95 * 8) / speed);
    if (busiest === null || p95 > busiest.p95) busiest = { name, p95, speed };
  }
  return busiest;
}
