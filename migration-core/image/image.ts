import type { Extent } from '../base/extents.ts';
import type { BlockSource } from '../block/source.ts';

export interface CreateImageOptions {
  /** Path of the (main) file. It must not exist. */
  path: string;
  /** Virtual size, bytes. */
  size: number;
  /** Grows as needed, or all of it allocated. */
  allocation: 'thin' | 'thick';
}

/**
 * Writes one image for a known virtual size. Data arrives in ascending order and never twice; what never arrives reads
 * as zeros. `finish` makes it durable, `abort` leaves no file behind.
 */
export interface ImageWriter {
  /** Data must come in pieces that start and end on multiples of this (the end of the disk excepted), bytes. */
  readonly granularity: number;
  /** Bytes of `data` at virtual `offset`. Resolves when the buffer may be reused. */
  write(data: Uint8Array, offset: number): Promise<void>;
  finish(): Promise<void>;
  abort(): Promise<void>;
}

export interface ImageCheck {
  ok: boolean;
  problems: string[];
}

/** One disk format: reader and writer. The table is image/table.ts. */
export interface ImageFormat {
  readonly id: string;
  /** With the dot: `.qcow2`. */
  readonly extension: string;
  /** For people. */
  readonly name: string;
  /** Whether the first bytes (up to 64 KiB) and the last 512 are this format's. Raw never says yes. */
  detect(head: Uint8Array, tail: Uint8Array): boolean;
  open(path: string): Promise<BlockSource>;
  create(options: CreateImageOptions): Promise<ImageWriter>;
}

export type { Extent };
