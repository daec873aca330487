/** The desktop application, from its start to its end; the parts are in the files beside this one. */
import type { BrowserWindow } from 'electron';
import type * as ElectronModule from 'electron';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createSession, type OpenSession } from '../../migration-core/service/create-session.ts';
import { isIronliftError } from '../../migration-core/base/errors.ts';
import { EventStream } from '../event-stream.ts';
import { openLog, type Log } from '../log-file.ts';
import { readPage } from '../page.ts';
import { watchPage, watchProgram, type CrashWorld } from './crash.ts';
import { canRun, diskAccess } from './elevate.ts';
import { fileOfArguments, handedOver } from './instance.ts';
import { serveIpc } from './ipc.ts';
import { lockContents, lockSession } from './locks.ts';
import { menuTemplate } from './menu.ts';
import { PAGE_SCHEME, PAGE_URL, servePage } from './page-protocol.ts';
import { guardQuit } from './quit.ts';
import { desktopShell } from './shell.ts';
import { windowOptions } from './window-options.ts';
import { readWindowPlace, saveWindowPlace } from './window-state.ts';

type Electron = typeof ElectronModule;

/** Where the parts of the program lie. */
export interface Parts {
  page: string;
  preload: string;
  icon: string;
  taskProgram: string;
  helperProgram: string;
}
type Node = Pick<NodeJS.Process, 'argv' | 'cwd' | 'env' | 'execPath' | 'getuid' | 'on' | 'platform'> & {
  /** Of a packaged application: where its files beside the archive are. */
  resourcesPath?: string;
};

/** Returns when the window is there, or at once where another instance has it. */
export async function startDesktop(electron: Electron, node: Node, parts: Parts): Promise<void> {
  const { app, protocol } = electron;
  const file = fileOfArguments(node.argv, node.cwd());
  if (!app.requestSingleInstanceLock({ file })) {
    app.quit();
    return;
  }
  // All of this has to be done before Electron is ready.
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([PAGE_SCHEME]);
  electron.crashReporter.start({ uploadToServer: false });
  app.on('web-contents-created', (_event, contents) => lockContents(contents));

  const desktop: Desktop = { electron, node, parts, window: null, program: null, wanted: file };
  app.on('second-instance', (_event, _argv, _folder, data) => {
    const said = handedOver.safeParse(data);
    openFile(desktop, said.success ? said.data.file : null);
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    openFile(desktop, path);
  });
  await app.whenReady();
  await open(desktop);
}

interface Desktop {
  electron: Electron;
  node: Node;
  parts: Parts;
  window: BrowserWindow | null;
  /** null: until it is there. */
  program: OpenSession | null;
  /** A file that waits until the program is there. */
  wanted: string | null;
}

async function open(desktop: Desktop): Promise<void> {
  const { electron, node, parts } = desktop;
  const { app, dialog } = electron;
  app.setAppUserModelId('org.ironlift.desktop');
  lockSession(electron.session.defaultSession);
  const logFolder = join(app.getPath('userData'), 'log');
  const file = openLog(logFolder, 'desktop', () => Date.now());
  const crash: CrashWorld = {
    app,
    dialog,
    log: file,
    save: async () => desktop.program?.close(),
  };
  watchProgram(crash, node);
  const menu = menuTemplate(node.platform, app.isPackaged, {
    showLogs: () => void electron.shell.openPath(logFolder),
  });
  electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(menu));
  servePage(electron.protocol, await readPage(parts.page));

  const shell = await desktopShell({
    electron,
    window: () => desktop.window,
    disks: diskAccess({
      platform: node.platform,
      uid: node.getuid?.() ?? null,
      helperBinary: join(
        node.resourcesPath ?? '',
        'helper',
        node.platform === 'win32' ? 'ironlift-read-device.exe' : 'ironlift-read-device',
      ),
      helperScript: scriptHelper(node, app.isPackaged, parts.helperProgram),
      canRun,
    }),
    taskProgram: parts.taskProgram,
    platform: node.platform,
    environment: node.env,
    log: file,
  });
  const program = await createSession(shell);
  desktop.program = program;
  const log: Log = {
    info: (...line) => file.info(...line),
    fault: (where, error) => program.report(error, where),
  };
  const run = randomBytes(8).toString('hex');
  serveIpc({
    ipcMain: electron.ipcMain,
    handlers: program.handlers,
    destroy: true,
    events: new EventStream(run, program.events, () => program.session.jobs.list()),
    log,
    clock: () => performance.now(),
  });
  guardQuit({ app, dialog, powerMonitor: electron.powerMonitor, window: () => desktop.window, program });
  electron.powerMonitor.on('suspend', () => file.info('suspend'));
  electron.powerMonitor.on('resume', () => file.info('resume'));
  if (desktop.wanted !== null) openFile(desktop, desktop.wanted);
  await openWindow(desktop, crash);
  app.on('activate', () => {
    if (desktop.window === null) void openWindow(desktop, crash);
  });
  app.on('window-all-closed', () => {
    // On a Mac a program without windows goes on; elsewhere that would be one that nobody finds again.
    if (node.platform !== 'darwin') app.quit();
  });
}

/** In a checkout Node itself is at hand, as `npm start` tells; packaged it is not. */
function scriptHelper(node: Node, packaged: boolean, script: string): readonly [string, string] | null {
  const own = node.env['IRONLIFT_NODE'];
  return packaged || own === undefined ? null : [own, script];
}

async function openWindow(desktop: Desktop, crash: CrashWorld): Promise<void> {
  const { electron } = desktop;
  const placeFile = join(electron.app.getPath('userData'), 'window.json');
  const screens = electron.screen.getAllDisplays().map(({ workArea }) => workArea);
  const place = readWindowPlace(placeFile, screens, electron.nativeTheme.shouldUseDarkColors);
  const window = new electron.BrowserWindow(windowOptions(place, desktop.parts.preload, desktop.parts.icon));
  desktop.window = window;
  watchPage(window, crash, () => performance.now());
  if (place.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', (event) => {
    saveWindowPlace(placeFile, window.getNormalBounds(), window.isMaximized());
    // Closing the last window is quitting, and quitting asks; the window stays until that is answered.
    if (desktop.node.platform !== 'darwin') {
      event.preventDefault();
      electron.app.quit();
    }
  });
  window.on('closed', () => {
    desktop.window = null;
  });
  await window.loadURL(PAGE_URL);
}

/** A file that was double-clicked, named at the start or handed over by a second start. */
function openFile(desktop: Desktop, path: string | null): void {
  const { window, program, electron } = desktop;
  if (window !== null) {
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }
  if (path === null) return;
  if (program === null) {
    desktop.wanted = path;
    return;
  }
  try {
    program.openEngagement(path);
  } catch (error) {
    const { message, next } = isIronliftError(error)
      ? error
      : { message: 'The file could not be opened.', next: 'Look into the log: Help, Show log files.' };
    if (!isIronliftError(error)) program.report(error, 'open-file');
    electron.dialog.showErrorBox(message, next);
  }
}
