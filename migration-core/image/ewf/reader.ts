/** Reads EWF images: E01 of EnCase, FTK and libewf, S01 of SMART, in any number of segment files. */
import { inflate } from 'node:zlib';
import { formatBytes } from '../../base/text.ts';
import { checkRange } from '../../block/range.ts';
import type { DiskImage } from '../image.ts';
import { damaged } from '../read-file.ts';
import { adler32 } from './adler32.ts';
import { openSegments, type Segment } from './segments.ts';
import { chunkFinder, readTables, type PlacedChunk } from './tables.ts';
import { readDigests, readErrors, readVolume, type EwfVolume } from './volume.ts';

/** Everything that a check looks at as well. */
export interface EwfImage {
  segments: readonly Segment[];
  volume: EwfVolume;
  chunkCount: number;
  chunkAt: (chunk: number) => PlacedChunk;
  /** Bytes of one chunk, checked. @throws IMAGE_DAMAGED */
  readChunk(chunk: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, READ_FAILED, NOT_FOUND */
export async function openEwfImage(path: string): Promise<EwfImage> {
  const segments: Segment[] = [];
  const close = async (): Promise<void> => {
    for (const { file } of segments) await file.close();
  };
  try {
    await openSegments(path, segments);
    const volume = readVolume(segments[0]!);
    const tables = readTables(segments, 'table');
    const chunkCount = Math.ceil(volume.size / volume.chunkSize);
    const found = tables.reduce((sum, { count }) => sum + count, 0);
    if (found < chunkCount)
      throw damaged(path, 'its tables do not have all of the disk', { chunks: chunkCount, found });
    const chunkAt = chunkFinder(tables);
    const readChunk = async (chunk: number): Promise<Uint8Array> =>
      unpack(chunkAt(chunk), chunkBytes(volume, chunk));
    return { segments, volume, chunkCount, chunkAt, readChunk, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws as openEwfImage */
export async function openEwf(path: string): Promise<DiskImage> {
  const image = await openEwfImage(path);
  const { volume, segments } = image;
  const { size, chunkSize } = volume;
  let details: Record<string, string>;
  try {
    details = detailsOf(image);
  } catch (error) {
    await image.close();
    throw error;
  }
  /** The chunk read last: reads are often smaller than chunks. */
  const latest = { chunk: -1, bytes: new Uint8Array(0) as Uint8Array };
  const bytesOf = async (chunk: number): Promise<Uint8Array> => {
    if (latest.chunk === chunk) return latest.bytes;
    const bytes = await image.readChunk(chunk);
    // Nothing is awaited between these: two reads at once cannot mix up number and bytes.
    latest.chunk = chunk;
    latest.bytes = bytes;
    return bytes;
  };
  return {
    size,
    sectorSize: volume.sectorSize === 4096 ? 4096 : 512,
    facts: {
      format: 'ewf',
      subformat: volume.smart ? 'smart' : 'e01',
      contentId: volume.guid,
      files: segments.map(({ file }) => file.path),
      parent: null,
      details,
    },
    async read(into, offset) {
      checkRange(offset, into.length, size);
      const end = offset + into.length;
      const jobs: Promise<void>[] = [];
      for (let at = offset; at < end;) {
        const chunk = Math.floor(at / chunkSize);
        const from = at - chunk * chunkSize;
        const until = Math.min(end, (chunk + 1) * chunkSize);
        const target = into.subarray(at - offset, until - offset);
        jobs.push(bytesOf(chunk).then((bytes) => target.set(bytes.subarray(from, from + target.length))));
        // The threads of zlib are four; more than that only waits in memory.
        if (jobs.length >= 8) await Promise.all(jobs.splice(0));
        at = until;
      }
      await Promise.all(jobs);
    },
    close: () => image.close(),
  };
}

function detailsOf({ volume, segments }: EwfImage): Record<string, string> {
  const { md5, sha1 } = readDigests(segments);
  const errors = readErrors(segments);
  const sectors = errors.reduce((sum, { count }) => sum + count, 0);
  return {
    'Chunk size': formatBytes(volume.chunkSize),
    Segments: String(segments.length),
    ...(md5 === null ? {} : { MD5: md5 }),
    ...(sha1 === null ? {} : { 'SHA-1': sha1 }),
    ...(errors.length === 0
      ? {}
      : { 'Bad sectors': `${sectors}, which could not be read when the image was made` }),
  };
}

/** Bytes of the disk in a chunk: the last one may be shorter. */
export const chunkBytes = ({ size, chunkSize }: EwfVolume, chunk: number): number =>
  Math.min(chunkSize, size - chunk * chunkSize);

/** Chunks that are stored as they are have their Adler-32 behind them; zlib streams have their own. */
async function unpack(chunk: PlacedChunk, wanted: number): Promise<Uint8Array> {
  const { file } = chunk.segment;
  // What does not compress grows a little; the last chunk of a segment may have padding behind it.
  const most = wanted + Math.ceil(wanted / 64) + 1024;
  const bytes = new Uint8Array(Math.min(chunk.length, most));
  await file.read(bytes, chunk.offset);
  if (!chunk.compressed) {
    if (bytes.length < wanted + 4)
      throw damaged(file.path, 'a chunk is shorter than it has to be', { offset: chunk.offset });
    const data = bytes.subarray(0, wanted);
    const stored = Buffer.from(bytes.buffer).readUInt32LE(wanted);
    if (stored !== adler32(data))
      throw damaged(file.path, 'the checksum of a chunk does not match', { offset: chunk.offset });
    return data;
  }
  const data = await inflated(bytes, wanted).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged(file.path, `a chunk cannot be unpacked (${reason})`, { offset: chunk.offset });
  });
  if (data.length < wanted)
    throw damaged(file.path, 'a chunk unpacks to less than it has to', { offset: chunk.offset });
  return data.subarray(0, wanted);
}

/** The last chunk of a disk may be padded to a whole one. */
function inflated(packed: Uint8Array, wanted: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflate(packed, { maxOutputLength: Math.max(wanted, 1) + (1 << 20) }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
}
