/** Where a copy goes: what the pipeline needs to know of an image that is being written. */
import type { Packing } from './pack.ts';

/** Room that was set aside in an open file. */
export interface FilePlace {
  fd: number;
  /** Bytes from the start of the file. */
  offset: number;
}

/** Room for one unit of a packed image. */
export interface PackedPlace extends FilePlace {
  /** Packing.head bytes that go there first, before the packed unit; `offset` is theirs. */
  head?: Uint8Array;
}

/** A sink that wants its data packed. Threads pack and write; the sink says where, as soon as lengths are known. */
export interface PackedSink {
  readonly packing: Packing;
  /**
   * Sets room aside for one unit of the disk at `offset`, in ascending order, and notes it in the image's tables.
   * `packed`: bytes it has become; null where it stays as it is. Units of zeros do not come.
   * @throws when the image cannot become that large
   */
  place(offset: number, packed: number | null): PackedPlace;
}

/**
 * Takes the data of a disk in ascending order, each byte at most once; what never arrives reads as zeros.
 * Pieces start and end on multiples of `granularity`, the end of the disk excepted.
 */
export interface BlockSink {
  /** The file, for messages. */
  readonly path: string;
  /** Bytes. */
  readonly granularity: number;
  /** Writes the bytes of `data` at disk `offset`. Resolves when the buffer may be reused. */
  write(data: Uint8Array, offset: number): Promise<void>;
  /**
   * Sets room aside for the bytes [offset, offset+length) of the disk and notes it in the image's tables; whoever asks
   * must then write them there. No range lies across a multiple of 1 MiB, so that a disk may be cut there into several
   * files. Absent where data has to pass through the writer (streams), or is packed.
   */
  place?(offset: number, length: number): FilePlace;
  /**
   * Where byte 0 of the disk lies and all others after it, in images that keep it in one piece: data is written there
   * without asking, in any order. `place` is still called for it, afterwards, and says the same.
   */
  readonly inOnePiece?: FilePlace;
  /** Takes packed units, each of `granularity` bytes; `place` is absent then. */
  readonly packed?: PackedSink;
}
