/** Questions to processes that are kept: short tasks, and workers with a memory. */
import { cancelled } from '../../base/cancel.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import type { Shell } from '../shell.ts';
import { errorOfEnd, TaskLine } from './task-line.ts';

export interface KeptOptions {
  shell: Shell;
  /** Shown by the system. */
  name: string;
  /** `at-once`: abort ends the process; `told`: it is told to stop first, for it has something to lose. */
  stop: 'at-once' | 'told';
  /** Milliseconds without a question after which it is ended; null: never. */
  idle: number | null;
  patience?: number | undefined;
}

/** Questions that wait; a page that asks more than this is out of its mind. */
const MAX_WAITING = 1000;

/** One process that answers one question at a time, in order; started when needed. */
export class KeptProcess {
  readonly #options: KeptOptions;
  #line: TaskLine | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: KeptOptions) {
    this.#options = options;
  }

  ask(
    name: string,
    input: unknown,
    signal: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): Promise<unknown> {
    if (this.#waiting >= MAX_WAITING)
      return Promise.reject(
        new IronliftError('JOB_NOT_POSSIBLE', 'Too much is asked at once.', {
          next: 'Wait until the answers are there.',
        }),
      );
    this.#waiting++;
    const turn = this.#last.then(async () => this.#run(name, input, signal, onProgress));
    this.#last = turn.then(
      () => this.#rest(),
      () => this.#rest(),
    );
    return new Promise((resolve, reject) => {
      // Who no longer waits is told at once, not when those before have their answers.
      const leave = (): void => reject(cancelled());
      signal.addEventListener('abort', leave, { once: true });
      turn.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  async #run(
    name: string,
    input: unknown,
    signal: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): Promise<unknown> {
    const isTakenBack = (): boolean => signal.aborted;
    if (isTakenBack() || this.#closed) throw cancelled();
    clearTimeout(this.#idle);
    if (this.#line === null || this.#line.isGone)
      this.#line = new TaskLine(this.#options.shell, this.#options.name, this.#options.patience);
    const line = this.#line;
    const call = line.run(name, input, { onProgress });
    const stop = (): void => {
      if (this.#options.stop === 'told') call.stop('cancel');
      else this.#end();
    };
    signal.addEventListener('abort', stop, { once: true });
    const end = await call.ended;
    signal.removeEventListener('abort', stop);
    if (end.end === 'died') this.#line = null;
    if (isTakenBack()) throw cancelled();
    if (end.end === 'done') return end.output;
    throw errorOfEnd(end, `The question (${name})`);
  }

  #rest(): void {
    this.#waiting--;
    const { idle } = this.#options;
    if (this.#waiting > 0 || idle === null) return;
    this.#idle = setTimeout(() => this.#end(), idle);
    this.#idle.unref();
  }

  #end(): void {
    this.#line?.kill();
    this.#line = null;
  }

  /** Ends the process; a question that is asked later starts a new one. */
  async restart(): Promise<void> {
    const line = this.#line;
    this.#end();
    await line?.gone;
  }

  /** For good. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    await this.restart();
  }
}
