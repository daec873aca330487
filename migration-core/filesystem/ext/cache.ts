/**
 * Metadata blocks in memory: clean ones bounded, those not used again dropped first, changed ones kept until flush(). A change runs
 * between begin() and commit(); rollback() brings every block back to what it was, so a change that fails half way
 * leaves nothing. A buffer handed out by read() is never altered afterwards; edit() works on a copy.
 */
import type { WritableBlocks } from '../../block/source.ts';
import { damaged } from './errors.ts';

const CLEAN_LIMIT = 24 << 20;
const WRITE_RUN = 1 << 20;

interface Clean {
  bytes: Uint8Array<ArrayBuffer>;
  /** Asked for since it was last considered for dropping: it gets a second chance. */
  used: boolean;
}

interface Before {
  bytes: Uint8Array<ArrayBuffer> | undefined;
  dirty: boolean;
}

export class BlockCache {
  readonly #blocks: WritableBlocks;
  readonly #blockSize: number;
  readonly #blockCount: number;
  readonly #clean = new Map<number, Clean>();
  readonly #dirty = new Map<number, Uint8Array<ArrayBuffer>>();
  #undo: Map<number, Before> | null = null;

  constructor(blocks: WritableBlocks, blockSize: number, blockCount: number) {
    this.#blocks = blocks;
    this.#blockSize = blockSize;
    this.#blockCount = blockCount;
  }

  /** Bytes waiting for flush(). */
  get dirtyBytes(): number {
    return this.#dirty.size * this.#blockSize;
  }

  /** The block's bytes; not to be changed. `ahead` more blocks are fetched with it where they are not here yet. */
  async read(block: number, ahead = 0): Promise<Uint8Array<ArrayBuffer>> {
    const dirty = this.#dirty.get(block);
    if (dirty !== undefined) return dirty;
    const clean = this.#clean.get(block);
    if (clean !== undefined) {
      clean.used = true;
      return clean.bytes;
    }
    if (!Number.isSafeInteger(block) || block < 0 || block >= this.#blockCount)
      throw damaged(`something points to block ${block} of ${this.#blockCount}`, { block });
    let count = 1;
    while (count <= ahead && block + count < this.#blockCount && !this.#holds(block + count)) count++;
    const bytes = new Uint8Array(count * this.#blockSize);
    await this.#blocks.read(bytes, block * this.#blockSize);
    if (count === 1) return this.#keep(block, bytes);
    for (let i = count - 1; i > 0; i--)
      this.#keep(block + i, bytes.slice(i * this.#blockSize, (i + 1) * this.#blockSize));
    return this.#keep(block, bytes.slice(0, this.#blockSize));
  }

  /** The block's bytes to be changed within this change. */
  async edit(block: number): Promise<Uint8Array<ArrayBuffer>> {
    const already = this.#undo?.has(block) === true ? this.#dirty.get(block) : undefined;
    if (already !== undefined) return already;
    const copy = (await this.read(block)).slice();
    this.#remember(block);
    this.#clean.delete(block);
    this.#dirty.set(block, copy);
    return copy;
  }

  /** A block whose old content does not matter, as zeros, to be changed. */
  fresh(block: number): Uint8Array<ArrayBuffer> {
    this.#remember(block);
    const bytes = new Uint8Array(this.#blockSize);
    this.#clean.delete(block);
    this.#dirty.set(block, bytes);
    return bytes;
  }

  /** Blocks that hold no metadata any more: what is pending for them must not be written. */
  forget(start: number, count: number): void {
    const drop = (block: number): void => {
      if (!this.#holds(block)) return;
      this.#remember(block);
      this.#clean.delete(block);
      this.#dirty.delete(block);
    };
    if (count <= this.#clean.size + this.#dirty.size) {
      for (let i = 0; i < count; i++) drop(start + i);
      return;
    }
    for (const block of [...this.#clean.keys(), ...this.#dirty.keys()])
      if (block >= start && block < start + count) drop(block);
  }

  begin(): void {
    this.#undo = new Map();
  }

  commit(): void {
    this.#undo = null;
  }

  rollback(): void {
    for (const [block, before] of this.#undo ?? []) {
      this.#dirty.delete(block);
      this.#clean.delete(block);
      if (before.bytes === undefined) continue;
      if (before.dirty) this.#dirty.set(block, before.bytes);
      else this.#keep(block, before.bytes);
    }
    this.#undo = null;
  }

  /** Writes what was changed, ascending, neighbours in one write. */
  async flush(): Promise<void> {
    const order = [...this.#dirty.keys()].sort((a, b) => a - b);
    const perRun = Math.max(1, Math.floor(WRITE_RUN / this.#blockSize));
    for (let i = 0; i < order.length;) {
      let count = 1;
      while (count < perRun && order[i + count] === order[i]! + count) count++;
      const run = new Uint8Array(count * this.#blockSize);
      for (let k = 0; k < count; k++) run.set(this.#dirty.get(order[i + k]!)!, k * this.#blockSize);
      await this.#blocks.write(run, order[i]! * this.#blockSize);
      i += count;
    }
    for (const block of order) {
      const bytes = this.#dirty.get(block)!;
      this.#dirty.delete(block);
      this.#keep(block, bytes);
    }
  }

  #holds(block: number): boolean {
    return this.#dirty.has(block) || this.#clean.has(block);
  }

  #remember(block: number): void {
    if (this.#undo === null || this.#undo.has(block)) return;
    const dirty = this.#dirty.get(block);
    this.#undo.set(block, { bytes: dirty ?? this.#clean.get(block)?.bytes, dirty: dirty !== undefined });
  }

  #keep(block: number, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#clean.set(block, { bytes, used: false });
    for (const [oldest, entry] of this.#clean) {
      if (this.#clean.size * this.#blockSize <= CLEAN_LIMIT) break;
      this.#clean.delete(oldest);
      if (entry.used && oldest !== block) this.#clean.set(oldest, { ...entry, used: false });
    }
    return bytes;
  }
}
