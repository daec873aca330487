/** VDI on disk: little-endian throughout (VirtualBox, src/VBox/Storage/VDICore.h). */

/** At 64 in every version, after a line of text. */
export const SIGNATURE = 0xbeda107f;
export const SIGNATURE_AT = 64;
export const TEXT = '<<< Oracle VM VirtualBox Disk Image >>>\n';
/** u32 after the signature: major in the high half, minor in the low. */
export const VERSION_AT = 68;
export const VERSION_1_1 = 0x00010001;

/** Offsets of the fields of version 1. */
export const HEADER = {
  length: 72, // u32: of the header from here on
  type: 76, // u32: a number of TYPE
  flags: 80, // u32
  comment: 84, // 256 bytes
  mapOffset: 340, // u32: byte of the block map
  dataOffset: 344, // u32: byte of block 0
  legacySectorSize: 360, // u32, after three of geometry
  size: 368, // u64: bytes of the disk
  blockSize: 376, // u32: bytes, a power of two
  blockExtra: 380, // u32: bytes before each block's data
  blocks: 384, // u32: entries of the block map
  allocated: 388, // u32: blocks in the file
  createId: 392, // 16 bytes, and so are the others
  modifyId: 408,
  linkId: 424, // of the image this one holds the changes to
  parentModifyId: 440,
  sectorSize: 468, // u32, after three of geometry
} as const;

/** The first byte of the file after the header of version 1.1: it has 400 bytes from 72 on. */
export const HEADER_END = 472;
export const HEADER_LENGTH = 400;

/** Offsets of the fields of version 0 (VirtualBox before 1.0). The map follows the header, the data follows the map. */
export const HEADER_0 = {
  type: 72,
  size: 352,
  blockSize: 360,
  blocks: 364,
  allocated: 368,
  createId: 372,
  linkId: 404,
  end: 420,
} as const;

export const TYPE = { dynamic: 1, static: 2, undo: 3, differencing: 4 } as const;

/** Map entries from here on are no blocks of the file: this one reads as zeros, the next was never written. */
export const NO_BLOCK = 0xfffffffe;

/** What VirtualBox writes, and the only one QEMU reads. */
export const BLOCK = 1 << 20;
/** Entries of a map that is read: 512 MiB of it. */
export const MOST_BLOCKS = 2 ** 27;
/** 128 TiB, in blocks of 1 MiB. */
export const LARGEST_DISK = MOST_BLOCKS * BLOCK;
