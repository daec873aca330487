/** The disks of this computer, whichever operating system it runs. */
import { IronliftError } from '../base/errors.ts';
import type { LocalDisk, RunProgram } from './local-disk.ts';
import { listMacDisks } from './local-disks.darwin.ts';
import { listLinuxDisks } from './local-disks.linux.ts';
import { listWindowsDisks } from './local-disks.win32.ts';
import { runProgram } from './run-program.ts';

export type { LocalDisk, LocalPartition } from './local-disk.ts';

export interface ListDisksOptions {
  /** Also what the operating system made itself: loop and RAM devices, volumes, arrays, CD drives. */
  all?: boolean;
  run?: RunProgram;
}

const LISTS: Partial<Record<NodeJS.Platform, (run: RunProgram) => Promise<LocalDisk[]>>> = {
  linux: () => listLinuxDisks(),
  win32: listWindowsDisks,
  darwin: listMacDisks,
};

/**
 * Physical disks, in the order of the system.
 * @throws NOT_SUPPORTED on an operating system without a list, or when its tool answers with something unknown.
 */
export async function listLocalDisks(options: ListDisksOptions = {}): Promise<LocalDisk[]> {
  const list = LISTS[process.platform];
  if (list === undefined)
    throw new IronliftError('NOT_SUPPORTED', `The disks of a ${process.platform} system cannot be listed.`, {
      next: 'Make an image of the disk with dd and name that as SOURCE.',
    });
  const disks = await list(options.run ?? runProgram);
  return options.all === true ? disks : disks.filter(({ kind }) => kind === 'disk');
}
