/**
 * A question to the planner: which servers, onto which hosts, under which rules. Kept in the engagement file by name, so
 * that several stand side by side. A document of the user: every field has a default or is asked for.
 */
import { z } from 'zod';
import { hostTemplate } from '../../assess/model/host.ts';
import { IronliftError } from '../../base/errors.ts';
import { listed } from '../../base/text.ts';

const count = z.number().int().nonnegative();
const name = z.string().min(1).max(200);
const names = z.array(name).max(100_000);
const price = z.number().nonnegative();

/** A host that stands there already. */
export const existingHost = z.strictObject({
  name,
  template: name,
  /** LUNs it sees; absent: all. */
  luns: names.optional(),
  site: name.optional(),
  zone: name.optional(),
  /** Present mean use, 0 to 1, of what its template offers. */
  load: z
    .strictObject({
      cpu: z.number().min(0).max(1).default(0),
      memory: z.number().min(0).max(1).default(0),
      diskOperations: z.number().min(0).max(1).default(0),
      diskBytes: z.number().min(0).max(1).default(0),
      networkBytes: z.number().min(0).max(1).default(0),
    })
    .prefault({}),
  machines: count.default(0),
});
export type ExistingHost = z.infer<typeof existingHost>;

export const PROFILES = ['conservative', 'balanced', 'aggressive'] as const;

export const scenario = z.strictObject({
  name,
  title: z.string().optional(),
  rulePack: z.string().default('modern'),
  profile: z.enum(PROFILES).default('balanced'),
  /** Of resources/platforms, or one given here. */
  platform: z.string().default('proxmox'),
  /** `minimum-hosts`: as few of `template` as will do; `given-hosts`: only those in `hosts`. */
  goal: z.enum(['minimum-hosts', 'given-hosts']).default('minimum-hosts'),
  template: name.default('modern-2u'),
  templates: z.array(hostTemplate).max(200).default([]),
  hosts: z.array(existingHost).max(20_000).default([]),
  /** Servers it is about; empty: all. */
  include: names.default([]),
  exclude: names.default([]),
  /** Host failures the plan survives; absent: by the rule pack (1 up to 16 hosts, one more for each 16). */
  failures: count.optional(),
  /** Rounds of search: quick, normal, thorough. */
  effort: z.enum(['quick', 'normal', 'thorough']).default('normal'),
  seed: count.default(1),
  /** Machines are spread evenly over the hosts, spare ones among them where the plan survives a loss all the same. */
  balance: z.boolean().default(true),
  /** Years the hosts must last, and growth a year (0.1 is ten per cent). */
  years: z.number().min(0).max(20).default(0),
  growth: z.number().min(-0.5).max(5).default(0),
  /** Names of servers. Those of one application cluster are found by themselves. */
  together: z.array(names).max(10_000).default([]),
  apart: z.array(names).max(10_000).default([]),
  /** Servers that stay on a host of that name: one that is there, or one that is bought and called so. */
  pinned: z
    .array(z.strictObject({ server: name, host: name }))
    .max(10_000)
    .default([]),
  /** Licence groups (annotations) that are kept on so many hosts. */
  licenceHosts: z.record(name, count.min(1)).default({}),
  /** VLANs reach hosts by trunks. */
  dot1q: z.boolean().default(true),
  maxMachinesPerHost: count.min(1).optional(),
  /** Other verdicts than virtual machines are counted in the plan as they are, or all are forced into machines. */
  mixed: z.boolean().default(true),
  prices: z
    .strictObject({
      currency: z.string().max(10).optional(),
      kilowattHour: price.optional(),
      rackUnitYear: price.optional(),
      host: price.optional(),
      hostMaintenanceYear: price.optional(),
      serverMaintenanceYear: price.optional(),
      /** Support contracts, apart from hardware maintenance. */
      serverSupportYear: price.optional(),
      hostSupportYear: price.optional(),
      serverRefresh: price.optional(),
      windowsStandardPerCore: price.optional(),
      windowsDatacenterPerCore: price.optional(),
      platformPerCoreYear: price.optional(),
      migrationPerServer: price.optional(),
      co2PerKilowattHour: price.optional(),
      pue: z.number().min(1).max(5).optional(),
    })
    .prefault({}),
  calendar: z
    .strictObject({
      /** ISO date of the first wave. */
      start: z
        .string()
        .regex(/^\d{4}-\d\d-\d\d$/u)
        .optional(),
      freezes: z
        .array(z.strictObject({ from: z.string(), to: z.string(), why: z.string().optional() }))
        .default([]),
      /** Hours a cut-over night has. */
      windowHours: z.number().positive().default(8),
      nightsPerWave: count.min(1).default(5),
      people: count.min(1).default(2),
      /** Bytes/s a copy makes, and how many run side by side. */
      copyBytesPerSecond: z.number().positive().optional(),
      copies: count.min(1).default(2),
    })
    .prefault({}),
});
export type Scenario = z.infer<typeof scenario>;

/** @throws SCENARIO_INVALID: what is wrong with it, field by field */
export function parseScenario(value: unknown): Scenario {
  const parsed = scenario.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new IronliftError(
    'SCENARIO_INVALID',
    `The scenario is not valid: ${listed(
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`),
    )}.`,
    {
      next: 'Mend these fields; `--settings -` shows a scenario with all of them.',
    },
  );
}
