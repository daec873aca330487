/** The journal's format (jbd2; kernel documentation, "Journal (jbd2)"). Big-endian, unlike everything else. */

export const JOURNAL_MAGIC = 0xc03b3998;
export const BLOCK_TYPE = { descriptor: 1, commit: 2, superblockV1: 3, superblockV2: 4, revoke: 5 } as const;

/** Byte offsets in the journal superblock, after the common header (magic, type, sequence). */
export const JSB = {
  magic: 0x00,
  type: 0x04,
  blockSize: 0x0c,
  maxLength: 0x10,
  first: 0x14,
  sequence: 0x18,
  start: 0x1c,
  errno: 0x20,
  compat: 0x24,
  incompat: 0x28,
  uuid: 0x30,
  fastCommitBlocks: 0x54,
  checksum: 0xfc,
} as const;
export const JOURNAL_SUPERBLOCK_SIZE = 1024;

export const JOURNAL_COMPAT_CHECKSUM = 1;
export const JOURNAL_INCOMPAT = {
  revoke: 0x1,
  bits64: 0x2,
  asyncCommit: 0x4,
  checksumV2: 0x8,
  checksumV3: 0x10,
  fastCommit: 0x20,
} as const;
export const JOURNAL_KNOWN_INCOMPAT = 0x3f;

/** Flags of a descriptor's tag. */
export const TAG = { escaped: 1, sameUuid: 2, deleted: 4, last: 8 } as const;
