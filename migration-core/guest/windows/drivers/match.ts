/** Which devices of the machine a driver package is for: those whose chip it names, and those for whose class nothing better is there. */
import type { DriverPackage, DriverService } from '../driver-package.ts';
import { classRank, matchedId, type MachineDevice } from './hardware.ts';

/** The device of the machine, and the IDs by which Windows is to know it. */
export interface Match {
  device: MachineDevice;
  ids: string[];
  service: DriverService | null;
  description: string;
}

/** Before all ranks of classes. */
const OF_THE_CHIP = -1;

const infIds = ({ hardwareIds, compatibleIds }: DriverPackage['devices'][number]): string[] => [
  ...hardwareIds,
  ...compatibleIds,
];

/** For devices whose chip no package names, the package that is best for their class: the first of those that rank highest. */
export function generalDrivers(
  drivers: readonly DriverPackage[],
  devices: readonly MachineDevice[],
): Map<MachineDevice, DriverPackage> {
  const best = new Map<MachineDevice, { driver: DriverPackage; rank: number }>();
  for (const device of devices.filter(({ pciClass }) => pciClass !== undefined))
    for (const driver of drivers)
      for (const id of driver.devices.flatMap(infIds)) {
        const rank = matchedId(device, id) === null ? classRank(device, id) : OF_THE_CHIP;
        const before = best.get(device)?.rank ?? Infinity;
        if (rank !== null && rank < before) best.set(device, { driver, rank });
      }
  return new Map(
    [...best].flatMap(([device, { driver, rank }]) => (rank === OF_THE_CHIP ? [] : [[device, driver]])),
  );
}

/** The devices of the machine that this package is used for. */
export function matchesOf(
  driver: DriverPackage,
  devices: readonly MachineDevice[],
  general: ReadonlyMap<MachineDevice, DriverPackage>,
): Match[] {
  const matches = new Map<string, Match>();
  for (const one of driver.devices)
    for (const device of devices)
      for (const id of infIds(one)) {
        const { service, description } = one;
        const ofClass = general.get(device) === driver && classRank(device, id) !== null;
        const short = ofClass ? id : matchedId(device, id);
        if (short === null) continue;
        const key = `${device.what} ${service?.name ?? ''}`;
        const match = matches.get(key) ?? { device, ids: [], service, description };
        // The short ID too: other builds of a platform give the same device another subsystem.
        for (const one of [id, short])
          if (!match.ids.some((other) => other.toUpperCase() === one.toUpperCase())) match.ids.push(one);
        matches.set(key, match);
      }
  return [...matches.values()];
}
