/** The open engagement: one at a time. */
import { z } from 'zod';
import { project } from '../store/model/project.ts';
import { call } from './call.ts';
import { fileId } from './files.ts';
import { jobId } from './jobs.ts';

export { DRIVERS, project, type Project } from '../store/model/project.ts';

/** The seven steps of the rail. */
export const STEPS = ['sources', 'inventory', 'candidates', 'plan', 'waves', 'convert', 'reports'] as const;
export type Step = (typeof STEPS)[number];

export const stepState = z.object({
  step: z.enum(STEPS),
  state: z.enum(['not-started', 'attention', 'ok']),
  /** Of things that need attention. */
  count: z.number(),
  /** What the state means here: one short sentence. */
  text: z.string(),
});

export const engagement = z.object({
  file: z.object({ id: fileId, name: z.string(), path: z.string() }),
  name: z.string(),
  project,
  /** Another program writes it, or the medium allows no writing: edits are refused. Why, in a sentence; null: writable. */
  readOnly: z.string().nullable(),
  createdAt: z.number(),
  utcOffsetMinutes: z.number(),
  servers: z.number(),
  /** Milliseconds since 1970. */
  firstSample: z.number().nullable(),
  lastSample: z.number().nullable(),
  steps: z.array(stepState),
  /** The scenario that screens show. */
  scenario: z.string(),
  /** What undo and redo would take back and do again; null: nothing. */
  undo: z.string().nullable(),
  redo: z.string().nullable(),
});
export type Engagement = z.infer<typeof engagement>;

const none = z.strictObject({});

export const engagementCalls = {
  'engagement.current': call('read', none, engagement.nullable()),
  'engagement.recent': call(
    'read',
    none,
    z.object({
      recent: z.array(
        z.object({
          id: fileId,
          name: z.string(),
          path: z.string(),
          openedAt: z.number(),
          there: z.boolean(),
        }),
      ),
    }),
  ),
  'engagement.open': call('write', z.strictObject({ file: fileId }), engagement),
  'engagement.create': call(
    'write',
    z.strictObject({
      file: fileId,
      name: z.string().min(1).max(200),
      utcOffsetMinutes: z.number().int().min(-840).max(840),
      project: project.prefault({}),
    }),
    engagement,
  ),
  /** Makes the invented customer in the program's own folder and opens it. */
  'engagement.sample': call('write', none, z.object({ job: jobId })),
  'engagement.close': call('write', none, none),
  'engagement.saveProject': call('write', project, engagement),
  'engagement.undo': call('write', none, engagement),
  'engagement.redo': call('write', none, engagement),
} as const;
