import type { Extent } from '../base/extents.ts';
import type { UnitPacking } from './unpack.ts';

/** `zero` reads as zeros; `unused` may hold anything and nobody will miss it (free space); both need not be read. */
export type ExtentKind = 'data' | 'zero' | 'unused';

export interface SourceExtent extends Extent {
  readonly kind: ExtentKind;
}

/** Where bytes of a source lie in an open file, so that a worker thread may read them by itself. */
export interface FileRange {
  /** Descriptor, open as long as the source is. */
  fd: number;
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes of the range asked for that lie there, from its start on; all of it unless told. */
  length?: number;
  /** Where they lie there packed: how. */
  packed?: PackedRange;
}

export interface PackedRange {
  /** Bytes in the file that hold the unit. */
  bytes: number;
  packing: UnitPacking;
  /** Bytes of the unpacked unit before those that were asked for. */
  skip: number;
}

/**
 * Random-access reads of a disk or a part of one. Filters stack: each takes a source and is one.
 * Reads may run concurrently. Whoever opened a source closes it, after all reads have settled.
 */
export interface BlockSource {
  /** Bytes. */
  readonly size: number;
  /** Logical sector size, bytes: 512 or 4096. Any byte range may be read all the same. */
  readonly sectorSize: number;
  /**
   * Fills `into` completely with the bytes at `offset` (bytes).
   * @throws READ_PAST_END when the range leaves the source, READ_FAILED when the medium fails.
   */
  read(into: Uint8Array, offset: number): Promise<void>;
  /** What is known of where the data lies, ascending and covering the whole range asked for. Absent: all is data. */
  extents?(offset: number, length: number): AsyncIterable<SourceExtent>;
  /**
   * The place of a file that holds these bytes at this moment, or the first of them (FileRange.length, which wrappers
   * pass on); null where there is none.
   */
  fileRange?(offset: number, length: number): FileRange | null;
  close(): Promise<void>;
}

/** A source that takes writes as well. Writes never reach what lies below an overlay. */
export interface WritableBlocks extends BlockSource {
  write(data: Uint8Array, offset: number): Promise<void>;
}

/** Reads a range into a new buffer. */
export async function readBytes(
  source: BlockSource,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await source.read(bytes, offset);
  return bytes;
}
