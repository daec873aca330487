/** Tags and checksums of the journal's blocks in its three checksum formats. */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { TAG } from './journal-layout.ts';

export interface JournalFormat {
  /** v1: a CRC-32 of the whole transaction in its commit block. v2, v3: CRC-32C of every block, 16 or 32 bits in the tags. */
  checksum: 'none' | 'v1' | 'v2' | 'v3';
  bits64: boolean;
  /** CRC-32C of the journal's UUID. */
  seed: number;
}

export interface Tag {
  /** Block of the volume. */
  block: number;
  /** The block began with the journal's magic, which was replaced by zeros. */
  escaped: boolean;
  checksum: number;
}

const HEADER = 12;

export const isChecksumFormat = (format: JournalFormat): boolean =>
  format.checksum === 'v2' || format.checksum === 'v3';

function be32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}

/**
 *   v3     block u32, flags u32, block hi u32, checksum u32
 *   else   block u32, checksum u16, flags u16, block hi u32 (64 bit only), and with v2 two bytes unused
 *
 * A tag without "same UUID" is followed by 16 bytes of UUID.
 */
export function readTags(format: JournalFormat, block: Uint8Array): Tag[] {
  const view = viewOf(block);
  const v3 = format.checksum === 'v3';
  const size = v3 ? 16 : 8 + (format.bits64 ? 4 : 0) + (format.checksum === 'v2' ? 2 : 0);
  const end = block.length - (isChecksumFormat(format) ? 4 : 0);
  const tags: Tag[] = [];
  for (let at = HEADER; at + size <= end;) {
    const flags = v3 ? view.getUint32(at + 4) : view.getUint16(at + 6);
    const high = format.bits64 ? view.getUint32(at + 8) : 0;
    tags.push({
      block: view.getUint32(at) + high * 2 ** 32,
      escaped: (flags & TAG.escaped) !== 0,
      checksum: v3 ? view.getUint32(at + 12) : view.getUint16(at + 4),
    });
    at += size + ((flags & TAG.sameUuid) === 0 ? 16 : 0);
    if ((flags & TAG.last) !== 0) break;
  }
  return tags;
}

/** The checksum at the end of a descriptor or revoke block. */
export function blockFits(format: JournalFormat, block: Uint8Array): boolean {
  if (!isChecksumFormat(format)) return true;
  const at = block.length - 4;
  const sum = crc32c(crc32c(format.seed, block, 0, at), new Uint8Array(4));
  return viewOf(block).getUint32(at) === sum;
}

/** The checksum of a block as it stands in the journal. */
export function tagFits(format: JournalFormat, tag: Tag, bytes: Uint8Array, sequence: number): boolean {
  if (!isChecksumFormat(format)) return true;
  const sum = crc32c(crc32c(format.seed, be32(sequence)), bytes);
  return tag.checksum === (format.checksum === 'v3' ? sum : sum & 0xffff);
}

const COMMIT = { checksumType: 0x0c, checksumSize: 0x0d, checksum: 0x10 } as const;
const CRC32 = 1;

/** Whether a commit block closes its transaction: by its own checksum (v2, v3) or by that of all blocks before it (v1). */
export function commitFits(format: JournalFormat, block: Uint8Array, sum: TransactionSum): boolean {
  const view = viewOf(block);
  const stored = view.getUint32(COMMIT.checksum);
  if (isChecksumFormat(format)) {
    let crc = crc32c(format.seed, block, 0, COMMIT.checksum);
    crc = crc32c(crc, new Uint8Array(4));
    return crc32c(crc, block, COMMIT.checksum + 4) === stored;
  }
  if (format.checksum !== 'v1') return true;
  const type = block[COMMIT.checksumType];
  const size = block[COMMIT.checksumSize];
  // A commit without any checksum is taken as it is: the option may have been switched on later.
  if (type === 0 && size === 0 && stored === 0) return true;
  return type === CRC32 && size === 4 && stored === sum.value;
}

const CRC32_BE = new Uint32Array(256);
for (let n = 0; n < 256; n++) {
  let c = n << 24;
  for (let k = 0; k < 8; k++) c = c & 0x80000000 ? (c << 1) ^ 0x04c11db7 : c << 1;
  CRC32_BE[n] = c >>> 0;
}

/** CRC-32, highest bit first, over the descriptors and blocks of one transaction. */
export class TransactionSum {
  value = 0xffffffff;

  add(bytes: Uint8Array): void {
    let crc = this.value;
    for (const byte of bytes) crc = ((crc << 8) ^ CRC32_BE[(crc >>> 24) ^ byte]!) >>> 0;
    this.value = crc;
  }

  reset(): void {
    this.value = 0xffffffff;
  }
}
