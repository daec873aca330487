/** The threads of the copy and the memory they share: a fixed number of slots of 1 MiB, so that memory is bounded. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import {
  BLOCK,
  DIGEST_BYTES,
  type FromWorker,
  type ToWorker,
  type WorkerSetup,
} from './pipeline-messages.ts';
import { CLOCKS, CLOCK_BYTES, NOTHING_SPENT, type Spent } from './spent.ts';
import { startThread } from './start-thread.ts';

export interface CopyWorkersOptions {
  /** As many as there are processors, at most 4, unless told: four hash 7 GB/s, more than any disk, and each takes memory. */
  threads?: number;
  /** Bytes shared by all threads; 4 MiB for each unless told. */
  memory?: number;
}

/** A piece of shared memory that belongs to one thread. */
export interface Slot {
  readonly index: number;
  /** BLOCK bytes. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, once the thread has taken it. */
  readonly digest: Uint8Array;
  /** Has the thread do something with the slot. @throws SlotError */
  ask<K extends ToWorker['kind']>(request: Extract<ToWorker, { kind: K }>): Promise<Answer<K>>;
  /** Gives the slot back; nothing may be under way in it. */
  release(): void;
}

interface Answers {
  fill: 'filled';
  pack: 'packed';
  digest: 'digested';
  compare: 'compared';
  store: 'stored';
}
type Answer<K extends ToWorker['kind']> = Extract<FromWorker, { kind: Answers[K] }>;

export interface CopyWorkers {
  readonly slots: number;
  /** The next free slot, of the thread that has the least to do. */
  take(): Promise<Slot>;
  /** Where their time went, and that of reads which were made for them: `own` is added to. */
  spent(): Spent;
  own: Spent;
  /** Ends the threads. Nothing may be under way. */
  close(): Promise<void>;
}

/** A system call of a thread failed; `code` is that of the system (`ENOSPC`), empty where there is none. */
export class SlotError extends Error {
  override readonly name = 'SlotError';
  readonly code: string;
  /** Whether it wrote. */
  readonly wrote: boolean;
  /** Bytes from the start of the slot; of what was packed from it, where that was written. */
  readonly at: number;

  constructor({ message, code, wrote, at }: Extract<FromWorker, { kind: 'failed' }>) {
    super(message);
    this.code = code;
    this.wrote = wrote;
    this.at = at;
  }
}

/** Two to sixteen made no difference to the speed; few stay in the caches of the processor. */
const SLOTS_PER_THREAD = 4;
const MOST_THREADS = 4;
/** Files that are written at once, as far as threads keep out of each other's way: a split image has some. */
const LOCKS = 16;

/**
 * For copies whose threads pack: a thread packs 60 MB/s and no disk keeps up with many. Six with two slots each stay
 * below 270 MB of memory, eight come near 300 (with deflate; figures in test/bench/README.md).
 */
export function packingThreads(): CopyWorkersOptions {
  const threads = Math.min(6, availableParallelism());
  return threads <= MOST_THREADS ? { threads } : { threads, memory: threads * 2 * BLOCK };
}

/** Starts the threads; they come up while the caller goes on. */
export function startCopyWorkers(options: CopyWorkersOptions = {}): CopyWorkers {
  const threads = options.threads ?? Math.min(MOST_THREADS, availableParallelism());
  const memory = options.memory ?? threads * SLOTS_PER_THREAD * BLOCK;
  const perThread = Math.max(1, Math.floor(memory / BLOCK / threads));
  const free: Slot[] = [];
  const waiting: ((slot: Slot) => void)[] = [];
  const release = (slot: Slot): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(slot);
    else next(slot);
  };
  const locks = new SharedArrayBuffer(LOCKS * Int32Array.BYTES_PER_ELEMENT);
  const workers = Array.from({ length: threads }, () => threadWithSlots(perThread, locks, release));
  // Slots of different threads in turns: all of them get work at once.
  for (let i = 0; i < perThread; i++) for (const { slots } of workers) free.push(slots[i]!);
  const own = { ...NOTHING_SPENT };
  const sum = (what: keyof Spent): number =>
    workers.reduce((all, { clock }) => all + clock[CLOCKS[what]]!, own[what]);
  return {
    own,
    spent: () => ({ source: sum('source'), target: sum('target'), processor: sum('processor') }),
    slots: threads * perThread,
    take() {
      const slot = free.shift();
      if (slot !== undefined) return Promise.resolve(slot);
      return new Promise((resolve) => waiting.push(resolve));
    },
    async close() {
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
    },
  };
}

interface Pending {
  resolve: (answer: FromWorker) => void;
  reject: (error: Error) => void;
}

function threadWithSlots(
  count: number,
  locks: SharedArrayBuffer,
  release: (slot: Slot) => void,
): { worker: Worker; slots: Slot[]; clock: Float64Array } {
  const setup: WorkerSetup = {
    slots: new SharedArrayBuffer(count * BLOCK),
    digests: new SharedArrayBuffer(count * DIGEST_BYTES),
    clock: new SharedArrayBuffer(CLOCK_BYTES),
    locks,
  };
  const worker = startThread(new URL('./pipeline-worker.ts', import.meta.url), setup);
  const pending = new Map<number, Pending>();
  let broken: Error | null = null;
  worker.on('message', (answer: FromWorker) => {
    const { resolve, reject } = pending.get(answer.slot)!;
    pending.delete(answer.slot);
    if (pending.size === 0) worker.unref();
    if (answer.kind === 'failed') reject(new SlotError(answer));
    else resolve(answer);
  });
  worker.on('error', (error) => {
    broken = error instanceof Error ? error : new Error(String(error));
    for (const { reject } of pending.values()) reject(broken);
    pending.clear();
  });
  // A thread that waits for work keeps no process alive; one that is at work does.
  worker.unref();
  const slots = Array.from({ length: count }, (_, index): Slot => {
    const slot: Slot = {
      index,
      bytes: new Uint8Array(setup.slots, index * BLOCK, BLOCK),
      digest: new Uint8Array(setup.digests, index * DIGEST_BYTES, DIGEST_BYTES),
      ask: (request) =>
        new Promise((resolve, reject) => {
          if (broken !== null) {
            reject(broken);
            return;
          }
          if (pending.size === 0) worker.ref();
          pending.set(index, { resolve: resolve as Pending['resolve'], reject });
          worker.postMessage(request);
        }),
      release: () => release(slot),
    };
    return slot;
  });
  return { worker, slots, clock: new Float64Array(setup.clock) };
}
