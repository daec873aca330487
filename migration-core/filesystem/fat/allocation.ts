/**
 * The file allocation table: one number for each cluster, the next one of its chain. Entries of 12 bits share bytes: even
 * ones have the low 12 bits of the 16 at 1.5 times their number, odd ones the high 12. Of 32 bits the upper 4 are kept as
 * they are. Numbers are handed out as FAT32 has them, whatever the width.
 *
 * Pages of the table are cached, as that of a 2 TiB volume measures a gigabyte; changes reach the overlay with flush().
 */
import { throwIfCancelled } from '../../base/cancel.ts';
import type { WritableBlocks } from '../../block/source.ts';
import type { FatGeometry } from '../../volume/fat-boot-sector.ts';
import { damaged, noSpace } from './errors.ts';

export const FREE = 0;
export const BAD = 0x0ffffff7;
export const END = 0x0fffffff;
/** Values from here on end a chain. */
const END_FROM = 0x0ffffff8;
export const FIRST_CLUSTER = 2;

/** A multiple of 3, so that no 12-bit entry crosses pages, and of 4096. */
const PAGE = 48 * 1024;
const MAX_PAGES = 96;
/** What a scan reads at once. */
const SCAN = PAGE * 16;

interface Page {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  /** The changed bytes [from, to); none where from >= to. */
  from: number;
  to: number;
}

export class AllocationTable {
  /** Of the table as it is now, changes included. */
  freeCount = 0;
  /** Counts the changes, for those who remember chains. */
  version = 0;
  readonly #volume: WritableBlocks;
  readonly #geometry: FatGeometry;
  readonly #pages = new Map<number, Page>();
  readonly #entriesPerPage: number;
  readonly #limit: number;
  /** Where the next search for free clusters begins. */
  #next = FIRST_CLUSTER;

  constructor(volume: WritableBlocks, geometry: FatGeometry) {
    this.#volume = volume;
    this.#geometry = geometry;
    this.#entriesPerPage = (PAGE * 8) / geometry.bits;
    this.#limit = geometry.clusterCount + FIRST_CLUSTER;
  }

  get nextFree(): number {
    return this.#next;
  }

  isCluster(value: number): boolean {
    return value >= FIRST_CLUSTER && value < this.#limit;
  }

  isEnd(value: number): boolean {
    return value >= END_FROM;
  }

  /** The entry of a cluster: FREE, BAD, an end, or the next cluster (not checked). */
  async get(cluster: number): Promise<number> {
    return this.peek(cluster) ?? this.#decode((await this.#load(cluster)).view, cluster);
  }

  /** The same without waiting, where the page is at hand. */
  peek(cluster: number): number | undefined {
    const page = this.#pages.get(Math.floor(cluster / this.#entriesPerPage));
    return page === undefined ? undefined : this.#decode(page.view, cluster);
  }

  /** Sets an entry; keeps count of the free ones. `cluster` must be one. */
  async set(cluster: number, value: number): Promise<void> {
    if (!this.isCluster(cluster)) throw damaged(`there is no cluster ${cluster}`);
    const page = await this.#load(cluster);
    const old = this.#decode(page.view, cluster);
    if (old === FREE && value !== FREE) this.freeCount--;
    if (old !== FREE && value === FREE) this.freeCount++;
    this.version++;
    const index = cluster % this.#entriesPerPage;
    const { bits } = this.#geometry;
    const at = Math.floor((index * bits) / 8);
    if (bits === 32) {
      page.view.setUint32(at, ((page.view.getUint32(at, true) & 0xf0000000) | value) >>> 0, true);
    } else if (bits === 16) {
      page.view.setUint16(at, value & 0xffff, true);
    } else {
      const pair = page.view.getUint16(at, true);
      const twelve = value & 0xfff;
      page.view.setUint16(
        at,
        index % 2 === 0 ? (pair & 0xf000) | twelve : (pair & 0x000f) | (twelve << 4),
        true,
      );
    }
    page.from = Math.min(page.from, at);
    page.to = Math.max(page.to, at + (bits === 32 ? 4 : 2));
  }

  /** Finds `count` free clusters from where the last search ended, without taking them. @throws NO_SPACE_IN_GUEST */
  async findFree(count: number, what: string): Promise<number[]> {
    const found: number[] = [];
    if (count > this.freeCount) throw noSpace(what, { clusters: count, free: this.freeCount });
    let cluster = this.#next;
    for (let looked = 0; found.length < count && looked < this.#geometry.clusterCount; looked++) {
      if (!this.isCluster(cluster)) cluster = FIRST_CLUSTER;
      if ((this.peek(cluster) ?? (await this.get(cluster))) === FREE) found.push(cluster);
      cluster++;
    }
    if (found.length < count) throw noSpace(what, { clusters: count, free: found.length });
    this.#next = cluster;
    return found;
  }

  /** Visits all clusters in order, in large reads past the cache. */
  async scan(visit: (cluster: number, value: number) => void, signal?: AbortSignal): Promise<void> {
    await this.#writePages();
    const { bits } = this.#geometry;
    const step = (SCAN * 8) / bits;
    const bytes = new Uint8Array(SCAN);
    const view = new DataView(bytes.buffer);
    for (let first = 0; first < this.#limit; first += step) {
      throwIfCancelled(signal);
      const offset = (first * bits) / 8;
      const length = Math.min(SCAN, this.#geometry.fatSize - offset);
      await this.#volume.read(bytes.subarray(0, length), this.#activeOffset + offset);
      const end = Math.min(first + step, this.#limit);
      for (let cluster = Math.max(first, FIRST_CLUSTER); cluster < end; cluster++)
        visit(cluster, this.#entryAt(view, cluster - first));
    }
  }

  /** The reserved entry 1, as it is on disk: its upper bits tell a clean volume. */
  async stateEntry(): Promise<number> {
    return this.get(1);
  }

  /** Makes the other copies equal to the one that counts, where copies are kept. Returns how many bytes differed. */
  async equalise(): Promise<number> {
    const { mirrored, fatCount, fatOffset, fatSize } = this.#geometry;
    if (!mirrored) return 0;
    let differing = 0;
    for (let offset = 0; offset < fatSize; offset += SCAN) {
      const length = Math.min(SCAN, fatSize - offset);
      const first = new Uint8Array(length);
      await this.#volume.read(first, fatOffset + offset);
      for (let copy = 1; copy < fatCount; copy++) {
        const other = new Uint8Array(length);
        const at = fatOffset + copy * fatSize + offset;
        await this.#volume.read(other, at);
        if (Buffer.compare(first, other) === 0) continue;
        for (let i = 0; i < length; i++) if (first[i] !== other[i]) differing++;
        await this.#volume.write(first, at);
      }
    }
    return differing;
  }

  async flush(): Promise<void> {
    await this.#writePages();
  }

  get #activeOffset(): number {
    return this.#geometry.fatOffset + this.#geometry.activeFat * this.#geometry.fatSize;
  }

  #decode(view: DataView, cluster: number): number {
    return this.#entryAt(view, cluster % this.#entriesPerPage);
  }

  #entryAt(view: DataView, index: number): number {
    const { bits } = this.#geometry;
    if (bits === 32) return view.getUint32(index * 4, true) & 0x0fffffff;
    if (bits === 16) {
      const value = view.getUint16(index * 2, true);
      return value >= 0xfff7 ? value | 0x0fff0000 : value;
    }
    const pair = view.getUint16(Math.floor(index * 1.5), true);
    const value = index % 2 === 0 ? pair & 0xfff : pair >>> 4;
    return value >= 0xff7 ? value | 0x0ffff000 : value;
  }

  async #load(cluster: number): Promise<Page> {
    const number = Math.floor(cluster / this.#entriesPerPage);
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    if (this.#pages.size >= MAX_PAGES) {
      await this.#writePages();
      this.#pages.clear();
    }
    const bytes = new Uint8Array(PAGE);
    const length = Math.min(PAGE, this.#geometry.fatSize - number * PAGE);
    await this.#volume.read(bytes.subarray(0, length), this.#activeOffset + number * PAGE);
    const page = { bytes, view: new DataView(bytes.buffer), from: PAGE, to: 0 };
    this.#pages.set(number, page);
    return page;
  }

  async #writePages(): Promise<void> {
    const { mirrored, fatCount, fatOffset, fatSize } = this.#geometry;
    for (const [number, page] of this.#pages) {
      if (page.from >= page.to) continue;
      const to = Math.min(page.to, fatSize - number * PAGE);
      const bytes = page.bytes.subarray(page.from, to);
      const at = number * PAGE + page.from;
      if (mirrored)
        for (let copy = 0; copy < fatCount; copy++)
          await this.#volume.write(bytes, fatOffset + copy * fatSize + at);
      else await this.#volume.write(bytes, this.#activeOffset + at);
      page.from = PAGE;
      page.to = 0;
    }
  }
}
