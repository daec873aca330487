/** The disks of a Linux computer, from /sys and /proc. */
import { readSystemUse, usesOfDevice } from './in-use.ts';
import type { LocalDisk } from './local-disk.ts';
import { blockDeviceNames, readBlockDevice, RUNNING_SYSTEM, type SystemRoot } from './sysfs.ts';

/** Devices of every kind that have a size. */
export async function listLinuxDisks(root: SystemRoot = RUNNING_SYSTEM): Promise<LocalDisk[]> {
  const system = await readSystemUse(root);
  const disks: LocalDisk[] = [];
  for (const name of await blockDeviceNames(root)) {
    const device = await readBlockDevice(name, root);
    if (device === null || device.size === 0) continue;
    const uses = await usesOfDevice(name, system);
    const mounts = uses.filter(({ kind }) => kind === 'mount');
    disks.push({
      name,
      path: device.path,
      kind: device.kind,
      size: device.size,
      sectorSize: device.sectorSize,
      physicalSectorSize: device.physicalSectorSize,
      model: device.model,
      serial: device.serial,
      bus: device.bus,
      removable: device.removable,
      readOnly: device.readOnly,
      partitions: device.partitions.map(({ name: partition, index, offset, size }) => ({
        name: partition,
        number: index,
        offset,
        size,
        mountPoints: mounts.filter((use) => use.device === partition).map(({ detail }) => detail),
      })),
      mountPoints: [...new Set(mounts.map(({ detail }) => detail))],
      inUse: uses.length > 0,
    });
  }
  return disks;
}
