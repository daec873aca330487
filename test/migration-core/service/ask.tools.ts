/** Short questions and workers, in real processes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../../migration-core/service/session.ts';
import { openTestSession } from '../../support/session.ts';

const never = new AbortController().signal;
type Ask = (task: string, input: unknown, signal: AbortSignal) => Promise<unknown>;
const asker =
  ({ jobs }: Session): Ask =>
  async (...asked) =>
    (jobs as unknown as { ask: Ask }).ask(...asked);

interface AnyWorker {
  ask(
    method: string,
    input: unknown,
    signal: AbortSignal,
    onProgress?: (progress: unknown) => void,
  ): Promise<unknown>;
  close(): void;
}
const workerOf = ({ jobs }: Session): AnyWorker =>
  (jobs.worker as (name: string) => AnyWorker)('test-memory');

describe('a short question', () => {
  it('is answered by a warm process, one after the other', async () => {
    const { session } = await openTestSession({ testTasks: true });
    const ask = asker(session);
    const answers = (await Promise.all(
      [1, 2, 3].map(async (n) => ask('test-echo', { n, nan: NaN }, never)),
    )) as {
      input: unknown;
      pid: number;
      version: string;
    }[];
    expect(answers.map(({ input }) => input)).toEqual([1, 2, 3].map((n) => ({ n, nan: NaN })));
    expect(answers[0]!.version).toBe('0.0.0-test');
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    expect(answers[0]!.pid).not.toBe(process.pid);
    expect(session.jobs.list()).toEqual([]);
  });

  it('that is taken back is ended, and the next one has a new process', async () => {
    const { session } = await openTestSession({ testTasks: true });
    const ask = asker(session);
    const abort = new AbortController();
    const endless = ask('test-busy', null, abort.signal);
    const waiting = ask('test-busy', null, abort.signal);
    await sleep(500);
    const began = performance.now();
    abort.abort();
    for (const one of [endless, waiting])
      await expect(one).rejects.toMatchObject({ code: 'CANCELLED', message: 'The job was cancelled.' });
    expect(performance.now() - began).toBeLessThan(1000);
    await expect(ask('test-echo', 1, abort.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await ask('test-echo', 'again', never)).toMatchObject({ input: 'again' });
  });

  it('has the error of the task, or says that its process died', async () => {
    const { session } = await openTestSession({ testTasks: true });
    const ask = asker(session);
    await expect(ask('test-fail', {}, never)).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      message: 'The copy is not equal.',
      next: 'Copy again.',
    });
    await expect(ask('test-exit', { code: 0 }, never)).rejects.toMatchObject({
      code: 'TASK_DIED',
      message: 'The question (test-exit) was interrupted: its process ended by itself.',
    });
    expect(await ask('test-echo', 1, never)).toMatchObject({ input: 1 });
  });
});

describe('a worker', () => {
  it('remembers between questions until it is closed or dies', async () => {
    const { session } = await openTestSession({ testTasks: true });
    const worker = workerOf(session);
    await worker.ask('add', 3, never);
    expect(await workerOf(session).ask('add', 4, never)).toBe(7);
    worker.close();
    expect(await worker.ask('add', 1, never)).toBe(1);
    await expect(worker.ask('die', null, never)).rejects.toMatchObject({ code: 'TASK_DIED' });
    expect(await worker.ask('add', 2, never)).toBe(2);
    await expect(worker.ask('toString', null, never)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('stops a question that is taken back and keeps its memory, unless it listens to nobody', async () => {
    const { session } = await openTestSession({ testTasks: true, patience: 300 });
    const worker = workerOf(session);
    await worker.ask('add', 5, never);
    const pid = await worker.ask('pid', null, never);
    const abort = new AbortController();
    const told: unknown[] = [];
    const slow = worker.ask('slow', 60_000, abort.signal, (progress) => {
      told.push(progress);
      abort.abort();
    });
    await expect(slow).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(told).toMatchObject([{ phase: 'slow', unit: 'steps', doneBytes: 1, totalBytes: 2 }]);
    expect(await worker.ask('add', 0, never)).toBe(5);
    expect(await worker.ask('pid', null, never)).toBe(pid);
    const deaf = new AbortController();
    const ignored = worker.ask('deaf', null, deaf.signal);
    await sleep(50);
    deaf.abort();
    await expect(ignored).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await worker.ask('add', 0, never)).toBe(0);
  });
});
