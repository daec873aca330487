/**
 * zstd (RFC 8878): frames one after another. `pzstd` and the seekable format write many, each with its unpacked size in
 * front; `zstd` writes one, whatever the number of its threads. The heads of their blocks tell where frames end, so they are
 * found without unpacking anything.
 *
 *   frame: magic 4, descriptor 1, window 0-1, dictionary 0-4, content size 0-8; blocks; checksum 4 if the descriptor says so
 *   block head 3, little-endian: last 1 bit, type 2, size 21 (of a type-1 block, one byte follows)
 *   skippable frame: 50-5F 2A 4D 18, size 4, contents
 */
import { constants, createZstdDecompress } from 'node:zlib';
import { u64le, viewOf } from '../../base/bytes.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import { isZstd, ZSTD_MAGIC, ZSTD_SKIPPABLE } from './magic.ts';
import { MOST_PIECES, packedBytes, type Packing, type Piece } from './method.ts';
import { CHUNK, throughDecoder } from './zlib-stream.ts';

/** What `zstd -d` takes unless told: 128 MiB of memory. */
const LARGEST_WINDOW_LOG = 27;

export const zstd: Packing = {
  id: 'zstd',
  isNative: true,
  detect: isZstd,
  pieces(file) {
    const pieces: Piece[] = [];
    for (const { offset, length, size } of frames(file)) {
      if (size === null || pieces.length >= MOST_PIECES) return null;
      if (size > 0) pieces.push({ packedAt: offset, packedLength: length, length: size });
    }
    return pieces;
  },
  unpackPiece: (file, { packedAt, packedLength }) => unpackFrame(file, packedAt, packedLength),
  async *unpack(file) {
    for (const { offset, length } of frames(file)) yield* unpackFrame(file, offset, length);
  },
};

function unpackFrame(file: ReadFile, offset: number, length: number): AsyncGenerator<Uint8Array> {
  const params = { [constants.ZSTD_d_windowLogMax]: LARGEST_WINDOW_LOG };
  const decoder = createZstdDecompress({ chunkSize: CHUNK, params });
  return throughDecoder(file.path, decoder, packedBytes(file, offset, length));
}

interface Frame {
  /** Bytes from the start of the file, and of it. */
  offset: number;
  length: number;
  /** Bytes it unpacks to, where it says so. */
  size: number | null;
}

function* frames(file: ReadFile): Generator<Frame> {
  const { path } = file;
  for (let at = 0; at < file.size;) {
    const head = viewOf(file.readNow(at, 18));
    const magic = head.getUint32(0, true);
    if ((magic & 0xfffffff0) >>> 0 === ZSTD_SKIPPABLE) {
      at += 8 + head.getUint32(4, true);
      continue;
    }
    if (magic !== ZSTD_MAGIC) throw damaged(path, 'something follows its compressed data', { offset: at });
    const descriptor = head.getUint8(4);
    const single = (descriptor & 0x20) !== 0;
    if (!single && head.getUint8(5) >> 3 > LARGEST_WINDOW_LOG - 10)
      throw unsupported(
        path,
        'is compressed with a window of more than 128 MiB',
        'Unpack it with `zstd -d --long=31`, and name the result.',
      );
    const dictionary = [0, 1, 2, 4][descriptor & 3]!;
    if (dictionary > 0 && !single && (descriptor & 3) !== 0 && hasDictionary(head, 6, dictionary))
      throw unsupported(path, 'is compressed with a dictionary of its own', 'Unpack it with `zstd -d -D`.');
    const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const sizeAt = 5 + (single ? 0 : 1) + dictionary;
    const end = blocksEnd(file, at + sizeAt + sizeBytes) + ((descriptor & 4) !== 0 ? 4 : 0);
    if (end > file.size) throw damaged(path, 'its compressed data is cut off', { offset: at });
    yield { offset: at, length: end - at, size: contentSize(path, head, sizeAt, sizeBytes) };
    at = end;
  }
}

const hasDictionary = (head: DataView, at: number, length: number): boolean => {
  for (let i = 0; i < length; i++) if (head.getUint8(at + i) !== 0) return true;
  return false;
};

function contentSize(path: string, head: DataView, at: number, bytes: number): number | null {
  if (bytes === 0) return null;
  if (bytes === 1) return head.getUint8(at);
  if (bytes === 2) return head.getUint16(at, true) + 256;
  if (bytes === 4) return head.getUint32(at, true);
  try {
    return u64le(head, at);
  } catch {
    throw damaged(path, 'the size of its contents is beyond all bounds');
  }
}

/** Where the last block of a frame ends. Blocks have at least 3 bytes, so this ends with the file. */
function blocksEnd(file: ReadFile, from: number): number {
  for (let at = from; ;) {
    if (at + 3 > file.size) throw damaged(file.path, 'its compressed data is cut off', { offset: at });
    const head = file.readNow(at, 3).readUIntLE(0, 3);
    const type = (head >> 1) & 3;
    if (type === 3) throw damaged(file.path, 'a compressed block is broken', { offset: at });
    at += 3 + (type === 1 ? 1 : head >> 3);
    if ((head & 1) === 1) return at;
  }
}
