/** Jobs in real processes: tasks that work, fail, die, talk too much, listen to nobody. */
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../../migration-core/contract/jobs.ts';
import type { StartJob } from '../../../migration-core/service/session.ts';
import type { TaskName } from '../../../migration-core/service/tasks/table.ts';
import { createEngagement, openEngagement } from '../../../migration-core/store/open.ts';
import { openTestSession, type TestSession, type TestSessionOptions } from '../../support/session.ts';

const open = async (options: TestSessionOptions = {}) => openTestSession({ testTasks: true, ...options });

/** A task of test/support/test-tasks.ts as a job. */
const job = (task: string, input: unknown, more: Record<string, unknown> = {}): StartJob<TaskName> =>
  ({ kind: 'convert', title: `Do ${task}`, task, input, writes: 'none', ...more }) as StartJob<TaskName>;

/** As they were told, the last of them included. */
const statesOf = async ({ events }: TestSession, id: string): Promise<string[]> => {
  await sleep(150);
  const states = events
    .filter(({ event, data }) => event === 'job' && (data as Job).id === id)
    .map(({ data }) => (data as Job).state);
  return states.filter((state, i) => state !== states[i - 1]);
};

describe('a job', () => {
  it('runs in a process of its own and tells how it goes, in the end of all, four times a second at most', async () => {
    const test = await open();
    const began = performance.now();
    const started = test.session.jobs.start(job('test-steps', { count: 80 }));
    expect(started).toMatchObject({ state: 'running', title: 'Do test-steps', canPause: false });
    const done = await test.jobUntil(started.id, 'done');
    expect(done).toMatchObject({
      result: { count: 80, from: 0 },
      progress: { phase: 'steps', unit: 'steps', done: 80, total: 80 },
      error: null,
      step: null,
      canRetry: false,
    });
    await sleep(300);
    const told = test.events.filter(({ event, data }) => event === 'job' && (data as Job).id === started.id);
    expect((told.at(-1)!.data as Job).state).toBe('done');
    expect(told.length).toBeGreaterThan(5);
    expect(told.length).toBeLessThanOrEqual(4 + (performance.now() - began) / 250);
    expect(await statesOf(test, started.id)).toEqual(['queued', 'running', 'done']);
    const log = await test.call('activity.list', {});
    expect(log.entries.map(({ what }) => what)).toEqual(['Job is done', 'Job started', 'Program started']);
  });

  it('that fails says what the task said, and can be done again', async () => {
    const test = await open();
    const { id } = test.session.jobs.start(job('test-fail', { canResume: false }));
    const failed = await test.jobUntil(id, 'failed');
    expect(failed.error).toEqual({
      code: 'VERIFY_FAILED',
      message: 'The copy is not equal.',
      next: 'Copy again.',
      data: { canResume: false, offset: 7 },
    });
    expect(failed).toMatchObject({ canRetry: true, canResume: false });
    const again = await test.call('jobs.retry', { job: id });
    expect(again.job).toBe(id);
    expect(await test.call('jobs.get', { job: id })).toMatchObject({ state: 'running', error: null });
    await test.jobUntil(id, 'failed');
    await test.call('jobs.dismiss', { job: id });
    expect((await test.call('jobs.list', {})).jobs).toEqual([]);
    expect((await test.refused('jobs.get', { job: id })).message).toBe('This job is no longer in the list.');
  });

  it('that failed where it can go on says so', async () => {
    const test = await open();
    const resume = { task: 'test-echo', input: 'went on' };
    const { id } = test.session.jobs.start(job('test-fail', { canResume: true }, { resume }));
    expect(await test.jobUntil(id, 'failed')).toMatchObject({ canResume: true });
    await test.call('jobs.resume', { job: id });
    expect(await test.jobUntil(id, 'done')).toMatchObject({ result: { input: 'went on' }, error: null });
  });

  it('shows nothing of a fault of the program but that there was one; the log has it', async () => {
    const test = await open();
    const internal = {
      code: 'INTERNAL',
      message: 'The program made a mistake of its own.',
      next: 'Export the log under Activity and send it to us; what was saved is safe.',
    };
    for (const task of ['test-fault', 'test-late-fault', 'test-no-such', 'test-unsendable']) {
      const { id } = test.session.jobs.start(job(task, null));
      const failed = await test.jobUntil(id, 'failed');
      expect(failed.error, task).toMatchObject(internal);
      expect(JSON.stringify(failed)).not.toContain('/home/me');
    }
    const faults = (await test.call('activity.list', { level: 'error' })).entries
      .filter(({ what }) => what === 'A fault')
      .map(({ details }) => details['cause']);
    expect(faults.join('\n')).toMatch(
      /secret of the program.*|thrown where nobody waits|no task test-no-such/su,
    );
  });

  it('whose process dies was interrupted', async () => {
    const test = await open();
    const { id } = test.session.jobs.start(job('test-exit', { code: 3 }));
    const died = await test.jobUntil(id, 'interrupted');
    expect(died.error).toMatchObject({
      code: 'TASK_DIED',
      message: 'Do test-exit was interrupted: its process ended by itself.',
      next: 'Try again; if it happens once more, export the log under Activity and send it to us.',
    });
    expect(died.canRetry).toBe(true);
  });

  it('that is cancelled stops by itself, or is ended when it does not', async () => {
    const test = await open({ patience: 1000 });
    for (const [task, input] of [
      ['test-steps', { count: 10_000 }],
      ['test-deaf', null],
      ['test-busy', null],
    ] as const) {
      const { id } = test.session.jobs.start(job(task, input));
      while (task !== 'test-busy' && (await test.call('jobs.get', { job: id })).step === null)
        await sleep(20);
      await test.call('jobs.cancel', { job: id });
      expect((await test.refused('jobs.cancel', { job: id })).message).toBe(
        `“Do ${task}” cannot be cancelled now: it is cancelling.`,
      );
      const over = await test.jobUntil(id, 'cancelled');
      expect(over.notes.map(({ text }) => text)).toEqual(
        task === 'test-steps' ? [] : ['Its process had to be ended; what it had written may be left.'],
      );
      expect((await statesOf(test, id)).at(-1)).toBe('cancelled');
    }
  });

  it('is paused at a safe place and goes on from there', async () => {
    const test = await open();
    const { id } = test.session.jobs.start(
      job(
        'test-steps',
        { count: 10_000 },
        { canPause: true, resume: { task: 'test-steps', input: { count: 50, from: 40 } } },
      ),
    );
    while ((await test.call('jobs.get', { job: id })).progress === null) await sleep(20);
    expect((await test.call('jobs.get', { job: id })).canPause).toBe(true);
    await test.call('jobs.pause', { job: id });
    const paused = await test.jobUntil(id, 'paused');
    expect(paused).toMatchObject({ canResume: true, canPause: false, canRetry: false, error: null });
    expect(paused.notes[0]!.text).toMatch(/^Stopped after \d+\.$/u);
    expect((await test.refused('jobs.pause', { job: id })).message).toBe(
      '“Do test-steps” cannot be paused now: it is paused.',
    );
    await test.call('jobs.resume', { job: id });
    expect(await test.jobUntil(id, 'done')).toMatchObject({ result: { count: 50, from: 40 } });
    // Steps between may be too short to be told of; the last is told always.
    expect((await statesOf(test, id)).at(-1)).toBe('done');
  });

  it('takes away what it wrote when it is cancelled after it was paused, or had to be ended', async () => {
    const test = await open({ patience: 500 });
    const file = join(test.homeFolder, 'half');
    const discard = { task: 'test-remove', input: { file } };
    const canPause = true;
    const resume = { task: 'test-echo', input: 1 };
    const paused = test.session.jobs.start(
      job('test-steps', { count: 10_000, file }, { canPause, resume, discard }),
    );
    while (!existsSync(file)) await sleep(20);
    await test.call('jobs.pause', { job: paused.id });
    expect(await test.jobUntil(paused.id, 'paused')).toMatchObject({ canCancel: true, canResume: true });
    await test.call('jobs.cancel', { job: paused.id });
    const gone = await test.jobUntil(paused.id, 'cancelled');
    expect(existsSync(file)).toBe(false);
    expect(gone).toMatchObject({ canCancel: false, canResume: false, canRetry: true });
    expect(gone.notes.at(-1)!.text).toBe('Removed half.');

    await writeFile(file, 'left by one that listens to nobody');
    const deaf = test.session.jobs.start(job('test-deaf', null, { discard }));
    while ((await test.call('jobs.get', { job: deaf.id })).step === null) await sleep(20);
    await test.call('jobs.cancel', { job: deaf.id });
    expect((await test.jobUntil(deaf.id, 'cancelled')).notes.at(-1)!.text).toBe('Removed half.');
    expect(existsSync(file)).toBe(false);

    // What cannot be removed can be tried again.
    const dead = test.session.jobs.start(job('test-exit', { code: 9 }, { discard }));
    expect((await test.jobUntil(dead.id, 'interrupted')).error!.data).toEqual({ why: 'exit', exitStatus: 9 });
    await test.call('jobs.cancel', { job: dead.id });
    const stays = await test.jobUntil(dead.id, 'interrupted');
    expect(stays.error).toMatchObject({ code: 'WRITE_FAILED', message: 'half cannot be removed.' });
    expect(stays.canCancel).toBe(true);
  });

  it('that talks a great deal is heard four times a second, and of its notes the first 200', async () => {
    const test = await open();
    const { id } = test.session.jobs.start(job('test-talk', { count: 20_000 }));
    const done = await test.jobUntil(id, 'done');
    expect(done.notes).toHaveLength(200);
    expect(done.notes.at(-1)!.text).toBe('There was more to tell than is kept here.');
    expect(done.progress).toMatchObject({ done: 20_000, total: 20_000 });
    expect(test.events.length).toBeLessThan(60);
  });

  it('that floods its session is ended, and one that says nonsense is not believed', async () => {
    const test = await open();
    const flood = test.session.jobs.start(job('test-flood', null));
    expect((await test.jobUntil(flood.id, 'interrupted')).error!.message).toBe(
      'Do test-flood was interrupted: its process said more than it may and was ended.',
    );
    const liar = test.session.jobs.start(job('test-liar', null));
    expect(await test.jobUntil(liar.id, 'done')).toMatchObject({
      result: 'honest',
      progress: null,
      error: null,
    });
  });

  it('of a kind that keeps the machine busy waits while two others run', async () => {
    const test = await open();
    const ids = [1, 2, 3].map(() => test.session.jobs.start(job('test-steps', { count: 60 })).id);
    const light = test.session.jobs.start(job('test-steps', { count: 1 }, { kind: 'image-compare' }));
    const states = test.session.jobs.list().map(({ state }) => state);
    expect(states).toEqual(['running', 'running', 'queued', 'running']);
    for (const id of [...ids, light.id]) await test.jobUntil(id, 'done');
    expect(await statesOf(test, ids[2]!)).toEqual(['queued', 'running', 'done']);
    // One that waits is taken out at once.
    const more = [1, 2, 3].map(() => test.session.jobs.start(job('test-steps', { count: 10_000 })).id);
    await test.call('jobs.cancel', { job: more[2]! });
    expect(await test.call('jobs.get', { job: more[2]! })).toMatchObject({
      state: 'cancelled',
      startedAt: null,
    });
  });

  it('keeps the system awake, moves the bar of the taskbar, and says when it is over', async () => {
    let awake = 0;
    let taken = 0;
    const parts: (number | null)[] = [];
    const said: string[] = [];
    const test = await open({
      shell: {
        keepAwake: () => {
          awake++;
          taken++;
          return () => awake--;
        },
        showProgress: (part) => parts.push(part),
        notify: (title, text) => said.push(`${title}: ${text}`),
      },
    });
    const ids = [1, 2].map(() => test.session.jobs.start(job('test-steps', { count: 30 })).id);
    expect(awake).toBe(1);
    for (const id of ids) await test.jobUntil(id, 'done');
    await sleep(150);
    expect([awake, taken]).toEqual([0, 1]);
    expect(parts.at(-1)).toBeNull();
    expect(parts.some((part) => part !== null && part > 0 && part <= 1)).toBe(true);
    expect(said).toEqual(['Do test-steps: Do test-steps is done.', 'Do test-steps: Do test-steps is done.']);
  });

  it('has what follows it done before it is told of, by the area and by who started it', async () => {
    const test = await open();
    const order: string[] = [];
    test.session.jobs.whenDone('image-compare', ({ input, output }) => {
      order.push(`area ${JSON.stringify([input, (output as { input: unknown }).input])}`);
    });
    const whenDone = () => {
      order.push(test.session.jobs.list()[0]!.state);
    };
    const { id } = test.session.jobs.start(job('test-echo', 7, { kind: 'image-compare', whenDone }));
    await test.jobUntil(id, 'done');
    expect(order).toEqual(['area [7,7]', 'running']);
  });
});

describe('a job that writes the engagement', () => {
  it('has the file to itself meanwhile: it can be read, edits are refused, jobs wait for each other', async () => {
    const test = await open();
    const path = join(test.homeFolder, 'a.ironlift');
    createEngagement(path, { name: 'A', now: Date.now }).close();
    test.open.openEngagement(path);
    const write = (name: string) =>
      test.session.jobs.start(
        job(
          'test-write',
          { path, hold: 400, name },
          { kind: 'import', writes: 'engagement', title: `Import ${name}` },
        ),
      ).id;
    const first = write('one');
    const second = write('two');
    expect(test.session.jobs.list().map(({ state }) => state)).toEqual(['running', 'queued']);
    const busy = await test.call('engagement.current', {});
    expect(busy!.readOnly).toBe('“Import one” is writing to this engagement.');
    expect(await test.refused('engagement.saveProject', { customer: 'X' })).toMatchObject({
      code: 'ENGAGEMENT_READ_ONLY',
      message: 'Nothing can be changed while “Import one” is writing to this engagement.',
      next: 'Wait until it is done, or cancel it in the list of jobs.',
    });
    for (const [method, message] of [
      [
        'engagement.close',
        'The engagement cannot be closed while “Import one” is working on this engagement.',
      ],
      ['engagement.undo', 'There is nothing to take back.'],
    ] as const)
      expect((await test.refused(method, {})).message).toBe(message);
    const file = await test.fileId(path, 'engagement');
    expect((await test.refused('engagement.open', { file })).message).toBe(
      'Another engagement cannot be opened while “Import one” is working on this engagement.',
    );
    await test.jobUntil(first, 'done');
    await test.jobUntil(second, 'done');
    const after = await test.call('engagement.current', {});
    expect(after).toMatchObject({ readOnly: null, servers: 2 });
    expect(test.session.engagement().readOnly).toBe(false);
    expect((await test.call('engagement.saveProject', { customer: 'X' })).project.customer).toBe('X');
  });

  it('is cancelled or dies, and the session has its file again', async () => {
    const test = await open({ patience: 200 });
    const path = join(test.homeFolder, 'a.ironlift');
    createEngagement(path, { name: 'A', now: Date.now }).close();
    test.open.openEngagement(path);
    for (const [task, input] of [
      ['test-write', { path, hold: 60_000, name: 'x' }],
      ['test-exit', { code: 1 }],
      ['test-deaf', null],
    ] as const) {
      const { id } = test.session.jobs.start(job(task, input, { kind: 'import', writes: 'engagement' }));
      expect(test.session.engagement().readOnly).toBe(true);
      if (task !== 'test-exit') await test.call('jobs.cancel', { job: id });
      await test.jobUntil(id, 'cancelled', 'interrupted');
      expect(test.session.engagement().readOnly, task).toBe(false);
    }
  });

  it('is of that engagement: it neither starts nor goes on beside another one', async () => {
    const test = await open();
    const start = (input: unknown) => () =>
      test.session.jobs.start(job('test-exit', input, { kind: 'import', writes: 'engagement' }));
    expect(start({ code: 1 })).toThrow('No engagement is open.');
    const [a, b] = ['a', 'b'].map((name) => join(test.homeFolder, `${name}.ironlift`)) as [string, string];
    for (const path of [a, b]) createEngagement(path, { name: path, now: Date.now }).close();
    test.open.openEngagement(a);
    const { id } = start({ code: 1 })();
    await test.jobUntil(id, 'interrupted');
    test.open.openEngagement(b);
    expect(await test.refused('jobs.retry', { job: id })).toMatchObject({
      code: 'JOB_NOT_POSSIBLE',
      message: `“Do test-exit” belongs to another engagement: ${a}.`,
      next: 'Open that one first.',
    });
    test.open.openEngagement(a);
    const again = await test.call('jobs.retry', { job: id });
    await test.jobUntil(again.job, 'interrupted');
    const other = openEngagement(b, { now: Date.now });
    test.open.openEngagement(b);
    expect(start({ code: 1 })).toThrow(
      'b.ironlift is open in another program, or lies where nothing can be written: it can only be read here.',
    );
    other.close();
  });

  it('finds it gone when it is taken away meanwhile, and says so until it is closed', async () => {
    const test = await open();
    const path = join(test.homeFolder, 'a.ironlift');
    createEngagement(path, { name: 'A', now: Date.now }).close();
    test.open.openEngagement(path);
    let told = 0;
    test.session.onEngagementChanged(() => told++);
    const { id } = test.session.jobs.start(
      job('test-write', { path, hold: 300, name: 'x' }, { kind: 'import', writes: 'engagement' }),
    );
    while (test.session.engagement().servers().length === 0) await sleep(20);
    await rename(path, `${path}.away`);
    await test.jobUntil(id, 'done', 'failed');
    expect(told).toBe(1);
    expect(await test.refused('engagement.current', {})).toMatchObject({
      code: 'ENGAGEMENT_NOT_FOUND',
      message: 'There is no engagement file a.ironlift.',
    });
    await test.call('engagement.close', {});
    expect(await test.call('engagement.current', {})).toBeNull();
  });
});
