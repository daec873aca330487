/** Finds what belongs to the names in some cells of a row (server, metric, instance) by their bytes. */

/** Names longer than this together are cut: they tell servers apart all the same. */
const MAX_KEY = 4096;
/** What belongs to the keys after these is made anew for each row: slower, but without end. */
const MAX_KEYS = 100_000;

export class KeyTable<T> {
  #slots = new Int32Array(1024).fill(-1);
  readonly #hashes: number[] = [];
  readonly #keys: Uint8Array[] = [];
  readonly #values: T[] = [];
  readonly #cells: readonly number[];
  readonly #make: (cells: number[]) => T;

  /**
   * @param cells columns the key is made of
   * @param make what belongs to a key that is new
   */
  constructor(cells: readonly number[], make: (cells: readonly number[]) => T) {
    this.#cells = cells;
    this.#make = make;
  }

  get size(): number {
    return this.#values.length;
  }

  /** What belongs to the row whose cells begin and end there. */
  find(bytes: Uint8Array, starts: Int32Array, ends: Int32Array): T {
    // FNV-1a, 32 bits.
    let hash = 0x811c9dc5;
    for (const cell of this.#cells) {
      const end = ends[cell]!;
      for (let at = starts[cell]!; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
      hash = Math.imul(hash ^ 0xff, 0x01000193);
    }
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const index = this.#slots[slot]!;
      if (index < 0) break;
      if (this.#hashes[index] === hash && this.#same(this.#keys[index]!, bytes, starts, ends))
        return this.#values[index]!;
      slot = (slot + 1) & mask;
    }
    return this.#insert(hash, slot, bytes, starts, ends);
  }

  #same(key: Uint8Array, bytes: Uint8Array, starts: Int32Array, ends: Int32Array): boolean {
    let at = 0;
    for (const cell of this.#cells) {
      const end = ends[cell]!;
      for (let from = starts[cell]!; from < end; from++) {
        if (at === MAX_KEY) return true;
        if (key[at++] !== bytes[from]) return false;
      }
      if (at === MAX_KEY) return true;
      if (key[at++] !== 0xff) return false;
    }
    return at === key.length;
  }

  #insert(hash: number, slot: number, bytes: Uint8Array, starts: Int32Array, ends: Int32Array): T {
    const key: number[] = [];
    for (const cell of this.#cells) {
      for (let from = starts[cell]!; from < ends[cell]!; from++) key.push(bytes[from]!);
      key.push(0xff);
    }
    const value = this.#make([...this.#cells]);
    if (this.#values.length >= MAX_KEYS) return value;
    this.#slots[slot] = this.#values.length;
    this.#hashes.push(hash);
    this.#keys.push(Uint8Array.from(key.slice(0, MAX_KEY)));
    this.#values.push(value);
    if (this.#values.length * 2 > this.#slots.length) this.#rehash();
    return value;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 4).fill(-1);
    const mask = slots.length - 1;
    this.#hashes.forEach((hash, index) => {
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = index;
    });
    this.#slots = slots;
  }
}
