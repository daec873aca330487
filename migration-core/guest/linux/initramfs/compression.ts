/**
 * The compressed blocks an initramfs may hold, told apart by their first bytes as the kernel does (lib/decompress.c),
 * and unpacked where that can be done here: gzip and zstd by Node's own zlib, xz and LZ4 by ours.
 */
import { Readable, pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { throwIfCancelled } from '../../../base/cancel.ts';
import { viewOf } from '../../../base/bytes.ts';
import { isIronliftError } from '../../../base/errors.ts';
import type { GuestReader } from '../../fixer.ts';
import { FileFeed, damaged } from './feed.ts';
import { unpackLz4 } from './lz4.ts';
import { unpackXz } from './xz.ts';

export type Compression = 'gzip' | 'bzip2' | 'lzma' | 'xz' | 'lzo' | 'lz4' | 'zstd';

const MAGICS: [Compression, number[]][] = [
  ['gzip', [0x1f, 0x8b]],
  ['gzip', [0x1f, 0x9e]],
  ['bzip2', [0x42, 0x5a]],
  ['lzma', [0x5d, 0x00]],
  ['xz', [0xfd, 0x37]],
  ['lzo', [0x89, 0x4c]],
  ['lz4', [0x02, 0x21]],
  ['zstd', [0x28, 0xb5]],
];

export function compressionOf(head: Uint8Array): Compression | null {
  return MAGICS.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0] ?? null;
}

/** A block being unpacked. After the last chunk `end()` is where it ends in the file. */
export interface Unpacking {
  chunks: AsyncGenerator<Uint8Array>;
  end(): number;
}

export interface CompressedBlock {
  files: GuestReader;
  path: string;
  /** Of the block's first byte, in the file. */
  start: number;
  /** Size of the file. */
  end: number;
  signal?: AbortSignal | undefined;
}

/** Null for what can only be recognised: bzip2, lzma and lzo. */
export function unpack(compression: Compression, block: CompressedBlock): Unpacking | null {
  const feed = new FileFeed(block.files, block.path, block.start, block.end, block.signal);
  const end = (): number => feed.position;
  switch (compression) {
    case 'gzip':
      return { chunks: unpackGzip(feed, block.signal), end };
    case 'zstd':
      return { chunks: unpackZstd(feed, block.signal), end };
    case 'xz':
      return { chunks: unpackXz(feed), end };
    case 'lz4': {
      const peek = async (): Promise<Uint8Array> => {
        const head = await feed.take(4);
        feed.position -= head.length;
        return head;
      };
      return { chunks: unpackLz4(feed, peek), end };
    }
    default:
      return null;
  }
}

/** Compressed bytes read and given to zlib at a time. */
const PIECE = 64 << 10;

/** RFC 1952: magic, 08, flags, time 4, extra flags, OS; then what the flags say; deflate data; CRC32, size. */
async function* unpackGzip(feed: FileFeed, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const header = await exactly(feed, 10);
  const flags = header[3]!;
  if (header[2] !== 8 || (flags & 0xe0) !== 0) throw damaged('a gzip header is broken');
  if ((flags & 4) !== 0) await feed.skip(viewOf(await exactly(feed, 2)).getUint16(0, true));
  for (const flag of [8, 16]) if ((flags & flag) !== 0) while ((await exactly(feed, 1))[0] !== 0);
  if ((flags & 2) !== 0) await exactly(feed, 2);
  const start = feed.position;
  const inflate = zlib.createInflateRaw({ chunkSize: 256 << 10 });
  const input = async function* (): AsyncGenerator<Uint8Array> {
    for (let piece; (piece = await feed.take(PIECE)).length > 0;) yield piece;
  };
  yield* throughZlib(inflate, input(), signal);
  // zlib stops at the end of the deflate data, somewhere within the last piece.
  feed.position = start + inflate.bytesWritten;
  await exactly(feed, 8);
}

/**
 * RFC 8878: magic 4, frame header, blocks with a 24-bit little-endian head (last 1, type 2, size 21), checksum 4 if
 * the descriptor says so. The heads tell where the frame ends, so that not a byte too many is given to zlib.
 */
async function* unpackZstd(feed: FileFeed, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const input = async function* (): AsyncGenerator<Uint8Array> {
    const start = feed.position;
    const descriptor = (await exactly(feed, 5))[4]!;
    const single = (descriptor & 0x20) !== 0;
    const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const headerSize = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]! + sizeBytes;
    feed.position = start;
    yield await exactly(feed, headerSize);
    for (let last = false; !last;) {
      const head = await exactly(feed, 3);
      const bits = head[0]! | (head[1]! << 8) | (head[2]! << 16);
      const type = (bits >> 1) & 3;
      if (type === 3) throw damaged('a zstd block is broken');
      last = (bits & 1) === 1;
      feed.position -= 3;
      yield await exactly(feed, 3 + (type === 1 ? 1 : bits >> 3));
    }
    if ((descriptor & 4) !== 0) yield await exactly(feed, 4);
  };
  const zstd = zlib.createZstdDecompress({
    chunkSize: 256 << 10,
    // zstd -19 has windows of 8 MiB, --ultra -22 of 128 MiB; memory is bounded here at 64 MiB.
    params: { [zlib.constants.ZSTD_d_windowLogMax]: 26 },
  });
  yield* throughZlib(zstd, input(), signal);
}

/** Runs input through a zlib stream, never more than a few pieces ahead of the reader. */
async function* throughZlib(
  stream: Transform,
  input: AsyncGenerator<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  // A deflate stream that ends before its input leaves the pipe hanging: the reader sees the end, then takes it down.
  const source = Readable.from(input, { highWaterMark: 1 });
  pipeline(source, stream, () => undefined);
  try {
    for await (const chunk of stream) {
      throwIfCancelled(signal);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (isIronliftError(error)) throw error;
    throw damaged('its compressed data is broken', { cause: String(error) });
  } finally {
    stream.destroy();
    source.destroy();
  }
}

async function exactly(feed: FileFeed, length: number): Promise<Uint8Array> {
  const bytes = await feed.take(length);
  if (bytes.length < length) throw damaged('its compressed data is cut short');
  return bytes;
}
