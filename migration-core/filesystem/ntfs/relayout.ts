/**
 * The attributes of a file laid out anew over its records: as many as fit in the base record, the others in further ones,
 * with the list that says where each is; or all of them back in the base record, without a list, where they fit.
 */
import { roundUp, viewOf } from '../../base/bytes.ts';
import { clusterAttribute, emptyRecord, residentAttribute } from './attribute-write.ts';
import { freeClusters, takeClusters } from './clusters.ts';
import { notSupported } from './errors.ts';
import { openFile, type NtfsFile } from './file.ts';
import { ATTRIBUTE, RECORD, RECORD_FLAG, writeReference } from './layout.ts';
import { releaseRecord, takeRecord } from './mft-write.ts';
import { parseUnprotected, type Attribute, type MftRecord } from './record.ts';
import { decodeRuns, type Run } from './runs.ts';
import { openStream } from './stream.ts';
import { compareAttributeNames } from './upcase.ts';
import type { NtfsVolume } from './volume.ts';

interface Raw {
  type: number;
  name: string;
  firstVcn: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A list longer than this goes to clusters, so that the base record has room for more. */
const MAX_RESIDENT_LIST = 256;

function rawOf(bytes: Uint8Array): Raw {
  const view = viewOf(bytes);
  const offset = view.getUint16(0x0a, true);
  return {
    type: view.getUint32(0, true),
    name: Buffer.from(bytes.subarray(offset, offset + view.getUint8(9) * 2)).toString('utf16le'),
    firstVcn: view.getUint8(8) === 0 ? 0 : Number(view.getBigUint64(0x10, true)),
    bytes: Uint8Array.from(bytes),
  };
}

/** Takes the attributes of `drop` away and adds those of `add`, which may be larger than a record where they lie in clusters. */
export async function relayout(
  volume: NtfsVolume,
  file: NtfsFile,
  drop: readonly Attribute[],
  add: readonly Uint8Array[],
): Promise<void> {
  const { base } = file;
  if (base.number < RECORD.firstUser && base.number !== RECORD.root && base.number !== RECORD.secure)
    throw notSupported(
      `Record ${base.number} of the MFT has no room for this change, and belongs to the file system itself.`,
      'Defragment the volume on the server, and start again.',
    );
  const { recordSize } = volume.geometry;
  const room = recordSize - base.view.getUint16(0x14, true) - 8;
  const list = base.attributes.find(({ type }) => type === ATTRIBUTE.list);
  if (list?.value === null) await freeClusters(volume, openStream(volume, file, ATTRIBUTE.list, '')!.runs);
  const kept = file.attributes.filter((one) => one !== list && !drop.includes(one));
  const raws = [
    ...kept.map((one) =>
      rawOf(recordOf(file, one.record).bytes.subarray(one.offset, one.offset + one.length)),
    ),
    ...add.flatMap((bytes) => splitRaw(volume, rawOf(bytes), room)),
  ];
  raws.sort(
    (a, b) =>
      a.type - b.type || compareAttributeNames(volume.upcase, a.name, b.name) || a.firstVcn - b.firstVcn,
  );
  const total = raws.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const bins = total <= room ? [raws] : distribute(raws, room, roomForList(raws));
  const records = await recordsFor(volume, file, bins.length - 1);
  const places = bins.map((bin, i) => ({ record: i === 0 ? base : records[i - 1]!, bin }));
  const content = [...raws];
  if (bins.length > 1) {
    const value = listValue(content, places);
    const entry =
      value.length <= MAX_RESIDENT_LIST
        ? residentAttribute(ATTRIBUTE.list, '', value)
        : await listInClusters(volume, value);
    bins[0]!.splice(
      bins[0]!.findIndex(({ type }) => type > ATTRIBUTE.list),
      0,
      rawOf(entry),
    );
  }
  for (const { record, bin } of places)
    await volume.mft.write(fill(record, bin, record === base ? null : base));
  Object.assign(file, await openFile(volume, { record: base.number, sequence: base.sequence }));
}

const recordOf = (file: NtfsFile, number: number): MftRecord =>
  [file.base, ...file.more].find((one) => one.number === number)!;

/** An attribute whose map is larger than a record, in pieces that are not. */
function splitRaw(volume: NtfsVolume, raw: Raw, room: number): Raw[] {
  if (raw.bytes.length <= room) return [raw];
  const view = viewOf(raw.bytes);
  if (view.getUint8(8) === 0) throw notSupported('An attribute is larger than a record of the MFT.');
  const packed = raw.bytes.subarray(view.getUint16(0x20, true));
  const all = decodeRuns(packed, raw.firstVcn, volume.geometry.clusters, 'a file');
  const [allocated, size, initialised] = [0x28, 0x30, 0x38].map((at) => Number(view.getBigUint64(at, true)));
  const sizes = { allocated: allocated!, size: size!, initialised: initialised! };
  // A run takes 17 bytes at most.
  const perPiece = Math.floor((room - 0x48 - raw.name.length * 2 - 8) / 17);
  const pieces: Raw[] = [];
  for (let i = 0; i < all.length; i += perPiece) {
    const runs: Run[] = all.slice(i, i + perPiece);
    pieces.push(
      rawOf(clusterAttribute({ type: raw.type, name: raw.name, firstVcn: runs[0]!.vcn }, runs, sizes)),
    );
  }
  return pieces;
}

const entryLength = ({ name }: Raw): number => roundUp(0x1a + name.length * 2, 8);

function roomForList(raws: readonly Raw[]): number {
  const length = raws.reduce((sum, raw) => sum + entryLength(raw), 0);
  return length <= MAX_RESIDENT_LIST ? 0x18 + length : 0x60;
}

/** What Windows expects in the base record first; then whatever fits where. */
function distribute(raws: readonly Raw[], room: number, list: number): Raw[][] {
  const first = new Set<number>([ATTRIBUTE.standardInformation, ATTRIBUTE.indexRoot, ATTRIBUTE.fileName]);
  const bins: Raw[][] = [[]];
  const left = [room - list];
  const order = [
    ...raws.filter(({ type }) => first.has(type)),
    ...raws.filter(({ type }) => !first.has(type)),
  ];
  for (const raw of order) {
    let bin = left.findIndex((bytes) => bytes >= raw.bytes.length);
    if (bin < 0) {
      bin = bins.push([]) - 1;
      left.push(room);
    }
    bins[bin]!.push(raw);
    left[bin]! -= raw.bytes.length;
  }
  for (const bin of bins) bin.sort((a, b) => raws.indexOf(a) - raws.indexOf(b));
  return bins;
}

/** So many further records: those the file has, new ones, and those it no longer needs given back. */
async function recordsFor(volume: NtfsVolume, file: NtfsFile, count: number): Promise<MftRecord[]> {
  const records: MftRecord[] = [];
  for (const [i, old] of file.more.entries()) {
    if (i >= count) await releaseRecord(volume, old);
    else {
      const update = old.view.getUint16(old.view.getUint16(4, true), true);
      records.push(emptyRecord(volume, old.number, old.sequence, update, RECORD_FLAG.inUse));
    }
  }
  while (records.length < count) records.push(await takeRecord(volume, 0));
  return records;
}

function listValue(
  raws: readonly Raw[],
  places: readonly { record: MftRecord; bin: Raw[] }[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(raws.reduce((sum, raw) => sum + entryLength(raw), 0));
  let at = 0;
  for (const raw of raws) {
    const place = places.find(({ bin }) => bin.includes(raw))!;
    const view = viewOf(bytes.subarray(at, at + entryLength(raw)));
    view.setUint32(0, raw.type, true);
    view.setUint16(4, entryLength(raw), true);
    view.setUint8(6, raw.name.length);
    view.setUint8(7, 0x1a);
    view.setBigUint64(8, BigInt(raw.firstVcn), true);
    writeReference(view, 0x10, { record: place.record.number, sequence: place.record.sequence });
    view.setUint16(0x18, instanceOf(raw, place.bin), true);
    bytes.set(Buffer.from(raw.name, 'utf16le'), at + 0x1a);
    at += entryLength(raw);
  }
  return bytes;
}

/** The list itself, put in later, has number 0. */
const instanceOf = (raw: Raw, bin: readonly Raw[]): number =>
  bin.filter(({ type }) => type !== ATTRIBUTE.list).indexOf(raw) + 1;

async function listInClusters(volume: NtfsVolume, value: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const { clusterSize } = volume.geometry;
  const count = Math.ceil(value.length / clusterSize);
  const runs = await takeClusters(volume, count, 0, 'the list of the pieces of a file');
  for (const run of runs) {
    const part = new Uint8Array(run.count * clusterSize);
    part.set(value.subarray(run.vcn * clusterSize, (run.vcn + run.count) * clusterSize));
    await volume.store.write(part, run.lcn * clusterSize);
  }
  const sizes = { allocated: count * clusterSize, size: value.length, initialised: value.length };
  return clusterAttribute({ type: ATTRIBUTE.list, name: '' }, runs, sizes);
}

/** A record with those attributes; `base` for one that continues another. */
function fill(record: MftRecord, bin: readonly Raw[], base: MftRecord | null): MftRecord {
  const first = record.view.getUint16(0x14, true);
  const bytes = new Uint8Array(record.bytes.length);
  bytes.set(record.bytes.subarray(0, first));
  const view = viewOf(bytes);
  let at = first;
  for (const raw of bin) {
    bytes.set(raw.bytes, at);
    view.setUint16(at + 0x0e, raw.type === ATTRIBUTE.list ? 0 : instanceOf(raw, bin), true);
    at += raw.bytes.length;
  }
  view.setUint32(at, ATTRIBUTE.end, true);
  view.setUint32(0x18, at + 8, true);
  view.setUint16(0x28, bin.length + 1, true);
  if (base !== null) writeReference(view, 0x20, { record: base.number, sequence: base.sequence });
  return parseUnprotected(bytes, record.number);
}
