/**
 * Which server is it? The same machine comes from several tools under several names; it is one server if its SMBIOS
 * UUID, else its serial number, else a MAC address, else its name is the same. What firmware vendors put there when they
 * had nothing to say is no identity.
 */
import { z } from 'zod';

export const serverIdentity = z.object({
  /** As the machine is called by people: host name without domain, as it came. */
  name: z.string(),
  /** With its domain, where known. */
  fqdn: z.string().optional(),
  /** SMBIOS system UUID, lower case with dashes. */
  smbiosUuid: z.string().optional(),
  /** Of the system (not of the board). */
  serial: z.string().optional(),
  /** Of physical interfaces, lower case with colons. */
  macs: z.array(z.string()).default([]),
});
export type ServerIdentity = z.infer<typeof serverIdentity>;

/** DMTF DSP0134 7.2.1 leaves all zeros and all ones to mean "none"; the others are known defaults of board vendors. */
const EMPTY_UUIDS = new Set([
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '03000200-0400-0500-0006-000700080009',
  // The same as firmware before SMBIOS 2.6 spells it.
  '00020003-0004-0005-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
]);

const NO_SERIAL =
  /^(?:|0+|0x0+|0?1?23456789\d*|12345678?|[(<]?(?:none|null)[)>]?|n\/?a|unknown|unspecified|empty|default( string)?|serial ?(?:number|no\.?)?|system serial number|chassis serial number|to be filled.*|not (?:specified|applicable|available|present|set).*|invalid|oem|x+|-+|\.+)$/iu;

/** @returns the UUID in lower case with dashes, or undefined where it says nothing */
export function usableUuid(text: string | null | undefined): string | undefined {
  const hex = (text ?? '').trim().toLowerCase().replace(/[{}]/gu, '').replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/u.test(hex)) return undefined;
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5');
  return EMPTY_UUIDS.has(uuid) ? undefined : uuid;
}

/** @returns the serial number, or undefined where it says nothing */
export function usableSerial(text: string | null | undefined): string | undefined {
  const serial = (text ?? '').trim();
  return NO_SERIAL.test(serial) ? undefined : serial;
}

/**
 * @returns the MAC address in lower case with colons; undefined for none, for group addresses (IEEE 802 9.2: lowest bit
 * of the first octet) and for locally administered ones, which bonds, bridges and containers make up
 */
export function usableMac(text: string | null | undefined): string | undefined {
  const hex = (text ?? '').trim().toLowerCase().replace(/[:.-]/gu, '');
  if (!/^[0-9a-f]{12}$/u.test(hex) || /^0{12}$/u.test(hex)) return undefined;
  if ((Number.parseInt(hex.slice(0, 2), 16) & 3) !== 0) return undefined;
  return hex.match(/../gu)!.join(':');
}

/** What is compared: the host name without its domain, in lower case. An IP address stays whole. */
export function comparableName(name: string): string {
  const lower = name.trim().toLowerCase();
  return /^[\d.]+$/u.test(lower) || lower.includes(':') ? lower : lower.split('.')[0]!;
}

/** The strongest evidence first; `findServer` in the store asks in this order. */
export const IDENTITY_KEYS = ['smbiosUuid', 'serial', 'mac', 'name'] as const;
export type IdentityKey = (typeof IDENTITY_KEYS)[number];

/** All keys of a server with their values, strongest first. */
export function identityKeys(identity: ServerIdentity): { key: IdentityKey; value: string }[] {
  const uuid = usableUuid(identity.smbiosUuid);
  const serial = usableSerial(identity.serial);
  const macs = identity.macs.map(usableMac).filter((mac) => mac !== undefined);
  const name = comparableName(identity.name);
  const strong = [
    ...(uuid === undefined ? [] : [{ key: 'smbiosUuid' as const, value: uuid }]),
    ...(serial === undefined ? [] : [{ key: 'serial' as const, value: serial }]),
    ...[...new Set(macs)].map((value) => ({ key: 'mac' as const, value })),
  ];
  // What nobody ever named is told apart by anything else there is.
  const isNamed = name !== '' && (name !== 'localhost' || strong.length === 0);
  return [...strong, ...(isNamed ? [{ key: 'name' as const, value: name }] : [])];
}
