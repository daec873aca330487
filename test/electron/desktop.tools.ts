/** The desktop application over the fake of Electron, with work that takes its time: the invented customer of 47 servers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../conformance/transport.ts';
import { openDesktop } from './desktop-support.ts';

describe('the desktop application', () => {
  it('serves the whole program to its page', async () => {
    const desktop = await openDesktop();
    const { client } = await desktop.connect();
    expect(await client.call('app.about', {})).toMatchObject({
      version: '9.9.9',
      capabilities: { shell: 'desktop', dialogs: 'native', credentials: 'kept', destroy: true },
    });
    const over = Promise.withResolvers<string>();
    client.on('job', ({ state }) => {
      if (['done', 'failed'].includes(state)) over.resolve(state);
    });
    await client.call('engagement.sample', {});
    expect(await over.promise).toBe('done');
    expect((await client.call('engagement.current', {}))?.servers).toBeGreaterThan(40);
    await until(() => desktop.blockers.size === 0);
    expect(desktop.windows[0]!.progress.at(-1)).toBe(-1);
    expect(desktop.notifications).toHaveLength(1);
    const log = await readFile(join(desktop.folder, 'log/desktop.log'), 'utf8');
    expect(log).toMatch(/"what":"call","method":"engagement\.sample","milliseconds":\d+,"outcome":"ok"/u);
  });
});
