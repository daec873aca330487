/** Parts of a file overwritten, appended and cut off. */
import { DATA, ordinaryFile, placeOf, updateFacts } from './edits.ts';
import { notSupported, usage } from './errors.ts';
import type { NtfsFile } from './file.ts';
import { HOLE } from './runs.ts';
import { openStream, readStream, type OpenStream } from './stream.ts';
import { isShared, partsOf, resizeClusters, setContent, setSizes, writeRuns } from './stream-write.ts';
import type { NtfsVolume } from './volume.ts';

/** A packed or sparse file, and one whose clusters another file uses as well, is written anew as a whole; larger ones are refused. */
const MAX_REWRITE = 256 << 20;

async function fileAt(volume: NtfsVolume, path: string): Promise<{ file: NtfsFile; stream: OpenStream }> {
  const file = await ordinaryFile(volume, await placeOf(volume, path));
  return { file, stream: openStream(volume, file, DATA.type, DATA.name)! };
}

const isPlain = (volume: NtfsVolume, { unit, runs }: OpenStream): boolean =>
  unit === 0 && runs.every(({ lcn, count }) => lcn !== HOLE && !isShared(volume, lcn, count));

/** The content, changed, written anew without packing and holes. */
async function rewrite(
  volume: NtfsVolume,
  file: NtfsFile,
  stream: OpenStream,
  path: string,
  size: number,
  patch: { offset: number; data: Uint8Array } | null,
): Promise<void> {
  if (size > MAX_REWRITE)
    throw notSupported(
      `${path} is packed, has holes or shares its place with another file, and is too large (${size} bytes) for this version to write it anew.`,
    );
  const bytes = new Uint8Array(size);
  await readStream(volume, stream, 0, bytes.subarray(0, Math.min(size, stream.size)));
  if (patch !== null) bytes.set(patch.data, patch.offset);
  await setContent(volume, file, DATA, bytes, 'content');
}

export async function writeRange(
  volume: NtfsVolume,
  path: string,
  offset: number,
  data: Uint8Array,
): Promise<void> {
  const { file, stream } = await fileAt(volume, path);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > stream.size)
    throw usage(
      `${path} has ${stream.size} bytes; it cannot be written from byte ${offset} on.`,
      'Write within the file or right at its end.',
    );
  const size = Math.max(stream.size, offset + data.length);
  if (stream.value !== null || !isPlain(volume, stream)) {
    await rewrite(volume, file, stream, path, size, { offset, data });
  } else {
    let { runs } = stream;
    const before = stream.initialised;
    if (size > stream.size || offset + data.length > before)
      ({ runs } = await resizeClusters(volume, file, DATA, size));
    // What was never written are zeros, not what the clusters hold.
    if (before < offset) await fillZeros(volume, runs, before, offset);
    const end = Math.max(before, offset + data.length);
    if (end < size) await fillZeros(volume, runs, end, size);
    await writeRuns(volume, runs, offset, data, 'content');
    const { clusterSize } = volume.geometry;
    if (size > stream.size) await fillZeros(volume, runs, size, Math.ceil(size / clusterSize) * clusterSize);
  }
  await updateFacts(volume, file, volume.now);
}

const ZEROS = new Uint8Array(1 << 20);

async function fillZeros(
  volume: NtfsVolume,
  runs: OpenStream['runs'],
  from: number,
  to: number,
): Promise<void> {
  for (let at = from; at < to; at += ZEROS.length)
    await writeRuns(volume, runs, at, ZEROS.subarray(0, to - at), 'content');
}

export async function truncate(volume: NtfsVolume, path: string, size: number): Promise<void> {
  const { file, stream } = await fileAt(volume, path);
  if (!Number.isSafeInteger(size) || size < 0)
    throw usage(`${size} is no size of a file.`, 'Give a number of bytes.');
  if (size >= stream.size) return;
  if (stream.value !== null || !isPlain(volume, stream) || size === 0)
    await rewrite(volume, file, stream, path, size, null);
  else {
    await resizeClusters(volume, file, DATA, size);
    if (stream.initialised < size) await setInitialised(volume, file, stream.initialised);
  }
  await updateFacts(volume, file, volume.now);
}

/** The part behind it was never written, and stays so. */
async function setInitialised(volume: NtfsVolume, file: NtfsFile, initialised: number): Promise<void> {
  const [first] = partsOf(file, DATA);
  const { allocated, size } = first!;
  await setSizes(volume, file, first!, { allocated, size, initialised });
}
