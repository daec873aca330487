/** Leaving while something runs: asked once, and whoever only presses Enter goes on working. */
import type { App, BrowserWindow, Dialog, PowerMonitor } from 'electron';
import type { OpenSession } from '../../migration-core/service/create-session.ts';
import { jobsRunning, jobTitles } from '../words.ts';

export interface QuitWorld {
  app: Pick<App, 'on' | 'exit'>;
  dialog: Pick<Dialog, 'showMessageBox'>;
  powerMonitor: Pick<PowerMonitor, 'on'>;
  window: () => BrowserWindow | null;
  program: Pick<OpenSession, 'busy' | 'close'>;
}

/** How long jobs have to stop at a safe place, milliseconds; a system that shuts down gives about this much. */
const CLOSING = 15_000;

export function guardQuit({ app, dialog, powerMonitor, window, program }: QuitWorld): void {
  let state: 'open' | 'asking' | 'closing' = 'open';

  const close = async (): Promise<void> => {
    state = 'closing';
    const late = new Promise((resolve) => setTimeout(resolve, CLOSING).unref());
    await Promise.race([program.close().catch(() => undefined), late]);
    app.exit(0);
  };

  const ask = async (): Promise<void> => {
    const running = program.busy();
    if (running.length === 0) return close();
    state = 'asking';
    const options = {
      type: 'question' as const,
      message: `${jobsRunning(running.length)} still running.`,
      detail: `${jobTitles(running)}\n\nWhat can go on later stops at a safe place; other work begins anew.`,
      buttons: ['Keep running', 'Stop and quit'],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    };
    const parent = window();
    const { response } = await (parent === null
      ? dialog.showMessageBox(options)
      : dialog.showMessageBox(parent, options));
    if (response === 1) return close();
    state = 'open';
  };

  app.on('before-quit', (event) => {
    event.preventDefault();
    if (state === 'open') void ask().catch(() => app.exit(1));
  });
  // Nobody is there to be asked when the system ends.
  powerMonitor.on('shutdown', () => {
    if (state !== 'closing') void close();
  });
}
