/**
 * How a disk of this computer is read by an application that is never run as root: a helper, for one disk, that the
 * system asks the person about. On Linux pkexec shows the whole command, so what is agreed to is this disk and no other,
 * and the line to it are its own pipes. On Windows (UAC) and macOS (osascript) it calls back, since what they raise gets
 * no pipes; see migration-core/source/elevated/helper-command.ts.
 */
import { accessSync, constants } from 'node:fs';
import type { HelperCommand } from '../../migration-core/source/elevated/helper-command.ts';

export type DiskAccess =
  { localDisks: 'direct' } | { localDisks: 'helper'; command: HelperCommand } | { localDisks: 'none' };

export interface ElevateWorld {
  platform: string;
  uid: number | null;
  /** The helper as one program of its own, for a packaged application: Electron's own binary runs no scripts (fuses). */
  helperBinary: string;
  /** In a checkout: Node and the helper's source. null: this process is no Node. */
  helperScript: readonly [string, ...string[]] | null;
  canRun: (path: string) => boolean;
}

const PKEXEC = '/usr/bin/pkexec';

export function diskAccess(world: ElevateWorld): DiskAccess {
  const { platform, uid, helperBinary, helperScript, canRun: runs } = world;
  if (uid === 0) return { localDisks: 'direct' };
  const program = runs(helperBinary) ? ([helperBinary] as const) : helperScript;
  if (program === null) return { localDisks: 'none' };
  if (platform === 'win32') return { localDisks: 'helper', command: { by: 'uac', program } };
  if (platform === 'darwin') return { localDisks: 'helper', command: { by: 'osascript', program } };
  if (platform !== 'linux' || !runs(PKEXEC)) return { localDisks: 'none' };
  // Without an agent on the desktop nobody could answer, and a terminal that nobody sees must not be asked.
  return { localDisks: 'helper', command: [PKEXEC, '--disable-internal-agent', ...program] };
}

/** On Windows, where no file has a right to be run: that it is there. */
export function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
