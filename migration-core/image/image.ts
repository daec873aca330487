import type { BlockSink } from '../block/sink.ts';
import type { BlockSource } from '../block/source.ts';

export interface CreateImageOptions {
  /** Path of the (main) file. It must not exist. */
  path: string;
  /** Virtual size, bytes. */
  size: number;
  /** Grows as needed, or all of it allocated. */
  allocation: 'thin' | 'thick';
  /** The kind of controller a format that notes it is told; SCSI unless told. */
  adapter?: 'scsi' | 'ide';
}

export interface FinishOptions {
  /** Wait until the medium has it all, so that a power cut loses nothing; true unless told. */
  durable?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Writes one image for a known virtual size. Data arrives in ascending order and never twice; what never arrives reads
 * as zeros. `finish` makes it durable, `abort` leaves no file behind.
 */
export interface ImageWriter extends BlockSink {
  /** Completes the file. Fails with DESTINATION_FULL, WRITE_FAILED or CANCELLED; then it is up to the caller to abort. */
  finish(options?: FinishOptions): Promise<void>;
  /** Takes the file away. May come at any time when no write is under way, more than once, and never throws. */
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
