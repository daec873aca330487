/**
 * VMware Workstation, Player and Fusion: the .vmx file, `key = "value"` lines. VMware publishes no schema of it; the keys
 * here are those that the products write themselves. Judged by libvirt's reader of the same files.
 */
import type { Finding } from '../base/finding.ts';
import { blocker, checkAgainst, info, warning, type PlatformLimits } from './check.ts';
import { fileStem } from './identity.ts';
import type { DiskBus, VirtualMachine, VirtualNic } from './machine.ts';
import type { ConfigFile, Target } from './target.ts';
import { vmwareGuestOs } from './vmware-guest-os.ts';

/** Four controllers of each kind: 15 places on a SCSI one (id 7 is its own), 30 on SATA, 15 on NVMe; IDE has two channels. */
const LIMITS: PlatformLimits = {
  cpus: 32,
  memoryMiB: 128 << 10,
  nics: 10,
  disks: { pvscsi: 60, 'lsi-sas': 60, lsi: 60, ahci: 120, nvme: 60, ide: 4 },
};

/** Hardware version 16 runs on Workstation 15.1, Fusion 11.1 and all later ones; the bigger sizes came with 18. */
const USUAL_HARDWARE = { version: 16, cpus: 16, memoryMiB: 64 << 10 };
const BIG_HARDWARE_VERSION = 18;

export const vmwareWorkstation: Target = {
  id: 'vmware-workstation',
  name: 'VMware Workstation',
  formats: ['vmdk'],
  buses: ['pvscsi', 'lsi-sas', 'nvme', 'ahci', 'lsi', 'ide'],
  nicModels: ['vmxnet3', 'e1000e', 'e1000'],
  // 00:50:56:00:00:00 to 00:50:56:3f:ff:ff is the part of VMware's range for addresses that are set by hand.
  newMac: (hash) =>
    [
      '00',
      '50',
      '56',
      ...[hash[0]! & 0x3f, hash[1]!, hash[2]!].map((byte) => byte.toString(16).padStart(2, '0')),
    ].join(':'),
  check: (machine) => [...checkAgainst(vmwareWorkstation, LIMITS, machine), ...checkWorkstation(machine)],
  configure: (machine) =>
    [{ name: `${fileStem(machine.name)}.vmx`, content: writeVmx(settings(machine)) }] satisfies ConfigFile[],
  importSteps,
};

function checkWorkstation(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [];
  if (machine.clock === 'localtime')
    findings.push(
      warning(
        'VMWARE_CLOCK',
        'The hardware clock of this server runs in local time, and VMware gives Linux guests a clock in UTC.',
        'After the first boot, check the time in the guest and let NTP or timedatectl set it.',
      ),
    );
  if (hardwareVersion(machine) > USUAL_HARDWARE.version)
    findings.push(
      info(
        'VMWARE_HARDWARE',
        'This many processors or this much memory needs Workstation 16.2 or later, or Fusion 12.2 or later.',
      ),
    );
  for (const nic of machine.nics) {
    if (nic.vlan !== null)
      findings.push(
        blocker(
          'VMWARE_VLAN',
          `VMware Workstation cannot put a network card on VLAN ${nic.vlan}.`,
          'Leave the tag out and bridge the card to a host interface that is on this VLAN.',
        ),
      );
    if (nic.network !== null && !/^vmnet\d{1,3}$/i.test(nic.network))
      findings.push(
        blocker(
          'VMWARE_NETWORK',
          `VMware Workstation calls its networks VMnet0 to VMnet255, and "${nic.network}" is none of them.`,
          'Name the network as the Virtual Network Editor shows it, or leave the name out.',
        ),
      );
    if (isVmwareMac(nic.mac) && !isStaticVmwareMac(nic.mac))
      findings.push(
        warning(
          'VMWARE_MAC',
          `${nic.mac} is of the range from which VMware makes addresses by itself, so another machine may have it too.`,
          'Use mac=new unless the address has to stay.',
        ),
      );
  }
  return findings;
}

type Settings = [key: string, value: string][];

const EFI: Settings = [
  ['firmware', 'efi'],
  ['uefi.secureBoot.enabled', 'FALSE'],
];

/** All settings in the order in which they are written. */
function settings(machine: VirtualMachine): Settings {
  const stem = fileStem(machine.name);
  return [
    ['.encoding', 'UTF-8'],
    ['config.version', '8'],
    ['virtualHW.version', String(hardwareVersion(machine))],
    ['virtualHW.productCompatibility', 'hosted'],
    ...pciBridges(),
    ['displayName', machine.name],
    ['guestOS', vmwareGuestOs(machine)],
    ['annotation', `${machine.os.name || 'Unknown system'}, converted from a physical server`],
    ['nvram', `${stem}.nvram`],
    // BIOS is what a file without the key means; the products never write it.
    ...(machine.firmware === 'uefi' ? EFI : []),
    ['uuid.bios', vmwareUuid(machine.uuid)],
    // Without it the product asks whether the folder was moved or copied, and "copied" changes UUID and MAC addresses.
    ['uuid.action', 'keep'],
    ['numvcpus', String(machine.cpus)],
    ['cpuid.coresPerSocket', String(machine.cpus)],
    ['memsize', String(Math.ceil(machine.memoryMiB / 4) * 4)],
    ['hpet0.present', 'TRUE'],
    ['vmci0.present', 'TRUE'],
    ['floppy0.present', 'FALSE'],
    ['usb.present', 'TRUE'],
    ['ehci.present', 'TRUE'],
    ['tools.syncTime', 'FALSE'],
    ['powerType.powerOff', 'soft'],
    ['powerType.suspend', 'soft'],
    ['powerType.reset', 'soft'],
    // Disks show their serial numbers, so that /dev/disk/by-id exists in the guest.
    ['disk.EnableUUID', 'TRUE'],
    ...diskSettings(machine),
    ...machine.nics.flatMap(nicSettings),
  ];
}

function hardwareVersion(machine: VirtualMachine): number {
  const usual = machine.cpus <= USUAL_HARDWARE.cpus && machine.memoryMiB <= USUAL_HARDWARE.memoryMiB;
  return usual ? USUAL_HARDWARE.version : BIG_HARDWARE_VERSION;
}

/** PCI Express root ports, without which pvscsi, nvme and vmxnet3 devices find no slot. */
function pciBridges(): Settings {
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

function diskSettings(machine: VirtualMachine): Settings {
  const lines: Settings = [];
  /** `pvscsi 0` to `scsi0`: SCSI controllers of different models share one row of numbers. */
  const placed = new Map<string, string>();
  const used = new Map<string, number>();
  for (const disk of machine.disks) {
    const { device, model, disks } = CONTROLLERS[disk.bus]!;
    const wanted = `${disk.bus} ${Math.floor(disk.unit / disks)}`;
    let controller = placed.get(wanted);
    if (controller === undefined) {
      // IDE channels are fixed: units 2 and 3 are ide1 even where ide0 is empty.
      const number = device === 'ide' ? Math.floor(disk.unit / disks) : (used.get(device) ?? 0);
      used.set(device, number + 1);
      controller = `${device}${number}`;
      placed.set(wanted, controller);
      if (device !== 'ide') lines.push([`${controller}.present`, 'TRUE']);
      if (model !== null) lines.push([`${controller}.virtualDev`, model]);
    }
    const place = disk.unit % disks;
    // SCSI id 7 belongs to the controller.
    const id = device === 'scsi' && place >= 7 ? place + 1 : place;
    lines.push([`${controller}:${id}.present`, 'TRUE'], [`${controller}:${id}.fileName`, disk.file]);
    if (device === 'ide') lines.push([`${controller}:${id}.deviceType`, 'disk']);
  }
  return lines;
}

function nicSettings(nic: VirtualNic, index: number): Settings {
  const key = `ethernet${index}`;
  return [
    [`${key}.present`, 'TRUE'],
    [`${key}.virtualDev`, nic.model],
    ...connection(nic).map(([name, value]): [string, string] => [`${key}.${name}`, value]),
    [`${key}.addressType`, 'static'],
    [`${key}.address`, nic.mac],
    // Any other address is refused at power-on as a conflict with VMware's own unless the check is off.
    ...(isStaticVmwareMac(nic.mac) ? [] : ([[`${key}.checkMACAddress`, 'FALSE']] satisfies Settings)),
    [`${key}.startConnected`, 'TRUE'],
  ];
}

function connection(nic: VirtualNic): Settings {
  if (nic.network !== null)
    return [
      ['connectionType', 'custom'],
      ['vnet', nic.network.replace(/^vmnet/i, 'VMnet')],
    ];
  if (nic.mode === 'bridged') return [['connectionType', 'bridged']];
  if (nic.mode === 'nat') return [['connectionType', 'nat']];
  // The host-only network forwards nothing: the machine reaches this computer and other machines on it, and no network.
  return [['connectionType', 'hostonly']];
}

const isVmwareMac = (mac: string): boolean => /^00:(50:56|0c:29|05:69):/.test(mac);
const isStaticVmwareMac = (mac: string): boolean => /^00:50:56:[0-3]/.test(mac);

/** `564d85cb-f4c5-...` as VMware writes it: 16 pairs, a dash in the middle. */
function vmwareUuid(uuid: string): string {
  const pairs = uuid.replaceAll('-', '').match(/../g) ?? [];
  return `${pairs.slice(0, 8).join(' ')}-${pairs.slice(8).join(' ')}`;
}

/** Quotes, pipes, the comment sign and line ends are written as a pipe and two hex digits. */
function writeVmx(lines: Settings): string {
  const escaped = (value: string): string =>
    value.replace(
      /["|#\u0000-\u001f\u007f]/g,
      (character) => `|${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
  return lines.map(([key, value]) => `${key} = "${escaped(value)}"\n`).join('');
}

function importSteps(machine: VirtualMachine): string {
  const file = `${fileStem(machine.name)}.vmx`;
  const isolated = machine.nics.some((nic) => nic.mode === 'isolated');
  return [
    'Open with VMware Workstation, Player or Fusion. Nothing needs to be imported: the folder is the machine.',
    '',
    '1. Copy this folder to a disk with room for the machine to grow.',
    `2. File > Open, choose ${file}; or on the command line:`,
    `     vmrun -T ws start "${file}"`,
    ...(isolated
      ? [
          '3. The network cards are on the host-only network, so that the machine cannot meet the original server.',
          '   When the original is switched off: Settings > Network Adapter > Bridged.',
        ]
      : []),
    '',
    `The guest system is set to ${vmwareGuestOs(machine)}; a release of Workstation that does not know it offers others under`,
    'Settings > Options > General.',
    '',
  ].join('\n');
}
