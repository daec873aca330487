/**
 * A plan as an engagement keeps it: the answer, what it saves, and what it was made from, so that it can be said when it
 * is out of date. An engagement file may come from a stranger, so that the shape is checked when it is read.
 */
import { z } from 'zod';
import { RESOURCES } from '../../assess/model/demand.ts';
import { isIronliftError } from '../../base/errors.ts';
import type { EngagementFile } from '../../store/engagement.ts';
import type { Plan } from './plan.ts';
import type { Savings } from './waves.ts';

const text = z.string();
const texts = z.array(text);
const number = z.number();
const server = { server: number, name: text };
const resource = z.enum(RESOURCES);
const binding = z.enum([...RESOURCES, 'storage', 'vcpus', 'machines', 'none']);
const outcome = z.enum([
  'good-candidate',
  'candidate-with-conditions',
  'keep-physical',
  'os-virtualization',
  'clustering',
  'unknown',
  'already-virtual',
  'retire',
  'excluded',
]);

export const planHost = z.object({
  name: text,
  template: text,
  existing: z.boolean(),
  spare: z.boolean(),
  servers: z.array(z.object({ ...server, vcpus: number, memoryBytes: number })),
  use: z.record(resource, z.object({ peak: number, mean: number, ceiling: number, slot: number })),
  binding,
  storageBytes: number,
  vcpusPerCore: number,
  blastRadius: z.object({ machines: number, critical: number, owners: texts }),
  warnings: texts,
});

export const planAnswer = z.object({
  scenario: text,
  rules: text,
  seed: number,
  hosts: z.array(planHost),
  unplaced: z.array(z.object({ ...server, why: text, next: text })),
  elsewhere: z.array(z.object({ ...server, outcome, why: text })),
  osGroups: z.array(
    z.object({
      id: text,
      title: text,
      servers: z.array(number),
      hosts: number,
      saved: z.object({ memoryBytes: number, diskBytes: number }),
    }),
  ),
  bound: z.object({ hosts: number, by: text, gap: number }),
  failover: z.object({
    failures: number,
    proved: z.boolean(),
    gaps: z.array(z.object({ hosts: texts, servers: texts })),
    added: number,
    reserve: number,
    sets: number,
    exhaustive: z.boolean(),
  }),
  backup: z.object({
    runs: z.array(
      z.object({
        server: number,
        host: text,
        days: z.array(number),
        startMinute: number,
        endMinute: number,
        relocatedFrom: text.nullable(),
        movedFrom: number.nullable(),
        method: z.enum(['agent', 'host', 'proxy']),
      }),
    ),
    clashes: z.array(z.object({ host: text, text, next: text })),
    hostJobs: texts,
  }),
  constraints: z.array(
    z.object({
      kind: z.enum(['together', 'apart', 'gathered', 'segment', 'pinned', 'hosts']),
      origin: z.enum(['scenario', 'found']),
      servers: texts,
      why: text,
    }),
  ),
  totals: z.object({
    servers: number,
    placed: number,
    hosts: number,
    ratio: number,
    sumOfPeaksHosts: number,
    sumOfP95Hosts: number,
    managedBefore: number,
    managedAfter: number,
  }),
  warnings: texts,
}) satisfies z.ZodType<Plan>;

const line = z.enum([
  'power',
  'cooling',
  'space',
  'maintenance',
  'support',
  'licences',
  'refresh',
  'hosts',
  'platform',
  'migration',
  'carbon',
]);

export const savingsAnswer = z.object({
  lines: z.array(
    z.object({
      id: line,
      title: text,
      before: number,
      after: number,
      unit: text,
      perYear: z.boolean(),
      basis: text,
    }),
  ),
  omitted: z.array(z.object({ id: line, missing: text })),
  cashFlow: z
    .array(z.object({ year: number, costs: number, savings: number, net: number, cumulative: number }))
    .nullable(),
  sensitivity: z.object({ low: number, high: number }).nullable(),
  assumptions: texts,
  warnings: texts.exactOptional(),
  notes: texts.exactOptional(),
  licensing: z
    .object({
      windows: z.array(
        z.object({
          host: text,
          machines: number,
          cores: number,
          standardSets: number,
          edition: z.enum(['none', 'standard', 'datacenter']).nullable(),
          cost: number.nullable(),
        }),
      ),
      breakEven: number.nullable(),
      groups: z.array(
        z.object({
          group: text,
          servers: number,
          hosts: number,
          cores: number,
          coresOfAll: number,
          saved: number,
        }),
      ),
    })
    .exactOptional(),
}) satisfies z.ZodType<Savings>;

/** Digests of what a plan was made from, part by part. */
export const planInputs = z.object({
  scenario: text,
  rules: text,
  /** What was collected. */
  servers: text,
  /** What was said of servers, waves left aside. */
  annotations: text,
});
export type PlanInputs = z.infer<typeof planInputs>;

export const planDocument = z.object({
  /** Of this shape. */
  version: z.literal(1),
  /** Milliseconds since 1970. */
  madeAt: number,
  effort: z.enum(['quick', 'normal', 'thorough']),
  inputs: planInputs,
  plan: planAnswer,
  savings: savingsAnswer,
  /** What was different in the plan before this one: sentences, and servers with a sentence each. */
  changed: z
    .object({
      summary: texts,
      changes: z.array(z.object({ ...server, what: text, before: text, after: text, why: text })),
    })
    .nullable(),
});
export type PlanDocument = z.infer<typeof planDocument>;

/** null: none was made, or none that can be read. @param name of the scenario */
export function keptPlan(engagement: EngagementFile, name: string): PlanDocument | null {
  let kept: unknown;
  try {
    kept = engagement.document('plan', name);
  } catch (error) {
    // A plan is made again in seconds: damage of it is no reason to stop.
    if (isIronliftError(error, 'ENGAGEMENT_DAMAGED')) return null;
    throw error;
  }
  const parsed = planDocument.safeParse(kept);
  return parsed.success ? parsed.data : null;
}
