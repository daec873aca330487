/**
 * Files packed by the Windows Overlay Filter ("CompactOS"): the file itself is one hole, its packed chunks are in the stream
 * WofCompressedData, and a reparse point says how they are packed. Source: wofapi.h, and the layout as wimlib writes it.
 */
import { u64le, viewOf } from '../../base/bytes.ts';
import { damaged, unsupported } from './errors.ts';
import type { NtfsFile } from './file.ts';
import { ATTRIBUTE } from './layout.ts';
import { LZX_CHUNK, unpackLzx } from './lzx.ts';
import type { ReparsePoint } from './reparse.ts';
import { openStream, readStream, type OpenStream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';
import { unpackXpress } from './xpress.ts';

export const WOF_STREAM = 'WofCompressedData';

interface Packing {
  chunk: number;
  unpack: (packed: Uint8Array, into: Uint8Array) => void;
}

/** By the number of the algorithm. */
const PACKINGS: readonly Packing[] = [
  { chunk: 4096, unpack: unpackXpress },
  { chunk: LZX_CHUNK, unpack: unpackLzx },
  { chunk: 8192, unpack: unpackXpress },
  { chunk: 16384, unpack: unpackXpress },
];

export interface WofStream {
  /** Bytes of the unpacked file. */
  size: number;
  packing: Packing;
  packed: OpenStream;
  /** Bytes of an offset in the table at the start of the packed stream: 8 for files above 4 GiB. */
  entry: number;
}

/** Reparse data: 0 u32 version 1, 4 u32 provider (2: the file itself), 8 u32 version 1, C u32 algorithm. */
export function openWof(volume: NtfsVolume, file: NtfsFile, { data }: ReparsePoint, size: number): WofStream {
  const view = viewOf(data);
  const provider = data.length < 8 ? 0 : view.getUint32(4, true);
  const packing = data.length < 16 ? undefined : PACKINGS[view.getUint32(12, true)];
  if (
    provider !== 2 ||
    view.getUint32(0, true) !== 1 ||
    view.getUint32(8, true) !== 1 ||
    packing === undefined
  )
    throw unsupported('A file is packed by Windows in a way this version does not know', { provider });
  const packed = openStream(volume, file, ATTRIBUTE.data, WOF_STREAM);
  if (packed === null) throw damaged(`record ${file.base.number} of the MFT lacks its packed content`);
  return { size, packing, packed, entry: size > 0xffffffff ? 8 : 4 };
}

/** Fills `into` with the unpacked bytes at `offset`, which lie within the file. @throws NTFS_DAMAGED */
export async function readWof(
  volume: NtfsVolume,
  wof: WofStream,
  offset: number,
  into: Uint8Array,
): Promise<void> {
  const { chunk } = wof.packing;
  const buffer = new Uint8Array(chunk);
  for (let done = 0; done < into.length;) {
    const index = Math.floor((offset + done) / chunk);
    const from = offset + done - index * chunk;
    const size = Math.min(chunk, wof.size - index * chunk);
    const length = Math.min(size - from, into.length - done);
    const target =
      from === 0 && length === size ? into.subarray(done, done + size) : buffer.subarray(0, size);
    await readChunk(volume, wof, index, target);
    if (target.buffer === buffer.buffer) into.set(target.subarray(from, from + length), done);
    done += length;
  }
}

/** The table has where each chunk but the first begins, counted from its own end; the last one ends with the stream. */
async function readChunk(volume: NtfsVolume, wof: WofStream, index: number, into: Uint8Array): Promise<void> {
  const { packed, entry, packing, size } = wof;
  const table = (Math.ceil(size / packing.chunk) - 1) * entry;
  const startOf = async (chunk: number): Promise<number> => {
    if (chunk === 0) return table;
    if (chunk * entry > table) return packed.size;
    if (table > packed.size) throw damaged(`${packed.what} is cut off`);
    const field = new Uint8Array(entry);
    await readStream(volume, packed, (chunk - 1) * entry, field);
    return table + (entry === 8 ? u64le(viewOf(field), 0) : viewOf(field).getUint32(0, true));
  };
  const start = await startOf(index);
  const end = await startOf(index + 1);
  if (!(start < end && end <= packed.size && end - start <= into.length))
    throw damaged(`${packed.what} has a chunk of impossible size`, { index, start, end });
  // A chunk that would not become smaller is stored.
  if (end - start === into.length) return readStream(volume, packed, start, into);
  const bytes = new Uint8Array(end - start);
  await readStream(volume, packed, start, bytes);
  packing.unpack(bytes, into);
}
