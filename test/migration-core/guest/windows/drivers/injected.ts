/** Driver packages put into a Windows guest, and what came of it in words that tests compare. */
import { beforeAll } from 'vitest';
import { targetWindows } from '../../../../../migration-core/convert/driver-sources.ts';
import { inspectGuest, type OpenVolume } from '../../../../../migration-core/guest/inspect.ts';
import type { DriverPackage } from '../../../../../migration-core/guest/windows/driver-package.ts';
import { injectDrivers } from '../../../../../migration-core/guest/windows/drivers/inject.ts';
import { openDriverSource } from '../../../../../migration-core/guest/windows/drivers/source.ts';
import type { GuestEdit } from '../../../../../migration-core/guest/fixer.ts';
import { typeName } from '../../../../../migration-core/registry/types.ts';
import {
  driverFolder,
  filesOf,
  manyBuilds,
  writeFiles,
  type Packages,
} from '../../../../support/driver-folder.ts';
import {
  fixWindows,
  type FixedWindows,
  type WindowsContextOptions,
} from '../../../../support/fix-windows.ts';
import { scratchFolderForAll } from '../../../../support/tools.ts';
import { windowsVolumes, type WindowsGuestOptions } from '../../../../support/windows-guest.ts';

/** A source with a build of each driver for each Windows: made once, before the tests of the file that asks. */
export function sourceForAll(): string {
  const folder = scratchFolderForAll();
  beforeAll(() => writeFiles(folder, filesOf(manyBuilds(['viostor', 'netkvm']))));
  return folder;
}

export async function driversFor(
  packages: Packages | string,
  volumes: OpenVolume[],
): Promise<DriverPackage[]> {
  const { guest } = await inspectGuest(volumes);
  const source = await openDriverSource(
    typeof packages === 'string' ? packages : await driverFolder(packages),
  );
  return source.packagesFor(targetWindows(guest)!);
}

export async function inject(
  guest: WindowsGuestOptions,
  packages: Packages | string,
  options: WindowsContextOptions = {},
): Promise<FixedWindows> {
  const volumes = await windowsVolumes(guest);
  return fixWindows(volumes, injectDrivers, { drivers: await driversFor(packages, volumes), ...options });
}

export const writes = ({ edits }: FixedWindows): string[] =>
  edits.filter(({ action }) => action.kind === 'write').map(({ action }) => action.path);

/** `key\name = REG_SZ text`, of all changes of one edit. */
export function changesOf(edits: readonly GuestEdit[], what: RegExp): string[] {
  const edit = edits.find((one) => what.test(one.what));
  if (edit?.action.kind !== 'registry') throw new Error(`no registry edit ${String(what)}`);
  return edit.action.changes.map((change) => {
    if (change.op !== 'set') return `${change.op} ${change.key}`;
    const data = Buffer.from(change.data);
    const shown =
      change.type === 3 || change.type === 4
        ? data.toString('hex')
        : data.toString('utf16le').replace(/\0+$/u, '').replaceAll('\0', '|');
    return `${change.key}\\${change.name} = ${typeName(change.type)} ${shown}`;
  });
}

/** The lines of the batch file of the first start, or null where there is none. */
export const step = (fixed: FixedWindows): string[] | null => {
  const found = [...fixed.after].find(([path]) => /^\/[^:]*10-drivers\.cmd$/u.test(path));
  return found === undefined ? null : found[1].split('\r\n');
};
