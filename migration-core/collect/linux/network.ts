/** Network interfaces: /sys for what they are, ip(8) (JSON, text) or ifconfig(8) for their addresses, /proc for bonds. */
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { usableMac } from '../../store/model/identity.ts';
import type { NetworkInterface } from '../../store/model/inventory.ts';
import {
  byEntry,
  factsOf,
  fileOf,
  known,
  linesOf,
  pathsOf,
  textOf,
  usable,
  wholeNumber,
  type Sections,
} from './text.ts';

/** A host of containers has thousands. */
const MAX_INTERFACES = 20_000;
const MAX_ADDRESSES = 1000;

type Interfaces = Map<string, NetworkInterface>;

export interface Network {
  interfaces: NetworkInterface[] | undefined;
  /** Burnt into the cards, lower case with colons. */
  permanentMacs: string[];
}

export function networkOf(sections: Sections): Network {
  const nics: Interfaces = new Map();
  const dynamic = new Set<string>();
  const permanent = new Map<string, string>();
  fromSys(textOf(sections, 'nics'), nics, permanent);
  if (
    !fromIpJson(textOf(sections, 'ip-json'), nics, dynamic, permanent) &&
    !fromIp(textOf(sections, 'ip-address'), nics, dynamic)
  )
    fromIfconfig(textOf(sections, 'ifconfig'), nics);
  bonds(sections, nics, permanent);
  vlans(fileOf(sections, '/proc/net/vlan/config'), nics);
  gateways(sections, nics, dynamic);
  for (const [name, section] of sections) {
    const ethtool = /^ethtool-(permanent|driver):(.+)$/u.exec(name);
    const nic = ethtool === null ? undefined : nics.get(ethtool[2]!);
    if (ethtool === null || nic === undefined) continue;
    const mac = usableMac(/^Permanent address: (\S+)/mu.exec(section.text)?.[1]);
    if (mac !== undefined) permanent.set(ethtool[2]!, mac);
    nic.driver ??= usable(/^driver: (\S+)/mu.exec(section.text)?.[1]);
  }
  const all = [...nics.values()];
  for (const nic of all) {
    nic.kind ??= nic.name === 'lo' ? 'loopback' : undefined;
    if (dynamic.has(nic.name)) nic.dhcp = true;
    // A bond lends its members one address: what is kept is their own.
    const own = permanent.get(nic.name);
    if (own !== undefined) nic.mac = own;
  }
  const macs = all
    .filter(({ kind }) => kind === 'physical' || kind === undefined)
    .map(({ mac }) => usableMac(mac))
    .filter((mac) => mac !== undefined);
  return {
    interfaces: all.length > 0 ? all.map((nic) => known(nic)) : undefined,
    permanentMacs: [...new Set(macs)],
  };
}

function nicNamed(nics: Interfaces, name: string): NetworkInterface | undefined {
  let nic = nics.get(name);
  if (nic === undefined && nics.size < MAX_INTERFACES && /^[^\s/]{1,64}$/u.test(name)) {
    nic = { name, addresses: [] };
    nics.set(name, nic);
  }
  return nic;
}

/** Hardware types of <linux/if_arp.h>. */
const ARPHRD_LOOPBACK = '772';

function fromSys(text: string, nics: Interfaces, permanent: Map<string, string>): void {
  for (const [name, of] of byEntry(factsOf(text), '/sys/class/net')) {
    // `bonding_masters` is a file among the folders.
    const nic = of.has('address') || of.has('mtu') ? nicNamed(nics, name) : undefined;
    if (nic === undefined) continue;
    nic.mac = usable(of.get('address'))?.toLowerCase();
    nic.mtu = wholeNumber(of.get('mtu'));
    const speed = wholeNumber(of.get('speed'));
    // 4294967295 and 65535 are -1 of old drivers: no link.
    if (speed !== undefined && speed > 0 && speed < 10_000_000 && speed !== 65_535) nic.speed = speed * 1e6;
    const state = of.get('operstate');
    const carrier = of.get('carrier');
    nic.up =
      state === 'up' || carrier === '1'
        ? true
        : state === 'down' || carrier === '0' || carrier === ''
          ? false
          : undefined;
    nic.driver = /([^/]+)$/u.exec(of.get('device/driver') ?? '')?.[1];
    nic.address = /.*\/([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?:\/|$)/u.exec(
      of.get('device') ?? '',
    )?.[1];
    const mode = /^\S+/u.exec(of.get('bonding/mode') ?? '')?.[0];
    if (of.get('type') === ARPHRD_LOOPBACK) nic.kind = 'loopback';
    else if (mode !== undefined) {
      nic.kind = 'bond';
      nic.teamMode = mode;
      nic.members = (of.get('bonding/slaves') ?? '').split(' ').filter((member) => member !== '');
    } else if (of.has('bridge/bridge_id')) nic.kind = 'bridge';
    else if (of.has('device')) nic.kind = 'physical';
    else if ((of.get('') ?? '').includes('/devices/virtual/')) nic.kind = 'virtual';
    const own = usableMac(of.get('bonding_slave/perm_hwaddr'));
    if (own !== undefined) permanent.set(name, own);
  }
  for (const path of pathsOf(text)) {
    const match = /^\/sys\/class\/net\/([^/]+)\/(?:brif\/|lower_)([^/]+)$/u.exec(path);
    const nic = match === null ? undefined : nics.get(match[1]!);
    if (
      match !== null &&
      nic !== undefined &&
      !(nic.members ?? []).includes(match[2]!) &&
      (nic.members?.length ?? 0) < 1000
    )
      nic.members = [...(nic.members ?? []), match[2]!];
  }
}

const ipLink = z.object({
  ifname: z.string(),
  address: z.string().optional(),
  permaddr: z.string().optional(),
  mtu: z.number().int().nonnegative().optional(),
  operstate: z.string().optional(),
  link: z.string().optional(),
  flags: z.array(z.string()).optional(),
  linkinfo: z
    .object({
      info_kind: z.string().optional(),
      info_data: z.object({ id: z.number().int().optional(), mode: z.unknown() }).partial().optional(),
    })
    .optional(),
  addr_info: z.array(z.unknown()).optional(),
});
const ipAddress = z.object({
  local: z.string(),
  prefixlen: z.number().int().min(0).max(128),
  dynamic: z.boolean().optional(),
  scope: z.string().optional(),
  family: z.string().optional(),
});

function fromIpJson(
  json: string,
  nics: Interfaces,
  dynamic: Set<string>,
  permanent: Map<string, string>,
): boolean {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    // Not there, or of an `ip` that knows no JSON and printed an error.
    return false;
  }
  if (!Array.isArray(content)) return false;
  for (const each of content) {
    const parsed = ipLink.safeParse(each);
    const link = parsed.data;
    const nic = link === undefined ? undefined : nicNamed(nics, link.ifname);
    if (link === undefined || nic === undefined) continue;
    nic.mac ??= usable(link.address)?.toLowerCase();
    nic.mtu ??= link.mtu;
    const own = usableMac(link.permaddr);
    if (own !== undefined) permanent.set(nic.name, own);
    if (link.flags?.includes('LOOPBACK') === true) nic.kind = 'loopback';
    kindFromIp(nic, link.linkinfo?.info_kind, link.link, link.linkinfo?.info_data?.id);
    const mode = link.linkinfo?.info_data?.mode;
    if (nic.kind === 'bond' && typeof mode === 'string') nic.teamMode ??= mode;
    if (link.operstate === 'UP' || link.operstate === 'DOWN') nic.up ??= link.operstate === 'UP';
    for (const info of link.addr_info?.slice(0, MAX_ADDRESSES) ?? []) {
      const address = ipAddress.safeParse(info).data;
      if (address === undefined) continue;
      nic.addresses.push(`${address.local}/${address.prefixlen}`);
      if (address.dynamic === true && address.family === 'inet') dynamic.add(nic.name);
    }
  }
  return nics.size > 0;
}

function kindFromIp(
  nic: NetworkInterface,
  kind: string | undefined,
  carrier: string | undefined,
  vlan: number | undefined,
): void {
  if (kind === undefined) return;
  if (kind === 'vlan') {
    nic.kind = 'vlan';
    if (vlan !== undefined && vlan >= 0 && vlan <= 4095) nic.vlan = vlan;
    if (carrier !== undefined) nic.members = [carrier];
  } else if (kind === 'bond' || kind === 'team') nic.kind = 'bond';
  else if (kind === 'bridge' || kind === 'openvswitch') nic.kind = 'bridge';
  else nic.kind ??= 'virtual';
}

/** `ip -d addr`: `2: eth0@if3: <BROADCAST,UP> mtu 1500 ...`, and lines below it. */
function fromIp(text: string, nics: Interfaces, dynamic: Set<string>): boolean {
  let nic: NetworkInterface | undefined;
  let carrier: string | undefined;
  for (const raw of linesOf(text)) {
    const line = raw.slice(0, 4096);
    const head = /^\d+: ([^\s:@]+)(?:@([^\s:]+))?: <([^>]*)>(.*)$/u.exec(line);
    if (head !== null) {
      nic = nicNamed(nics, head[1]!);
      carrier = head[2] === 'NONE' ? undefined : head[2];
      if (nic === undefined) continue;
      nic.mtu ??= wholeNumber(/ mtu (\d{1,9})/u.exec(head[4]!)?.[1]);
      if (head[3]!.split(',').includes('LOOPBACK')) nic.kind = 'loopback';
      // Old kernels know no state, but the flags.
      nic.up ??= head[3]!.split(',').includes('UP') && !head[3]!.includes('NO-CARRIER');
      continue;
    }
    if (nic === undefined) continue;
    const mac = /^\s+link\/\S+ ([0-9a-f:]{17})\b/u.exec(line)?.[1];
    if (mac !== undefined) nic.mac ??= mac;
    const kind = /^\s+(vlan|bond|bridge|team|tun|veth|dummy|macvlan)(?:\s|$)/u.exec(line)?.[1];
    kindFromIp(nic, kind, carrier, wholeNumber(/ id (\d{1,4})\b/u.exec(line)?.[1]));
    const mode = kind === 'bond' ? / mode (\S+)/u.exec(line)?.[1] : undefined;
    if (mode !== undefined) nic.teamMode ??= mode;
    const address = /^\s+inet6? ([0-9a-f.:]+)(?: peer [0-9a-f.:]+)?(?:\/(\d{1,3}))?\b(.*)$/u.exec(line);
    if (address !== null && nic.addresses.length < MAX_ADDRESSES) {
      nic.addresses.push(`${address[1]!}/${address[2] ?? (isIPv4(address[1]!) ? '32' : '128')}`);
      if (/\bdynamic\b/u.test(address[3]!) && isIPv4(address[1]!)) dynamic.add(nic.name);
    }
  }
  return nic !== undefined;
}

/** net-tools of old (`eth0  Link encap:Ethernet  HWaddr ...`) and of today, and BusyBox. */
function fromIfconfig(text: string, nics: Interfaces): void {
  let nic: NetworkInterface | undefined;
  for (const raw of linesOf(text)) {
    const line = raw.slice(0, 4096);
    const head = /^([^\s:]+(?::\d+)?):?\s/u.exec(line);
    // `eth0:1` is another address of eth0.
    if (head !== null) nic = nicNamed(nics, head[1]!.replace(/:.*$/u, ''));
    if (nic === undefined) continue;
    const mac = /\b(?:HWaddr|ether) ([0-9A-Fa-f:]{17})\b/u.exec(line)?.[1];
    if (mac !== undefined) nic.mac ??= mac.toLowerCase();
    if (/\bLOOPBACK\b|Local Loopback/u.test(line)) nic.kind ??= 'loopback';
    const old =
      /\binet addr:([\d.]+).*\bMask:([\d.]+)/u.exec(line) ?? /\binet ([\d.]+) +netmask ([\d.]+)/u.exec(line);
    const prefix = prefixOf(old?.[2]);
    if (old !== null && prefix !== undefined) nic.addresses.push(`${old[1]!}/${prefix}`);
    const six = /\binet6 (?:addr: ?)?([0-9a-f:]+)(?:\/| +prefixlen )(\d{1,3})/u.exec(line);
    if (six !== null) nic.addresses.push(`${six[1]!}/${six[2]!}`);
    nic.mtu ??= wholeNumber(/\b(?:MTU:|mtu )(\d{1,9})/u.exec(line)?.[1]);
  }
}

/** `255.255.255.0` is 24; undefined where it is no mask. */
export function prefixOf(mask: string | undefined): number | undefined {
  if (mask === undefined || !isIPv4(mask)) return undefined;
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/u.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

function bonds(sections: Sections, nics: Interfaces, permanent: Map<string, string>): void {
  for (const [name, { text }] of sections) {
    const bond = /^file:\/proc\/net\/bonding\/([^/]+)$/u.exec(name)?.[1];
    const nic = bond === undefined ? undefined : nicNamed(nics, bond);
    if (nic === undefined) continue;
    nic.kind = 'bond';
    const mode = /^Bonding Mode: (.+)$/mu.exec(text)?.[1];
    nic.teamMode ??=
      mode === undefined ? undefined : (BOND_MODES.find(([words]) => mode.includes(words))?.[1] ?? mode);
    const members: string[] = [];
    for (const block of text.split(/^Slave Interface: /mu).slice(1, 200)) {
      const member = /^\S+/u.exec(block)?.[0];
      if (member === undefined) continue;
      members.push(member);
      const own = usableMac(/^Permanent HW addr: (\S+)/mu.exec(block)?.[1]);
      if (own !== undefined) permanent.set(member, own);
    }
    nic.members ??= members;
  }
}

/** Documentation/networking/bonding.rst. */
const BOND_MODES: [string, string][] = [
  ['802.3ad', '802.3ad'],
  ['active-backup', 'active-backup'],
  ['round-robin', 'balance-rr'],
  ['(xor)', 'balance-xor'],
  ['broadcast', 'broadcast'],
  ['adaptive load', 'balance-alb'],
  ['transmit load', 'balance-tlb'],
];

/** `eth0.100      | 100  | eth0`. */
function vlans(config: string, nics: Interfaces): void {
  for (const line of linesOf(config)) {
    const match = /^(\S+)\s*\|\s*(\d{1,4})\s*\|\s*(\S+)\s*$/u.exec(line.slice(0, 500));
    const nic = match === null ? undefined : nicNamed(nics, match[1]!);
    if (match === null || nic === undefined || Number(match[2]) > 4095) continue;
    nic.kind = 'vlan';
    nic.vlan = Number(match[2]);
    nic.members = [match[3]!];
  }
}

function gateways(sections: Sections, nics: Interfaces, dynamic: Set<string>): void {
  const routes = [...linesOf(textOf(sections, 'ip-route')), ...linesOf(textOf(sections, 'ip-route6'))];
  for (const line of routes) {
    const match = /^default via (\S+) dev (\S+)(.*)$/u.exec(line.slice(0, 1000));
    const nic = match === null ? undefined : nics.get(match[2]!);
    if (match === null || nic === undefined) continue;
    nic.gateway ??= match[1];
    if (/\bproto dhcp\b/u.test(match[3]!)) dynamic.add(nic.name);
  }
  if (routes.length > 0) return;
  for (const line of linesOf(fileOf(sections, '/proc/net/route'))) {
    const [name, destination, gateway] = line.split(/\s+/u);
    const nic = nics.get(name ?? '');
    // Four octets as one number of the machine: on PCs the last one first.
    if (
      nic === undefined ||
      destination !== '00000000' ||
      !/^[0-9A-F]{8}$/u.test(gateway ?? '') ||
      gateway === '00000000'
    )
      continue;
    nic.gateway ??= gateway!
      .match(/../gu)!
      .reverse()
      .map((hex) => Number.parseInt(hex, 16))
      .join('.');
  }
}
