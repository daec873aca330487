/** The jobs as they are: their states, what follows from a state, the list that is kept, and everybody told. */
import { IronliftError } from '../../base/errors.ts';
import type { Job } from '../../contract/jobs.ts';
import type { EventHub } from '../events.ts';
import type { Shell } from '../shell.ts';
import { announcer } from './announce.ts';
import { ProgressView } from './progress.ts';
import { isOver, MAX_JOBS, openJobStore, type JobRequest } from './store.ts';
import type { RunningCall } from './task-line.ts';

export interface ListWorld {
  shell: Shell;
  events: EventHub;
  /** A fault of the program, or something that could not be kept. */
  report: (error: unknown, where: string) => void;
}

export interface Entry {
  job: Job;
  request: JobRequest;
  holdsSecrets: boolean;
  /** What runs when it is its turn: `request` itself, or one of the tasks that it names. */
  next: 'start' | 'resume' | 'discard';
  whenDone: ((output: never) => void | Promise<void>) | undefined;
  view: ProgressView;
  /** While it runs. */
  call: RunningCall | null;
  /** Why it was told to stop. */
  intent: 'cancel' | 'pause' | 'close' | null;
}

/** Notes of a job that are kept, the newest. */
const MAX_NOTES = 200;
/** Milliseconds: how often running jobs are looked at for stalling, and how far they are is kept. */
const LOOK_EVERY = 5000;
/** Of one whose request held secrets and was not kept. */
const NO_REQUEST: JobRequest = {
  task: '',
  input: null,
  writes: 'none',
  engagement: null,
  canPause: false,
  resume: null,
  discard: null,
};

export class JobList {
  readonly #world: ListWorld;
  readonly #store: ReturnType<typeof openJobStore>;
  readonly #entries = new Map<string, Entry>();
  readonly #announce: ReturnType<typeof announcer>;
  readonly #look: NodeJS.Timeout;
  #stopAwake: (() => void) | null = null;
  #cannotKeep = false;

  constructor(world: ListWorld) {
    this.#world = world;
    const { shell, events } = world;
    this.#store = openJobStore(shell.dataFolder, shell.randomId());
    this.#announce = announcer((id) => {
      const job = this.#entries.get(id)?.job;
      if (job !== undefined) events.emit('job', copyOf(job));
      this.#showProgress();
    });
    this.#takeOver();
    this.#look = setInterval(() => this.#lookAtRunning(), LOOK_EVERY);
    this.#look.unref();
  }

  /** What programs that were killed had in their lists. */
  #takeOver(): void {
    const { found } = this.#store;
    for (const { job, request } of found.sort((a, b) => a.job.createdAt - b.job.createdAt)) {
      const entry: Entry = {
        ...{ job, request: request ?? NO_REQUEST, holdsSecrets: request === null, whenDone: undefined },
        ...{ next: 'start', view: new ProgressView(this.#world.shell.now()), call: null, intent: null },
      };
      this.#entries.set(job.id, entry);
      if (isOver(job)) continue;
      this.set(entry, 'interrupted', { endedAt: this.#world.shell.now(), step: null });
      this.note(entry, 'warning', 'The program ended while this job ran.');
    }
    if (found.length > 0) this.keep();
  }

  all(): Entry[] {
    return [...this.#entries.values()];
  }

  running(): Entry[] {
    return this.all().filter(({ job }) => !isOver(job) && job.state !== 'queued');
  }

  /** @throws JOB_NOT_FOUND */
  get(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new IronliftError('JOB_NOT_FOUND', 'This job is no longer in the list.', {
        next: 'Look at the list of jobs anew.',
      });
    return entry;
  }

  /** Queued. @throws JOB_NOT_POSSIBLE: too many wait */
  add(
    { kind, title }: Pick<Job, 'kind' | 'title'>,
    { request, holdsSecrets, whenDone }: Pick<Entry, 'request' | 'holdsSecrets' | 'whenDone'>,
  ): Entry {
    this.#makeRoom();
    const now = this.#world.shell.now();
    const job: Job = {
      ...{ id: `job-${this.#world.shell.randomId()}`, kind, title, state: 'queued' },
      ...{ createdAt: now, startedAt: null, endedAt: null, progress: null, step: null, notes: [] },
      ...{ error: null, result: null, canPause: false, canResume: false, canCancel: true, canRetry: false },
    };
    const entry: Entry = {
      ...{ job, request, holdsSecrets, whenDone },
      ...{ next: 'start', view: new ProgressView(now), call: null, intent: null },
    };
    this.#entries.set(job.id, entry);
    this.set(entry, 'queued');
    return entry;
  }

  #makeRoom(): void {
    for (const { job } of this.#entries.values()) {
      if (this.#entries.size < MAX_JOBS) return;
      if (isOver(job)) this.remove(job.id);
    }
    if (this.#entries.size >= MAX_JOBS)
      throw notPossible(`${MAX_JOBS} jobs wait already`, 'Wait until some of them are done.');
  }

  set(entry: Entry, state: Job['state'], also: Partial<Job> = {}): void {
    const { job, request } = entry;
    Object.assign(job, also, { state });
    const isKnown = request !== NO_REQUEST;
    const left =
      state === 'paused' ||
      state === 'interrupted' ||
      (state === 'failed' && job.error?.data['canResume'] === true);
    job.canPause = state === 'running' && request.canPause;
    job.canResume = isKnown && left && request.resume !== null;
    job.canCancel =
      ['queued', 'running', 'pausing'].includes(state) || (isKnown && left && request.discard !== null);
    job.canRetry = isKnown && ['failed', 'cancelled', 'interrupted'].includes(state);
    this.keep();
    this.#announce.now(job.id);
    this.#stayAwake();
  }

  note({ job }: Entry, tone: 'info' | 'warning', text: string): void {
    job.notes.push({ at: this.#world.shell.now(), tone, text });
    if (job.notes.length > MAX_NOTES) job.notes.splice(0, job.notes.length - MAX_NOTES);
    this.#announce.changed(job.id);
  }

  touched({ job }: Entry): void {
    this.#announce.changed(job.id);
  }

  remove(id: string): void {
    this.#entries.delete(id);
    this.#announce.forget(id);
    this.#world.events.emit('job-removed', { id });
  }

  /** In the data folder. */
  keep(): void {
    try {
      this.#store.write(
        this.all().map(({ job, request, holdsSecrets }) =>
          holdsSecrets
            ? { job: { ...job, canResume: false, canCancel: false, canRetry: false }, request: null }
            : { job, request },
        ),
      );
      this.#cannotKeep = false;
    } catch (error) {
      // Once, not for each of its steps.
      if (!this.#cannotKeep) this.#world.report(error, 'The list of jobs could not be kept');
      this.#cannotKeep = true;
    }
  }

  #lookAtRunning(): void {
    const busy = this.running();
    for (const entry of busy) {
      const { job, view } = entry;
      const before = job.progress?.stalledSince ?? null;
      job.progress = view.at(this.#world.shell.now()) ?? job.progress;
      if ((job.progress?.stalledSince ?? null) !== before) this.touched(entry);
    }
    if (busy.length > 0) this.keep();
  }

  #showProgress(): void {
    const parts = this.running().map(({ job: { progress } }) =>
      progress === null || progress.total <= 0 ? 0 : Math.min(1, progress.done / progress.total),
    );
    const sum = parts.reduce((all, part) => all + part, 0);
    this.#world.shell.showProgress?.(parts.length === 0 ? null : sum / parts.length);
  }

  #stayAwake(): void {
    if (this.running().length > 0) this.#stopAwake ??= this.#world.shell.keepAwake?.() ?? null;
    else {
      this.#stopAwake?.();
      this.#stopAwake = null;
    }
  }

  close(): void {
    clearInterval(this.#look);
    this.#announce.flush();
    this.#store.close();
  }
}

/** As it is now, for others. */
export const copyOf = (job: Job): Job => ({ ...job, notes: [...job.notes] });

export const notPossible = (what: string, next: string): IronliftError =>
  new IronliftError('JOB_NOT_POSSIBLE', `${what}.`, { next });
