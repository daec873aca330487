/** The real session behind each line: what the suite asks of practice handlers, asked of the program itself. */
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../electron/event-stream.ts';
import { openTestSession } from '../support/session.ts';
import { openDirect } from './direct.ts';
import { openIpcPair } from './ipc-pair.ts';
import { openLoopback } from './loopback.ts';
import { practiceProgram } from './practice.ts';
import { until, type OpenTransport } from './transport.ts';

const lines: [string, OpenTransport][] = [
  ['direct dispatch', openDirect],
  ['the pair of Electron IPC (fake)', openIpcPair],
  ['the loopback host', openLoopback],
];

describe.each(lines)('the program by %s', (_name, open) => {
  it('answers, refuses, tells of changes to every page, and never gives a path for an id it did not give', async () => {
    const { open: program, session, homeFolder } = await openTestSession();
    const transport = await open({
      ...practiceProgram(),
      handlers: program.handlers,
      hub: program.events,
      events: new EventStream('run-1', program.events, () => session.jobs.list()),
    });
    try {
      const { client } = transport.connection;
      const other = (await transport.another()).client;
      const heard: string[] = [];
      other.on('changed', ({ what }) => heard.push(...what));
      expect(await client.call('app.about', {})).toMatchObject({ version: '0.0.0-test', offline: true });
      await client.call('app.saveSettings', { theme: 'dark', consultant: '=cmd|<b>' });
      await until(() => heard.includes('settings'));
      expect(await other.call('app.settings', {})).toMatchObject({ theme: 'dark', consultant: '=cmd|<b>' });
      await expect(client.call('engagement.open', { file: `file-${'a'.repeat(32)}` })).rejects.toMatchObject({
        code: 'FILE_NOT_CHOSEN',
      });
      const { folder, path } = await client.call('files.browse', { purpose: 'new-engagement', folder: null });
      expect(path).toBe(homeFolder);
      const purpose = 'new-engagement' as const;
      const input = { purpose, entries: [folder.id], name: 'Müller.ironlift' };
      const { files } = await client.call('files.take', input);
      const made = { file: files[0]!.id, name: 'Müller', utcOffsetMinutes: 60 };
      expect(await client.call('engagement.create', made)).toMatchObject({ name: 'Müller', servers: 0 });
      await until(() => heard.includes('engagement'));
      await expect(client.call('engagement.open', { file: files[0]!.id })).rejects.toMatchObject({
        code: 'FILE_NOT_CHOSEN',
      });
      expect((await other.call('engagement.current', {}))?.name).toBe('Müller');
    } finally {
      await transport.close();
    }
  });
});
