/**
 * Bytes read front to back, from a file or out of a decoder, without ever holding them all. An initramfs unpacks to
 * hundreds of megabytes of which only the names matter, so what is not wanted is dropped or, in a file, jumped over.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import type { GuestReader } from '../../fixer.ts';

export interface ByteFeed {
  /** Bytes taken or skipped so far. */
  readonly position: number;
  /** The next `length` bytes, fewer only at the end. Valid until the next call. */
  take(length: number): Promise<Uint8Array>;
  /** Passes over up to `length` bytes; returns how many there were. */
  skip(length: number): Promise<number>;
}

/** One read of the guest, bytes: large enough that the way down to the disk does not count. */
const WINDOW = 256 << 10;

/** A damaged initramfs, or module index, of the guest. */
export function damaged(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('INITRAMFS_DAMAGED', `The initramfs of the guest is damaged: ${what}.`, {
    next: 'Rebuild it on the server (update-initramfs -u, dracut -f or mkinitcpio -P), then start again.',
    data,
  });
}

/** Bytes [start, end) of a guest file. Positions are absolute in the file. */
export class FileFeed implements ByteFeed {
  readonly #files: GuestReader;
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  readonly end: number;
  position: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  constructor(files: GuestReader, path: string, start: number, end: number, signal?: AbortSignal) {
    this.#files = files;
    this.#path = path;
    this.#signal = signal;
    this.position = start;
    this.end = end;
  }

  async take(length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.end - this.position));
    if (this.position < this.#windowAt || this.position + wanted > this.#windowAt + this.#window.length) {
      throwIfCancelled(this.#signal);
      const size = Math.min(Math.max(wanted, WINDOW), this.end - this.position);
      this.#window = await this.#files.readRange(this.#path, this.position, size);
      this.#windowAt = this.position;
    }
    const from = this.position - this.#windowAt;
    const part = this.#window.subarray(from, from + wanted);
    this.position += part.length;
    return part;
  }

  async skip(length: number): Promise<number> {
    const skipped = Math.max(0, Math.min(length, this.end - this.position));
    this.position += skipped;
    return skipped;
  }
}

/** What a decoder puts out, chunk by chunk. */
export class ChunkFeed implements ByteFeed {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Uint8Array> {
    if (this.#at + length <= this.#chunk.length) {
      const part = this.#chunk.subarray(this.#at, this.#at + length);
      this.#at += length;
      this.position += length;
      return part;
    }
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0 && (await this.#refill())) {
      // A copy: the decoder uses its buffer again. (slice() of a Buffer would be none.)
      const part = new Uint8Array(this.#chunk.subarray(this.#at, this.#at + missing));
      this.#at += part.length;
      missing -= part.length;
      parts.push(part);
    }
    this.position += length - missing;
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  async skip(length: number): Promise<number> {
    let missing = length;
    while (missing > 0 && (await this.#refill())) {
      const part = Math.min(missing, this.#chunk.length - this.#at);
      this.#at += part;
      missing -= part;
    }
    this.position += length - missing;
    return length - missing;
  }

  /** Goes to the next byte that is not zero; false where there is none. */
  async passZeros(): Promise<boolean> {
    while (await this.#refill()) {
      const rest = this.#chunk.subarray(this.#at);
      const zeros = rest.findIndex((byte) => byte !== 0);
      this.#at += zeros < 0 ? rest.length : zeros;
      this.position += zeros < 0 ? rest.length : zeros;
      if (zeros >= 0) return true;
    }
    return false;
  }

  /** Lets the decoder run to its end, so that it knows where its input ended. */
  async drain(): Promise<void> {
    await this.skip(Number.MAX_SAFE_INTEGER);
  }

  /** Stops a decoder that is not needed any more. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #refill(): Promise<boolean> {
    while (this.#at >= this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
      this.#at = 0;
    }
    return true;
  }
}
