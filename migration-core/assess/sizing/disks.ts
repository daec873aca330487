/** Virtual disks: where they hang, how their space is given, and how much of them is copied. */
import { plural } from '../../base/text.ts';
import type { AssessmentContext } from '../model/context.ts';
import type { Reason } from '../model/assessment.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { SizedServer } from '../model/sized.ts';
import type { RuleBook } from '../rules/pack.ts';
import { SIZE_CONTROLLERS, SIZE_PROVISIONING, SIZE_RAID, SIZE_THIN } from '../rules/size.ts';
import type { Criticality } from '../../store/model/annotations.ts';
import type { PhysicalDisk, ServerInventory } from '../../store/model/inventory.ts';

export interface DisksSized {
  disks: SizedServer['disks'];
  /** Used where known, else all. */
  copyBytes: number;
  criticality: Criticality;
  reasons: Reason[];
}

export interface Place {
  adapter: number;
  unit: number;
}

/** More disks than this have no server; of a hostile inventory the rest would only take time. */
const MAX_PLACES = 16 * 1024;

/**
 * Places for so many disks, one adapter after the other in turn, so that none becomes the bottleneck (SR-92, SR-104);
 * reserved numbers are left out. @returns fewer than asked for where there are no more
 */
export function allocateDisks(count: number, rules: RuleBook): Place[] {
  const { adapters, units, reserved } = rules.value(SIZE_CONTROLLERS);
  const places: Place[] = [];
  for (let unit = 0; unit < units && places.length < MAX_PLACES; unit++) {
    if (reserved.includes(unit)) continue;
    for (let adapter = 0; adapter < adapters && places.length < count; adapter++)
      places.push({ adapter, unit });
  }
  return places;
}

export function sizeDisks(facts: ServerFacts, { rules }: AssessmentContext): DisksSized {
  const { inventory, annotations } = facts;
  const reasons: Reason[] = [];
  const criticality = annotations.criticality ?? 'normal';
  const isThin =
    annotations.environment !== undefined &&
    rules.value(SIZE_THIN).includes(annotations.environment) &&
    criticality !== 'critical' &&
    criticality !== 'high';
  const provisioning = isThin ? 'thin' : rules.value(SIZE_PROVISIONING)[criticality];
  const own = inventory === null ? [] : ownDisks(inventory);
  if (own.length > 0)
    reasons.push({
      tone: 'note',
      text: isThin
        ? `Its disks grow as they fill, for it is a ${annotations.environment} server.`
        : `The space of its disks is allocated when they are made, for a server of ${criticality === 'critical' ? 'the highest' : criticality} criticality${annotations.criticality === undefined ? ' (nobody said how much depends on it)' : ''}.`,
      rules: [rules.cite(isThin ? SIZE_THIN : SIZE_PROVISIONING)],
    });
  else reasons.push({ tone: 'note', text: 'Its disks are not known.', rules: [] });

  const places = allocateDisks(own.length, rules);
  if (places.length < own.length)
    reasons.push({
      tone: 'against',
      text: `It has ${plural(own.length, 'disk')}, and a virtual machine takes no more than ${places.length}: ${own.length - places.length} of them have no place.`,
      value: own.length,
      rules: [rules.cite(SIZE_CONTROLLERS)],
    });
  const unsized = own.filter(({ bytes }) => bytes === undefined);
  if (unsized.length > 0)
    reasons.push({
      tone: 'note',
      text: `The size of ${plural(unsized.length, 'disk')} is not known and counts as nothing.`,
      rules: [],
    });
  const used = usedBytesOf(own, inventory);
  const disks = own.map((disk, at): SizedServer['disks'][number] => ({
    name: disk.name,
    bytes: disk.bytes ?? 0,
    usedBytes: used.get(disk.name) ?? null,
    provisioning,
    ...(places[at] ?? { adapter: -1, unit: -1 }),
  }));
  const copyBytes = disks.reduce((sum, { bytes, usedBytes }) => sum + (usedBytes ?? bytes), 0);
  return { disks, copyBytes, criticality, reasons };
}

/** Without removable ones, paths of a multipath device, and what is empty; the one that the system starts from first. */
function ownDisks({ disks = [] }: ServerInventory): PhysicalDisk[] {
  const paths = new Set(disks.flatMap((disk) => disk.paths ?? []));
  const own = disks.filter(
    ({ name, removable, bytes, bus }) =>
      removable !== true && bytes !== 0 && bus !== 'usb' && !paths.has(name),
  );
  return [...own.filter(({ system }) => system === true), ...own.filter(({ system }) => system !== true)];
}

/** By disk, of volumes that tell; one over several disks counts for each by its size. */
function usedBytesOf(own: readonly PhysicalDisk[], inventory: ServerInventory | null): Map<string, number> {
  const sizes = new Map(own.map(({ name, bytes }) => [name, bytes ?? 0]));
  const volumes = new Map(
    (inventory?.volumes ?? [])
      .filter(({ usedBytes }) => usedBytes !== undefined)
      .map((one) => [one.name, one]),
  );
  const used = new Map<string, number>();
  for (const { usedBytes, disks = [] } of volumes.values()) {
    const on = disks.filter((name) => sizes.has(name));
    const all = on.reduce((sum, name) => sum + sizes.get(name)!, 0);
    for (const name of on) {
      const part = all === 0 ? 1 / on.length : sizes.get(name)! / all;
      used.set(name, (used.get(name) ?? 0) + usedBytes! * part);
    }
  }
  for (const [name, bytes] of used) used.set(name, Math.min(Math.ceil(bytes), sizes.get(name) || bytes));
  return used;
}

export type RaidLevel = 'raid0' | 'raid1' | 'raid10' | 'raid5' | 'raid6';

/** Operations a second that the disks of an array do for so many of its users (SR-90). */
export const arrayOperations = (reads: number, writes: number, level: RaidLevel, rules: RuleBook): number =>
  reads + writes * rules.value(SIZE_RAID)[level];
