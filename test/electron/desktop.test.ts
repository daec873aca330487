import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canKeep, credentialStore } from '../../electron/main/credentials.ts';
import { openProperties } from '../../electron/main/dialogs.ts';
import { diskAccess, type ElevateWorld } from '../../electron/main/elevate.ts';
import { fileOfArguments } from '../../electron/main/instance.ts';
import { menuTemplate } from '../../electron/main/menu.ts';
import { readWindowPlace, saveWindowPlace } from '../../electron/main/window-state.ts';
import { createEngagement } from '../../migration-core/store/open.ts';
import { scratchFolder } from '../support/tools.ts';
import { until } from '../conformance/transport.ts';
import { openDesktop, prevents } from './desktop-support.ts';
import { fakeElectron } from './fakes/electron.ts';

describe('the desktop application', () => {
  it('ends at once where another instance runs, and hands its file over', async () => {
    const folder = await scratchFolder();
    const file = join(folder, 'a.ironlift');
    writeFileSync(file, '');
    const desktop = await openDesktop({ first: false, argv: ['/opt/ironlift', '--flag', file] });
    expect(desktop.did).toEqual([
      `app.requestSingleInstanceLock {"file":${JSON.stringify(file)}}`,
      'app.quit',
    ]);
    expect(desktop.windows).toEqual([]);
  });

  it('opens the file that a second instance or the system names, and says what is wrong with one', async () => {
    const desktop = await openDesktop();
    const { client } = await desktop.connect();
    const file = join(desktop.folder, 'second.ironlift');
    createEngagement(file, { name: 'Second', now: () => 0 }).close();
    desktop.windows[0]!.minimized = true;
    desktop.app.emit('second-instance', {}, [], '/', { file });
    expect((await client.call('engagement.current', {}))?.name).toBe('Second');
    expect(desktop.windows[0]).toMatchObject({ minimized: false, focused: true });
    for (const said of [null, 7, { file: 7 }, {}]) desktop.app.emit('second-instance', {}, [], '/', said);
    expect((await client.call('engagement.current', {}))?.name).toBe('Second');
    expect(prevents(desktop.app, 'open-file', {}, join(desktop.folder, 'missing.ironlift'))).toBe(true);
    expect(desktop.did.filter((what) => what.startsWith('dialog.showErrorBox'))).toHaveLength(1);
  });

  it('quits without a question when nothing runs', async () => {
    const desktop = await openDesktop();
    expect(prevents(desktop.windows[0]!, 'close')).toBe(true);
    await until(() => desktop.did.includes('app.exit 0'));
    expect(desktop.asked).toEqual([]);
    expect(existsSync(join(desktop.folder, 'window.json'))).toBe(true);
  });

  it('asks before it quits while a job runs; Enter keeps it running', async () => {
    const desktop = await openDesktop({ presses: [0, 1] });
    const { client } = await desktop.connect();
    await client.call('engagement.sample', {});
    const [task] = desktop.processes;
    expect(task!.options).toMatchObject({ execArgv: [], stdio: ['ignore', 'pipe', 'pipe'] });
    expect(task!.options.serviceName).toMatch(/^ironlift-/u);
    expect(task!.options.env!['PATH']).toBe(process.env['PATH']);
    expect(JSON.stringify(task!.options.env)).not.toContain('hunter2');
    expect(desktop.did).toContain('powerSaveBlocker.start prevent-app-suspension');
    expect(prevents(desktop.app, 'before-quit')).toBe(true);
    await until(() => desktop.asked.length === 1);
    expect(desktop.asked[0]).toMatchObject({
      message: 'One job is still running.',
      buttons: ['Keep running', 'Stop and quit'],
      defaultId: 0,
      cancelId: 0,
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(desktop.did).not.toContain('app.exit 0');
    prevents(desktop.app, 'before-quit');
    await until(() => desktop.did.includes('app.exit 0'));
    expect(desktop.asked).toHaveLength(2);
  }, 60_000);

  it('loads a broken page again once, then says so', async () => {
    const desktop = await openDesktop();
    const { webContents } = desktop.windows[0]!;
    const gone = (reason: string) => webContents.emit('render-process-gone', {}, { reason, exitCode: 5 });
    gone('crashed');
    expect(webContents.reloads).toBe(1);
    gone('oom');
    expect(webContents.reloads).toBe(1);
    expect(desktop.did).toContain('dialog.showErrorBox The window stopped working');
  });

  it.each(['uncaughtException', 'unhandledRejection'])('saves, says it and ends after %s', async (event) => {
    const desktop = await openDesktop();
    desktop.node.emit(event, new Error('boom'));
    await until(() => desktop.did.includes('app.exit 1'));
    expect(desktop.did).toContain('dialog.showErrorBox Ironlift has to close');
    expect(readFileSync(join(desktop.folder, 'log/desktop.log'), 'utf8')).toContain('boom');
  });
});

describe('the system dialogs', () => {
  it('give paths that the page knows by an id only', async () => {
    const desktop = await openDesktop({ chosen: { canceled: false, filePaths: ['/data/disk.img'] } });
    const { client } = await desktop.connect();
    const { files } = await client.call('files.choose', { purpose: 'source' });
    expect(files).toMatchObject([{ purpose: 'source', name: 'disk.img', path: '/data/disk.img' }]);
    expect(desktop.asked.at(-1)).toMatchObject({ properties: ['openFile', 'multiSelections'] });
  });

  it('make no path of a name that the page suggests', async () => {
    const desktop = await openDesktop({ chosen: { canceled: true } });
    const { client } = await desktop.connect();
    const input = { purpose: 'image-out', suggestedName: '../../etc/cron.d/x\u0000' } as const;
    expect(await client.call('files.choose', input)).toEqual({ files: [] });
    expect(desktop.asked.at(-1)).toMatchObject({
      defaultPath: '/home/somebody/Documents/.._.._etc_cron.d_x_',
    });
  });

  it('choose files or folders together on a Mac only, as no other can', () => {
    expect(openProperties('files-or-folder', 'open', 'darwin')).toContain('openDirectory');
    expect(openProperties('files-or-folder', 'open', 'linux')).not.toContain('openDirectory');
    expect(openProperties('folder', 'save', 'win32')).toEqual(['openDirectory', 'createDirectory']);
  });
});

describe('passwords', () => {
  it('are kept encrypted, found again and forgotten', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'credentials.json');
    const { safeStorage } = fakeElectron({ userData: folder });
    const store = credentialStore(safeStorage, 'linux', path);
    await Promise.all([store.keep('ssh web01', 'hunter2'), store.keep('__proto__', 'x')]);
    expect(readFileSync(path, 'utf8')).not.toContain('hunter2');
    expect(await credentialStore(safeStorage, 'linux', path).recall('ssh web01')).toBe('hunter2');
    expect(await store.recall('toString')).toBeNull();
    await store.forget('ssh web01');
    expect(await store.recall('ssh web01')).toBeNull();
  });

  it.each(['basic_text', 'unknown'])('are not kept where the key store is %s', async (backend) => {
    const folder = await scratchFolder();
    const path = join(folder, 'credentials.json');
    const { safeStorage } = fakeElectron({ userData: folder, backend });
    expect(await canKeep(safeStorage, 'linux')).toBe(false);
    await expect(credentialStore(safeStorage, 'linux', path).keep('a', 'hunter2')).rejects.toMatchObject({
      code: 'CREDENTIALS_NOT_KEPT',
      message: 'The password was not saved: this system has no key store that Ironlift can use.',
    });
    expect(existsSync(path)).toBe(false);
  });
});

describe('where the window comes up', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1040 }];
  const saved = async (bounds: object): Promise<string> => {
    const path = join(await scratchFolder(), 'window.json');
    saveWindowPlace(path, { x: 100, y: 100, width: 1400, height: 900, ...bounds }, true);
    return path;
  };

  it('is where it was', async () => {
    expect(readWindowPlace(await saved({}), screens, false)).toEqual({
      bounds: { x: 100, y: 100, width: 1400, height: 900 },
      maximized: true,
      dark: false,
    });
  });

  it.each([{ x: 2500 }, { y: 1030 }, { y: -500 }, { width: 10 }, { x: -1390 }])(
    'is not where nobody would find it: %j',
    async (bounds) => {
      expect(readWindowPlace(await saved(bounds), screens, false).bounds).toEqual({
        width: 1280,
        height: 800,
      });
    },
  );

  it.each(['', '{', '[]', '{"bounds":{"x":1e99}}', 'x'.repeat(10_000)])(
    'is not what a damaged file says',
    async (text) => {
      const path = join(await scratchFolder(), 'window.json');
      writeFileSync(path, text);
      expect(readWindowPlace(path, screens, true)).toEqual({
        bounds: { width: 1280, height: 800 },
        maximized: false,
        dark: true,
      });
    },
  );
});

describe('disks of this computer', () => {
  const world: ElevateWorld = {
    platform: 'linux',
    uid: 1000,
    helperBinary: '/opt/helper',
    helperScript: null,
    canRun: () => true,
  };

  it('are read by a helper that pkexec asks about, never by an application with all rights', () => {
    expect(diskAccess(world)).toEqual({
      localDisks: 'helper',
      command: ['/usr/bin/pkexec', '--disable-internal-agent', '/opt/helper'],
    });
    const script = { ...world, helperScript: ['/usr/bin/node', '/src/read.ts'] as const };
    expect(diskAccess({ ...script, canRun: (path) => path.endsWith('pkexec') })).toEqual({
      localDisks: 'helper',
      command: ['/usr/bin/pkexec', '--disable-internal-agent', '/usr/bin/node', '/src/read.ts'],
    });
  });

  it.each([
    ['there is no pkexec', { canRun: (path: string) => !path.endsWith('pkexec') }],
    ['the system is another one', { platform: 'freebsd' }],
    ['there is no helper on Windows', { platform: 'win32', uid: null, canRun: () => false }],
    ['there is no helper', { canRun: (path: string) => path.endsWith('pkexec') }],
  ])('are not offered where %s', (_why, changes) => {
    expect(diskAccess({ ...world, ...changes })).toEqual({ localDisks: 'none' });
  });

  it.each([
    ['win32', 'uac', null],
    ['darwin', 'osascript', 501],
  ])('are read by a helper that calls back, on %s', (platform, by, uid) => {
    expect(diskAccess({ ...world, platform, uid })).toEqual({
      localDisks: 'helper',
      command: { by, program: ['/opt/helper'] },
    });
  });

  it('are read directly by root', () => {
    expect(diskAccess({ ...world, uid: 0 })).toEqual({ localDisks: 'direct' });
  });
});

describe('small things', () => {
  it('a file is found among the arguments', async () => {
    const folder = await scratchFolder();
    writeFileSync(join(folder, 'a b.ironlift'), '');
    expect(fileOfArguments(['ironlift', '.', '--x', 'a b.ironlift'], folder)).toBe(
      join(folder, 'a b.ironlift'),
    );
    for (const args of [['a b.ironlift'], ['x', 'missing.ironlift'], ['x', '--a b.ironlift'], ['x', 'a.txt']])
      expect(fileOfArguments(args, folder)).toBeNull();
  });

  it('the menu has the roles of the system, and tools of developers in a checkout only', () => {
    const text = (packaged: boolean) =>
      JSON.stringify(menuTemplate('linux', packaged, { showLogs: () => undefined }));
    for (const role of ['editMenu', 'zoomIn', 'resetZoom', 'togglefullscreen', 'windowMenu', 'quit', 'help'])
      expect(text(true)).toContain(`"role":"${role}"`);
    expect(text(true)).not.toContain('toggleDevTools');
    expect(text(false)).toContain('toggleDevTools');
    expect(JSON.stringify(menuTemplate('darwin', true, { showLogs: () => undefined }))).toContain('appMenu');
  });
});
