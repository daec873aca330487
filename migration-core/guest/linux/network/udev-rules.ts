/**
 * udev rules that give network cards their names (udev(7)), and iftab of the older ifrename. A rule is bound to the
 * address of a card, or to its place in the hardware, which a virtual machine does not have.
 */
import type { GuestReader } from '../../fixer.ts';
import { readTextFile } from '../edit-plan.ts';
import { normalMac } from './mac.ts';
import { isInterfaceName, noFacts, type NetworkFacts } from './statements.ts';

export const RULES = '/etc/udev/rules.d';
export const PERSISTENT_RULES = `${RULES}/70-persistent-net.rules`;

export interface NamingRule {
  /** 0-based, first and last line: a backslash at the end goes on. */
  first: number;
  last: number;
  /** The name it gives. */
  name: string;
  /** The address it asks for, or null. */
  mac: string | null;
  /** It asks for a place or a maker of the hardware, so it fits no card of a virtual machine, or a wrong one by accident. */
  byPlace: boolean;
}

const TOKEN =
  /(?<![A-Z_])([A-Z_]{1,32})(?:\{([^}]{0,200})\})?\s{0,16}(==|!=|\+=|-=|:=|=)\s{0,16}"((?:[^"\\]|\\.){0,1000})"/g;

/** Matches that every Ethernet card fulfils, in a virtual machine too. */
function fitsAnyCard(key: string, attribute: string, value: string): boolean {
  switch (key) {
    case 'SUBSYSTEM':
      return value === 'net';
    case 'ACTION':
      return /(^|[|])(add|\*)($|[|])/.test(value);
    case 'DRIVERS':
      return value === '?*' || value === '*';
    case 'KERNEL':
      return /^(\*|eth\*|eth\[0-9\]\*|e\*|en\*\|eth\*)$/.test(value);
    case 'ATTR':
    case 'ATTRS':
    case 'SYSFS':
      return (
        attribute === 'address' ||
        (attribute === 'type' && value === '1') ||
        (attribute === 'dev_id' && /^(0x0|0)$/.test(value))
      );
    case 'NAME':
    case 'ENV':
      // `NAME=="?*"`, `ENV{INTERFACE_NAME}=="..."`: other rules decide.
      return false;
    default:
      return false;
  }
}

/** The rules of a file that name network cards. */
export function namingRules(text: string): NamingRule[] {
  const rules: NamingRule[] = [];
  const lines = text.split('\n');
  for (let first = 0; first < lines.length; first++) {
    let last = first;
    while (lines[last]!.trimEnd().endsWith('\\') && last + 1 < lines.length) last++;
    const rule = lines
      .slice(first, last + 1)
      .map((line) => line.trimEnd().replace(/\\$/, ''))
      .join(' ');
    if (!rule.trimStart().startsWith('#')) {
      const found = namingRule(rule);
      if (found !== null) rules.push({ ...found, first, last });
    }
    first = last;
  }
  return rules;
}

function namingRule(rule: string): Omit<NamingRule, 'first' | 'last'> | null {
  let name: string | null = null;
  let mac: string | null = null;
  let network = false;
  let byPlace = false;
  for (const [, key = '', attribute = '', operator, value = ''] of rule.matchAll(TOKEN)) {
    if (operator === '==') {
      if (key === 'SUBSYSTEM' && value === 'net') network = true;
      if (/^(ATTRS?|SYSFS)$/.test(key) && attribute === 'address') mac = normalMac(value);
      if (!fitsAnyCard(key, attribute, value)) byPlace = true;
    } else if (key === 'NAME' && (operator === '=' || operator === ':=')) {
      name = value;
    }
  }
  // A name with a substitution (`$env{...}`, `%k`) is of a general rule.
  if (name === null || !isInterfaceName(name)) return null;
  if (!network && mac === null) return null;
  return { name, mac, byPlace };
}

/** The text with some rules made comments, each line of them. */
export function commentOut(text: string, rules: readonly NamingRule[]): string {
  const lines = text.split('\n');
  for (const { first, last } of rules)
    for (let line = first; line <= last; line++) lines[line] = `#ironlift# ${lines[line]!}`;
  return lines.join('\n');
}

/** Rules of the administrator; those of the distribution in /lib name no single card. */
export async function rulesFiles(files: GuestReader): Promise<string[]> {
  return (await files.list(RULES))
    .filter((name) => name.endsWith('.rules'))
    .map((name) => `${RULES}/${name}`);
}

export async function readNamingRules(files: GuestReader): Promise<NetworkFacts> {
  const facts = noFacts();
  for (const path of await rulesFiles(files)) {
    const file = await readTextFile(files, path);
    for (const { name, mac } of namingRules(file?.text ?? ''))
      if (mac !== null) facts.evidence.push({ name, mac, rank: 1, file: path });
  }
  const iftab = await readTextFile(files, IFTAB);
  for (const line of iftab?.text.split('\n') ?? []) {
    // iftab(5): `eth0 mac 00:11:22:33:44:55`
    const words = line.trim().split(/\s+/);
    const mac = normalMac(words[words.indexOf('mac') + 1] ?? '');
    if (mac !== null && words[1] !== undefined && words.includes('mac') && isInterfaceName(words[0]!))
      facts.evidence.push({ name: words[0]!, mac, rank: 1, file: IFTAB });
  }
  return facts;
}

export const IFTAB = '/etc/iftab';
