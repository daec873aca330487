/** The program of task processes in tests: all real tasks, and some that behave badly. */
import { rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { countedProgress } from '../../migration-core/base/progress.ts';
import { throwIfCancelled } from '../../migration-core/base/cancel.ts';
import { IronliftError } from '../../migration-core/base/errors.ts';
import { portOf } from '../../migration-core/service/tasks/port.ts';
import { serveTasks } from '../../migration-core/service/tasks/serve.ts';
import { tasks, workers, type Task, type WorkerMethods } from '../../migration-core/service/tasks/table.ts';
import { openEngagement } from '../../migration-core/store/open.ts';

const task =
  <I, O>(run: Task<I, O>['run']) =>
  async (): Promise<Task<never, unknown>> => ({ run });

/** Of 10 ms each; `file`: what was done, as a conversion leaves it in its folder. */
const steps = task(
  async ({ count, file, from = 0 }: { count: number; file?: string; from?: number }, world) => {
    for (let done = from; done < count; done++) {
      if (file !== undefined) writeFileSync(file, String(done));
      if (world.pause.aborted) world.note('info', `Stopped after ${done}.`);
      throwIfCancelled(world.signal);
      world.onStep(`Step ${done}`);
      world.onProgress(countedProgress('steps', 'steps', done, count));
      await sleep(10);
    }
    world.onProgress(countedProgress('steps', 'steps', count, count));
    return { count, from };
  },
);

const own: Record<string, () => Promise<Task<never, unknown>>> = {
  'test-steps': steps,
  'test-remove': task(async ({ file }: { file: string }, { note }) => {
    try {
      rmSync(file);
    } catch (cause) {
      throw new IronliftError('WRITE_FAILED', `${basename(file)} cannot be removed.`, {
        next: 'Look.',
        cause,
      });
    }
    note('info', `Removed ${basename(file)}.`);
  }),
  'test-echo': task(async (input: unknown, { version }) => ({ input, version, pid: process.pid })),
  'test-fail': task(async ({ canResume }: { canResume: boolean }) => {
    throw new IronliftError('VERIFY_FAILED', 'The copy is not equal.', {
      next: 'Copy again.',
      data: { canResume, offset: 7 },
    });
  }),
  'test-fault': task(async () => {
    throw new TypeError('secret of the program: /home/me');
  }),
  'test-late-fault': task(async () => {
    setTimeout(() => {
      throw new Error('thrown where nobody waits');
    }, 10);
    await sleep(600_000);
  }),
  'test-exit': task(async ({ code }: { code: number }) => process.exit(code)),
  'test-deaf': task(async (_: unknown, world) => {
    world.onStep('Listening to nobody');
    await sleep(600_000);
  }),
  'test-busy': task(async () => {
    for (;;);
  }),
  /** By the library of tasks, which holds back what is too much. */
  'test-talk': task(async ({ count }: { count: number }, world) => {
    for (let i = 1; i <= count; i++) {
      world.onProgress(countedProgress('talking', 'words', i, count));
      world.note('info', `Note ${i}`);
    }
    world.onStep('x'.repeat(5000));
  }),
  /** Past the library, as one that was taken over by what it reads would. */
  'test-flood': task(async () => {
    for (let i = 0; ; i++) {
      process.send?.({ say: 'step', call: 1, text: `Flood ${i}` });
      if (i % 100 === 0) await sleep(1);
    }
  }),
  'test-liar': task(async () => {
    for (const message of [
      'text',
      null,
      17,
      { say: 'done', call: 99, output: 'of another call' },
      { say: 'done', call: -1 },
    ])
      process.send?.(message);
    process.send?.({ say: 'progress', call: 1, progress: { phase: 'x'.repeat(100_000) } });
    process.send?.({ say: 'failed', call: 1, error: { code: 1 } });
    await sleep(100);
    return 'honest';
  }),
  'test-unsendable': task(async () => ({ run: () => 1 })),
  /** Holds the lock of the engagement as long as `hold` says, milliseconds, and adds a server. */
  'test-write': task(
    async ({ path, hold, name }: { path: string; hold: number; name: string }, { now, signal }) => {
      const engagement = openEngagement(path, { now });
      try {
        if (engagement.readOnly) throw new Error('It is locked.');
        engagement.server({ name, macs: [] }, now());
        await sleep(hold, undefined, { signal }).catch(() => undefined);
        throwIfCancelled(signal);
        return { name };
      } finally {
        engagement.close();
      }
    },
  ),
};

const ownWorkers: Record<string, () => Promise<WorkerMethods>> = {
  'test-memory': async () => {
    let sum = 0;
    const methods = {
      add: async (number: number) => (sum += number),
      pid: async () => process.pid,
      slow: async (ms: number, { signal, onProgress }) => {
        onProgress(countedProgress('slow', 'steps', 1, 2));
        await sleep(ms, undefined, { signal }).catch(() => undefined);
        throwIfCancelled(signal);
        return sum;
      },
      deaf: async () => sleep(600_000),
      die: async () => process.exit(3),
    } satisfies Record<
      string,
      (input: never, world: Parameters<Task<never, unknown>['run']>[1]) => Promise<unknown>
    >;
    return methods;
  },
};

process.on('SIGINT', () => undefined);
serveTasks(portOf(process), { tasks: { ...tasks, ...own }, workers: { ...workers, ...ownWorkers } });
