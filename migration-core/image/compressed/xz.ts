/**
 * xz: streams of independent blocks with an index at the end. `xz -T` (the default since 5.6) writes a block for every
 * 24 MiB or so, `pixz` and `xz --block-size` as asked for; `xz -T1` writes one for the whole file.
 */
import { crc32 } from 'node:zlib';
import { roundUp, viewOf } from '../../base/bytes.ts';
import { XZ_MAGIC } from '../../base/xz-magic.ts';
import { unpackXzBlock, XZ_ENDS, xzNumber, type XzFeed, type XzRefusals } from '../../base/xz.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import { isXz } from './magic.ts';
import { MOST_PIECES, PACKED_AT_ONCE, type Packing, type Piece } from './method.ts';

/** A record of the index has two numbers of up to nine bytes. */
const LARGEST_INDEX = 64 << 20;

export const xz: Packing = {
  id: 'xz',
  isNative: false,
  detect: isXz,
  pieces: (file) => readBlocks(file),
  unpackPiece: unpackBlock,
  async *unpack(file) {
    for (const block of readBlocks(file)) yield* unpackBlock(file, block);
  },
};

interface Block extends Piece {
  /** The kind of check of its stream. */
  check: number;
}

async function* unpackBlock(file: ReadFile, piece: Piece, whole?: Uint8Array): AsyncGenerator<Uint8Array> {
  const refusals: XzRefusals = {
    damaged: (what, data) => damaged(file.path, what, data),
    unsupported: (what) => unsupported(file.path, what, 'Unpack it with `xz -d`, and name the result.'),
  };
  const feed = fileFeed(file, piece.packedAt, piece.packedAt + piece.packedLength);
  let length = 0;
  for await (const chunk of unpackXzBlock(feed, { ...(piece as Block), whole }, refusals)) {
    length += chunk.length;
    if (length > piece.length) break;
    yield chunk;
  }
  if (length !== piece.length) throw damaged(file.path, 'an xz block is not as long as its index says');
}

/** Reads the indexes of all streams, the last one first, as they are found from the end. */
function readBlocks(file: ReadFile): Block[] {
  const streams: Block[][] = [];
  let count = 0;
  for (let end = file.size; end > 0;) {
    // Streams may be followed by zeros, in multiples of four.
    if (end >= 4 && file.readNow(end - 4, 4).readUInt32LE(0) === 0) {
      end -= 4;
      continue;
    }
    const stream = readStream(file, end);
    count += stream.blocks.length;
    if (count > MOST_PIECES)
      throw unsupported(file.path, 'consists of too many blocks', 'Unpack it with `xz -d`.');
    streams.push(stream.blocks);
    end = stream.start;
  }
  return streams.reverse().flat();
}

/** The blocks of the stream that ends at `end`, and where it begins. */
function readStream(file: ReadFile, end: number): { start: number; blocks: Block[] } {
  const { path } = file;
  if (end < 2 * XZ_ENDS + 8) throw damaged(path, 'its xz stream is cut short');
  const footer = file.readNow(end - XZ_ENDS, XZ_ENDS);
  if (footer.toString('latin1', 10, 12) !== 'YZ' || footer.readUInt32LE(0) !== crc32(footer.subarray(4, 10)))
    throw damaged(path, 'it does not end as an xz file; it may be cut off');
  const indexLength = (footer.readUInt32LE(4) + 1) * 4;
  const indexAt = end - XZ_ENDS - indexLength;
  if (indexLength > LARGEST_INDEX || indexAt < XZ_ENDS)
    throw damaged(path, 'its xz index is not within the file', { indexLength });
  const records = readIndex(path, file.readNow(indexAt, indexLength));
  const total = records.reduce((sum, { unpadded }) => sum + roundUp(unpadded, 4), 0);
  const start = indexAt - total - XZ_ENDS;
  if (start < 0) throw damaged(path, 'its xz index does not fit the file');
  const header = file.readNow(start, XZ_ENDS);
  if (header.toString('latin1', 0, 6) !== XZ_MAGIC || header.readUInt16LE(6) !== footer.readUInt16LE(8))
    throw damaged(path, 'its xz index does not fit the file');
  const check = header[7]! & 15;
  let at = start + XZ_ENDS;
  const blocks = records.map(({ unpadded, length }) => {
    const block = { packedAt: at, packedLength: roundUp(unpadded, 4), length, check };
    at += block.packedLength;
    return block;
  });
  return { start, blocks: blocks.filter(({ length }) => length > 0) };
}

function readIndex(path: string, bytes: Buffer): { unpadded: number; length: number }[] {
  const view = viewOf(bytes);
  if (bytes[0] !== 0 || view.getUint32(bytes.length - 4, true) !== crc32(bytes.subarray(0, -4)))
    throw damaged(path, 'the checksum of its xz index does not match');
  let at = 1;
  const number = (): number => {
    const value = xzNumber(() => (at < bytes.length - 4 ? bytes[at++] : undefined));
    if (value === null || !Number.isSafeInteger(value)) throw damaged(path, 'its xz index is broken');
    return value;
  };
  const count = number();
  // Two bytes a record at least.
  if (count > bytes.length / 2) throw damaged(path, 'its xz index is broken', { count });
  const records: { unpadded: number; length: number }[] = [];
  for (let i = 0; i < count; i++) records.push({ unpadded: number(), length: number() });
  if (records.some(({ unpadded }) => unpadded < 5)) throw damaged(path, 'its xz index is broken');
  return records;
}

function fileFeed(file: ReadFile, start: number, end: number): XzFeed & { position: number } {
  let window: Uint8Array = new Uint8Array(0);
  let windowAt = start;
  return {
    position: start,
    async take(length) {
      const wanted = Math.min(length, end - this.position);
      if (this.position + wanted > windowAt + window.length) {
        const left = window.subarray(this.position - windowAt);
        window = new Uint8Array(Math.min(Math.max(wanted, PACKED_AT_ONCE), end - this.position));
        windowAt = this.position;
        window.set(left);
        await file.read(window.subarray(left.length), windowAt + left.length);
      }
      const from = this.position - windowAt;
      this.position += wanted;
      return window.subarray(from, from + wanted);
    },
  };
}
