/** What handlers share: the open engagement, the jobs, the files a person chose, and who is told of changes. */
import type { Progress } from '../base/progress.ts';
import type { Settings } from '../contract/app.ts';
import type { Changed } from '../contract/contract.ts';
import type { FilePurpose, FileRef } from '../contract/files.ts';
import type { Job, JobKind } from '../contract/jobs.ts';
import type { EngagementFile } from '../store/engagement.ts';
import type { Shell } from './shell.ts';
import type {
  TaskInput,
  TaskName,
  TaskOutput,
  WorkerInput,
  WorkerMethod,
  WorkerName,
  WorkerOutput,
} from './tasks/table.ts';

export interface Files {
  /** @throws FILE_NOT_CHOSEN: unknown, or chosen for something else */
  pathOf(id: string, purpose: FilePurpose): string;
  /** For a path that the program itself knows. The same path and purpose have the same id. */
  register(path: string, purpose: FilePurpose): Promise<FileRef>;
}

/** A task with its own input. */
export type TaskCall = { [R in TaskName]: { task: R; input: TaskInput<R> } }[TaskName];

export interface StartJob<N extends TaskName> {
  kind: JobKind;
  title: string;
  task: N;
  input: TaskInput<N>;
  /**
   * `engagement`: the task writes the open engagement file, so the session lets go of it meanwhile, edits are refused with
   * a sentence, and jobs of this kind wait for each other. `none`: it runs beside everything.
   */
  writes: 'engagement' | 'none';
  canPause?: boolean;
  /**
   * The input holds a password or the like: it is not kept in the data folder, and after the program was closed the job
   * can neither go on nor be done again.
   */
  holdsSecrets?: boolean;
  /**
   * For a job that was interrupted or paused: the task that goes on with it. Also for one that failed, where the `data` of
   * its error has `canResume: true`.
   */
  resume?: TaskCall;
  /**
   * Takes away what the job wrote, where it cannot do so itself any more: when a person cancels one that was paused,
   * interrupted or failed half way, and when it was cancelled and its process had to be ended. Its notes say what was
   * removed.
   */
  discard?: TaskCall;
  /**
   * In the session's process, when it is done: open what was made, tell who asks. Known for as long as the program runs; what
   * must also happen after a job that went on later is told by `Jobs.whenDone`.
   */
  whenDone?: (output: TaskOutput<N>) => void | Promise<void>;
}

/** A process that stays. It is started with the first question, and anew after it died. */
export interface Worker<N extends WorkerName> {
  /**
   * Questions are answered one at a time, in the order they were asked. The answer is plain data.
   * @throws CANCELLED when `signal` fires: a question that waits is dropped; one that is being answered is told to stop
   * (`TaskWorld.signal`), and after ten seconds without an end the process is ended with all it had in memory.
   * @throws TASK_DIED, and what the method throws
   */
  ask<M extends WorkerMethod<N>>(
    method: M,
    input: WorkerInput<N, M>,
    signal: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): Promise<WorkerOutput<N, M>>;
  /** Ends the process, and with it what it had in memory: after the engagement was closed. */
  close(): void;
}

export interface DoneJob {
  job: Job;
  /** What its task got and what it returned. */
  input: unknown;
  output: unknown;
}

export interface Jobs {
  /**
   * Shown in the tray and kept in the data folder, so that it is known after a crash. Returns at once.
   * @throws JOB_NOT_POSSIBLE; where it writes the engagement: NO_ENGAGEMENT, ENGAGEMENT_READ_ONLY
   */
  start<N extends TaskName>(job: StartJob<N>): Job;
  /**
   * A task of seconds whose answer the caller waits for: not in the list. Of one task one at a time, in a process that is
   * kept warm for a while; it is ended at once when `signal` fires.
   * @throws CANCELLED, TASK_DIED, and what the task throws
   */
  ask<N extends TaskName>(task: N, input: TaskInput<N>, signal: AbortSignal): Promise<TaskOutput<N>>;
  /** There is one of each name; a later caller gets the same. */
  worker<N extends WorkerName>(name: N): Worker<N>;
  list(): Job[];
  /**
   * After each job of this kind that is done, in whatever run of the program it was started: called by the handlers of
   * an area once, when they are made. Before `StartJob.whenDone`.
   */
  whenDone(kind: JobKind, listener: (done: DoneJob) => void | Promise<void>): void;
}

export type LogLevel = 'info' | 'warning' | 'error';

export interface Session {
  readonly shell: Shell;
  readonly files: Files;
  readonly jobs: Jobs;
  /**
   * Ask anew each time: jobs that write the file make it another object.
   * @throws NO_ENGAGEMENT
   */
  engagement(): EngagementFile;
  /** null: none is open. */
  engagementPath(): string | null;
  /**
   * After another engagement was opened, or none is open any more. Not after a job wrote to it: that is told as `changed`
   * to pages alone.
   */
  onEngagementChanged(listener: () => void): void;
  /**
   * Runs an edit of the open engagement in one transaction, remembers how to take it back under `label` ("Tag 3 servers"),
   * tells of `changed` and writes the activity log. `undo` and `redo` are called in transactions, too, and must use
   * `engagement()` as it is then.
   * @throws ENGAGEMENT_READ_ONLY
   */
  edit<T>(
    label: string,
    changed: readonly Changed[],
    work: () => { result: T; undo: () => void; redo: () => void },
  ): T;
  /** Tells pages to ask again. What was written to the file without `edit` must be told this way, `servers` above all. */
  changed(...what: Changed[]): void;
  /** One line of the audit trail; `details` hold no secrets. Names of servers and people belong in `details`, not in `what`. */
  log(what: string, details?: Record<string, unknown>, level?: LogLevel): void;
  settings(): Settings;
  /** Name of the scenario that screens show. */
  scenario(): string;
  /** Kept for this engagement on this computer. */
  showScenario(name: string): void;
}
