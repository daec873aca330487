/** Netplan (/etc/netplan/*.yaml and its other directories): which interfaces a definition stands for, and where it is bound to an address. */
import { isIronliftError } from '../../../base/errors.ts';
import type { GuestReader } from '../../fixer.ts';
import { readTextFile } from '../edit-plan.ts';
import { addressWithPrefix } from './address.ts';
import { normalMac } from './mac.ts';
import {
  isInterfaceName,
  noFacts,
  notUnderstood,
  statement,
  type NetworkFacts,
  type StatedKind,
  type Statement,
} from './statements.ts';
import { parseYaml, yamlChild, yamlText, type YamlNode, type YamlScalar } from './yaml-subset.ts';

/** Sections of a netplan file, and what their definitions are. */
const SECTIONS: Record<string, StatedKind> = {
  ethernets: 'physical',
  bonds: 'bond',
  vlans: 'vlan',
  bridges: 'bridge',
  'dummy-devices': 'virtual',
  tunnels: 'virtual',
  vrfs: 'virtual',
  'virtual-ethernets': 'virtual',
};

/** A file of one directory hides one of the same name in the directories after it; /run is not kept over a boot. */
const DIRECTORIES = ['/etc/netplan', '/usr/lib/netplan', '/lib/netplan'];

export async function netplanFiles(files: GuestReader): Promise<string[]> {
  const byName = new Map<string, string>();
  for (const directory of DIRECTORIES)
    for (const name of await files.list(directory))
      if (name.endsWith('.yaml') && !name.startsWith('.') && !byName.has(name))
        byName.set(name, `${directory}/${name}`);
  return [...byName.values()];
}

export async function readNetplan(files: GuestReader): Promise<NetworkFacts> {
  const facts = noFacts();
  // Several files may say parts of one definition; a part says of which interface only by its name.
  const nameOfId = new Map<string, string>();
  const statements: Statement[] = [];
  for (const path of await netplanFiles(files)) {
    const file = await readTextFile(files, path);
    if (file === null) continue;
    try {
      readFile(path, parseYaml(file.text), nameOfId, statements, facts);
    } catch (error) {
      if (!isIronliftError(error, 'NETWORK_YAML_NOT_UNDERSTOOD')) throw error;
      facts.findings.push(notUnderstood(path, error.message.replace(/\.$/, '')));
    }
  }
  // Members are named by the id of their definition.
  for (const said of statements)
    facts.statements.push({ ...said, members: said.members.map((id) => nameOfId.get(id) ?? id) });
  return facts;
}

function readFile(
  file: string,
  root: YamlNode,
  nameOfId: Map<string, string>,
  statements: Statement[],
  facts: NetworkFacts,
): void {
  const network = yamlChild(root, 'network');
  if (network?.kind !== 'mapping') return;
  for (const { key: section, value: definitions } of network.entries) {
    if (definitions.kind !== 'mapping') continue;
    const kind = SECTIONS[section];
    if (kind === undefined) {
      if (section === 'wifis' || section === 'modems')
        facts.findings.push(notUnderstood(file, `a virtual machine has no ${section}`));
      continue;
    }
    for (const { key: id, value: definition } of definitions.entries)
      readDefinition(file, kind, id, definition, nameOfId, statements, facts);
  }
}

function readDefinition(
  file: string,
  kind: StatedKind,
  id: string,
  definition: YamlNode,
  nameOfId: Map<string, string>,
  statements: Statement[],
  facts: NetworkFacts,
): void {
  const match = yamlChild(definition, 'match');
  const bound = normalMac(yamlText(yamlChild(match, 'macaddress')) ?? '');
  const matched = yamlText(yamlChild(match, 'name'));
  // Without a match the id is the name. With one it is any word; set-name gives the name then.
  const name =
    yamlText(yamlChild(definition, 'set-name')) ??
    (match === undefined ? id : matched !== null && isInterfaceName(matched) ? matched : null);
  if (name === null && bound === null) {
    facts.findings.push(
      notUnderstood(file, `${id} stands for every interface of a pattern, so its name is not known`),
    );
    return;
  }
  // The definition fits one card by its address alone: our name for it is the id.
  const known = name ?? id;
  if (!isInterfaceName(known)) return;
  nameOfId.set(id, known);
  const said = statement(known, file, { kind, addresses: addressesOf(definition) });
  const members = yamlChild(definition, 'interfaces');
  if (members?.kind === 'sequence') said.members = members.items.flatMap((item) => yamlText(item) ?? []);
  if (kind === 'vlan')
    said.members = [yamlText(yamlChild(definition, 'link'))].filter((link) => link !== null);
  if (kind === 'bond') said.mode = yamlText(yamlChild(yamlChild(definition, 'parameters'), 'mode'));
  statements.push(said);
  if (kind !== 'physical') return;
  if (bound !== null) facts.evidence.push({ name: known, mac: bound, rank: 0, file });
  const set = normalMac(yamlText(yamlChild(definition, 'macaddress')) ?? '');
  if (set !== null) facts.evidence.push({ name: known, mac: set, rank: 3, file });
}

function addressesOf(definition: YamlNode): string[] {
  const addresses: string[] = [];
  const isTrue = (key: string): boolean =>
    /^(true|yes|on|y)$/i.test(yamlText(yamlChild(definition, key)) ?? '');
  if (isTrue('dhcp4') || isTrue('dhcp6')) addresses.push('dhcp');
  const listed = yamlChild(definition, 'addresses');
  for (const item of listed?.kind === 'sequence' ? listed.items : []) {
    // `- 192.0.2.1/24` or `- 192.0.2.1/24: {label: ...}`
    const text = item.kind === 'mapping' ? (item.entries[0]?.key ?? '') : (yamlText(item) ?? '');
    const address = addressWithPrefix(text);
    if (address !== null) addresses.push(address);
  }
  return addresses;
}

/** The scalars of a file by which definitions are bound to cards: `match: macaddress:`. Empty where the file is not understood. */
export function netplanBindings(text: string): { id: string; scalar: YamlScalar }[] {
  let root: YamlNode;
  try {
    root = parseYaml(text);
  } catch (error) {
    if (isIronliftError(error, 'NETWORK_YAML_NOT_UNDERSTOOD')) return [];
    throw error;
  }
  const definitions = yamlChild(yamlChild(root, 'network'), 'ethernets');
  if (definitions?.kind !== 'mapping') return [];
  return definitions.entries.flatMap(({ key: id, value }) => {
    const scalar = yamlChild(yamlChild(value, 'match'), 'macaddress');
    return scalar?.kind === 'scalar' && normalMac(scalar.value) !== null ? [{ id, scalar }] : [];
  });
}
