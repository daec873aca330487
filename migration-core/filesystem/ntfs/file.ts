/** A file: all of its attributes, from all the records they are spread over. */
import { u64le, viewOf } from '../../base/bytes.ts';
import { damaged } from './errors.ts';
import type { Geometry } from './geometry.ts';
import { ATTRIBUTE, readReference, type Reference } from './layout.ts';
import type { Attribute, MftRecord } from './record.ts';
import { decodeRuns, pieces } from './runs.ts';
import type { Store } from './store.ts';
import type { NtfsVolume } from './volume.ts';

export interface NtfsFile {
  base: MftRecord;
  /** Further records, in the order they are listed. */
  more: MftRecord[];
  /** Of all records; those of an attribute in pieces ascending. */
  attributes: readonly Attribute[];
}

/** Windows makes no longer lists of attributes. */
const MAX_LIST = 256 << 10;

/** @throws NTFS_DAMAGED where the reference is to something else than it once was */
export async function openFile(volume: NtfsVolume, reference: Reference): Promise<NtfsFile> {
  const base = await volume.mft.used(reference.record);
  if (reference.sequence !== 0 && reference.sequence !== base.sequence)
    throw damaged(
      `something leads to record ${reference.record} of the MFT as it was before it was used anew`,
      {
        ...reference,
        found: base.sequence,
      },
    );
  return fileOf(volume, base);
}

export async function fileOf(volume: NtfsVolume, base: MftRecord): Promise<NtfsFile> {
  const { number } = base;
  if (base.base !== null) throw damaged(`record ${number} of the MFT is only a part of another`, { number });
  const list = base.attributes.find(({ type }) => type === ATTRIBUTE.list);
  if (list === undefined) return { base, more: [], attributes: base.attributes };
  const attributes = [...base.attributes];
  const more: MftRecord[] = [];
  const seen = new Set([number]);
  for (const entry of await listedRecords(volume.store, volume.geometry, list, number)) {
    if (seen.has(entry.record)) continue;
    seen.add(entry.record);
    const record = await volume.mft.used(entry.record);
    if (record.base?.record !== number)
      throw damaged(`record ${entry.record} of the MFT is not the part of record ${number} it should be`);
    more.push(record);
    attributes.push(...record.attributes);
  }
  attributes.sort((a, b) => a.type - b.type || a.firstVcn - b.firstVcn);
  return { base, more, attributes };
}

/** List entry: 0 u32 type, 4 u16 length, 8 u64 first cluster of the piece, 10 record that holds it. */
export async function listedRecords(
  store: Store,
  { clusterSize, clusters }: Geometry,
  list: Attribute,
  number: number,
): Promise<{ type: number; firstVcn: number; record: number }[]> {
  const what = `the list of attributes of record ${number}`;
  let bytes = list.value;
  if (bytes === null) {
    if (list.size > MAX_LIST) throw damaged(`${what} is ${list.size} bytes long`);
    bytes = new Uint8Array(list.size);
    let filled = 0;
    for (const { at, from, length } of pieces(
      decodeRuns(list.packed, 0, clusters, what),
      clusterSize,
      0,
      list.size,
    )) {
      if (at < 0) throw damaged(`${what} has a hole`);
      await store.read(bytes.subarray(from, from + length), at);
      filled += length;
    }
    if (filled < list.size) throw damaged(`${what} lies nowhere`);
  }
  const view = viewOf(bytes);
  const entries: { type: number; firstVcn: number; record: number }[] = [];
  for (let at = 0; at + 0x1a <= bytes.length;) {
    const length = view.getUint16(at + 4, true);
    if (length < 0x1a || at + length > bytes.length) throw damaged(`${what} cannot be read`, { at });
    entries.push({
      type: view.getUint32(at, true),
      firstVcn: u64le(view, at + 8),
      record: readReference(view, at + 0x10).record,
    });
    at += length;
  }
  return entries;
}

export const findAttribute = (file: NtfsFile, type: number, name = ''): Attribute | undefined =>
  file.attributes.find((one) => one.type === type && one.name === name);
