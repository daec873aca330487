/** A candidate as an item of the packing problem. */
import { SLOT_MINUTES } from '../../assess/model/demand.ts';
import type { PlanRequest } from '../planning.ts';
import type { Candidate } from './select.ts';
import { keyOf } from './constraints.ts';
import { growthFactor, mebibytesUp, slotsOf, TIMED, UNLIMITED, unitsUp } from './units.ts';

export interface PlannedItem {
  key: string;
  candidate: Candidate;
  /** Without its backups: TIMED x slots units. */
  production: Uint16Array;
  /** With its backups where the backup plan puts them. */
  demand: Uint16Array;
  /** In the order of FIXED. */
  needs: number[];
  segment: string | undefined;
  /** Keys of host classes; undefined: all. */
  hosts: string[] | undefined;
  /** Devices go through to it: it stays where it is whatever happens. */
  pinned: boolean;
  storageBytes: number;
  critical: boolean;
}

export function plannedItem(
  request: PlanRequest,
  candidate: Candidate,
  scales: readonly number[],
  segment: string | undefined,
  hosts: string[] | undefined,
): { item: PlannedItem; unmeasured: boolean } {
  const { scenario, profile } = request;
  const { facts, sized } = candidate;
  // What it asks for has grown already, in its size and in its week; what it stores is that of today.
  const growth = growthFactor(scenario.growth, scenario.years);
  const slots = slotsOf(profile.shape);
  const week = request.weekOf(facts.id);
  const fallback = [
    sized.demand.cpu,
    sized.demand.memoryBytes,
    sized.demand.diskOperations,
    sized.demand.diskBytes,
    sized.demand.networkBytes,
  ];
  const production = new Uint16Array(TIMED * slots);
  let unmeasured = false;
  for (let resource = 0; resource < TIMED; resource++) {
    const scale = scales[resource]!;
    const otherwise = unitsUp(fallback[resource]!, scale);
    const row = resource * slots;
    for (let at = row; at < row + slots; at++) {
      const value = week[at];
      if (value === undefined || Number.isNaN(value)) {
        unmeasured = true;
        production[at] = otherwise;
      } else production[at] = unitsUp(value, scale);
    }
  }
  const storageBytes = growth * sized.disks.reduce((sum, disk) => sum + occupied(disk), 0);
  const critical = facts.annotations.criticality === 'critical';
  return {
    unmeasured,
    item: {
      key: keyOf(candidate),
      candidate,
      production,
      demand: production,
      needs: [
        mebibytesUp(sized.memoryBytes),
        mebibytesUp(storageBytes),
        // Growth over decades is beyond whole numbers.
        Math.min(UNLIMITED, sized.vcpus),
        1,
        critical ? 1 : 0,
      ],
      segment,
      hosts,
      pinned: (facts.annotations.passThrough ?? []).length > 0,
      storageBytes,
      critical,
    },
  };
}

/** A thin disk takes what is used, where that is known. */
const occupied = (disk: Candidate['sized']['disks'][number]): number =>
  disk.provisioning === 'thin' ? (disk.usedBytes ?? disk.bytes) : disk.bytes;

/** What is added to an item's demand on some days: core units, operations/s, bytes/s, bytes/s. */
export interface Extra {
  /** In the order of RESOURCES, real units. */
  timed: readonly number[];
  days: readonly number[];
  /** Minutes after midnight; the end may be on the next day and so above 1440. */
  startMinute: number;
  endMinute: number;
}

/** Slots of the week that a run touches, in the order of time. */
export function slotsTouched(
  { days, startMinute, endMinute }: Pick<Extra, 'days' | 'startMinute' | 'endMinute'>,
  slotMinutes: number,
): number[] {
  const slots = 10_080 / slotMinutes;
  const touched: number[] = [];
  for (const day of days) {
    const first = Math.floor((day * 1440 + startMinute) / slotMinutes);
    const last = Math.ceil((day * 1440 + endMinute) / slotMinutes);
    for (let slot = first; slot < last && slot < first + slots; slot++) touched.push(slot % slots);
  }
  // Only runs of about a day meet themselves on the next one.
  return endMinute - startMinute + 2 * slotMinutes < 1440 ? touched : [...new Set(touched)];
}

/** The demand of an item with extras on top; the same array where there are none. */
export function withExtras(
  request: PlanRequest,
  production: Uint16Array,
  extras: readonly Extra[],
  scales: readonly number[],
): Uint16Array {
  if (extras.length === 0) return production;
  const slotMinutes = SLOT_MINUTES[request.profile.shape];
  const slots = slotsOf(request.profile.shape);
  const sum = production.slice();
  for (const extra of extras) {
    const units = extra.timed.map((value, resource) => unitsUp(value, scales[resource]!));
    for (const slot of slotsTouched(extra, slotMinutes))
      for (let resource = 0; resource < TIMED; resource++) {
        const at = resource * slots + slot;
        sum[at] = Math.min(65_535, sum[at]! + units[resource]!);
      }
  }
  return sum;
}
