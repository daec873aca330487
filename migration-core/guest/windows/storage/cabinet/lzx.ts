/**
 * LZX as cabinets have it: one stream over all blocks of a folder, with a window of up to 2 MiB; each block of data starts at a new
 * word. Source: Microsoft's description of LZX ([MS-PATCH], section 2) and of cabinets ([MS-CAB]).
 */
import { BitReader } from '../../../../filesystem/ntfs/huffman.ts';
import {
  LzxHistory,
  readCodes,
  translateCalls,
  unpackMatches,
  type LzxCodes,
} from '../../../../filesystem/ntfs/lzx-block.ts';
import { damaged } from './errors.ts';

/** Bytes that one block of data of a cabinet holds, except the last. */
export const FRAME = 32768;
/** Distances fall into so many slots, by the bits of the window's size. */
const SLOTS: Record<number, number> = { 15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50 };
/** Addresses of calls are translated in the first GiB of a folder. */
const TRANSLATED_FRAMES = 32768;

const VERBATIM = 1;
const ALIGNED = 2;
const STORED = 3;

export class LzxFolder {
  readonly #window: number;
  /** Twice the window: its second half becomes the first when it is full. */
  readonly #out: Uint8Array<ArrayBuffer>;
  #at = 0;
  #frames = 0;
  readonly #history: LzxHistory;
  #codes: LzxCodes | null = null;
  #kind = 0;
  /** Bytes that the block begun has still to give, and whether an odd number of stored ones is followed by one more. */
  #left = 0;
  #padded = false;
  /** Size of the file that calls were translated for; 0 where they were not. */
  #translation = 0;

  /** @throws CABINET_DAMAGED for a window that LZX does not have */
  constructor(windowBits: number) {
    const slots = SLOTS[windowBits];
    if (slots === undefined) throw damaged(`its window of 2^${windowBits} bytes is none of LZX`);
    this.#window = 1 << windowBits;
    this.#out = new Uint8Array(2 * this.#window + FRAME);
    this.#history = new LzxHistory(slots);
  }

  /** The next `size` bytes (FRAME at most) from the next block of data. @throws CABINET_DAMAGED, NTFS_DAMAGED, RangeError */
  unpack(packed: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
    const bits = new BitReader(packed);
    if (this.#frames === 0 && bits.read(1) === 1) this.#translation = bits.read(16) * 65536 + bits.read(16);
    if (this.#at > 2 * this.#window) {
      this.#out.copyWithin(0, this.#at - this.#window, this.#at);
      this.#at = this.#window;
    }
    const start = this.#at;
    const end = start + size;
    while (this.#at < end) {
      if (this.#left === 0) this.#begin(bits);
      const stop = Math.min(end, this.#at + this.#left);
      const before = this.#at;
      if (this.#kind === STORED) this.#store(bits, packed, stop);
      else this.#decode(bits, stop);
      this.#left -= this.#at - before;
    }
    const frame = this.#out.slice(start, end);
    if (this.#translation !== 0 && this.#frames < TRANSLATED_FRAMES)
      translateCalls(frame, this.#frames * FRAME, this.#translation);
    this.#frames++;
    return frame;
  }

  #begin(bits: BitReader): void {
    this.#kind = bits.read(3);
    this.#left = bits.read(16) * 256 + bits.read(8);
    if (this.#left === 0 || bits.exhausted) throw damaged('a block of its packed data is empty');
    if (this.#kind === STORED) {
      bits.align();
      for (let i = 0; i < 3; i++) {
        let distance = 0;
        for (let shift = 0; shift < 32; shift += 8) distance += bits.byte() * 2 ** shift;
        this.#history.recent[i] = distance;
      }
      this.#padded = this.#left % 2 === 1;
      return;
    }
    if (this.#kind !== VERBATIM && this.#kind !== ALIGNED)
      throw damaged('a block of its packed data is of a kind that LZX does not have');
    this.#codes = readCodes(bits, this.#history, this.#kind === ALIGNED);
  }

  #store(bits: BitReader, packed: Uint8Array, stop: number): void {
    const from = bits.position;
    const size = stop - this.#at;
    if (from + size > packed.length) throw damaged('its packed data is cut short');
    this.#out.set(packed.subarray(from, from + size), this.#at);
    this.#at = stop;
    bits.moveTo(from + size + (this.#padded && size === this.#left ? 1 : 0));
  }

  #decode(bits: BitReader, stop: number): void {
    const place = { from: this.#at, end: stop, window: this.#window };
    const at = unpackMatches(bits, this.#codes!, this.#history.recent, this.#out, place);
    if (at === null) throw damaged('its packed data is cut short, or refers to nothing');
    this.#at = at;
  }
}
