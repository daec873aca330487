/** ifcfg files: /etc/sysconfig/network-scripts of Red Hat and its kin, /etc/sysconfig/network of SUSE (ifcfg(5)). */
import type { GuestReader } from '../../fixer.ts';
import { nameOf } from '../../tree-path.ts';
import { readTextFile } from '../edit-plan.ts';
import { addressWithPrefix } from './address.ts';
import { normalMac } from './mac.ts';
import { isYes, parseShellVariables, variable, type ShellVariable } from './shell-variables.ts';
import { isInterfaceName, noFacts, notUnderstood, statement, type NetworkFacts } from './statements.ts';

export const RED_HAT = '/etc/sysconfig/network-scripts';
export const SUSE = '/etc/sysconfig/network';

export async function ifcfgFiles(files: GuestReader, directory: string): Promise<string[]> {
  const names = await files.list(directory);
  return names
    .filter(
      (name) =>
        /^ifcfg-[^~]+$/.test(name) && !/\.(bak|orig|old|save|swp|template|rpm\w+|ironlift-off.*)$/.test(name),
    )
    .map((name) => `${directory}/${name}`);
}

export async function readIfcfg(files: GuestReader): Promise<NetworkFacts> {
  const facts = noFacts();
  for (const path of await ifcfgFiles(files, RED_HAT)) {
    const file = await readTextFile(files, path);
    if (file !== null) readRedHat(path, parseShellVariables(file.text), facts);
  }
  for (const path of await ifcfgFiles(files, SUSE)) {
    const file = await readTextFile(files, path);
    if (file !== null) readSuse(path, parseShellVariables(file.text), facts);
  }
  return facts;
}

type Get = (key: string) => string | null;

function readRedHat(path: string, variables: ShellVariable[], facts: NetworkFacts): void {
  const get: Get = (key) => variable(variables, key);
  const suffix = nameOf(path).slice('ifcfg-'.length);
  // `eth0:1` and `eth0-range0` are further addresses of eth0.
  const device = (get('DEVICE') ?? suffix).split(':')[0]!.replace(/-range\d+$/, '');
  const bound = normalMac(get('HWADDR') ?? '');
  if (get('DEVICE') === null && bound !== null) {
    // The ending is the name of the profile, which may be any word.
    facts.unnamed.push({ mac: bound, file: path, addresses: redHatAddresses(get) });
    return;
  }
  if (!isInterfaceName(device)) return;
  const type = (get('DEVICETYPE') ?? get('TYPE') ?? '').toLowerCase();
  const said = statement(device, path, { addresses: redHatAddresses(get) });
  if (type === 'bond' || isYes(get('BONDING_MASTER')) || get('BONDING_OPTS') !== null || type === 'team') {
    said.kind = 'bond';
    said.mode = /(?:^|\s)mode=(\S+)/.exec(get('BONDING_OPTS') ?? '')?.[1] ?? null;
  } else if (type === 'bridge') {
    said.kind = 'bridge';
  } else if (isYes(get('VLAN')) || type === 'vlan') {
    said.kind = 'vlan';
    const parent = get('PHYSDEV');
    if (parent !== null && isInterfaceName(parent)) said.members = [parent];
  } else if (/^(wireless|ovs|ipip|gre|sit|tun|tap|dummy|infiniband)/.test(type)) {
    said.kind = 'virtual';
  }
  facts.statements.push(said);
  for (const [key, kind] of Object.entries({
    MASTER: 'bond',
    TEAM_MASTER: 'bond',
    BRIDGE: 'bridge',
  } as const)) {
    const upper = get(key);
    if (upper !== null && isInterfaceName(upper))
      facts.statements.push(statement(upper, path, { kind, members: [device] }));
  }
  if (said.kind !== null) return;
  if (bound !== null) facts.evidence.push({ name: device, mac: bound, rank: 0, file: path });
  const set = normalMac(get('MACADDR') ?? '');
  if (set !== null) facts.evidence.push({ name: device, mac: set, rank: 3, file: path });
}

function redHatAddresses(get: Get): string[] {
  const addresses: string[] = [];
  const proto = (get('BOOTPROTO') ?? '').toLowerCase();
  if (proto === 'dhcp' || proto === 'bootp' || isYes(get('DHCPV6C'))) addresses.push('dhcp');
  // IPADDR, IPADDR0, IPADDR1 ... with PREFIX or NETMASK of the same number.
  for (const number of ['', ...Array.from({ length: 64 }, (_, index) => String(index))]) {
    const text = get(`IPADDR${number}`);
    const address =
      text === null ? null : addressWithPrefix(text, get(`PREFIX${number}`) ?? get(`NETMASK${number}`));
    if (address !== null) addresses.push(address);
  }
  const v6 = `${get('IPV6ADDR') ?? ''} ${get('IPV6ADDR_SECONDARIES') ?? ''}`;
  for (const text of v6.split(/\s+/)) {
    const address = addressWithPrefix(text);
    if (address !== null) addresses.push(address);
  }
  return addresses;
}

function readSuse(path: string, variables: ShellVariable[], facts: NetworkFacts): void {
  const get: Get = (key) => variable(variables, key);
  const name = nameOf(path).slice('ifcfg-'.length);
  const byAddress = /^(?:eth|wlan)-id-([0-9a-f:]{17})$/i.exec(name)?.[1];
  if (byAddress !== undefined) {
    facts.findings.push(notUnderstood(path, 'its name holds a MAC address, as SUSE 10 did it'));
    return;
  }
  if (!isInterfaceName(name) || isYes(get('WIRELESS'))) return;
  const said = statement(name, path, { addresses: suseAddresses(variables, get) });
  const listed = (key: RegExp): string[] =>
    variables.filter((entry) => key.test(entry.key)).flatMap(({ value }) => value.split(/\s+/));
  if (isYes(get('BONDING_MASTER'))) {
    said.kind = 'bond';
    said.members = listed(/^BONDING_SLAVE/).filter(isInterfaceName);
    said.mode = /(?:^|\s)mode=(\S+)/.exec(get('BONDING_MODULE_OPTS') ?? '')?.[1] ?? null;
  } else if (listed(/^TEAM_PORT_DEVICE/).length > 0) {
    said.kind = 'bond';
    said.members = listed(/^TEAM_PORT_DEVICE/).filter(isInterfaceName);
  } else if (isYes(get('BRIDGE'))) {
    said.kind = 'bridge';
    said.members = listed(/^BRIDGE_PORTS$/).filter(isInterfaceName);
  } else if (get('ETHERDEVICE') !== null) {
    said.kind = 'vlan';
    said.members = listed(/^ETHERDEVICE$/).filter(isInterfaceName);
  } else if (/^(yes|tun|tap|dummy)$/i.test(get('DUMMY') ?? get('TUNNEL') ?? '')) {
    said.kind = 'virtual';
  }
  facts.statements.push(said);
  const set = normalMac(get('LLADDR') ?? '');
  if (set !== null && said.kind === null) facts.evidence.push({ name, mac: set, rank: 3, file: path });
}

function suseAddresses(variables: readonly ShellVariable[], get: Get): string[] {
  const addresses: string[] = [];
  if (/^(auto)?dhcp/i.test(get('BOOTPROTO') ?? '')) addresses.push('dhcp');
  for (const { key, value } of variables) {
    // IPADDR, IPADDR_0, IPADDR_lan ... each with PREFIXLEN or NETMASK of the same ending.
    const ending = /^IPADDR(_\w+)?$/.exec(key);
    if (ending === null) continue;
    const end = ending[1] ?? '';
    const address = addressWithPrefix(value, get(`PREFIXLEN${end}`) ?? get(`NETMASK${end}`));
    if (address !== null) addresses.push(address);
  }
  return addresses;
}
