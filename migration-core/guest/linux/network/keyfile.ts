/** NetworkManager keyfiles: nm-settings-keyfile(5). */
import type { GuestReader } from '../../fixer.ts';
import { readTextFile } from '../edit-plan.ts';
import { addressWithPrefix } from './address.ts';
import { iniValue, parseIni, type IniEntry } from './ini-file.ts';
import { normalMac } from './mac.ts';
import { isInterfaceName, noFacts, statement, type NetworkFacts, type StatedKind } from './statements.ts';

const DIRECTORIES = ['/etc/NetworkManager/system-connections', '/usr/lib/NetworkManager/system-connections'];

const KINDS: Record<string, StatedKind> = {
  ethernet: 'physical',
  '802-3-ethernet': 'physical',
  bond: 'bond',
  team: 'bond',
  vlan: 'vlan',
  bridge: 'bridge',
};

/** Sections that hold `mac-address` of a card; in [bridge] it is the address the bridge shall have. */
export const CARD_SECTIONS = ['ethernet', '802-3-ethernet'];

export async function keyfiles(files: GuestReader): Promise<string[]> {
  const paths: string[] = [];
  for (const directory of DIRECTORIES)
    for (const name of await files.list(directory))
      // NetworkManager passes over the remains of editors and package managers.
      if (!/^\.|~$|\.(swp|bak|orig|rpmnew|rpmsave|dpkg-.*|ironlift-off.*)$/.test(name))
        paths.push(`${directory}/${name}`);
  return paths;
}

export async function readKeyfiles(files: GuestReader): Promise<NetworkFacts> {
  const facts = noFacts();
  const profiles: { path: string; entries: IniEntry[] }[] = [];
  for (const path of await keyfiles(files)) {
    const file = await readTextFile(files, path);
    if (file !== null) profiles.push({ path, entries: parseIni(file.text) });
  }
  // Slaves and VLANs may name the profile they belong to by its UUID.
  const nameOfUuid = new Map<string, string>();
  for (const { entries } of profiles) {
    const uuid = iniValue(entries, 'connection', 'uuid');
    const name = iniValue(entries, 'connection', 'interface-name');
    if (uuid !== null && name !== null) nameOfUuid.set(uuid, name);
  }
  const resolved = (text: string | null): string | null => {
    const name = text === null ? null : (nameOfUuid.get(text) ?? text);
    return name !== null && isInterfaceName(name) ? name : null;
  };
  for (const { path, entries } of profiles) readProfile(path, entries, resolved, facts);
  return facts;
}

function readProfile(
  path: string,
  entries: IniEntry[],
  resolved: (text: string | null) => string | null,
  facts: NetworkFacts,
): void {
  const connection = (key: string): string | null => iniValue(entries, 'connection', key);
  const type = connection('type');
  if (type === null) return;
  const kind = KINDS[type] ?? 'virtual';
  if (type === 'wifi' || type === '802-11-wireless') return;
  const macKey = CARD_SECTIONS.map((section) => iniValue(entries, section, 'mac-address')).find(
    (v) => v !== null,
  );
  const mac = normalMac(macKey ?? '');
  const name = resolved(connection('interface-name'));
  if (name === null) {
    if (kind !== 'physical') return;
    if (mac !== null) facts.unnamed.push({ mac, file: path, addresses: addressesOf(entries) });
    else
      facts.findings.push({
        severity: 'info',
        code: 'NETWORK_PROFILE_FOR_ANY_CARD',
        message: `${path} is used for any network card, so it needs no change.`,
      });
    return;
  }
  const said = statement(name, path, { kind, addresses: addressesOf(entries), mode: null });
  if (kind === 'bond') said.mode = iniValue(entries, 'bond', 'mode');
  if (kind === 'vlan') {
    const parent = resolved(iniValue(entries, 'vlan', 'parent'));
    if (parent !== null) said.members = [parent];
  }
  facts.statements.push(said);
  // `controller` is the newer word; both are in use.
  const master = resolved(connection('controller') ?? connection('master'));
  const port = connection('port-type') ?? connection('slave-type');
  if (master !== null)
    facts.statements.push(
      statement(master, path, { kind: port === 'bridge' ? 'bridge' : 'bond', members: [name] }),
    );
  if (kind !== 'physical') return;
  if (mac !== null) facts.evidence.push({ name, mac, rank: 0, file: path });
  const cloned = CARD_SECTIONS.map((section) => iniValue(entries, section, 'cloned-mac-address')).find(
    (v) => v !== null,
  );
  const set = normalMac(cloned ?? '');
  if (set !== null) facts.evidence.push({ name, mac: set, rank: 3, file: path });
}

function addressesOf(entries: readonly IniEntry[]): string[] {
  const addresses: string[] = [];
  if (iniValue(entries, 'ipv4', 'method') === 'auto' || iniValue(entries, 'ipv6', 'method') === 'dhcp')
    addresses.push('dhcp');
  for (const { section, key, value } of entries) {
    if ((section !== 'ipv4' && section !== 'ipv6') || !/^address(es)?\d*$/.test(key)) continue;
    // `192.0.2.10/24,192.0.2.1`; the old form has several of them, separated by `;` (address;prefix;gateway).
    const old = value.split(';');
    const text = old.length > 1 && !old[0]!.includes('/') ? `${old[0]!}/${old[1]!}` : old[0]!.split(',')[0]!;
    const address = addressWithPrefix(text);
    if (address !== null) addresses.push(address);
  }
  return addresses;
}
