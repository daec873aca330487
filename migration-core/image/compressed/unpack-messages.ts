/** What the unpacking threads are told and answer. */
import type { Packing, Piece } from './method.ts';

/** What a thread is started with: the packed file, by its open descriptor. */
export interface UnpackSetup {
  packing: Packing['id'];
  fd: number;
  path: string;
  /** Where it begins in `fd`, and its length, bytes. */
  start: number;
  size: number;
}

/** One piece. A thread has one at a time. */
export interface UnpackTask {
  piece: Piece;
  /** A file that gets the bytes but for their zeros, and where they begin in it; null: they are sent back. */
  target: { fd: number; offset: number } | null;
}

export type UnpackReply =
  /** Bytes since the last one: taken, and written to the target. */
  | { kind: 'progress'; packed: number; written: number }
  | { kind: 'done'; bytes: ArrayBuffer | null }
  /** An error of ours. */
  | {
      kind: 'refused';
      error: { code: string; message: string; next: string; data: Record<string, unknown> };
    }
  /** An error of the system, whose name it has (`ENOSPC`), or of the program (empty). */
  | { kind: 'failed'; code: string; message: string };
