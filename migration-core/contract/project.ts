/** What a new engagement can be set up with, before there is one. */
import { z } from 'zod';
import { call } from './call.ts';

export const projectChoices = z.object({
  platforms: z.array(z.object({ id: z.string(), name: z.string(), failover: z.boolean() })),
  templates: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      cores: z.number(),
      memoryBytes: z.number(),
      rackUnits: z.number(),
    }),
  ),
  profiles: z.array(
    z.object({
      name: z.enum(['conservative', 'balanced', 'aggressive']),
      /** `p95`. */
      cpuPercentile: z.string(),
      memoryPercentile: z.string(),
      /** What of a host may be used, 0 to 1. */
      hostCpu: z.number(),
      hostMemory: z.number(),
      vcpusPerCore: z.number(),
      source: z.string(),
    }),
  ),
  /** What a scenario begins with. */
  defaults: z.object({
    platform: z.string(),
    template: z.string(),
    profile: z.enum(['conservative', 'balanced', 'aggressive']),
  }),
});
export type ProjectChoices = z.infer<typeof projectChoices>;

export const projectCalls = {
  'project.choices': call('read', z.strictObject({}), projectChoices),
} as const;
