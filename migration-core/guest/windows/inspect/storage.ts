/** From the disks upwards: the devices whose drivers Windows needs to reach its own files. */
import type { StorageDevice, WindowsService } from '../facts.ts';
import { parentOf, type RegistryDevice } from './devices.ts';
import { plainText } from './services.ts';

export const STORAGE_CLASSES = {
  disk: '{4D36E967-E325-11CE-BFC1-08002BE10318}',
  hdc: '{4D36E96A-E325-11CE-BFC1-08002BE10318}',
  scsi: '{4D36E97B-E325-11CE-BFC1-08002BE10318}',
} as const;

/** Disks on these buses come and go; Windows does not start from them. */
const REMOVABLE = /^(USBSTOR|SBP2|1394|SD|PCMCIA|SWD|WPDBUSENUM)$/u;
/** A chain of devices is a handful long: disk, channel, controller, bridges. */
const LONGEST_CHAIN = 16;

export function storageDevices(
  devices: readonly RegistryDevice[],
  services: readonly WindowsService[],
): StorageDevice[] {
  const parent = parentOf(devices);
  const chain = new Set<RegistryDevice>();
  let controllers = 0;
  for (const disk of devices) {
    if (disk.classGuid !== STORAGE_CLASSES.disk || REMOVABLE.test(disk.bus)) continue;
    let at: RegistryDevice | undefined = disk;
    for (let height = 0; at !== undefined && height < LONGEST_CHAIN; height++, at = parent(at)) {
      if (isController(at)) controllers++;
      if (chain.has(at)) break;
      if (at.service !== '') chain.add(at);
    }
  }
  const starting = new Map(services.map((service) => [service.name.toUpperCase(), startsAtBoot(service)]));
  // Disks whose id is a serial number do not tell their controller: then every one counts that is driven at boot.
  if (controllers === 0)
    for (const device of devices)
      if (isController(device) && starting.get(device.service.toUpperCase()) === true) {
        chain.add(device);
        for (
          let at = parent(device), height = 0;
          at !== undefined && height < LONGEST_CHAIN;
          height++, at = parent(at)
        )
          if (at.service !== '') chain.add(at);
      }
  const others = devices.filter(
    (device) => isController(device) && device.service !== '' && !chain.has(device),
  );
  return [
    ...[...chain].map((device) => described(device, true)),
    ...others.map((device) => described(device, false)),
  ];
}

const isController = ({ classGuid }: RegistryDevice): boolean =>
  classGuid === STORAGE_CLASSES.hdc || classGuid === STORAGE_CLASSES.scsi;

/** StartOverride wins over Start. */
export const startsAtBoot = ({
  start,
  startOverride,
}: Pick<WindowsService, 'start' | 'startOverride'>): boolean => (startOverride ?? start) === 0;

const described = (device: RegistryDevice, bootCritical: boolean): StorageDevice => ({
  instance: device.instance,
  description:
    device.friendlyName === ''
      ? plainText(device.description, device.instance)
      : plainText(device.friendlyName, device.instance),
  service: device.service,
  classGuid: device.classGuid,
  hardwareIds: device.hardwareIds,
  bootCritical,
});
