/** The tree of devices that Plug and Play remembers: `Enum\\<bus>\\<device>\\<instance>`. */
import type { ControlSets, RegistryReader } from './registry.ts';

export interface RegistryDevice {
  /** `PCI\\VEN_...\\3&11583659&0&68`. */
  instance: string;
  /** The last part of it. */
  id: string;
  bus: string;
  description: string;
  friendlyName: string;
  service: string;
  /** In capitals; empty where it has none. */
  classGuid: string;
  hardwareIds: string[];
  /** `{class}\\0000` in capitals: its key below Control\\Class. */
  driver: string;
  /** The beginning of the ids of the devices below it; empty where it has none. */
  parentIdPrefix: string;
}

/** All devices together; a server with a large storage network has some thousands. */
const MOST_DEVICES = 32_768;

export function readDevices(system: RegistryReader, sets: ControlSets): RegistryDevice[] {
  const devices: RegistryDevice[] = [];
  const root = `${sets.path}\\Enum`;
  for (const bus of system.subkeys(root))
    for (const device of system.subkeys(`${root}\\${bus}`))
      for (const id of system.subkeys(`${root}\\${bus}\\${device}`)) {
        if (devices.length >= MOST_DEVICES) return devices;
        const instance = `${bus}\\${device}\\${id}`;
        const key = `${root}\\${instance}`;
        devices.push({
          instance,
          id,
          bus: bus.toUpperCase(),
          description: system.text(key, 'DeviceDesc'),
          friendlyName: system.text(key, 'FriendlyName'),
          service: system.text(key, 'Service'),
          classGuid: system.text(key, 'ClassGUID').toUpperCase(),
          hardwareIds: system.texts(key, 'HardwareID'),
          driver: system.text(key, 'Driver').toUpperCase(),
          parentIdPrefix: system.text(key, 'ParentIdPrefix'),
        });
      }
  return devices;
}

/** The device above each, as far as the beginnings of the ids tell; undefined for none. */
export function parentOf(
  devices: readonly RegistryDevice[],
): (device: RegistryDevice) => RegistryDevice | undefined {
  const byPrefix = new Map<string, RegistryDevice>();
  for (const device of devices)
    if (device.parentIdPrefix !== '' && !byPrefix.has(device.parentIdPrefix.toUpperCase()))
      byPrefix.set(device.parentIdPrefix.toUpperCase(), device);
  return ({ id }) => {
    // `5&25a13950&0` is the beginning of `5&25a13950&0&000000`.
    const parts = id.toUpperCase().split('&');
    for (let length = parts.length - 1; length > 0; length--) {
      const parent = byPrefix.get(parts.slice(0, length).join('&'));
      if (parent !== undefined) return parent;
    }
    return undefined;
  };
}
