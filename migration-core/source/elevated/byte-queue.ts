/** Bytes of a stream as they are needed: so many at a time, in whatever pieces they came. */
import type { Readable } from 'node:stream';

export class ByteQueue {
  readonly #pieces: AsyncIterator<Buffer, undefined>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  /** null: the stream ended before, be it in the middle. */
  async take(length: number): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const next: IteratorResult<Buffer, undefined> = await this.#pieces.next();
        if (next.done === true) return null;
        this.#rest = next.value;
        continue;
      }
      const part = this.#rest.subarray(0, missing);
      parts.push(part);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
