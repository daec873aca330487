/** qcow2 on disk: big-endian throughout (qemu, docs/interop/qcow2.txt). */

export const MAGIC = 0x514649fb; // "QFI\xfb"

/** Offsets of the header's fields, bytes. Version 2 ends after 72. */
export const HEADER = {
  magic: 0, // u32
  version: 4, // u32: 2 or 3
  backingOffset: 8, // u64: of the backing file's name; 0 = none
  backingSize: 16, // u32
  clusterBits: 20, // u32: 9..21
  size: 24, // u64: bytes of the disk
  crypt: 32, // u32: 0 none, 1 AES, 2 LUKS
  l1Size: 36, // u32: entries
  l1Offset: 40, // u64
  refcountTableOffset: 48, // u64
  refcountTableClusters: 56, // u32
  snapshots: 60, // u32: count
  snapshotsOffset: 64, // u64
  // version 3
  incompatible: 72, // u64 of bits
  compatible: 80, // u64 of bits
  autoclear: 88, // u64 of bits
  refcountOrder: 96, // u32: 4 = 16 bits
  length: 100, // u32: of this header
  compression: 104, // u8: 0 zlib, 1 zstd; where length > 104
} as const;

/** Bits of `incompatible` (all in its low half). */
export const INCOMPATIBLE = {
  dirty: 1 << 0,
  corrupt: 1 << 1,
  externalData: 1 << 2,
  compression: 1 << 3,
  extendedL2: 1 << 4,
} as const;

/** Bits of `compatible` and `autoclear` (in their low halves). */
export const COMPATIBLE = { lazyRefcounts: 1 << 0 } as const;
export const AUTOCLEAR = { bitmaps: 1 << 0, rawData: 1 << 1 } as const;

/** Types of the extensions that follow the header. */
export const EXTENSION = {
  end: 0,
  backingFormat: 0xe2792aca,
  dataFile: 0x44415441, // "DATA"
  bitmaps: 0x23852875,
} as const;

/** A cluster of an image with extended L2 entries has 32 parts with a state of their own. */
export const SUBCLUSTERS = 32;

/** Table entries: bits 9..55 are a host offset. As two 32-bit halves, since bit operations in JavaScript have 32 bits. */
export const ENTRY = {
  highOffset: 0x00ffffff,
  lowOffset: 0xfffffe00,
  /** In the high half: this cluster's refcount is exactly one. */
  copied: 0x80000000,
  /** In the high half of an L2 entry. */
  compressed: 0x40000000,
  /** In the low half of an L2 entry of version 3. */
  zero: 1,
  /** Bits of the high and low half that nobody sets, in entries of L1 and (plain) L2. */
  l1Reserved: [0x7f000000, 0x1ff],
  l2Reserved: [0x3f000000, 0x1fe],
} as const;

export const TWO_32 = 2 ** 32;
/** qemu opens no L1 table larger than this. */
export const L1_LIMIT = 32 << 20;
/** What fits under L1_LIMIT with the clusters written here (64 KiB): 2 PiB. */
export const LARGEST_DISK = (L1_LIMIT / 8) * (65536 / 8) * 65536;
