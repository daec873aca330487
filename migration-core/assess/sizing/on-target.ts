/** A server's typical week in what it asks of a host: what the planner adds up, slot by slot. */
import { RESOURCES, SLOT_MINUTES, type TypicalWeek, type WeekShape } from '../model/demand.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { SizedDemand, SizedServer } from '../model/sized.ts';

const MINUTES_OF_WEEK = 10_080;

/**
 * Working memory for many weeks one after the other. A week that was made with it is overwritten by the next: ten thousand
 * of them would be 400 MB that come and go.
 */
export class WeekBuffer {
  rows = new Float32Array(0);
  #unpacked = new Float32Array(0);

  /** @returns zeros */
  start(length: number): Float32Array {
    if (this.rows.length !== length) this.rows = new Float32Array(length);
    return this.rows.fill(0);
  }

  valuesOf(week: TypicalWeek, length: number): Float32Array {
    if (week.unpack === undefined) return week.values;
    if (this.#unpacked.length !== length) this.#unpacked = new Float32Array(length);
    week.unpack(this.#unpacked);
    return this.#unpacked;
  }
}

/**
 * RESOURCES.length x slots, resource after resource: core units, bytes, operations/s, bytes/s, bytes/s, with overhead,
 * comfort and growth, without backups. A row is constant where only the total is known, and that of memory always: what
 * a machine was given it does not give back.
 */
export function weekOnTarget(
  facts: ServerFacts,
  sized: SizedServer,
  shape: WeekShape,
  buffer = new WeekBuffer(),
): Float32Array {
  const slots = MINUTES_OF_WEEK / SLOT_MINUTES[shape];
  const length = RESOURCES.length * slots;
  const week = isMeasured(sized) ? facts.profile?.weeks.find((one) => one.shape === shape) : undefined;
  const values = week === undefined ? null : buffer.valuesOf(week, length);
  return onTarget(values, slots, sized.demand, buffer.start(length));
}

/** The same of the heaviest day at the turn of a month, 144 slots of 10 min; null where none was seen. */
export function monthEndOnTarget(facts: ServerFacts, sized: SizedServer): Float32Array | null {
  const day = facts.profile?.monthEnd ?? null;
  return day === null || !isMeasured(sized)
    ? null
    : onTarget(day, 144, sized.demand, new Float32Array(day.length));
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

/** @param rows RESOURCES.length x slots zeros, which are filled and returned */
function onTarget(
  values: Float32Array | null,
  slots: number,
  demand: SizedDemand,
  rows: Float32Array,
): Float32Array {
  const { week } = demand;
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
