/** The registry entries that make Windows load a driver at boot and bind it to its devices. */
import { IronliftError } from '../../../base/errors.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { BootDriver } from '../boot-driver.ts';
import type { WindowsFacts } from '../facts.ts';
import type { RegistryChange } from '../registry-change.ts';
import { inEveryControlSet, type Registration } from './control-sets.ts';
import { criticalDeviceChanges } from './critical-devices.ts';
import { driverDatabaseChanges } from './driver-database.ts';
import { serviceChanges } from './service-key.ts';

/** MAX_DEVICE_ID_LEN of Windows, with the NUL: longer ones are no device's. */
const LONGEST_ID = 199;
/** Characters of a key's name. */
const LONGEST_NAME = 255;

type Facts = Pick<WindowsFacts, 'ntVersion' | 'controlSets' | 'currentControlSet' | 'bindingTable'>;

/**
 * Changes of the SYSTEM hive that register a driver in every control set: its service with Start 0, no StartOverride, and the
 * binding of its hardware IDs in the table this Windows has (CriticalDeviceDatabase up to NT 6.1, DriverDatabase from 6.2). What
 * is there already as it should be gives no change.
 * @throws HIVE_DAMAGED where the current control set or the DriverDatabase cannot be read, EDIT_NOT_POSSIBLE for a driver whose
 * service or INF cannot be the name of a key
 */
export const registerBootDriver = (windows: Facts, system: Hive, driver: BootDriver): RegistryChange[] =>
  bootDriverRegistration(windows, system, driver).changes;

/** The same, and what could not be entered. */
export function bootDriverRegistration(windows: Facts, system: Hive, driver: BootDriver): Registration {
  const checked = checkNames(driver);
  const inDatabase = windows.bindingTable === 'driver-database';
  const { changes, damaged } = inEveryControlSet(windows, (number) => [
    ...serviceChanges(system, number, checked, windows.ntVersion),
    ...(inDatabase ? [] : criticalDeviceChanges(system, number, checked)),
  ]);
  return { changes: inDatabase ? [...changes, ...driverDatabaseChanges(system, checked)] : changes, damaged };
}

/** IDs that no device can have are left out; each is named once. */
function checkNames(driver: BootDriver): BootDriver {
  for (const name of [driver.service, driver.binary])
    if (name === '' || name.length > LONGEST_NAME || /[\\/\0]/u.test(name))
      throw new IronliftError(
        'EDIT_NOT_POSSIBLE',
        `A driver named "${name}" cannot be registered: that is no name of a service or file.`,
        {
          next: 'Take the driver package from its maker again, or leave it out.',
          data: { service: driver.service, binary: driver.binary },
        },
      );
  const hardwareIds: string[] = [];
  for (const id of driver.hardwareIds)
    if (
      /^[^\\\0]+(\\[^\\\0]+)*$/u.test(id) &&
      id.length <= LONGEST_ID &&
      !hardwareIds.some((other) => other.toLowerCase() === id.toLowerCase())
    )
      hardwareIds.push(id);
  return { ...driver, hardwareIds };
}
