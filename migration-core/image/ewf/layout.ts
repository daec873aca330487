/**
 * EWF, the Expert Witness format (EnCase E01, SMART S01): little-endian throughout. Described by Joachim Metz, "Expert
 * Witness Compression Format (EWF)", libewf documentation, of which only facts are taken.
 *
 * A disk is cut into chunks; segment files (.E01, .E02 ... .E99, .EAA ...) hold chains of sections, each with a descriptor
 * that names the next. Tables tell where in their own segment file the chunks lie.
 */

export const MAGIC = 'EVF\x09\x0d\x0a\xff\0';

/** Of a segment file: magic 8, 1, segment number u16 at 9, 0 u16. */
export const FILE_HEADER = { number: 9, length: 13 } as const;

/** Of a section: type 16, offset of the next u64, size with this descriptor u64, padding 40, Adler-32 of what is before it. */
export const SECTION = { type: 0, next: 16, size: 24, checksum: 72, length: 76 } as const;

/** `volume` and `disk` sections as EnCase and FTK write them. The checksum is the last word. */
export const VOLUME = {
  mediaType: 0, // u8
  chunks: 4, // u32
  sectorsPerChunk: 8, // u32
  sectorSize: 12, // u32
  sectors: 16, // u64
  compression: 52, // u8
  guid: 64, // 16 bytes
  length: 1052,
} as const;

/** The shorter `volume` section of SMART and of the oldest EnCase. */
export const SMART_VOLUME = {
  chunks: 4,
  sectorsPerChunk: 8,
  sectorSize: 12,
  sectors: 16,
  length: 94,
} as const;

/** `table`: entries u32, padding 4, base offset u64, padding 4, Adler-32 of these 20; then the entries, and in most their Adler-32. */
export const TABLE = { entries: 0, base: 8, checksum: 20, length: 24 } as const;

/** In a table entry: this chunk is a zlib stream. The rest is its offset from the base. */
export const COMPRESSED = 0x80000000;

/** `error2`: entries u32, padding 512, Adler-32; then first sector u32 and number of sectors u32 each. */
export const ERROR2 = { entries: 0, length: 520, entry: 8 } as const;

/** EnCase writes 32 KiB; libewf up to 16 MiB. */
export const LARGEST_CHUNK = 16 << 20;
/** Tables of EnCase 6 and later have up to 65534 entries; those of libewf no more. */
export const MOST_ENTRIES = 1 << 20;
/** .E01 to .E99, .EAA to .ZZZ. */
export const MOST_SEGMENTS = 99 + 22 * 26 * 26;
/** A segment has two sections for every table, and a few more. */
export const MOST_SECTIONS = 1 << 20;
