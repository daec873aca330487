/** XPRESS with Huffman codes ([MS-XCA] 2.1 and 2.2), as WOF packs chunks of up to 16 KiB. */
import { damaged } from './errors.ts';
import { BitReader, copyMatch, HuffmanCode } from './huffman.ts';

const SYMBOLS = 512;

/**
 * Fills `into` from one packed chunk: 256 bytes with the lengths of the codes of 512 symbols, four bits each, then the codes.
 * Symbols below 256 are bytes; of the others, the low four bits are length - 3, the next four the bits of the distance.
 * @throws NTFS_DAMAGED
 */
export function unpackXpress(packed: Uint8Array, into: Uint8Array): void {
  if (packed.length < SYMBOLS / 2) throw damaged('packed data is cut off');
  const lengths = new Uint8Array(SYMBOLS);
  for (let i = 0; i < SYMBOLS / 2; i++) {
    lengths[2 * i] = packed[i]! & 15;
    lengths[2 * i + 1] = packed[i]! >>> 4;
  }
  const code = new HuffmanCode(lengths);
  const bits = new BitReader(packed, SYMBOLS / 2);
  for (let out = 0; out < into.length;) {
    const symbol = code.read(bits);
    if (symbol < 256) {
      into[out++] = symbol;
      continue;
    }
    // Bytes of long lengths stand where the next word would be once 16 bits are at hand again.
    bits.fill();
    let length = symbol & 15;
    const distanceBits = (symbol >>> 4) & 15;
    if (length === 15) {
      length += bits.byte();
      if (length === 15 + 255) {
        length = bits.byte() | (bits.byte() << 8);
        if (length === 0) length = bits.byte() | (bits.byte() << 8) | (bits.byte() << 16);
      }
    }
    length += 3;
    const distance = (1 << distanceBits) | bits.read(distanceBits);
    copyMatch(into, out, distance, length);
    out += length;
    if (bits.exhausted) throw damaged('packed data is cut off');
  }
}
