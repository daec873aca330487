/** Network adapters with TCP/IP settings, and the teams that products made of them. */
import type { NetworkInterface } from '../../guest.ts';
import type { WindowsAdapter } from '../facts.ts';
import type { RegistryDevice } from './devices.ts';
import type { ControlSets, RegistryReader } from './registry.ts';
import { plainText } from './services.ts';

const NET_CLASS = '{4D36E972-E325-11CE-BFC1-08002BE10318}';
/** NCF_PHYSICAL and NCF_HIDDEN of Characteristics. */
const PHYSICAL = 0x4;
const HIDDEN = 0x8;

/**
 * What makes a virtual adapter a team: words in its component or service, and the product. Intel: INF of PROSet (iANSMiniport);
 * Broadcom: INF of BASP (Blfm, Blfp); HP: INF of its Network Configuration Utility (cpqteam); Microsoft: netimplatm.inf of Server
 * 2012 (ms_implat).
 */
const TEAMS: [pattern: RegExp, by: string][] = [
  [/\bi?ansminiport|\bianswxp|\bintel.*team/iu, 'Intel Advanced Network Services'],
  [/\bblf[mp]\b|\bbasp/iu, 'Broadcom Advanced Server Program'],
  [/cpqteam/iu, 'HP Network Teaming'],
  [/implat/iu, 'Windows NIC Teaming (LBFO)'],
];
const VLAN = /\bvlan\b/iu;

export interface Network {
  adapters: WindowsAdapter[];
  teams: { name: string; by: string }[];
}

export function readNetwork(
  system: RegistryReader,
  sets: ControlSets,
  devices: readonly RegistryDevice[],
): Network {
  const adapters: WindowsAdapter[] = [];
  const teams: Network['teams'] = [];
  const root = `${sets.path}\\Control\\Class\\${NET_CLASS}`;
  const byDriver = new Map(devices.map((device) => [device.driver, device]));
  const byInstance = new Map(devices.map((device) => [device.instance.toUpperCase(), device]));
  for (const number of system.subkeys(root)) {
    const key = `${root}\\${number}`;
    const guid = system.text(key, 'NetCfgInstanceId').toUpperCase();
    const settings = `${sets.path}\\Services\\Tcpip\\Parameters\\Interfaces\\${guid}`;
    if (!/^\{[0-9A-F-]{36}\}$/u.test(guid) || !system.has(settings)) continue;
    const flags = system.number(key, 'Characteristics') ?? 0;
    if ((flags & HIDDEN) !== 0) continue;
    const device =
      byInstance.get(system.text(key, 'DeviceInstanceID').toUpperCase()) ??
      byDriver.get(`${NET_CLASS}\\${number}`.toUpperCase());
    const service = device?.service ?? '';
    const description = plainText(system.text(key, 'DriverDesc'), guid);
    const connection = `${sets.path}\\Control\\Network\\${NET_CLASS}\\${guid}\\Connection`;
    const name = plainText(system.text(connection, 'Name'), description);
    const physical = (flags & PHYSICAL) !== 0;
    const made = `${system.text(key, 'ComponentId')} ${service} ${description}`;
    const by = physical ? undefined : TEAMS.find(([pattern]) => pattern.test(made))?.[1];
    const kind = physical
      ? 'physical'
      : by === undefined
        ? 'virtual'
        : VLAN.test(description)
          ? 'vlan'
          : 'team';
    if (by !== undefined && kind === 'team') teams.push({ name, by });
    adapters.push({
      guid,
      name,
      description,
      service,
      kind,
      mac: macAddress(system.text(key, 'NetworkAddress')) ?? serialAddress(device),
      ...addresses(system, settings),
      ipv6Addresses: [],
    });
  }
  return { adapters, teams };
}

/** Twelve digits, with or without dashes; drivers write an empty text for "none set". */
function macAddress(text: string): string | null {
  const digits = text.replace(/[-:]/gu, '').toLowerCase();
  return /^[0-9a-f]{12}$/u.test(digits) ? digits.match(/../gu)!.join(':') : null;
}

/**
 * Intel's cards have their first port's MAC address as serial number, with FFFF in the middle (data sheet of the 82574, "Device
 * Serial Number Capability"), and Windows names devices by serial number and function: `...\\000C29FFFF661AA200`. Of the other
 * ports the address is not told.
 */
function serialAddress(device: RegistryDevice | undefined): string | null {
  const serial = /^PCI\\VEN_8086&.*\\([0-9A-F]{6})FFFF([0-9A-F]{6})00$/iu.exec(device?.instance ?? '');
  return serial === null ? null : macAddress(`${serial[1]!}${serial[2]!}`);
}

function addresses(
  system: RegistryReader,
  settings: string,
): Pick<WindowsAdapter, 'dhcp' | 'addresses' | 'gateways' | 'dnsServers' | 'dnsDomain'> {
  const dhcp = system.number(settings, 'EnableDHCP') !== 0;
  const masks = system.texts(settings, 'SubnetMask');
  const fixed = dhcp ? [] : system.texts(settings, 'IPAddress');
  return {
    dhcp,
    addresses: fixed.flatMap((address, index) => {
      const prefix = prefixLength(masks[index] ?? '');
      return isAddress(address) && prefix !== null ? [`${address}/${prefix}`] : [];
    }),
    gateways: dhcp ? [] : system.texts(settings, 'DefaultGateway').filter(isAddress),
    dnsServers: system
      .text(settings, 'NameServer')
      .split(/[\s,;]+/u)
      .filter(isAddress),
    dnsDomain: system.text(settings, 'Domain'),
  };
}

const octets = (text: string): number[] | null => {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/u.test(text)) return null;
  const numbers = text.split('.').map(Number);
  return numbers.every((number) => number <= 255) ? numbers : null;
};

/** 0.0.0.0 stands for "none". */
const isAddress = (text: string): boolean => octets(text)?.some((octet) => octet !== 0) ?? false;

/** Of a mask whose ones come first; null otherwise. */
function prefixLength(mask: string): number | null {
  const numbers = octets(mask);
  if (numbers === null) return null;
  const bits = numbers.map((number) => number.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/u.test(bits) ? bits.replaceAll('0', '').length : null;
}

const KINDS = { physical: 'physical', team: 'bond', vlan: 'vlan', virtual: 'bridge' } as const;

/** The adapters as interfaces of any guest, without virtual ones (Bluetooth, loopback) that nobody gave an address. */
export const interfacesOf = (adapters: readonly WindowsAdapter[], systemHive: string): NetworkInterface[] =>
  adapters
    .filter(({ kind, addresses: fixed }) => kind !== 'virtual' || fixed.length > 0)
    .map(({ name, mac, dhcp, addresses: fixed, ipv6Addresses, kind }) => ({
      name,
      mac,
      addresses: [...(dhcp ? ['dhcp'] : []), ...fixed, ...ipv6Addresses],
      configuredBy: systemHive,
      kind: KINDS[kind],
    }));
