/** LZNT1, the compression of NTFS itself ([MS-XCA] 2.5): chunks of 4 KiB, each packed for itself or stored. */
import { damaged } from './errors.ts';

const CHUNK = 4096;

/**
 * Unpacks chunks until the data ends; what of `into` is not reached stays as it is.
 * Chunk: u16 with length - 1 in the low 12 bits and the top bit set where it is packed; 0 ends the data.
 * @throws NTFS_DAMAGED
 */
export function unpackLznt1(packed: Uint8Array, into: Uint8Array, what: string): void {
  let at = 0;
  for (let out = 0; out < into.length && at + 2 <= packed.length; out += CHUNK) {
    const header = packed[at]! | (packed[at + 1]! << 8);
    if (header === 0) return;
    const length = (header & 0xfff) + 1;
    at += 2;
    if (at + length > packed.length) throw damaged(`${what} has packed data that is cut off`);
    const chunk = packed.subarray(at, at + length);
    const target = into.subarray(out, out + CHUNK);
    if ((header & 0x8000) !== 0) unpackChunk(chunk, target, what);
    else target.set(chunk.subarray(0, target.length));
    at += length;
  }
}

/**
 * Groups of eight after a byte of flags: a literal, or 16 bits that are distance - 1 above and length - 3 below. The farther
 * the chunk is unpacked, the more of the bits are for the distance.
 */
function unpackChunk(packed: Uint8Array, into: Uint8Array, what: string): void {
  let at = 0;
  let out = 0;
  let lengthBits = 12;
  while (at < packed.length) {
    let flags = packed[at++]!;
    for (let n = 0; n < 8 && at < packed.length; n++, flags >>= 1) {
      if (out >= into.length) throw damaged(`${what} has packed data that is too long`);
      if ((flags & 1) === 0) {
        into[out++] = packed[at++]!;
        continue;
      }
      if (at + 2 > packed.length) throw damaged(`${what} has packed data that is cut off`);
      const pair = packed[at]! | (packed[at + 1]! << 8);
      at += 2;
      while (lengthBits > 4 && out > 2 ** (16 - lengthBits)) lengthBits--;
      const distance = (pair >>> lengthBits) + 1;
      const length = (pair & ((1 << lengthBits) - 1)) + 3;
      if (distance > out || out + length > into.length)
        throw damaged(`${what} has packed data that refers to nothing`);
      for (const end = out + length; out < end; out++) into[out] = into[out - distance]!;
    }
  }
}
