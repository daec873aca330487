/**
 * The list of jobs in the data folder. Each running program has a list of its own there, with a lock that the system
 * releases however the program ends: a list without a holder is that of one that was killed, and is taken over.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { job, type Job } from '../../contract/jobs.ts';
import { takeLock, type Lock } from '../../store/lock.ts';
import { readKept, removeQuietly, writeJson } from '../data-folder.ts';

const taskCall = z.object({ task: z.string().max(100), input: z.unknown() });

/** What it takes to do a job again, or to go on with it. */
export const jobRequest = taskCall.extend({
  writes: z.enum(['engagement', 'none']),
  /** Path of the one it writes. */
  engagement: z.string().nullable(),
  canPause: z.boolean(),
  resume: taskCall.nullable(),
  discard: taskCall.nullable(),
});
export type JobRequest = z.infer<typeof jobRequest>;

/** `request` null: it held secrets. */
const keptJob = z.object({ job, request: jobRequest.nullable() });
export type KeptJob = z.infer<typeof keptJob>;

/** Jobs in the list; older ones that are over go. */
export const MAX_JOBS = 200;
/** Characters. A report of an import may be long; after a restart nobody needs it. */
const MAX_RESULT = 100_000;
/** Lists of killed programs that are looked at. */
const MAX_LISTS = 100;

const list = z.object({ version: z.literal(1), jobs: z.array(z.unknown()).max(2 * MAX_JOBS) });

export interface JobStore {
  /** Of programs that were killed, as they were then. */
  readonly found: KeptJob[];
  /** @throws system errors */
  write(jobs: KeptJob[]): void;
  /** Removes the list where nothing is in it. */
  close(): void;
}

/** @param unique name of this run of the program */
export function openJobStore(dataFolder: string, unique: string): JobStore {
  const folder = join(dataFolder, 'jobs');
  const path = join(folder, `${unique}.json`);
  let lock: Lock | null = null;
  const found: KeptJob[] = [];
  const taken: string[] = [];
  let isEmpty = true;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    lock = takeLock(path);
    if (lock !== null) adopt(folder, `${unique}.json`, found, taken);
  } catch {
    // Nothing can be kept there: the list lives as long as the program. write() says so.
  }
  return {
    found,
    write(jobs) {
      writeJson(path, { version: 1, jobs: jobs.map(kept) }, unique);
      isEmpty = jobs.length === 0;
      // Only now they are in the new list.
      for (const old of taken.splice(0)) removeQuietly(old);
    },
    close() {
      if (isEmpty) removeQuietly(path);
      lock?.release();
    },
  };
}

function adopt(folder: string, own: string, found: KeptJob[], taken: string[]): void {
  const names = readdirSync(folder)
    .filter((name) => /^[0-9a-z-]{1,80}\.json$/u.test(name) && name !== own)
    .sort()
    .slice(0, MAX_LISTS);
  for (const name of names) {
    const path = join(folder, name);
    const theirs = takeLock(path);
    if (theirs === null) continue;
    try {
      for (const one of readKept(path, list, { version: 1, jobs: [] }).jobs) {
        const parsed = keptJob.safeParse(one);
        if (parsed.success) found.push(parsed.data);
      }
      taken.push(path);
    } finally {
      theirs.release();
    }
  }
}

function kept({ job, request }: KeptJob): KeptJob {
  const text = JSON.stringify(job.result) as string | undefined;
  const result = text === undefined || text.length > MAX_RESULT ? null : job.result;
  return { job: { ...job, result }, request };
}

const OVER = new Set<Job['state']>(['paused', 'interrupted', 'cancelled', 'failed', 'done']);
export const isOver = (job: Job): boolean => OVER.has(job.state);
