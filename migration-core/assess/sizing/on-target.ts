/** A server's typical week in what it asks of a host: what the planner adds up, slot by slot. */
import { RESOURCES, SLOT_MINUTES, type WeekShape } from '../model/demand.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { SizedDemand, SizedServer } from '../model/sized.ts';

const MINUTES_OF_WEEK = 10_080;

/**
 * RESOURCES.length x slots, resource after resource: core units, bytes, operations/s, bytes/s, bytes/s, with overhead,
 * comfort and growth, without backups. A row is constant where only the total is known, and that of memory always: what
 * a machine was given it does not give back.
 */
export function weekOnTarget(facts: ServerFacts, sized: SizedServer, shape: WeekShape): Float32Array {
  const week = facts.profile?.weeks.find((one) => one.shape === shape)?.values ?? null;
  return onTarget(isMeasured(sized) ? week : null, MINUTES_OF_WEEK / SLOT_MINUTES[shape], sized.demand);
}

/** The same of the heaviest day at the turn of a month, 144 slots of 10 min; null where none was seen. */
export function monthEndOnTarget(facts: ServerFacts, sized: SizedServer): Float32Array | null {
  const day = facts.profile?.monthEnd ?? null;
  return day === null || !isMeasured(sized) ? null : onTarget(day, 144, sized.demand);
}

/**
 * What the market adds up instead: the 95th percentile of each resource by itself, of the samples and not of any week, with
 * the same overhead, comfort and growth. RESOURCES in their order; totals where nothing was measured.
 */
export function p95OnTarget({ profile }: ServerFacts, sized: SizedServer): number[] {
  const { demand } = sized;
  const { week } = demand;
  const measured = profile !== null && isMeasured(sized) ? profile : null;
  const of = (p95: number | undefined, factor: number, total: number): number =>
    p95 === undefined ? total : p95 * factor;
  const operations = of(measured?.diskOperations?.p95, week.disk, demand.diskOperations);
  const network = of(measured?.networkBytes?.p95, week.network, demand.networkBytes);
  const cpu = of(measured?.cpu?.p95, demand.cpuUnitsPerPercent, demand.cpu - demand.ioCpu);
  return [
    cpu + operations * week.cpuPerOperation + network * week.cpuPerNetworkByte,
    demand.memoryBytes,
    operations,
    of(measured?.diskBytes?.p95, week.disk, demand.diskBytes),
    network,
  ];
}

const isMeasured = ({ basis }: SizedServer): boolean => basis === 'measured';

function onTarget(values: Float32Array | null, slots: number, demand: SizedDemand): Float32Array {
  const { week } = demand;
  const rows = new Float32Array(RESOURCES.length * slots);
  const row = (at: number, factor: number, total: number): Float32Array => {
    const own = rows.subarray(at * slots, (at + 1) * slots);
    // A row is missing as a whole.
    if (values === null || Number.isNaN(values[at * slots]!)) own.fill(total);
    else for (let slot = 0; slot < slots; slot++) own[slot] = values[at * slots + slot]! * factor;
    return own;
  };
  row(1, 0, 0).fill(demand.memoryBytes);
  const operations = row(2, week.disk, demand.diskOperations);
  row(3, week.disk, demand.diskBytes);
  const network = row(4, week.network, demand.networkBytes);
  const cpu = row(0, demand.cpuUnitsPerPercent, demand.cpu - demand.ioCpu);
  for (let slot = 0; slot < slots; slot++)
    cpu[slot]! += operations[slot]! * week.cpuPerOperation + network[slot]! * week.cpuPerNetworkByte;
  return rows;
}
