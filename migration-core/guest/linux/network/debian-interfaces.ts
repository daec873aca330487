/** /etc/network/interfaces of Debian and its kin: interfaces(5) of ifupdown, ifupdown2 and ifupdown-ng. */
import type { GuestReader } from '../../fixer.ts';
import { joinPath, nameOf, parentOf } from '../../tree-path.ts';
import { readTextFile } from '../edit-plan.ts';
import { addressWithPrefix } from './address.ts';
import { normalMac } from './mac.ts';
import { isInterfaceName, noFacts, notUnderstood, statement, type NetworkFacts } from './statements.ts';

export const INTERFACES = '/etc/network/interfaces';
/** Included files; more than this is a circle or an accident. */
const MAX_FILES = 256;

export interface Stanza {
  keyword: string;
  /** What follows the keyword. */
  words: string[];
  options: { key: string; value: string }[];
}

const KEYWORDS = new Set(['iface', 'auto', 'mapping', 'source', 'source-directory', 'rename', 'template']);
const isKeyword = (word: string): boolean =>
  KEYWORDS.has(word) || word.startsWith('allow-') || word.startsWith('no-');

export function parseInterfaces(text: string): Stanza[] {
  const stanzas: Stanza[] = [];
  // A backslash at the end joins lines, comments too.
  for (const line of text.replaceAll('\r', '').replace(/\\\n/g, ' ').split('\n')) {
    const words = line.split(/\s+/).filter((word) => word !== '');
    const first = words[0];
    if (first === undefined || first.startsWith('#')) continue;
    if (isKeyword(first)) stanzas.push({ keyword: first, words: words.slice(1), options: [] });
    else stanzas.at(-1)?.options.push({ key: first.replaceAll('_', '-'), value: words.slice(1).join(' ') });
  }
  return stanzas;
}

/** The file and all that it includes. */
export async function interfacesFiles(files: GuestReader): Promise<{ paths: string[]; facts: NetworkFacts }> {
  const facts = noFacts();
  const paths: string[] = [];
  const todo = [INTERFACES];
  let includes = 0;
  for (let path = todo.shift(); path !== undefined; path = todo.shift()) {
    if (paths.length >= MAX_FILES || includes > MAX_FILES) break;
    const file = await readTextFile(files, path);
    if (file === null || paths.includes(file.path)) continue;
    paths.push(file.path);
    for (const { keyword, words } of parseInterfaces(file.text)) {
      if (keyword !== 'source' && keyword !== 'source-directory') continue;
      for (const word of words) {
        includes++;
        if (includes > MAX_FILES) break;
        const found = await included(files, path, word, keyword === 'source-directory');
        if (found === null)
          facts.findings.push(notUnderstood(path, `it includes files by the pattern ${word}`));
        else todo.push(...found.slice(0, MAX_FILES));
      }
    }
  }
  if (paths.length >= MAX_FILES || includes > MAX_FILES)
    facts.findings.push(notUnderstood(INTERFACES, `it includes more than ${MAX_FILES} files`));
  return { paths, facts };
}

/** Files of `source PATTERN` or `source-directory DIR`; null for a pattern with more than a plain wildcard in its last part. */
async function included(
  files: GuestReader,
  from: string,
  word: string,
  directory: boolean,
): Promise<string[] | null> {
  const path = word.startsWith('/') ? word : joinPath(parentOf(from), word);
  if (/[$`~(){}"'\\[\]]/.test(path)) return null;
  if (directory) {
    if (/[*?]/.test(path)) return null;
    const names = await files.list(path);
    return names.filter((name) => /^[A-Za-z0-9_-]+$/.test(name)).map((name) => joinPath(path, name));
  }
  if (/[*?]/.test(parentOf(path))) return null;
  if (!/[*?]/.test(path)) return [path];
  const names = await files.list(parentOf(path));
  return names
    .filter((name) => !name.startsWith('.') && fitsWildcard(nameOf(path), name))
    .map((name) => joinPath(parentOf(path), name));
}

/** `*` and `?` only, in steps at most length of pattern × length of name. */
export function fitsWildcard(pattern: string, name: string): boolean {
  let places = new Set([0]);
  const skipStars = (at: Set<number>): Set<number> => {
    for (const place of at) if (pattern[place] === '*') at.add(place + 1);
    return at;
  };
  skipStars(places);
  for (const character of name) {
    const next = new Set<number>();
    for (const place of places) {
      if (pattern[place] === '*') next.add(place);
      else if (pattern[place] === '?' || pattern[place] === character) next.add(place + 1);
    }
    places = skipStars(next);
  }
  return places.has(pattern.length);
}

export async function readDebianInterfaces(files: GuestReader): Promise<NetworkFacts> {
  const { paths, facts } = await interfacesFiles(files);
  for (const path of paths) {
    const file = await readTextFile(files, path);
    for (const stanza of parseInterfaces(file?.text ?? '')) {
      if (stanza.keyword === 'mapping')
        facts.findings.push(notUnderstood(path, 'it chooses an interface by a script (mapping)'));
      if (stanza.keyword === 'iface') readIface(stanza, path, facts);
    }
  }
  return facts;
}

function readIface({ words, options }: Stanza, file: string, facts: NetworkFacts): void {
  // `eth0:1` is a further address of eth0.
  const name = (words[0] ?? '').split(':')[0]!;
  if (!isInterfaceName(name)) return;
  const method = words[1] === 'inherits' ? undefined : words[2];
  const value = (...keys: string[]): string | null =>
    options.findLast(({ key }) => keys.includes(key))?.value ?? null;
  const list = (...keys: string[]): string[] => {
    const listed = (value(...keys) ?? '').split(/\s+/);
    return listed.filter((member) => member !== 'none' && isInterfaceName(member));
  };
  const said = statement(name, file);
  if (method === 'dhcp') said.addresses.push('dhcp');
  if (method === 'loopback' || method === 'ppp' || method === 'wvdial' || (method ?? '').endsWith('tunnel'))
    said.kind = 'virtual';
  for (const { key, value: text } of options) {
    if (key !== 'address') continue;
    const address = addressWithPrefix(text, value('netmask'));
    if (address !== null) said.addresses.push(address);
  }
  const ports = value('bridge-ports');
  const parent = value('vlan-raw-device');
  if (value('bond-slaves', 'slaves', 'bond-mode') !== null) {
    said.kind = 'bond';
    said.members = list('bond-slaves', 'slaves');
    said.mode = value('bond-mode');
  } else if (ports !== null) {
    said.kind = 'bridge';
    said.members = list('bridge-ports');
    if (/\b(all|regex)\b/.test(ports))
      facts.findings.push(notUnderstood(file, `it gives the bridge ${name} ports by a pattern`));
  } else if (parent !== null) {
    said.kind = 'vlan';
    said.members = list('vlan-raw-device');
  }
  // `bond-master bond0` on the slave says the same from the other side.
  const master = value('bond-master');
  if (master !== null && isInterfaceName(master))
    facts.statements.push(statement(master, file, { kind: 'bond', members: [name] }));
  const hardware = (value('hwaddress') ?? '').split(/\s+/);
  const mac = normalMac(hardware.at(-1) ?? '');
  if (mac !== null && (said.kind === null || said.kind === 'physical'))
    facts.evidence.push({ name, mac, rank: 3, file });
  facts.statements.push(said);
}
