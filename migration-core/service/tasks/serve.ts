/** The side of the task process: takes calls from its session, runs them one at a time, and tells what happens. */
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import { printer, type Printer } from './printing.ts';
import { MAX_SENTENCE, request, type Failure, type Reply, type Request } from './protocol.ts';
import type { Task, TaskWorld, WorkerMethods } from './table.ts';

export interface Port {
  send(message: Reply): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The session is gone. */
  onGone(listener: () => void): void;
  /** Something was thrown where nobody waits for it. */
  onFault(listener: (error: unknown) => void): void;
  exit(code: number): void;
}

export interface TaskTables {
  tasks: Record<string, () => Promise<Task<never, unknown>>>;
  workers: Record<string, () => Promise<WorkerMethods>>;
}

/** Of one call; a task that has more to say than this says it to nobody. */
export const MAX_NOTES = 200;
/** Milliseconds between two messages on how far it is: ten a second is what a screen shows. */
const TELL_EVERY = 100;
/** Milliseconds to come to a safe place when the session is gone; then the process ends where it stands. */
const LAST_WORDS = 5000;

type RunRequest = Extract<Request, { say: 'run' }>;

export function serveTasks(port: Port, tables: TaskTables, now: () => number = Date.now): void {
  let current: {
    call: number;
    cancel: AbortController;
    pause: AbortController;
    stop: AbortController;
    printer: Printer;
  } | null = null;
  const made = new Map<string, Promise<WorkerMethods>>();

  async function find(name: string): Promise<(input: never, world: TaskWorld) => Promise<unknown>> {
    const [worker, method] = name.split('.') as [string, string?];
    if (method === undefined && Object.hasOwn(tables.tasks, worker)) {
      const task = await tables.tasks[worker]!();
      return (input, world) => task.run(input, world);
    }
    if (method !== undefined && Object.hasOwn(tables.workers, worker)) {
      if (!made.has(worker)) made.set(worker, tables.workers[worker]!());
      const methods = await made.get(worker)!;
      if (Object.hasOwn(methods, method)) return methods[method]!;
    }
    throw new Error(`There is no task ${name}.`);
  }

  async function run({ call, name, input, version, prints, deviceHelper }: RunRequest): Promise<void> {
    const cancel = new AbortController();
    const pause = new AbortController();
    const stop = new AbortController();
    for (const one of [cancel, pause]) one.signal.addEventListener('abort', () => stop.abort());
    const pages = printer((page) => port.send({ say: 'print', call, page }), stop.signal);
    current = { call, cancel, pause, stop, printer: pages };
    const teller = tellerOf(port, call);
    const world: TaskWorld = {
      now,
      version,
      signal: stop.signal,
      pause: pause.signal,
      onProgress: teller.progress,
      onStep: teller.step,
      note: teller.note,
      deviceHelper,
      ...(prints ? { printPdf: pages.print } : {}),
    };
    let last: Reply;
    try {
      const work = await find(name);
      last = { say: 'done', call, output: await work(input as never, world) };
    } catch (error) {
      last = { say: 'failed', call, error: failureOf(error) };
    }
    teller.flush();
    current = null;
    try {
      port.send(last);
    } catch (error) {
      // What it returned is no plain data.
      port.send({ say: 'failed', call, error: failureOf(error) });
    }
  }

  port.onMessage((message) => {
    const parsed = request.safeParse(message);
    if (!parsed.success) return;
    const said = parsed.data;
    if (said.say === 'run') {
      if (current === null) void run(said);
      else
        port.send({
          say: 'failed',
          call: said.call,
          error: failureOf(new Error('A task process was asked two things at once.')),
        });
    } else if (current?.call !== said.call) return;
    else if (said.say === 'printed') current.printer.printed(said.pdf);
    else if (said.say === 'not-printed') current.printer.failed(said.error);
    else current[said.say].abort();
  });

  port.onFault((error) => {
    // What is in memory now is not to be trusted: no copy goes on with it.
    if (current !== null) port.send({ say: 'failed', call: current.call, error: failureOf(error) });
    setTimeout(() => port.exit(1), TELL_EVERY);
  });

  port.onGone(() => {
    if (current === null) {
      port.exit(1);
      return;
    }
    // What was written is to stay: a person starts the program again and goes on.
    current.pause.abort();
    setTimeout(() => port.exit(1), LAST_WORDS);
    const wait = setInterval(() => {
      if (current !== null) return;
      clearInterval(wait);
      port.exit(1);
    }, TELL_EVERY);
  });
}

interface Teller {
  progress: (progress: Progress) => void;
  step: (text: string) => void;
  note: (tone: 'info' | 'warning', text: string) => void;
  /** What was held back. */
  flush(): void;
}

/** Holds back what comes faster than a screen shows it; the last of each is always told. */
function tellerOf(port: Port, call: number): Teller {
  let progress: Progress | null = null;
  let step: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let last = -Infinity;
  let notes = 0;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    if (step !== null) port.send({ say: 'step', call, text: short(step) });
    if (progress !== null) port.send({ say: 'progress', call, progress });
    step = null;
    progress = null;
  }
  function soon(): void {
    const due = last + TELL_EVERY - performance.now();
    // A task that computes without a pause lets no timer run.
    if (due <= 0) flush();
    else timer ??= setTimeout(flush, due);
  }

  return {
    progress(next) {
      progress = next;
      soon();
    },
    step(text) {
      step = text;
      soon();
    },
    note(tone, text) {
      if (++notes > MAX_NOTES) return;
      const last = notes === MAX_NOTES;
      port.send({
        say: 'note',
        call,
        tone,
        text: last ? 'There was more to tell than is kept here.' : short(text),
      });
    },
    flush,
  };
}

const short = (text: string): string => text.slice(0, MAX_SENTENCE);

function failureOf(error: unknown): Failure {
  if (isIronliftError(error)) {
    const { code, message, next, data } = error.toJSON();
    return { code, message: short(message), next: short(next), data: plain(data) };
  }
  const mistake = new IronliftError('INTERNAL', 'The program made a mistake of its own.', {
    next: 'Export the log under Activity and send it to us; what was saved is safe.',
  });
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { ...mistake.toJSON(), trace: trace.slice(0, 20_000) };
}

/** What can cross to another process whatever is in it. */
function plain(data: Record<string, unknown>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
