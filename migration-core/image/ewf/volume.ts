/** What an EWF image says of the disk it is of. */
import { u64le, viewOf } from '../../base/bytes.ts';
import { readUuid } from '../../base/guid.ts';
import { damaged, unsupported } from '../read-file.ts';
import { adler32 } from './adler32.ts';
import { ERROR2, LARGEST_CHUNK, SMART_VOLUME, VOLUME } from './layout.ts';
import type { Segment } from './segments.ts';

export interface EwfVolume {
  /** Bytes of the disk. */
  size: number;
  /** Bytes. */
  sectorSize: number;
  /** Bytes of a chunk; the last one of the disk may be shorter. */
  chunkSize: number;
  /** Chunks as the volume section has them; some writers leave it 0. */
  chunks: number;
  smart: boolean;
  /** Of the set of segments, or null. */
  guid: string | null;
}

/** Reads the `volume` or `disk` section of the first segment. @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function readVolume({ file, sections }: Segment): EwfVolume {
  const section = sections.find(({ type }) => type === 'volume' || type === 'disk');
  if (section === undefined) throw damaged(file.path, 'it has no volume section');
  const smart = section.length < VOLUME.length;
  const layout = smart ? SMART_VOLUME : VOLUME;
  if (section.length < layout.length) throw damaged(file.path, 'its volume section is cut off');
  const bytes = file.readNow(section.offset, layout.length);
  const view = viewOf(bytes);
  if (view.getUint32(layout.length - 4, true) !== adler32(bytes.subarray(0, layout.length - 4)))
    throw damaged(file.path, 'the checksum of its volume section does not match');
  const sectorsPerChunk = view.getUint32(layout.sectorsPerChunk, true);
  const sectorSize = view.getUint32(layout.sectorSize, true);
  const sectors = smart ? view.getUint32(layout.sectors, true) : sectorCount(file.path, view);
  if (sectorSize === 0 || sectorSize > 65536 || sectorSize % 512 !== 0)
    throw unsupported(
      file.path,
      `is of a medium with sectors of ${sectorSize} bytes`,
      'Name the image of a hard disk or of an SSD.',
    );
  const chunkSize = sectorsPerChunk * sectorSize;
  if (chunkSize === 0 || chunkSize > LARGEST_CHUNK)
    throw damaged(file.path, `its chunks have ${sectorsPerChunk} sectors`);
  const size = sectors * sectorSize;
  if (!Number.isSafeInteger(size)) throw damaged(file.path, 'its size is beyond all bounds', { sectors });
  return {
    size,
    sectorSize,
    chunkSize,
    chunks: view.getUint32(layout.chunks, true),
    smart,
    guid: smart ? null : readUuid(bytes, VOLUME.guid),
  };
}

function sectorCount(path: string, view: DataView): number {
  try {
    return u64le(view, VOLUME.sectors);
  } catch {
    throw damaged(path, 'its size is beyond all bounds');
  }
}

/** Digests the program that made the image took of the disk, hex; null where it noted none. */
export interface EwfDigests {
  md5: string | null;
  sha1: string | null;
}

/** From the `digest` section (MD5 16, SHA-1 20) and the older `hash` section (MD5 16). */
export function readDigests(segments: readonly Segment[]): EwfDigests {
  const digests: EwfDigests = { md5: null, sha1: null };
  const noted = (bytes: Buffer): string | null =>
    bytes.every((byte) => byte === 0) ? null : bytes.toString('hex');
  for (const { file, sections } of segments) {
    for (const { type, offset, length } of sections) {
      if (type === 'hash' && length >= 16) digests.md5 ??= noted(file.readNow(offset, 16));
      if (type !== 'digest' || length < 36) continue;
      digests.md5 ??= noted(file.readNow(offset, 16));
      digests.sha1 ??= noted(file.readNow(offset + 16, 20));
    }
  }
  return digests;
}

const MOST_ERRORS = 1 << 16;

/** Sectors that could not be read when the image was made; they read as zeros. */
export function readErrors(segments: readonly Segment[]): { first: number; count: number }[] {
  const errors: { first: number; count: number }[] = [];
  for (const { file, sections } of segments) {
    for (const { type, offset, length } of sections) {
      if (type !== 'error2' || length < ERROR2.length) continue;
      const entries = file.readNow(offset, 4).readUInt32LE(0);
      if (entries > MOST_ERRORS || ERROR2.length + entries * ERROR2.entry > length)
        throw damaged(file.path, 'its list of bad sectors is longer than its section', { entries });
      const bytes = file.readNow(offset + ERROR2.length, entries * ERROR2.entry);
      for (let i = 0; i < entries; i++)
        errors.push({ first: bytes.readUInt32LE(i * 8), count: bytes.readUInt32LE(i * 8 + 4) });
    }
  }
  return errors;
}
