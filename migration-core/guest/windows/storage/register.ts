/** The registry entries that make Windows load a driver at boot and bind it to its devices. */
import type { Hive } from '../../../registry/hive.ts';
import type { BootDriver } from '../boot-driver.ts';
import type { WindowsFacts } from '../facts.ts';
import type { RegistryChange } from '../registry-change.ts';

/**
 * Changes of the SYSTEM hive that register a driver in every control set: its service with Start 0, no StartOverride, and the
 * binding of its hardware IDs in the table this Windows has (guest-conversion facts: CriticalDeviceDatabase up to NT 6.1,
 * DriverDatabase from 6.2). What is there already as it should be gives no change.
 */
export function registerBootDriver(
  _windows: WindowsFacts,
  _system: Hive,
  _driver: BootDriver,
): RegistryChange[] {
  throw new Error('to be written');
}
