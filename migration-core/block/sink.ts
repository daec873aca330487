/** Where a copy goes: what the pipeline needs to know of an image that is being written. */

/** Room that was set aside in an open file. */
export interface FilePlace {
  fd: number;
  /** Bytes from the start of the file. */
  offset: number;
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
   * files. Absent where data has to pass through the writer (compression, streams).
   */
  place?(offset: number, length: number): FilePlace;
}
