/** What handlers share: the open engagement, the jobs, the files a person chose, and who is told of changes. */
import type { Changed } from '../contract/contract.ts';
import type { FilePurpose, FileRef } from '../contract/files.ts';
import type { Job, JobKind } from '../contract/jobs.ts';
import type { EngagementFile } from '../store/engagement.ts';
import type { Shell } from './shell.ts';
import type { TaskInput, TaskName, TaskOutput } from './tasks/table.ts';

export interface Files {
  /** @throws FILE_NOT_CHOSEN: unknown, or chosen for something else */
  pathOf(id: string, purpose: FilePurpose): string;
  /** For a path that the program itself knows. */
  register(path: string, purpose: FilePurpose): Promise<FileRef>;
}

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
  /** For a job that was interrupted or paused: the task that goes on with it. */
  resume?: { [R in TaskName]: { task: R; input: TaskInput<R> } }[TaskName];
  /** In the session's process, when it is done: open what was made, tell who asks. */
  whenDone?(output: TaskOutput<N>): void | Promise<void>;
}

export interface Jobs {
  /** Shown in the tray and kept in the data folder, so that it is known after a crash. Returns at once. */
  start<N extends TaskName>(job: StartJob<N>): Job;
  /** A task of seconds whose answer the caller waits for: not in the list. */
  ask<N extends TaskName>(task: N, input: TaskInput<N>, signal: AbortSignal): Promise<TaskOutput<N>>;
  list(): Job[];
}

export interface Session {
  readonly shell: Shell;
  readonly files: Files;
  readonly jobs: Jobs;
  /** @throws NO_ENGAGEMENT */
  engagement(): EngagementFile;
  /** null: none is open. */
  engagementPath(): string | null;
  /**
   * Runs an edit of the open engagement in one transaction, remembers how to take it back under `label` ("Tag 3 servers"),
   * tells of `changed` and writes the activity log. `undo` and `redo` are called in transactions, too.
   * @throws ENGAGEMENT_READ_ONLY
   */
  edit<T>(
    label: string,
    changed: readonly Changed[],
    work: () => { result: T; undo: () => void; redo: () => void },
  ): T;
  /** Tells pages to ask again. */
  changed(...what: Changed[]): void;
  /** One line of the audit trail; `details` hold no secrets. */
  log(what: string, details?: Record<string, unknown>): void;
  /** Name of the scenario that screens show. */
  scenario(): string;
}
