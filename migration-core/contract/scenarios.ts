/** Scenarios: the questions that are put to the planner, kept by name. */
import { z } from 'zod';
import { hostTemplate } from '../assess/model/host.ts';
import { scenario } from '../plan/model/scenario.ts';
import { call } from './call.ts';
import { scenarioName, whatIf } from './study.ts';

export const scenarioSummary = z.object({
  name: scenarioName,
  title: z.string(),
  /** Of the program: cannot be removed. */
  isDefault: z.boolean(),
  profile: z.string(),
  platform: z.string(),
  template: z.string(),
  /** Fields that are not as the program has them. */
  changed: z.number(),
  /** When it was planned; null: never, or not since it can be read. */
  plannedAt: z.number().nullable(),
});

/** Figures of one of the three profiles, as the rule pack has them. */
export const profileFigures = z.object({
  name: z.enum(['conservative', 'balanced', 'aggressive']),
  cpuPercentile: z.string(),
  memoryPercentile: z.string(),
  ioPercentile: z.string(),
  comfort: z.number(),
  hostCpu: z.number(),
  hostMemory: z.number(),
  hostDisk: z.number(),
  hostNetwork: z.number(),
  failoverCpu: z.number(),
  failoverMemory: z.number(),
  vcpusPerCore: z.number(),
  memoryOvercommit: z.number(),
  shape: z.string(),
  source: z.string(),
});
export type ProfileFigures = z.infer<typeof profileFigures>;

const none = z.strictObject({});

export const scenarioCalls = {
  'scenarios.list': call(
    'read',
    none,
    z.object({ selected: scenarioName, scenarios: z.array(scenarioSummary) }),
  ),
  'scenarios.get': call(
    'read',
    z.strictObject({ name: scenarioName }),
    z.object({
      scenario,
      /** As the program has it: what differs is marked. */
      defaults: scenario,
      /** Paths of fields that differ, `calendar.people`. */
      changed: z.array(z.string()),
    }),
  ),
  /** Under the name in it. */
  'scenarios.save': call('write', z.strictObject({ scenario }), z.object({ changed: z.number() })),
  'scenarios.remove': call('write', z.strictObject({ name: scenarioName }), none),
  'scenarios.select': call('write', z.strictObject({ name: scenarioName }), none),
  /** What there is to choose from. */
  'scenarios.catalogue': call(
    'read',
    none,
    z.object({
      platforms: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          source: z.string(),
          architecture: z.string(),
          maxVcpus: z.number(),
          maxMemoryBytes: z.number(),
          failover: z.boolean(),
          dot1q: z.boolean(),
        }),
      ),
      templates: z.array(hostTemplate),
      packs: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          version: z.number(),
          date: z.string(),
          about: z.string(),
          /** The customer's own. */
          own: z.boolean(),
          extends: z.string().nullable(),
          profiles: z.array(profileFigures),
        }),
      ),
      /** Packs of the customer that cannot be used, and why. */
      damaged: z.array(z.object({ id: z.string(), why: z.string() })),
      /** Names of servers, for lists of those that stay together or apart. */
      servers: z.array(z.string()),
      licenceGroups: z.array(z.object({ group: z.string(), servers: z.number() })),
    }),
  ),
  /** What would be different from the scenario as it is kept, without keeping it. */
  'scenarios.preview': call(
    'read',
    z.strictObject({ scenario }),
    z.object({
      whatIf,
      /** What contradicts itself or names nobody: sentences. */
      conflicts: z.array(z.string()),
      /** Servers that no host could take. */
      unplaceable: z.array(z.object({ name: z.string(), why: z.string(), next: z.string() })),
      verdicts: z.object({
        before: z.record(z.string(), z.number()),
        after: z.record(z.string(), z.number()),
      }),
    }),
  ),
} as const;
