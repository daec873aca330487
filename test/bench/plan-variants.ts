/**
 * Servers like one that was made and characterised, and yet no two alike: larger or smaller in each resource, earlier or
 * later by up to half an hour, noisy in each slot, backed up at another time. What a plan works on has the size and the
 * form it has with samples; only the samples themselves were never there.
 */
import {
  RESOURCES,
  type BackupDemand,
  type DemandProfile,
  type ResourceName,
  type Statistic,
} from '../../migration-core/assess/model/demand.ts';
import type { ServerInventory } from '../../migration-core/store/model/inventory.ts';
import { seeded } from '../support/tools.ts';

const [SLOTS_OF_WEEK, SLOTS_OF_DAY] = [1008, 144];
/** Each slot is so much more or less at most. */
const NOISE = 0.06;
/** Slots of ten minutes, and half hours of a backup: either way. */
const [SHIFT, BACKUP_SHIFT] = [3, 2];
const GIB = 2 ** 30;

type Scale = Record<ResourceName, number>;

export function variantOf(
  index: number,
  { inventory }: { inventory: ServerInventory },
  profile: DemandProfile,
): { inventory: ServerInventory; profile: DemandProfile } {
  const random = seeded(Math.imul(index + 1, 0x9e3779b1));
  const scale = Object.fromEntries(RESOURCES.map((name) => [name, 0.7 + random() * 0.6])) as Scale;
  const shift = Math.floor(random() * (2 * SHIFT + 1)) - SHIFT;
  const later = 30 * (Math.floor(random() * (2 * BACKUP_SHIFT + 1)) - BACKUP_SHIFT);
  const vary = (rows: Float32Array, slots: number, by: number): Float32Array => {
    const varied = new Float32Array(rows.length);
    RESOURCES.forEach((name, resource) => {
      const most = name === 'cpu' ? 100 : Infinity;
      for (let slot = 0; slot < slots; slot++) {
        const value = rows[resource * slots + ((slot + by + slots) % slots)]!;
        const noise = 1 + (random() - 0.5) * 2 * NOISE;
        varied[resource * slots + slot] = Math.min(most, value * scale[name] * noise);
      }
    });
    return varied;
  };
  const of = (name: ResourceName, one: Statistic | null): Statistic | null => scaled(one, scale[name]);
  return {
    inventory: {
      ...inventory,
      memoryBytes: Math.ceil(((inventory.memoryBytes ?? GIB) * scale.memory) / GIB) * GIB,
    },
    profile: {
      ...profile,
      cpu: of('cpu', profile.cpu),
      memoryUsed: of('memory', profile.memoryUsed),
      diskReadOperations: of('diskOperations', profile.diskReadOperations),
      diskOperations: of('diskOperations', profile.diskOperations),
      diskReadBytes: of('diskBytes', profile.diskReadBytes),
      diskBytes: of('diskBytes', profile.diskBytes),
      networkIn: of('networkBytes', profile.networkIn),
      networkBytes: of('networkBytes', profile.networkBytes),
      production:
        profile.production === null
          ? null
          : {
              cpu: of('cpu', profile.production.cpu),
              diskOperations: of('diskOperations', profile.production.diskOperations),
              diskBytes: of('diskBytes', profile.production.diskBytes),
              networkBytes: of('networkBytes', profile.production.networkBytes),
            },
      // Other shapes are written down and not read back.
      weeks: profile.weeks.map((week) =>
        week.shape === '10-min-peak' ? { ...week, values: vary(week.values, SLOTS_OF_WEEK, shift) } : week,
      ),
      monthEnd: profile.monthEnd === null ? null : vary(profile.monthEnd, SLOTS_OF_DAY, 0),
      backup: profile.backup.map((backup) => moved(backup, later, scale)),
    },
  };
}

function scaled(one: Statistic | null, by: number): Statistic | null {
  if (one === null) return null;
  const { mean, p50, p90, p95, p99, p999, maximum } = one;
  return {
    ...one,
    mean: mean * by,
    p50: p50 * by,
    p90: p90 * by,
    p95: p95 * by,
    p99: p99 * by,
    p999: p999 * by,
    maximum: maximum * by,
  };
}

const moved = (backup: BackupDemand, later: number, scale: Scale): BackupDemand => ({
  ...backup,
  startMinute: (backup.startMinute + later + 1440) % 1440,
  endMinute: (backup.endMinute + later + 1440) % 1440,
  diskOperations: backup.diskOperations * scale.diskOperations,
  diskBytes: backup.diskBytes * scale.diskBytes,
  networkBytes: backup.networkBytes * scale.networkBytes,
});
