import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tasks, workers, type TaskWorld } from '../../../migration-core/service/tasks/table.ts';
import { portOf } from '../../../migration-core/service/tasks/port.ts';
import { serveTasks } from '../../../migration-core/service/tasks/serve.ts';
import { dataFolderOf, nodeShell } from '../../../migration-core/service/node-shell.ts';
import { scratchFolder } from '../../support/tools.ts';

describe('the shell of Node', () => {
  it('keeps data where each system wants it', () => {
    expect(dataFolderOf('linux', {}, '/home/me')).toBe('/home/me/.local/state/ironlift');
    expect(dataFolderOf('linux', { XDG_STATE_HOME: '/state' }, '/home/me')).toBe('/state/ironlift');
    expect(dataFolderOf('linux', { XDG_STATE_HOME: 'relative' }, '/home/me')).toBe(
      '/home/me/.local/state/ironlift',
    );
    expect(dataFolderOf('darwin', {}, '/Users/me')).toBe('/Users/me/Library/Application Support/Ironlift');
    expect(dataFolderOf('win32', { APPDATA: 'C:\\Users\\me\\AppData\\Roaming' }, 'C:\\Users\\me')).toBe(
      'C:\\Users\\me\\AppData\\Roaming\\Ironlift',
    );
    expect(dataFolderOf('win32', {}, 'C:\\Users\\me')).toBe('C:\\Users\\me\\AppData\\Roaming\\Ironlift');
  });

  it('makes its data folder, and says of a program that cannot be started that it ended', async () => {
    const folder = await scratchFolder();
    const dataFolder = join(folder, 'a', 'b');
    const shell = nodeShell({
      ...{ version: '1', dataFolder, homeFolder: folder },
      taskProgram: join(folder, 'not-there.ts'),
    });
    expect(existsSync(dataFolder)).toBe(true);
    expect(shell.randomId()).toMatch(/^[0-9a-f]{32}$/u);
    const started = shell.startProcess('x');
    started.send({ say: 'cancel', call: 1 });
    expect(await new Promise((resolve) => started.onExit(resolve))).toBe(1);
    started.send({ say: 'cancel', call: 1 });
    started.kill();
  });
});

describe('the line of a task process', () => {
  /** What Electron gives its utility processes, as it is documented. */
  class UtilityProcess extends EventEmitter {
    readonly parentPort = Object.assign(new EventEmitter(), {
      postMessage: (message: unknown) => {
        // What cannot be cloned is thrown, as by a real port.
        this.posted.push(structuredClone(message));
      },
    });
    readonly posted: unknown[] = [];
    readonly exits: number[] = [];
    exit(code: number): void {
      this.exits.push(code);
    }
  }

  it('is Electron’s where there is one: messages come in `data`', async () => {
    const world = new UtilityProcess();
    serveTasks(portOf(world as never), {
      tasks: { echo: async () => ({ run: async (input: unknown) => input }) },
      workers,
    });
    const say = (data: unknown): void => void world.parentPort.emit('message', { data });
    say('nonsense');
    say({ say: 'run', call: 0, name: 'echo', input: 1, version: '1' });
    say({ say: 'run', call: 1, name: 'echo', input: { n: NaN }, version: '1' });
    say({ say: 'run', call: 2, name: 'echo', input: 1, version: '1' });
    await new Promise((done) => setTimeout(done, 20));
    expect(world.posted).toEqual([
      expect.objectContaining({ say: 'failed', call: 2 }),
      { say: 'done', call: 1, output: { n: NaN } },
    ]);
    for (const name of ['toString', 'echo.x', 'constructor.name', '__proto__']) {
      say({ say: 'run', call: 3, name, input: () => 1, version: '1' });
      await new Promise((done) => setTimeout(done, 5));
      expect(world.posted.at(-1), name).toMatchObject({
        say: 'failed',
        call: 3,
        error: { code: 'INTERNAL' },
      });
    }
    expect(Object.keys(tasks)).toContain('sample');
    world.emit('uncaughtException', new Error('late'));
    await new Promise((done) => setTimeout(done, 150));
    expect(world.exits).toEqual([1]);
  });

  it('hands on what the shell has: the helper that reads disks, and the printer', async () => {
    const world = new UtilityProcess();
    const heard: unknown[] = [];
    serveTasks(portOf(world as never), {
      tasks: {
        look: async () => ({
          run: async (_input: unknown, { deviceHelper, printPdf }: TaskWorld) => {
            heard.push(deviceHelper, printPdf === undefined);
            return printPdf?.('<p>page', 'whole', undefined).catch(
              (error: unknown) => (error as Error).message,
            );
          },
        }),
      },
      workers,
    });
    const say = (data: unknown): void => void world.parentPort.emit('message', { data });
    const soon = () => new Promise((done) => setTimeout(done, 20));
    const run = { say: 'run', name: 'look', input: null, version: '1' };
    const deviceHelper = ['/usr/bin/pkexec', '/opt/helper'];
    say({ ...run, call: 1, deviceHelper });
    await soon();
    expect(heard).toEqual([deviceHelper, true]);
    say({ ...run, call: 2, prints: true });
    await soon();
    expect(world.posted.at(-1)).toEqual({ say: 'print', call: 2, page: '<p>page', what: 'whole' });
    // Of another call, and no bytes: not believed.
    say({ say: 'printed', call: 1, pdf: new Uint8Array([1]) });
    say({ say: 'printed', call: 2, pdf: 'no bytes' });
    say({ say: 'printed', call: 2, pdf: new Uint8Array([37, 80]) });
    await soon();
    expect(world.posted.at(-1)).toEqual({ say: 'done', call: 2, output: new Uint8Array([37, 80]) });
    say({ ...run, call: 3, prints: true });
    await soon();
    const error = { code: 'PDF_FAILED', message: 'The window broke.', next: 'Again.', data: {} };
    say({ say: 'not-printed', call: 3, error });
    await soon();
    expect(world.posted.at(-1)).toEqual({ say: 'done', call: 3, output: 'The window broke.' });
    say({ ...run, call: 4, prints: true });
    await soon();
    say({ say: 'cancel', call: 4 });
    await soon();
    expect(world.posted.at(-1)).toEqual({ say: 'done', call: 4, output: 'The report was not printed.' });
  });
});
