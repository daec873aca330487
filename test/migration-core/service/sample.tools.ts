import { describe, expect, it } from 'vitest';
import { openTestSession } from '../../support/session.ts';

describe('the sample', () => {
  it('is made by a process of its own and open when its job is done', async () => {
    const { call, jobUntil, events } = await openTestSession({ waitSeconds: 300 });
    expect(await call('engagement.current', {})).toBeNull();
    const { job } = await call('engagement.sample', {});
    const done = await jobUntil(job, 'done');
    expect(done.result).toMatchObject({ servers: 47 });
    const current = (await call('engagement.current', {}))!;
    expect(current).toMatchObject({ name: 'Harbour (sample)', servers: 47, readOnly: null, undo: null });
    expect(current.steps.map(({ step, state, text }) => `${step}: ${state}: ${text}`)).toEqual([]);
    expect(
      events.some(({ event, data }) => event === 'job' && (data as { progress: unknown }).progress !== null),
    ).toBe(true);
  });
});
