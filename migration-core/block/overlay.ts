/**
 * Copy-on-write over a source that is never written: all changes to the guest land here, and the copy reads through it.
 * Changed pages live in memory up to a limit, then in a scratch file; pages never touched cost nothing. For a copy, whose
 * threads read files by themselves, those in memory are put into the scratch file as well: else one changed page would
 * make the copying thread read a whole block.
 */
import { close, openSync, read, rmSync, write, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ExtentList } from '../base/extents.ts';
import { checkRange } from './range.ts';
import type { BlockSource, FileRange, SourceExtent, WritableBlocks } from './source.ts';

const PAGE = 4096;
/** Pages are kept in slabs so that one page does not pin an allocation of its own. */
const PAGES_PER_SLAB = 256;

const closeFile = promisify(close);
const readFile = promisify(read);
const writeFile = promisify(write);

export interface OverlayOptions {
  /** Where pages go beyond the memory limit; without it everything stays in memory. */
  scratchFile?: string;
  /** Bytes of changed pages kept in memory; 48 MiB unless told. */
  memoryLimit?: number;
}

export class Overlay implements WritableBlocks {
  readonly size: number;
  readonly sectorSize: number;
  readonly extents?: (offset: number, length: number) => AsyncIterable<SourceExtent>;
  readonly #below: BlockSource;
  readonly #slabs: Uint8Array[] = [];
  /** Page number to slot number; slots below the limit are in memory, the others in the scratch file, each at its number. */
  readonly #slots = new Map<number, number>();
  /** Slots in memory that the scratch file has as they are. */
  readonly #copied = new Set<number>();
  readonly #dirty = new ExtentList();
  readonly #memorySlots: number;
  readonly #scratchFile: string | undefined;
  #scratch: number | undefined;
  /** Writes run one after another: two writers of one page must not both fetch it from below. */
  #writing: Promise<void> = Promise.resolve();

  constructor(below: BlockSource, options: OverlayOptions = {}) {
    this.#below = below;
    this.size = below.size;
    this.sectorSize = below.sectorSize;
    this.#scratchFile = options.scratchFile;
    this.#memorySlots =
      options.scratchFile === undefined ? Infinity : Math.floor((options.memoryLimit ?? 48 << 20) / PAGE);
    const extentsBelow = below.extents?.bind(below);
    if (extentsBelow !== undefined)
      this.extents = (offset, length) => this.#merge(extentsBelow(offset, length));
  }

  /** Byte ranges that differ from the source, whole 4 KiB pages. */
  get dirty(): ExtentList {
    return this.#dirty;
  }

  async read(into: Uint8Array, offset: number): Promise<void> {
    checkRange(offset, into.length, this.size);
    if (!this.#dirty.overlaps(offset, into.length)) return this.#below.read(into, offset);
    const end = offset + into.length;
    let at = offset;
    while (at < end) {
      const page = Math.floor(at / PAGE);
      const slot = this.#slots.get(page);
      let until = Math.min(end, (page + 1) * PAGE);
      if (slot === undefined) {
        // Clean pages in a row are one read of the source.
        while (until < end && !this.#slots.has(until / PAGE)) until = Math.min(end, until + PAGE);
        await this.#below.read(into.subarray(at - offset, until - offset), at);
      } else {
        const bytes = await this.#load(slot);
        into.set(bytes.subarray(at - page * PAGE, until - page * PAGE), at - offset);
      }
      at = until;
    }
  }

  /**
   * Ranges without a change are where the source has them, changed pages in the scratch file; null for these where there
   * is none.
   */
  fileRange(offset: number, length: number): FileRange | null {
    checkRange(offset, length, this.size);
    const changed = this.#dirty.next(offset);
    const clean = changed === null ? length : Math.min(length, changed.offset - offset);
    if (clean <= 0) return this.#scratchRange(offset, length);
    const range = this.#below.fileRange?.(offset, clean) ?? null;
    return range === null ? null : { length: clean, ...range };
  }

  /** Changed pages from `offset` on that lie behind each other in the scratch file. */
  #scratchRange(offset: number, length: number): FileRange | null {
    if (this.#scratchFile === undefined) return null;
    const first = Math.floor(offset / PAGE);
    const slot = this.#slots.get(first)!;
    let pages = 0;
    while (this.#slots.get(first + pages) === slot + pages && (first + pages) * PAGE < offset + length) {
      this.#copyOut(slot + pages);
      pages++;
    }
    const until = Math.min(offset + length, (first + pages) * PAGE);
    return { fd: this.#scratch!, offset: slot * PAGE + (offset % PAGE), length: until - offset };
  }

  #copyOut(slot: number): void {
    if (slot >= this.#memorySlots || this.#copied.has(slot)) return;
    const fd = (this.#scratch ??= openScratch(this.#scratchFile!));
    const page = this.#memory(slot);
    for (let done = 0; done < PAGE;) done += writeSync(fd, page, done, PAGE - done, slot * PAGE + done);
    this.#copied.add(slot);
  }

  async write(data: Uint8Array, offset: number): Promise<void> {
    checkRange(offset, data.length, this.size);
    // The caller may reuse its buffer at once, and the write may have to wait for its turn.
    const copy = data.slice();
    const turn = this.#writing.then(() => this.#writePages(copy, offset));
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#scratch === undefined) return;
    await closeFile(this.#scratch);
    this.#scratch = undefined;
    await rm(this.#scratchFile!, { force: true });
  }

  async #writePages(data: Uint8Array, offset: number): Promise<void> {
    const end = offset + data.length;
    for (let at = offset; at < end;) {
      const page = Math.floor(at / PAGE);
      const start = page * PAGE;
      const until = Math.min(end, start + PAGE);
      const piece = data.subarray(at - offset, until - offset);
      const slot = this.#slots.get(page);
      if (slot !== undefined && slot < this.#memorySlots) {
        this.#memory(slot).set(piece, at - start);
        this.#copied.delete(slot);
      } else {
        const bytes = new Uint8Array(PAGE);
        if (piece.length < PAGE) {
          if (slot !== undefined) bytes.set(await this.#load(slot));
          else await this.#below.read(bytes.subarray(0, Math.min(PAGE, this.size - start)), start);
        }
        bytes.set(piece, at - start);
        await this.#keep(page, slot ?? this.#slots.size, bytes);
      }
      at = until;
    }
  }

  async #keep(page: number, slot: number, bytes: Uint8Array): Promise<void> {
    if (slot < this.#memorySlots) {
      this.#memory(slot).set(bytes);
    } else {
      const fd = (this.#scratch ??= openScratch(this.#scratchFile!));
      for (let done = 0; done < PAGE;)
        done += (await writeFile(fd, bytes, done, PAGE - done, slot * PAGE + done)).bytesWritten;
    }
    this.#slots.set(page, slot);
    this.#dirty.add(page * PAGE, Math.min(PAGE, this.size - page * PAGE));
  }

  #memory(slot: number): Uint8Array {
    const slab = Math.floor(slot / PAGES_PER_SLAB);
    while (this.#slabs.length <= slab) this.#slabs.push(new Uint8Array(PAGES_PER_SLAB * PAGE));
    const at = (slot % PAGES_PER_SLAB) * PAGE;
    return this.#slabs[slab]!.subarray(at, at + PAGE);
  }

  async #load(slot: number): Promise<Uint8Array> {
    if (slot < this.#memorySlots) return this.#memory(slot);
    const bytes = new Uint8Array(PAGE);
    for (let done = 0; done < PAGE;) {
      const { bytesRead } = await readFile(this.#scratch!, bytes, done, PAGE - done, slot * PAGE + done);
      if (bytesRead === 0) throw new Error('the scratch file of the changes was cut short');
      done += bytesRead;
    }
    return bytes;
  }

  /** What the source says of its extents, with the changed pages as data. */
  async *#merge(below: AsyncIterable<SourceExtent>): AsyncGenerator<SourceExtent> {
    for await (const extent of below) {
      const end = extent.offset + extent.length;
      let at = extent.offset;
      if (extent.kind !== 'data') {
        const range = ExtentList.of([extent]).intersect(this.#dirty);
        for (const dirty of range) {
          if (dirty.offset > at) yield { offset: at, length: dirty.offset - at, kind: extent.kind };
          yield { ...dirty, kind: 'data' };
          at = dirty.offset + dirty.length;
        }
      }
      if (at < end) yield { offset: at, length: end - at, kind: extent.kind };
    }
  }
}

/** Where the system allows it the file loses its name at once, so that even a kill leaves nothing behind. */
function openScratch(path: string): number {
  const fd = openSync(path, 'wx+', 0o600);
  if (process.platform !== 'win32') rmSync(path, { force: true });
  return fd;
}
