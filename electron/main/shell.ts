/** What Electron can do of what the program asks of its shell. */
import type { BrowserWindow } from 'electron';
import type * as ElectronModule from 'electron';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { taskEnvironment } from '../../migration-core/service/node-shell.ts';
import type { Shell } from '../../migration-core/service/shell.ts';
import type { Log } from '../log-file.ts';
import { canKeep, credentialStore } from './credentials.ts';
import { chooseFiles } from './dialogs.ts';
import type { DiskAccess } from './elevate.ts';
import { pdfPrinter } from './print.ts';
import { startTask } from './task-process.ts';

type Electron = Pick<
  typeof ElectronModule,
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'Notification'
  | 'powerSaveBlocker'
  | 'safeStorage'
  | 'session'
  | 'shell'
  | 'utilityProcess'
>;

export interface DesktopShellOptions {
  electron: Electron;
  window: () => BrowserWindow | null;
  disks: DiskAccess;
  taskProgram: string;
  platform: string;
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
}

/** After Electron is ready: its key store is not known before. */
export async function desktopShell({
  electron,
  window,
  disks,
  taskProgram,
  platform,
  environment,
  log,
}: DesktopShellOptions): Promise<Shell> {
  const { app, dialog, powerSaveBlocker, safeStorage, utilityProcess } = electron;
  const dataFolder = app.getPath('userData');
  const homeFolder = app.getPath('documents');
  const keeps = await canKeep(safeStorage, platform);
  return {
    capabilities: {
      shell: 'desktop',
      dialogs: 'native',
      reveal: true,
      credentials: keeps ? 'kept' : 'session',
      localDisks: disks.localDisks,
      destroy: true,
      sleepBlocker: true,
    },
    platform,
    version: app.getVersion(),
    dataFolder,
    homeFolder,
    now: () => Date.now(),
    randomId: () => randomBytes(16).toString('hex'),
    startProcess: (name) =>
      startTask(utilityProcess, taskProgram, name, taskEnvironment(environment), (text) =>
        log.info('task-output', { name, text: text.slice(0, 4000) }),
      ),
    chooseFiles: chooseFiles(dialog, window, homeFolder, platform),
    ...(disks.localDisks === 'helper' ? { deviceHelper: disks.command } : {}),
    printPdf: pdfPrinter(electron),
    reveal: (path) => electron.shell.showItemInFolder(path),
    keepAwake() {
      const id = powerSaveBlocker.start('prevent-app-suspension');
      return () => {
        if (powerSaveBlocker.isStarted(id)) powerSaveBlocker.stop(id);
      };
    },
    showProgress: (part) => window()?.setProgressBar(part ?? -1),
    notify(title, text) {
      const shown = window();
      // Who looks at the window sees it there.
      if (shown?.isFocused() === true || !electron.Notification.isSupported()) return;
      const notification = new electron.Notification({ title, body: text });
      notification.on('click', () => window()?.show());
      notification.show();
    },
    ...(keeps
      ? { credentials: credentialStore(safeStorage, platform, join(dataFolder, 'credentials.json')) }
      : {}),
  };
}
