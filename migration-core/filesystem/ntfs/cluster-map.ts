/** A set of clusters, a bit each. Parts of the volume without any take no memory; the largest volume of NTFS takes 512 MiB. */
import { nextBit, setBits, usedRuns } from '../bitmap.ts';

/** Clusters of a page. */
const PAGE = 1 << 18;

export class ClusterMap {
  readonly #pages = new Map<number, Uint8Array<ArrayBuffer>>();

  /** `again` hears of those that were there before. */
  add(lcn: number, count: number, again?: (lcn: number, count: number) => void): void {
    for (const { number, start, from, to } of pagesOf(lcn, count)) {
      let bits = this.#pages.get(number);
      if (bits === undefined) {
        bits = new Uint8Array(PAGE / 8);
        this.#pages.set(number, bits);
      } else if (again !== undefined) {
        for (let bit = nextBit(bits, from, to, true); bit < to;) {
          const end = nextBit(bits, bit, to, false);
          again(start + bit, end - bit);
          bit = nextBit(bits, end, to, true);
        }
      }
      setBits(bits, from, to - from);
    }
  }

  /** Calls `emit` for the runs in it. */
  each(emit: (lcn: number, count: number) => void): void {
    for (const [number, bits] of this.#pages)
      usedRuns(bits, PAGE, (start, count) => emit(number * PAGE + start, count));
  }

  /** Whether any of those clusters is in it. */
  meets(lcn: number, count: number): boolean {
    for (const { number, from, to } of pagesOf(lcn, count)) {
      const bits = this.#pages.get(number);
      if (bits !== undefined && nextBit(bits, from, to, true) < to) return true;
    }
    return false;
  }

  /** The parts of a run that are not in it, in their order. */
  *without(lcn: number, count: number): Generator<{ lcn: number; count: number }> {
    for (const { number, start, from, to } of pagesOf(lcn, count)) {
      const bits = this.#pages.get(number);
      if (bits === undefined) {
        yield { lcn: start + from, count: to - from };
        continue;
      }
      for (let bit = nextBit(bits, from, to, false); bit < to;) {
        const end = nextBit(bits, bit, to, true);
        yield { lcn: start + bit, count: end - bit };
        bit = nextBit(bits, end, to, false);
      }
    }
  }

  /**
   * Adds what is in this set to a part of a map of the volume that begins at cluster `first`, a multiple of 8. Returns how
   * many clusters that part lacked.
   */
  mergeInto(map: Uint8Array, first: number): number {
    let lacked = 0;
    for (let at = 0; at < map.length;) {
      const byte = first / 8 + at;
      const skip = byte % (PAGE / 8);
      const length = Math.min(map.length - at, PAGE / 8 - skip);
      const bits = this.#pages.get(Math.floor(byte / (PAGE / 8)));
      if (bits !== undefined)
        for (let i = 0; i < length; i++) {
          const missing = bits[skip + i]! & ~map[at + i]!;
          if (missing === 0) continue;
          lacked += bitsOf(missing);
          map[at + i]! |= missing;
        }
      at += length;
    }
    return lacked;
  }
}

function* pagesOf(
  lcn: number,
  count: number,
): Generator<{ number: number; start: number; from: number; to: number }> {
  const end = lcn + count;
  for (let at = lcn; at < end;) {
    const number = Math.floor(at / PAGE);
    const start = number * PAGE;
    const to = Math.min(PAGE, end - start);
    yield { number, start, from: at - start, to };
    at = start + to;
  }
}

function bitsOf(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}
