/** Paths of a guest as people read them. */
import type { WindowsFacts } from './facts.ts';

/** Names in the main folder of the tree for what Windows reaches otherwise than by a path (GuestTree.attach). */
const OTHER_VOLUMES: ReadonlyMap<string, string> = new Map([
  [':esp', 'the EFI system partition: '],
  [':boot', 'the system partition: '],
]);

/**
 * `C:\Windows\System32\config\SYSTEM`, `D:\Data`, `the EFI system partition: \EFI\Microsoft`; the path as it is where the
 * guest is no Windows (undefined).
 */
export function forPeople(windows: Pick<WindowsFacts, 'systemDrive'> | undefined, path: string): string {
  if (windows === undefined) return path;
  const [, first = '', ...below] = path.split('/');
  const where = OTHER_VOLUMES.get(first) ?? (/^:[A-Z]$/u.test(first) ? `${first.slice(1)}:` : undefined);
  if (where !== undefined) return `${where}\\${below.join('\\')}`;
  return `${windows.systemDrive}:${path.replaceAll('/', '\\')}`;
}

/** The same before the letter of the drive is known: `\Windows\System32\config\SYSTEM`. */
export const withoutDrive = (path: string): string => path.replaceAll('/', '\\');
