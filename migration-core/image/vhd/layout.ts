/** VHD on disk: big-endian throughout (Microsoft, Virtual Hard Disk Image Format Specification 1.0). A sector is 512 bytes. */
import { viewOf } from '../../base/bytes.ts';

export const SECTOR = 512;
/** "conectix" */
export const FOOTER_MAGIC = 'conectix';
/** "cxsparse" */
export const HEADER_MAGIC = 'cxsparse';
export const FOOTER_BYTES = 512;
/** Virtual PC before 2004 left the last byte of the footer away. */
export const OLD_FOOTER_BYTES = 511;
export const HEADER_BYTES = 1024;
export const VERSION = 0x00010000;

/** "Hard Disk Footer Format": the last sector of the file, and of growing disks the first one too. */
export const FOOTER = {
  magic: 0, // 8 characters
  features: 8, // u32: 2 is always set, 1 = temporary
  version: 12, // u32
  dataOffset: 16, // u64: byte of the dynamic header; all ones where there is none
  timestamp: 24, // u32: seconds since 2000-01-01 UTC
  creator: 28, // 4 characters
  creatorVersion: 32, // u32
  creatorHost: 36, // 4 characters
  originalSize: 40, // u64: bytes
  currentSize: 48, // u64: bytes
  cylinders: 56, // u16
  heads: 58, // u8
  sectorsPerTrack: 59, // u8
  type: 60, // u32: a number of TYPE
  checksum: 64, // u32
  uniqueId: 68, // 16 bytes
  savedState: 84, // u8: 1 = belongs to a machine that was saved
} as const;

export const TYPE = { fixed: 2, dynamic: 3, differencing: 4 } as const;

/** "Dynamic Disk Header Format" */
export const HEADER = {
  magic: 0, // 8 characters
  dataOffset: 8, // u64: all ones
  tableOffset: 16, // u64: byte of the block allocation table (BAT)
  version: 24, // u32
  maxTableEntries: 28, // u32
  blockSize: 32, // u32: bytes, a power of two
  checksum: 36, // u32
  parentId: 40, // 16 bytes
  parentTimestamp: 56, // u32
  parentName: 64, // 512 bytes of UTF-16, big-endian
  locators: 576, // 8 of LOCATOR_BYTES
} as const;

export const PARENT_NAME_BYTES = 512;
export const LOCATORS = 8;
export const LOCATOR_BYTES = 24;
/** Offsets within a parent locator. */
export const LOCATOR = {
  code: 0, // 4 characters
  length: 8, // u32: bytes
  offset: 16, // u64: byte of the file
} as const;

/** A BAT entry is the sector of the block's bitmap, or this. */
export const ABSENT = 0xffffffff;
/** All writers' block; the specification's default. */
export const BLOCK = 2 << 20;
/** 2040 GiB, where Microsoft's own programs stop; with its tables such a disk just fits 32-bit sector numbers. */
export const LARGEST_DISK = 2040 * 2 ** 30;

/** Bytes of the sector bitmap in front of a block: a bit for each sector, rounded up to sectors. */
export const bitmapBytes = (blockSize: number): number => Math.ceil(blockSize / SECTOR / 8 / SECTOR) * SECTOR;

/** One's complement of the sum of all bytes but the checksum's own at `field`. */
export function checksumOf(bytes: Uint8Array, field: number): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) if (i < field || i >= field + 4) sum += bytes[i]!;
  return ~sum >>> 0;
}

export const isChecksumRight = (bytes: Uint8Array, field: number): boolean =>
  viewOf(bytes).getUint32(field) === checksumOf(bytes, field);

export interface Geometry {
  cylinders: number;
  heads: number;
  sectorsPerTrack: number;
}

/** "Appendix: CHS Calculation". Rounds down, and cannot say more than 127 GiB. */
export function geometryFor(sectors: number): Geometry {
  const total = Math.min(sectors, 65535 * 16 * 255);
  const of = (sectorsPerTrack: number, heads: number): Geometry => ({
    sectorsPerTrack,
    heads,
    cylinders: Math.floor(Math.floor(total / sectorsPerTrack) / heads),
  });
  if (total >= 65535 * 16 * 63) return of(255, 16);
  const tracks = Math.floor(total / 17);
  const heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks < heads * 1024 && heads <= 16) return of(17, heads);
  return Math.floor(total / 31) < 16 * 1024 ? of(31, 16) : of(63, 16);
}
