import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTestSession } from '../../support/session.ts';

describe('the sample', () => {
  it('is made by a process of its own, open when its job is done, and nothing is left of one that was given up', async () => {
    const test = await openTestSession({ waitSeconds: 300 });
    const { call, jobUntil, events } = test;
    expect(await call('engagement.current', {})).toBeNull();
    const first = await call('engagement.sample', {});
    const { title } = await call('jobs.get', { job: first.job });
    expect(title).toBe('Make the sample engagement');
    const progressOf = async () => (await call('jobs.get', { job: first.job })).progress;
    while (((await progressOf())?.done ?? 0) < 2) await new Promise((done) => setTimeout(done, 50));
    await call('jobs.cancel', { job: first.job });
    await jobUntil(first.job, 'cancelled');
    expect(readdirSync(join(test.dataFolder, 'samples'))).toEqual([]);

    const { job } = await call('jobs.retry', { job: first.job });
    const done = await jobUntil(job, 'done');
    const path = join(test.dataFolder, 'samples', 'Harbour.ironlift');
    expect(done).toMatchObject({
      result: { path, servers: 47 },
      progress: { phase: 'inventing', unit: 'servers' },
    });
    expect(existsSync(`${path}.making`)).toBe(false);
    const current = (await call('engagement.current', {}))!;
    expect(current).toMatchObject({
      ...{ name: 'Harbour (sample)', servers: 47, readOnly: null, undo: null },
      file: { path },
    });
    expect(current.steps[0]).toEqual({
      ...{ step: 'sources', state: 'attention', count: 1 },
      text: '1 server has no measurements',
    });
    expect(current.steps.slice(2).map(({ state }) => state)).toEqual(Array(5).fill('not-started'));
    const { recent } = await call('engagement.recent', {});
    expect(recent).toMatchObject([{ name: 'Harbour (sample)', path, there: true }]);
    const opened = events.findLastIndex(
      ({ event, data }) =>
        event === 'changed' &&
        'what' in (data as object) &&
        (data as { what: string[] }).what.includes('servers'),
    );
    const told = events.findLastIndex(
      ({ event, data }) => event === 'job' && (data as { state: string }).state === 'done',
    );
    expect(opened, 'it is open before its job is told to be done').toBeLessThan(told);
  });
});
