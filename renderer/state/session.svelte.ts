/** What every screen shares: the open engagement, the settings, the jobs, messages, and what changed since. */
import type { About, Client, Engagement, Job, Settings } from './types.ts';
import { CHANGED_KINDS, type ChangedKind } from './types.ts';
import { makeFormat } from '../format.ts';
import { common } from '../text/common.ts';
import { shownError, type ShownError } from './shown-error.ts';

export interface Toast {
  id: number;
  text: string;
  tone: 'good' | 'stop' | 'info';
  /** Offers Undo: of the last edit. */
  canUndo: boolean;
}

/** Milliseconds that a message stays; nobody has to read faster than that, it stays while the pointer is on it. */
const TOAST_MS = 6000;
/** Milliseconds: figures that change faster than this cannot be read, and drawing them costs the processor that copies. */
const PROGRESS_EVERY = 250;
/** The oldest goes when there are more. */
const TOASTS_AT_MOST = 3;

const ACTIVE = new Set(['queued', 'running', 'pausing', 'cancelling']);

export class SessionState {
  readonly client: Client;
  about: About | null = $state.raw(null);
  settings: Settings = $state.raw({
    theme: 'system',
    density: 'normal',
    locale: null,
    consultant: '',
    company: '',
  });
  engagement: Engagement | null = $state.raw(null);
  /** Newest first. */
  jobs: Job[] = $state.raw([]);
  toasts: Toast[] = $state.raw([]);
  /** Set when the program cannot be reached at all. */
  failed: ShownError | null = $state.raw(null);
  ready = $state(false);
  /** How the line to the program is. */
  line: 'up' | 'down' | 'gone' = $state('up');
  readonly format = $derived(makeFormat(this.settings.locale));
  readonly activeJobs = $derived(this.jobs.filter(({ state }) => ACTIVE.has(state)));
  readonly #versions: Record<ChangedKind, number> = $state(
    Object.fromEntries(CHANGED_KINDS.map((kind) => [kind, 0])) as Record<ChangedKind, number>,
  );
  #nextToast = 1;

  constructor(client: Client) {
    this.client = client;
  }

  /** How often this changed: read it in an effect, and the effect runs again when it changes. */
  version(kind: ChangedKind): number {
    return this.#versions[kind];
  }

  /** Loads what the frame needs and listens. Returns what ends it. */
  start(): () => void {
    const ends = [
      this.client.on('job', (job) => this.#hear(job)),
      () => clearTimeout(this.#soon),
      this.client.on('job-removed', ({ id }) => {
        this.#held.delete(id);
        this.jobs = this.jobs.filter((job) => job.id !== id);
      }),
      this.client.on('changed', ({ what }) => {
        for (const kind of what) this.#versions[kind]++;
        void this.#reload(what);
      }),
    ];
    void this.#load();
    return () => ends.forEach((end) => end());
  }

  async #load(): Promise<void> {
    try {
      const [about, settings, engagement, { jobs }] = await Promise.all([
        this.client.call('app.about', {}),
        this.client.call('app.settings', {}),
        this.client.call('engagement.current', {}),
        this.client.call('jobs.list', {}),
      ]);
      this.about = about;
      this.settings = settings;
      this.engagement = engagement;
      const known = new Set(this.jobs.map(({ id }) => id));
      this.jobs = [...this.jobs, ...jobs.filter(({ id }) => !known.has(id))].sort(
        (a, b) => b.createdAt - a.createdAt,
      );
      this.failed = null;
      this.ready = true;
    } catch (error) {
      this.failed = shownError(error);
    }
  }

  async #reload(what: readonly ChangedKind[]): Promise<void> {
    try {
      if (what.includes('settings')) this.settings = await this.client.call('app.settings', {});
      // Steps of the rail, undo and redo depend on everything.
      if (what.some((kind) => kind !== 'settings'))
        this.engagement = await this.client.call('engagement.current', {});
    } catch (error) {
      this.fail(error);
    }
  }

  /** Of jobs that only came further: shown together, now and then. */
  #held = new Map<string, Job>();
  #soon: ReturnType<typeof setTimeout> | undefined;

  #hear(job: Job): void {
    const known = this.jobs.find(({ id }) => id === job.id);
    if (known?.state !== job.state || known.notes.length !== job.notes.length) {
      this.#held.delete(job.id);
      this.#put(job);
      return;
    }
    this.#held.set(job.id, job);
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      for (const held of this.#held.values()) this.#put(held);
      this.#held.clear();
    }, PROGRESS_EVERY);
  }

  #put(job: Job): void {
    const at = this.jobs.findIndex(({ id }) => id === job.id);
    this.jobs = at < 0 ? [job, ...this.jobs] : this.jobs.with(at, job);
  }

  /** The job once it is over: done, failed, cancelled, paused or interrupted. */
  jobOver(id: string): Promise<Job> {
    return new Promise((resolve, reject) => {
      let listening: (() => void) | null = null;
      const settle = (job: Job): void => {
        if (job.id !== id || ACTIVE.has(job.state)) return;
        listening?.();
        resolve(job);
      };
      listening = this.client.on('job', settle);
      // It may have been over before we listened.
      this.client.call('jobs.get', { job: id }).then(settle, reject);
    });
  }

  async saveSettings(change: Partial<Settings>): Promise<void> {
    this.settings = await this.client.call('app.saveSettings', { ...this.settings, ...change });
  }

  toast(
    text: string,
    { tone = 'good', canUndo = false }: { tone?: Toast['tone']; canUndo?: boolean } = {},
  ): void {
    const id = this.#nextToast++;
    this.toasts = [...this.toasts, { id, text, tone, canUndo }].slice(-TOASTS_AT_MOST);
    setTimeout(() => this.dismissToast(id), TOAST_MS);
  }

  dismissToast(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** An error that belongs to no place of the screen. */
  fail(error: unknown): void {
    const { message, next } = shownError(error);
    this.toast(`${message} ${next}`, { tone: 'stop' });
  }

  async undo(): Promise<void> {
    const what = this.engagement?.undo ?? null;
    if (what === null) {
      this.toast(common.nothingToUndo, { tone: 'info' });
      return;
    }
    try {
      this.engagement = await this.client.call('engagement.undo', {});
      this.toast(common.undone(what));
    } catch (error) {
      this.fail(error);
    }
  }

  async redo(): Promise<void> {
    const what = this.engagement?.redo ?? null;
    if (what === null) {
      this.toast(common.nothingToRedo, { tone: 'info' });
      return;
    }
    try {
      this.engagement = await this.client.call('engagement.redo', {});
      this.toast(common.redone(what));
    } catch (error) {
      this.fail(error);
    }
  }
}

/** The one of this page; set by main.ts before anything is drawn. */
export let session: SessionState;
export const openSession = (client: Client): SessionState => (session = new SessionState(client));
