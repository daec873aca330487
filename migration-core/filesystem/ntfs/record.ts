/** MFT records and what protects them: update sequence arrays; and the attributes in one record. */
import { latin1, u64le, viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import { ATTRIBUTE, readReference, readUtf16, RECORD_FLAG, STRIDE, type Reference } from './layout.ts';

/**
 * Undoes the protection of a record or index block in place: the last two bytes of every 512 are a number that must agree
 * everywhere, and the true ones are in the array. Header: 0 signature, 4 u16 offset of the array, 6 u16 its length.
 * @throws NTFS_DAMAGED where a write of the record was torn
 */
export function unprotect(bytes: Uint8Array, signature: string, what: string): void {
  if (latin1(bytes, 0, 4) !== signature) throw damaged(`${what} has no signature`);
  const view = viewOf(bytes);
  const array = view.getUint16(4, true);
  const count = view.getUint16(6, true);
  if (count !== bytes.length / STRIDE + 1 || array % 2 !== 0 || array < 8 || array + count * 2 > STRIDE - 2)
    throw damaged(`${what} has an impossible update sequence`, { array, count });
  const check = view.getUint16(array, true);
  for (let i = 1; i < count; i++) {
    const at = i * STRIDE - 2;
    if (view.getUint16(at, true) !== check)
      throw damaged(`${what} was written only in part`, { sector: i - 1 });
    view.setUint16(at, view.getUint16(array + i * 2, true), true);
  }
}

/** The opposite, in a copy and with a new number: what goes to the disk. */
export function protect(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  const view = viewOf(copy);
  const array = view.getUint16(4, true);
  const count = view.getUint16(6, true);
  let check = (view.getUint16(array, true) + 1) & 0xffff;
  if (check === 0 || check === 0xffff) check = 1;
  view.setUint16(array, check, true);
  for (let i = 1; i < count; i++) {
    const at = i * STRIDE - 2;
    view.setUint16(array + i * 2, view.getUint16(at, true), true);
    view.setUint16(at, check, true);
  }
  return copy;
}

/** One attribute, or one piece of an attribute whose map is spread over records. */
export interface Attribute {
  /** Number of the record that holds it. */
  record: number;
  type: number;
  name: string;
  flags: number;
  /** Tells attributes of one record apart. */
  instance: number;
  /** Where it lies in its record, bytes. */
  offset: number;
  length: number;
  /** The value of a resident attribute; null where it lies in clusters. */
  value: Uint8Array | null;
  /** The rest is of attributes in clusters only. First cluster of this piece, and its packed runs. */
  firstVcn: number;
  packed: Uint8Array;
  /** log2 of the clusters of a compression unit, 0 where nothing is compressed. */
  unitShift: number;
  /** Bytes; all three in the first piece only. */
  allocated: number;
  size: number;
  initialised: number;
}

export interface MftRecord {
  number: number;
  /** Without its protection; never altered by readers. */
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  sequence: number;
  flags: number;
  links: number;
  /** Where this one only holds more of the attributes of another. */
  base: Reference | null;
  attributes: Attribute[];
}

const NOTHING = new Uint8Array(0);

/**
 * Record: 10 u16 sequence, 12 u16 links, 14 u16 first attribute, 16 u16 flags, 18 u32 bytes in use, 20 u64 base record.
 * Checks everything later code relies on. @throws NTFS_DAMAGED
 */
export function parseRecord(bytes: Uint8Array<ArrayBuffer>, number: number): MftRecord {
  unprotect(bytes, 'FILE', `record ${number} of the MFT`);
  return parseUnprotected(bytes, number);
}

/** The same for bytes whose protection is undone already. `attributes` then has those before one that cannot be read. */
export function parseUnprotected(
  bytes: Uint8Array<ArrayBuffer>,
  number: number,
  attributes: Attribute[] = [],
): MftRecord {
  const what = `record ${number} of the MFT`;
  const view = viewOf(bytes);
  const base = readReference(view, 0x20);
  const record: MftRecord = {
    number,
    bytes,
    view,
    sequence: view.getUint16(0x10, true),
    links: view.getUint16(0x12, true),
    flags: view.getUint16(0x16, true),
    base: base.record === 0 && base.sequence === 0 ? null : base,
    attributes,
  };
  const used = view.getUint32(0x18, true);
  if (used > bytes.length) throw damaged(`${what} says it is longer than it is`, { used });
  if ((record.flags & RECORD_FLAG.inUse) === 0) return record;
  for (let at = view.getUint16(0x14, true); ;) {
    if (at % 8 !== 0 || at < 0x2a || at + 8 > used)
      throw damaged(`the attributes of ${what} have no end`, { at });
    const type = view.getUint32(at, true);
    if (type === ATTRIBUTE.end) return record;
    const length = view.getUint32(at + 4, true);
    if (length < 0x18 || length % 8 !== 0 || at + length > used)
      throw damaged(`an attribute of ${what} has an impossible length`, { at, length });
    record.attributes.push(parseAttribute(record, at, type, length, what));
    at += length;
  }
}

/**
 * Attribute: 0 u32 type, 4 u32 length, 8 u8 in clusters, 9 u8 characters of its name, A u16 their offset, C u16 flags,
 * E u16 instance. Resident: 10 u32 length and 14 u16 offset of its value. In clusters: 10 u64 first and 18 u64 last
 * cluster of the piece, 20 u16 offset of the runs, 22 u8 log2 of the compression unit, 28 u64 allocated, 30 u64 size, 38 u64 initialised bytes.
 */
function parseAttribute(
  record: MftRecord,
  at: number,
  type: number,
  length: number,
  what: string,
): Attribute {
  const { bytes, view } = record;
  const bad = (why: string): Error => damaged(`an attribute of ${what} ${why}`, { type, at });
  const nameLength = view.getUint8(at + 9) * 2;
  const nameOffset = view.getUint16(at + 0x0a, true);
  if (nameLength > 0 && nameOffset + nameLength > length) throw bad('has its name outside of it');
  const attribute: Attribute = {
    record: record.number,
    type,
    name: nameLength === 0 ? '' : readUtf16(bytes, at + nameOffset, nameLength),
    flags: view.getUint16(at + 0x0c, true),
    instance: view.getUint16(at + 0x0e, true),
    offset: at,
    length,
    value: null,
    firstVcn: 0,
    packed: NOTHING,
    unitShift: 0,
    allocated: 0,
    size: 0,
    initialised: 0,
  };
  if (view.getUint8(at + 8) === 0) {
    const valueLength = view.getUint32(at + 0x10, true);
    const valueOffset = view.getUint16(at + 0x14, true);
    if (valueOffset + valueLength > length) throw bad('has its value outside of it');
    attribute.value = bytes.subarray(at + valueOffset, at + valueOffset + valueLength);
    attribute.size = attribute.initialised = attribute.allocated = valueLength;
    return attribute;
  }
  if (length < 0x40) throw bad('is too short');
  attribute.firstVcn = u64le(view, at + 0x10);
  const runs = view.getUint16(at + 0x20, true);
  if (runs < 0x40 || runs > length) throw bad('has its map outside of it');
  attribute.packed = bytes.subarray(at + runs, at + length);
  if (attribute.firstVcn > 0) return attribute;
  attribute.unitShift = view.getUint8(at + 0x22);
  attribute.allocated = u64le(view, at + 0x28);
  attribute.size = u64le(view, at + 0x30);
  attribute.initialised = u64le(view, at + 0x38);
  if (attribute.unitShift > 16) throw bad('has an impossible compression unit');
  return attribute;
}
