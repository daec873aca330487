/** What a copy tells of its blocks, so that it can be gone on with after an interruption. */
import type { BlockDigests } from './block-digests.ts';

/** A block of the disk that the image has. */
export interface CopiedBlock {
  /** Bytes from the start of the disk; whole blocks. */
  offset: number;
  /** Bytes of the block. */
  length: number;
  /**
   * What was placed of it, in pairs, bytes from its start: start and end of each run; of a packed image the start of each
   * unit and the bytes it has become, -1 where it stayed as it is.
   */
  places: readonly number[];
  /** SHA-256 of the block; null where it is all zeros or no digest is taken. */
  digest: Uint8Array | null;
  /** As in CopyResult, of this block. */
  dataBytes: number;
  zeroBytes: number;
}

/** How far an interrupted copy came. */
export interface CopiedSoFar {
  /** Bytes of the disk: all before it are in the image. Whole blocks. */
  next: number;
  /** As in CopyResult, of what was copied. */
  dataBytes: number;
  zeroBytes: number;
  /** The digests of the blocks before `next`; null where none are taken. */
  blocks: BlockDigests | null;
}

/** Tells things in the order in which their turns were taken, however they come to their ends. */
export function inOrder<T>(tell: (item: T) => void): () => (item: T) => void {
  const waiting = new Map<number, T>();
  let taken = 0;
  let told = 0;
  return () => {
    const turn = taken++;
    return (item) => {
      waiting.set(turn, item);
      while (waiting.has(told)) {
        const next = waiting.get(told)!;
        waiting.delete(told++);
        tell(next);
      }
    };
  };
}
