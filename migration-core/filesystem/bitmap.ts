/** Allocation bitmaps: bit i of byte i/8, lowest first; 1 is in use. */

export const testBit = (bitmap: Uint8Array, bit: number): boolean =>
  (bitmap[bit >>> 3]! & (1 << (bit & 7))) !== 0;

export function setBits(bitmap: Uint8Array, start: number, count: number): void {
  for (let bit = start; bit < start + count;) {
    if ((bit & 7) === 0 && bit + 8 <= start + count) {
      bitmap[bit >>> 3] = 0xff;
      bit += 8;
    } else {
      bitmap[bit >>> 3]! |= 1 << (bit & 7);
      bit++;
    }
  }
}

export function clearBits(bitmap: Uint8Array, start: number, count: number): void {
  for (let bit = start; bit < start + count;) {
    if ((bit & 7) === 0 && bit + 8 <= start + count) {
      bitmap[bit >>> 3] = 0;
      bit += 8;
    } else {
      bitmap[bit >>> 3]! &= ~(1 << (bit & 7));
      bit++;
    }
  }
}

/** First bit at or after `from` and before `end` that is in use (or free); `end` when there is none. */
export function nextBit(bitmap: Uint8Array, from: number, end: number, used: boolean): number {
  const uniform = used ? 0x00 : 0xff;
  let bit = from;
  while (bit < end) {
    if ((bit & 7) === 0) {
      // Whole bytes without what is looked for are skipped, which is most of them.
      let byte = bit >>> 3;
      const last = end >>> 3;
      while (byte < last && bitmap[byte] === uniform) byte++;
      bit = byte << 3;
      if (bit >= end) return end;
    }
    if (testBit(bitmap, bit) === used) return bit;
    bit++;
  }
  return end;
}

/** Calls `emit` for every run of used bits in [0, count); returns how many bits are in use. */
export function usedRuns(
  bitmap: Uint8Array,
  count: number,
  emit: (start: number, length: number) => void,
): number {
  let used = 0;
  for (let bit = nextBit(bitmap, 0, count, true); bit < count;) {
    const end = nextBit(bitmap, bit, count, false);
    emit(bit, end - bit);
    used += end - bit;
    bit = nextBit(bitmap, end, count, true);
  }
  return used;
}
