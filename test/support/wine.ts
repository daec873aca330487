/**
 * Wine's cmd.exe as a second opinion of batch files. It is large (700 MB), so the setup of the tests does not install it: tests that
 * need it say so and are skipped where it is missing (apt-get install wine).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool, tryRun, type Ran } from './tools.ts';

export const hasWine = findTool('wine') !== null;
export const NEEDS_WINE = '(skipped where Wine is not installed)';

export interface Wine {
  /** Runs a program with its arguments; exit codes are those of Unix, so modulo 256. */
  run(...args: string[]): Promise<Ran>;
  remove(): Promise<void>;
}

/** A Windows of its own, made in seconds. */
export async function makeWine(): Promise<Wine> {
  const prefix = await mkdtemp(join(tmpdir(), 'ironlift-wine-'));
  const env = { WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=', DISPLAY: '' };
  const run = (...args: string[]): Promise<Ran> => tryRun('wine', args, { env, timeoutSeconds: 120 });
  // Kept alive between programs: starting it is most of their time.
  await tryRun('wineserver', ['-p'], { env, timeoutSeconds: 20 });
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
