/** The name of a Windows, for a choice between several systems. */
import { isIronliftError } from '../../../base/errors.ts';
import type { GuestReader } from '../../fixer.ts';
import { openGuestHive } from '../guest-hive.ts';
import { VolumePaths } from '../volume-path.ts';
import { RegistryReader } from './registry.ts';

/** ProductName, or plainly Windows where it cannot be read. */
export async function windowsName(files: GuestReader, folder: string): Promise<string> {
  try {
    const path = await new VolumePaths(files).file(`${folder}/System32/config/SOFTWARE`);
    if (path === null) return 'Windows';
    const software = new RegistryReader(await openGuestHive(files, path));
    return software.text('Microsoft\\Windows NT\\CurrentVersion', 'ProductName') || 'Windows';
  } catch (error) {
    if (!isIronliftError(error) || error.kind === 'cancelled') throw error;
    return 'Windows';
  }
}
