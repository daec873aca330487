import { damaged, type ReadFile } from '../read-file.ts';
import type { Packing, Piece } from './method.ts';

/** Unpacks a piece into memory. @throws IMAGE_DAMAGED, READ_FAILED */
export async function unpackWhole(
  file: ReadFile,
  packing: Packing,
  piece: Piece,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(piece.length);
  let at = 0;
  for await (const chunk of packing.unpackPiece(file, piece, bytes)) {
    if (at + chunk.length > bytes.length)
      throw damaged(file.path, 'a part of it unpacks to more than it says');
    // Where it is there already, this costs nothing.
    if (chunk.buffer !== bytes.buffer) bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at < bytes.length) throw damaged(file.path, 'a part of it unpacks to less than it says');
  return bytes;
}
