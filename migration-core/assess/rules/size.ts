/** Disks of the virtual machine. */
import { z } from 'zod';
import { CRITICALITIES, ENVIRONMENTS } from '../../store/model/annotations.ts';
import { rule } from './pack.ts';

const count = z.number().int().positive();
const provisioning = z.enum(['thick-eager', 'thick', 'thin']);

export const SIZE_CONTROLLERS = rule(
  'size.controllers',
  'Adapters for virtual disks',
  '',
  z.strictObject({
    adapters: count.max(16),
    /** Numbers on each, those that are reserved among them. */
    units: count.max(1024),
    reserved: z.array(z.number().int().nonnegative()),
  }),
);
export const SIZE_PROVISIONING = rule(
  'size.provisioning',
  'Space of virtual disks by how much depends on the server',
  '',
  z.strictObject(
    Object.fromEntries(CRITICALITIES.map((one) => [one, provisioning])) as Record<
      (typeof CRITICALITIES)[number],
      typeof provisioning
    >,
  ),
);
export const SIZE_THIN = rule(
  'size.thinEnvironments',
  'Environments whose virtual disks grow as they fill, unless much depends on the server',
  '',
  z.array(z.enum(ENVIRONMENTS)),
);
export const SIZE_RAID = rule(
  'size.raidWritePenalty',
  'Operations of disks for each write, by RAID level',
  '',
  z.strictObject({ raid0: count, raid1: count, raid10: count, raid5: count, raid6: count }),
);

export const SIZE_RULES = [SIZE_CONTROLLERS, SIZE_PROVISIONING, SIZE_THIN, SIZE_RAID];
