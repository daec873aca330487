/**
 * What a virtualization platform offers the planner: its kind, its limits and the systems it runs. The shipped ones are
 * in resources/platforms/*.json; ids are those of `ironlift convert --to`, with `-2007` profiles for old ones.
 */
import { z } from 'zod';

export const ARCHITECTURES = ['full', 'paravirtual', 'hardware-assisted', 'os'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

const count = z.number().int().positive();

export const platformProfile = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Where the limits come from. */
  source: z.string(),
  architecture: z.enum(ARCHITECTURES),
  /** EPT or NPT is used. */
  nestedPaging: z.boolean(),
  /** How guests reach disks and network: `emulated`, `paravirtual`. */
  devices: z.enum(['emulated', 'paravirtual']),
  /** Whose paravirtual drivers a guest needs; absent: not known, then emulated devices are counted on. */
  drivers: z.enum(['virtio', 'vmware', 'hyperv', 'none']).optional(),
  /** Can give whole devices to a guest. */
  passThrough: z.boolean(),
  maxVcpus: count,
  maxMemoryBytes: count,
  maxDisks: count,
  maxDiskBytes: count,
  maxNics: count,
  /** Smaller limits of machines with a BIOS, where there are such. */
  bios: z.strictObject({ maxVcpus: count, maxMemoryBytes: count }).optional(),
  firmware: z.array(z.enum(['bios', 'uefi'])),
  secureBoot: z.boolean(),
  tpm: z.boolean(),
  /** 802.1Q trunks to virtual switches. */
  dot1q: z.boolean(),
  npiv: z.boolean(),
  /** Restarts machines of a host that failed; needs shared storage. */
  failover: z.boolean(),
  /** Isolation as of hardware and failover, for critical applications in OS virtualization (SR-47). */
  hardwareIsolation: z.boolean(),
  maturity: z.enum(['mature', 'emerging', 'new-here']),
});
export type PlatformProfile = z.infer<typeof platformProfile>;
