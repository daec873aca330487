/** Free clusters: found and marked in $Bitmap, which is read and written window by window. */
import { throwIfCancelled } from '../../base/cancel.ts';
import { clearBits, nextBit, setBits, usedRuns } from '../bitmap.ts';
import type { ClusterMap } from './cluster-map.ts';
import { damaged, noSpace } from './errors.ts';
import { openFile } from './file.ts';
import { ATTRIBUTE, RECORD } from './layout.ts';
import { HOLE, pieces, type Run } from './runs.ts';
import { openStream, type OpenStream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** Bytes of the bitmap looked at at a time. */
const WINDOW = 32 << 10;
/** Content that can only be put into more pieces than this is refused: Windows could hardly work there either. */
const MAX_PIECES = 4096;

async function bitmapStream(volume: NtfsVolume): Promise<OpenStream> {
  const stream = openStream(
    volume,
    await openFile(volume, { record: RECORD.bitmap, sequence: 0 }),
    ATTRIBUTE.data,
    '',
  );
  if (
    stream === null ||
    stream.value !== null ||
    stream.initialised < Math.ceil(volume.geometry.clusters / 8)
  )
    throw damaged('its map of free clusters is too short');
  return stream;
}

async function bitmapBytes(
  volume: NtfsVolume,
  stream: OpenStream,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (const { at, from, length: part } of pieces(stream.runs, volume.geometry.clusterSize, offset, length)) {
    if (at === HOLE) throw damaged('its map of free clusters has a hole');
    await volume.store.read(bytes.subarray(from, from + part), at);
  }
  return bytes;
}

/** Calls `look` for every part of the map; each begins at a multiple of 8 clusters. */
async function throughMap(
  volume: NtfsVolume,
  look: (bytes: Uint8Array<ArrayBuffer>, first: number, stream: OpenStream) => Promise<void>,
): Promise<void> {
  const stream = await bitmapStream(volume);
  const length = Math.ceil(volume.geometry.clusters / 8);
  for (let at = 0; at < length; at += WINDOW)
    await look(await bitmapBytes(volume, stream, at, Math.min(WINDOW, length - at)), at * 8, stream);
}

/** How many clusters $Bitmap and `claimed` have in use together, and how many of them $Bitmap lacks. */
export async function scanMap(
  volume: NtfsVolume,
  claimed: ClusterMap,
  signal: AbortSignal | undefined,
): Promise<{ used: number; lacked: number }> {
  const found = { used: 0, lacked: 0 };
  await throughMap(volume, async (bytes, first) => {
    throwIfCancelled(signal);
    found.lacked += claimed.mergeInto(bytes, first);
    const bits = Math.min(bytes.length * 8, volume.geometry.clusters - first);
    found.used += usedRuns(bytes, bits, () => undefined);
  });
  return found;
}

/** Marks what is claimed in $Bitmap, so that it is neither given away nor missed when it is given back. */
export async function markClaimed(volume: NtfsVolume, claimed: ClusterMap): Promise<void> {
  await throughMap(volume, async (bytes, first, stream) => {
    if (claimed.mergeInto(bytes, first) > 0) await putBitmap(volume, stream, first / 8, bytes);
  });
}

async function putBitmap(
  volume: NtfsVolume,
  stream: OpenStream,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const { clusterSize } = volume.geometry;
  for (const { at, from, length } of pieces(stream.runs, clusterSize, offset, bytes.length))
    await volume.store.write(bytes.subarray(from, from + length), at);
}

async function mark(
  volume: NtfsVolume,
  stream: OpenStream,
  run: { lcn: number; count: number },
  used: boolean,
): Promise<void> {
  const first = Math.floor(run.lcn / 8);
  const end = Math.ceil((run.lcn + run.count) / 8);
  for (let at = first; at < end; at += WINDOW) {
    const bytes = await bitmapBytes(volume, stream, at, Math.min(WINDOW, end - at));
    const from = Math.max(run.lcn, at * 8);
    const to = Math.min(run.lcn + run.count, (at + bytes.length) * 8);
    const wrong = nextBit(bytes, from - at * 8, to - at * 8, used);
    if (wrong < to - at * 8)
      throw damaged(used ? 'a cluster is given away twice' : 'a file has a cluster that is marked free', {
        cluster: at * 8 + wrong,
      });
    (used ? setBits : clearBits)(bytes, from - at * 8, to - from);
    await putBitmap(volume, stream, at, bytes);
  }
  volume.freeClusters += used ? -run.count : run.count;
}

/**
 * Takes free clusters, in one piece where there is one, else in the fewest largest. They continue an attribute at `vcn`.
 * @throws NO_SPACE_IN_GUEST, before anything is marked
 */
export async function takeClusters(
  volume: NtfsVolume,
  count: number,
  vcn: number,
  what: string,
): Promise<Run[]> {
  if (count === 0) return [];
  const free = count <= volume.freeClusters ? await findFree(volume, count) : null;
  if (free === null) throw noSpace(what, { clusters: count, free: volume.freeClusters });
  const stream = await bitmapStream(volume);
  const runs: Run[] = [];
  let left = count;
  for (const { lcn, count: size } of free) {
    const run = { vcn: vcn + count - left, lcn, count: Math.min(left, size) };
    await mark(volume, stream, run, true);
    runs.push(run);
    left -= run.count;
    if (left === 0) break;
  }
  const last = runs.at(-1)!;
  volume.nextCluster = last.lcn + last.count;
  return runs;
}

async function findFree(volume: NtfsVolume, count: number): Promise<{ lcn: number; count: number }[] | null> {
  const { clusters } = volume.geometry;
  const stream = await bitmapStream(volume);
  const largest: { lcn: number; count: number }[] = [];
  let open: { lcn: number; count: number } | null = null;
  const keep = (run: { lcn: number; count: number }): void => {
    largest.push(run);
    if (largest.length < 2 * MAX_PIECES) return;
    largest.sort((a, b) => b.count - a.count || a.lcn - b.lcn);
    largest.length = MAX_PIECES;
  };
  const start = Math.floor(volume.nextCluster / 8) * 8;
  for (const [from, to] of [
    [start, clusters],
    [0, start],
  ] as const) {
    open = null;
    for (let window = from; window < to; window += WINDOW * 8) {
      const bits = Math.min(WINDOW * 8, to - window);
      const bytes = await bitmapBytes(volume, stream, window / 8, Math.ceil(bits / 8));
      for (let bit = nextBit(bytes, 0, bits, false); bit < bits;) {
        const end = nextBit(bytes, bit, bits, true);
        if (open !== null && open.lcn + open.count === window + bit) open.count += end - bit;
        else {
          if (open !== null) keep(open);
          open = { lcn: window + bit, count: end - bit };
        }
        if (open.count >= count) return [open];
        bit = nextBit(bytes, end, bits, false);
      }
    }
    if (open !== null) keep(open);
  }
  largest.sort((a, b) => b.count - a.count || a.lcn - b.lcn);
  const taken: { lcn: number; count: number }[] = [];
  let left = count;
  for (const run of largest.slice(0, MAX_PIECES)) {
    if (left <= 0) break;
    taken.push(run);
    left -= run.count;
  }
  return left <= 0 ? taken.sort((a, b) => a.lcn - b.lcn) : null;
}

export async function freeClusters(volume: NtfsVolume, runs: readonly Run[]): Promise<void> {
  const stream = await bitmapStream(volume);
  for (const run of runs) {
    if (run.lcn === HOLE) continue;
    // What another file uses as well stays in use.
    const parts = volume.claims?.shared.without(run.lcn, run.count) ?? [run];
    for (const part of parts) await mark(volume, stream, part, false);
  }
}
