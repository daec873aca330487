/** A disk in pieces that unpack by themselves: read at any place, nothing is written anywhere. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkRange } from '../../block/range.ts';
import type { BlockSource } from '../../block/source.ts';
import { damaged, type ReadFile } from '../read-file.ts';
import type { Packing, Piece } from './method.ts';

/** A larger piece is not unpacked for the few bytes wanted of it. xz -6, its default, makes pieces of 24 MiB. */
const LARGEST_PIECE = 48 << 20;
/** Unpacked pieces that are kept, bytes: inspection goes back to the same places. */
const KEPT = 64 << 20;
/** Bytes unpacked between two turns of the event loop. */
const A_TURN = 4 << 20;

/** Whether reading at any place is worth it. One small piece is as good as many. */
export function suitsRandomAccess(pieces: readonly Piece[] | null): pieces is Piece[] {
  return pieces !== null && pieces.every(({ length }) => length <= LARGEST_PIECE);
}

/** Does not close the file. */
export function piecesSource(file: ReadFile, packing: Packing, pieces: readonly Piece[]): BlockSource {
  const starts = new Float64Array(pieces.length + 1);
  for (const [index, { length }] of pieces.entries()) starts[index + 1] = starts[index]! + length;
  const size = starts[pieces.length]!;
  const kept = new Map<number, Promise<Uint8Array>>();

  const pieceAt = (offset: number): number => {
    let low = 0;
    let high = pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  /** Makes room before a piece is unpacked; those wanted longest ago go first. */
  const forget = (): void => {
    let bytes = 0;
    for (const index of kept.keys()) bytes += pieces[index]!.length;
    for (const index of kept.keys()) {
      if (bytes <= KEPT) break;
      bytes -= pieces[index]!.length;
      kept.delete(index);
    }
  };

  /** One after another: two at once would only share the processor and double the memory. */
  let turn: Promise<unknown> = Promise.resolve();
  const unpacked = (index: number): Promise<Uint8Array> => {
    const known = kept.get(index);
    if (known !== undefined) {
      kept.delete(index);
      kept.set(index, known);
      return known;
    }
    const made = turn.then(() => unpackWhole(file, packing, pieces[index]!));
    turn = made.catch(() => undefined);
    kept.set(index, made);
    // What failed may be asked for again: the medium may have recovered.
    made.catch(() => kept.delete(index));
    forget();
    return made;
  };

  return {
    size,
    sectorSize: 512,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      const end = offset + into.length;
      for (let at = offset; at < end;) {
        const index = pieceAt(at);
        const until = Math.min(end, starts[index + 1]!);
        const bytes = await unpacked(index);
        into.set(bytes.subarray(at - starts[index]!, until - starts[index]!), at - offset);
        at = until;
      }
    },
    close: async () => undefined,
  };
}

async function unpackWhole(file: ReadFile, packing: Packing, piece: Piece): Promise<Uint8Array> {
  const bytes = new Uint8Array(piece.length);
  let at = 0;
  let turn = 0;
  for await (const chunk of packing.unpackPiece(file, piece)) {
    if (at + chunk.length > bytes.length)
      throw damaged(file.path, 'a part of it unpacks to more than it says');
    bytes.set(chunk, at);
    at += chunk.length;
    if (at - turn < A_TURN) continue;
    turn = at;
    await nextTurn();
  }
  if (at < bytes.length) throw damaged(file.path, 'a part of it unpacks to less than it says');
  return bytes;
}
