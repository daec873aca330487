/**
 * How a disk of this computer is read by an application that is never run as root: a helper, for one disk, that the
 * system asks the person about. Linux only: pkexec shows the whole command, so what is agreed to is this disk and no
 * other. The line to it are its own pipes, which nobody else can open. On Windows and macOS the system gives no pipes to
 * what it raises (UAC, osascript), so there the program offers images of disks and `ironlift` in a terminal with the right.
 */
import { accessSync, constants } from 'node:fs';

export type DiskAccess =
  | { localDisks: 'direct' }
  | { localDisks: 'helper'; command: readonly [string, ...string[]] }
  | { localDisks: 'none' };

export interface ElevateWorld {
  platform: string;
  uid: number | null;
  /** The helper as one program of its own, for a packaged application: Electron's own binary runs no scripts (fuses). */
  helperBinary: string;
  /** In a checkout: Node and the helper's source. null: this process is no Node. */
  helperScript: readonly [string, ...string[]] | null;
  canRun(path: string): boolean;
}

const PKEXEC = '/usr/bin/pkexec';

export function diskAccess(world: ElevateWorld): DiskAccess {
  if (world.uid === 0) return { localDisks: 'direct' };
  if (world.platform !== 'linux' || !world.canRun(PKEXEC)) return { localDisks: 'none' };
  // Without an agent on the desktop nobody could answer, and a terminal that nobody sees must not be asked.
  const ask = [PKEXEC, '--disable-internal-agent'] as const;
  if (world.canRun(world.helperBinary))
    return { localDisks: 'helper', command: [...ask, world.helperBinary] };
  return world.helperScript === null
    ? { localDisks: 'none' }
    : { localDisks: 'helper', command: [...ask, ...world.helperScript] };
}

export function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
