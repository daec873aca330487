/** Every call and every event of the interface. An area is one file and one line here. */
import { z } from 'zod';
import { activityCalls } from './activity.ts';
import { appCalls } from './app.ts';
import { assessmentCalls } from './assessment.ts';
import type { CallDefinition } from './call.ts';
import { convertCalls } from './convert.ts';
import { engagementCalls } from './engagement.ts';
import { collectionCalls } from './collection.ts';
import { fileCalls } from './files.ts';
import { imageCalls } from './images.ts';
import { job, jobCalls } from './jobs.ts';
import { planCalls } from './plan.ts';
import { reportCalls } from './reports.ts';
import { ruleCalls } from './rules.ts';
import { scenarioCalls } from './scenarios.ts';
import { waveCalls } from './waves.ts';
import { projectCalls } from './project.ts';
import { serverCalls } from './servers.ts';

export const calls = {
  ...appCalls,
  ...fileCalls,
  ...engagementCalls,
  ...jobCalls,
  ...convertCalls,
  ...imageCalls,
  ...scenarioCalls,
  ...ruleCalls,
  ...assessmentCalls,
  ...planCalls,
  ...waveCalls,
  ...projectCalls,
  ...serverCalls,
  ...collectionCalls,
  ...activityCalls,
  ...reportCalls,
} as const satisfies Record<string, CallDefinition>;

export type Method = keyof typeof calls;
/** As a page writes it: defaults may be left away. */
export type Input<M extends Method> = z.input<(typeof calls)[M]['input']>;
/** As a handler gets it. */
export type ParsedInput<M extends Method> = z.output<(typeof calls)[M]['input']>;
export type Output<M extends Method> = z.output<(typeof calls)[M]['output']>;

/** What a page should ask for again. */
export const CHANGED = [
  'engagement',
  'jobs',
  'servers',
  'collections',
  'scenarios',
  'assessment',
  'plan',
  'waves',
  'conversions',
  'reports',
  'settings',
  'activity',
] as const;
export type Changed = (typeof CHANGED)[number];

export const events = {
  /** A job as it is now: at once when its state changes, otherwise at most four times a second for each. */
  job,
  /** The job is gone from the list. */
  'job-removed': z.object({ id: z.string() }),
  changed: z.object({ what: z.array(z.enum(CHANGED)) }),
} as const satisfies Record<string, z.ZodType>;
export type EventName = keyof typeof events;
export type EventData<E extends EventName> = z.output<(typeof events)[E]>;

/** As streams carry them: numbered, so that a client that comes back asks for what it missed. */
export interface NumberedEvent {
  number: number;
  event: EventName;
  data: unknown;
}
