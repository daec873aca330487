/** Attributes as bytes, and their places in records. */
import { roundUp, viewOf } from '../../base/bytes.ts';
import type { NtfsFile } from './file.ts';
import { ATTRIBUTE, STRIDE } from './layout.ts';
import { parseUnprotected, type Attribute, type MftRecord } from './record.ts';
import { encodeRuns, type Run } from './runs.ts';
import { relayout } from './relayout.ts';
import { compareAttributeNames, type Upcase } from './upcase.ts';
import type { NtfsVolume } from './volume.ts';

/** @param indexed for names: the resident flag that says they are in an index */
export function residentAttribute(
  type: number,
  name: string,
  value: Uint8Array,
  indexed = false,
): Uint8Array<ArrayBuffer> {
  const valueOffset = roundUp(0x18 + name.length * 2, 8);
  const bytes = new Uint8Array(roundUp(valueOffset + value.length, 8));
  const view = header(bytes, type, name, 0x18, false, 0);
  view.setUint32(0x10, value.length, true);
  view.setUint16(0x14, valueOffset, true);
  view.setUint8(0x16, indexed ? 1 : 0);
  bytes.set(value, valueOffset);
  return bytes;
}

/** An attribute in clusters, neither packed nor with holes; or the last piece of one, from `firstVcn` on. */
export function clusterAttribute(
  { type, name, firstVcn = 0 }: { type: number; name: string; firstVcn?: number },
  runs: readonly Run[],
  sizes: { allocated: number; size: number; initialised: number },
): Uint8Array<ArrayBuffer> {
  const packed = encodeRuns(runs);
  const runsOffset = roundUp(0x40 + name.length * 2, 8);
  const bytes = new Uint8Array(roundUp(runsOffset + packed.length, 8));
  const view = header(bytes, type, name, 0x40, true, 0);
  const last = runs.at(-1);
  view.setBigUint64(0x10, BigInt(firstVcn), true);
  view.setBigInt64(0x18, BigInt(last === undefined ? firstVcn - 1 : last.vcn + last.count - 1), true);
  view.setUint16(0x20, runsOffset, true);
  if (firstVcn === 0) {
    view.setBigUint64(0x28, BigInt(sizes.allocated), true);
    view.setBigUint64(0x30, BigInt(sizes.size), true);
    view.setBigUint64(0x38, BigInt(sizes.initialised), true);
  }
  bytes.set(packed, runsOffset);
  return bytes;
}

function header(
  bytes: Uint8Array,
  type: number,
  name: string,
  nameOffset: number,
  inClusters: boolean,
  flags: number,
): DataView {
  const view = viewOf(bytes);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  view.setUint8(8, inClusters ? 1 : 0);
  view.setUint8(9, name.length);
  view.setUint16(0x0a, nameOffset, true);
  view.setUint16(0x0c, flags, true);
  bytes.set(Buffer.from(name, 'utf16le'), nameOffset);
  return view;
}

/** A record without attributes. `sequence` and `update` go on from those of the record there was. */
export function emptyRecord(
  volume: NtfsVolume,
  number: number,
  sequence: number,
  update: number,
  flags: number,
): MftRecord {
  const { recordSize } = volume.geometry;
  const bytes = new Uint8Array(recordSize);
  const view = viewOf(bytes);
  const words = recordSize / STRIDE + 1;
  const first = roundUp(0x30 + words * 2, 8);
  bytes.set(new TextEncoder().encode('FILE'));
  view.setUint16(4, 0x30, true);
  view.setUint16(6, words, true);
  view.setUint16(0x10, sequence, true);
  view.setUint16(0x14, first, true);
  view.setUint16(0x16, flags, true);
  view.setUint32(0x18, first + 8, true);
  view.setUint32(0x1c, recordSize, true);
  view.setUint32(0x2c, number, true);
  view.setUint16(0x30, update, true);
  view.setUint32(first, ATTRIBUTE.end, true);
  return parseUnprotected(bytes, number);
}

export function holderOf(file: NtfsFile, attribute: Attribute): MftRecord {
  return [file.base, ...file.more].find(({ number }) => number === attribute.record)!;
}

/** Bytes that may still be added to the record of an attribute, or to the base record. */
export function roomIn(file: NtfsFile, attribute: Attribute | null): number {
  const { view, bytes } = attribute === null ? file.base : holderOf(file, attribute);
  return bytes.length - view.getUint32(0x18, true);
}

/**
 * Puts `bytes` in the place of `old` and writes the record; without `old` it is added to the base record, without `bytes`
 * it is taken away. Where the record has no room, the file is laid out anew: its attributes are to be looked up again.
 */
export async function putAttribute(
  volume: NtfsVolume,
  file: NtfsFile,
  old: Attribute | null,
  bytes: Uint8Array | null,
): Promise<void> {
  const record = old === null ? file.base : holderOf(file, old);
  const used = record.view.getUint32(0x18, true);
  const at =
    old?.offset ?? placeFor(volume.upcase, record, viewOf(bytes!).getUint32(0, true), nameOf(bytes!));
  const behind = at + (old?.length ?? 0);
  const added = bytes?.length ?? 0;
  const end = used - (behind - at) + added;
  // The list of a file in several records names each attribute by its type, name and first cluster.
  const listed = file.more.length > 0 && (old === null || bytes === null);
  if (listed || end > record.bytes.length) {
    await relayout(volume, file, old === null ? [] : [old], bytes === null ? [] : [bytes]);
    return;
  }
  const changed = new Uint8Array(record.bytes.length);
  changed.set(record.bytes.subarray(0, at));
  if (bytes !== null) changed.set(bytes, at);
  changed.set(record.bytes.subarray(behind, used), at + added);
  const view = viewOf(changed);
  view.setUint32(0x18, end, true);
  if (bytes !== null) {
    const instance = old?.instance ?? view.getUint16(0x28, true);
    view.setUint16(at + 0x0e, instance, true);
    if (old === null) view.setUint16(0x28, (instance + 1) & 0xffff, true);
  }
  await replaceRecord(volume, file, parseUnprotected(changed, record.number));
}

/** Takes over a changed record of a file, and writes it. */
export async function replaceRecord(volume: NtfsVolume, file: NtfsFile, record: MftRecord): Promise<void> {
  if (record.number === file.base.number) file.base = record;
  else file.more = file.more.map((one) => (one.number === record.number ? record : one));
  const attributes = [file.base, ...file.more].flatMap((one) => one.attributes);
  if (file.more.length > 0) attributes.sort((a, b) => a.type - b.type || a.firstVcn - b.firstVcn);
  file.attributes = attributes;
  await volume.mft.write(record);
}

const nameOf = (bytes: Uint8Array): string => {
  const view = viewOf(bytes);
  const offset = view.getUint16(0x0a, true);
  return Buffer.from(bytes.subarray(offset, offset + view.getUint8(9) * 2)).toString('utf16le');
};

/** Attributes stand in the order of their types, and those of one type in that of their names. */
function placeFor(upcase: Upcase, record: MftRecord, type: number, name: string): number {
  for (const one of record.attributes)
    if (one.type > type || (one.type === type && compareAttributeNames(upcase, one.name, name) > 0))
      return one.offset;
  const last = record.attributes.at(-1);
  return last === undefined ? record.view.getUint16(0x14, true) : last.offset + last.length;
}

export async function setLinks(volume: NtfsVolume, file: NtfsFile, links: number): Promise<void> {
  const bytes = Uint8Array.from(file.base.bytes);
  viewOf(bytes).setUint16(0x12, links, true);
  await replaceRecord(volume, file, parseUnprotected(bytes, file.base.number));
}
