/**
 * Where the fields of a registry hive ("regf") lie. Offsets inside a cell count from its data, behind the 4-byte cell size;
 * all integers are little-endian. "Offset" of a cell is relative to the start of the hive bins, which begin behind the base
 * block. Source: M. Suhanov, "Windows registry file format specification" (github.com/msuhanov/regf).
 */

/** The base block comes before the hive bins; bins and the data of the file grow in pages of the same size. */
export const BASE_BLOCK = 4096;
export const PAGE = 4096;
/** "No cell". */
export const NONE = 0xffffffff;

export const BASE = {
  signature: 0,
  primarySequence: 4,
  secondarySequence: 8,
  timestamp: 12,
  major: 20,
  minor: 24,
  fileType: 28,
  fileFormat: 32,
  rootCell: 36,
  binsSize: 40,
  clusteringFactor: 44,
  flags: 144,
  /** XOR of the 127 words before it. */
  checksum: 508,
} as const;

export const BIN = { signature: 0, offset: 4, size: 8, timestamp: 20, header: 32 } as const;

export const NK = {
  flags: 2,
  timestamp: 4,
  parent: 16,
  subkeyCount: 20,
  volatileCount: 24,
  subkeyList: 28,
  volatileList: 32,
  valueCount: 36,
  valueList: 40,
  security: 44,
  className: 48,
  /** 16 bits; Windows since Vista keeps flags in the 16 above. */
  maxSubkeyName: 52,
  maxSubkeyClass: 56,
  maxValueName: 60,
  maxValueData: 64,
  nameLength: 72,
  classLength: 74,
  name: 76,
} as const;

export const KEY_FLAG = {
  hiveEntry: 0x04,
  noDelete: 0x08,
  symbolicLink: 0x10,
  /** The name is one byte a character (Latin-1), not UTF-16. */
  compressedName: 0x20,
  /** The value count is a handle, and there are no values. */
  predefinedHandle: 0x40,
} as const;

export const VK = { nameLength: 2, dataSize: 4, data: 8, type: 12, flags: 16, name: 20 } as const;
export const VALUE_COMPRESSED_NAME = 1;
/** In the data size: up to 4 bytes of data lie where the offset of the data would. */
export const DATA_INLINE = 0x80000000;

export const SK = { next: 4, previous: 8, references: 12, size: 16, descriptor: 20 } as const;

export const DB = { count: 2, list: 4, size: 8 } as const;
/** The most data one segment of big data holds, and so the most a value holds without being big data. */
export const SEGMENT = 16344;
/** Big data exists from hives of format 1.4 on. */
export const BIG_DATA_SINCE_MINOR = 4;

export const LIST = { count: 2, elements: 4 } as const;
/** Lists with hashes exist from hives of format 1.5 on, lists with the first four characters from 1.3 on. */
export const HASH_LEAF_SINCE_MINOR = 5;
/**
 * The most elements Windows puts into one leaf before it divides the list: what fits a bin of one page with its header, the
 * cell size and the list header, less one (506 elements of 8 bytes). Leaves read may be longer, up to their 16-bit count.
 */
export const MAX_LEAF = 506;

/** A hive may be 512 MiB here: twice what Windows lets the largest hive (SOFTWARE) grow to on a server in use. */
export const MAX_HIVE = 512 * 1024 * 1024;
/** Windows allows no deeper tree of keys. */
export const MAX_DEPTH = 512;
/** In UTF-16 units, as Windows limits them. */
export const MAX_KEY_NAME = 255;
export const MAX_VALUE_NAME = 16383;
/** What the 16-bit length of a class name allows, in UTF-16 units. */
export const MAX_CLASS_NAME = 32767;

export const signatureAt = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');

/** A signature as bytes. */
export const letters = (signature: string): Uint8Array => Buffer.from(signature, 'latin1');
