/**
 * Numbers of the ext2/3/4 on-disk format (Linux kernel documentation, "ext4 Data Structures and Algorithms").
 * Everything is little-endian but the journal (see journal-layout.ts).
 */

export const SUPERBLOCK_OFFSET = 1024;
export const SUPERBLOCK_SIZE = 1024;
export const EXT_MAGIC = 0xef53;

/** Byte offsets in the superblock ("The Super Block"). */
export const SB = {
  inodesCount: 0x00,
  blocksCountLo: 0x04,
  freeBlocksLo: 0x0c,
  freeInodes: 0x10,
  firstDataBlock: 0x14,
  logBlockSize: 0x18,
  logClusterSize: 0x1c,
  blocksPerGroup: 0x20,
  clustersPerGroup: 0x24,
  inodesPerGroup: 0x28,
  magic: 0x38,
  state: 0x3a,
  revision: 0x4c,
  firstInode: 0x54,
  inodeSize: 0x58,
  blockGroupNumber: 0x5a,
  compat: 0x5c,
  incompat: 0x60,
  roCompat: 0x64,
  uuid: 0x68,
  label: 0x78,
  reservedGdtBlocks: 0xce,
  journalInode: 0xe0,
  lastOrphan: 0xe8,
  hashSeed: 0xec,
  defaultHashVersion: 0xfc,
  descriptorSize: 0xfe,
  firstMetaBg: 0x104,
  blocksCountHi: 0x150,
  freeBlocksHi: 0x158,
  flags: 0x160,
  mmpBlock: 0x168,
  logGroupsPerFlex: 0x174,
  checksumType: 0x175,
  userQuotaInode: 0x240,
  groupQuotaInode: 0x244,
  backupGroups: 0x24c,
  projectQuotaInode: 0x26c,
  checksumSeed: 0x270,
  orphanFileInode: 0x280,
  checksum: 0x3fc,
} as const;

/** s_state. */
export const STATE = { valid: 1, errors: 2, orphans: 4 } as const;

/** s_flags. */
export const UNSIGNED_HASH = 0x2;

export const COMPAT = {
  hasJournal: 0x4,
  dirIndex: 0x20,
  sparseSuper2: 0x200,
  fastCommit: 0x400,
  orphanFile: 0x1000,
} as const;

export const INCOMPAT = {
  compression: 0x1,
  filetype: 0x2,
  recover: 0x4,
  journalDevice: 0x8,
  metaBg: 0x10,
  extents: 0x40,
  bits64: 0x80,
  mmp: 0x100,
  flexBg: 0x200,
  eaInode: 0x400,
  dirdata: 0x1000,
  checksumSeed: 0x2000,
  largeDir: 0x4000,
  inlineData: 0x8000,
  encrypt: 0x10000,
  casefold: 0x20000,
} as const;

export const RO_COMPAT = {
  sparseSuper: 0x1,
  largeFile: 0x2,
  btreeDir: 0x4,
  hugeFile: 0x8,
  gdtChecksum: 0x10,
  dirNlink: 0x20,
  extraIsize: 0x40,
  hasSnapshot: 0x80,
  quota: 0x100,
  bigalloc: 0x200,
  metadataChecksum: 0x400,
  replica: 0x800,
  readOnly: 0x1000,
  project: 0x2000,
  sharedBlocks: 0x4000,
  verity: 0x8000,
  orphanPresent: 0x10000,
} as const;

/** Features a volume may have and still be read in full. */
export const KNOWN_INCOMPAT =
  INCOMPAT.filetype |
  INCOMPAT.recover |
  INCOMPAT.metaBg |
  INCOMPAT.extents |
  INCOMPAT.bits64 |
  INCOMPAT.mmp |
  INCOMPAT.flexBg |
  INCOMPAT.eaInode |
  INCOMPAT.checksumSeed |
  INCOMPAT.largeDir |
  INCOMPAT.inlineData |
  INCOMPAT.encrypt |
  INCOMPAT.casefold;

/** Features a volume may have and still be written; snapshots, shared blocks and read-only volumes are only read. */
export const WRITABLE_RO_COMPAT =
  RO_COMPAT.sparseSuper |
  RO_COMPAT.largeFile |
  RO_COMPAT.btreeDir |
  RO_COMPAT.hugeFile |
  RO_COMPAT.gdtChecksum |
  RO_COMPAT.dirNlink |
  RO_COMPAT.extraIsize |
  RO_COMPAT.quota |
  RO_COMPAT.bigalloc |
  RO_COMPAT.metadataChecksum |
  RO_COMPAT.project |
  RO_COMPAT.verity |
  RO_COMPAT.orphanPresent;

/** Byte offsets in a group descriptor ("Block Group Descriptors"); the `Hi` halves exist in descriptors of 64 bytes and more. */
export const GD = {
  blockBitmapLo: 0x00,
  inodeBitmapLo: 0x04,
  inodeTableLo: 0x08,
  freeBlocksLo: 0x0c,
  freeInodesLo: 0x0e,
  usedDirsLo: 0x10,
  flags: 0x12,
  blockBitmapChecksumLo: 0x18,
  inodeBitmapChecksumLo: 0x1a,
  itableUnusedLo: 0x1c,
  checksum: 0x1e,
  blockBitmapHi: 0x20,
  inodeBitmapHi: 0x24,
  inodeTableHi: 0x28,
  freeBlocksHi: 0x2c,
  freeInodesHi: 0x2e,
  usedDirsHi: 0x30,
  itableUnusedHi: 0x32,
  blockBitmapChecksumHi: 0x38,
  inodeBitmapChecksumHi: 0x3a,
} as const;

/** Group descriptor flags. */
export const BG = { inodeUninit: 1, blockUninit: 2, itableZeroed: 4 } as const;

/** Byte offsets in an inode ("Index Nodes"); from `extraSize` on only in inodes of more than 128 bytes. */
export const INODE = {
  mode: 0x00,
  uidLo: 0x02,
  sizeLo: 0x04,
  atime: 0x08,
  ctime: 0x0c,
  mtime: 0x10,
  dtime: 0x14,
  gidLo: 0x18,
  links: 0x1a,
  blocksLo: 0x1c,
  flags: 0x20,
  versionLo: 0x24,
  block: 0x28,
  generation: 0x64,
  fileAclLo: 0x68,
  sizeHi: 0x6c,
  blocksHi: 0x74,
  fileAclHi: 0x76,
  uidHi: 0x78,
  gidHi: 0x7a,
  checksumLo: 0x7c,
  extraSize: 0x80,
  checksumHi: 0x82,
  ctimeExtra: 0x84,
  mtimeExtra: 0x88,
  atimeExtra: 0x8c,
  crtime: 0x90,
  crtimeExtra: 0x94,
  projectId: 0x9c,
} as const;

/** i_block: 15 block numbers, or an extent tree root, or a short symlink, or inline data. */
export const I_BLOCK_SIZE = 60;
export const GOOD_OLD_INODE_SIZE = 128;

export const INODE_FLAG = {
  sync: 0x8,
  immutable: 0x10,
  append: 0x20,
  noDump: 0x40,
  noAtime: 0x80,
  encrypted: 0x800,
  index: 0x1000,
  journalData: 0x4000,
  dirSync: 0x10000,
  hugeFile: 0x40000,
  extents: 0x80000,
  verity: 0x100000,
  eaInode: 0x200000,
  eofBlocks: 0x400000,
  inlineData: 0x10000000,
  projectInherit: 0x20000000,
  casefold: 0x40000000,
} as const;

export const ROOT_INODE = 2;

/** The type bits of i_mode. */
export const S_IF = {
  mask: 0xf000,
  fifo: 0x1000,
  character: 0x2000,
  directory: 0x4000,
  block: 0x6000,
  file: 0x8000,
  symlink: 0xa000,
  socket: 0xc000,
} as const;
