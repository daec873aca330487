/** VirtualBox's .vbox: XML with the machine as it is now, the machine at each snapshot, and a register of all media. */
import type { DescribedDisk, DescribedMachine, DescribedNic, MachineBus, MachineDialect } from './machine.ts';
import { notUnderstood } from './refusals.ts';
import { cpuCount, macAddress, slashes, wholeNumber } from './values.ts';
import { attribute, below, childrenOf, find, parseXml, rootName, type XmlElement } from './xml.ts';

export const vbox: MachineDialect = {
  id: 'vbox',
  name: 'VirtualBox (.vbox)',
  extensions: ['.vbox', '.xml'],
  recognises: (text) => rootName(text) === 'VirtualBox',
  disksAnywhere: false,
  parse(text, path) {
    const machine = find(parseXml(text, path), 'Machine');
    if (machine === null)
      throw notUnderstood(
        path,
        'it describes no machine',
        'Name the .vbox file in the folder of the machine.',
      );
    return { ...readVboxHardware(machine), disks: readDisks(machine) };
  },
};

/** All but the disks, of a Machine element, which VirtualBox also writes into the OVF files it exports. */
export function readVboxHardware(machine: XmlElement): Omit<DescribedMachine, 'disks'> {
  const hardware = find(machine, 'Hardware');
  const firmware = attribute(find(hardware, 'Firmware') ?? find(hardware, 'BIOS', 'Firmware'), 'type');
  return {
    name: attribute(machine, 'name') ?? '',
    cpus: cpuCount(attribute(find(hardware, 'CPU'), 'count')) ?? 1,
    memoryMiB: wholeNumber(attribute(find(hardware, 'Memory'), 'RAMSize')),
    // EFI, EFI32, EFI64, EFIDUAL.
    firmware: firmware?.startsWith('EFI') === true ? 'uefi' : 'bios',
    guestOs: attribute(machine, 'OSType'),
    nics: readNics(hardware),
    findings: [],
  };
}

function readNics(hardware: XmlElement | null): DescribedNic[] {
  return childrenOf(find(hardware, 'Network'), 'Adapter')
    .filter((adapter) => attribute(adapter, 'enabled') === 'true')
    .map((adapter) => {
      // What it was connected to before lies in DisabledModes.
      const connection = adapter.children.find(
        ({ name }) => name !== 'DisabledModes' && CONNECTIONS.has(name),
      );
      return {
        mac: macAddress(attribute(adapter, 'MACAddress')),
        model: attribute(adapter, 'type'),
        network: attribute(connection ?? null, 'name') ?? CONNECTIONS.get(connection?.name ?? '') ?? null,
        vlan: null,
      };
    });
}

const CONNECTIONS = new Map([
  ['NAT', 'nat'],
  ['BridgedInterface', 'bridged'],
  ['InternalNetwork', 'internal'],
  ['HostOnlyInterface', 'host-only'],
  ['HostOnlyNetwork', 'host-only'],
  ['NATNetwork', 'nat'],
  ['CloudNetwork', 'cloud'],
  ['GenericInterface', 'generic'],
]);

const BUSES: Record<string, MachineBus> = {
  AHCI: 'sata',
  PIIX3: 'ide',
  PIIX4: 'ide',
  ICH6: 'ide',
  LsiLogic: 'scsi',
  LsiLogicSas: 'scsi',
  BusLogic: 'scsi',
  NVMe: 'nvme',
  VirtioSCSI: 'scsi',
  USB: 'usb',
};

function readDisks(machine: XmlElement): DescribedDisk[] {
  const locations = new Map<string, string>();
  const registry = find(machine, 'MediaRegistry', 'HardDisks');
  for (const medium of registry === null ? [] : below(registry)) {
    const [uuid, location] = [attribute(medium, 'uuid'), attribute(medium, 'location')];
    if (medium.name === 'HardDisk' && uuid !== null && location !== null) locations.set(uuid, location);
  }
  // Since settings version 1.19 the controllers are a part of the hardware.
  const controllers = find(machine, 'Hardware', 'StorageControllers') ?? find(machine, 'StorageControllers');
  return childrenOf(controllers, 'StorageController').flatMap((controller) => {
    const type = attribute(controller, 'type') ?? '';
    return childrenOf(controller, 'AttachedDevice')
      .filter((device) => attribute(device, 'type') === 'HardDisk')
      .flatMap((device) => {
        const uuid = attribute(find(device, 'Image'), 'uuid');
        if (uuid === null) return [];
        const location = locations.get(uuid) ?? null;
        return {
          bus: BUSES[type] ?? 'unknown',
          controller: type === '' ? null : type,
          slot: `${attribute(controller, 'name') ?? type} ${attribute(device, 'port') ?? '0'}:${attribute(device, 'device') ?? '0'}`,
          source: location ?? uuid,
          places: location === null ? [] : [slashes(location)],
        };
      });
  });
}
