/** One task process, from the side of the session: what is asked of it, what it says, and its end. */
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import { ERROR_KINDS, type ErrorCode } from '../../base/error-codes.ts';
import type { Progress } from '../../base/progress.ts';
import type { Shell, TaskProcess } from '../shell.ts';
import { reply, type Failure, type Request } from '../tasks/protocol.ts';

export interface Listeners {
  onProgress?: ((progress: Progress) => void) | undefined;
  onStep?: ((text: string) => void) | undefined;
  onNote?: ((tone: 'info' | 'warning', text: string) => void) | undefined;
}

/** Milliseconds that a task has to stop by itself once it is told to. */
export const PATIENCE = 10_000;
/**
 * Messages a second. The process itself holds back what is more than some twenty; one that says hundreds is not what was
 * started, and would keep the program from everything else.
 */
const MAX_MESSAGES_A_SECOND = 500;

export type CallEnd =
  | { end: 'done'; output: unknown }
  | { end: 'failed'; error: Failure }
  /** Its process ended without an answer. */
  | { end: 'died'; why: 'exit' | 'killed' | 'flood'; code: number | null };

export interface RunningCall {
  readonly ended: Promise<CallEnd>;
  /** Tells it to stop; ends its process when it has not after `PATIENCE`. */
  stop(how: 'cancel' | 'pause'): void;
}

interface Current {
  call: number;
  listeners: Listeners;
  end: (end: CallEnd) => void;
  /** Of the page that is being printed for it. */
  printing: AbortController | null;
}

export class TaskLine {
  /** Resolved when the process is gone, and with it its locks and open files. */
  readonly gone: Promise<void>;
  readonly #process: TaskProcess;
  readonly #shell: Pick<Shell, 'printPdf' | 'deviceHelper'>;
  readonly #version: string;
  readonly #patience: number;
  #isGone = false;
  #why: 'exit' | 'killed' | 'flood' = 'exit';
  #code: number | null = null;
  #calls = 0;
  #current: Current | null = null;
  #second = 0;
  #messages = 0;

  constructor(shell: Shell, name: string, patience = PATIENCE) {
    this.#version = shell.version;
    this.#shell = shell;
    this.#patience = patience;
    this.#process = shell.startProcess(name);
    this.#process.onMessage((message) => this.#take(message));
    this.gone = new Promise((resolve) => {
      this.#process.onExit((code) => {
        this.#isGone = true;
        this.#code = code;
        this.#finish(this.#death());
        resolve();
      });
    });
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** One at a time. */
  run(name: string, input: unknown, listeners: Listeners = {}): RunningCall {
    if (this.#current !== null) throw new Error('A task process is asked one thing at a time.');
    const call = ++this.#calls;
    let patience: NodeJS.Timeout | undefined;
    const ended = new Promise<CallEnd>((resolve) => {
      this.#current = {
        call,
        listeners,
        printing: null,
        end: (end) => {
          clearTimeout(patience);
          resolve(end);
        },
      };
    });
    if (this.#isGone) this.#finish(this.#death());
    else
      this.#send({
        ...{ say: 'run', call, name, input },
        ...{ version: this.#version, prints: this.#shell.printPdf !== undefined },
        deviceHelper: this.#shell.deviceHelper,
      });
    return {
      ended,
      stop: (how) => {
        if (this.#current?.call !== call) return;
        this.#current.printing?.abort();
        this.#send({ say: how, call });
        patience ??= setTimeout(() => this.kill(), this.#patience);
      },
    };
  }

  #death(): CallEnd {
    return { end: 'died', why: this.#why, code: this.#code };
  }

  kill(): void {
    if (this.#isGone) return;
    if (this.#why === 'exit') this.#why = 'killed';
    this.#process.kill();
  }

  #send(message: Request): void {
    try {
      this.#process.send(message);
    } catch {
      // It is ending: onExit follows. Or the input is no plain data, and then it never began.
      this.kill();
    }
  }

  #finish(end: CallEnd): void {
    const current = this.#current;
    this.#current = null;
    current?.printing?.abort();
    current?.end(end);
  }

  #take(message: unknown): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#messages = 0;
    }
    if (++this.#messages > MAX_MESSAGES_A_SECOND) {
      this.#why = 'flood';
      this.kill();
      return;
    }
    const parsed = reply.safeParse(message);
    // What is of no schema, or of a call that is over, is dropped.
    if (!parsed.success || this.#current?.call !== parsed.data.call) return;
    const said = parsed.data;
    const { listeners } = this.#current;
    switch (said.say) {
      case 'progress':
        listeners.onProgress?.(said.progress as Progress);
        break;
      case 'step':
        listeners.onStep?.(said.text);
        break;
      case 'note':
        listeners.onNote?.(said.tone, said.text);
        break;
      case 'print':
        void this.#printFor(this.#current, said.page);
        break;
      case 'done':
        this.#finish({ end: 'done', output: said.output });
        break;
      case 'failed':
        this.#finish({ end: 'failed', error: said.error });
    }
  }

  /** Its page is treated as a stranger's: the shell prints it without a network and without scripts. */
  async #printFor(current: Current, page: string): Promise<void> {
    const { call } = current;
    // One page at a time: a second question before the answer is none of ours.
    if (this.#shell.printPdf === undefined || current.printing !== null) return;
    const printing = new AbortController();
    current.printing = printing;
    let answer: Request;
    try {
      answer = {
        say: 'printed',
        call,
        pdf: new Uint8Array(await this.#shell.printPdf(page, printing.signal)),
      };
    } catch (error) {
      const known = isIronliftError(error) ? error : notPrinted(error);
      const { code, message, next, data } = known.toJSON();
      answer = { say: 'not-printed', call, error: { code, message, next, data } };
    }
    current.printing = null;
    if (this.#current === current) this.#send(answer);
  }
}

const notPrinted = (cause: unknown): IronliftError =>
  new IronliftError('PDF_FAILED', 'The report could not be printed.', {
    next: 'Write it again; if it fails once more, write it as HTML and print it from any browser.',
    cause,
  });

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_KINDS, code);

/** The error of the other process as one of this one. `title`: what was done there. */
export function errorOfEnd(end: Exclude<CallEnd, { end: 'done' }>, title: string): IronliftError {
  if (end.end === 'failed') {
    const { code, message, next, data, trace } = end.error;
    return new IronliftError(isErrorCode(code) ? code : 'INTERNAL', message, {
      next,
      data,
      ...(trace === undefined ? {} : { cause: new Error(trace) }),
    });
  }
  const how = {
    exit: 'its process ended by itself',
    killed: 'its process did not stop when it was told to and was ended',
    flood: 'its process said more than it may and was ended',
  }[end.why];
  return new IronliftError('TASK_DIED', `${title} was interrupted: ${how}.`, {
    next: 'Try again; if it happens once more, export the log under Activity and send it to us.',
    data: { why: end.why, exitStatus: end.code },
  });
}
