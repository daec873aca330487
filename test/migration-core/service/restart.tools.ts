/** What is left of jobs when the program ends, by itself or by force. Real processes, killed for real. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StartJob } from '../../../migration-core/service/session.ts';
import type { TaskName } from '../../../migration-core/service/tasks/table.ts';
import { openTestSession } from '../../support/session.ts';
import { scratchFolder } from '../../support/tools.ts';

const steps = (more: object = {}): StartJob<TaskName> =>
  ({
    kind: 'convert',
    title: 'Convert web01',
    task: 'test-steps',
    input: { count: 100_000 },
    writes: 'none',
    canPause: true,
    resume: { task: 'test-steps', input: { count: 20, from: 10 } },
    ...more,
  }) as unknown as StartJob<TaskName>;

async function program(dataFolder: string, file: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [resolve(import.meta.dirname, '../../support/session-process.ts'), dataFolder, file],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const until = performance.now() + 20_000;
  while (!existsSync(file) && performance.now() < until) await sleep(20);
  return child;
}

describe('after the program was killed', () => {
  it('its jobs end by themselves, and the next program shows them and can go on', async () => {
    const folder = await scratchFolder();
    const dataFolder = join(folder, 'data');
    const file = join(folder, 'done');
    const killed = await program(dataFolder, file);
    const other = await openTestSession({ dataFolder, testTasks: true });
    expect((await other.call('jobs.list', {})).jobs, 'of a program that runs, jobs are its own').toEqual([]);
    await other.close();

    killed.kill('SIGKILL');
    await once(killed, 'exit');
    await sleep(1000);
    const left = readFileSync(file, 'utf8');
    await sleep(500);
    expect(readFileSync(file, 'utf8'), 'the task has ended').toBe(left);
    const kept = readdirSync(join(dataFolder, 'jobs')).map((name) =>
      readFileSync(join(dataFolder, 'jobs', name), 'latin1'),
    );
    expect(kept.join('')).toContain('Convert web01');
    expect(kept.join('')).not.toContain('hunter2');

    const next = await openTestSession({ dataFolder, testTasks: true });
    const { jobs } = await next.call('jobs.list', {});
    expect(jobs.map(({ title, state, canResume, canRetry }) => [title, state, canResume, canRetry])).toEqual([
      ['Convert web01', 'interrupted', true, true],
      ['Log in', 'interrupted', false, false],
    ]);
    expect(jobs[0]!.notes.at(-1)!.text).toBe('The program ended while this job ran.');
    const done: unknown[] = [];
    next.session.jobs.whenDone('convert', ({ output }) => void done.push(output));
    await next.call('jobs.resume', { job: jobs[0]!.id });
    expect(await next.jobUntil(jobs[0]!.id, 'done')).toMatchObject({ result: { count: 20, from: 10 } });
    expect(done).toEqual([{ count: 20, from: 10 }]);
    expect((await next.refused('jobs.retry', { job: jobs[1]!.id })).message).toBe(
      '“Log in” cannot be done again now: it is interrupted.',
    );
    // Theirs is taken over, not doubled.
    expect(readdirSync(join(dataFolder, 'jobs')).filter((name) => name.endsWith('.json'))).toHaveLength(1);
  });
});

describe('when the program ends', () => {
  it('jobs come to a safe place, and the next program can go on with them', async () => {
    const first = await openTestSession({ testTasks: true });
    const { dataFolder } = first;
    const running = first.session.jobs.start(steps());
    for (const title of ['Second', 'Waits']) first.session.jobs.start(steps({ title }));
    while ((await first.call('jobs.get', { job: running.id })).step === null) await sleep(20);
    expect(first.open.busy()).toEqual(['Convert web01', 'Second', 'Waits']);
    await first.close();
    expect(first.open.busy()).toEqual([]);
    const next = await openTestSession({ testTasks: true, dataFolder });
    const { jobs } = await next.call('jobs.list', {});
    expect(jobs.map(({ state, canResume }) => [state, canResume])).toEqual([
      ['interrupted', true],
      ['interrupted', true],
      ['interrupted', true],
    ]);
    expect(jobs[0]!.notes[0]!.text).toMatch(/^Stopped after \d+\.$/u);
    expect(() => first.session.jobs.start(steps())).toThrow('The program is being closed.');
  });

  it('leaves nothing behind where nothing is left to tell', async () => {
    const first = await openTestSession({ testTasks: true });
    const { id } = first.session.jobs.start(steps({ input: { count: 1 } }));
    await first.jobUntil(id, 'done');
    await first.call('jobs.dismiss', { job: id });
    await first.close();
    expect(readdirSync(join(first.dataFolder, 'jobs'))).toEqual([]);
  });
});

describe('the list of jobs', () => {
  it('is taken over from damaged files as far as it is understood', async () => {
    const first = await openTestSession({ testTasks: true });
    const { dataFolder } = first;
    const { id } = first.session.jobs.start(steps({ input: { count: 1 } }));
    await first.jobUntil(id, 'done');
    await first.close();
    const [name] = readdirSync(join(dataFolder, 'jobs'));
    const file = join(dataFolder, 'jobs', name!);
    const list = JSON.parse(await readFile(file, 'utf8')) as { jobs: unknown[] };
    list.jobs.push(17, { job: { id: '../../etc' } }, null);
    await writeFile(file, JSON.stringify(list));
    for (const [at, text] of ['', '{', '[]', '{"version":2,"jobs":[]}', '{"version":1,"jobs":7}'].entries())
      await writeFile(join(dataFolder, 'jobs', `${'0'.repeat(31)}${at}.json`), text);
    await mkdir(join(dataFolder, 'jobs', `${'1'.repeat(32)}.json`));
    const next = await openTestSession({ testTasks: true, dataFolder });
    expect((await next.call('jobs.list', {})).jobs.map((job) => job.id)).toEqual([id]);
  });

  it('lives in memory where nothing can be kept, and two programs share a data folder', async () => {
    const folder = await scratchFolder();
    const dataFolder = join(folder, 'data');
    const [one, two] = [
      await openTestSession({ testTasks: true, dataFolder }),
      await openTestSession({ testTasks: true, dataFolder }),
    ];
    const [a, b] = [one, two].map(({ session }) => session.jobs.start(steps({ input: { count: 1 } })));
    await one.jobUntil(a!.id, 'done');
    await two.jobUntil(b!.id, 'done');
    expect((await one.call('jobs.list', {})).jobs).toHaveLength(1);
    await one.close();
    await two.close();
    const three = await openTestSession({ testTasks: true, dataFolder });
    expect((await three.call('jobs.list', {})).jobs.map(({ id }) => id).sort()).toEqual(
      [a!.id, b!.id].sort(),
    );
    await three.close();

    // A file where the folder should be: nobody can write there, root neither.
    const full = join(folder, 'full');
    await mkdir(full);
    for (const name of ['jobs', 'log', 'recent.json.x']) await writeFile(join(full, name), '');
    await mkdir(join(full, 'settings.json'));
    await chmod(full, 0o500);
    const four = await openTestSession({ testTasks: true, dataFolder: full });
    const { id } = four.session.jobs.start(steps({ input: { count: 1 } }));
    expect((await four.jobUntil(id, 'done')).error).toBeNull();
    expect((await four.call('activity.list', {})).entries).toEqual([]);
    expect(await four.refused('app.saveSettings', {})).toMatchObject({
      code: 'WRITE_FAILED',
      message: 'The settings could not be kept.',
      next: 'Make room on the disk of your own files, and see that the program may write there.',
    });
    expect((await four.call('app.settings', {})).theme).toBe('system');
    await four.close();
    await chmod(full, 0o700);
  });
});
