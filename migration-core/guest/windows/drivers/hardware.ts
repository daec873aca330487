/**
 * The devices of virtual machines as Windows names them. Sources: the VirtIO specification 1.2, section 4.1.2.1 (vendor 1AF4;
 * transitional devices 1000 to 103F, modern ones 1040 plus the device type), docs/specs/pci-ids of QEMU, the PCI ID database
 * (pci.ids) for VMware, LSI, Intel and VirtualBox; class IDs of VMBus devices from the Linux kernel's include/linux/hyperv.h.
 */
import type { DiskBus, NicModel, VirtualMachine } from '../../../target/machine.ts';

export interface VirtualDevice {
  /** For people: `VirtIO block controller`. */
  what: string;
  kind: 'disk' | 'network' | 'other';
  /** The IDs by which it may appear, in capitals, without subsystem and revision. */
  ids: readonly string[];
  /** SUBSYS_ of the machines we make, in capitals; absent where it is of no matter. */
  subsystems?: readonly string[];
  /** Class, subclass and programming interface, by which general drivers know it: six digits. */
  pciClass?: string;
  /** Windows brings no driver: the name of the file that has to be there. */
  needs?: string;
}

const VIRTIO = (type: string, legacy: string, what: string, rest: Partial<VirtualDevice>): VirtualDevice => ({
  what: `VirtIO ${what}`,
  kind: 'other',
  ids: [`PCI\\VEN_1AF4&DEV_${legacy}`, `PCI\\VEN_1AF4&DEV_${type}`],
  // QEMU: the device type with vendor 1AF4 for transitional devices, 1100 for modern ones.
  subsystems: [`${legacySubsystem(type)}1AF4`, '11001AF4'],
  ...rest,
});

/** The type of a modern device is 1040 plus it; as subsystem of a transitional one it stands alone. */
const legacySubsystem = (type: string): string =>
  (Number.parseInt(type, 16) - 0x1040).toString(16).toUpperCase().padStart(4, '0');

const DEVICES = {
  'virtio-blk': VIRTIO('1042', '1001', 'block controller', { kind: 'disk', needs: 'viostor.sys' }),
  'virtio-scsi': VIRTIO('1048', '1004', 'SCSI controller', { kind: 'disk', needs: 'vioscsi.sys' }),
  'virtio-net': VIRTIO('1041', '1000', 'network card', { kind: 'network', needs: 'netkvm.sys' }),
  'virtio-balloon': VIRTIO('1045', '1002', 'memory balloon', {}),
  'virtio-serial': VIRTIO('1043', '1003', 'serial channel of the guest agent', {}),
  'virtio-rng': VIRTIO('1044', '1005', 'random number generator', {}),
  pvscsi: {
    what: 'VMware Paravirtual SCSI controller',
    kind: 'disk',
    ids: ['PCI\\VEN_15AD&DEV_07C0'],
    needs: 'pvscsi.sys',
  },
  'lsi-sas': { what: 'LSI Logic SAS controller', kind: 'disk', ids: ['PCI\\VEN_1000&DEV_0054'] },
  lsi: { what: 'LSI Logic parallel SCSI controller', kind: 'disk', ids: ['PCI\\VEN_1000&DEV_0030'] },
  // QEMU's ICH9, VMware, VirtualBox's ICH8.
  ahci: {
    what: 'SATA controller',
    kind: 'disk',
    ids: ['PCI\\VEN_8086&DEV_2922', 'PCI\\VEN_15AD&DEV_07E0', 'PCI\\VEN_8086&DEV_2829'],
    pciClass: '010601',
  },
  // PIIX3 of QEMU, PIIX4 of VMware, Hyper-V and VirtualBox.
  ide: {
    what: 'IDE controller',
    kind: 'disk',
    ids: ['PCI\\VEN_8086&DEV_7010', 'PCI\\VEN_8086&DEV_7111'],
  },
  // QEMU, VMware, VirtualBox.
  nvme: {
    what: 'NVMe controller',
    kind: 'disk',
    ids: ['PCI\\VEN_1B36&DEV_0010', 'PCI\\VEN_15AD&DEV_07F0', 'PCI\\VEN_80EE&DEV_4E56'],
    pciClass: '010802',
  },
  'hyperv-scsi': {
    what: 'Hyper-V SCSI controller',
    kind: 'disk',
    ids: ['VMBUS\\{BA6163D9-04A1-4D29-B605-72E2FFB1DC7F}'],
  },
  vmxnet3: {
    what: 'VMware vmxnet3 network card',
    kind: 'network',
    ids: ['PCI\\VEN_15AD&DEV_07B0'],
  },
  e1000e: { what: 'Intel 82574L network card', kind: 'network', ids: ['PCI\\VEN_8086&DEV_10D3'] },
  // 82540EM of QEMU and VirtualBox, 82545EM of VMware.
  e1000: {
    what: 'Intel PRO/1000 network card',
    kind: 'network',
    ids: ['PCI\\VEN_8086&DEV_100E', 'PCI\\VEN_8086&DEV_100F'],
  },
  'hyperv-net': {
    what: 'Hyper-V network card',
    kind: 'network',
    ids: ['VMBUS\\{F8615163-DF3E-46C5-913F-F2D2F965ED0E}'],
  },
  tulip: { what: 'Hyper-V legacy network card', kind: 'network', ids: ['PCI\\VEN_1011&DEV_0009'] },
  vmci: { what: 'VMware virtual machine interface', kind: 'other', ids: ['PCI\\VEN_15AD&DEV_0740'] },
} as const satisfies Record<DiskBus | NicModel, VirtualDevice> & Record<string, VirtualDevice>;

type DeviceName = keyof typeof DEVICES;

const ALL_VIRTIO: readonly DeviceName[] = [
  'virtio-blk',
  'virtio-scsi',
  'virtio-net',
  'virtio-balloon',
  'virtio-serial',
  'virtio-rng',
];
const OF_VMWARE: readonly DeviceName[] = ['pvscsi', 'vmxnet3', 'vmci'];

/**
 * What machines of a platform have or may be given, by Target.id: with the drivers of all its controllers in place, a disk can be
 * moved to another one later.
 */
const PLATFORMS: Readonly<Record<string, readonly DeviceName[]>> = {
  kvm: ALL_VIRTIO,
  proxmox: ALL_VIRTIO,
  'vmware-esxi': OF_VMWARE,
  'vmware-workstation': OF_VMWARE,
  ova: OF_VMWARE,
};

/** Of the controllers that each platform makes in a way of its own, those that its machines can have; a package may go to two. */
const CHIPS: Readonly<Record<string, readonly string[]>> = {
  kvm: ['PCI\\VEN_8086&DEV_2922', 'PCI\\VEN_1B36&DEV_0010'],
  proxmox: ['PCI\\VEN_8086&DEV_2922', 'PCI\\VEN_1B36&DEV_0010'],
  'vmware-esxi': ['PCI\\VEN_15AD&DEV_07E0', 'PCI\\VEN_15AD&DEV_07F0'],
  'vmware-workstation': ['PCI\\VEN_15AD&DEV_07E0', 'PCI\\VEN_15AD&DEV_07F0'],
  virtualbox: ['PCI\\VEN_8086&DEV_2829', 'PCI\\VEN_80EE&DEV_4E56'],
  ova: [
    'PCI\\VEN_15AD&DEV_07E0',
    'PCI\\VEN_15AD&DEV_07F0',
    'PCI\\VEN_8086&DEV_2829',
    'PCI\\VEN_80EE&DEV_4E56',
  ],
};

export interface MachineDevice extends VirtualDevice {
  /** The planned machine has it, not only its platform. */
  planned: boolean;
}

export function devicesOf(
  targetId: string,
  machine: Pick<VirtualMachine, 'disks' | 'nics'>,
): MachineDevice[] {
  const planned = new Set<DeviceName>([
    ...machine.disks.map(({ bus }) => bus),
    ...machine.nics.map(({ model }) => model),
  ]);
  const names = new Set<DeviceName>([...planned, ...(PLATFORMS[targetId] ?? [])]);
  const chips = CHIPS[targetId];
  return [...names].map((name) => {
    const device: VirtualDevice = DEVICES[name];
    const ids =
      device.pciClass === undefined || chips === undefined
        ? device.ids
        : device.ids.filter((id) => chips.includes(id));
    return { ...device, ids, planned: planned.has(name) };
  });
}

/**
 * How far down an ID of an INF stands among those of the device's class, as Windows looks for them once none of the chip's own is known:
 * the vendor's before all vendors', with the programming interface before without. Null for any other ID.
 */
export function classRank({ ids, pciClass }: VirtualDevice, infId: string): number | null {
  if (pciClass === undefined) return null;
  const id = infId.toUpperCase();
  const vendor = ids.map((own) => own.split('&')[0]!).find((own) => id.startsWith(`${own}&CC_`));
  const endings = [`CC_${pciClass}`, `CC_${pciClass.slice(0, 4)}`];
  const rank = endings.indexOf(
    vendor === undefined ? id.replace(/^PCI\\/u, '') : id.slice(vendor.length + 1),
  );
  return rank < 0 ? null : rank + (vendor === undefined ? endings.length : 0);
}

/** The short ID of the device that an ID of an INF means; null where it means another one. */
export function matchedId(device: VirtualDevice, infId: string): string | null {
  const id = infId.toUpperCase();
  for (const own of device.ids) {
    if (id === own) return own;
    if (!id.startsWith(`${own}&`)) continue;
    const subsystem = /&SUBSYS_([0-9A-F]{8})/u.exec(id)?.[1];
    if (subsystem === undefined || device.subsystems === undefined || device.subsystems.includes(subsystem))
      return own;
  }
  return null;
}
