/** The jobs of a session: what is started when, what runs in which process, and how it ended. */
import { ERROR_KINDS, type ErrorCode } from '../../base/error-codes.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Job, JobKind } from '../../contract/jobs.ts';
import type { DoneJob, Jobs, LogLevel, StartJob } from '../session.ts';
import type { TaskInput, TaskName, TaskOutput, WorkerName } from '../tasks/table.ts';
import { KeptProcess } from './ask.ts';
import { copyOf, JobList, notPossible, type Entry, type ListWorld } from './list.ts';
import { ProgressView } from './progress.ts';
import { isOver } from './store.ts';
import { errorOfEnd, TaskLine, type CallEnd } from './task-line.ts';

export interface JobsWorld extends ListWorld {
  log: (what: string, details?: Record<string, unknown>, level?: LogLevel) => void;
  /** Path of the open engagement. @throws NO_ENGAGEMENT, ENGAGEMENT_READ_ONLY */
  writable: () => string;
  /** The session lets go of its file for the task of that title, which writes it, and takes it again. */
  release: (title: string) => void;
  reclaim: () => void;
  /** Of tasks; see TaskLine. */
  patience?: number | undefined;
}

/** At once; the others wait. Reading and packing disks keeps a laptop busy with two. */
const MAX_RUNNING = 4;
const MAX_CONVERSIONS = 2;
const CONVERSIONS: readonly JobKind[] = ['convert', 'image-convert', 'boot-test'];
/** Milliseconds that the process of a short task is kept for the next question. */
const WARM = 60_000;

export interface JobDesk extends Jobs {
  get(id: string): Job;
  cancel(id: string): void;
  pause(id: string): void;
  resume(id: string): void;
  retry(id: string): Job;
  dismiss(id: string): void;
  /** Titles of jobs that run or wait. */
  busy(): string[];
  /** The title of one that writes the engagement or waits to; null: none. */
  engagementWriter(): string | null;
  /** Running jobs come to a safe place and are interrupted; then all processes are gone. */
  close(): Promise<void>;
}

export function makeJobs(world: JobsWorld): JobDesk {
  const { shell } = world;
  const list = new JobList(world);
  const listeners: { kind: JobKind; listener: (done: DoneJob) => void | Promise<void> }[] = [];
  const asked = new Map<string, KeptProcess>();
  const runs = new Set<Promise<void>>();
  let isClosed = false;

  function start(about: Pick<Job, 'kind' | 'title'>, also: Parameters<JobList['add']>[1]): Entry {
    if (isClosed) throw notPossible('The program is being closed', 'Start it again.');
    const entry = list.add(about, also);
    pump();
    return entry;
  }

  function queue(entry: Entry, next: Entry['next']): void {
    entry.next = next;
    list.set(entry, 'queued');
    pump();
  }

  function pump(): void {
    if (isClosed) return;
    for (const entry of list.all()) {
      if (entry.job.state !== 'queued' || !hasRoom(entry)) continue;
      const done = run(entry)
        .catch((error: unknown) => world.report(error, entry.job.title))
        .finally(() => {
          runs.delete(done);
          pump();
        });
      runs.add(done);
    }
  }

  function hasRoom({ job, request }: Entry): boolean {
    const busy = list.running();
    if (request.writes === 'engagement' && busy.some((one) => one.request.writes === 'engagement'))
      return false;
    const conversions = busy.filter((one) => CONVERSIONS.includes(one.job.kind)).length;
    if (CONVERSIONS.includes(job.kind) && conversions >= MAX_CONVERSIONS) return false;
    return busy.length < MAX_RUNNING;
  }

  async function run(entry: Entry): Promise<void> {
    const { job, request } = entry;
    const { next } = entry;
    const { task, input } = (next === 'start' ? null : request[next]) ?? request;
    entry.intent = next === 'discard' ? 'cancel' : null;
    entry.view = new ProgressView(shell.now());
    const fresh = { endedAt: null, error: null, progress: null, step: null };
    if (next === 'discard') list.set(entry, 'cancelling', fresh);
    else list.set(entry, 'running', { ...fresh, startedAt: shell.now() });
    world.log('Job started', { kind: job.kind, title: job.title, job: job.id });
    const end = await inProcess(entry, task, input).catch((error: unknown): CallEnd => {
      world.report(error, job.title);
      return { end: 'died', why: 'exit', code: null };
    });
    if (next === 'discard') discarded(entry, end);
    else await settle(entry, input, end);
  }

  async function inProcess(entry: Entry, task: string, input: unknown): Promise<CallEnd> {
    const { job, request } = entry;
    try {
      if (request.writes === 'engagement') world.release(job.title);
      const line = new TaskLine(shell, job.id, world.patience);
      entry.call = line.run(task, input, {
        onProgress: (progress) => {
          job.progress = entry.view.update(progress, shell.now());
          list.touched(entry);
        },
        onStep: (text) => {
          job.step = text;
          list.touched(entry);
        },
        onNote: (tone, text) => list.note(entry, tone, text),
      });
      const end = await entry.call.ended;
      // Gone before anybody else opens what it had open.
      line.kill();
      await line.gone;
      return end;
    } finally {
      entry.call = null;
      if (request.writes === 'engagement') world.reclaim();
    }
  }

  async function settle(entry: Entry, input: unknown, end: CallEnd): Promise<void> {
    const { job, intent, request } = entry;
    const over = { endedAt: shell.now(), step: null };
    if (end.end === 'done') {
      try {
        job.result = end.output;
        for (const { kind, listener } of listeners)
          if (kind === job.kind) await listener({ job: copyOf(job), input, output: end.output });
        await entry.whenDone?.(end.output as never);
        list.set(entry, 'done', over);
      } catch (error) {
        list.set(entry, 'failed', { ...over, error: told(error, job) });
      }
    } else if (intent === 'cancel') {
      if (end.end === 'died' && request.discard !== null) {
        entry.next = 'discard';
        list.set(entry, 'queued', over);
        return;
      }
      if (end.end === 'died')
        list.note(entry, 'warning', 'Its process had to be ended; what it had written may be left.');
      list.set(entry, 'cancelled', over);
    } else if (intent !== null && (end.end === 'died' || isCancelled(end.error.code)))
      list.set(entry, intent === 'pause' ? 'paused' : 'interrupted', over);
    else {
      const error = told(errorOfEnd(end, job.title), job);
      list.set(entry, end.end === 'died' ? 'interrupted' : 'failed', { ...over, error });
    }
    announceEnd(job);
  }

  /** What it had written is gone, or is not: then it can be tried again. */
  function discarded(entry: Entry, end: CallEnd): void {
    const { job } = entry;
    const over = { endedAt: shell.now(), step: null };
    if (end.end === 'done') list.set(entry, 'cancelled', over);
    else list.set(entry, 'interrupted', { ...over, error: told(errorOfEnd(end, job.title), job) });
    announceEnd(job);
  }

  /** For pages; the log has what is behind it. */
  function told(error: unknown, job: Job): Job['error'] {
    if (!(error instanceof IronliftError) || error.cause !== undefined) world.report(error, job.title);
    if (error instanceof IronliftError) return error.toJSON();
    return new IronliftError('INTERNAL', 'The program made a mistake of its own.', {
      next: 'Export the log under Activity and send it to us; what was saved is safe.',
    }).toJSON();
  }

  function announceEnd({ kind, title, id, state, error }: Job): void {
    const [how, level, isTold] = ENDS[state] ?? ['ended', 'info', false];
    const why = error === null ? {} : { code: error.code, message: error.message };
    world.log(`Job ${how}`, { kind, title, job: id, ...why }, level);
    if (isTold) shell.notify?.(title, error?.message ?? `${title} ${how}.`);
  }

  /** @throws JOB_NOT_POSSIBLE unless it can be done now */
  function demand({ job }: Entry, may: boolean, what: string): void {
    if (!may)
      throw notPossible(
        `“${job.title}” cannot be ${what} now: it is ${job.state}`,
        'Look at the list of jobs anew.',
      );
  }

  /** What writes an engagement writes the one it was started for. */
  function demandEngagement({ job, request }: Entry): void {
    if (request.writes !== 'engagement' || request.engagement === world.writable()) return;
    throw notPossible(
      `“${job.title}” belongs to another engagement: ${request.engagement ?? 'one that is not known'}`,
      'Open that one first.',
    );
  }

  function keptProcess(key: string, name: string, stop: 'at-once' | 'told'): KeptProcess {
    const existing = asked.get(key);
    if (existing !== undefined) return existing;
    const made = new KeptProcess({
      ...{ shell, name, stop, patience: world.patience },
      idle: stop === 'told' ? null : WARM,
    });
    asked.set(key, made);
    return made;
  }

  return {
    start: <N extends TaskName>(wanted: StartJob<N>) => {
      const { kind, title, task, input, writes, canPause = false, holdsSecrets = false } = wanted;
      const engagement = writes === 'engagement' ? world.writable() : null;
      const { resume = null, discard = null } = wanted;
      const request = { task, input, writes, engagement, canPause, resume, discard };
      return copyOf(start({ kind, title }, { request, holdsSecrets, whenDone: wanted.whenDone }).job);
    },
    ask: async <N extends TaskName>(task: N, input: TaskInput<N>, signal: AbortSignal) =>
      (await keptProcess(`task ${task}`, task, 'at-once').ask(task, input, signal)) as TaskOutput<N>,
    worker: (name: WorkerName): never => {
      const worker: string = name;
      const kept = keptProcess(`worker ${worker}`, worker, 'told');
      const asking = {
        ask: async (...[method, ...rest]: Parameters<KeptProcess['ask']>): Promise<unknown> =>
          kept.ask(`${worker}.${method}`, ...rest),
        close: () => void kept.restart(),
      };
      // What crosses to another process has no types: those of the table are taken as they are said there.
      return asking as never;
    },
    list: () => list.all().map(({ job }) => copyOf(job)),
    whenDone: (kind, listener) => void listeners.push({ kind, listener }),
    get: (id) => copyOf(list.get(id).job),
    cancel(id) {
      const entry = list.get(id);
      demand(entry, entry.job.canCancel === true, 'cancelled');
      entry.intent = 'cancel';
      if (isOver(entry.job)) {
        demandEngagement(entry);
        queue(entry, 'discard');
      } else if (entry.job.state === 'queued') {
        // Of one that waits to go on something is there already.
        if (entry.next !== 'start' && entry.request.discard !== null) queue(entry, 'discard');
        else list.set(entry, 'cancelled', { endedAt: shell.now() });
      } else {
        list.set(entry, 'cancelling');
        entry.call?.stop('cancel');
      }
    },
    pause(id) {
      const entry = list.get(id);
      demand(entry, entry.job.canPause, 'paused');
      entry.intent = 'pause';
      list.set(entry, 'pausing');
      entry.call?.stop('pause');
    },
    resume(id) {
      const entry = list.get(id);
      demand(entry, entry.job.canResume, 'continued');
      demandEngagement(entry);
      queue(entry, 'resume');
    },
    retry(id) {
      const entry = list.get(id);
      demand(entry, entry.job.canRetry, 'done again');
      demandEngagement(entry);
      // The same job: what is known of it elsewhere, under its id, stays true.
      Object.assign(entry.job, { notes: [], error: null, result: null, progress: null });
      queue(entry, 'start');
      return copyOf(entry.job);
    },
    dismiss(id) {
      const entry = list.get(id);
      demand(entry, isOver(entry.job), 'taken out of the list');
      list.remove(id);
      list.keep();
    },
    busy: () =>
      list
        .all()
        .filter(({ job }) => !isOver(job))
        .map(({ job }) => job.title),
    engagementWriter: () =>
      list.all().find(({ job, request }) => !isOver(job) && request.writes === 'engagement')?.job.title ??
      null,
    async close() {
      isClosed = true;
      for (const entry of list.all()) {
        if (entry.job.state === 'queued') list.set(entry, 'interrupted', { endedAt: shell.now() });
        else if (!isOver(entry.job)) {
          entry.intent ??= 'close';
          entry.call?.stop(entry.intent === 'cancel' ? 'cancel' : 'pause');
        }
      }
      await Promise.all([...asked.values()].map(async (one) => one.close()));
      await Promise.all(runs);
      list.close();
    },
  };
}

/** How it is told, at which level of the log, and whether a person who looks elsewhere is told. */
const ENDS: Partial<Record<Job['state'], [how: string, level: LogLevel, isTold: boolean]>> = {
  done: ['is done', 'info', true],
  failed: ['failed', 'error', true],
  interrupted: ['was interrupted', 'warning', true],
  paused: ['was paused', 'info', false],
  cancelled: ['was cancelled', 'info', false],
};

/** Ended because it was told to: a conversion that keeps what it has says PAUSED. */
const isCancelled = (code: string): boolean =>
  Object.hasOwn(ERROR_KINDS, code) && ERROR_KINDS[code as ErrorCode] === 'cancelled';
