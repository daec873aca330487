/**
 * IPv6 addresses that were set by hand. From Vista on they are in the persistent store of the network stack and nowhere else: a value
 * of Control\Nsi\{eb004a01-9b1a-11d4-9123-0050047759bc}\10 for each, whose name is the LUID of the card and the address in hexadecimal
 * digits (stackoverflow.com/questions/8155700; the values for IPv4 beside it, in the SYSTEM hive of a Windows 7, are made the same
 * way and have the length of the prefix in the fifth 32-bit number of their data).
 */
import type { Hive } from '../../../registry/hive.ts';
import { readDword, readText } from '../../../registry/types.ts';
import { isIpv6WithPrefix } from './values.ts';

const CLASS = 'Control\\Class\\{4D36E972-E325-11CE-BFC1-08002BE10318}';
const STORE = 'Control\\Nsi\\{eb004a01-9b1a-11d4-9123-0050047759bc}\\10';
const PREFIX_LENGTH = 16;
/** More cards or addresses than that are in no server. */
const MOST = 4096;

/** `2001:db8::5/64` of each card, by its GUID in capitals. @throws HIVE_DAMAGED */
export function ipv6Addresses(system: Hive, controlSet: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const stored = (system.find(`${controlSet}\\${STORE}`)?.values() ?? []).slice(0, MOST);
  if (stored.length === 0) return found;
  const cards = cardsByLuid(system, controlSet);
  for (const { name, data } of stored) {
    const [, luid, digits] = /^([0-9a-f]{16})([0-9a-f]{32})$/i.exec(name) ?? [];
    const guid = cards.get(luid?.toLowerCase() ?? '');
    if (guid === undefined || digits === undefined || data.length < PREFIX_LENGTH + 4) continue;
    const prefix = new DataView(data.buffer, data.byteOffset, data.length).getUint32(PREFIX_LENGTH, true);
    const address = `${shortened(digits)}/${prefix}`;
    // Addresses of the link and such: the new card makes its own.
    if (isIpv6WithPrefix(address)) found.set(guid, [...(found.get(guid) ?? []), address]);
  }
  return found;
}

/** NET_LUID as bytes: three of zero, the index in three, the type of interface in two. */
function cardsByLuid(system: Hive, controlSet: string): Map<string, string> {
  const cards = new Map<string, string>();
  for (const key of (system.find(`${controlSet}\\${CLASS}`)?.subkeys() ?? []).slice(0, MOST)) {
    const [guid, index, type] = [
      key.value('NetCfgInstanceId'),
      key.value('NetLuidIndex'),
      key.value('*IfType'),
    ];
    if (guid === undefined || index === undefined || type === undefined) continue;
    const bytes = Buffer.alloc(8);
    bytes.writeUIntLE((readDword(index) ?? 0) % 2 ** 24, 3, 3);
    bytes.writeUInt16LE((readDword(type) ?? 0) % 2 ** 16, 6);
    cards.set(bytes.toString('hex'), (readText(guid) ?? '').toUpperCase());
  }
  return cards;
}

/** As RFC 5952 writes it. */
function shortened(digits: string): string {
  const groups = digits.match(/.{4}/g)!.join(':');
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}
