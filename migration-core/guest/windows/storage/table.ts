/**
 * What lies between Windows and its disk on each kind of controller: the devices that must get a driver before Windows can read
 * its own files, with their IDs, and the drivers of Windows itself for them.
 */
import type { DiskBus } from '../../../target/machine.ts';
import {
  AHCI,
  ATAPI,
  DISK,
  INTELIDE,
  ISAPNP,
  LSI_PARALLEL,
  LSI_SAS,
  PCIIDE,
  PVSCSI,
  STORFLT,
  STORNVME,
  STORVSC,
  VMBUS,
  type InboxDriver,
} from './inbox.ts';

/** A device of the new hardware. */
export interface BootDevice {
  /** For people, as a part of a sentence: `the SATA (AHCI) controller`. */
  name: string;
  /**
   * The IDs of the device in the order in which Windows looks for them: hardware IDs, then compatible ones. Hardware that shows
   * itself in several ways (virtio before and since 1.0) has one list for each. Empty for a driver that no ID leads to.
   */
  forms: readonly (readonly string[])[];
  /** Of Windows itself. */
  drivers: readonly InboxDriver[];
  /** The last version of NT in which the device is there at all; absent: in all. */
  until?: string;
  /**
   * Windows starts without it: what can be done for it is done, and what cannot is no obstacle. One sentence for the customer: why it
   * is done.
   */
  optional?: string;
}

/** How Windows reaches disks: the controller first, and what it needs to be found by. */
export interface BootPath {
  /** For people: `SATA (AHCI)`. */
  name: string;
  devices: readonly BootDevice[];
  /** What to do where Windows has no driver for it: a sentence that begins in lower case and has no full stop. */
  advice: string;
}

interface PciFunction {
  vendor: string;
  device: string;
  /** Six digits: class, subclass, programming interface. */
  class: string;
  subsystem?: string;
  revision?: string;
}

/**
 * IDs of a PCI function in the order in which the bus driver gives them (Enum\PCI of the hives: hardware IDs with subsystem, with
 * class; compatible IDs with revision, without; vendor with class; class alone).
 */
export function pciIds({ vendor, device, class: code, subsystem, revision }: PciFunction): string[] {
  const id = `PCI\\VEN_${vendor}&DEV_${device}`;
  const sub = code.slice(0, 4);
  return [
    ...(subsystem !== undefined && revision !== undefined
      ? [`${id}&SUBSYS_${subsystem}&REV_${revision}`]
      : []),
    ...(subsystem === undefined ? [] : [`${id}&SUBSYS_${subsystem}`]),
    `${id}&CC_${code}`,
    `${id}&CC_${sub}`,
    ...(revision === undefined ? [] : [`${id}&REV_${revision}`]),
    id,
    `PCI\\VEN_${vendor}&CC_${code}`,
    `PCI\\VEN_${vendor}&CC_${sub}`,
    `PCI\\VEN_${vendor}`,
    `PCI\\CC_${code}`,
    `PCI\\CC_${sub}`,
  ];
}

const PIIX3: BootDevice = {
  name: 'the IDE controller (PIIX3)',
  forms: [pciIds({ vendor: '8086', device: '7010', class: '010180' })],
  drivers: [INTELIDE],
};
const PIIX4: BootDevice = {
  name: 'the IDE controller (PIIX4)',
  forms: [pciIds({ vendor: '8086', device: '7111', class: '01018A' })],
  drivers: [INTELIDE],
};
/** Channels as XP sees them, and as Vista and later do: one list finds both. */
const IDE_CHANNELS: readonly BootDevice[] = [
  {
    name: 'the first IDE channel',
    forms: [['Internal_IDE_Channel', 'Primary_IDE_Channel', '*PNP0600']],
    drivers: ATAPI,
  },
  {
    name: 'the second IDE channel',
    forms: [['Internal_IDE_Channel', 'Secondary_IDE_Channel', '*PNP0600']],
    drivers: ATAPI,
  },
];
const OTHER_IDE: BootDevice = {
  name: 'IDE controllers of other makes',
  forms: [['PCI\\CC_0101']],
  drivers: [PCIIDE],
  optional: 'With this the disks can be moved to an IDE controller of another make, should that be needed.',
};
const ISA_BRIDGE: BootDevice = {
  name: 'the ISA bridge beside the IDE controller',
  forms: [pciIds({ vendor: '8086', device: '7110', class: '060100' })],
  drivers: [ISAPNP],
  until: '5.2',
  optional: 'Windows enters this device itself where its IDE controller lies beside this bridge.',
};
const DISK_DRIVE: BootDevice = { name: 'the disk', forms: [['GenDisk']], drivers: DISK };

const IDE: BootPath = {
  name: 'IDE',
  devices: [PIIX3, PIIX4, ...IDE_CHANNELS, OTHER_IDE, ISA_BRIDGE, DISK_DRIVE],
  advice: 'restore the IDE drivers of this Windows from its installation medium before the conversion',
};

const VMBUS_DEVICE: BootDevice = {
  name: 'the bus of Hyper-V (VMBus)',
  forms: [['ACPI\\VMBus', '*VMBus']],
  drivers: [VMBUS],
};
const STORVSC_DEVICE: BootDevice = {
  name: 'the Hyper-V SCSI controller',
  forms: [['VMBUS\\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}']],
  drivers: [STORVSC],
};

const virtio = (legacy: string, modern: string, legacySubsystem: string, code: string): string[][] => [
  pciIds({
    vendor: '1AF4',
    device: legacy,
    class: code,
    subsystem: `${legacySubsystem}1AF4`,
    revision: '00',
  }),
  pciIds({ vendor: '1AF4', device: modern, class: code, subsystem: '11001AF4', revision: '01' }),
];
const VIRTIO_ADVICE =
  'point --drivers at the virtio-win ISO image or its folder, which has the drivers for this Windows';

/** The paths of the hardware that machine.ts knows. */
export const BOOT_PATHS: Readonly<Record<DiskBus, BootPath>> = {
  ide: IDE,
  ahci: {
    name: 'SATA (AHCI)',
    devices: [
      {
        name: 'the SATA (AHCI) controller',
        // QEMU and VirtualBox show Intel's, VMware its own: Windows knows them by their class.
        forms: [['PCI\\CC_010601', 'PCI\\CC_0106']],
        drivers: AHCI,
      },
      // msahci shows its ports as channels, storahci its disks.
      ...IDE_CHANNELS.map((channel) => ({ ...channel, until: '6.1' })),
      DISK_DRIVE,
    ],
    advice: 'point --drivers at a folder with an AHCI driver for this Windows',
  },
  nvme: {
    name: 'NVMe',
    devices: [
      { name: 'the NVMe controller', forms: [['PCI\\CC_010802', 'PCI\\CC_0108']], drivers: [STORNVME] },
      DISK_DRIVE,
    ],
    advice:
      'install the updates KB2990941 and KB3087873 on the server, with which Windows 7 and Server 2008 R2 know NVMe; Windows 8.1 and Server 2012 R2 know it without, older ones not at all',
  },
  'lsi-sas': {
    name: 'LSI Logic SAS',
    devices: [
      {
        name: 'the LSI Logic SAS controller',
        forms: [pciIds({ vendor: '1000', device: '0054', class: '010700' })],
        drivers: [LSI_SAS],
      },
      DISK_DRIVE,
    ],
    advice: 'point --drivers at a folder with the LSI SAS driver for this Windows',
  },
  lsi: {
    name: 'LSI Logic Parallel',
    devices: [
      {
        name: 'the LSI Logic Parallel controller',
        forms: [pciIds({ vendor: '1000', device: '0030', class: '010000' })],
        drivers: LSI_PARALLEL,
      },
      DISK_DRIVE,
    ],
    advice: 'point --drivers at a folder with the LSI Logic driver for this Windows',
  },
  pvscsi: {
    name: 'VMware Paravirtual SCSI',
    devices: [
      {
        name: 'the VMware Paravirtual SCSI controller',
        forms: [
          pciIds({ vendor: '15AD', device: '07C0', class: '010700', subsystem: '07C015AD', revision: '02' }),
        ],
        drivers: [PVSCSI],
      },
      DISK_DRIVE,
    ],
    advice: 'point --drivers at the pvscsi folder among the drivers of VMware Tools',
  },
  'virtio-blk': {
    name: 'VirtIO block',
    devices: [
      {
        name: 'the VirtIO block device',
        forms: virtio('1001', '1042', '0002', '010000'),
        drivers: [],
      },
      DISK_DRIVE,
    ],
    advice: VIRTIO_ADVICE,
  },
  'virtio-scsi': {
    name: 'VirtIO SCSI',
    devices: [
      {
        name: 'the VirtIO SCSI controller',
        forms: virtio('1004', '1048', '0008', '010000'),
        drivers: [],
      },
      DISK_DRIVE,
    ],
    advice: VIRTIO_ADVICE,
  },
  'hyperv-scsi': {
    name: 'Hyper-V SCSI',
    devices: [VMBUS_DEVICE, STORVSC_DEVICE, DISK_DRIVE],
    advice:
      'convert for a machine of generation 1, whose disks are on IDE, as Windows knows the bus of Hyper-V from 7 and Server 2008 R2 on',
  },
};

const INTEL_ICH9: PciFunction = {
  vendor: '8086',
  device: '2922',
  class: '010601',
  subsystem: '11001AF4',
  revision: '02',
};
const INTEL_ICH8M: PciFunction = { vendor: '8086', device: '2829', class: '010601' };
const VMWARE_SATA: PciFunction = { vendor: '15AD', device: '07E0', class: '010601' };
/** The SATA controllers of each platform by Target.id (pci.ids; `ich9-ahci` of QEMU); a package may go to VMware or VirtualBox. */
const SATA_CONTROLLERS: Readonly<Record<string, readonly PciFunction[]>> = {
  kvm: [INTEL_ICH9],
  proxmox: [INTEL_ICH9],
  virtualbox: [INTEL_ICH8M],
  'vmware-esxi': [VMWARE_SATA],
  'vmware-workstation': [VMWARE_SATA],
  ova: [VMWARE_SATA, INTEL_ICH8M],
};

/**
 * SATA on one platform. Windows' own driver is bound to the class of all controllers, and a driver of Intel that a server had for its
 * own board names the very chips that QEMU and VirtualBox show: Windows takes that one, as it asks for the chip before the class.
 */
export function ahciPath(target: string): BootPath {
  const path = BOOT_PATHS.ahci;
  const controllers = SATA_CONTROLLERS[target];
  if (controllers === undefined) return path;
  const [generic, ...below] = path.devices;
  return {
    ...path,
    devices: [...controllers.map((one) => ({ ...generic!, forms: [pciIds(one)] })), ...below],
  };
}

/** IDE disks of Hyper-V: Windows with its integration components puts filters of theirs under them. */
export const HYPERV_IDE: BootPath = {
  ...IDE,
  devices: [
    ...IDE.devices,
    {
      name: 'the accelerator of Hyper-V for IDE disks',
      forms: [],
      drivers: [STORFLT],
      optional:
        'Windows puts it as a filter under every IDE disk of Hyper-V, and a disk whose filter is missing does not start.',
    },
    ...[VMBUS_DEVICE, STORVSC_DEVICE].map((device) => ({
      ...device,
      optional:
        'Windows reaches the disks of Hyper-V faster by this way, and its filter under IDE disks uses it.',
    })),
  ],
};

/** Drivers that every way to the disk needs and that need no ID: started at boot on every Windows that starts. */
export const FOUNDATION: readonly { service: string; since: string; until: string }[] = [
  { service: 'ACPI', since: '6.0', until: '10.0' },
  { service: 'pci', since: '5.1', until: '10.0' },
  { service: 'partmgr', since: '5.1', until: '10.0' },
  { service: 'ftdisk', since: '5.1', until: '5.2' },
  { service: 'volmgr', since: '6.0', until: '10.0' },
  { service: 'mountmgr', since: '5.1', until: '10.0' },
  { service: 'disk', since: '5.1', until: '10.0' },
  // Filter of the volumes, and up to 8.1 what they are bound to.
  { service: 'volsnap', since: '5.1', until: '10.0' },
  { service: 'volume', since: '10.0', until: '10.0' },
];
