/**
 * What a registry value must look like before it becomes part of a batch file. Only what passes here is ever written into one:
 * an address is digits and dots, a suffix is letters, digits, dots and dashes; everything else stays in the registry.
 */
import { isIPv6 } from 'node:net';
import type { HiveKey } from '../../../registry/key.ts';
import { readDword, readText, readTexts } from '../../../registry/types.ts';

/** Addresses, gateways or servers of one card; a list that claims more is not a configuration anybody made. */
const MOST_ENTRIES = 64;
/** Characters of a value that is shown in a finding. */
const SHOWN = 80;

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

const octets = (address: string): number[] => address.split('.').map(Number);

/** Four decimal numbers without leading zeros, which some programs read as octal. */
export const isIpv4 = (text: string): boolean => IPV4.test(text);

/** An address that a card, a gateway or a server can have: not 0.0.0.0, loopback, multicast or broadcast. */
export function isHostAddress(text: string): boolean {
  if (!isIpv4(text)) return false;
  const first = octets(text)[0]!;
  return first > 0 && first < 224 && first !== 127;
}

const bits = (address: string): string =>
  octets(address)
    .map((octet) => octet.toString(2).padStart(8, '0'))
    .join('');

/** Ones and then zeros; not without a one. */
export const isMask = (text: string): boolean => isIpv4(text) && /^1+0*$/.test(bits(text));

/** `24` of `255.255.255.0`, for people. */
export const prefixOf = (mask: string): number => bits(mask).lastIndexOf('1') + 1;

/** `2001:db8::5`; no scope, and no address of the link, which belongs to the card. */
export const isIpv6Host = (text: string): boolean =>
  /^[0-9a-f:.]+$/i.test(text) && isIPv6(text) && !/^(?:fe[89ab]|ff)/i.test(text) && text !== '::';

/** `2001:db8::5/64`. */
export function isIpv6WithPrefix(text: string): boolean {
  const [address, prefix, ...more] = text.split('/');
  return more.length === 0 && isIpv6Host(address!) && /^(?:[1-9]\d?|1[01]\d|12[0-8])$/.test(prefix ?? '');
}

/** A DNS suffix: RFC 1123 letters, and the underscore that Windows takes. */
export const isDnsSuffix = (text: string): boolean =>
  text.length <= 253 && /^[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?$/i.test(text);

/** Names of connections that mean nothing to cmd.exe and netsh, between quotes. */
export const isPlainName = (name: string): boolean =>
  name.length <= 100 && /^[A-Za-z0-9](?:[A-Za-z0-9 _.,()#+@-]*[A-Za-z0-9)#])?$/.test(name);

/** Lower case with colons, of one card. */
export const isMac = (text: string): boolean => /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text);

/** Reads values and keeps account of those that are not what they should be. */
export class ValueReader {
  /** `IPAddress "10.0.0.5 & x"`: what was left out. */
  readonly unusable: string[] = [];

  /** The entries of a list, `REG_MULTI_SZ` or text with commas or blanks between them; empty ones left out. */
  list(key: HiveKey | undefined, name: string): string[] {
    return this.#read(key, name, (value) => {
      const text = readText(value);
      return readTexts(value) ?? (text === undefined ? undefined : text.split(/[ ,]+/));
    })
      .flat()
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  }

  /** The entries of a list that are `right`; the others are accounted for. No entry twice. */
  entries(key: HiveKey | undefined, name: string, right: (entry: string) => boolean): string[] {
    const found = this.list(key, name);
    if (found.length > MOST_ENTRIES)
      this.unusable.push(`${name}: ${found.length - MOST_ENTRIES} of ${found.length} entries`);
    const kept: string[] = [];
    for (const entry of found.slice(0, MOST_ENTRIES))
      if (!right(entry)) this.leaveOut(name, entry);
      else if (!kept.includes(entry)) kept.push(entry);
    return kept;
  }

  /** A text that is `right`, or the empty one. */
  text(key: HiveKey | undefined, name: string, right: (text: string) => boolean): string {
    const text = this.#read(key, name, readText)[0] ?? '';
    if (text === '' || right(text)) return text;
    this.leaveOut(name, text);
    return '';
  }

  number(key: HiveKey | undefined, name: string): number | null {
    return this.#read(key, name, readDword)[0] ?? null;
  }

  leaveOut(name: string, entry: string): void {
    const shown = entry.length > SHOWN ? `${entry.slice(0, SHOWN)} ...` : entry;
    this.unusable.push(`${name} "${shown}"`);
  }

  /** One element, or none where the value is missing or not of the right type. */
  #read<T>(
    key: HiveKey | undefined,
    name: string,
    read: (value: { type: number; data: Uint8Array }) => T | undefined,
  ): T[] {
    try {
      const value = key?.value(name);
      if (value === undefined) return [];
      const content = read(value);
      if (content !== undefined) return [content];
      this.unusable.push(`${name} (of another type than Windows writes)`);
    } catch {
      this.unusable.push(`${name} (damaged)`);
    }
    return [];
  }
}
