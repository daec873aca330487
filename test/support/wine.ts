/**
 * Wine's cmd.exe as a second opinion of batch files. It is large (700 MB) and its programs start slowly (minutes for all tests of it),
 * so it is no part of the setup of the tests: they run where IRONLIFT_WINE=1 asks for them (apt-get install wine wine64).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needTools, tryRun, type Ran } from './tools.ts';

export const asksWine = process.env['IRONLIFT_WINE'] === '1';
export const NEEDS_WINE = '(skipped unless IRONLIFT_WINE=1: needs Wine)';

export interface Wine {
  /** Runs a program with its arguments; exit codes are those of Unix, so modulo 256. */
  run(...args: string[]): Promise<Ran>;
  remove(): Promise<void>;
}

/** A Windows of its own, made in seconds. */
export async function makeWine(): Promise<Wine> {
  needTools('wine', 'wineserver');
  const prefix = await mkdtemp(join(tmpdir(), 'ironlift-wine-'));
  const env = { WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=', DISPLAY: '' };
  const run = (...args: string[]): Promise<Ran> => tryRun('wine', args, { env, timeoutSeconds: 120 });
  return {
    run,
    remove: async () => {
      await tryRun('wineserver', ['-k'], { env, timeoutSeconds: 20 }).catch(() => undefined);
      await rm(prefix, { recursive: true, force: true });
    },
  };
}

/** A path of this machine as Wine names it. */
export const winePath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;
