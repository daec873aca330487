/**
 * The bins of a hive and the cells in them: which bytes are a cell, allocation, growth, and what has changed.
 *
 * Every cell is found once when the hive is opened, so that a reference is trusted only when it points to the start of an
 * allocated cell. Cells that no edit touches keep their bytes and their place.
 */
import { roundUp, viewOf } from '../base/bytes.ts';
import { damaged, tooLarge } from './errors.ts';
import { FreeCells } from './free-cells.ts';
import { BASE_BLOCK, BIN, MAX_HIVE, NONE, PAGE, signatureAt, letters } from './layout.ts';

/** Bytes of the file that differ from the original: `before` and `after` are shorter where the file ends. */
export interface HiveChange {
  /** In the file. */
  offset: number;
  before: Uint8Array;
  after: Uint8Array;
}

const HEX = (offset: number): string => `0x${offset.toString(16)}`;

export class CellStore {
  /** The whole file, and room behind it. */
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  /** Bytes of the file in use; more only lies in `bytes` as room. */
  fileSize: number;
  binsSize: number;
  /** Counts the writes. */
  version = 0;
  readonly minor: number;
  readonly #originalSize: number;
  /** Pages of the file as they were before the first write into them. */
  readonly #originals = new Map<number, Uint8Array>();
  /** One bit for each 8 bytes of the bins: a cell, free or not, starts here. */
  #starts: Uint32Array;
  /** One byte for each page of the bins: a bin starts here. */
  #binStarts: Uint8Array;
  #free: FreeCells | undefined;

  /** Takes `bytes` for its own. Throws HIVE_DAMAGED where bins or cells do not follow each other to the end. */
  constructor(bytes: Uint8Array<ArrayBuffer>, binsSize: number, minor: number) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.fileSize = bytes.length;
    this.#originalSize = bytes.length;
    this.binsSize = binsSize;
    this.minor = minor;
    this.#starts = new Uint32Array(Math.ceil(binsSize / 256));
    this.#binStarts = new Uint8Array(binsSize / PAGE);
    for (let bin = 0; bin < binsSize; bin += this.#readBin(bin));
  }

  #readBin(bin: number): number {
    const at = BASE_BLOCK + bin;
    if (signatureAt(this.bytes, at, 4) !== 'hbin') throw damaged(`there is no bin at ${HEX(bin)}`, { bin });
    const size = this.view.getUint32(at + BIN.size, true);
    if (this.view.getUint32(at + BIN.offset, true) !== bin)
      throw damaged(`the bin at ${HEX(bin)} says that it lies elsewhere`, { bin });
    if (size === 0 || size % PAGE !== 0 || bin + size > this.binsSize)
      throw damaged(`the bin at ${HEX(bin)} gives ${size} bytes as its size`, { bin, size });
    this.#binStarts[bin / PAGE] = 1;
    let cell = bin + BIN.header;
    while (cell < bin + size) {
      const length = Math.abs(this.view.getInt32(BASE_BLOCK + cell, true));
      if (length === 0 || length % 8 !== 0 || cell + length > bin + size)
        throw damaged(`the cell at ${HEX(cell)} gives ${length} bytes as its size`, { cell, length });
      this.#mark(cell);
      cell += length;
    }
    return size;
  }

  #mark(cell: number): void {
    this.#starts[cell >>> 8]! |= 1 << ((cell >>> 3) & 31);
  }

  #unmark(cell: number): void {
    this.#starts[cell >>> 8]! &= ~(1 << ((cell >>> 3) & 31));
  }

  isStart(cell: number): boolean {
    return (
      cell % 8 === 0 && cell < this.binsSize && (this.#starts[cell >>> 8]! & (1 << ((cell >>> 3) & 31))) !== 0
    );
  }

  isAllocated(cell: number): boolean {
    return this.isStart(cell) && this.view.getInt32(BASE_BLOCK + cell, true) < 0;
  }

  /** Bytes of a cell, its size field included. */
  sizeOf(cell: number): number {
    return Math.abs(this.view.getInt32(BASE_BLOCK + cell, true));
  }

  /** Bytes of data a cell can hold. */
  capacity(cell: number): number {
    return this.sizeOf(cell) - 4;
  }

  /**
   * Where the data of an allocated cell begins in the file. `what` is named in the error HIVE_DAMAGED, which is thrown when
   * there is no such cell or it holds fewer than `need` bytes.
   */
  data(cell: number, need: number, what: string): number {
    if (!this.isAllocated(cell))
      throw damaged(`${what} should lie at ${HEX(cell)}, where no cell is in use`, { cell });
    if (this.capacity(cell) < need)
      throw damaged(`${what} at ${HEX(cell)} is cut short`, { cell, need, has: this.capacity(cell) });
    return BASE_BLOCK + cell + 4;
  }

  /** The same for a record that begins with two letters. */
  record(cell: number, signature: string, need: number, what: string): number {
    const at = this.data(cell, need, what);
    if (signatureAt(this.bytes, at, 2) !== signature)
      throw damaged(`${what} should lie at ${HEX(cell)}, where something else lies`, { cell });
    return at;
  }

  /** Cells in ascending order. */
  *cells(): Generator<{ cell: number; size: number; free: boolean; bin: number }> {
    for (let bin = 0; bin < this.binsSize;) {
      const end = bin + this.view.getUint32(BASE_BLOCK + bin + BIN.size, true);
      for (let cell = bin + BIN.header; cell < end;) {
        const size = this.view.getInt32(BASE_BLOCK + cell, true);
        yield { cell, size: Math.abs(size), free: size > 0, bin };
        cell += Math.abs(size);
      }
      bin = end;
    }
  }

  // Writing

  u16(at: number, value: number): void {
    this.#touch(at, 2);
    this.view.setUint16(at, value, true);
  }

  u32(at: number, value: number): void {
    this.#touch(at, 4);
    this.view.setUint32(at, value, true);
  }

  u64(at: number, value: bigint): void {
    this.#touch(at, 8);
    this.view.setBigUint64(at, value, true);
  }

  put(at: number, bytes: Uint8Array): void {
    this.#touch(at, bytes.length);
    this.bytes.set(bytes, at);
  }

  zero(at: number, length: number): void {
    this.#touch(at, length);
    this.bytes.fill(0, at, at + length);
  }

  #touch(at: number, length: number): void {
    this.version++;
    const end = Math.min(at + length, this.#originalSize);
    for (let page = Math.floor(at / PAGE); page * PAGE < end; page++) {
      if (this.#originals.has(page)) continue;
      this.#originals.set(
        page,
        this.bytes.slice(page * PAGE, Math.min((page + 1) * PAGE, this.#originalSize)),
      );
    }
  }

  /** A zeroed cell for `length` bytes of data: a free one, or in a new bin. Throws HIVE_TOO_LARGE. */
  allocate(length: number): number {
    const size = Math.max(roundUp(length + 4, 8), 16);
    this.#free ??= this.#collectFree();
    let cell = this.#free.take(size, (candidate) => this.#isFree(candidate));
    cell ??= this.#appendBin(size);
    const has = this.sizeOf(cell);
    const rest = has - size;
    this.zero(BASE_BLOCK + cell, size);
    this.u32(BASE_BLOCK + cell, -(rest >= 8 ? size : has) >>> 0);
    if (rest >= 8) this.#setFree(cell + size, rest);
    return cell;
  }

  #isFree(cell: number): number {
    if (!this.isStart(cell)) return 0;
    return Math.max(0, this.view.getInt32(BASE_BLOCK + cell, true));
  }

  #setFree(cell: number, size: number): void {
    this.u32(BASE_BLOCK + cell, size);
    this.#mark(cell);
    this.#free?.add(cell, size);
  }

  #collectFree(): FreeCells {
    const free = new FreeCells();
    // From the end, so that the first ones are taken first.
    const found = [...this.cells()].filter((cell) => cell.free).reverse();
    for (const { cell, size } of found) free.add(cell, size);
    return free;
  }

  #appendBin(cellSize: number): number {
    const bin = this.binsSize;
    const size = roundUp(cellSize + BIN.header, PAGE);
    const end = BASE_BLOCK + bin + size;
    if (end > MAX_HIVE) throw tooLarge(end);
    this.#reserve(end);
    this.fileSize = Math.max(this.fileSize, end);
    const at = BASE_BLOCK + bin;
    this.zero(at, size);
    this.put(at, letters('hbin'));
    this.u32(at + BIN.offset, bin);
    this.u32(at + BIN.size, size);
    this.binsSize = bin + size;
    this.#starts = grown(this.#starts, new Uint32Array(Math.ceil(this.binsSize / 256)));
    this.#binStarts = grown(this.#binStarts, new Uint8Array(this.binsSize / PAGE));
    this.#binStarts[bin / PAGE] = 1;
    this.u32(at + BIN.header, size - BIN.header);
    this.#mark(bin + BIN.header);
    return bin + BIN.header;
  }

  #reserve(end: number): void {
    if (end <= this.bytes.length) return;
    // A quarter more than asked for, so that many small bins do not copy the hive each time.
    const wider = new Uint8Array(Math.max(end, Math.min(MAX_HIVE, end + roundUp(end / 4, PAGE))));
    wider.set(this.bytes.subarray(0, this.fileSize));
    this.bytes = wider;
    this.view = viewOf(wider);
  }

  /** Gives a cell back and joins it with free neighbours of its bin. Throws HIVE_DAMAGED when it is not in use. */
  release(cell: number, what: string): void {
    this.data(cell, 0, what);
    this.#free ??= this.#collectFree();
    let start = cell;
    let end = cell + this.sizeOf(cell);
    if (end < this.binsSize && !this.#startsBin(end) && this.#isFree(end) > 0) {
      const next = end;
      end += this.sizeOf(next);
      this.#unmark(next);
    }
    const before = this.#before(cell);
    if (before !== NONE && this.#isFree(before) > 0) {
      this.#unmark(cell);
      start = before;
    }
    this.#setFree(start, end - start);
  }

  #startsBin(offset: number): boolean {
    return offset % PAGE === 0 && this.#binStarts[offset / PAGE] === 1;
  }

  /** The cell before this one in the same bin. */
  #before(cell: number): number {
    let slot = (cell >>> 3) - 1;
    let first = Math.floor(cell / PAGE);
    while (this.#binStarts[first] !== 1) first--;
    const floor = (first * PAGE + BIN.header) >>> 3;
    while (slot >= floor) {
      const word = this.#starts[slot >>> 5]! & (0xffffffff >>> (31 - (slot & 31)));
      if (word !== 0) {
        const found = (slot & ~31) + 31 - Math.clz32(word);
        return found >= floor ? found * 8 : NONE;
      }
      slot = (slot & ~31) - 1;
    }
    return NONE;
  }

  /** The cell again or another one that holds `length` bytes; the content is not moved. */
  ensure(cell: number, length: number, what: string): number {
    if (cell !== NONE && this.isAllocated(cell) && this.capacity(cell) >= length) return cell;
    const other = this.allocate(length);
    if (cell !== NONE) this.release(cell, what);
    return other;
  }

  /** The file as it is now, not copied. */
  file(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.fileSize);
  }

  /** What differs from the file that was opened, ascending. Differences closer than 16 bytes are one. */
  changes(): HiveChange[] {
    const changes: HiveChange[] = [];
    for (const [page, original] of [...this.#originals].sort(([a], [b]) => a - b)) {
      let from = -1;
      let last = -1;
      const close = (): void => {
        if (from < 0) return;
        const offset = page * PAGE + from;
        changes.push({
          offset,
          before: original.slice(from, last + 1),
          after: this.bytes.slice(offset, page * PAGE + last + 1),
        });
        from = -1;
      };
      for (let i = 0; i < original.length; i++) {
        if (original[i] === this.bytes[page * PAGE + i]) continue;
        if (from >= 0 && i - last > 16) close();
        if (from < 0) from = i;
        last = i;
      }
      close();
    }
    if (this.fileSize > this.#originalSize)
      changes.push({
        offset: this.#originalSize,
        before: new Uint8Array(0),
        after: this.bytes.slice(this.#originalSize, this.fileSize),
      });
    return changes;
  }
}

function grown<T extends Uint32Array | Uint8Array>(old: T, wider: T): T {
  wider.set(old);
  return wider;
}

/** The file that was opened, of the file that was written and its changes. */
export function revertChanges(written: Uint8Array, changes: readonly HiveChange[]): Uint8Array<ArrayBuffer> {
  const appended = changes.find(({ before }) => before.length === 0);
  const original = Uint8Array.from(appended === undefined ? written : written.subarray(0, appended.offset));
  for (const { offset, before } of changes) original.set(before, offset);
  return original;
}
