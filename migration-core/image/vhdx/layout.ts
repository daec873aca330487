/** VHDX on disk: little-endian throughout ([MS-VHDX], section numbers below are its own). */
import { crc32c } from '../../base/crc32c.ts';
import { viewOf } from '../../base/bytes.ts';

export const MIB = 1 << 20;
export const KIB_64 = 64 << 10;

/** 2.2.1: the first 64 KiB, written once and never again. */
export const FILE_TYPE = { signature: 'vhdxfile', creator: 8 } as const;
/** Of the creator's name, UTF-16, bytes. */
export const CREATOR_BYTES = 512;

/** 2.2.2: two headers, each 4 KiB; the valid one with the greater sequence number counts. */
export const HEADER_OFFSETS = [64 << 10, 128 << 10] as const;
export const HEADER_BYTES = 4096;
export const HEADER = {
  signature: 0, // "head"
  checksum: 4, // u32
  sequence: 8, // u64
  fileWriteGuid: 16,
  dataWriteGuid: 32,
  logGuid: 48, // zero: the log is empty
  logVersion: 64, // u16: 0
  version: 66, // u16: 1
  logLength: 68, // u32, whole MiB
  logOffset: 72, // u64, whole MiB
} as const;

/** 2.2.3: two copies of one table, 64 KiB each. */
export const REGION_OFFSETS = [192 << 10, 256 << 10] as const;
export const REGION_TABLE_BYTES = KIB_64;
export const REGION_TABLE = {
  signature: 0, // "regi"
  checksum: 4, // u32
  count: 8, // u32
  entries: 16,
} as const;
export const REGION_ENTRY_BYTES = 32;
export const REGION_ENTRY = {
  guid: 0,
  offset: 16, // u64, whole MiB
  length: 24, // u32, whole MiB
  required: 28, // u32: bit 0
} as const;
/** Entries a region table or a metadata table holds at most. */
export const TABLE_LIMIT = 2047;

export const REGION = {
  bat: '2DC27766-F623-4200-9D64-115E9BFD4A08',
  metadata: '8B7CA206-4790-4B9A-B8FE-575F050F886E',
} as const;

/** 2.3.1: entries of the log, in sectors of 4 KiB. */
export const LOG_SECTOR = 4096;
export const LOG_ENTRY_HEADER_BYTES = 64;
export const LOG_ENTRY = {
  signature: 0, // "loge"
  checksum: 4, // u32, over the whole entry
  length: 8, // u32, whole sectors
  tail: 12, // u32: bytes into the log, where the sequence that ends with this entry begins
  sequence: 16, // u64, above zero
  descriptors: 24, // u32
  logGuid: 32,
  flushedFileOffset: 48, // u64: size the file must have
  lastFileOffset: 56, // u64: size the file gets
} as const;
export const LOG_DESCRIPTOR_BYTES = 32;
export const LOG_DESCRIPTOR = {
  signature: 0, // "desc" or "zero"
  trailing: 4, // desc: the last 4 bytes of the sector
  leading: 8, // desc: the first 8 bytes of the sector
  zeroLength: 8, // zero: u64
  offset: 16, // u64 of the file
  sequence: 24, // u64
} as const;
export const LOG_DATA = {
  signature: 0, // "data"
  sequenceHigh: 4, // u32
  sequenceLow: 4092, // u32
} as const;

/** 2.6.1: metadata table, at the start of its region. */
export const METADATA_TABLE_BYTES = KIB_64;
export const METADATA_TABLE = {
  signature: 0, // "metadata"
  count: 10, // u16
  entries: 32,
} as const;
export const METADATA_ENTRY_BYTES = 32;
export const METADATA_ENTRY = {
  guid: 0,
  offset: 16, // u32, from the start of the region
  length: 20, // u32
  flags: 24, // u32
} as const;
export const METADATA_FLAGS = { user: 1, virtualDisk: 2, required: 4 } as const;
export const METADATA_ITEM_LIMIT = MIB;

/** 2.6.2 */
export const METADATA = {
  fileParameters: 'CAA16737-FA36-4D43-B3B6-33F0AA44E76B', // u32 block size, u32 flags
  size: '2FA54224-CD1B-4876-B211-5DBED83BF4B8', // u64
  diskId: 'BECA12AB-B2E6-4523-93EF-C309E000C746', // GUID, SCSI page 83
  logicalSector: '8141BF1D-A96F-4709-BA47-F233A8FAAB5F', // u32
  physicalSector: 'CDA348C7-445D-4471-9CC9-E9885251C556', // u32
  parentLocator: 'A8D35F2D-B30B-454D-ABF7-D3D84834AB0C',
} as const;
/** Second field of the file parameters. */
export const FILE_PARAMETERS = { leaveBlocksAllocated: 1, hasParent: 2 } as const;

/** 2.6.2.6 */
export const LOCATOR = {
  type: 0, // GUID
  count: 18, // u16
  entries: 20, // each: u32 key offset, u32 value offset, u16 key length, u16 value length
} as const;
export const LOCATOR_ENTRY_BYTES = 12;
export const LOCATOR_TYPE_VHDX = 'B04AEFB7-D19E-4A81-B789-25B8E9445913';

/** 2.5.1.1; 5 is what UNMAPPED was before version 1.00 of the format. */
export const PAYLOAD = {
  notPresent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  unmappedOld: 5,
  fullyPresent: 6,
  partiallyPresent: 7,
} as const;
/** 2.5.1.2 */
export const BITMAP = { notPresent: 0, present: 6 } as const;
/** Bits 0..2 of a BAT entry are the state, bits 20..63 the offset in MiB, those between are zero. */
export const BAT_STATE = 7;
export const BAT_ENTRY_BYTES = 8;
/** Sectors that the bitmap of one chunk tells of: 1 MiB of bits. */
export const SECTORS_PER_CHUNK = 2 ** 23;

export const LARGEST_DISK = 2 ** 46; // 64 TiB
export const SMALLEST_BLOCK = MIB;
export const LARGEST_BLOCK = 256 * MIB;

const ZEROS = new Uint8Array(4);

/** CRC-32C of a structure whose checksum field (u32 at 4) counts as zero. */
export function checksumOf(bytes: Uint8Array): number {
  return ~crc32c(crc32c(crc32c(~0, bytes, 0, 4), ZEROS), bytes, 8) >>> 0;
}

export function setChecksum(bytes: Uint8Array): void {
  viewOf(bytes).setUint32(4, checksumOf(bytes), true);
}

export const hasValidChecksum = (bytes: Uint8Array): boolean =>
  viewOf(bytes).getUint32(4, true) === checksumOf(bytes);

/** Whether the file's bytes at `offset` are this ASCII text. */
export function hasSignature(bytes: Uint8Array, text: string, offset = 0): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}
