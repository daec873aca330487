/** libvirt's domain XML (KVM, Xen, LXC): https://libvirt.org/formatdomain.html. */
import type { DescribedDisk, DescribedMachine, DescribedNic, MachineBus, MachineDialect } from './machine.ts';
import { cpuCount, macAddress, mib, vlanNumber, wholeNumber } from './values.ts';
import { attribute, childrenOf, find, parseXml, rootName, textAt, type XmlElement } from './xml.ts';

export const libvirt: MachineDialect = {
  id: 'libvirt',
  name: 'libvirt (domain XML)',
  extensions: ['.xml'],
  recognises: (text) => ['domain', 'domstatus', 'domainsnapshot'].includes(rootName(text) ?? ''),
  disksAnywhere: true,
  parse(text, path) {
    const root = parseXml(text, path);
    return readDomain(root.name === 'domain' ? root : (find(root, 'domain') ?? root));
  },
};

function readDomain(domain: XmlElement): DescribedMachine {
  const vcpu = find(domain, 'vcpu');
  const { disks, findings } = readDisks(domain);
  return {
    name: textAt(domain, 'name') ?? '',
    cpus: cpuCount(attribute(vcpu, 'current')) ?? cpuCount(vcpu?.text) ?? 1,
    memoryMiB: memory(find(domain, 'memory')),
    firmware: firmwareOf(find(domain, 'os')),
    guestOs: guestOf(domain),
    disks,
    nics: childrenOf(find(domain, 'devices'), 'interface').map(readNic),
    findings,
  };
}

/** `unit`: KiB unless told; b and bytes, KB and K, and so on. */
function memory(element: XmlElement | null): number | null {
  const value = wholeNumber(element?.text);
  if (value === null) return null;
  const unit = attribute(element, 'unit') ?? 'KiB';
  const bytes = UNITS[unit.toLowerCase()];
  return bytes === undefined ? null : mib(value * bytes);
}

const UNITS: Record<string, number> = {
  b: 1,
  bytes: 1,
  kb: 1e3,
  k: 2 ** 10,
  kib: 2 ** 10,
  mb: 1e6,
  m: 2 ** 20,
  mib: 2 ** 20,
  gb: 1e9,
  g: 2 ** 30,
  gib: 2 ** 30,
  tb: 1e12,
  t: 2 ** 40,
  tib: 2 ** 40,
};

function firmwareOf(os: XmlElement | null): 'bios' | 'uefi' {
  const asked = attribute(os, 'firmware');
  if (asked !== null) return asked === 'efi' ? 'uefi' : 'bios';
  const loader = find(os, 'loader');
  // A loader in flash memory is UEFI; one in ROM is a BIOS.
  if (attribute(loader, 'type') === 'pflash') return 'uefi';
  return /ovmf|edk2|aavmf|efi/iu.test(loader?.text ?? '') ? 'uefi' : 'bios';
}

/** libosinfo notes the system in the metadata: `http://debian.org/debian/12`. */
function guestOf(domain: XmlElement): string | null {
  return attribute(find(domain, 'metadata', 'libosinfo', 'os'), 'id');
}

function readDisks(domain: XmlElement): Pick<DescribedMachine, 'disks' | 'findings'> {
  const found: { disk: DescribedDisk; order: number }[] = [];
  const findings: DescribedMachine['findings'] = [];
  for (const element of childrenOf(find(domain, 'devices'), 'disk')) {
    const device = attribute(element, 'device') ?? 'disk';
    if (device !== 'disk' && device !== 'lun') continue;
    const source = find(element, 'source');
    const target = find(element, 'target');
    const slot = attribute(target, 'dev') ?? '';
    const local = attribute(source, 'file') ?? attribute(source, 'dev');
    const name = local ?? remoteName(source);
    if (name === null) {
      findings.push({
        severity: 'info',
        code: 'MACHINE_DISK_EMPTY',
        message: `The disk ${slot} has no source and is left out.`,
      });
      continue;
    }
    const disk: DescribedDisk = {
      bus: busOf(attribute(target, 'bus'), slot),
      controller: attribute(target, 'bus'),
      slot,
      source: name,
      places: local === null ? [] : [local],
    };
    found.push({ disk, order: wholeNumber(attribute(find(element, 'boot'), 'order')) ?? Infinity });
  }
  // The sort is stable: without an order they stay as they are written.
  return {
    disks: found.sort((a, b) => (a.order === b.order ? 0 : a.order - b.order)).map(({ disk }) => disk),
    findings,
  };
}

/** A volume of a pool, or something on the network, neither of which can be opened from the description alone. */
function remoteName(source: XmlElement | null): string | null {
  const volume = attribute(source, 'volume');
  if (volume !== null) return `volume ${volume} of pool ${attribute(source, 'pool') ?? '?'}`;
  const protocol = attribute(source, 'protocol');
  return protocol === null ? null : `${protocol}:${attribute(source, 'name') ?? ''}`;
}

function busOf(bus: string | null, slot: string): MachineBus {
  if (
    bus === 'ide' ||
    bus === 'sata' ||
    bus === 'scsi' ||
    bus === 'nvme' ||
    bus === 'virtio' ||
    bus === 'usb'
  )
    return bus;
  if (bus !== null) return 'unknown';
  // Without a bus libvirt goes by the name.
  if (slot.startsWith('vd')) return 'virtio';
  return slot.startsWith('hd') ? 'ide' : slot.startsWith('sd') ? 'scsi' : 'unknown';
}

function readNic(element: XmlElement): DescribedNic {
  const source = find(element, 'source');
  const type = attribute(element, 'type');
  return {
    mac: macAddress(attribute(find(element, 'mac'), 'address')),
    model: attribute(find(element, 'model'), 'type'),
    network:
      attribute(source, 'bridge') ??
      attribute(source, 'network') ??
      attribute(source, 'dev') ??
      attribute(source, 'name') ??
      (type === 'user' ? 'nat' : null),
    vlan: vlanNumber(attribute(find(element, 'vlan', 'tag'), 'id')),
  };
}
