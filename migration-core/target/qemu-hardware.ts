/**
 * The QEMU command line that imitates a machine: same firmware, controllers, disks and network cards, on a network that
 * leads nowhere. For test boots; what runs a machine for good is the platform's own configuration. Pure.
 */
import { chooseChipset } from './chipset.ts';
import type { DiskBus, NicModel, VirtualDisk, VirtualMachine } from './machine.ts';

export interface QemuOptions {
  /** The file QEMU opens for each disk of the machine, in their order: usually overlays that are thrown away. */
  disks: readonly { path: string; format: string }[];
  /** `tcg` is software emulation. */
  accelerator: 'tcg' | 'kvm' | 'hvf' | 'whpx';
  /** UEFI firmware: its code, opened read-only, and a copy of its variables, which is written. Needed for UEFI machines. */
  firmware?: { code: string; variables: string };
  /** Where the first serial port goes, as `-chardev` takes it: `file,path=serial.log`, `stdio`. */
  serial: string;
  /** Socket for the QEMU machine protocol, as `-chardev` takes it: `socket,path=qmp.sock,server=on,wait=off`. */
  qmp?: string;
  /**
   * Files of the guest's own kernel and initramfs, to start them without boot loader: where the firmware has no driver for
   * the disks (`firmwareReaches`) the kernel still proves its own.
   */
  kernel?: { image: string; initramfs: string | null; commandLine: string };
  /** Less than the machine has, for a small computer. */
  memoryMiB?: number;
  cpus?: number;
}

/** The arguments after the name of the program (qemu-system-x86_64). Disks must be as many as the machine's. */
export function qemuArguments(machine: VirtualMachine, options: QemuOptions): string[] {
  const { chipset } = chooseChipset(machine);
  const { firmware } = options;
  return [
    '-nodefaults',
    '-no-user-config',
    ...['-name', optionValue(machine.name)],
    ...['-uuid', machine.uuid],
    ...['-machine', `${chipset === 'q35' ? 'q35' : 'pc'},accel=${options.accelerator}`],
    // The best processor there is: guests ask for features, and software emulation has more than any single model.
    ...['-cpu', options.accelerator === 'tcg' ? 'max' : 'host'],
    ...['-smp', String(options.cpus ?? machine.cpus)],
    ...['-m', String(options.memoryMiB ?? machine.memoryMiB)],
    ...['-rtc', `base=${machine.clock}`],
    ...(firmware === undefined
      ? []
      : [
          '-drive',
          `if=pflash,format=raw,readonly=on,file=${optionValue(firmware.code)}`,
          '-drive',
          `if=pflash,format=raw,file=${optionValue(firmware.variables)}`,
        ]),
    ...['-display', 'none', '-vga', 'std'],
    ...['-chardev', `${options.serial},id=serial0`, '-serial', 'chardev:serial0'],
    ...(options.qmp === undefined
      ? []
      : ['-chardev', `${options.qmp},id=qmp0`, '-mon', 'chardev=qmp0,mode=control']),
    ...machine.disks.flatMap((_, index) => ['-blockdev', blockNode(index, options.disks[index]!)]),
    ...controllers(machine.disks).flatMap((device) => ['-device', device]),
    // A place in the order of starting would come before the kernel's.
    ...machine.disks.flatMap((disk, index) => [
      '-device',
      diskDevice(disk, index) + (options.kernel === undefined ? `,bootindex=${index}` : ''),
    ]),
    ...kernelArguments(options.kernel),
    ...machine.nics.flatMap((nic, index) => [
      // `restrict` cuts the network off from the host and everything beyond.
      '-netdev',
      `user,id=net${index},restrict=on`,
      '-device',
      // Without its ROM the card cannot make the firmware wait for a network boot.
      `${NIC_DEVICES[nic.model]},netdev=net${index},mac=${nic.mac},romfile=`,
    ]),
  ];
}

function kernelArguments(kernel: QemuOptions['kernel']): string[] {
  if (kernel === undefined) return [];
  const { image, initramfs, commandLine } = kernel;
  return ['-kernel', image, ...(initramfs === null ? [] : ['-initrd', initramfs]), '-append', commandLine];
}

/** OVMF as distributions build it has left these out; QEMU's BIOS and the platforms' own firmware have drivers for all. */
const UNKNOWN_TO_OVMF: readonly DiskBus[] = ['pvscsi', 'lsi-sas', 'lsi'];

/** Whether the firmware QEMU has for this machine can read its boot disk. Where not, a test starts the kernel directly. */
export function firmwareReaches(machine: VirtualMachine): boolean {
  return machine.firmware === 'bios' || !UNKNOWN_TO_OVMF.includes(machine.disks[0]?.bus ?? 'ahci');
}

/** Where QEMU's hardware is not what the platform has, so that a test boot proves less; one sentence each. */
export function imitationGaps(machine: VirtualMachine): string[] {
  const gaps: string[] = [];
  const { disks, nics, os } = machine;
  const windows = os.id === 'windows';
  if (!firmwareReaches(machine))
    gaps.push(
      `The UEFI firmware that comes with QEMU has no driver for ${disks[0]!.bus} disks, which the platform's own firmware has: ${
        windows
          ? 'Windows cannot be started from them here'
          : 'only a start of the kernel itself can be tested'
      }.`,
    );
  if (disks.some(({ bus }) => bus === 'hyperv-scsi'))
    gaps.push(
      `QEMU has no model of the SCSI controller of Hyper-V; the test uses AHCI instead, so it does not prove that the guest reaches those disks with ${windows ? 'storvsc' : 'hv_storvsc'}.`,
    );
  // Under Hyper-V the kernel leaves emulated IDE disks to hv_storvsc (ata_piix, prefer_ms_hyperv).
  if (!windows && disks.some(({ bus }) => bus === 'ide') && nics.some(({ model }) => model === 'hyperv-net'))
    gaps.push(
      'On Hyper-V a kernel with hv_storvsc takes the IDE disks over by it; the test, which is not on Hyper-V, reaches them with ata_piix.',
    );
  if (nics.some(({ model }) => model === 'hyperv-net'))
    gaps.push(
      `QEMU has no model of the network card of Hyper-V; the test uses an Intel card (e1000) instead of ${windows ? 'one for netvsc' : 'hv_netvsc'}.`,
    );
  if (disks.some(({ bus }) => bus === 'lsi'))
    gaps.push(
      windows
        ? 'QEMU has no LSI Logic parallel controller of the kind VMware has; the test uses its predecessor, for which Windows may have no driver.'
        : 'QEMU has no LSI Logic parallel controller of the kind VMware has (mptspi); the test uses its predecessor, which needs the module sym53c8xx.',
    );
  return gaps;
}

/** A comma ends an option value; doubled it is a comma. */
const optionValue = (text: string): string => text.replaceAll(',', ',,');

/** JSON, because file names may hold anything. Throw-away overlays need not survive a crash of the host. */
function blockNode(index: number, file: { path: string; format: string }): string {
  return JSON.stringify({
    driver: file.format,
    'node-name': `disk${index}`,
    discard: 'unmap',
    cache: { direct: false, 'no-flush': true },
    file: { driver: 'file', filename: file.path, cache: { direct: false, 'no-flush': true } },
  });
}

const NIC_DEVICES: Record<NicModel, string> = {
  'virtio-net': 'virtio-net-pci',
  vmxnet3: 'vmxnet3',
  e1000e: 'e1000e',
  e1000: 'e1000',
  'hyperv-net': 'e1000',
  tulip: 'tulip',
};

/** Controllers by bus: the device, how many disks it takes, and the place of a disk on it. Null: the board's own, or none. */
const CONTROLLERS: Record<
  DiskBus,
  { device: string | null; disks: number; place: (unit: number) => string }
> = {
  'virtio-blk': { device: null, disks: Infinity, place: () => '' },
  'virtio-scsi': { device: 'virtio-scsi-pci', disks: 200, place: scsiId },
  // Id 7 is the controller's own on VMware's SCSI controllers.
  pvscsi: { device: 'pvscsi', disks: 15, place: (unit) => scsiId(unit >= 7 ? unit + 1 : unit) },
  // Eight ports, eight disks.
  'lsi-sas': { device: 'mptsas1068', disks: 8, place: scsiId },
  lsi: { device: 'lsi53c895a', disks: 7, place: scsiId },
  ahci: { device: 'ich9-ahci', disks: 6, place: (unit) => `.${unit}` },
  ide: { device: null, disks: 2, place: (unit) => `,unit=${unit}` },
  'hyperv-scsi': { device: 'ich9-ahci', disks: 6, place: (unit) => `.${unit}` },
  nvme: { device: 'nvme', disks: 15, place: (unit) => `,nsid=${unit + 1}` },
};

/** Of the range that anyone may assign (NAA 3, T10 SPC-4 7.8.6.6). */
function sasAddress(unit: number): string {
  return `0x${(0x3000_0000_0000_0001n + BigInt(unit)).toString(16)}`;
}

function scsiId(unit: number): string {
  return `.0,channel=0,scsi-id=${unit},lun=0`;
}

const controllerId = (disk: VirtualDisk): string =>
  `${disk.bus.replaceAll('-', '')}c${Math.floor(disk.unit / CONTROLLERS[disk.bus].disks)}`;

function controllers(disks: readonly VirtualDisk[]): string[] {
  const devices = new Map<string, string>();
  for (const disk of disks) {
    const { device } = CONTROLLERS[disk.bus];
    const id = controllerId(disk);
    if (device !== null) devices.set(id, `${device},id=${id}${disk.bus === 'nvme' ? `,serial=${id}` : ''}`);
  }
  return [...devices.values()];
}

function diskDevice(disk: VirtualDisk, index: number): string {
  const { disks, place } = CONTROLLERS[disk.bus];
  const at = place(disk.unit % disks);
  const rest = `drive=disk${index}`;
  switch (disk.bus) {
    case 'virtio-blk':
      return `virtio-blk-pci,${rest}`;
    case 'ide':
      return `ide-hd,bus=ide.${Math.floor(disk.unit / disks)}${at},${rest}`;
    case 'ahci':
    case 'hyperv-scsi':
      return `ide-hd,bus=${controllerId(disk)}${at},${rest}`;
    case 'nvme':
      return `nvme-ns,bus=${controllerId(disk)}${at},${rest}`;
    case 'lsi-sas':
      // The driver (mptsas) makes no port for a disk without a SAS address, and QEMU gives none by itself.
      return `scsi-hd,bus=${controllerId(disk)}${at},wwn=${sasAddress(disk.unit)},${rest}`;
    default:
      return `scsi-hd,bus=${controllerId(disk)}${at},${rest}`;
  }
}
