/**
 * Which of the known servers an identity is: a pure decision over those that share a key with it.
 *
 * - The strongest key decides (SMBIOS UUID, serial number, MAC address, name), but a server whose own UUID differs is
 *   another one whatever else it shares, and so is one whose serial number differs where not both UUIDs are known: two
 *   servers may have the same name, and a network card moves.
 * - A name is that of a server only where not both are known with their domains, and these differ: `db.prod.example` is
 *   not `db.test.example`.
 * - Where several servers are left by the same key, those with the same full domain name are preferred, then those of
 *   which neither UUID nor serial number is known; where several are left still, or none, it is a new server.
 * - Servers that a weaker key finds besides are the same one, collected before anyone knew: they are merged, as they would
 *   have been had the collections come in another order.
 */
import {
  identityKeys,
  usableSerial,
  usableUuid,
  type IdentityKey,
  type ServerIdentity,
} from '../model/identity.ts';

export interface KnownServer {
  id: number;
  identity: ServerIdentity;
}

export interface Resolved {
  /** undefined: not known yet. */
  id: number | undefined;
  /** Other rows that are the same server. */
  same: number[];
}

export interface ServerKey {
  key: IdentityKey;
  value: string;
}

/**
 * The keys of an identity as they are stored, strongest first. Firmware before SMBIOS 2.6 and some tools write the first
 * three fields of a UUID with their bytes swapped (DSP0134 7.2.1): of the two spellings the lesser is stored. Who has
 * no key at all is the server without a name, not a new one each time.
 */
export function storedKeys(identity: ServerIdentity): ServerKey[] {
  const keys = identityKeys(identity).map(({ key, value }) => ({
    key,
    value: key === 'smbiosUuid' ? comparableUuid(value) : value,
  }));
  return keys.length > 0 ? keys : [{ key: 'name', value: '' }];
}

export function comparableUuid(uuid: string): string {
  const swapped = uuid.replace(
    /^(..)(..)(..)(..)-(..)(..)-(..)(..)-/u,
    (_, a: string, b: string, c: string, d: string, e: string, f: string, g: string, h: string) =>
      `${d}${c}${b}${a}-${f}${e}-${h}${g}-`,
  );
  return swapped < uuid ? swapped : uuid;
}

/** @param holders the known servers that have that key */
export function resolve(identity: ServerIdentity, holders: (key: ServerKey) => KnownServer[]): Resolved {
  let found: KnownServer | undefined;
  const same = new Map<number, KnownServer>();
  for (const key of storedKeys(identity)) {
    const differ = key.key === 'name' ? notSameByName : conflict;
    const candidates = holders(key).filter(
      (candidate) =>
        !differ(candidate.identity, identity) &&
        (found === undefined || !differ(candidate.identity, found.identity)),
    );
    if (found === undefined) found = onlyOne(candidates, identity);
    // A name is shared too easily to merge more than one server by it.
    else if (key.key !== 'name' || holders(key).length === 1)
      for (const candidate of candidates)
        if (
          candidate.id !== found.id &&
          ![...same.values()].some((other) => conflict(other.identity, candidate.identity))
        )
          same.set(candidate.id, candidate);
  }
  return { id: found?.id, same: [...same.keys()] };
}

function onlyOne(candidates: KnownServer[], identity: ServerIdentity): KnownServer | undefined {
  if (candidates.length <= 1) return candidates[0];
  const fqdn = identity.fqdn?.toLowerCase();
  const alike = candidates.filter(
    (known) => fqdn !== undefined && known.identity.fqdn?.toLowerCase() === fqdn,
  );
  if (alike.length === 1) return alike[0];
  const nameless = candidates.filter(
    ({ identity: known }) =>
      usableUuid(known.smbiosUuid) === undefined && usableSerial(known.serial) === undefined,
  );
  if (nameless.length <= 1) return nameless[0];
  // Of other domains; else whoever is known without one would be a new server each time.
  const without = nameless.filter(({ identity: known }) => known.fqdn === undefined);
  return without.length === 1 ? without[0] : undefined;
}

const notSameByName = (one: ServerIdentity, other: ServerIdentity): boolean =>
  conflict(one, other) || inAnotherDomain(one, other);

/** Two domains of one company have a `web1` each; only a name is no evidence then. */
function inAnotherDomain(one: ServerIdentity, other: ServerIdentity): boolean {
  const [a, b] = [one.fqdn?.toLowerCase(), other.fqdn?.toLowerCase()];
  return a?.includes('.') === true && b?.includes('.') === true && a !== b;
}

/** They cannot be the same machine. */
export function conflict(one: ServerIdentity, other: ServerIdentity): boolean {
  const uuids = [usableUuid(one.smbiosUuid), usableUuid(other.smbiosUuid)];
  if (uuids[0] !== undefined && uuids[1] !== undefined)
    return comparableUuid(uuids[0]) !== comparableUuid(uuids[1]);
  const serials = [usableSerial(one.serial), usableSerial(other.serial)];
  return serials[0] !== undefined && serials[1] !== undefined && serials[0] !== serials[1];
}

/** What is known of a server after it was seen once more: nothing is forgotten, an address gives way to a name. */
export function joined(known: ServerIdentity, seen: ServerIdentity): ServerIdentity {
  const isAddress = (name: string): boolean =>
    name.trim() === '' || /^[\d.]+$/u.test(name.trim()) || name.includes(':');
  const fqdn = known.fqdn ?? seen.fqdn;
  const smbiosUuid = usableUuid(known.smbiosUuid) ?? usableUuid(seen.smbiosUuid);
  const serial = usableSerial(known.serial) ?? usableSerial(seen.serial);
  return {
    name: isAddress(known.name) && !isAddress(seen.name) ? seen.name : known.name,
    ...(fqdn === undefined ? {} : { fqdn }),
    ...(smbiosUuid === undefined ? {} : { smbiosUuid }),
    ...(serial === undefined ? {} : { serial }),
    macs: [...new Set([...known.macs, ...seen.macs])].slice(0, MAX_MACS),
  };
}

/** More addresses than any server has ports; a list without end does not grow the file without end. */
const MAX_MACS = 256;
