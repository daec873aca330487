/** What the copying thread pool and its threads say to each other. Bytes stay in shared memory; messages name slots. */
import type { Packing } from './pack.ts';
import type { PackedRange } from './source.ts';

/** One block of the disk: the unit of reading, of hashing and of a slot, bytes. */
export const BLOCK = 1 << 20;
export const DIGEST_BYTES = 32;
/** Differences are told in whole sectors, bytes. */
export const DIFFERENCE_UNIT = 512;
/** Two disks that are compared share a slot: one has its first half, the other the second. Bytes. */
export const HALF_BLOCK = BLOCK / 2;

/** The same bytes of two disks, at most HALF_BLOCK of them. */
export interface Stretch {
  /** Bytes from a start of the caller's choice. */
  at: number;
  length: number;
  /** The pieces of each, from the start of the stretch; null where the bytes are in the halves of the slot already. */
  sides: readonly [Piece[], Piece[]] | null;
}

/** Where two disks differ, and what each of them has there. */
export interface DifferentByte {
  offset: number;
  a: number;
  b: number;
}

/** What a thread is started with. */
export interface WorkerSetup {
  /** Slots of BLOCK bytes, one after another. */
  slots: SharedArrayBuffer;
  /** A SHA-256 for each slot. */
  digests: SharedArrayBuffer;
  /** How long this thread has read, written and computed (spent.ts). */
  clock: SharedArrayBuffer;
  /** Shared by all threads: a 32-bit word for each file that is written, by its descriptor; several may share one. */
  locks: SharedArrayBuffer;
}

/** A part of a slot that is read from a file. */
export interface Piece {
  /** Bytes from the start of the slot. */
  at: number;
  length: number;
  fd: number;
  /** Bytes from the start of the file. */
  offset: number;
  /** Where they are packed there: the thread unpacks them. */
  packed?: PackedRange;
}

/** A part of a slot that is written to a file. */
export interface Placement {
  /** Bytes from the start of the slot; of what was packed from it, where `packed` says so. */
  at: number;
  length: number;
  fd: number;
  /** Bytes from the start of the file. */
  offset: number;
  packed?: boolean;
}

/** Bytes that go into what was packed before it is written. */
export interface Head {
  /** Bytes from the start of what was packed. */
  at: number;
  bytes: Uint8Array;
}

/** A unit that was packed. */
export interface PackedUnit {
  /** Bytes from the start of the slot. */
  at: number;
  /** Bytes it has become; null where it stays as it is. */
  length: number | null;
  /** Where the room for its head begins, bytes from the start of what was packed. */
  from: number;
}

export type ToWorker =
  /** Fill [0, length) of the slot: zeros but for the pieces (null: the bytes are there already), then say which units hold data. */
  | {
      kind: 'fill';
      slot: number;
      length: number;
      pieces: Piece[] | null;
      /** Bytes that are looked at together when zeros are sought. */
      unit: number;
      hash: boolean;
      /** Where the start of the slot is to lie in a file: the thread writes the data there before it answers. */
      target: { fd: number; offset: number } | null;
    }
  /** The same, and pack the units that hold data. */
  | {
      kind: 'pack';
      slot: number;
      length: number;
      pieces: Piece[] | null;
      packing: Packing;
      hash: boolean;
    }
  /** Fill the slot and hash it whatever it holds; answered when the digest is there. */
  | { kind: 'digest'; slot: number; length: number; pieces: Piece[] | null }
  /** Say where two disks differ: the thread reads the stretches one after another into the halves of the slot. */
  | { kind: 'compare'; slot: number; stretches: Stretch[] }
  /** Write parts of the slot. Comes after the answer to `fill` or `pack`; when it is answered, the digest is there too. */
  | { kind: 'store'; slot: number; placements: Placement[]; heads: Head[] };

export type FromWorker =
  /** Answer to `fill`: [start, end) pairs of the parts that are not zero, bytes from the start of the slot. */
  | { kind: 'filled'; slot: number; runs: number[] }
  /** Answer to `pack`: the units that are not zero. */
  | { kind: 'packed'; slot: number; units: PackedUnit[] }
  | { kind: 'digested'; slot: number }
  /** [start, end) pairs of the parts that differ, whole units of DIFFERENCE_UNIT, counted as the stretches are; and the first byte. */
  | { kind: 'compared'; slot: number; runs: number[]; first: DifferentByte | null }
  | { kind: 'stored'; slot: number }
  /** A system call failed, one that wrote or not. `at`: the place in the slot it was about, bytes. */
  | { kind: 'failed'; slot: number; at: number; wrote: boolean; code: string; message: string };
