/** The plan: which machine on which host, how full they get and when, and what that saves. */
import { z } from 'zod';
import { planAnswer, planHost, savingsAnswer } from '../plan/model/plan-document.ts';
import { call } from './call.ts';
import { jobId } from './jobs.ts';
import { resourceName, scenarioName, serverId, whatIf } from './study.ts';

export const EFFORTS = ['quick', 'normal', 'thorough'] as const;

export const hostView = planHost.extend({
  templateName: z.string(),
  rackUnits: z.number(),
  cores: z.number(),
  memoryBytes: z.number(),
  /** When the binding constraint is highest, `Tuesday 10:00`; null: it has no time. */
  when: z.string().nullable(),
  /** Highest share of the whole host by hour from Monday 00:00, and what may be used of it. */
  strips: z.array(
    z.object({ resource: resourceName, hours: z.array(z.number()).length(168), ceiling: z.number() }),
  ),
  /** Names of servers that the scenario pins here. */
  pinned: z.array(z.string()),
});
export type HostView = z.infer<typeof hostView>;

export const planView = planAnswer.extend({
  madeAt: z.number(),
  effort: z.enum(EFFORTS),
  profile: z.string(),
  hosts: z.array(hostView),
  savings: savingsAnswer,
  /** Why it is out of date: sentences; empty: it is not. */
  stale: z.array(z.string()),
  /** Against the plan before this one. */
  changed: whatIf.nullable(),
  /** The estate before and after, to scale. */
  before: z.object({ servers: z.number(), rackUnits: z.number() }),
  after: z.object({ hosts: z.number(), rackUnits: z.number() }),
});
export type PlanView = z.infer<typeof planView>;

export const triedMove = z.object({
  fits: z.boolean(),
  text: z.string(),
  next: z.string(),
  binding: z.string().nullable(),
  when: z.string().nullable(),
  use: z.array(
    z.object({ resource: resourceName, before: z.number(), after: z.number(), ceiling: z.number() }),
  ),
  along: z.array(z.string()),
});
export type TriedMoveView = z.infer<typeof triedMove>;

const one = { scenario: scenarioName.optional() };

export const planCalls = {
  /** null: none was made. */
  'plan.get': call(
    'read',
    z.strictObject(one),
    z.object({ scenario: scenarioName, plan: planView.nullable() }),
  ),
  'plan.start': call(
    'write',
    z.strictObject({ ...one, effort: z.enum(EFFORTS).optional() }),
    z.object({ job: jobId }),
  ),
  /** Whether the server would fit on that host of the plan, at once. */
  'plan.try': call(
    'read',
    z.strictObject({ ...one, server: serverId, host: z.string().max(200) }),
    triedMove,
  ),
  /** Keeps the server on the host when the plan is made anew; null lets go of it. */
  'plan.pin': call(
    'write',
    z.strictObject({ ...one, server: serverId, host: z.string().min(1).max(200).nullable() }),
    z.object({ pinned: z.number() }),
  ),
  'plan.compare': call(
    'read',
    z.strictObject({ scenarios: z.array(scenarioName).min(1).max(20) }),
    z.object({
      scenarios: z.array(scenarioName),
      rows: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          unit: z.string(),
          values: z.array(z.union([z.number(), z.string()]).nullable()),
          better: z.enum(['less', 'more']).nullable(),
          best: z.array(z.number()),
        }),
      ),
      /** Scenarios without a plan. */
      missing: z.array(scenarioName),
    }),
  ),
} as const;
