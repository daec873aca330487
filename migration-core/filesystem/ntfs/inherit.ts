/**
 * The rights of a new file or folder, from those of the folder it is made in, as Windows gives them: [MS-DTYP] 2.5.3.4
 * (CreateSecurityDescriptor with automatic inheritance and no descriptor of the creator's own), and for what becomes of one
 * entry the table "ACE Inheritance Rules" of the Win32 documentation (secauthz/ace-inheritance-rules).
 *
 * Who makes it: what the conversion adds is as if a service under LocalSystem had added it. Its owner is the group of the
 * administrators, which is the default owner in LocalSystem's token as in that of an elevated administrator (TOKEN_OWNER,
 * secauthz/owner-of-a-new-object); its group is LocalSystem's own, S-1-5-18. Windows itself decides nothing by the group.
 *
 * Where nothing is handed on to the new object, Windows takes the default list of the token ([MS-DTYP] 2.5.3.4.2). Here this
 * is full control for LocalSystem and for the administrators, the list of an elevated administrator: with that of LocalSystem,
 * which lets administrators read only, nobody could tidy up.
 */
import { viewOf } from '../../base/bytes.ts';
import { aclLength, CONTROL, sidAt, type Acl, type Descriptor } from './descriptor.ts';
import { damaged, notSupported } from './errors.ts';

/** S-1-AUTHORITY-PARTS... */
export function sid(authority: number, ...parts: number[]): Uint8Array {
  const bytes = new Uint8Array(8 + parts.length * 4);
  const view = viewOf(bytes);
  bytes[0] = 1;
  bytes[1] = parts.length;
  bytes[7] = authority;
  for (const [i, part] of parts.entries()) view.setUint32(8 + i * 4, part, true);
  return bytes;
}

/** Well-known identifiers, [MS-DTYP] 2.4.2.4. */
export const CREATOR_OWNER = sid(3, 0);
export const CREATOR_GROUP = sid(3, 1);
export const LOCAL_SYSTEM = sid(5, 18);
export const ADMINISTRATORS = sid(5, 32, 544);
export const USERS = sid(5, 32, 545);

/** Flags of an entry, [MS-DTYP] 2.4.4.1. */
export const ACE = {
  objectInherit: 0x01,
  containerInherit: 0x02,
  noPropagate: 0x04,
  inheritOnly: 0x08,
  inherited: 0x10,
  /** Those that say nothing of inheritance: which attempts are audited, and the like. */
  others: 0xe0,
} as const;

/** Rights to files, [MS-DTYP] 2.4.3 and [MS-FSCC]: FILE_ALL_ACCESS, FILE_GENERIC_READ with _EXECUTE. */
export const FULL_CONTROL = 0x001f01ff;
export const READ_EXECUTE = 0x001200a9;

/** Each generic right and what it is for a file: FILE_ALL_ACCESS, FILE_GENERIC_EXECUTE, _WRITE, _READ. */
const GENERIC: readonly (readonly [number, number])[] = [
  [0x10000000, FULL_CONTROL],
  [0x20000000, 0x001200a0],
  [0x40000000, 0x00120116],
  [0x80000000, 0x00120089],
];

/** Types of entries, [MS-DTYP] 2.4.4.1, by where their identifier stands; of all others only the flags change. */
const PLAIN_TYPES = [0, 1, 2, 3, 9, 0x0a, 0x0d, 0x0e];
const OBJECT_TYPES = [5, 6, 7, 8, 0x0b, 0x0c, 0x0f, 0x10];
/** An entry that only objects of a certain class inherit; files have no class. */
const HAS_INHERITED_TYPE = 2;

export interface Creator {
  owner: Uint8Array;
  group: Uint8Array;
}

export const SYSTEM_CREATOR: Creator = { owner: ADMINISTRATORS, group: LOCAL_SYSTEM };

/** An entry that allows `mask` to `who`: 4 u32 mask, 8 identifier. */
export function allow(who: Uint8Array, mask: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(8 + who.length);
  const view = viewOf(bytes);
  bytes[1] = flags;
  view.setUint16(2, bytes.length, true);
  view.setUint32(4, mask, true);
  bytes.set(who, 8);
  return bytes;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function withFlags(ace: Uint8Array, flags: number): Uint8Array {
  const bytes = Uint8Array.from(ace);
  bytes[1] = flags;
  return bytes;
}

/** Which classes an entry for objects names: 8 u32. */
function classesOf(ace: Uint8Array): number {
  if (ace.length < 12) throw damaged('a security descriptor has an entry that is cut off');
  return viewOf(ace).getUint32(8, true);
}

/** Where the identifier of an entry stands; null where the entry is of a type whose rights are none to files. */
function sidOffset(ace: Uint8Array): number | null {
  if (PLAIN_TYPES.includes(ace[0]!)) return 8;
  if (!OBJECT_TYPES.includes(ace[0]!)) return null;
  const present = classesOf(ace);
  return 12 + (present & 1 ? 16 : 0) + (present & HAS_INHERITED_TYPE ? 16 : 0);
}

/** The entry with generic rights as rights to files, and the creator as who it is. The same bytes where nothing was to be done. */
function concrete(ace: Uint8Array, creator: Creator): Uint8Array {
  const at = sidOffset(ace);
  if (at === null) return ace;
  const who = sidAt(ace, at);
  const is = same(who, CREATOR_OWNER) ? creator.owner : same(who, CREATOR_GROUP) ? creator.group : who;
  const bytes = Buffer.concat([ace.subarray(0, at), is, ace.subarray(at + who.length)]);
  const view = viewOf(bytes);
  view.setUint16(2, bytes.length, true);
  let mask = view.getUint32(4, true);
  for (const [generic, rights] of GENERIC) if ((mask & generic) !== 0) mask = (mask & ~generic) | rights;
  view.setUint32(4, mask, true);
  return bytes;
}

/** What becomes of one entry: none, one, or one that counts here and one that is only handed on. */
function inheritedAces(ace: Uint8Array, folder: boolean, creator: Creator): Uint8Array[] {
  const flags = ace[1]!;
  const spread = flags & (ACE.objectInherit | ACE.containerInherit);
  const forClass = OBJECT_TYPES.includes(ace[0]!) && (classesOf(ace) & HAS_INHERITED_TYPE) !== 0;
  const counts = (flags & (folder ? ACE.containerInherit : ACE.objectInherit)) !== 0 && !forClass;
  const goesOn = folder && spread !== 0 && (flags & ACE.noPropagate) === 0;
  const base = (flags & ACE.others) | ACE.inherited;
  const handedOn = withFlags(ace, base | spread | ACE.inheritOnly);
  if (!counts) return goesOn ? [handedOn] : [];
  const effective = withFlags(concrete(ace, creator), base);
  if (!goesOn) return [effective];
  // As it is, it would be lost for what is made further down: it is kept beside what it means here.
  return same(effective, withFlags(ace, base)) ? [withFlags(ace, base | spread)] : [effective, handedOn];
}

/** The list a new object gets of that list; null where nothing of it is handed on. */
function inheritedAcl(acl: Acl | null, folder: boolean, creator: Creator): Acl | null {
  const aces: Uint8Array[] = [];
  for (const ace of acl?.aces ?? [])
    for (const one of inheritedAces(ace, folder, creator))
      // The creator is often in the list already; Windows does not say the same twice.
      if (!aces.some((other) => same(other, one))) aces.push(one);
  if (acl === null || aces.length === 0) return null;
  const result = { revision: acl.revision, aces };
  if (aclLength(result) > 0xffff)
    throw notSupported(
      'A folder hands on more rights than a new file can hold.',
      'Remove rights from that folder on the server, and start again.',
    );
  return result;
}

/** @throws NTFS_DAMAGED for impossible entries, NOT_SUPPORTED for more than 64 KiB of them */
export function inheritedDescriptor(
  parent: Descriptor,
  folder: boolean,
  creator: Creator = SYSTEM_CREATOR,
): Descriptor {
  const dacl = inheritedAcl(parent.dacl, folder, creator);
  const sacl = inheritedAcl(parent.sacl, folder, creator);
  return {
    ...creator,
    sacl,
    dacl: dacl ?? {
      revision: 2,
      aces: [allow(LOCAL_SYSTEM, FULL_CONTROL, 0), allow(ADMINISTRATORS, FULL_CONTROL, 0)],
    },
    control:
      CONTROL.daclPresent |
      (dacl === null ? 0 : CONTROL.daclAutoInherited) |
      (sacl === null ? 0 : CONTROL.saclPresent | CONTROL.saclAutoInherited),
  };
}

/**
 * Rights that nothing is handed on to: LocalSystem and the administrators may do everything, users may read and run, and so
 * in all that is made below. Audits and labels are handed on as ever.
 */
export function guardedDescriptor(parent: Descriptor, folder: boolean): Descriptor {
  const flags = folder ? ACE.objectInherit | ACE.containerInherit : 0;
  const inherited = inheritedDescriptor(parent, folder);
  return {
    ...inherited,
    dacl: {
      revision: 2,
      aces: [
        allow(LOCAL_SYSTEM, FULL_CONTROL, flags),
        allow(ADMINISTRATORS, FULL_CONTROL, flags),
        allow(USERS, READ_EXECUTE, flags),
      ],
    },
    control: (inherited.control & ~CONTROL.daclAutoInherited) | CONTROL.daclProtected,
  };
}
