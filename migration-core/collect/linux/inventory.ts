/**
 * The inventory of a Unix server from the outputs of its own tools (resources/collectors/linux.sh, or files of the same
 * outputs): facts only, and for what could not be seen a gap that says why and what would show it.
 */
import { catalogueEntries } from '../../guest/linux/agents-catalogue.ts';
import { comparableName } from '../../store/model/identity.ts';
import type { InventoryGap, ServerInventory } from '../../store/model/inventory.ts';
import { hostBusAdaptersOf, raidOf } from './adapters.ts';
import { blocksOf } from './blocks.ts';
import { devicesOf } from './devices.ts';
import { driversOf } from './drivers.ts';
import { machineOf } from './machine.ts';
import { networkOf } from './network.ts';
import { operatingSystemOf } from './operating-system.ts';
import { processorsOf } from './processors.ts';
import { servicesOf, softwareOf, vendorAgentsOf } from './programs.ts';
import { rolesOf } from './roles.ts';
import { socketsOf } from './sockets.ts';
import { disksOf, volumesOf } from './storage.ts';
import { fileOf, firstLine, known, textOf, type Sections } from './text.ts';

export interface InventoryOptions {
  /** Milliseconds since 1970 on our clock when the section `date` was printed. */
  ourTime?: number | undefined;
}

/**
 * Pure but for the catalogues of resources/, which are read once. Never throws for what a server printed.
 *
 * @throws CATALOGUE_DAMAGED where the installation is broken
 */
export function linuxInventory(sections: Sections, options: InventoryOptions = {}): ServerInventory {
  const machine = machineOf(sections);
  const devices = devicesOf(sections);
  const blocks = blocksOf(sections);
  const disks = blocks.size > 0 ? disksOf(blocks) : undefined;
  const raid = raidOf(sections, devices ?? [], blocks);
  const network = networkOf(sections);
  const services = servicesOf(sections);
  const sockets = socketsOf(sections);
  const software = softwareOf(sections);
  const listeners = sockets?.listeners;
  const { name, fqdn } = namesOf(sections);
  return known<ServerInventory>({
    identity: known({
      name,
      fqdn,
      smbiosUuid: machine.uuid,
      serial: machine.serial,
      macs: network.permanentMacs,
    }),
    vendor: machine.vendor,
    model: machine.model,
    virtual: machine.virtual,
    chassis: machine.chassis,
    boardSerial: machine.boardSerial,
    firmware:
      machine.firmware === undefined || Object.keys(machine.firmware).length === 0
        ? undefined
        : machine.firmware,
    processors: processorsOf(sections, machine.structures),
    memoryBytes: machine.memoryBytes,
    memoryModules: machine.memoryModules,
    devices,
    drivers: driversOf(sections, devices ?? [], blocks),
    disks,
    volumes:
      blocks.size > 0 || textOf(sections, 'df') !== ''
        ? volumesOf(blocks, textOf(sections, 'df'))
        : undefined,
    raidControllers: devices === undefined && raid.controllers.length === 0 ? undefined : raid.controllers,
    hostBusAdapters: devices === undefined ? undefined : hostBusAdaptersOf(sections, devices),
    networkInterfaces: network.interfaces,
    operatingSystem: operatingSystemOf(sections, options.ourTime),
    roles: rolesOf({ services, listeners }),
    services,
    software,
    vendorAgents: vendorAgentsOf(sections, services, catalogueEntries()),
    listeners,
    connections: sockets?.connections,
    gaps: [
      ...machine.gaps,
      ...raid.gaps,
      ...missing(sections, sockets?.named, devices !== undefined, software !== undefined),
    ],
  });
}

function namesOf(sections: Sections): { name: string; fqdn?: string | undefined } {
  const host =
    firstLine(textOf(sections, 'hostname')) ?? firstLine(fileOf(sections, '/proc/sys/kernel/hostname')) ?? '';
  const full = firstLine(textOf(sections, 'fqdn'));
  // `hostname -f` asks the resolver, which may answer with `localhost` or another name of the address.
  const candidates = [full, host].filter((each) => each?.includes('.') === true);
  const fqdn = candidates.find((each) => comparableName(each!) === comparableName(host));
  return { name: host.includes('.') && fqdn !== undefined ? host.slice(0, host.indexOf('.')) : host, fqdn };
}

/** What was not seen at all, besides what the parts said themselves. */
function missing(
  sections: Sections,
  named: boolean | undefined,
  devices: boolean,
  software: boolean,
): InventoryGap[] {
  const gaps: InventoryGap[] = [];
  const root = /^user\t(\d+)$/mu.exec(textOf(sections, 'run'))?.[1];
  const asRoot = 'Collect again as root, or let the collector use sudo.';
  if (!devices)
    gaps.push({
      part: 'devices',
      why: 'Neither /sys nor lspci showed the buses of the machine.',
      next: 'Collect again on the machine itself, not in a container, with pciutils installed.',
    });
  if (named === undefined)
    gaps.push({
      part: 'listeners',
      why: 'Neither ss nor netstat nor /proc/net told of connections.',
      next: 'Install iproute2 and collect again.',
    });
  else if (!named && root !== undefined && root !== '0')
    gaps.push({
      part: 'listeners.process',
      why: 'Programs behind ports are shown to root only.',
      next: asRoot,
    });
  if (!software)
    gaps.push({
      part: 'software',
      why: 'No package manager that is known told anything.',
      next: 'Ask the administrator what was installed by hand.',
    });
  for (const [name, { status, truncated }] of sections) {
    if (gaps.length >= MAX_GAPS) break;
    if (truncated)
      gaps.push({
        part: name,
        why: `The output of ${name} was larger than what is kept, its end is missing.`,
        next: 'Run the tool by hand if the missing part matters.',
      });
    else if (status === null)
      gaps.push({
        part: name,
        why: `The collection broke off while ${name} was running.`,
        next: 'Collect again.',
      });
    else if ((status === 124 || status === 137) && !/^(?:modinfo|initramfs)$/u.test(name))
      gaps.push({
        part: name,
        why: `${name} did not answer in its time and was stopped.`,
        next: 'Run the tool by hand, it may wait for a device that does not answer.',
      });
  }
  return gaps;
}

const MAX_GAPS = 200;
