/** The extents of a VMDK that have tables, all little-endian. A sector is 512 bytes. */

export const SECTOR = 512;

/** Hosted sparse extent (VMware, Virtual Disk Format 5.0): Workstation, and streamOptimized everywhere. */
export const MAGIC = 0x564d444b; // "KDMV"

/** Offsets of the header's fields; the header is one sector. */
export const HEADER = {
  magic: 0, // u32
  version: 4, // u32: 1; 2 zeroed grains; 3 streamOptimized or change tracking
  flags: 8, // u32
  capacity: 12, // u64: sectors of the disk
  grainSize: 20, // u64: sectors, power of two
  descriptorOffset: 28, // u64: sector; 0 = none
  descriptorSize: 36, // u64: sectors
  entriesPerTable: 44, // u32: grains a grain table maps
  redundantDirectory: 48, // u64: sector
  directory: 56, // u64: sector; all ones = told by the footer
  overhead: 64, // u64: sectors before the first grain
  uncleanShutdown: 72, // u8
  newlines: 73, // "\n \r\n": a transfer as text would have changed them
  compression: 77, // u16: 0 none, 1 deflate
} as const;

export const FLAGS = {
  newlineCheck: 1 << 0,
  redundantTables: 1 << 1,
  /** Entry 1 of a grain table is a grain of zeros. */
  zeroGrains: 1 << 2,
  compressed: 1 << 16,
  markers: 1 << 17,
} as const;

export const NEWLINES = '\n \r\n';

/** What every VMware writes: grains of 64 KiB, tables of 512 entries (32 MiB of the disk). */
export const GRAIN = 64 << 10;
export const ENTRIES = 512;
export const TABLE_BYTES = ENTRIES * 4;

/** "COWD" (Virtual Disk Format 5.0, "ESX Server Sparse Extents"): snapshots on VMFS up to version 5. */
export const COWD_MAGIC = 0x44574f43;

/** The header is four sectors. */
export const COWD = {
  magic: 0, // u32
  version: 4, // u32: 1
  flags: 8, // u32: 3
  capacity: 12, // u32: sectors of the disk
  grainSize: 16, // u32: sectors
  directory: 20, // u32: sector
  directoryEntries: 24, // u32
  freeSector: 28, // u32: where the next table or grain goes
  uncleanShutdown: 1648, // u32, behind parent name and generation, name, description
} as const;

export const COWD_HEADER_BYTES = 2048;
/** Entries of a grain table, u32 sectors, 0 for none. */
export const COWD_ENTRIES = 4096;

/** seSparse: snapshots of disks above 2 TiB, and of all disks on VMFS 6. Not published; as QEMU reads it (block/vmdk.c). */
export const SESPARSE_MAGIC = 0xcafebaben;
export const SESPARSE_VOLATILE_MAGIC = 0xcafecafen;
export const SESPARSE_VERSION = 0x2_0000_0001n;

/** u64 each; places and sizes in sectors. The constant header is one sector, as is the volatile one. */
export const SESPARSE = {
  magic: 0,
  version: 8,
  capacity: 16,
  grainSize: 24, // 8
  tableSize: 32, // 64
  flags: 40, // 0
  volatileHeader: 80,
  directory: 128,
  directorySize: 136,
  tables: 144,
  tablesSize: 152,
  grains: 192,
  grainsSize: 200,
  // In the volatile header.
  replayJournal: 24,
} as const;

export const SESPARSE_GRAIN = 4096;
export const SESPARSE_ENTRIES = 4096;
export const SESPARSE_TABLE_BYTES = SESPARSE_ENTRIES * 8;

/** Sector numbers in the tables have 32 bits: 2 TiB of grains, less the tables themselves (two copies, 4 KiB for 32 MiB). */
export const LARGEST_SPARSE_DISK = 2 ** 41 - 2 ** 29;
/**
 * Sector numbers of streamOptimized have 32 bits too; a grain of noise needs 129 sectors, a table 5. This is what fits
 * even if nothing of it shrinks.
 */
export const LARGEST_STREAM = Math.floor((2 ** 32 / (ENTRIES * 129 + 6)) * 0.999) * ENTRIES * GRAIN;
