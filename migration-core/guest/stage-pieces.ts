/** The bytes of a planned file: runs of what the guest has and of what the plan adds, without a copy of either. */
import type { GuestReader } from './fixer.ts';

/** Bytes of an edit, or the first `length` bytes of a file of the guest (canonical path). */
export type Piece = { bytes: Uint8Array } | { from: string; length: number };

export const pieceLength = (piece: Piece): number => ('bytes' in piece ? piece.bytes.length : piece.length);

/** Bytes [offset, offset+length) of the pieces in a row, shorter at the end. */
export async function readPieces(
  below: GuestReader,
  pieces: readonly Piece[],
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const total = pieces.reduce((sum, piece) => sum + pieceLength(piece), 0);
  const result = new Uint8Array(Math.max(0, Math.min(length, total - offset)));
  const end = offset + result.length;
  let start = 0;
  for (const piece of pieces) {
    const from = Math.max(offset, start);
    const until = Math.min(end, start + pieceLength(piece));
    if (from < until) {
      const part =
        'bytes' in piece
          ? piece.bytes.subarray(from - start, until - start)
          : await below.readRange(piece.from, from - start, until - from);
      result.set(part.subarray(0, until - from), from - offset);
    }
    start += pieceLength(piece);
  }
  return result;
}
