/** What a way of compressing brings: how a whole file of it is unpacked, and where one can begin within it. */
import type { ReadFile } from '../read-file.ts';

/** A part of the file that unpacks by itself. All numbers are bytes. */
export interface Piece {
  /** Place and length in the file. */
  packedAt: number;
  packedLength: number;
  /** Bytes of the disk it unpacks to. */
  length: number;
}

export interface Packing {
  id: 'gzip' | 'xz' | 'zstd';
  detect(head: Uint8Array): boolean;
  /** The pieces in their order; null where the file is one long piece, or does not tell. @throws IMAGE_DAMAGED */
  pieces(file: ReadFile): Piece[] | null;
  /** Whether Node's own decoder is at work, in threads of its own. */
  isNative: boolean;
  /**
   * Unpacks a piece, front to back. Chunks are valid until the next one is asked for. `whole` has room for all of it and
   * will get a copy of each chunk; they may be put there at once.
   */
  unpackPiece(file: ReadFile, piece: Piece, whole?: Uint8Array): AsyncGenerator<Uint8Array>;
  /** Unpacks all of it. @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, READ_FAILED */
  unpack(file: ReadFile): AsyncGenerator<Uint8Array>;
}

/** Packed bytes that are read at a time. */
export const PACKED_AT_ONCE = 256 << 10;

/** More pieces than this are not kept in memory; their file is unpacked as one. */
export const MOST_PIECES = 1 << 20;

/** Reads a range of the file in order. */
export async function* packedBytes(
  file: ReadFile,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; done += PACKED_AT_ONCE) {
    const bytes = new Uint8Array(Math.min(PACKED_AT_ONCE, length - done));
    await file.read(bytes, offset + done);
    yield bytes;
  }
}
