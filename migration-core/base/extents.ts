/**
 * Arithmetic on byte ranges. An `ExtentList` is ascending, disjoint and merged at all times, and keeps its numbers in
 * two typed arrays: a fragmented 2 TiB disk has millions of runs, and an object for each would cost half a gigabyte.
 */

/** A byte range, offset and length in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export class ExtentList implements Iterable<Extent> {
  #starts = new Float64Array(16);
  #ends = new Float64Array(16);
  #count = 0;

  static of(extents: Iterable<Extent>): ExtentList {
    const list = new ExtentList();
    const sorted = [...extents].sort((a, b) => a.offset - b.offset);
    for (const { offset, length } of sorted) list.add(offset, length);
    return list;
  }

  /** Number of runs. */
  get count(): number {
    return this.#count;
  }

  /** Sum of all lengths, bytes. */
  get bytes(): number {
    let sum = 0;
    for (let i = 0; i < this.#count; i++) sum += this.#ends[i]! - this.#starts[i]!;
    return sum;
  }

  startAt(index: number): number {
    return this.#starts[index]!;
  }

  endAt(index: number): number {
    return this.#ends[index]!;
  }

  /** Adds a range anywhere; appending in ascending order is O(1), inserting elsewhere O(runs). */
  add(offset: number, length: number): void {
    if (length <= 0) return;
    let start = offset;
    let end = offset + length;
    const n = this.#count;
    if (n === 0 || start > this.#ends[n - 1]!) {
      this.#reserve(n + 1);
      this.#starts[n] = start;
      this.#ends[n] = end;
      this.#count = n + 1;
      return;
    }
    if (start >= this.#starts[n - 1]!) {
      if (end > this.#ends[n - 1]!) this.#ends[n - 1] = end;
      return;
    }
    // Runs [from, to) touch the new range and are melted into it.
    const from = this.#firstEndingAtOrAfter(start);
    let to = from;
    while (to < n && this.#starts[to]! <= end) {
      start = Math.min(start, this.#starts[to]!);
      end = Math.max(end, this.#ends[to]!);
      to++;
    }
    this.#reserve(n + 1);
    this.#starts.copyWithin(from + 1, to, n);
    this.#ends.copyWithin(from + 1, to, n);
    this.#starts[from] = start;
    this.#ends[from] = end;
    this.#count = n - (to - from) + 1;
  }

  addAll(other: Iterable<Extent>): void {
    for (const { offset, length } of other) this.add(offset, length);
  }

  /** The ranges of both lists. */
  union(other: ExtentList): ExtentList {
    const result = new ExtentList();
    let i = 0;
    let j = 0;
    while (i < this.#count || j < other.#count) {
      const mine = i < this.#count ? this.#starts[i]! : Infinity;
      const theirs = j < other.#count ? other.#starts[j]! : Infinity;
      if (mine <= theirs) {
        result.add(mine, this.#ends[i]! - mine);
        i++;
      } else {
        result.add(theirs, other.#ends[j]! - theirs);
        j++;
      }
    }
    return result;
  }

  /** What both lists cover. */
  intersect(other: ExtentList): ExtentList {
    const result = new ExtentList();
    let i = 0;
    let j = 0;
    while (i < this.#count && j < other.#count) {
      const start = Math.max(this.#starts[i]!, other.#starts[j]!);
      const end = Math.min(this.#ends[i]!, other.#ends[j]!);
      if (end > start) result.add(start, end - start);
      if (this.#ends[i]! < other.#ends[j]!) i++;
      else j++;
    }
    return result;
  }

  /** What lies in [offset, offset+length) and in no run: the gaps. */
  gaps(offset: number, length: number): ExtentList {
    const result = new ExtentList();
    const end = offset + length;
    let at = offset;
    for (let i = this.#firstEndingAtOrAfter(offset); i < this.#count && this.#starts[i]! < end; i++) {
      if (this.#starts[i]! > at) result.add(at, this.#starts[i]! - at);
      at = Math.max(at, this.#ends[i]!);
    }
    if (at < end) result.add(at, end - at);
    return result;
  }

  /** This list without the ranges of the other. */
  subtract(other: ExtentList): ExtentList {
    const result = new ExtentList();
    for (const { offset, length } of this) result.addAll(other.gaps(offset, length));
    return result;
  }

  /** Every run widened to whole units (bytes), clipped to `limit`. */
  aligned(unit: number, limit: number): ExtentList {
    const result = new ExtentList();
    for (let i = 0; i < this.#count; i++) {
      const start = Math.floor(this.#starts[i]! / unit) * unit;
      const end = Math.min(Math.ceil(this.#ends[i]! / unit) * unit, limit);
      result.add(start, end - start);
    }
    return result;
  }

  /** Whether the byte range touches any run. */
  overlaps(offset: number, length: number): boolean {
    const i = this.#firstEndingAtOrAfter(offset + 1);
    return i < this.#count && this.#starts[i]! < offset + length;
  }

  /** The first run that ends behind `offset`; null where none does. */
  next(offset: number): Extent | null {
    const i = this.#firstEndingAtOrAfter(offset + 1);
    return i < this.#count ? { offset: this.#starts[i]!, length: this.#ends[i]! - this.#starts[i]! } : null;
  }

  *[Symbol.iterator](): Generator<Extent> {
    for (let i = 0; i < this.#count; i++) {
      yield { offset: this.#starts[i]!, length: this.#ends[i]! - this.#starts[i]! };
    }
  }

  /** Index of the first run whose end is >= offset. */
  #firstEndingAtOrAfter(offset: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #reserve(count: number): void {
    if (count <= this.#starts.length) return;
    const grow = (old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const bigger = new Float64Array(old.length * 2);
      bigger.set(old);
      return bigger;
    };
    this.#starts = grow(this.#starts);
    this.#ends = grow(this.#ends);
  }
}
