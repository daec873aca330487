/**
 * The .vmx file of VMware's products: `key = "value"` lines. VMware publishes no schema of it; the keys are those that the
 * products write themselves. What Workstation and ESXi share is here. Judged by libvirt's reader of the same files.
 */
import type { Finding } from '../base/finding.ts';
import { warning } from './check.ts';
import type { DiskBus, VirtualDisk, VirtualMachine } from './machine.ts';

export type Settings = [key: string, value: string][];

/** The keys of the firmware. BIOS is what a file without the key means; the products never write it. */
export const firmwareSettings = ({ firmware }: VirtualMachine): Settings =>
  firmware === 'uefi'
    ? [
        ['firmware', 'efi'],
        ['uefi.secureBoot.enabled', 'FALSE'],
      ]
    : [];

/** Disks on each bus: four controllers of each kind, 15 places on a SCSI one (id 7 is its own), 30 on SATA, 15 on NVMe; two IDE channels. */
/** VMDK layouts of products that run on another system: what ESXi has on VMFS, up to 62 TiB, they do not open. */
export const HOSTED_VMDK = [
  'monolithicSparse',
  'twoGbMaxExtentSparse',
  'monolithicFlat',
  'twoGbMaxExtentFlat',
] as const;

export const VMWARE_DISKS = { pvscsi: 60, 'lsi-sas': 60, lsi: 60, ahci: 120, nvme: 60, ide: 4 } as const;

/** 00:50:56:00:00:00 to 00:50:56:3f:ff:ff is the part of VMware's range for addresses that are set by hand. */
export const vmwareMac = (hash: Uint8Array): string =>
  [
    '00',
    '50',
    '56',
    ...[hash[0]! & 0x3f, hash[1]!, hash[2]!].map((byte) => byte.toString(16).padStart(2, '0')),
  ].join(':');

/** PCI Express root ports, without which pvscsi, nvme and vmxnet3 devices find no slot. */
export function pciBridges(): Settings {
  return [
    ['pciBridge0.present', 'TRUE'],
    ...[4, 5, 6, 7].flatMap((number): Settings => [
      [`pciBridge${number}.present`, 'TRUE'],
      [`pciBridge${number}.virtualDev`, 'pcieRootPort'],
      [`pciBridge${number}.functions`, '8'],
    ]),
  ];
}

/** How a bus is written: the device, its model, and how many disks one controller holds. */
const CONTROLLERS: Partial<Record<DiskBus, { device: string; model: string | null; disks: number }>> = {
  pvscsi: { device: 'scsi', model: 'pvscsi', disks: 15 },
  'lsi-sas': { device: 'scsi', model: 'lsisas1068', disks: 15 },
  lsi: { device: 'scsi', model: 'lsilogic', disks: 15 },
  ahci: { device: 'sata', model: null, disks: 30 },
  nvme: { device: 'nvme', model: null, disks: 15 },
  ide: { device: 'ide', model: null, disks: 2 },
};

export function diskSettings(disks: readonly VirtualDisk[]): Settings {
  const lines: Settings = [];
  /** `pvscsi 0` to `scsi0`: SCSI controllers of different models share one row of numbers. */
  const placed = new Map<string, string>();
  const used = new Map<string, number>();
  for (const disk of disks) {
    const { device, model, disks: room } = CONTROLLERS[disk.bus]!;
    const wanted = `${disk.bus} ${Math.floor(disk.unit / room)}`;
    let controller = placed.get(wanted);
    if (controller === undefined) {
      // IDE channels are fixed: units 2 and 3 are ide1 even where ide0 is empty.
      const number = device === 'ide' ? Math.floor(disk.unit / room) : (used.get(device) ?? 0);
      used.set(device, number + 1);
      controller = `${device}${number}`;
      placed.set(wanted, controller);
      if (device !== 'ide') lines.push([`${controller}.present`, 'TRUE']);
      if (model !== null) lines.push([`${controller}.virtualDev`, model]);
    }
    const place = disk.unit % room;
    // SCSI id 7 belongs to the controller.
    const id = device === 'scsi' && place >= 7 ? place + 1 : place;
    lines.push([`${controller}:${id}.present`, 'TRUE'], [`${controller}:${id}.fileName`, disk.file]);
    if (device === 'ide') lines.push([`${controller}:${id}.deviceType`, 'disk']);
  }
  return lines;
}

export const isVmwareMac = (mac: string): boolean => /^00:(50:56|0c:29|05:69):/.test(mac);
export const isStaticVmwareMac = (mac: string): boolean => /^00:50:56:[0-3]/.test(mac);

/** `564d85cb-f4c5-...` as VMware writes it: 16 pairs, a dash in the middle. */
export function vmwareUuid(uuid: string): string {
  const pairs = uuid.replaceAll('-', '').match(/../g) ?? [];
  return `${pairs.slice(0, 8).join(' ')}-${pairs.slice(8).join(' ')}`;
}

/** Quotes, pipes, the comment sign and line ends are written as a pipe and two hex digits. */
export function writeVmx(lines: Settings): string {
  const escaped = (value: string): string =>
    value.replace(
      /["|#\u0000-\u001f\u007f]/g,
      (character) => `|${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
  return lines.map(([key, value]) => `${key} = "${escaped(value)}"\n`).join('');
}

/** A Windows whose hardware clock runs in UTC is the exception: seconds from UTC, as in "Timekeeping in VMware Virtual Machines". */
export const clockSettings = ({ os, clock }: VirtualMachine): Settings =>
  os.id === 'windows' && clock === 'utc' ? [['rtc.diffFromUTC', '0']] : [];

/** What both products say of clocks and addresses. */
export function checkVmware(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [];
  // Windows gets its clock in local time, as it is used to.
  if (machine.clock === 'localtime' && machine.os.id !== 'windows')
    findings.push(
      warning(
        'VMWARE_CLOCK',
        'The hardware clock of this server runs in local time, and VMware gives Linux guests a clock in UTC.',
        'After the first boot, check the time in the guest and let NTP or timedatectl set it.',
      ),
    );
  for (const nic of machine.nics)
    if (isVmwareMac(nic.mac) && !isStaticVmwareMac(nic.mac))
      findings.push(
        warning(
          'VMWARE_MAC',
          `${nic.mac} is of the range from which VMware makes addresses by itself, so another machine may have it too.`,
          'Use mac=new unless the address has to stay.',
        ),
      );
  return findings;
}
