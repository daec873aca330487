/** Security descriptors as NTFS keeps them: self-relative ([MS-DTYP] 2.4.6), little-endian. Each part keeps its own bytes. */
import { viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';

/** Control bits, [MS-DTYP] 2.4.6. */
export const CONTROL = {
  daclPresent: 0x0004,
  saclPresent: 0x0010,
  daclAutoInherited: 0x0400,
  saclAutoInherited: 0x0800,
  daclProtected: 0x1000,
  selfRelative: 0x8000,
} as const;

export interface Acl {
  revision: number;
  /** Whole entries (ACEs), their headers included. */
  aces: readonly Uint8Array[];
}

export interface Descriptor {
  /** CONTROL bits. */
  control: number;
  owner: Uint8Array | null;
  group: Uint8Array | null;
  /** Audits and labels; null for none. */
  sacl: Acl | null;
  /** Rights; null for none, which lets everybody do everything. */
  dacl: Acl | null;
}

const HEADER = 20;
const ACL_HEADER = 8;
const ACE_HEADER = 4;
/** [MS-DTYP] 2.4.2: a SID has no more parts than these. */
const MAX_SUB_AUTHORITIES = 15;
/** Revisions of an ACL, [MS-DTYP] 2.4.5: with entries for objects of a directory service, and without. */
const ACL_REVISIONS = [2, 3, 4];

const bad = (what: string): Error => damaged(`a security descriptor has ${what}`);

/** The identifier at `offset`: 0 u8 revision, 1 u8 number of parts, 2 six bytes authority, 8 the parts. @throws NTFS_DAMAGED */
export function sidAt(bytes: Uint8Array, offset: number): Uint8Array {
  const parts = bytes[offset + 1];
  if (bytes[offset] !== 1 || parts === undefined || parts > MAX_SUB_AUTHORITIES)
    throw bad('an impossible identifier');
  const end = offset + 8 + parts * 4;
  if (end > bytes.length) throw bad('an identifier that is cut off');
  return bytes.subarray(offset, end);
}

/** ACL: 0 u8 revision, 2 u16 bytes, 4 u16 entries. Entry: 0 u8 type, 1 u8 flags, 2 u16 bytes. */
function aclAt(bytes: Uint8Array, offset: number): Acl {
  if (offset + ACL_HEADER > bytes.length) throw bad('a list that is cut off');
  const view = viewOf(bytes);
  const end = offset + view.getUint16(offset + 2, true);
  if (!ACL_REVISIONS.includes(bytes[offset]!) || end > bytes.length) throw bad('an impossible list');
  const aces: Uint8Array[] = [];
  let at = offset + ACL_HEADER;
  for (let left = view.getUint16(offset + 4, true); left > 0; left--) {
    if (at + ACE_HEADER > end) throw bad('a list that is cut off');
    const length = view.getUint16(at + 2, true);
    if (length < ACE_HEADER || length % 4 !== 0 || at + length > end) throw bad('an impossible entry');
    aces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { revision: bytes[offset]!, aces };
}

/** Descriptor: 0 u8 revision, 2 u16 control, then offsets: 4 owner, 8 group, C SACL, 10 DACL. @throws NTFS_DAMAGED */
export function parseDescriptor(bytes: Uint8Array): Descriptor {
  if (bytes.length < HEADER || bytes[0] !== 1) throw bad('an impossible header');
  const view = viewOf(bytes);
  const control = view.getUint16(2, true);
  if ((control & CONTROL.selfRelative) === 0) throw bad('an impossible header');
  const part = <T>(field: number, read: (bytes: Uint8Array, offset: number) => T): T | null => {
    const offset = view.getUint32(field, true);
    if (offset === 0) return null;
    if (offset < HEADER || offset > bytes.length) throw bad('a part outside of it');
    return read(bytes, offset);
  };
  return {
    control,
    owner: part(4, sidAt),
    group: part(8, sidAt),
    sacl: (control & CONTROL.saclPresent) === 0 ? null : part(0x0c, aclAt),
    dacl: (control & CONTROL.daclPresent) === 0 ? null : part(0x10, aclAt),
  };
}

export const aclLength = ({ aces }: Acl): number => aces.reduce((sum, ace) => sum + ace.length, ACL_HEADER);

function aclBytes(acl: Acl): Uint8Array {
  const bytes = new Uint8Array(aclLength(acl));
  const view = viewOf(bytes);
  view.setUint8(0, acl.revision);
  view.setUint16(2, bytes.length, true);
  view.setUint16(4, acl.aces.length, true);
  let at = ACL_HEADER;
  for (const ace of acl.aces) {
    bytes.set(ace, at);
    at += ace.length;
  }
  return bytes;
}

/** In the order in which Windows puts the parts together, so that the same rights are the same bytes: SACL, DACL, owner, group. */
export function descriptorBytes({ control, owner, group, sacl, dacl }: Descriptor): Uint8Array<ArrayBuffer> {
  const parts: [number, Uint8Array | null][] = [
    [0x0c, sacl === null ? null : aclBytes(sacl)],
    [0x10, dacl === null ? null : aclBytes(dacl)],
    [4, owner],
    [8, group],
  ];
  const bytes = new Uint8Array(parts.reduce((sum, [, part]) => sum + (part?.length ?? 0), HEADER));
  const view = viewOf(bytes);
  view.setUint8(0, 1);
  view.setUint16(2, control | CONTROL.selfRelative, true);
  let at = HEADER;
  for (const [field, part] of parts) {
    if (part === null) continue;
    view.setUint32(field, at, true);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
