/** When something breaks: it is written down, told in a sentence, and never gone on with as if nothing had been. */
import type { App, BrowserWindow, Dialog } from 'electron';
import type { Log } from '../log-file.ts';

export interface CrashWorld {
  app: Pick<App, 'on' | 'exit'>;
  dialog: Pick<Dialog, 'showErrorBox'>;
  log: Log;
  /** Puts on the disk what is not there yet; has to be quick. */
  save: () => Promise<void>;
}

const SAVING = 3000;

/** The page is loaded again once; if it breaks within a minute again it is said, for then it would break for ever. */
export function watchPage(window: BrowserWindow, { dialog, log }: CrashWorld, clock: () => number): void {
  let last = Number.NEGATIVE_INFINITY;
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    log.info('page-gone', { reason, exitCode });
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    const again = clock() - last < 60_000;
    last = clock();
    if (!again) {
      window.webContents.reload();
      return;
    }
    dialog.showErrorBox(
      'The window stopped working',
      'It stopped twice within a minute. Jobs go on running; close the window and open it again. The log is in Help, Show log files.',
    );
  });
}

/** Faults that nobody caught: the state of the program is unknown, so a copy must not go on. */
export function watchProgram(world: CrashWorld, node: Pick<NodeJS.Process, 'on'>): void {
  world.app.on('child-process-gone', (_event, { type, reason, exitCode, name }) => {
    // The session hears of its tasks by their exit; this is for the log.
    world.log.info('process-gone', { type, reason, exitCode, name: name ?? '' });
  });
  let ending = false;
  const end = (where: string) => (error: unknown) => {
    world.log.fault(where, error);
    if (ending) return;
    ending = true;
    const late = new Promise((resolve) => setTimeout(resolve, SAVING).unref());
    void Promise.race([world.save().catch(() => undefined), late]).then(() => {
      world.dialog.showErrorBox(
        'Ironlift has to close',
        'The program made a mistake of its own. What was saved is safe, and conversions can go on at the next start.',
      );
      world.app.exit(1);
    });
  };
  node.on('uncaughtException', end('uncaughtException'));
  node.on('unhandledRejection', end('unhandledRejection'));
}
