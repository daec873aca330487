/** systemd-networkd: .network and .netdev files, and the .link files that name cards (systemd.network(5), .netdev(5), .link(5)). */
import type { GuestReader } from '../../fixer.ts';
import { readTextFile } from '../edit-plan.ts';
import { addressWithPrefix } from './address.ts';
import { iniValue, iniWords, parseIni, type IniEntry } from './ini-file.ts';
import { normalMac } from './mac.ts';
import { isInterfaceName, noFacts, notUnderstood, statement, type NetworkFacts } from './statements.ts';

/** The administrator's directory; what the distribution brings in /usr/lib names no card of this server. */
export const NETWORKD = '/etc/systemd/network';

const BOND_KINDS: Record<string, 'bond' | 'bridge' | 'vlan'> = {
  bond: 'bond',
  team: 'bond',
  bridge: 'bridge',
  vlan: 'vlan',
};

/** A unit file with its drop-ins (`NAME.d/*.conf`), each a file of its own. */
export async function networkdFiles(files: GuestReader, extension: string): Promise<string[][]> {
  const units: string[][] = [];
  const names = await files.list(NETWORKD);
  for (const name of names) {
    if (!name.endsWith(extension) || name.startsWith('.')) continue;
    const path = `${NETWORKD}/${name}`;
    const dropIns = (await files.list(`${path}.d`)).filter((file) => file.endsWith('.conf'));
    units.push([path, ...dropIns.map((file) => `${path}.d/${file}`)]);
  }
  return units;
}

export async function entriesOf(files: GuestReader, paths: readonly string[]): Promise<IniEntry[]> {
  const parts: IniEntry[][] = [];
  for (const path of paths) parts.push(parseIni((await readTextFile(files, path))?.text ?? ''));
  return parts.flat();
}

/** Addresses that a [Match] section asks for. */
export function matchedMacs(entries: readonly IniEntry[]): string[] {
  return ['MACAddress', 'PermanentMACAddress']
    .flatMap((key) => iniWords(entries, 'Match', key))
    .flatMap((word) => normalMac(word) ?? []);
}

export async function readNetworkd(files: GuestReader): Promise<NetworkFacts> {
  const facts = noFacts();
  await readLinks(files, facts);
  for (const [path, ...dropIns] of await networkdFiles(files, '.netdev')) {
    const entries = await entriesOf(files, [path!, ...dropIns]);
    const name = iniValue(entries, 'NetDev', 'Name');
    if (name === null || !isInterfaceName(name)) continue;
    const kind = BOND_KINDS[iniValue(entries, 'NetDev', 'Kind') ?? ''] ?? 'virtual';
    facts.statements.push(statement(name, path!, { kind, mode: iniValue(entries, 'Bond', 'Mode') }));
  }
  for (const [path, ...dropIns] of await networkdFiles(files, '.network')) {
    const entries = await entriesOf(files, [path!, ...dropIns]);
    readNetwork(path!, entries, facts);
  }
  return facts;
}

async function readLinks(files: GuestReader, facts: NetworkFacts): Promise<void> {
  for (const [path, ...dropIns] of await networkdFiles(files, '.link')) {
    const entries = await entriesOf(files, [path!, ...dropIns]);
    const name = iniValue(entries, 'Link', 'Name');
    const macs = matchedMacs(entries);
    if (name !== null && isInterfaceName(name) && macs.length === 1)
      facts.evidence.push({ name, mac: macs[0]!, rank: 1, file: path! });
  }
}

function readNetwork(path: string, entries: IniEntry[], facts: NetworkFacts): void {
  const macs = matchedMacs(entries);
  const names = iniWords(entries, 'Match', 'Name').filter(isInterfaceName);
  const addresses = ['Network', 'Address']
    .flatMap((section) => iniWords(entries, section, 'Address'))
    .flatMap((text) => addressWithPrefix(text) ?? []);
  const dhcp = iniValue(entries, 'Network', 'DHCP') ?? 'no';
  // `none` and `no` are off; v4, v6, both, ipv4, ipv6 and yes are on.
  if (!/^(no|none|false|0|off)$/i.test(dhcp)) addresses.unshift('dhcp');
  if (names.length === 0) {
    for (const mac of macs) facts.unnamed.push({ mac, file: path, addresses });
    const virtual = iniWords(entries, 'Match', 'Type').length + iniWords(entries, 'Match', 'Kind').length > 0;
    if (macs.length === 0 && !virtual)
      facts.findings.push(notUnderstood(path, 'it names no single interface'));
    return;
  }
  for (const name of names) {
    facts.statements.push(statement(name, path, { addresses }));
    if (macs.length === 1 && names.length === 1)
      facts.evidence.push({ name, mac: macs[0]!, rank: 0, file: path });
    // The card says what it belongs to; the statement is of the other side.
    const above = { Bond: 'bond', Bridge: 'bridge', VLAN: 'vlan' } as const;
    for (const [key, kind] of Object.entries(above))
      for (const upper of iniWords(entries, 'Network', key).filter(isInterfaceName))
        facts.statements.push(statement(upper, path, { kind, members: [name] }));
  }
}
