/**
 * What is done in a process of its own: everything that reads what strangers made (disks, images, logs) or takes long. A
 * task is one file and one line here.
 */
import type { Progress } from '../../base/progress.ts';
import type { PrintPdf } from '../../report/writer.ts';
import type { HelperCommand } from '../../source/elevated/helper-command.ts';

export interface TaskWorld {
  now: () => number;
  version: string;
  /** Aborted by cancel and by pause. */
  signal: AbortSignal;
  /** Aborted by pause alone: stop at the next safe place and keep what was written. */
  pause: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** What it does now: one sentence. */
  onStep: (sentence: string) => void;
  note: (tone: 'info' | 'warning', sentence: string) => void;
  /** Of the shell, where disks of this computer are read by a helper. */
  deviceHelper?: HelperCommand | undefined;
  /** Of the shell, where it prints pages itself. */
  printPdf?: PrintPdf | undefined;
}

export interface Task<I, O> {
  /** Input and output are plain data: they cross a process boundary. */
  run(input: I, world: TaskWorld): Promise<O>;
}

/** Loaded when asked for: a process of one task starts fast. */
export const tasks = {
  plan: async () => (await import('./plan.ts')).planTask,
  report: async () => (await import('./report.ts')).reportTask,
  sample: async () => (await import('./sample.ts')).sampleTask,
  inspect: async () => (await import('./inspect.ts')).inspectTask,
  'convert-preview': async () => (await import('./convert.ts')).previewTask,
  convert: async () => (await import('./convert.ts')).convertTask,
  'convert-resume': async () => (await import('./convert.ts')).resumeTask,
  'convert-discard': async () => (await import('./convert.ts')).discardTask,
  'convert-undo': async () => (await import('./convert.ts')).undoTask,
  'boot-test': async () => (await import('./convert.ts')).bootTestTask,
  'image-info': async () => (await import('./images.ts')).imageInfoTask,
  'image-check': async () => (await import('./images.ts')).imageCheckTask,
  'image-compare': async () => (await import('./images.ts')).imageCompareTask,
  'image-convert': async () => (await import('./images.ts')).imageConvertTask,
  'look-at-pasted': async () => (await import('./paste.ts')).lookAtPastedTask,
  'import-pasted': async () => (await import('./paste.ts')).importPastedTask,
  import: async () => (await import('./import.ts')).importTask,
  'collect-local': async () => (await import('./collect-local.ts')).collectLocalTask,
  'collect-ssh': async () => (await import('./collect-ssh.ts')).collectSshTask,
  'test-ssh': async () => (await import('./test-ssh.ts')).testSshTask,
} as const satisfies Record<string, () => Promise<Task<never, unknown>>>;

export type TaskName = keyof typeof tasks;
type TaskOf<N extends TaskName> = Awaited<ReturnType<(typeof tasks)[N]>>;
export type TaskInput<N extends TaskName> = Parameters<TaskOf<N>['run']>[0];
export type TaskOutput<N extends TaskName> = Awaited<ReturnType<TaskOf<N>['run']>>;

/** The methods of a process that stays: what they share is kept in its memory between two of them. */
export type WorkerMethods = Record<string, (input: never, world: TaskWorld) => Promise<unknown>>;

/**
 * Processes that stay as long as the session wants to ask them something. A worker is one file and one line here; its
 * loader is called once in each process, so that what it makes belongs to that process.
 */
export const workers = {
  study: async () => (await import('../study/worker.ts')).studyWorker(),
} as const satisfies Record<string, () => Promise<WorkerMethods>>;

export type WorkerName = keyof typeof workers;
type WorkerOf<N extends WorkerName> = (typeof workers)[N] extends () => Promise<infer M> ? M : never;
export type WorkerMethod<N extends WorkerName> = keyof WorkerOf<N> & string;
type MethodOf<N extends WorkerName, M extends WorkerMethod<N>> = WorkerOf<N>[M] extends (
  input: infer I,
  world: TaskWorld,
) => Promise<infer O>
  ? { input: I; output: O }
  : never;
export type WorkerInput<N extends WorkerName, M extends WorkerMethod<N>> = MethodOf<N, M>['input'];
export type WorkerOutput<N extends WorkerName, M extends WorkerMethod<N>> = MethodOf<N, M>['output'];
