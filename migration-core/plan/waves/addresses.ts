/** Whose address is it? Of all servers of an estate, by their interfaces. */
import type { ServerFacts } from '../../assess/model/facts.ts';

/** Longer ones are no addresses. */
const MAX_LENGTH = 60;

/** One spelling for one address: without prefix length, zone and brackets; IPv4 mapped into IPv6 is IPv4. null: of no use. */
export function plainAddress(text: string): string | null {
  if (text.length > MAX_LENGTH) return null;
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^\[/u, '')
    .replace(/[\]/%].*$/u, '');
  const address = bare.includes(':') ? plainIpv6(bare) : plainIpv4(bare);
  if (address === null) return null;
  // Of this machine only, of this link only, of many, or of none: they name no server.
  if (/^(?:127\.|0\.|169\.254\.|22[4-9]\.|23\d\.|255\.255\.255\.255$)/u.test(address)) return null;
  if (/^(?:0:0:0:0:0:0:0:[01]$|fe[89ab].:|ff..:)/u.test(address)) return null;
  return address;
}

function plainIpv4(text: string): string | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/u.test(part) && Number(part) < 256))
    return null;
  return parts.map(Number).join('.');
}

/** RFC 4291 2.2, every group without leading zeros, no `::`. */
function plainIpv6(text: string): string | null {
  let rest = text;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/u.exec(text);
  if (tail !== null) {
    const four = plainIpv4(tail[2]!);
    if (four === null) return null;
    const [a, b, c, d] = four.split('.').map(Number) as [number, number, number, number];
    rest = `${tail[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = groups.reduce((sum, { length }) => sum + length, 0);
  if (halves.length === 2 ? given > 7 : given !== 8) return null;
  const all = [...groups[0]!, ...Array.from({ length: 8 - given }, () => '0'), ...(groups[1] ?? [])];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/u.test(group))) return null;
  const numbers = all.map((group) => Number.parseInt(group, 16));
  if (numbers.slice(0, 5).every((number) => number === 0) && numbers[5] === 0xffff)
    return `${numbers[6]! >> 8}.${numbers[6]! & 255}.${numbers[7]! >> 8}.${numbers[7]! & 255}`;
  return numbers.map((number) => number.toString(16)).join(':');
}

export interface AddressBook {
  /** Index of the server; undefined: of none, or of several. */
  owner(address: string): number | undefined;
  /** Addresses that several servers have: shared ones of clusters, or networks that are alike. */
  shared: string[];
}

export function addressBook(facts: readonly ServerFacts[]): AddressBook {
  const owners = new Map<string, number>();
  const shared = new Set<string>();
  facts.forEach(({ inventory }, index) => {
    for (const { addresses } of inventory?.networkInterfaces ?? []) {
      for (const text of addresses) {
        const address = plainAddress(text);
        if (address === null) continue;
        const before = owners.get(address);
        if (before !== undefined && before !== index) shared.add(address);
        owners.set(address, index);
      }
    }
  });
  for (const address of shared) owners.delete(address);
  /** The same few addresses are asked for again and again. */
  const known = new Map<string, number | undefined>();
  return {
    shared: [...shared],
    owner(text) {
      if (known.has(text)) return known.get(text);
      const address = plainAddress(text);
      const found = address === null ? undefined : owners.get(address);
      if (known.size < 1_000_000) known.set(text, found);
      return found;
    },
  };
}
