/** Which driver Windows gives to a device at boot, found as its kernel finds it: in the registry, by the IDs of the device. */
import type { Hive } from '../../../registry/hive.ts';
import type { WindowsFacts } from '../facts.ts';
import { criticalDeviceKey } from './critical-devices.ts';
import { servicesOf, textOf } from './driver-database.ts';

export interface Bound {
  /** Empty where the table names the ID without a driver. */
  service: string;
  /** The ID that leads to it. */
  id: string;
}

/** Null where no ID leads to a driver. @throws HIVE_DAMAGED */
export function boundDriver(
  windows: Pick<WindowsFacts, 'bindingTable'>,
  system: Hive,
  controlSet: number,
  ids: readonly string[],
): Bound | null {
  for (const id of ids) {
    if (windows.bindingTable === 'driver-database') {
      const [service] = servicesOf(system, id);
      if (service !== undefined) return { service, id };
    } else {
      const key = system.find(criticalDeviceKey(controlSet, id));
      if (key !== undefined) return { service: textOf(key, 'Service') ?? '', id };
    }
  }
  return null;
}
