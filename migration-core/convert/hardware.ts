/** The hardware of the server beside that of the machine made of it, as people compare them before and after. */
import { basename } from 'node:path';
import { formatBytes, plural } from '../base/text.ts';
import type { Guest } from '../guest/guest.ts';
import type { SourceDescription } from '../source/source.ts';
import { driverNeeds } from '../target/drivers.ts';
import type { GuestDrivers, Hardware } from '../target/guest-drivers.ts';
import type { VirtualDisk, VirtualMachine, VirtualNic } from '../target/machine.ts';

export interface HardwareRow {
  what: string;
  /** Of the physical server, as far as its disks tell. */
  source: string;
  virtual: string;
}

type Disk = Pick<SourceDescription, 'path' | 'size' | 'sectorSize' | 'model' | 'serial' | 'bus'>;

const UNKNOWN = 'not told by the disks';

/** `disks`: the descriptions of the sources, in the order of the machine's disks. `drivers`: those of a Windows. */
export function hardwareRows(
  machine: VirtualMachine,
  disks: readonly Disk[],
  guest: Pick<Guest, 'firmware' | 'interfaces'> | null,
  known: { cpus?: number | null; memoryMiB?: number | null } = {},
  drivers?: GuestDrivers,
): HardwareRow[] {
  const by = (hardware: Hardware): string => {
    if (drivers === undefined) return ` (driver ${driverNeeds(hardware).modules.join(', ')})`;
    return ` (driver ${drivers.driving(hardware)?.join(', ') ?? 'missing'})`;
  };
  const { cpus = null, memoryMiB = null } = known;
  return [
    {
      what: 'Processors',
      source: cpus === null ? UNKNOWN : plural(cpus, 'processor'),
      virtual: plural(machine.cpus, 'virtual CPU'),
    },
    {
      what: 'Memory',
      source: memoryMiB === null ? UNKNOWN : formatBytes(memoryMiB * 2 ** 20),
      virtual: formatBytes(machine.memoryMiB * 2 ** 20),
    },
    {
      what: 'Firmware',
      source: guest === null ? UNKNOWN : guest.firmware.toUpperCase(),
      virtual: machine.firmware.toUpperCase(),
    },
    ...machine.disks.map((disk, index) => ({
      what: `Disk ${index + 1}`,
      source: disks[index] === undefined ? UNKNOWN : physicalDisk(disks[index]),
      virtual: virtualDisk(disk, by(disk.bus)),
    })),
    ...machine.nics.map((nic, index) => ({
      what: `Network card ${index + 1}`,
      source: physicalCard(nic, guest),
      virtual: virtualCard(nic, by(nic.model)),
    })),
  ];
}

/** The name of a device is its path; the folder of an image file is of no interest beside what it becomes. */
const nameOf = (path: string): string => (/^(\/dev\/|\\\\)/u.test(path) ? path : basename(path));

function physicalDisk({ path, size, sectorSize, model, serial, bus }: Disk): string {
  return [
    model === '' ? nameOf(path) : model,
    ...(serial === '' ? [] : [`serial ${serial}`]),
    formatBytes(size),
    ...(bus === '' ? [] : [bus.toUpperCase()]),
    ...(sectorSize === 512 ? [] : [`sectors of ${sectorSize} bytes`]),
  ].join(', ');
}

function virtualDisk({ file, size, bus, unit }: VirtualDisk, driver: string): string {
  return `${file}, ${formatBytes(size)}, ${bus} place ${unit}${driver}`;
}

function physicalCard({ guestName }: VirtualNic, guest: Pick<Guest, 'interfaces'> | null): string {
  if (guestName === null) return 'none: added';
  const mac = guest?.interfaces.find(({ name }) => name === guestName)?.mac ?? null;
  return `${guestName}, ${mac === null ? 'MAC address not told' : `MAC ${mac}`}`;
}

function virtualCard({ model, mac, mode, network, vlan }: VirtualNic, driver: string): string {
  const connected = `${mode}${network === null ? '' : ` ${network}`}${vlan === null ? '' : `, VLAN ${vlan}`}`;
  return `${model}${driver}, MAC ${mac}, ${connected}`;
}
