/**
 * The checksums of ext4: CRC-16 of group descriptors (gdt_csum, "uninit_bg") and CRC-32C of everything (metadata_csum).
 * Kernel documentation, "Checksums". All CRC-32C values start from a seed and are not inverted at the end.
 */
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { GD, GOOD_OLD_INODE_SIZE, INODE, SB } from './layout.ts';

const CRC16_TABLE = new Uint16Array(256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xa001 : c >>> 1;
  CRC16_TABLE[n] = c;
}

/** CRC-16/ARC continued over bytes[start, end). */
export function crc16(crc: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  let c = crc & 0xffff;
  for (let i = start; i < end; i++) c = (c >>> 8) ^ CRC16_TABLE[(c ^ bytes[i]!) & 255]!;
  return c;
}

const ZEROS = new Uint8Array(4);

export function le32(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255);
}

function le64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, BigInt(value), true);
  return bytes;
}

export function superblockChecksum(raw: Uint8Array): number {
  return crc32c(0xffffffff, raw, 0, SB.checksum);
}

/** bg_checksum by the older CRC-16. `size` is the descriptor's: bytes past 32 count only where it is larger. */
export function descriptorCrc16(uuid: Uint8Array, group: number, descriptor: Uint8Array): number {
  let crc = crc16(crc16(0xffff, uuid), le32(group));
  crc = crc16(crc, descriptor, 0, GD.checksum);
  return crc16(crc, descriptor, GD.checksum + 2);
}

/** bg_checksum under metadata_csum. */
export function descriptorCrc32c(seed: number, group: number, descriptor: Uint8Array): number {
  let crc = crc32c(crc32c(seed, le32(group)), descriptor, 0, GD.checksum);
  crc = crc32c(crc, ZEROS, 0, 2);
  return crc32c(crc, descriptor, GD.checksum + 2) & 0xffff;
}

/** Seed of everything that belongs to one inode. */
export function inodeSeed(seed: number, ino: number, generation: number): number {
  return crc32c(crc32c(seed, le32(ino)), le32(generation));
}

/** i_checksum_hi exists where the inode's extra part reaches over it. */
export function hasChecksumHi(raw: Uint8Array): boolean {
  if (raw.length <= GOOD_OLD_INODE_SIZE) return false;
  const extra = raw[INODE.extraSize]! | (raw[INODE.extraSize + 1]! << 8);
  return extra >= 4;
}

/** Checksum of a whole inode with its own checksum fields taken as zero. `seed` is the inode's. */
export function inodeChecksum(seed: number, raw: Uint8Array): number {
  let crc = crc32c(seed, raw, 0, INODE.checksumLo);
  crc = crc32c(crc, ZEROS, 0, 2);
  crc = crc32c(crc, raw, INODE.checksumLo + 2, GOOD_OLD_INODE_SIZE);
  if (raw.length <= GOOD_OLD_INODE_SIZE) return crc;
  if (!hasChecksumHi(raw)) return crc32c(crc, raw, GOOD_OLD_INODE_SIZE);
  crc = crc32c(crc, raw, GOOD_OLD_INODE_SIZE, INODE.checksumHi);
  crc = crc32c(crc, ZEROS, 0, 2);
  return crc32c(crc, raw, INODE.checksumHi + 2);
}

/** Checksum of an extended attribute block: h_checksum at 0x10 counts as zero. */
export function xattrBlockChecksum(seed: number, block: number, bytes: Uint8Array): number {
  let crc = crc32c(crc32c(seed, le64(block)), bytes, 0, 0x10);
  crc = crc32c(crc, ZEROS);
  return crc32c(crc, bytes, 0x14);
}

/** Checksum of a block of the orphan file; `seed` is that inode's, the last 8 bytes are the tail. */
export function orphanBlockChecksum(seed: number, block: number, bytes: Uint8Array): number {
  return crc32c(crc32c(seed, le64(block)), bytes, 0, bytes.length - 8);
}
