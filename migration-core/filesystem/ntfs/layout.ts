/**
 * Names of the numbers of NTFS: types of attributes, records with a fixed place, flags. All integers are little-endian.
 * Sources: the public NTFS documentation of the Linux-NTFS project, and [MS-FSCC] for file attributes and reparse tags.
 */

/** Records of the MFT with a fixed number. */
export const RECORD = {
  mft: 0,
  mftMirror: 1,
  logFile: 2,
  volume: 3,
  root: 5,
  bitmap: 6,
  boot: 7,
  badClusters: 8,
  secure: 9,
  upcase: 10,
  extend: 11,
  /** Those before it belong to the file system itself. */
  firstUser: 16,
  /** Those from here on are given to files; 12 to 23 are kept free. */
  firstFree: 24,
} as const;

export const ATTRIBUTE = {
  standardInformation: 0x10,
  list: 0x20,
  fileName: 0x30,
  objectId: 0x40,
  security: 0x50,
  volumeName: 0x60,
  volumeInformation: 0x70,
  data: 0x80,
  indexRoot: 0x90,
  indexAllocation: 0xa0,
  bitmap: 0xb0,
  reparsePoint: 0xc0,
  end: 0xffffffff,
} as const;

/** Flags of an attribute. */
export const ATTRIBUTE_FLAG = {
  compressionMask: 0x00ff,
  lznt1: 0x0001,
  encrypted: 0x4000,
  sparse: 0x8000,
} as const;

/** Flags of an MFT record. */
export const RECORD_FLAG = { inUse: 1, directory: 2 } as const;

/** File attributes, in $STANDARD_INFORMATION and $FILE_NAME. */
export const FILE = {
  readOnly: 0x1,
  hidden: 0x2,
  system: 0x4,
  archive: 0x20,
  sparse: 0x200,
  reparsePoint: 0x400,
  compressed: 0x800,
  encrypted: 0x4000,
  /** In $FILE_NAME only: the file has an index of names. */
  directory: 0x10000000,
} as const;

/** Which kinds of names a $FILE_NAME serves. */
export const NAMESPACE = { posix: 0, win32: 1, dos: 2, win32AndDos: 3 } as const;

/** Reparse tags, [MS-FSCC] 2.1.2.1. */
export const REPARSE = {
  mountPoint: 0xa0000003,
  symlink: 0xa000000c,
  wof: 0x80000017,
  appExecLink: 0x8000001b,
  lxSymlink: 0xa000001d,
  socket: 0x80000023,
  lxFifo: 0x80000024,
  lxCharacter: 0x80000025,
  lxBlock: 0x80000026,
} as const;

/** Name of the index that makes a record a directory. */
export const DIRECTORY_INDEX = '$I30';

/** Flags of an index entry. */
export const ENTRY_FLAG = { subnode: 1, last: 2 } as const;

/** Every so many bytes of a record, the last two are protected by its update sequence array; 512 whatever the sector size. */
export const STRIDE = 512;

/** Seconds between 1601, where the times of Windows begin, and 1970. */
const EPOCH = 11644473600;

/** A time of Windows (100 ns since 1601) at `offset`, as seconds since 1970. */
export function readTime(view: DataView, offset: number): number {
  // Two halves of 32 bits: the sum is exact to the tenth of a millisecond, which a float of seconds can hold.
  const high = view.getUint32(offset + 4, true);
  const low = view.getUint32(offset, true);
  return (high * 4294967296 + low) / 1e7 - EPOCH;
}

export function writeTime(view: DataView, offset: number, seconds: number): void {
  const ticks = BigInt(Math.round((seconds + EPOCH) * 1e6)) * 10n;
  view.setBigUint64(offset, BigInt.asUintN(64, ticks), true);
}

/** A reference to a record: its number (48 bits) and the sequence number it must have. */
export interface Reference {
  record: number;
  sequence: number;
}

export const readReference = (view: DataView, offset: number): Reference => ({
  record: view.getUint32(offset, true) + view.getUint16(offset + 4, true) * 4294967296,
  sequence: view.getUint16(offset + 6, true),
});

export function writeReference(view: DataView, offset: number, { record, sequence }: Reference): void {
  view.setUint32(offset, record % 4294967296, true);
  view.setUint16(offset + 4, Math.floor(record / 4294967296), true);
  view.setUint16(offset + 6, sequence, true);
}

/** UTF-16 as it is, unpaired surrogates included: names are data. */
export const readUtf16 = (bytes: Uint8Array, offset: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('utf16le');
