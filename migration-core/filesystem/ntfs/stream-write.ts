/** Attributes grown, cut and overwritten: in their record as long as they fit there, then in clusters. */
import { clusterAttribute, putAttribute, residentAttribute, roomIn } from './attribute-write.ts';
import { freeClusters, takeClusters } from './clusters.ts';
import { damaged } from './errors.ts';
import type { NtfsFile } from './file.ts';
import { RECORD } from './layout.ts';
import type { Attribute } from './record.ts';
import { relayout } from './relayout.ts';
import { mergeRuns, pieces, type Run } from './runs.ts';
import { openStream, type OpenStream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

export interface StreamKey {
  type: number;
  name: string;
}

export const partsOf = (file: NtfsFile, { type, name }: StreamKey): Attribute[] =>
  file.attributes.filter((one) => one.type === type && one.name === name);

/** Bytes of an attribute that goes back into a record in any case. */
const MAX_SMALL = 256;

/** Where bytes are written: metadata waits for flush(), contents go at once. */
export type Kind = 'metadata' | 'content';

/** Overwrites bytes of clusters that are there. */
export async function writeRuns(
  volume: NtfsVolume,
  runs: readonly Run[],
  offset: number,
  data: Uint8Array,
  kind: Kind,
): Promise<void> {
  let done = 0;
  for (const { at, from, length } of pieces(runs, volume.geometry.clusterSize, offset, data.length)) {
    if (at < 0) throw damaged('something is to be written into a hole');
    refuseShared(volume, at, length);
    const part = data.subarray(from, from + length);
    await (kind === 'metadata' ? volume.store.write(part, at) : volume.store.writeData(part, at));
    done += length;
  }
  if (done < data.length) throw damaged('something is to be written behind the end of its clusters');
}

/** Whether any of those clusters is used by more than one file. */
export const isShared = ({ claims }: NtfsVolume, lcn: number, count: number): boolean =>
  claims !== null && claims.shared.meets(lcn, count);

/** What two files use is not overwritten on behalf of one. @throws NTFS_DAMAGED */
export function refuseShared(volume: NtfsVolume, at: number, length: number): void {
  const { clusterSize } = volume.geometry;
  const lcn = Math.floor(at / clusterSize);
  const end = Math.ceil((at + length) / clusterSize);
  if (isShared(volume, lcn, end - lcn))
    throw damaged('something is to be written where two files have their contents', { cluster: lcn });
}

/** Gives an attribute a new content altogether; the old clusters are free from then on, and may be taken again. */
export async function setContent(
  volume: NtfsVolume,
  file: NtfsFile,
  key: StreamKey,
  data: Uint8Array,
  kind: Kind,
): Promise<void> {
  const parts = partsOf(file, key);
  const old = parts[0] ?? null;
  const stream = openStream(volume, file, key.type, key.name);
  if (stream?.value === null) await freeClusters(volume, stream.runs);
  const resident = residentAttribute(key.type, key.name, data);
  const single = parts.length <= 1;
  if (single && resident.length <= roomIn(file, old) + (old?.length ?? 0)) {
    await putAttribute(volume, file, old, resident);
    return;
  }
  if (!single && resident.length <= MAX_SMALL) return relayout(volume, file, parts, [resident]);
  const { clusterSize } = volume.geometry;
  const runs = await takeClusters(
    volume,
    Math.ceil(data.length / clusterSize),
    0,
    `${data.length} bytes of a file`,
  );
  const allocated = Math.ceil(data.length / clusterSize) * clusterSize;
  await replaceParts(
    volume,
    file,
    parts,
    clusterAttribute(key, runs, { allocated, size: data.length, initialised: data.length }),
  );
  await writeRuns(volume, runs, 0, data, kind);
  await clearTail(volume, runs, data.length, allocated, kind);
}

/** What a cluster had before must not show behind the end of the file. */
async function clearTail(
  volume: NtfsVolume,
  runs: readonly Run[],
  from: number,
  to: number,
  kind: Kind,
): Promise<void> {
  if (to > from) await writeRuns(volume, runs, from, new Uint8Array(to - from), kind);
}

/**
 * Makes an attribute in clusters `size` bytes long, all of them counted as written: clusters are added at its end, or those
 * behind its end given back. New bytes hold whatever was there before; the caller writes them.
 */
export async function resizeClusters(
  volume: NtfsVolume,
  file: NtfsFile,
  key: StreamKey,
  size: number,
): Promise<OpenStream> {
  const { clusterSize } = volume.geometry;
  const stream = openStream(volume, file, key.type, key.name)!;
  const have = stream.runs.reduce((sum, { count }) => sum + count, 0);
  const needed = Math.ceil(size / clusterSize);
  const last = partsOf(file, key).at(-1)!;
  let runs = stream.runs;
  if (needed > have) {
    const end = runs.at(-1);
    if (end !== undefined) volume.nextCluster = end.lcn + end.count;
    runs = mergeRuns([
      ...runs,
      ...(await takeClusters(volume, needed - have, have, `${size} bytes of a file`)),
    ]);
  } else if (needed < have) {
    const cut = splitRuns(runs, needed);
    runs = cut.kept;
    await freeClusters(volume, cut.rest);
  }
  const sizes = { allocated: needed * clusterSize, size, initialised: size };
  if (last.firstVcn > 0 && file.base.number === RECORD.mft) {
    // The MFT is not laid out anew. The last piece has the new runs, the first one the sizes.
    const own = splitRuns(runs, last.firstVcn).rest;
    if (needed > have)
      await putAttribute(
        volume,
        file,
        last,
        clusterAttribute({ ...key, firstVcn: last.firstVcn }, own, sizes),
      );
    await setSizes(volume, file, partsOf(file, key)[0]!, sizes);
  } else {
    await replaceParts(volume, file, partsOf(file, key), clusterAttribute(key, runs, sizes));
  }
  return openStream(volume, file, key.type, key.name)!;
}

/** One attribute in the place of all pieces there were. */
async function replaceParts(
  volume: NtfsVolume,
  file: NtfsFile,
  parts: readonly Attribute[],
  bytes: Uint8Array,
): Promise<void> {
  if (parts.length > 1) await relayout(volume, file, parts, [bytes]);
  else await putAttribute(volume, file, parts[0] ?? null, bytes);
}

/** Sets the sizes an attribute in clusters says of itself, in its first piece. */
export async function setSizes(
  volume: NtfsVolume,
  file: NtfsFile,
  part: Attribute,
  sizes: { allocated: number; size: number; initialised: number },
): Promise<void> {
  const holder = [file.base, ...file.more].find(({ number }) => number === part.record)!;
  const bytes = holder.bytes.slice(part.offset, part.offset + part.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0x28, BigInt(sizes.allocated), true);
  view.setBigUint64(0x30, BigInt(sizes.size), true);
  view.setBigUint64(0x38, BigInt(sizes.initialised), true);
  await putAttribute(volume, file, part, bytes);
}

/** The runs of the first `clusters` clusters, and the others. */
export function splitRuns(runs: readonly Run[], clusters: number): { kept: Run[]; rest: Run[] } {
  const kept: Run[] = [];
  const rest: Run[] = [];
  for (const { vcn, lcn, count } of runs) {
    const here = Math.max(0, Math.min(count, clusters - vcn));
    if (here > 0) kept.push({ vcn, lcn, count: here });
    if (here < count) rest.push({ vcn: vcn + here, lcn: lcn < 0 ? lcn : lcn + here, count: count - here });
  }
  return { kept, rest };
}

/** A small attribute of the file system (a bitmap) with new bytes of the same length or longer. */
export async function putSmall(
  volume: NtfsVolume,
  file: NtfsFile,
  key: StreamKey,
  data: Uint8Array,
): Promise<void> {
  const stream = openStream(volume, file, key.type, key.name);
  if (stream === null || stream.value !== null) return setContent(volume, file, key, data, 'metadata');
  const now = data.length === stream.size ? stream : await resizeClusters(volume, file, key, data.length);
  await writeRuns(volume, now.runs, 0, data, 'metadata');
}
