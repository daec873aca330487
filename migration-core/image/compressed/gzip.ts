/**
 * gzip (RFC 1952): one long stream, which nothing but its own decoding can find the middle of. Files of several members
 * are taken as one, as gzip itself does.
 */
import { createGunzip } from 'node:zlib';
import { packedBytes, type Packing } from './method.ts';
import { CHUNK, throughDecoder } from './zlib-stream.ts';

export const gzip: Packing = {
  id: 'gzip',
  // Magic, and deflate, which is the only method there is.
  detect: (head) => head[0] === 0x1f && head[1] === 0x8b && head[2] === 8,
  pieces: () => null,
  unpackPiece: (file, { packedAt, packedLength }) => unpackRange(file, packedAt, packedLength),
  unpack: (file) => unpackRange(file, 0, file.size),
};

const unpackRange: (
  file: Parameters<Packing['unpack']>[0],
  offset: number,
  length: number,
) => AsyncGenerator<Uint8Array> = (file, offset, length) =>
  throughDecoder(file.path, createGunzip({ chunkSize: CHUNK }), packedBytes(file, offset, length));
