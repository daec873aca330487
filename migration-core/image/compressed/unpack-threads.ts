/**
 * Unpacks pieces side by side, in threads: xz is decoded by our own code, at 30 MB/s a processor for data that hardly
 * packs, and the thread that shows progress and hears of a cancellation must not wait for it.
 */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { cancelled } from '../../base/cancel.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import { IronliftError } from '../../base/errors.ts';
import { startThread } from '../../block/start-thread.ts';
import type { ReadFile } from '../read-file.ts';
import type { Packing } from './method.ts';
import type { UnpackReply, UnpackSetup, UnpackTask } from './unpack-messages.ts';

/** Each has a dictionary (8 MiB as xz comes) and a piece under way. */
const MOST_THREADS = 4;

/** Hears of bytes: taken from the packed file, and written to the target. */
export type UnpackListener = (packed: number, written: number) => void;

export interface UnpackThreads {
  readonly count: number;
  /**
   * Unpacks a piece as soon as a thread is free. The bytes, or null where they went to a target.
   * @throws CANCELLED, what the packing throws, and system errors of writing
   */
  unpack(task: UnpackTask, listener?: UnpackListener): Promise<Uint8Array | null>;
  /** Ends the threads; what is under way fails with CANCELLED. */
  close(): Promise<void>;
}

interface Job {
  task: UnpackTask;
  listener: UnpackListener | undefined;
  resolve: (bytes: Uint8Array | null) => void;
  reject: (error: unknown) => void;
}

/** They start when there is something to do, and end with `close` or when `signal` fires. */
export function unpackThreads(
  file: ReadFile,
  packing: Packing,
  signal: AbortSignal | undefined,
): UnpackThreads {
  const { fd, path, start, size } = file;
  const setup: UnpackSetup = { packing: packing.id, fd, path, start, size };
  const count = Math.min(MOST_THREADS, availableParallelism());
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Job>();
  let ended: Promise<unknown> | null = null;

  function begin(): Worker {
    const worker = startThread(new URL('./unpack-worker.ts', import.meta.url), setup);
    worker.on('message', (reply: UnpackReply) => hear(worker, reply));
    worker.on('error', (error) => {
      busy.get(worker)?.reject(error);
      busy.delete(worker);
      next();
    });
    return worker;
  }

  function hear(worker: Worker, reply: UnpackReply): void {
    const job = busy.get(worker);
    if (job === undefined) return;
    if (reply.kind === 'progress') return job.listener?.(reply.packed, reply.written);
    busy.delete(worker);
    // A thread without work keeps no program alive.
    worker.unref();
    idle.push(worker);
    if (reply.kind === 'done') job.resolve(reply.bytes === null ? null : new Uint8Array(reply.bytes));
    else job.reject(errorOf(reply));
    next();
  }

  function next(): void {
    while (waiting.length > 0 && busy.size < count && ended === null) {
      const job = waiting.shift()!;
      const worker = idle.pop() ?? begin();
      worker.ref();
      busy.set(worker, job);
      worker.postMessage(job.task);
    }
  }

  function end(): Promise<unknown> {
    const jobs = [...busy.values(), ...waiting.splice(0)];
    const workers = [...busy.keys(), ...idle.splice(0)];
    busy.clear();
    ended ??= Promise.all(workers.map((worker) => worker.terminate()));
    // Not before they have ended: whoever is told closes the files.
    void ended.then(() => {
      for (const { reject } of jobs) reject(cancelled());
    });
    return ended;
  }
  const onAbort = (): void => void end();
  signal?.addEventListener('abort', onAbort, { once: true });

  return {
    count,
    unpack: (task, listener) =>
      new Promise((resolve, reject) => {
        if (ended !== null || signal?.aborted === true) {
          reject(cancelled());
          return;
        }
        waiting.push({ task, listener, resolve, reject });
        next();
      }),
    async close() {
      signal?.removeEventListener('abort', onAbort);
      await end();
    },
  };
}

function errorOf(reply: Extract<UnpackReply, { kind: 'refused' | 'failed' }>): Error {
  if (reply.kind === 'failed') return Object.assign(new Error(reply.message), { code: reply.code });
  const { code, message, next, data } = reply.error;
  return new IronliftError(code as ErrorCode, message, { next, data });
}
