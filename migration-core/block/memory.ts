import { checkRange } from './range.ts';
import type { WritableBlocks } from './source.ts';

/** Bytes in memory as a source: small test disks and images built on the fly. */
export function memorySource(bytes: Uint8Array, sectorSize = 512): WritableBlocks {
  return {
    size: bytes.length,
    sectorSize,
    async read(into, offset) {
      checkRange(offset, into.length, bytes.length);
      into.set(bytes.subarray(offset, offset + into.length));
    },
    async write(data, offset) {
      checkRange(offset, data.length, bytes.length);
      bytes.set(data, offset);
    },
    close: async () => undefined,
  };
}
