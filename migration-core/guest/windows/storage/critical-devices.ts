/**
 * CriticalDeviceDatabase: what binds devices to drivers at boot up to Windows 7 and Server 2008 R2, one in each control set. The
 * kernel looks up the hardware IDs of a new device in their order, then the compatible ones; the first key found says the service.
 *
 * Facts, from hives of XP and 7: a key is the ID with `#` for the backslash, in any case (`pci#cc_0604`, `PCI#CC_0604`); Service
 * and ClassGUID are REG_SZ, the class in either case too; 7 adds DriverPackageId, the driver store directory it comes from, and
 * filters may stand beside it (UpperFilters of `pci#ven_8086&dev_7191`).
 */
import { readText, text } from '../../../registry/types.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { HiveKey } from '../../../registry/key.ts';
import type { BootDriver } from '../boot-driver.ts';
import type { RegistryChange } from '../registry-change.ts';
import { controlSetKey } from './control-sets.ts';
import { setValue } from './service-key.ts';

/** Belong to the driver that was bound before; filters would be loaded onto the new one. */
const OF_ANOTHER_DRIVER = ['DriverPackageId', 'UpperFilters', 'LowerFilters'];

/** What is missing in one control set for devices of these IDs to be bound to the driver. @throws HIVE_DAMAGED */
export function criticalDeviceChanges(
  system: Hive,
  controlSet: number,
  driver: Pick<BootDriver, 'service' | 'classGuid' | 'hardwareIds'>,
): RegistryChange[] {
  const changes: RegistryChange[] = [];
  for (const id of driver.hardwareIds) {
    const path = criticalDeviceKey(controlSet, id);
    const key = system.find(path);
    if (!isText(key, 'Service', driver.service)) {
      changes.push(setValue(path, 'Service', text(driver.service)));
      for (const name of OF_ANOTHER_DRIVER)
        if (key?.value(name) !== undefined) changes.push({ op: 'delete-value', key: path, name });
    }
    if (!isText(key, 'ClassGUID', driver.classGuid))
      changes.push(setValue(path, 'ClassGUID', text(driver.classGuid)));
  }
  return changes;
}

export const criticalDeviceKey = (controlSet: number, id: string): string =>
  `${controlSetKey(controlSet)}\\Control\\CriticalDeviceDatabase\\${id.replaceAll('\\', '#').toLowerCase()}`;

function isText(key: HiveKey | undefined, name: string, expected: string): boolean {
  const value = key?.value(name);
  return value !== undefined && readText(value)?.toLowerCase() === expected.toLowerCase();
}
