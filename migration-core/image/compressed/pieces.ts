/** A disk in pieces that unpack by themselves: read at any place, nothing is written anywhere. */
import { throwIfCancelled } from '../../base/cancel.ts';
import { checkRange } from '../../block/range.ts';
import type { BlockSource } from '../../block/source.ts';
import type { ReadFile } from '../read-file.ts';
import type { Packing, Piece } from './method.ts';
import { unpackThreads } from './unpack-threads.ts';
import { unpackWhole } from './unpack-whole.ts';

/** A larger piece is not unpacked for the few bytes wanted of it. xz -6, its default, makes pieces of 24 MiB. */
const LARGEST_PIECE = 48 << 20;
/** Unpacked pieces that are kept or under way, bytes: inspection goes back to the same places, a copy reads ahead. */
const KEPT = 80 << 20;
/** A piece smaller than this is unpacked before a thread would have heard of it, bytes. */
const SMALL = 512 << 10;

/** Whether reading at any place is worth it. One small piece is as good as many. */
export function suitsRandomAccess(pieces: readonly Piece[] | null): pieces is Piece[] {
  return pieces !== null && pieces.every(({ length }) => length <= LARGEST_PIECE);
}

/** Does not close the file. Reads that are under way when `signal` fires fail with CANCELLED. */
export function piecesSource(
  file: ReadFile,
  packing: Packing,
  pieces: readonly Piece[],
  signal?: AbortSignal,
): BlockSource {
  const starts = new Float64Array(pieces.length + 1);
  for (const [index, { length }] of pieces.entries()) starts[index + 1] = starts[index]! + length;
  const size = starts[pieces.length]!;
  const threads = unpackThreads(file, packing, signal);
  const kept = new Map<number, Kept>();
  /** The piece that was asked for last. */
  let last = -2;

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
      release(index);
    }
  };

  const release = (index: number): void => {
    const piece = kept.get(index)!;
    kept.delete(index);
    piece.isForgotten = true;
    if (piece.readers === 0) free(piece);
  };

  /** Node's decoders have threads of their own, and small pieces need none: as many side by side, one after another. */
  const turns: Promise<unknown>[] = Array.from({ length: threads.count }, () => Promise.resolve());
  let turn = 0;
  const unpack = (piece: Piece): Promise<Uint8Array> => {
    if (!packing.isNative && piece.length >= SMALL)
      return threads.unpack({ piece, target: null }) as Promise<Uint8Array>;
    turn = (turn + 1) % turns.length;
    const made = turns[turn]!.then(() => {
      throwIfCancelled(signal);
      return unpackWhole(file, packing, piece);
    });
    turns[turn] = made.catch(() => undefined);
    return made;
  };

  const unpacked = (index: number): Kept => {
    const known = kept.get(index);
    if (known !== undefined) {
      kept.delete(index);
      kept.set(index, known);
      return known;
    }
    const made: Kept = { bytes: unpack(pieces[index]!), readers: 0, isForgotten: false };
    kept.set(index, made);
    // What failed may be asked for again: the medium may have recovered.
    made.bytes.catch(() => {
      if (kept.get(index) === made) kept.delete(index);
    });
    forget();
    return made;
  };

  /** Whoever goes from one piece to the next will want those behind it: as many as there are threads and room for. */
  const readAhead = (index: number): void => {
    if (index === last) return;
    const follows = index === last + 1;
    last = index;
    if (!follows || pieces[index]!.length < SMALL) return;
    let room = KEPT - pieces[index]!.length;
    for (let ahead = index + 1; ahead <= index + threads.count && ahead < pieces.length; ahead++) {
      room -= pieces[ahead]!.length;
      if (room < 0 || pieces[ahead]!.length < SMALL) break;
      unpacked(ahead);
    }
    // It is the one in use: it goes last.
    const own = kept.get(index);
    if (own === undefined) return;
    kept.delete(index);
    kept.set(index, own);
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
        const wanted = unpacked(index);
        wanted.readers++;
        readAhead(index);
        try {
          const bytes = await wanted.bytes;
          into.set(bytes.subarray(at - starts[index]!, until - starts[index]!), at - offset);
        } finally {
          wanted.readers--;
          if (wanted.isForgotten && wanted.readers === 0) free(wanted);
        }
        at = until;
      }
    },
    async close() {
      await threads.close();
      // What was read ahead may be at work with the file still.
      await Promise.all(turns);
    },
  };
}

interface Kept {
  bytes: Promise<Uint8Array>;
  /** Reads that wait for it. */
  readers: number;
  isForgotten: boolean;
}

/** Gives the memory back now: the collector would come for pieces of 24 MiB when there are several of them. */
function free(piece: Kept): void {
  piece.bytes.then(
    ({ buffer }) => (buffer as { transfer?(length: number): unknown }).transfer?.(0),
    () => undefined,
  );
}
