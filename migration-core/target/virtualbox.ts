/**
 * Oracle VirtualBox 6.1 and later: the .vbox settings file in version 1.16, within VirtualBox's own schema; later
 * programs read it and write their version when they first change it.
 */
import { readGuid, uuidFromIdentity } from '../base/guid.ts';
import type { Finding } from '../base/finding.ts';
import { blocker, checkAgainst, info, uniqueFindings, warning, type PlatformLimits } from './check.ts';
import { diskIdentity, fileStem } from './identity.ts';
import type { DiskBus, NicModel, VirtualDisk, VirtualMachine, VirtualNic } from './machine.ts';
import type { ConfigFile, Target } from './target.ts';
import { virtualBoxOsType } from './virtualbox-guest-os.ts';
import { HOSTED_VMDK } from './vmx.ts';
import { writeXml, xml, type XmlElement } from './xml.ts';

/** One controller of each kind on the usual board. Of the 16 SCSI places one (7) is the controller's own. */
const LIMITS: PlatformLimits = {
  cpus: 64,
  memoryMiB: 2 << 20,
  nics: 36,
  disks: { ahci: 30, 'lsi-sas': 255, lsi: 15, 'virtio-scsi': 256, nvme: 255, ide: 4 },
};
/** The usual board (PIIX3) has eight network cards, the newer one (ICH9) 36. */
const NICS_OF_PIIX3 = 8;
const ISOLATED_NETWORK = 'ironlift-isolated';

const CARD: Partial<Record<NicModel, string>> = { e1000: '82545EM', 'virtio-net': 'virtio' };

export const virtualbox: Target = {
  id: 'virtualbox',
  name: 'VirtualBox',
  formats: ['vdi', 'vmdk'],
  subformats: { vmdk: HOSTED_VMDK },
  buses: ['ahci', 'lsi-sas', 'virtio-scsi', 'nvme', 'lsi', 'ide'],
  nicModels: ['e1000', 'virtio-net'],
  // 08:00:27 is the range VirtualBox takes for addresses of its own.
  newMac: (hash) => `08:00:27:${Buffer.from(hash.subarray(0, 3)).toString('hex').match(/../g)!.join(':')}`,
  check: (machine) => [...checkAgainst(virtualbox, LIMITS, machine), ...checkVirtualBox(machine)],
  configure: (machine) =>
    [
      {
        name: fileName(machine),
        content: `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml(settings(machine))}`,
      },
    ] satisfies ConfigFile[],
  importSteps,
};

const fileName = (machine: VirtualMachine): string => `${fileStem(machine.name)}.vbox`;

function checkVirtualBox(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [];
  const boot = machine.disks[0]?.bus;
  if (machine.firmware === 'bios' && boot === 'nvme')
    findings.push(
      blocker(
        'TARGET_BUS',
        "VirtualBox's BIOS cannot start from NVMe disks.",
        'Choose ahci instead of nvme with --bus.',
      ),
    );
  if (machine.firmware === 'uefi' && (boot === 'lsi' || boot === 'lsi-sas' || boot === 'virtio-scsi'))
    findings.push(
      warning(
        'VIRTUALBOX_UEFI_SCSI',
        `The UEFI firmware of some VirtualBox releases has no driver for ${boot} disks and then finds nothing to start.`,
        'If the machine stops in the UEFI shell, convert again with --bus ahci.',
      ),
    );
  if (boot === 'nvme')
    findings.push(
      info('VIRTUALBOX_NVME', 'NVMe disks need the Extension Pack in VirtualBox releases before 7.0.'),
    );
  for (const nic of machine.nics) {
    if ((nic.mode === 'bridged' || nic.mode === 'host-only') && nic.network === null)
      findings.push(
        blocker(
          'VIRTUALBOX_NETWORK_MISSING',
          `A ${nic.mode} network card needs the name of ${nic.mode === 'bridged' ? 'a network interface of the host' : 'a host-only interface'}.`,
          `Name it as VBoxManage list ${nic.mode === 'bridged' ? 'bridgedifs' : 'hostonlyifs'} shows it, for example --nic ${nic.mode === 'bridged' ? 'bridged:eth0' : 'host-only:vboxnet0'}.`,
        ),
      );
    if (nic.vlan !== null)
      findings.push(
        nic.mode === 'isolated'
          ? info('VIRTUALBOX_VLAN', `VirtualBox has no VLAN tags: VLAN ${nic.vlan} is left out.`)
          : blocker(
              'VIRTUALBOX_VLAN',
              `VirtualBox cannot put a network card on VLAN ${nic.vlan}.`,
              'Leave the tag out and bridge the card to a host interface that is on this VLAN.',
            ),
      );
  }
  return uniqueFindings(findings);
}

const braced = (uuid: string): string => `{${uuid}}`;

/** The UUID VirtualBox finds in the image of disk `index`: the registry must name the same, or it refuses the disk. */
function diskUuid(machine: VirtualMachine, index: number): string {
  return readGuid(uuidFromIdentity(diskIdentity(machine.uuid, index)), 0).toLowerCase();
}

function settings(machine: VirtualMachine): XmlElement {
  return xml(
    'VirtualBox',
    { xmlns: 'http://www.virtualbox.org/', version: '1.16-linux' },
    xml(
      'Machine',
      {
        uuid: braced(machine.uuid),
        name: machine.name,
        // The folder keeps the name it has, whatever becomes of the machine's.
        nameSync: 'false',
        OSType: virtualBoxOsType(machine),
        snapshotFolder: 'Snapshots',
      },
      xml(
        'MediaRegistry',
        {},
        xml(
          'HardDisks',
          {},
          ...machine.disks.map((disk, index) =>
            xml('HardDisk', {
              uuid: braced(diskUuid(machine, index)),
              location: disk.file,
              format: disk.format.toUpperCase(),
              type: 'Normal',
            }),
          ),
        ),
      ),
      xml('Description', {}, `${machine.os.name || 'Unknown system'}, converted from a physical server`),
      hardware(machine),
      xml('StorageControllers', {}, ...controllers(machine)),
    ),
  );
}

function hardware(machine: VirtualMachine): XmlElement {
  const is64 = machine.architecture === 'x86_64';
  return xml(
    'Hardware',
    {},
    xml(
      'CPU',
      machine.cpus > 1 ? { count: machine.cpus } : {},
      xml('PAE', { enabled: String(!is64) }),
      xml('LongMode', { enabled: String(is64) }),
      xml('HardwareVirtExLargePages', { enabled: 'true' }),
    ),
    // VirtualBox counts memory in steps of 4 MiB.
    xml('Memory', { RAMSize: Math.ceil(machine.memoryMiB / 4) * 4 }),
    machine.firmware === 'uefi' ? xml('Firmware', { type: is64 ? 'EFI' : 'EFI32' }) : null,
    xml('HID', { Pointing: 'USBTablet' }),
    machine.nics.length > NICS_OF_PIIX3 ? xml('Chipset', { type: 'ICH9' }) : null,
    xml('Paravirt', { provider: 'Default' }),
    xml(
      'Boot',
      {},
      ...['HardDisk', 'DVD', 'None', 'None'].map((device, index) =>
        xml('Order', { position: index + 1, device }),
      ),
    ),
    xml('Display', { controller: 'VMSVGA', VRAMSize: 16 }),
    xml(
      'BIOS',
      {},
      xml('ACPI', { enabled: 'true' }),
      xml('IOAPIC', { enabled: 'true' }),
      xml('SmbiosUuidLittleEndian', { enabled: 'true' }),
    ),
    xml('USB', {}, xml('Controllers', {}, xml('Controller', { name: 'OHCI', type: 'OHCI' }))),
    xml('Network', {}, ...machine.nics.map(adapter)),
    // A first serial port that leads nowhere: a guest with a console on it finds it.
    xml(
      'UART',
      {},
      xml('Port', { slot: 0, enabled: 'true', IOBase: '0x3f8', IRQ: 4, hostMode: 'Disconnected' }),
    ),
    xml('AudioAdapter', { driver: 'Null', enabled: 'false' }),
    xml('RTC', { localOrUTC: machine.clock === 'utc' ? 'UTC' : 'local' }),
  );
}

function adapter(nic: VirtualNic, slot: number): XmlElement {
  return xml(
    'Adapter',
    {
      slot,
      enabled: 'true',
      MACAddress: nic.mac.replaceAll(':', '').toUpperCase(),
      cable: 'true',
      type: CARD[nic.model],
    },
    connection(nic),
  );
}

function connection({ mode, network }: VirtualNic): XmlElement {
  switch (mode) {
    case 'nat':
      return network === null ? xml('NAT') : xml('NATNetwork', { name: network });
    case 'bridged':
      return xml('BridgedInterface', { name: network ?? '' });
    case 'host-only':
      return xml('HostOnlyInterface', { name: network ?? '' });
    default:
      // An internal network has no host, no router and no DHCP server.
      return xml('InternalNetwork', { name: network ?? ISOLATED_NETWORK });
  }
}

interface ControllerKind {
  name: string;
  type: string;
  /** The number of ports a controller with `disks` disks has. */
  ports: (disks: number) => number;
  place: (unit: number) => { port: number; device: number };
}

const onPort = (unit: number): { port: number; device: number } => ({ port: unit, device: 0 });

const CONTROLLERS: Partial<Record<DiskBus, ControllerKind>> = {
  ahci: { name: 'SATA', type: 'AHCI', ports: (disks) => disks, place: onPort },
  // Eight ports are the least of this controller's.
  'lsi-sas': { name: 'SAS', type: 'LsiLogicSas', ports: (disks) => Math.max(8, disks), place: onPort },
  lsi: {
    name: 'SCSI',
    type: 'LsiLogic',
    ports: () => 16,
    place: (unit) => onPort(unit >= 7 ? unit + 1 : unit),
  },
  'virtio-scsi': { name: 'VirtIO', type: 'VirtioSCSI', ports: (disks) => disks, place: onPort },
  nvme: { name: 'NVMe', type: 'NVMe', ports: (disks) => disks, place: onPort },
  ide: {
    name: 'IDE',
    type: 'PIIX4',
    ports: () => 2,
    place: (unit) => ({ port: Math.floor(unit / 2), device: unit % 2 }),
  },
};

function controllers(machine: VirtualMachine): XmlElement[] {
  const byBus = Map.groupBy(
    machine.disks.map((disk, index) => ({ disk, uuid: diskUuid(machine, index) })),
    ({ disk }) => disk.bus,
  );
  return [...byBus].map(([bus, disks]) => {
    const { name, type, ports, place } = CONTROLLERS[bus]!;
    const used = Math.max(...disks.map(({ disk }) => disk.unit)) + 1;
    return xml(
      'StorageController',
      { name, type, PortCount: ports(used), useHostIOCache: String(bus === 'ide'), Bootable: 'true' },
      ...disks.map(({ disk, uuid }) =>
        xml(
          'AttachedDevice',
          { type: 'HardDisk', hotpluggable: 'false', ...place(disk.unit) },
          xml('Image', { uuid: braced(uuid) }),
        ),
      ),
    );
  });
}

/** In double quotes for a shell and for cmd.exe alike: file names hold nothing that either would expand. */
const quoted = (file: string): string => `"${file}"`;

/** VMDK images are opened by other products too, which may have given them another UUID since. */
const needsUuid = ({ format }: VirtualDisk): boolean => format === 'vmdk';

function importSteps(machine: VirtualMachine): string {
  const file = fileName(machine);
  const isolated = machine.nics.some(({ mode }) => mode === 'isolated');
  const vmdks = machine.disks.flatMap((disk, index) => (needsUuid(disk) ? [{ disk, index }] : []));
  const steps: string[][] = [
    ['Copy this folder to the place where the machine shall stay; the disks are used from there.'],
  ];
  if (vmdks.length > 0)
    steps.push([
      `In that folder, give the disks the identity by which ${file} knows them:`,
      ...vmdks.map(
        ({ disk, index }) =>
          `  VBoxManage internalcommands sethduuid ${quoted(disk.file)} ${diskUuid(machine, index)}`,
      ),
    ]);
  steps.push([
    `Machine > Add in VirtualBox Manager, choose ${file}; or on the command line, with the full path:`,
    `  VBoxManage registervm ${quoted(`/PATH/TO/FOLDER/${file}`)}`,
    `  VBoxManage startvm ${machine.uuid}`,
  ]);
  if (isolated)
    steps.push([
      `The network cards are on the internal network ${ISOLATED_NETWORK}, so that the machine cannot meet the original`,
      'server. When the original is switched off: Settings > Network > Attached to, Bridged Adapter; or:',
      `  VBoxManage modifyvm ${machine.uuid} --nic1 bridged --bridgeadapter1 "NAME"`,
      '  with a NAME that VBoxManage list bridgedifs shows.',
    ]);
  return [
    'Import into VirtualBox 6.1 or later on Windows, Linux or an Intel Mac. Nothing is converted: the folder is the machine.',
    '',
    ...steps.flatMap(([first = '', ...rest], number) => [
      `${number + 1}. ${first}`,
      ...rest.map((line) => `   ${line}`),
    ]),
    '',
  ].join('\n');
}
