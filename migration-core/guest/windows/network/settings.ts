/**
 * The settings of one network card, as the registry keeps them under its GUID: what the new card, which gets a GUID of its own,
 * has to be told again. Names of the values: Microsoft, "TCP/IP and NBT configuration parameters" (KB 314053 and 120642).
 */
import type { Hive } from '../../../registry/hive.ts';
import type { HiveKey } from '../../../registry/key.ts';
import { isDnsSuffix, isHostAddress, isIpv4, isIpv6Host, isMask, prefixOf, ValueReader } from './values.ts';

export interface Ipv4Address {
  address: string;
  mask: string;
}

export interface Gateway {
  address: string;
  /** 0: Windows chooses. */
  metric: number;
}

export interface CardSettings {
  /** Of a card with a fixed address; empty for DHCP. */
  addresses: Ipv4Address[];
  gateways: Gateway[];
  /** In their order; also of a card with DHCP, where somebody set them. */
  dnsServers: string[];
  winsServers: string[];
  dnsSuffix: string;
  /** Null where Windows chooses. */
  interfaceMetric: number | null;
  /** Bytes; null for what the card says. */
  mtu: number | null;
  /** 1 on, 2 off; null for what DHCP says. */
  netbios: 1 | 2 | null;
  /** Whether its addresses are registered in DNS, and under its own suffix too; null for what Windows does untold: yes and no. */
  registersInDns: boolean | null;
  registersSuffix: boolean | null;
  ipv6Addresses: string[];
  ipv6DnsServers: string[];
}

export interface ReadSettings {
  settings: CardSettings;
  /** What is there and cannot be carried over, in words. */
  unusable: string[];
}

/** Keys of a card below its control set, as they are in every Windows since 2000. */
export const interfaceKey = (controlSet: string, guid: string): string =>
  `${controlSet}\\Services\\Tcpip\\Parameters\\Interfaces\\${guid}`;
export const netbiosKey = (controlSet: string, guid: string): string =>
  `${controlSet}\\Services\\NetBT\\Parameters\\Interfaces\\Tcpip_${guid}`;
/** A copy for programs of the time of Windows NT 4. */
export const legacyKey = (controlSet: string, guid: string): string =>
  `${controlSet}\\Services\\${guid}\\Parameters\\Tcpip`;

/** RFC 791: what every host takes; above 1500 the frames are jumbo frames, which the virtual network must carry too. */
export const SMALLEST_MTU = 576;
export const LARGEST_MTU = 1500;
/** What the dialogs of Windows take. */
const LARGEST_METRIC = 9999;

/** Nothing is thrown: what a damaged hive does not tell is told in `unusable`. */
export function readSettings(hive: Hive, controlSet: string, guid: string): ReadSettings {
  const values = new ValueReader();
  const keyAt = (path: string): HiveKey | undefined => {
    try {
      return hive.find(path);
    } catch {
      values.unusable.push('the settings in a damaged part of the registry');
      return undefined;
    }
  };
  const key = keyAt(interfaceKey(controlSet, guid));
  const netbios = keyAt(netbiosKey(controlSet, guid));
  const ipv6 = keyAt(`${controlSet}\\Services\\Tcpip6\\Parameters\\Interfaces\\${guid}`);
  // A card that is told nothing asks DHCP.
  const fixed = values.number(key, 'EnableDHCP') === 0;
  const netbiosOptions = values.number(netbios, 'NetbiosOptions');
  const settings: CardSettings = {
    addresses: fixed ? readAddresses(values, key) : [],
    gateways: fixed ? readGateways(values, key) : [],
    dnsServers: values.entries(key, 'NameServer', isIpv4),
    winsServers: values.entries(netbios, 'NameServerList', isHostAddress),
    dnsSuffix: values.text(key, 'Domain', isDnsSuffix),
    interfaceMetric: metric(values, values.number(key, 'InterfaceMetric')),
    mtu: values.number(key, 'MTU'),
    netbios: netbiosOptions === 1 || netbiosOptions === 2 ? netbiosOptions : null,
    registersInDns: values.number(key, 'RegistrationEnabled') === 0 ? false : null,
    registersSuffix: values.number(key, 'RegisterAdapterName') === 1 ? true : null,
    ipv6Addresses: [],
    ipv6DnsServers: values.entries(ipv6, 'NameServer', isIpv6Host),
  };
  if (settings.mtu !== null && (settings.mtu < SMALLEST_MTU || settings.mtu > LARGEST_MTU)) {
    // Windows itself does not take these for what they say.
    if (settings.mtu !== 0 && settings.mtu !== 0xffffffff) values.leaveOut('MTU', String(settings.mtu));
    settings.mtu = null;
  }
  return { settings, unusable: [...new Set(values.unusable)] };
}

/** 0.0.0.0 stands for no address. */
const isNone = (entry: string): boolean => entry === '0.0.0.0';

function readAddresses(values: ValueReader, key: HiveKey | undefined): Ipv4Address[] {
  const masks = values.list(key, 'SubnetMask');
  const found: Ipv4Address[] = [];
  const addresses = values.list(key, 'IPAddress');
  const usable = new Set(values.entries(key, 'IPAddress', (entry) => isNone(entry) || isHostAddress(entry)));
  for (const [i, address] of addresses.entries()) {
    if (isNone(address) || !usable.delete(address)) continue;
    const mask = masks[i] ?? '';
    if (isMask(mask)) found.push({ address, mask });
    else values.leaveOut('IPAddress', `${address} with the mask ${mask === '' ? 'missing' : mask}`);
  }
  return found;
}

function readGateways(values: ValueReader, key: HiveKey | undefined): Gateway[] {
  const metrics = values.list(key, 'DefaultGatewayMetric');
  const all = values.list(key, 'DefaultGateway');
  return values
    .entries(key, 'DefaultGateway', (entry) => isNone(entry) || isHostAddress(entry))
    .filter((address) => !isNone(address))
    .map((address) => {
      const told = metrics[all.indexOf(address)] ?? '0';
      return { address, metric: (/^\d{1,10}$/.test(told) ? metric(values, Number(told)) : null) ?? 0 };
    });
}

/** Null for 0, which means that Windows chooses. */
function metric(values: ValueReader, told: number | null): number | null {
  if (told === null || told === 0) return null;
  if (told <= LARGEST_METRIC) return told;
  values.leaveOut('metric', String(told));
  return null;
}

/** Whether there is nothing to tell the new card: it does by itself what this one did. */
export const isUntold = (settings: CardSettings): boolean =>
  settings.addresses.length === 0 &&
  settings.gateways.length === 0 &&
  settings.dnsServers.length === 0 &&
  settings.winsServers.length === 0 &&
  settings.dnsSuffix === '' &&
  settings.interfaceMetric === null &&
  settings.mtu === null &&
  settings.netbios === null &&
  settings.registersInDns === null &&
  settings.registersSuffix === null &&
  settings.ipv6Addresses.length === 0 &&
  settings.ipv6DnsServers.length === 0;

/** `10.1.2.3/24 and 10.1.2.4/24`, for people. */
export function describedSettings(settings: CardSettings): string {
  const { addresses, ipv6Addresses, dnsServers } = settings;
  const all = [...addresses.map(({ address, mask }) => `${address}/${prefixOf(mask)}`), ...ipv6Addresses];
  if (all.length > 0) return all.join(' and ');
  if (dnsServers.length > 0) return `DHCP with the DNS servers ${dnsServers.join(' and ')}`;
  return isUntold(settings) ? 'DHCP' : 'DHCP with settings of its own';
}
