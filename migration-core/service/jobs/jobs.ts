/** The jobs of a session: queue, processes, states, and the list that outlives the program. */
import { IronliftError } from '../../base/errors.ts';
import type { Job, JobKind } from '../../contract/jobs.ts';
import type { EventHub } from '../events.ts';
import type { DoneJob, Jobs, StartJob, Worker } from '../session.ts';
import type { Shell } from '../shell.ts';
import type { TaskInput, TaskName, TaskOutput, WorkerName } from '../tasks/table.ts';
import { announcer } from './announce.ts';
import { KeptProcess } from './ask.ts';
import { ProgressView } from './progress.ts';
import { isOver, MAX_JOBS, openJobStore, type JobRequest } from './store.ts';
import { errorOfEnd, TaskLine, type CallEnd, type RunningCall } from './task-line.ts';

export interface JobsWorld {
  shell: Shell;
  events: EventHub;
  log(what: string, details?: Record<string, unknown>, level?: 'info' | 'warning' | 'error'): void;
  /** A fault of the program, or something that could not be kept. */
  report(error: unknown, where: string): void;
  /** The session lets go of its file for a task that writes it, and takes it again. */
  release(title: string): void;
  reclaim(): void;
  /** Of jobs; see TaskLine. */
  patience?: number | undefined;
}

/** At once; the others wait. Reading and packing disks keeps a laptop busy with two. */
const MAX_RUNNING = 4;
const MAX_CONVERSIONS = 2;
const CONVERSIONS: readonly JobKind[] = ['convert', 'image-convert', 'boot-test'];
/** Notes of a job that are kept, the newest. */
const MAX_NOTES = 200;
/** Milliseconds: how often running jobs are looked at for stalling, and how far they are is kept. */
const LOOK_EVERY = 5000;
/** Milliseconds that the process of a short task is kept for the next question. */
const WARM = 60_000;

interface Entry {
  job: Job;
  request: JobRequest;
  holdsSecrets: boolean;
  /** Whether it goes on with what it has done: `request.resume` runs instead. */
  goesOn: boolean;
  whenDone: ((output: never) => void | Promise<void>) | undefined;
  view: ProgressView;
  call: RunningCall | null;
  line: TaskLine | null;
  intent: 'cancel' | 'pause' | 'close' | null;
}

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
  const { shell, events } = world;
  const store = openJobStore(shell.dataFolder, shell.randomId());
  const entries = new Map<string, Entry>();
  const listeners: { kind: JobKind; listener: (done: DoneJob) => void | Promise<void> }[] = [];
  const asked = new Map<string, KeptProcess>();
  const runs = new Set<Promise<void>>();
  let stopSleep: (() => void) | null = null;
  let cannotKeep = false;
  let isClosed = false;
  const announce = announcer((id) => {
    const entry = entries.get(id);
    if (entry !== undefined) events.emit('job', { ...entry.job, notes: [...entry.job.notes] });
    showProgress();
  });

  function keep(): void {
    try {
      store.write(
        [...entries.values()].map(({ job, request, holdsSecrets }) => ({
          job: holdsSecrets ? { ...job, canResume: false, canRetry: false } : job,
          request: holdsSecrets ? null : request,
        })),
      );
      cannotKeep = false;
    } catch (error) {
      // Once, not for each of its steps.
      if (!cannotKeep) world.report(error, 'The list of jobs could not be kept');
      cannotKeep = true;
    }
  }

  const running = (): Entry[] =>
    [...entries.values()].filter(({ job }) => !isOver(job) && job.state !== 'queued');

  function showProgress(): void {
    const parts = running().map(({ job: { progress } }) =>
      progress === null || progress.total <= 0 ? 0 : Math.min(1, progress.done / progress.total),
    );
    shell.showProgress?.(
      parts.length === 0 ? null : parts.reduce((sum, part) => sum + part, 0) / parts.length,
    );
  }

  /** State, what follows from it, the list that is kept, and everybody told. */
  function set(entry: Entry, state: Job['state'], also: Partial<Job> = {}): void {
    Object.assign(entry.job, { state }, also);
    const { job, request } = entry;
    const stays = request.resume !== null;
    job.canPause = state === 'running' && request.canPause;
    job.canResume =
      stays &&
      (state === 'paused' ||
        state === 'interrupted' ||
        (state === 'failed' && job.error?.data['canResume'] === true));
    job.canRetry = state === 'failed' || state === 'cancelled' || state === 'interrupted';
    keep();
    announce.changed(job.id);
    keepAwake();
  }

  function keepAwake(): void {
    const busy = running().length > 0;
    if (busy) stopSleep ??= shell.keepAwake?.() ?? null;
    else {
      stopSleep?.();
      stopSleep = null;
    }
  }

  function add(
    about: Pick<Job, 'kind' | 'title'>,
    request: JobRequest,
    holdsSecrets: boolean,
    whenDone: Entry['whenDone'],
  ): Entry {
    if (isClosed) throw notPossible('The program is being closed', 'Start it again.');
    makeRoom();
    const now = shell.now();
    const job: Job = {
      id: `job-${shell.randomId()}`,
      ...about,
      state: 'queued',
      createdAt: now,
      startedAt: null,
      endedAt: null,
      progress: null,
      step: null,
      notes: [],
      error: null,
      result: null,
      canPause: false,
      canResume: false,
      canRetry: false,
    };
    const view = new ProgressView(now);
    const entry: Entry = {
      ...{ job, request, holdsSecrets, whenDone, view },
      ...{ goesOn: false, call: null, line: null, intent: null },
    };
    entries.set(job.id, entry);
    set(entry, 'queued');
    pump();
    return entry;
  }

  function makeRoom(): void {
    for (const { job } of entries.values()) {
      if (entries.size < MAX_JOBS) return;
      if (isOver(job)) remove(job.id);
    }
    if (entries.size >= MAX_JOBS)
      throw notPossible(`${MAX_JOBS} jobs wait already`, 'Wait until some of them are done.');
  }

  function remove(id: string): void {
    entries.delete(id);
    announce.forget(id);
    events.emit('job-removed', { id });
  }

  function pump(): void {
    if (isClosed) return;
    for (const entry of entries.values()) {
      const busy = running();
      if (busy.length >= MAX_RUNNING) return;
      if (entry.job.state !== 'queued') continue;
      const { request, job } = entry;
      if (request.writes === 'engagement' && busy.some((one) => one.request.writes === 'engagement'))
        continue;
      const conversions = busy.filter((one) => CONVERSIONS.includes(one.job.kind)).length;
      if (CONVERSIONS.includes(job.kind) && conversions >= MAX_CONVERSIONS) continue;
      const done = run(entry)
        .catch((error: unknown) => world.report(error, job.title))
        .finally(() => {
          runs.delete(done);
          pump();
        });
      runs.add(done);
    }
  }

  async function run(entry: Entry): Promise<void> {
    const { job, request } = entry;
    const { task, input } = entry.goesOn && request.resume !== null ? request.resume : request;
    entry.intent = null;
    entry.view = new ProgressView(shell.now());
    set(entry, 'running', {
      ...{ startedAt: shell.now(), endedAt: null, error: null, progress: null, step: null },
    });
    world.log('Job started', { kind: job.kind, title: job.title, job: job.id });
    const end = await inProcess(entry, task, input).catch((error: unknown): CallEnd => {
      world.report(error, job.title);
      return { end: 'died', why: 'exit' };
    });
    await settle(entry, input, end);
  }

  async function inProcess(entry: Entry, task: string, input: unknown): Promise<CallEnd> {
    const { job, request } = entry;
    if (request.writes === 'engagement') world.release(job.title);
    try {
      const line = new TaskLine(shell, job.id, world.patience);
      entry.line = line;
      entry.call = line.run(task, input, {
        onProgress: (progress) => {
          job.progress = entry.view.update(progress, shell.now());
          announce.changed(job.id);
        },
        onStep: (text) => {
          job.step = text;
          announce.changed(job.id);
        },
        onNote: (tone, text) => addNote(entry, tone, text),
      });
      const end = await entry.call.ended;
      line.kill();
      await line.gone;
      return end;
    } finally {
      entry.call = null;
      entry.line = null;
      if (request.writes === 'engagement') world.reclaim();
    }
  }

  function addNote(entry: Entry, tone: 'info' | 'warning', text: string): void {
    const { notes } = entry.job;
    notes.push({ at: shell.now(), tone, text });
    if (notes.length > MAX_NOTES) notes.splice(0, notes.length - MAX_NOTES);
    announce.changed(entry.job.id);
  }

  async function settle(entry: Entry, input: unknown, end: CallEnd): Promise<void> {
    const { job, intent } = entry;
    const over = { endedAt: shell.now(), step: null };
    if (end.end === 'done') {
      try {
        job.result = end.output;
        for (const { kind, listener } of listeners)
          if (kind === job.kind) await listener({ job, input, output: end.output });
        await entry.whenDone?.(end.output as never);
        set(entry, 'done', over);
      } catch (error) {
        set(entry, 'failed', { ...over, error: told(error, job) });
      }
    } else if (intent === 'cancel') {
      if (end.end === 'died')
        addNote(entry, 'warning', 'Its process had to be ended; what it had written may be left.');
      set(entry, 'cancelled', over);
    } else if (intent !== null && (end.end === 'died' || end.error.code === 'CANCELLED'))
      set(entry, intent === 'pause' ? 'paused' : 'interrupted', over);
    else {
      const error = errorOfEnd(end, job.title);
      set(entry, end.end === 'died' ? 'interrupted' : 'failed', { ...over, error: told(error, job) });
    }
    announceEnd(job);
  }

  function told(error: unknown, job: Job): Job['error'] {
    if (!(error instanceof IronliftError) || error.cause !== undefined) world.report(error, job.title);
    if (error instanceof IronliftError) return error.toJSON();
    return new IronliftError('INTERNAL', 'The program made a mistake of its own.', {
      next: 'Export the log under Activity and send it to us; what was saved is safe.',
    }).toJSON();
  }

  function announceEnd(job: Job): void {
    const ends = {
      done: 'is done',
      failed: 'failed',
      interrupted: 'was interrupted',
      paused: 'was paused',
      cancelled: 'was cancelled',
    } as const;
    const how = ends[job.state as keyof typeof ends];
    world.log(
      `Job ${how}`,
      {
        ...{ kind: job.kind, title: job.title, job: job.id },
        ...(job.error === null ? {} : { code: job.error.code, message: job.error.message }),
      },
      job.state === 'failed' ? 'error' : job.state === 'interrupted' ? 'warning' : 'info',
    );
    if (['done', 'failed', 'interrupted'].includes(job.state))
      shell.notify?.(job.title, job.error?.message ?? `${job.title} ${how}.`);
  }

  function entryOf(id: string): Entry {
    const entry = entries.get(id);
    if (entry === undefined)
      throw new IronliftError('JOB_NOT_FOUND', 'This job is no longer in the list.', {
        next: 'Look at the list of jobs anew.',
      });
    return entry;
  }

  /** Throws unless it can be done now. */
  function ask(entry: Entry, may: boolean, what: string): void {
    if (!may)
      throw notPossible(
        `“${entry.job.title}” cannot be ${what} now: it is ${entry.job.state}`,
        'Look at the list of jobs anew.',
      );
  }

  for (const { job, request } of store.found.sort((a, b) => a.job.createdAt - b.job.createdAt)) {
    const entry: Entry = {
      job,
      request: request ?? { task: '', input: null, writes: 'none', canPause: false, resume: null },
      holdsSecrets: request === null,
      ...{ goesOn: false, whenDone: undefined, view: new ProgressView(shell.now()), call: null, line: null },
      intent: null,
    };
    entries.set(job.id, entry);
    if (!isOver(job)) {
      set(entry, 'interrupted', { endedAt: job.progress === null ? job.startedAt : shell.now(), step: null });
      addNote(entry, 'warning', 'The program ended while this job ran.');
    }
    if (request === null) Object.assign(job, { canResume: false, canRetry: false });
  }
  if (store.found.length > 0) keep();

  const look = setInterval(() => {
    const busy = running();
    for (const { job, view } of busy) {
      const before = job.progress?.stalledSince ?? null;
      job.progress = view.at(shell.now()) ?? job.progress;
      if ((job.progress?.stalledSince ?? null) !== before) announce.changed(job.id);
    }
    if (busy.length > 0) keep();
  }, LOOK_EVERY);
  look.unref();

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
    start<N extends TaskName>(wanted: StartJob<N>) {
      const { kind, title, task, input, writes, canPause = false, holdsSecrets = false, resume } = wanted;
      const request = { task, input, writes, canPause, resume: resume ?? null };
      return copyOf(add({ kind, title }, request, holdsSecrets, wanted.whenDone).job);
    },
    ask: async <N extends TaskName>(task: N, input: TaskInput<N>, signal: AbortSignal) =>
      (await keptProcess(`task ${task}`, task, 'at-once').ask(task, input, signal)) as TaskOutput<N>,
    worker: <N extends WorkerName>(name: N): Worker<N> => {
      const kept = keptProcess(`worker ${String(name)}`, name, 'told');
      return {
        ask: (method, input, signal, onProgress) =>
          kept.ask(`${String(name)}.${String(method)}`, input, signal, onProgress) as Promise<never>,
        close: () => void kept.restart(),
      };
    },
    list: () => [...entries.values()].map(({ job }) => copyOf(job)),
    whenDone(kind, listener) {
      listeners.push({ kind, listener });
    },
    get: (id) => copyOf(entryOf(id).job),
    cancel(id) {
      const entry = entryOf(id);
      ask(entry, ['queued', 'running', 'pausing'].includes(entry.job.state), 'cancelled');
      entry.intent = 'cancel';
      if (entry.job.state === 'queued') set(entry, 'cancelled', { endedAt: shell.now() });
      else {
        set(entry, 'cancelling');
        entry.call?.stop('cancel');
      }
    },
    pause(id) {
      const entry = entryOf(id);
      ask(entry, entry.job.canPause, 'paused');
      entry.intent = 'pause';
      set(entry, 'pausing');
      entry.call?.stop('pause');
    },
    resume(id) {
      const entry = entryOf(id);
      ask(entry, entry.job.canResume, 'continued');
      entry.goesOn = true;
      set(entry, 'queued');
      pump();
    },
    retry(id) {
      const entry = entryOf(id);
      ask(entry, entry.job.canRetry, 'done again');
      const { job, request, holdsSecrets, whenDone } = entry;
      remove(id);
      return copyOf(add({ kind: job.kind, title: job.title }, request, holdsSecrets, whenDone).job);
    },
    dismiss(id) {
      const entry = entryOf(id);
      ask(entry, isOver(entry.job), 'taken out of the list');
      remove(id);
      keep();
    },
    busy: () => [...entries.values()].filter(({ job }) => !isOver(job)).map(({ job }) => job.title),
    engagementWriter: () =>
      [...entries.values()].find(({ job, request }) => !isOver(job) && request.writes === 'engagement')?.job
        .title ?? null,
    async close() {
      isClosed = true;
      clearInterval(look);
      for (const entry of entries.values()) {
        if (entry.job.state === 'queued') set(entry, 'interrupted', { endedAt: shell.now() });
        else if (!isOver(entry.job)) {
          entry.intent ??= 'close';
          entry.call?.stop(entry.intent === 'cancel' ? 'cancel' : 'pause');
        }
      }
      await Promise.all([...asked.values()].map(async (one) => one.close()));
      await Promise.all(runs);
      announce.flush();
      store.close();
    },
  };
}

const copyOf = (job: Job): Job => ({ ...job, notes: [...job.notes] });

const notPossible = (what: string, next: string): IronliftError =>
  new IronliftError('JOB_NOT_POSSIBLE', `${what}.`, { next });
