/** Verdicts: which servers become virtual machines, how large, and why. */
import { z } from 'zod';
import { call } from './call.ts';
import { citation, outcome, resourceName, scenarioName, serverId, serverIds, verdict } from './study.ts';

export const assessmentRow = z.object({
  server: serverId,
  name: z.string(),
  verdict: outcome,
  /** What the rules say; another one where it was decided by hand. */
  ruled: outcome,
  second: outcome.nullable(),
  decided: z.boolean(),
  score: z.number().nullable(),
  /** 1 to 5. */
  stars: z.number(),
  /** One sentence: what matters most. */
  reason: z.string(),
  vcpus: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  usage: z.enum(['active', 'idle', 'zombie', 'unknown']),
  group: z.string().nullable(),
  roles: z.array(z.string()),
  method: z.string(),
  /** Gates that are open. */
  gates: z.number(),
  blockers: z.number(),
  environment: z.string().nullable(),
  criticality: z.string().nullable(),
  owner: z.string().nullable(),
  operatingSystem: z.string().nullable(),
});
export type AssessmentRow = z.infer<typeof assessmentRow>;

const statistic = z.object({
  resource: resourceName,
  unit: z.string(),
  mean: z.number(),
  p50: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  maximum: z.number(),
  /** 0 to 1. */
  coverage: z.number(),
  /** The one that the profile sizes by: `p95`. */
  sizedBy: z.string(),
  /** What there is of it on the server as it stands; null: not known. */
  capacity: z.number().nullable(),
});
export type StatisticView = z.infer<typeof statistic>;

export const oneAssessment = z.object({
  row: assessmentRow,
  because: z.string(),
  override: z.object({ verdict, reason: z.string(), by: z.string().nullable() }).nullable(),
  reasons: z.array(
    z.object({
      tone: z.enum(['for', 'against', 'note']),
      text: z.string(),
      weight: z.number().nullable(),
      rules: z.array(citation),
    }),
  ),
  gates: z.array(
    z.object({
      id: z.string(),
      severity: z.enum(['blocker', 'warning', 'info']),
      title: z.string(),
      because: z.string(),
      fix: z.string(),
      evidence: z.array(z.string()),
      fixable: z.boolean(),
      met: z.boolean(),
      /** Could not be judged for want of this. */
      unknown: z.string().nullable(),
      rules: z.array(citation),
    }),
  ),
  /** What would lead to another verdict. */
  changes: z.array(z.string()),
  confidence: z.object({
    value: z.number(),
    stars: z.number(),
    parts: z.object({
      coverage: z.number(),
      duration: z.number(),
      metrics: z.number(),
      cycle: z.number(),
    }),
    caps: z.array(z.object({ limit: z.number(), why: z.string(), next: z.string() })),
  }),
  score: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      weight: z.number(),
      points: z.number(),
      rules: z.array(citation),
    }),
  ),
  /** As it stands, and as a virtual machine. */
  physical: z.object({
    vendor: z.string().nullable(),
    model: z.string().nullable(),
    operatingSystem: z.string().nullable(),
    processor: z.string().nullable(),
    cores: z.number().nullable(),
    memoryBytes: z.number().nullable(),
    diskBytes: z.number().nullable(),
    nics: z.number().nullable(),
  }),
  machine: z
    .object({
      basis: z.enum(['measured', 'application', 'as-configured']),
      vcpus: z.number(),
      memoryBytes: z.number(),
      diskBytes: z.number(),
      copyBytes: z.number(),
      nics: z.number(),
      ioClass: z.string(),
      disks: z.array(z.object({ name: z.string(), bytes: z.number(), provisioning: z.string() })),
      reasons: z.array(z.object({ text: z.string(), rules: z.array(citation) })),
    })
    .nullable(),
  /** A typical week from Monday 00:00 as the server is now; null: never measured. Values by half hours, null for gaps. */
  week: z
    .object({
      slotMinutes: z.literal(30),
      rows: z.array(
        z.object({
          resource: resourceName,
          unit: z.string(),
          values: z.array(z.number().nullable()),
          p95: z.number().nullable(),
          capacity: z.number().nullable(),
        }),
      ),
    })
    .nullable(),
  statistics: z.array(statistic),
  measured: z.object({ from: z.number(), to: z.number(), days: z.number() }).nullable(),
  backups: z.array(
    z.object({
      startMinute: z.number(),
      endMinute: z.number(),
      days: z.array(z.number()),
      basis: z.enum(['seen', 'told']),
    }),
  ),
  remarks: z.array(z.string()),
  /** Servers that are alike. */
  alike: z
    .object({ title: z.string(), pilot: z.string(), members: z.array(z.string()), more: z.number() })
    .nullable(),
});
export type OneAssessment = z.infer<typeof oneAssessment>;

const who = z.string().max(200);
const changedServers = z.object({ changed: z.number() });

export const assessmentCalls = {
  'assessment.list': call(
    'read',
    z.strictObject({ scenario: scenarioName.optional() }),
    z.object({
      scenario: scenarioName,
      rules: z.string(),
      profile: z.string(),
      platform: z.string(),
      host: z.string(),
      rows: z.array(assessmentRow),
      totals: z.record(outcome, z.number()),
      /** Of single servers, what could not be read. */
      problems: z.array(z.object({ name: z.string(), message: z.string(), next: z.string() })),
    }),
  ),
  'assessment.server': call(
    'read',
    z.strictObject({ server: serverId, scenario: scenarioName.optional() }),
    oneAssessment,
  ),
  /** Decides by hand; null takes the decision back. */
  'assessment.override': call(
    'write',
    z.strictObject({
      servers: serverIds,
      decision: z
        .strictObject({ verdict, reason: z.string().min(1).max(500), by: who.optional() })
        .nullable(),
    }),
    changedServers,
  ),
  /** Says of a condition that it was seen to, or not. */
  'assessment.tick': call(
    'write',
    z.strictObject({ servers: serverIds, gate: z.string().min(1).max(20), met: z.boolean() }),
    changedServers,
  ),
  /** Makes what the rules say the decision, so that it stands when rules or samples change. */
  'assessment.accept': call(
    'write',
    z.strictObject({ servers: serverIds, by: who.optional() }),
    changedServers,
  ),
} as const;
