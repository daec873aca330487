/** Hosts as servers are sized for them and planned onto them. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
const name = z.string().min(1).max(200);
const price = z.number().nonnegative();

/** A model of host to buy or to use. */
export const hostTemplate = z.strictObject({
  id: name,
  name,
  /** Where its figures come from. */
  source: z.string().default(''),
  sockets: count.min(1),
  /** Of all sockets. */
  cores: count.min(1),
  /** SPECrate2017_int_base of the whole host, where known; else launch year and MHz decide. */
  cpuScore: z.number().positive().optional(),
  cpuModel: z.string().optional(),
  megahertz: z.number().positive().optional(),
  launchYear: z.number().int().min(1990).max(2100).optional(),
  /** VT-x or AMD-V, and EPT or NPT. */
  hardwareVirtualization: z.boolean().default(true),
  nestedPaging: z.boolean().default(true),
  x64: z.boolean().default(true),
  memoryBytes: count.min(1),
  /** Its share of shared storage, or its own: operations/s at the mix of the estate, bytes/s. */
  diskOperations: z.number().positive(),
  diskBytesPerSecond: z.number().positive(),
  storageBytes: count.optional(),
  storage: z.enum(['shared', 'local']).default('shared'),
  spindles: z.boolean().default(false),
  /** Bits per second of one port. */
  nicPorts: count.default(2),
  nicSpeed: z.number().positive().default(10e9),
  hbaPorts: count.default(2),
  freeSlots: count.optional(),
  powerSupplies: count.default(2),
  formFactor: z.enum(['rack', 'blade', 'tower']).default('rack'),
  rackUnits: z.number().positive().default(2),
  idleWatts: z.number().nonnegative().optional(),
  peakWatts: z.number().nonnegative().optional(),
  /** null and absent: as many as needed may be bought. */
  price: price.optional(),
});
export type HostTemplate = z.infer<typeof hostTemplate>;
