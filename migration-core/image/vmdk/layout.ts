/** VMDK, hosted sparse extent ("KDMV"), little-endian (VMware, Virtual Disk Format 5.0). A sector is 512 bytes. */

export const SECTOR = 512;
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
