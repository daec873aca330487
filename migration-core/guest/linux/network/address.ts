/** Addresses as reports show them: `192.0.2.10/24`, `2001:db8::10/64`, `dhcp`. */
import { isIP } from 'node:net';

/** An address with its prefix from a configuration, or null where it is none. The prefix may be a netmask. */
export function addressWithPrefix(text: string, prefix: string | null = null): string | null {
  const [address = '', own] = text.trim().split('/');
  const version = isIP(address);
  if (version === 0) return null;
  const bits = prefixLength(own ?? prefix ?? '', version === 4 ? 32 : 128);
  return bits === null ? address : `${address}/${bits}`;
}

/** Bits of `24` or `255.255.255.0`; null for anything else. */
function prefixLength(text: string, most: number): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= most ? Number(text) : null;
  if (isIP(text) !== 4) return null;
  const bits = text
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : null;
}
