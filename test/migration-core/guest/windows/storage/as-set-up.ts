/** The fixer of boot drivers on a server as setup leaves it, with what a test changes of it. */
import { expect } from 'vitest';
import {
  windowsHives,
  WINDOWS_VERSIONS,
  type Keys,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import { inboxDrivers } from '../../../../support/windows/inbox.ts';
import { runBench, type Bench, type Result } from './bench.ts';

/** The class of IDE and SATA controllers, and that of all others for disks. */
export const HDC = '{4D36E96A-E325-11CE-BFC1-08002BE10318}';
export const SCSI = '{4D36E97B-E325-11CE-BFC1-08002BE10318}';

const hives = new Map<string, Uint8Array>();
function hiveAsMade(id: WindowsVersionId): Uint8Array {
  let system = hives.get(id);
  if (system === undefined) hives.set(id, (system = windowsHives(id).system));
  return system;
}

/** Runs the fixer with the drivers that this version brings itself. */
export function made(
  id: WindowsVersionId,
  more: Partial<Bench> & { system?: never; keys?: Keys },
): Promise<Result> {
  const version = WINDOWS_VERSIONS[id];
  const { keys, buses = ['ide'], ...rest } = more;
  return runBench({
    ntVersion: version.nt,
    system: keys === undefined ? hiveAsMade(id) : windowsHives(id, { system: keys }).system,
    drivers: inboxDrivers(version).map(({ binary }) => binary),
    buses,
    ...rest,
  });
}

export const messages = ({ findings }: Result): string[] => findings.map(({ message }) => message);

/** The lines of the first control set, after making sure that every other one got the same. */
export function lines({ difference }: Result, sets: number): string[] {
  const first = difference.filter((line) => line.includes('ControlSet001'));
  for (let set = 2; set <= sets; set++)
    expect(
      difference
        .filter((line) => line.includes(`ControlSet00${set}`))
        .map((line) => line.replace(`ControlSet00${set}`, 'ControlSet001')),
    ).toEqual(first);
  expect(difference.filter((line) => !line.includes('ControlSet00'))).toEqual([]);
  return first.map((line) => line.replace('ControlSet001\\', ''));
}
