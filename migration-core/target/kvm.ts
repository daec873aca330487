/**
 * KVM by libvirt: the domain XML (https://libvirt.org/formatdomain.html) and, where cards are isolated, the network that
 * keeps them so. Judged by libvirt's own schema and parser.
 */
import type { Finding } from '../base/finding.ts';
import { blocker, checkAgainst, info, warning, type PlatformLimits } from './check.ts';
import { chooseChipset } from './chipset.ts';
import { fileStem } from './identity.ts';
import { domainName, IMAGE_FOLDER, ISOLATED_NETWORK, kvmImportSteps } from './kvm-import.ts';
import type { DiskBus, NicModel, VirtualDisk, VirtualMachine, VirtualNic } from './machine.ts';
import type { ConfigFile, Target } from './target.ts';
import { writeXml, xml, type XmlElement } from './xml.ts';

/** Buses: PCI Express root ports or PCI slots bound virtio-blk; SCSI targets, six SATA ports a controller, two IDE channels. */
const LIMITS: PlatformLimits = {
  cpus: 255,
  memoryMiB: 4 << 20,
  nics: 16,
  disks: { 'virtio-blk': 20, 'virtio-scsi': 200, ahci: 24, ide: 4 },
};

const NIC_NAME: Partial<Record<NicModel, string>> = {
  'virtio-net': 'virtio',
  e1000e: 'e1000e',
  e1000: 'e1000',
};

export const kvm: Target = {
  id: 'kvm',
  name: 'KVM (libvirt)',
  formats: ['qcow2', 'raw'],
  buses: ['virtio-blk', 'virtio-scsi', 'ahci', 'ide'],
  nicModels: ['virtio-net', 'e1000e', 'e1000'],
  // 52:54:00 is the range QEMU and libvirt take for addresses of their own.
  newMac: (hash) => `52:54:00:${Buffer.from(hash.subarray(0, 3)).toString('hex').match(/../g)!.join(':')}`,
  check: (machine) => [...checkAgainst(kvm, LIMITS, machine), ...checkKvm(machine)],
  configure,
  importSteps: kvmImportSteps,
};

function checkKvm(machine: VirtualMachine): Finding[] {
  const findings: Finding[] = [info('KVM_CHIPSET', chooseChipset(machine).why)];
  if (machine.firmware === 'uefi' && machine.disks.some((disk) => disk.bus === 'ide'))
    findings.push(
      blocker(
        'TARGET_BUS',
        'IDE disks exist on the i440FX board only, and UEFI guests need the Q35 board.',
        'Choose ahci instead of ide with --bus.',
      ),
    );
  for (const nic of machine.nics) {
    if ((nic.mode === 'bridged' || nic.mode === 'host-only') && nic.network === null)
      findings.push(
        blocker(
          'KVM_NETWORK_NAME_MISSING',
          `A ${nic.mode} network card needs the name of the host's ${nic.mode === 'bridged' ? 'bridge' : 'network'}.`,
          `Name it, for example --nic ${nic.mode === 'bridged' ? 'bridged:br0' : 'host-only:private'}.`,
        ),
      );
    if (nic.vlan !== null && (nic.mode === 'nat' || nic.mode === 'host-only'))
      findings.push(
        blocker(
          'KVM_VLAN',
          `A VLAN tag has no meaning on a ${nic.mode} network of libvirt.`,
          'Use the tag with a bridged card, or leave it out.',
        ),
      );
    if (nic.vlan !== null && nic.mode === 'bridged')
      findings.push(
        warning(
          'KVM_VLAN_NEEDS_OPEN_VSWITCH',
          `VLAN ${nic.vlan} on the bridge ${nic.network ?? ''} works when that bridge is an Open vSwitch bridge.`,
          'On a plain Linux bridge, create a bridge for this VLAN on the host and name that one instead.',
        ),
      );
    if (nic.vlan !== null && nic.mode === 'isolated')
      findings.push(
        info(
          'KVM_VLAN_LATER',
          `VLAN ${nic.vlan} is of use once the card is bridged; isolated it has no effect.`,
        ),
      );
  }
  return findings;
}

function configure(machine: VirtualMachine): ConfigFile[] {
  const files: ConfigFile[] = [{ name: `${fileStem(machine.name)}.xml`, content: writeXml(domain(machine)) }];
  if (machine.nics.some((nic) => nic.mode === 'isolated'))
    files.push({ name: `${ISOLATED_NETWORK}.xml`, content: writeXml(isolatedNetwork()) });
  return files;
}

/** A bridge of its own without forwarding, address or DHCP: machines on it see each other and nothing else. */
function isolatedNetwork(): XmlElement {
  return xml(
    'network',
    {},
    xml('name', {}, ISOLATED_NETWORK),
    xml('bridge', { name: 'virbr-ironlift', stp: 'on', delay: 0 }),
  );
}

/**
 * What Windows, from Vista and Server 2008 on, asks of the hypervisor it knows: without them it takes a busy host for a processor
 * that hangs, and stops (libvirt, "Hypervisor features"; the values are those that libvirt's own tools set).
 */
const ENLIGHTENMENTS = xml(
  'hyperv',
  {},
  xml('relaxed', { state: 'on' }),
  xml('vapic', { state: 'on' }),
  xml('spinlocks', { state: 'on', retries: 8191 }),
);

function domain(machine: VirtualMachine): XmlElement {
  const { chipset } = chooseChipset(machine);
  const efi = machine.firmware === 'uefi';
  const forWindows = machine.os.id === 'windows' && !/^(xp|2003)$/u.test(machine.os.version);
  return xml(
    'domain',
    { type: 'kvm' },
    xml('name', {}, domainName(machine)),
    xml('uuid', {}, machine.uuid),
    domainName(machine) === machine.name ? null : xml('title', {}, machine.name),
    xml('description', {}, `${machine.os.name || 'Unknown system'}, converted from a physical server`),
    xml('memory', { unit: 'MiB' }, String(machine.memoryMiB)),
    xml('vcpu', { placement: 'static' }, String(machine.cpus)),
    xml(
      'os',
      efi ? { firmware: 'efi' } : {},
      // 32-bit systems run on the 64-bit machine as they did on the 64-bit server.
      xml('type', { arch: 'x86_64', machine: chipset === 'q35' ? 'q35' : 'pc' }, 'hvm'),
      efi
        ? xml(
            'firmware',
            {},
            xml('feature', { enabled: 'no', name: 'enrolled-keys' }),
            xml('feature', { enabled: 'no', name: 'secure-boot' }),
          )
        : null,
    ),
    xml('features', {}, xml('acpi'), xml('apic'), forWindows ? ENLIGHTENMENTS : null),
    xml('cpu', { mode: 'host-model', check: 'partial' }),
    xml(
      'clock',
      { offset: machine.clock },
      xml('timer', { name: 'rtc', tickpolicy: 'catchup' }),
      xml('timer', { name: 'pit', tickpolicy: 'delay' }),
      xml('timer', { name: 'hpet', present: 'no' }),
      forWindows ? xml('timer', { name: 'hypervclock', present: 'yes' }) : null,
    ),
    xml('on_poweroff', {}, 'destroy'),
    xml('on_reboot', {}, 'restart'),
    xml('on_crash', {}, 'destroy'),
    xml(
      'devices',
      {},
      ...machine.disks.map((disk, index) => diskElement(disk, index, machine.disks)),
      ...controllers(machine, chipset),
      ...machine.nics.map(nicElement),
      xml('serial', { type: 'pty' }, xml('target', { port: 0 })),
      xml('console', { type: 'pty' }, xml('target', { type: 'serial', port: 0 })),
      xml('channel', { type: 'unix' }, xml('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' })),
      xml('input', { type: 'tablet', bus: 'usb' }),
      xml('graphics', { type: 'vnc', port: -1, autoport: 'yes', listen: '127.0.0.1' }),
      // Plain VGA: every kernel, installer and boot loader draws on it without a driver.
      xml('video', {}, xml('model', { type: 'vga' })),
      xml('memballoon', { model: 'virtio' }),
      xml('rng', { model: 'virtio' }, xml('backend', { model: 'random' }, '/dev/urandom')),
    ),
  );
}

/** How a bus is written: the `bus` of the target, the letters of its device names. */
const TARGET_BUS: Partial<Record<DiskBus, { bus: string; prefix: string }>> = {
  'virtio-blk': { bus: 'virtio', prefix: 'vd' },
  'virtio-scsi': { bus: 'scsi', prefix: 'sd' },
  ahci: { bus: 'sata', prefix: 'sd' },
  ide: { bus: 'ide', prefix: 'hd' },
};

const SATA_PORTS = 6;

function diskElement(disk: VirtualDisk, index: number, all: VirtualDisk[]): XmlElement {
  const written = TARGET_BUS[disk.bus]!;
  // SCSI and SATA disks share the letters sda, sdb ...: count among all that do.
  const letter = all
    .slice(0, index)
    .filter((other) => TARGET_BUS[other.bus]?.prefix === written.prefix).length;
  return xml(
    'disk',
    { type: 'file', device: 'disk' },
    xml('driver', { name: 'qemu', type: disk.format, discard: 'unmap' }),
    xml('source', { file: `${IMAGE_FOLDER}/${disk.file}` }),
    xml('target', { dev: written.prefix + diskLetters(letter), bus: written.bus }),
    xml('boot', { order: index + 1 }),
    address(disk),
  );
}

/** virtio-blk takes whatever PCI slot libvirt gives it; the others have a place on their controller. */
function address(disk: VirtualDisk): XmlElement | null {
  const at = (controller: number, bus: number, target: number, unit: number): XmlElement =>
    xml('address', { type: 'drive', controller, bus, target, unit });
  if (disk.bus === 'virtio-scsi') return at(0, 0, disk.unit, 0);
  if (disk.bus === 'ahci') return at(Math.floor(disk.unit / SATA_PORTS), 0, 0, disk.unit % SATA_PORTS);
  if (disk.bus === 'ide') return at(0, Math.floor(disk.unit / 2), 0, disk.unit % 2);
  return null;
}

function controllers(machine: VirtualMachine, chipset: 'q35' | 'i440fx'): XmlElement[] {
  const list: XmlElement[] = [];
  if (machine.disks.some((disk) => disk.bus === 'virtio-scsi'))
    list.push(xml('controller', { type: 'scsi', index: 0, model: 'virtio-scsi' }));
  const sata = Math.max(-1, ...machine.disks.filter(({ bus }) => bus === 'ahci').map(({ unit }) => unit));
  for (let index = 0; index * SATA_PORTS <= sata; index++)
    list.push(xml('controller', { type: 'sata', index }));
  // Kernels before 2.6.31 do not know xHCI; they are on the old board, with its own UHCI.
  list.push(
    xml('controller', { type: 'usb', index: 0, model: chipset === 'q35' ? 'qemu-xhci' : 'piix3-uhci' }),
  );
  return list;
}

function nicElement(nic: VirtualNic): XmlElement {
  const [type, source] =
    nic.mode === 'bridged'
      ? ['bridge', xml('source', { bridge: nic.network ?? '' })]
      : [
          'network',
          xml('source', { network: nic.network ?? (nic.mode === 'nat' ? 'default' : ISOLATED_NETWORK) }),
        ];
  const tagged = nic.mode === 'bridged' && nic.vlan !== null;
  return xml(
    'interface',
    { type },
    xml('mac', { address: nic.mac }),
    source,
    tagged ? xml('virtualport', { type: 'openvswitch' }) : null,
    tagged ? xml('vlan', {}, xml('tag', { id: nic.vlan ?? undefined })) : null,
    xml('model', { type: NIC_NAME[nic.model]! }),
  );
}

/** 0 is `a`, 25 `z`, 26 `aa`: as the kernel names disks. */
function diskLetters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : diskLetters(Math.floor(index / 26) - 1) + last;
}
