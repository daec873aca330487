/** Where the parts of the program lie, seen from this file: in the checkout and in what is built from it alike. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `.ts` in the checkout, `.js` in out/, where every file keeps its place (electron/build.ts). */
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const built = ending === '.js';
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the processes of tasks run. */
export const taskProgram = (): string => at(`../migration-core/service/tasks/process${ending}`);
/** The helper that reads a disk with the rights of root. */
export const helperProgram = (): string => at(`./helper/read-device${ending}`);
export const preloadFile = (): string => at(built ? '../preload/preload.cjs' : '../out/preload/preload.cjs');
export const pageFolder = (): string => at(built ? '../renderer' : '../out/renderer');
export const iconFile = (): string => at('../resources/icons/icon.png');
/** The bundler and the sources of the page are there: only in a checkout with its development packages. */
export const canBuild = (): boolean => !built && existsSync(at('../node_modules/vite/package.json'));
