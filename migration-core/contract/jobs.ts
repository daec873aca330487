/**
 * Work that takes longer than a person waits: it runs in a process of its own, is told of by `job` events, and can be
 * cancelled at any moment. A call that starts one returns its id at once.
 */
import { z } from 'zod';
import { call } from './call.ts';

/** What is done; service/tasks/table.ts says how. */
export const JOB_KINDS = [
  'sample',
  'import',
  'collect-local',
  'collect-ssh',
  'plan',
  'convert',
  'undo',
  'discard',
  'boot-test',
  'image-check',
  'image-convert',
  'image-compare',
  'report',
] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * `interrupted`: its process died or the program was closed; `paused`: a person stopped it and what was written stays.
 * Both can go on where `canResume` says so.
 */
export const JOB_STATES = [
  'queued',
  'running',
  'pausing',
  'paused',
  'interrupted',
  'cancelling',
  'cancelled',
  'failed',
  'done',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const jobId = z.string().regex(/^job-[0-9a-z-]{1,60}$/u);

export const callError = z.object({
  code: z.string(),
  message: z.string(),
  next: z.string(),
  data: z.record(z.string(), z.unknown()),
});

export const jobProgress = z.object({
  /** `copy`, `verify`, `reading` ... */
  phase: z.string(),
  /** 'bytes', or what is counted instead: `servers`, `lines`. */
  unit: z.string(),
  done: z.number(),
  total: z.number(),
  /** Bytes that did not have to be read: free space, swap. */
  skipped: z.number(),
  /** A second, over the last 30 seconds, and since this phase began; 0 until known. */
  rate: z.number(),
  meanRate: z.number(),
  /** Seconds left, as a range; null until 5 % or 30 s are over. */
  left: z.object({ least: z.number(), most: z.number() }).nullable(),
  /** The estimate grew by more than a quarter: the screen says "recalculating" instead of jumping. */
  recalculating: z.boolean(),
  /** What holds it up: seen from how long reads and writes wait; null: unknown. */
  bottleneck: z.enum(['source', 'target', 'processor']).nullable(),
  /** No progress for a minute: since when, milliseconds since 1970. */
  stalledSince: z.number().nullable(),
});
export type JobProgress = z.infer<typeof jobProgress>;

export const job = z.object({
  id: jobId,
  kind: z.enum(JOB_KINDS),
  /** `Convert web01 for Proxmox VE`: shown in the tray. */
  title: z.string(),
  state: z.enum(JOB_STATES),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  progress: jobProgress.nullable(),
  /** What it does now: one sentence. */
  step: z.string().nullable(),
  /** Sentences to be read, oldest first; at most 200 are kept. */
  notes: z.array(z.object({ at: z.number(), tone: z.enum(['info', 'warning']), text: z.string() })),
  error: callError.nullable(),
  /** Of a finished job: by kind, see the area's file. */
  result: z.unknown(),
  canPause: z.boolean(),
  canResume: z.boolean(),
  /** Also of one that does not run and left something: cancelling takes that away. */
  canCancel: z.boolean().optional(),
  /** The same again with what it was started with. */
  canRetry: z.boolean(),
});
export type Job = z.infer<typeof job>;

const one = z.strictObject({ job: jobId });
const none = z.strictObject({});

export const jobCalls = {
  'jobs.list': call('read', none, z.object({ jobs: z.array(job) })),
  'jobs.get': call('read', one, job),
  /** Stops it and takes away what it wrote; the last note says what was removed. */
  'jobs.cancel': call('write', one, none),
  /** Stops it and keeps what was written. */
  'jobs.pause': call('write', one, none),
  'jobs.resume': call('write', one, none),
  /** From the beginning, as the same job. */
  'jobs.retry': call('write', one, z.object({ job: jobId })),
  /** Out of the list; only of jobs that are over. */
  'jobs.dismiss': call('write', one, none),
} as const;
