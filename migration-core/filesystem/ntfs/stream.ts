/** The bytes of an attribute: in its record, in clusters, in holes, compressed. */
import { damaged } from './errors.ts';
import type { NtfsFile } from './file.ts';
import { ATTRIBUTE_FLAG } from './layout.ts';
import { unpackLznt1 } from './lznt1.ts';
import { decodeRuns, HOLE, pieces, type Run } from './runs.ts';
import type { NtfsVolume } from './volume.ts';

export interface OpenStream {
  /** What it is, for messages. */
  what: string;
  flags: number;
  /** Bytes. */
  size: number;
  /** Bytes from the start that were ever written; behind them are zeros. */
  initialised: number;
  value: Uint8Array | null;
  runs: Run[];
  /** Bytes of a compression unit, 0 where nothing is compressed. */
  unit: number;
  /** The unit unpacked last. */
  unpacked: { index: number; bytes: Uint8Array<ArrayBuffer> } | null;
}

/** Windows compresses 16 clusters of at most 4 KiB at a time. */
const MAX_UNIT = 1 << 20;

/** @returns null where the file has no such attribute. @throws NTFS_DAMAGED */
export function openStream(
  volume: NtfsVolume,
  file: NtfsFile,
  type: number,
  name: string,
): OpenStream | null {
  const parts = file.attributes.filter((one) => one.type === type && one.name === name);
  const first = parts[0];
  if (first === undefined) return null;
  const { clusterSize, clusters } = volume.geometry;
  const what = `record ${file.base.number} of the MFT (attribute ${type.toString(16)}${name === '' ? '' : ` "${name}"`})`;
  const stream: OpenStream = {
    what,
    flags: first.flags,
    size: first.size,
    initialised: Math.min(first.size, first.initialised),
    value: first.value,
    runs: [],
    unit: 0,
    unpacked: null,
  };
  if (first.value !== null) {
    if (parts.length > 1) throw damaged(`${what} is there twice`);
    return stream;
  }
  let vcn = 0;
  for (const part of parts) {
    if (part.value !== null || part.firstVcn !== vcn) throw damaged(`${what} lacks a piece`, { vcn });
    const runs = decodeRuns(part.packed, vcn, clusters, what);
    for (const run of runs) stream.runs.push(run);
    const last = runs.at(-1);
    if (last !== undefined) vcn = last.vcn + last.count;
  }
  if (stream.size > vcn * clusterSize)
    throw damaged(`${what} has fewer clusters than its size needs`, { size: stream.size, vcn });
  if ((first.flags & ATTRIBUTE_FLAG.compressionMask) !== 0) {
    stream.unit = clusterSize * 2 ** first.unitShift;
    if (
      (first.flags & ATTRIBUTE_FLAG.compressionMask) !== ATTRIBUTE_FLAG.lznt1 ||
      first.unitShift === 0 ||
      stream.unit > MAX_UNIT
    )
      throw damaged(`${what} is compressed in an unknown way`, {
        flags: first.flags,
        unitShift: first.unitShift,
      });
  }
  return stream;
}

/** Fills `into` with the bytes at `offset`; the range must lie within the stream. */
export async function readStream(
  volume: NtfsVolume,
  stream: OpenStream,
  offset: number,
  into: Uint8Array,
): Promise<void> {
  if (stream.value !== null) {
    into.set(stream.value.subarray(offset, offset + into.length));
    return;
  }
  const known = Math.max(0, Math.min(into.length, stream.initialised - offset));
  into.fill(0, known);
  if (stream.unit > 0) await readCompressed(volume, stream, offset, into.subarray(0, known));
  else await readRuns(volume, stream.runs, offset, into.subarray(0, known));
}

/** Bytes of clusters as they lie there, holes as zeros. */
export async function readRuns(
  volume: NtfsVolume,
  runs: readonly Run[],
  offset: number,
  into: Uint8Array,
): Promise<void> {
  for (const { at, from, length } of pieces(runs, volume.geometry.clusterSize, offset, into.length)) {
    const part = into.subarray(from, from + length);
    if (at === HOLE) part.fill(0);
    else await volume.store.readData(part, at);
  }
}

/** All of a stream of the file system itself. @throws NTFS_DAMAGED above `limit` bytes */
export async function readWhole(
  volume: NtfsVolume,
  stream: OpenStream,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (stream.size > limit) throw damaged(`${stream.what} has ${stream.size} bytes, more than ${limit}`);
  const bytes = new Uint8Array(stream.size);
  await readStream(volume, stream, 0, bytes);
  return bytes;
}

async function readCompressed(
  volume: NtfsVolume,
  stream: OpenStream,
  offset: number,
  into: Uint8Array,
): Promise<void> {
  for (let done = 0; done < into.length;) {
    const index = Math.floor((offset + done) / stream.unit);
    if (stream.unpacked?.index !== index)
      stream.unpacked = { index, bytes: await unpackUnit(volume, stream, index) };
    const { bytes } = stream.unpacked;
    const from = offset + done - index * stream.unit;
    const part = bytes.subarray(from, from + into.length - done);
    into.set(part, done);
    done += part.length;
  }
}

/** A unit whose clusters are all there is stored as it is; one without any is zeros; else those at its start are packed. */
async function unpackUnit(
  volume: NtfsVolume,
  stream: OpenStream,
  index: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { unit } = stream;
  let present = 0;
  let hole = false;
  for (const { at, length } of pieces(stream.runs, volume.geometry.clusterSize, index * unit, unit)) {
    if (at === HOLE) hole = true;
    else if (hole) throw damaged(`${stream.what} has a hole within packed data`, { index });
    else present += length;
  }
  const bytes = new Uint8Array(unit);
  if (present === 0) return bytes;
  const packed = new Uint8Array(present);
  await readRuns(volume, stream.runs, index * unit, packed);
  if (present === unit) return packed;
  unpackLznt1(packed, bytes, stream.what);
  return bytes;
}
