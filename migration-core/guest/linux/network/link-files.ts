/** .link files of udev (systemd.link(5)): which card they are for, and the one that keeps an interface name. */
import type { GuestReader } from '../../fixer.ts';
import { nameOf } from '../../tree-path.ts';
import { iniValue, parseIni, type IniEntry } from './ini-file.ts';
import type { NamedNic } from './machine-nics.ts';
import { entriesOf, matchedMacs, networkdFiles, NETWORKD } from './networkd.ts';

export interface LinkFile {
  path: string;
  entries: IniEntry[];
  /** The name it gives, or null. */
  name: string | null;
  macs: string[];
  /** It asks for no more than the address and that it is Ethernet. */
  byAddressOnly: boolean;
  /** It is for all cards. */
  forAll: boolean;
}

const OURS = '10-ironlift-';

export function linkPath(name: string): string {
  return `${NETWORKD}/${OURS}${name}.link`;
}

export async function readLinkFiles(files: GuestReader): Promise<LinkFile[]> {
  const links: LinkFile[] = [];
  for (const [path = '', ...dropIns] of await networkdFiles(files, '.link')) {
    if (nameOf(path).startsWith(OURS)) continue;
    const entries = await entriesOf(files, [path, ...dropIns]);
    const asked = entries.filter(({ section }) => section === 'Match');
    const isPlain = ({ key, value }: IniEntry): boolean =>
      (key === 'Type' && value === 'ether') || (key === 'OriginalName' && value === '*');
    const isAddress = ({ key }: IniEntry): boolean => key === 'MACAddress' || key === 'PermanentMACAddress';
    links.push({
      path,
      entries,
      name: iniValue(entries, 'Link', 'Name'),
      macs: matchedMacs(entries),
      byAddressOnly: asked.some(isAddress) && asked.every((entry) => isAddress(entry) || isPlain(entry)),
      forAll: asked.length > 0 && asked.every(isPlain),
    });
  }
  return links;
}

/** Whether a file of ours from before still names this card. */
export function keepsName(text: string, nic: NamedNic): boolean {
  const entries = parseIni(text);
  return iniValue(entries, 'Link', 'Name') === nic.name && matchedMacs(entries).includes(nic.mac);
}

/** Ours is read before it: of several files for a card, udev takes the first by name. */
export const isReadAfterOurs = (link: LinkFile, name: string): boolean =>
  nameOf(link.path) > nameOf(linkPath(name));

/** Settings of the [Link] section other than names, to be carried over to ours. */
export function otherSettings(link: LinkFile): string[] {
  return link.entries
    .filter(({ section, key }) => section === 'Link' && !/^(Name|NamePolicy|AlternativeName.*)$/.test(key))
    .map(({ key, value }) => `${key}=${value}`);
}

export function linkText({ name, mac }: NamedNic, settings: readonly string[]): string {
  return [
    '# Written by Ironlift: the interface keeps the name it had on the physical server.',
    '[Match]',
    `MACAddress=${mac}`,
    '# Only a card has a place in the hardware. VLANs, bridges and bonds that take over its address have none.',
    'Path=?*',
    '',
    '[Link]',
    'NamePolicy=',
    `Name=${name}`,
    ...settings,
    '',
  ].join('\n');
}
