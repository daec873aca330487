/**
 * What DHCP clients remember: which interface got an address, and often with which hardware address. A lease is weak
 * evidence: it may be of a card that was replaced since. Only names and addresses are taken from it.
 */
import type { GuestReader } from '../../fixer.ts';
import { readTextFile } from '../edit-plan.ts';
import { normalMac } from './mac.ts';
import { isInterfaceName, type MacEvidence } from './statements.ts';

/** Where clients keep leases, and how the interface is named in the file name. */
const PLACES: { directory: string; file: RegExp }[] = [
  // NetworkManager: internal-UUID-NAME.lease, dhclient-UUID-NAME.lease
  {
    directory: '/var/lib/NetworkManager',
    file: /^(?:internal|dhclient)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(.+)\.lease$/,
  },
  { directory: '/var/lib/dhcp', file: /^dhclient6?[.-](.+)\.leases?$/ },
  { directory: '/var/lib/dhclient', file: /^dhclient6?-(?:[0-9a-f-]{36}-)?(.+)\.leases?$/ },
  { directory: '/var/lib/dhcp3', file: /^dhclient\.(.+)\.leases$/ },
  { directory: '/var/lib/wicked', file: /^lease-(.+)-dhcp-ipv4\.xml$/ },
  { directory: '/var/lib/dhcpcd5', file: /^dhcpcd-(.+)\.lease$/ },
  { directory: '/var/lib/dhcpcd', file: /^(?:dhcpcd-)?(.+)\.lease$/ },
];

export interface Lease {
  name: string;
  file: string;
  mac: string | null;
}

export async function readLeases(files: GuestReader): Promise<Lease[]> {
  const leases: Lease[] = [];
  for (const { directory, file: pattern } of PLACES) {
    for (const fileName of await files.list(directory)) {
      const name = pattern.exec(fileName)?.[1];
      if (name === undefined || !isInterfaceName(name)) continue;
      const path = `${directory}/${fileName}`;
      const file = await readTextFile(files, path);
      if (file !== null) leases.push({ name, file: path, mac: hardwareAddress(file.text) });
    }
  }
  return leases;
}

export function leaseEvidence(leases: readonly Lease[]): MacEvidence[] {
  return leases.flatMap(({ name, mac, file }) =>
    mac === null ? [] : [{ name, mac, rank: 4 as const, file }],
  );
}

const HEX = '[0-9a-f]{1,2}';
const CLIENT_ID = new RegExp(
  // dhclient: `option dhcp-client-identifier 1:aa:...;` or with ff; NetworkManager: `CLIENTID=01aabb...`; wicked: <client-id>01:aa:...
  `(?:dhcp-client-identifier\\s+|CLIENTID=|<client-id>)0?1:?(${HEX}(?::${HEX}){5}|[0-9a-f]{12})\\s*(?:;|<|$)`,
  'gim',
);

/** The address in the client identifier (type 1, Ethernet: RFC 2132 §9.14), where the file holds exactly one. */
function hardwareAddress(text: string): string | null {
  const macs = new Set<string>();
  for (const [, hex] of text.matchAll(CLIENT_ID)) {
    // dhclient leaves leading zeros out.
    const octets = hex!.includes(':') ? hex!.split(':') : hex!.match(/../g)!;
    const mac = normalMac(octets.map((octet) => octet.padStart(2, '0')).join(':'));
    if (mac !== null) macs.add(mac);
  }
  return macs.size === 1 ? [...macs][0]! : null;
}
