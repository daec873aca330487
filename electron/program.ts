/** What both shells (electron/main, electron/host) get of the program: handlers of its calls, its events, its jobs. */
import type { EventName, Handlers } from './contract.ts';
import type { Job, JobState } from '../migration-core/contract/jobs.ts';

export interface Program {
  handlers: Handlers;
  /** Returns what ends it. */
  onEvent(listener: (event: EventName, data: unknown) => void): () => void;
  jobs(): readonly Job[];
  /** Stops jobs where they can go on later, writes what is open, lets go of files. */
  close(): Promise<void>;
}

const WORKING: readonly JobState[] = ['queued', 'running', 'pausing', 'cancelling'];

export const workingJobs = (jobs: readonly Job[]): Job[] =>
  jobs.filter(({ state }) => WORKING.includes(state));

/** How far all of them are together, 0 to 1; null: nothing runs. Jobs count alike: their units differ. */
export function overallProgress(jobs: readonly Job[]): number | null {
  const working = workingJobs(jobs);
  if (working.length === 0) return null;
  const parts = working.map(({ progress }) =>
    progress === null || progress.total <= 0 ? 0 : Math.min(1, progress.done / progress.total),
  );
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}

/** "One job is" or "3 jobs are", for questions and farewells. */
export const jobsRunning = (count: number): string => (count === 1 ? 'One job is' : `${count} jobs are`);
