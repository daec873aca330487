/**
 * What people say of a server, which no tool can measure: how much depends on it, who owns it, what it may not share a
 * host with, and what they decided against our advice. All optional: what is absent is unknown and treated with caution.
 */
import { z } from 'zod';

const minutes = z.number().int().min(0).max(1440);
/** ISO date, `2026-11-25`. */
const date = z.string().regex(/^\d{4}-\d\d-\d\d$/u);
const text = z.string().max(500);
const texts = z.array(text).max(1000);

export const CRITICALITIES = ['low', 'normal', 'high', 'critical'] as const;
export const ENVIRONMENTS = [
  'production',
  'disaster-recovery',
  'test',
  'development',
  'training',
  'lab',
] as const;
export type Criticality = (typeof CRITICALITIES)[number];
export type Environment = (typeof ENVIRONMENTS)[number];

export const backupWindow = z.object({
  /** After midnight in the time of the site; an end before the start is on the next day. */
  startMinute: minutes,
  endMinute: minutes,
  /** 0 is Monday; empty: every day. */
  days: z.array(z.number().int().min(0).max(6)).default([]),
});

export type BackupWindow = z.output<typeof backupWindow>;

export const serverAnnotations = z.object({
  criticality: z.enum(CRITICALITIES).optional(),
  environment: z.enum(ENVIRONMENTS).optional(),
  applications: texts.optional(),
  owner: text.optional(),
  site: text.optional(),
  /** Security zone: servers of different zones never share a host. */
  zone: text.optional(),
  tags: texts.optional(),

  /** How long it may stand still for the move, minutes. */
  downtimeMinutes: z.number().nonnegative().optional(),
  backup: z
    .object({
      windows: z.array(backupWindow).max(50).default([]),
      method: z.enum(['agent', 'host', 'proxy', 'none']).optional(),
      /** May stand still for a moment while a snapshot is taken. */
      toleratesFreeze: z.boolean().optional(),
    })
    .optional(),
  freezes: z
    .array(z.object({ from: date, to: date, why: text.optional() }))
    .max(100)
    .optional(),
  dependsOn: texts.optional(),

  /** What the application itself offers for failing over. */
  clustering: z.enum(['native', 'os-cluster', 'none']).optional(),
  latencySensitive: z.boolean().optional(),
  timeCritical: z.boolean().optional(),
  needsStrongIsolation: z.boolean().optional(),
  vendorForbidsVirtualization: z.boolean().optional(),
  licence: z
    .object({
      /** Servers of one group are licensed by the hosts they may run on: `oracle`, `windows-datacenter`. */
      group: text.optional(),
      boundToHardware: z.boolean().optional(),
      vendorConsents: z.boolean().optional(),
    })
    .optional(),
  encryptionKeyKnown: z.boolean().optional(),
  /** LUNs of a SAN that it keeps: every host it may run on must see them. */
  luns: texts.optional(),
  /** Devices that go through to the virtual machine: it is pinned to its host. */
  passThrough: texts.optional(),
  /** Dongles and the like that a server of the network can take over. */
  usbOverIp: z.boolean().optional(),

  /** SPECrate2017_int_base of the whole server, as published for its model. */
  cpuScore: z.number().positive().optional(),
  launchYear: z.number().int().min(1990).max(2100).optional(),
  /** What it is for where nothing was measured: an application card and its clients. */
  sizedBy: z
    .array(z.object({ card: text, clients: z.number().nonnegative() }))
    .max(100)
    .optional(),

  /** Watts: measured at the socket; what the label says. */
  measuredWatts: z.number().nonnegative().optional(),
  nameplateWatts: z.number().nonnegative().optional(),
  rackUnits: z.number().nonnegative().optional(),
  supportEnds: date.optional(),
  /** In the currency of the engagement. */
  yearlyMaintenance: z.number().nonnegative().optional(),

  /** What becomes better for an essential server by moving. */
  availabilityBenefit: text.optional(),
  /** The customer's decision; our own verdict stays beside it. */
  override: z
    .object({
      verdict: z.enum([
        'good-candidate',
        'candidate-with-conditions',
        'keep-physical',
        'os-virtualization',
        'clustering',
      ]),
      reason: text,
      by: text.optional(),
    })
    .optional(),
  sizing: z
    .object({
      vcpus: z.number().int().positive().optional(),
      memoryBytes: z.number().int().positive().optional(),
      reason: text,
    })
    .optional(),
  /** Conditions (ids of gates) that were seen to. */
  conditionsMet: texts.optional(),
  /** The wave it was put into by hand; null: taken out of all of them. Absent: where the planner puts it. */
  wave: z.number().int().nonnegative().nullable().optional(),
  /** What was noted beside its wave. */
  waveNote: z.string().max(32_767).optional(),
});
export type ServerAnnotations = z.infer<typeof serverAnnotations>;
