/**
 * The volume's bytes as this driver sees them. Metadata is read in large pieces and kept, bounded; what is changed waits in
 * pages until flush(). A change runs between begin() and commit(); rollback() brings every page back to what it was, so a
 * change that fails half way leaves nothing. Contents of files are read and written past the cache, which is kept true.
 */
import type { WritableBlocks } from '../../block/source.ts';

const PAGE = 4096;
/** Read at a time: an MFT is walked from one end to the other, more or less. */
const CHUNK = 64 << 10;
const CLEAN_LIMIT = 16 << 20;
const WRITE_RUN = 1 << 20;

export class Store {
  readonly #blocks: WritableBlocks;
  readonly #clean = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #dirty = new Map<number, Uint8Array<ArrayBuffer>>();
  #undo: Map<number, Uint8Array<ArrayBuffer> | undefined> | null = null;
  /** Contents of the change that is under way. */
  #waiting: { data: Uint8Array; offset: number }[] = [];

  constructor(blocks: WritableBlocks) {
    this.#blocks = blocks;
  }

  /** Bytes waiting for flush(). */
  get dirtyBytes(): number {
    return this.#dirty.size * PAGE;
  }

  /** Metadata. The range must lie inside the volume. */
  async read(into: Uint8Array, offset: number): Promise<void> {
    for (let at = 0; at < into.length;) {
      const chunk = Math.floor((offset + at) / CHUNK);
      const bytes = this.#clean.get(chunk) ?? (await this.#fetch(chunk));
      const from = offset + at - chunk * CHUNK;
      const length = Math.min(into.length - at, bytes.length - from);
      if (length <= 0) throw new RangeError(`bytes at ${offset + at} lie behind the end of the volume`);
      into.set(bytes.subarray(from, from + length), at);
      at += length;
    }
    this.#overlay(into, offset);
  }

  /** Metadata, kept until flush(). */
  async write(data: Uint8Array, offset: number): Promise<void> {
    for (let at = 0; at < data.length;) {
      const page = Math.floor((offset + at) / PAGE);
      const from = offset + at - page * PAGE;
      const length = Math.min(data.length - at, PAGE - from);
      const bytes = await this.#edit(page);
      bytes.set(data.subarray(at, at + length), from);
      at += length;
    }
  }

  /** Contents of files, past the cache. */
  async readData(into: Uint8Array, offset: number): Promise<void> {
    await this.#blocks.read(into, offset);
    this.#overlay(into, offset);
  }

  /**
   * Contents of files: written at once, or at the end of a change, which may still fail and leave its file as it was. `data`
   * must not alter until then.
   */
  async writeData(data: Uint8Array, offset: number): Promise<void> {
    if (this.#undo === null) await this.#writeNow(data, offset);
    else this.#waiting.push({ data, offset });
  }

  async #writeNow(data: Uint8Array, offset: number): Promise<void> {
    await this.#blocks.write(data, offset);
    const end = offset + data.length;
    if (this.#dirty.size > 0)
      for (let page = Math.floor(offset / PAGE); page * PAGE < end; page++)
        patch(this.#dirty.get(page), page * PAGE, data, offset);
    for (let chunk = Math.floor(offset / CHUNK); chunk * CHUNK < end; chunk++)
      patch(this.#clean.get(chunk), chunk * CHUNK, data, offset);
  }

  begin(): void {
    this.#undo = new Map();
    this.#waiting = [];
  }

  async commit(): Promise<void> {
    for (const { data, offset } of this.#waiting) await this.#writeNow(data, offset);
    this.#waiting = [];
    this.#undo = null;
  }

  rollback(): void {
    this.#waiting = [];
    for (const [page, before] of this.#undo ?? [])
      if (before === undefined) this.#dirty.delete(page);
      else this.#dirty.set(page, before);
    this.#undo = null;
  }

  /** Writes what was changed, ascending, neighbours in one write. */
  async flush(): Promise<void> {
    const order = [...this.#dirty.keys()].sort((a, b) => a - b);
    for (let i = 0; i < order.length;) {
      let count = 1;
      while (count < WRITE_RUN / PAGE && order[i + count] === order[i]! + count) count++;
      const offset = order[i]! * PAGE;
      const run = new Uint8Array(Math.min(count * PAGE, this.#blocks.size - offset));
      for (let k = 0; k < count; k++) run.set(this.#dirty.get(order[i + k]!)!, k * PAGE);
      await this.#blocks.write(run, offset);
      for (let chunk = Math.floor(offset / CHUNK); chunk * CHUNK < offset + run.length; chunk++)
        patch(this.#clean.get(chunk), chunk * CHUNK, run, offset);
      i += count;
    }
    this.#dirty.clear();
  }

  async #edit(page: number): Promise<Uint8Array<ArrayBuffer>> {
    const dirty = this.#dirty.get(page);
    if (dirty !== undefined) {
      if (this.#undo !== null && !this.#undo.has(page)) this.#undo.set(page, dirty.slice());
      return dirty;
    }
    const bytes = new Uint8Array(Math.min(PAGE, this.#blocks.size - page * PAGE));
    await this.read(bytes, page * PAGE);
    this.#undo?.set(page, undefined);
    this.#dirty.set(page, bytes);
    return bytes;
  }

  #overlay(into: Uint8Array, offset: number): void {
    if (this.#dirty.size === 0) return;
    const end = offset + into.length;
    for (let page = Math.floor(offset / PAGE); page * PAGE < end; page++) {
      const dirty = this.#dirty.get(page);
      if (dirty !== undefined) patch(into, offset, dirty, page * PAGE);
    }
  }

  async #fetch(chunk: number): Promise<Uint8Array<ArrayBuffer>> {
    const length = Math.min(CHUNK, this.#blocks.size - chunk * CHUNK);
    if (!(length > 0) || chunk < 0) throw new RangeError('bytes outside of the volume');
    const bytes = new Uint8Array(length);
    await this.#blocks.read(bytes, chunk * CHUNK);
    // The oldest goes first; a walk in order never asks for it again.
    if (this.#clean.size * CHUNK >= CLEAN_LIMIT) this.#clean.delete(this.#clean.keys().next().value!);
    this.#clean.set(chunk, bytes);
    return bytes;
  }
}

/** Copies what both ranges share. */
function patch(target: Uint8Array | undefined, targetOffset: number, data: Uint8Array, offset: number): void {
  if (target === undefined) return;
  const from = Math.max(offset, targetOffset);
  const to = Math.min(offset + data.length, targetOffset + target.length);
  if (to > from) target.set(data.subarray(from - offset, to - offset), from - targetOffset);
}
