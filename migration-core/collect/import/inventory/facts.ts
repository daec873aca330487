/** What ansible, facter and ohai have in common: the same machine under other names. */
import { usableMac, usableSerial, usableUuid } from '../../../store/model/identity.ts';
import type { NetworkInterface, Processor, ServerInventory } from '../../../store/model/inventory.ts';
import { known, osFamily, prefixLength } from '../../values.ts';

/** Names of hypervisors and containers as fact tools write them; what a host says of itself is no guest. */
const GUESTS: Record<string, string> = {
  kvm: 'KVM',
  qemu: 'KVM',
  vmware: 'VMware',
  virtualbox: 'VirtualBox',
  vbox: 'VirtualBox',
  hyperv: 'Hyper-V',
  'hyper-v': 'Hyper-V',
  virtualpc: 'Hyper-V',
  xen: 'Xen',
  xenu: 'Xen',
  xenhvm: 'Xen',
  'xen-hvm': 'Xen',
  parallels: 'Parallels',
  docker: 'Docker',
  lxc: 'LXC',
  openvz: 'OpenVZ',
  podman: 'Podman',
  rhev: 'KVM',
  openstack: 'KVM',
  bhyve: 'bhyve',
  ldom: 'Oracle VM for SPARC',
  zone: 'Solaris zone',
  powervm_lx86: 'PowerVM',
};

export const hypervisorName = (word: string | undefined, role: string | undefined): string | undefined => {
  const lower = word?.toLowerCase();
  if (lower === undefined || role === 'host' || lower === 'physical' || lower === 'na') return undefined;
  return GUESTS[lower] ?? (role === 'guest' ? word : undefined);
};

/** Processors of one kind; sums of all sockets. A count that makes no sense is left away. */
export function oneKind(of: {
  model: string | undefined;
  vendor?: string | undefined;
  sockets?: number | undefined;
  cores?: number | undefined;
  threads?: number | undefined;
  megahertz?: number | undefined;
  architecture?: string | undefined;
  flags?: string[] | undefined;
}): Processor[] | undefined {
  if (of.model === undefined && of.threads === undefined) return undefined;
  const { flags } = of;
  return [
    known({
      ...of,
      model: of.model ?? 'unknown',
      hardwareVirtualization:
        flags === undefined ? undefined : flags.includes('vmx') || flags.includes('svm'),
      nestedPaging: flags === undefined ? undefined : flags.includes('ept') || flags.includes('npt'),
    }),
  ];
}

/** `192.0.2.7/24`; the mask may be a netmask, a prefix length, or an IPv6 mask in colons. */
export function withPrefix(address: string, mask: string | undefined): string {
  const plain = address.split('/')[0]!;
  if (mask === undefined) return address;
  const prefix = mask.includes(':') ? ipv6Prefix(mask) : prefixLength(mask);
  return prefix === undefined ? plain : `${plain}/${prefix}`;
}

function ipv6Prefix(mask: string): number | undefined {
  if (!/^[0-9a-f:]{2,39}$/iu.test(mask)) return undefined;
  const [head = '', tail] = mask.split('::');
  const bits = (part: string): string =>
    part === ''
      ? ''
      : part
          .split(':')
          .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
          .join('');
  const all = tail === undefined ? bits(head) : bits(head).padEnd(128 - bits(tail).length, '0') + bits(tail);
  return all.length === 128 && /^1*0*$/u.test(all) ? all.replaceAll('0', '').length : undefined;
}

/** By what Linux names them. */
export function interfaceKind(name: string, type?: string): NetworkInterface['kind'] {
  if (name === 'lo' || type === 'loopback') return 'loopback';
  // `bond0.12` is a VLAN on a bond, not a bond.
  if (type === 'vlan' || /^vlan\d|\.\d{1,4}$/u.test(name)) return 'vlan';
  if (type === 'bonding' || type === 'team' || /^(?:bond|team)\d/u.test(name)) return 'bond';
  if (type === 'bridge' || /^(?:br\d|br-|virbr|docker)/u.test(name)) return 'bridge';
  if (/^(?:veth|tun|tap|vnet|ifb|dummy|sit|gre|ip6|cali|flannel|cni|wg)/u.test(name)) return 'virtual';
  return /^(?:eth|en|em|p\d|ib)/u.test(name) ? 'physical' : undefined;
}

/** `bond0.12` carries VLAN 12 over bond0; names say nothing else for sure. */
export function vlanOf(name: string): { vlan?: number; members?: string[] } {
  const match = /^(.{1,64})\.(\d{1,4})$/u.exec(name);
  const vlan = Number(match?.[2] ?? -1);
  return match !== null && vlan <= 4095 ? { vlan, members: [match[1]!] } : {};
}

export function identityOf(of: {
  name: string | undefined;
  fqdn: string | undefined;
  uuid: string | undefined;
  serial: string | undefined;
  interfaces: NetworkInterface[] | undefined;
}): ServerInventory['identity'] {
  const fqdn = of.fqdn?.toLowerCase();
  return {
    name: of.name ?? fqdn?.split('.')[0] ?? '',
    ...known({
      // Debian calls a host without domain "localhost".
      fqdn: fqdn?.includes('.') === true && !fqdn.startsWith('localhost') ? fqdn : undefined,
      smbiosUuid: usableUuid(of.uuid),
      serial: usableSerial(of.serial),
    }),
    macs: [
      ...new Set(
        (of.interfaces ?? [])
          .filter(({ kind }) => kind === 'physical' || kind === undefined)
          .map(({ mac }) => usableMac(mac))
          .filter((mac) => mac !== undefined),
      ),
    ],
  };
}

export function operatingSystem(of: {
  id: string | undefined;
  name: string | undefined;
  version: string | undefined;
  kernel: string | undefined;
  architecture: string | undefined;
  timeZone?: string | undefined;
  system?: string | undefined;
}): ServerInventory['operatingSystem'] {
  const name = of.name ?? of.id ?? of.system;
  if (name === undefined) return undefined;
  const family = osFamily(name);
  return known({
    family: family === 'other' ? osFamily(of.system) : family,
    id: of.id?.toLowerCase(),
    name,
    version: of.version,
    build: of.kernel,
    architecture: of.architecture === 'amd64' || of.architecture === 'x64' ? 'x86_64' : of.architecture,
    timeZone: of.timeZone,
  });
}

export const colons = (mac: string | undefined): string | undefined => {
  const lower = mac?.toLowerCase().replaceAll('-', ':');
  return lower !== undefined &&
    /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/u.test(lower) &&
    lower !== '00:00:00:00:00:00'
    ? lower
    : undefined;
};
