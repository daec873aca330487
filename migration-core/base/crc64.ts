/**
 * CRC-64 as xz uses it (ECMA-182, reflected: polynomial 0xC96C5795D7870F42), in two 32-bit halves, four bytes a step:
 * Node has no native one, and BigInt would be a hundred times slower.
 */
const LOW = new Uint32Array(4 * 256);
const HIGH = new Uint32Array(4 * 256);
fillTables();

function fillTables(): void {
  for (let n = 0; n < 256; n++) {
    let low = n;
    let high = 0;
    for (let k = 0; k < 8; k++) {
      const odd = low & 1;
      low = ((low >>> 1) | (high << 31)) >>> 0;
      high >>>= 1;
      if (odd === 1) {
        low = (low ^ 0xd7870f42) >>> 0;
        high = (high ^ 0xc96c5795) >>> 0;
      }
    }
    LOW[n] = low;
    HIGH[n] = high;
  }
  for (let i = 256; i < 4 * 256; i++) {
    const low = LOW[i - 256]!;
    const high = HIGH[i - 256]!;
    LOW[i] = LOW[low & 255]! ^ ((low >>> 8) | (high << 24));
    HIGH[i] = HIGH[low & 255]! ^ (high >>> 8);
  }
}

export class Crc64 {
  #low = ~0;
  #high = ~0;

  update(bytes: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    const { length } = bytes;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      const x = low ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
      const a = 768 + (x & 255);
      const b = 512 + ((x >>> 8) & 255);
      const c = 256 + ((x >>> 16) & 255);
      const d = x >>> 24;
      low = high ^ LOW[a]! ^ LOW[b]! ^ LOW[c]! ^ LOW[d]!;
      high = HIGH[a]! ^ HIGH[b]! ^ HIGH[c]! ^ HIGH[d]!;
    }
    for (; i < length; i++) {
      const index = (low ^ bytes[i]!) & 255;
      low = LOW[index]! ^ ((low >>> 8) | (high << 24));
      high = HIGH[index]! ^ (high >>> 8);
    }
    this.#low = low;
    this.#high = high;
  }

  /** 8 bytes, little-endian, as they stand in an xz file. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(~this.#low >>> 0, 0);
    bytes.writeUInt32LE(~this.#high >>> 0, 4);
    return bytes;
  }
}
