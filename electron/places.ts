/** Where the parts of the program lie, seen from this file: in the checkout and in what is built from it alike. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `.ts` in the checkout, `.js` where it was built to: import.meta.url ends the same way. */
const own = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Entry of the process that tasks run in. */
export const taskEntry = (): string => at(`../migration-core/service/tasks/process${own}`);
export const preloadEntry = (): string =>
  at(own === '.ts' ? '../out/preload/preload.cjs' : '../preload/preload.cjs');
export const pageFolder = (): string => at(own === '.ts' ? '../out/renderer' : '../renderer');
/** The bundler and the page's sources are there: only in a checkout with its development packages. */
export const canBuild = (): boolean => own === '.ts' && existsSync(at('../node_modules/vite/package.json'));
export const iconFile = (): string => at('../resources/icons/icon.png');

/** Where the loopback host keeps settings, logs and the list of jobs, by the custom of each system. */
export function defaultDataFolder(
  platform: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const home = homedir();
  if (platform === 'win32')
    return join(environment['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Ironlift Host');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Ironlift Host');
  const base = environment['XDG_DATA_HOME'];
  return join(base?.startsWith('/') === true ? base : join(home, '.local', 'share'), 'ironlift-host');
}
