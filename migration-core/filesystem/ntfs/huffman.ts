/** Canonical Huffman codes, as XPRESS and LZX use them: bits come from 16-bit words, the highest first. */
import { damaged } from './errors.ts';

const TABLE_BITS = 10;
const MAX_BITS = 16;

/** Reads bits of little-endian 16-bit words; behind the end there are zeros. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** Where the next word or byte comes from. */
  get position(): number {
    return this.#at;
  }

  /** Makes at least 16 bits available, reading no more words than that needs. */
  fill(): void {
    while (this.#count < 16) {
      const word = (this.#bytes[this.#at] ?? 0) | ((this.#bytes[this.#at + 1] ?? 0) << 8);
      this.#at += 2;
      this.#bits = ((this.#bits << 16) | word) >>> 0;
      this.#count += 16;
    }
  }

  /** The next `count` bits (16 at most), which stay. */
  peek(count: number): number {
    this.fill();
    return (this.#bits >>> (this.#count - count)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.#count -= count;
    this.#bits = this.#count === 0 ? 0 : this.#bits & (0xffffffff >>> (32 - this.#count));
  }

  /** Up to 17 bits. */
  read(count: number): number {
    if (count === 0) return 0;
    if (count > 16) return this.read(count - 16) * 65536 + this.read(16);
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  /** A byte from between the words. */
  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** Drops the bits left of the word begun, or a whole word where none is begun, and goes on at the byte behind it. */
  align(): void {
    this.fill();
    this.#at -= this.#count > 16 ? 2 : 0;
    this.#bits = 0;
    this.#count = 0;
  }

  moveTo(position: number): void {
    this.#at = position;
    this.#bits = 0;
    this.#count = 0;
  }

  /** More than a few words behind the end, nothing sensible is read any more. */
  get exhausted(): boolean {
    return this.#at > this.#bytes.length + 8;
  }
}

export class HuffmanCode {
  /** For each TABLE_BITS bits: symbol << 5 | length of its code, 0 for longer codes. */
  readonly #table = new Uint16Array(1 << TABLE_BITS);
  /** For each length: first code, first place among the symbols, number of symbols. */
  readonly #firstCode = new Int32Array(MAX_BITS + 2);
  readonly #firstPlace = new Int32Array(MAX_BITS + 2);
  readonly #counts = new Int32Array(MAX_BITS + 2);
  readonly #symbols: Uint16Array;

  /** @param lengths bits of the code of each symbol, 0 where it does not occur. @throws NTFS_DAMAGED for lengths that are no code */
  constructor(lengths: Uint8Array) {
    for (const length of lengths) this.#counts[length]!++;
    this.#counts[0] = 0;
    let code = 0;
    let place = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      code = (code + this.#counts[length - 1]!) << 1;
      if (code + this.#counts[length]! > 1 << length)
        throw damaged('packed data has an impossible Huffman code');
      this.#firstCode[length] = code;
      this.#firstPlace[length] = place;
      place += this.#counts[length]!;
    }
    this.#symbols = new Uint16Array(place);
    const next = this.#firstPlace.slice();
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol]!;
      if (length === 0) continue;
      const at = next[length]!++;
      this.#symbols[at] = symbol;
      if (length > TABLE_BITS) continue;
      const value = this.#firstCode[length]! + at - this.#firstPlace[length]!;
      const start = value << (TABLE_BITS - length);
      this.#table.fill((symbol << 5) | length, start, start + (1 << (TABLE_BITS - length)));
    }
  }

  read(bits: BitReader): number {
    const ahead = bits.peek(16);
    const entry = this.#table[ahead >>> (16 - TABLE_BITS)]!;
    if (entry !== 0) {
      bits.skip(entry & 31);
      return entry >>> 5;
    }
    for (let length = 1; length <= MAX_BITS; length++) {
      const index = (ahead >>> (16 - length)) - this.#firstCode[length]!;
      if (index < this.#counts[length]! && index >= 0) {
        bits.skip(length);
        return this.#symbols[this.#firstPlace[length]! + index]!;
      }
    }
    throw damaged('packed data has a code that means nothing');
  }
}

/** Copies `length` bytes from `distance` before; the ranges may overlap. @throws NTFS_DAMAGED */
export function copyMatch(into: Uint8Array, out: number, distance: number, length: number): void {
  if (distance > out || distance < 1 || out + length > into.length)
    throw damaged('packed data refers to nothing');
  for (let i = out; i < out + length; i++) into[i] = into[i - distance]!;
}
