/**
 * Structures of ISO 9660 (ECMA-119), with Joliet's names (UCS-2 in a second tree) and those of Rock Ridge (IEEE P1282 in the
 * system use fields of SUSP, IEEE P1281). Numbers stand twice, in both byte orders; the little-endian one is read.
 */
import { viewOf } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';

/** Bytes of a logical sector, ECMA-119 6.1.2. */
export const SECTOR = 2048;
/** First sector of the volume descriptors, 6.7.1. */
export const FIRST_DESCRIPTOR = 16;

export const DESCRIPTOR = { PRIMARY: 1, SUPPLEMENTARY: 2, END: 255 } as const;
/** 8.1.2. */
export const STANDARD_ID = 'CD001';
/** Escape sequences that say a supplementary tree is Joliet's: UCS-2 of level 1, 2 and 3. */
export const JOLIET_ESCAPES: readonly string[] = ['%/@', '%/C', '%/E'];

export interface VolumeDescriptor {
  type: number;
  label: Uint8Array;
  /** Of a supplementary one. */
  escapes: string;
  /** Bytes of a logical block: 512, 1024 or 2048. */
  blockSize: number;
  /** In blocks. */
  size: number;
  root: Uint8Array;
}

/** @throws RangeError past the end */
export function readDescriptor(bytes: Uint8Array): VolumeDescriptor {
  const view = viewOf(bytes);
  return {
    type: view.getUint8(0),
    label: bytes.subarray(40, 72),
    escapes: Buffer.from(bytes.subarray(88, 91)).toString('latin1'),
    size: view.getUint32(80, true),
    blockSize: view.getUint16(128, true),
    root: bytes.subarray(156, 190),
  };
}

/** Flags of a directory record, 9.1.6. */
export const FLAG = { DIRECTORY: 2, ASSOCIATED: 4, MORE_EXTENTS: 0x80 } as const;

export interface DirectoryRecord {
  /** Bytes of the record itself. */
  length: number;
  /** First block of its data, after an extended attribute record. */
  block: number;
  /** Bytes of data. */
  size: number;
  flags: number;
  interleaved: boolean;
  /** Seconds since 1970. */
  time: number;
  name: Uint8Array;
  systemUse: Uint8Array;
}

/** The record at `at`. @throws RangeError for one that leaves `bytes` */
export function readRecord(bytes: Uint8Array, at: number): DirectoryRecord {
  const view = viewOf(bytes);
  const length = view.getUint8(at);
  const nameLength = view.getUint8(at + 32);
  // A byte is added where the name's length is even, so that what follows starts at an even place.
  const nameEnd = 33 + nameLength + (nameLength % 2 === 0 ? 1 : 0);
  if (at + length > bytes.length || 33 + nameLength > length)
    throw new RangeError(`a directory record at ${at} is cut off`);
  return {
    length,
    block: view.getUint32(at + 2, true) + view.getUint8(at + 1),
    size: view.getUint32(at + 10, true),
    flags: view.getUint8(at + 25),
    interleaved: view.getUint8(at + 26) !== 0 || view.getUint8(at + 27) !== 0,
    time: recordTime(bytes.subarray(at + 18, at + 25)),
    name: bytes.subarray(at + 33, at + 33 + nameLength),
    systemUse: bytes.subarray(at + Math.min(nameEnd, length), at + length),
  };
}

/** 9.1.5: years since 1900, month, day, hour, minute, second, and the distance to UTC in quarters of an hour. */
function recordTime(bytes: Uint8Array): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0] = bytes;
  const local = Date.UTC(1900 + year, month - 1, day, hour, minute, second) / 1000;
  return Number.isFinite(local) ? local - ((zone << 24) >> 24) * 15 * 60 : 0;
}

export const SUSP = {
  CONTINUATION: 'CE',
  END: 'ST',
  NAME: 'NM',
  MODE: 'PX',
  MOVED: 'RE',
  CHILD: 'CL',
} as const;

export interface SystemUseEntry {
  signature: string;
  data: Uint8Array;
}

/** Fields of a system use area, up to what does not hold together. */
export function systemUseEntries(bytes: Uint8Array): SystemUseEntry[] {
  const entries: SystemUseEntry[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes[at + 2]!;
    if (length < 4 || at + length > bytes.length) break;
    const signature = Buffer.from(bytes.subarray(at, at + 2)).toString('latin1');
    if (signature === SUSP.END) break;
    entries.push({ signature, data: bytes.subarray(at + 4, at + length) });
    at += length;
  }
  return entries;
}

/** Where a system use area goes on: block, offset in it and length; null for data that are too short. */
export function continuationOf(data: Uint8Array): { block: number; offset: number; length: number } | null {
  if (data.length < 24) return null;
  const [block, offset, length] = [0, 8, 16].map((at) => viewOf(data).getUint32(at, true));
  return { block: block!, offset: offset!, length: length! };
}

export function isoDamaged(what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('ISO_DAMAGED', `The CD image is damaged: ${what}.`, {
    next: 'Copy the image again from where it came from.',
    data,
  });
}

export function isoNotSupported(what: string): IronliftError {
  return new IronliftError('ISO_NOT_SUPPORTED', `The CD image cannot be read: ${what}.`, {
    next: 'Open the image with the operating system, copy what is on it into a folder, and name the folder.',
  });
}
