/**
 * gzip (RFC 1952): members one after another, taken as one stream, as gzip itself does. A member tells neither its length
 * nor where in it one could begin, but those of BGZF do (SAMv1 specification, 4.1: `bgzip`, at most 64 KiB each, their
 * length in an extra field `BC`): such a file is read in place, in groups of members.
 *
 *   header: 1F 8B, method 8, flags (bit 2: extra field), time 4, 2, extra length 2, extra: (name 2, length 2, contents)...
 *   BC: length of the member - 1, u16; the last four bytes of the member: length it unpacks to, u32
 *
 * All others are unpacked to a temporary file. An index of places to begin at, made on the way as `zran` does, was
 * weighed and left: finding the borders of deflate blocks needs a decoder of our own, since Node's does not tell them,
 * and that takes longer than unpacking (zlib: 230 MB/s with the writing of the file); each later read in the middle
 * would unpack 8 MB on average for a distance of 16 MB between places, 35 ms instead of 0.02; and all of it would be
 * unpacked twice for a copy. The index would save the room of the temporary file and nothing else. The points that
 * `pigz` aligns to bytes are no help: `00 00 FF FF` may be data as well, and each needs the 32 KiB before it.
 */
import { createGunzip } from 'node:zlib';
import type { ReadFile } from '../read-file.ts';
import { isGzip } from './magic.ts';
import { MOST_PIECES, packedBytes, type Packing, type Piece } from './method.ts';
import { CHUNK, throughDecoder } from './zlib-stream.ts';

export const gzip: Packing = {
  id: 'gzip',
  isNative: true,
  detect: isGzip,
  pieces: bgzfGroups,
  unpackPiece: (file, { packedAt, packedLength }) => unpackRange(file, packedAt, packedLength),
  unpack: (file) => unpackRange(file, 0, file.size),
};

const unpackRange = (file: ReadFile, offset: number, length: number): AsyncGenerator<Uint8Array> =>
  throughDecoder(file.path, createGunzip({ chunkSize: CHUNK }), packedBytes(file, offset, length));

const EXTRA = 4;
const HEADER = 12;
const TRAILER = 8;
/** Of BGZF, bytes: its own field and whatever stands beside it. */
const LARGEST_EXTRA = 4096;
/** Members are read together until they unpack to so many bytes. */
const GROUP = 1 << 20;
/** Of the file, read at a time while headers are looked at, bytes. */
const WINDOW = 4 << 20;

/** Null where any member is not of BGZF. */
function bgzfGroups(file: ReadFile): Piece[] | null {
  const groups: Piece[] = [];
  let windowAt = 0;
  let window = file.readNow(0, 0);
  /** `length` bytes at `at`, zeros beyond the end of the file. */
  const bytesAt = (at: number, length: number): Buffer => {
    if (at < windowAt || at + length > windowAt + window.length) {
      windowAt = at;
      // Most gzip files are told by their first header.
      window = file.readNow(at, at === 0 ? HEADER + LARGEST_EXTRA : WINDOW);
    }
    return window.subarray(at - windowAt, at - windowAt + length);
  };
  let group: Piece | null = null;
  for (let at = 0; at < file.size;) {
    const length = memberLength(bytesAt, at);
    if (length === null || at + length > file.size) return null;
    const unpacked = bytesAt(at + length - 4, 4).readUInt32LE(0);
    if (group === null || group.length + unpacked > GROUP) {
      if (groups.length >= MOST_PIECES) return null;
      group = { packedAt: at, packedLength: 0, length: 0 };
      groups.push(group);
    }
    group.packedLength += length;
    group.length += unpacked;
    at += length;
  }
  return groups.filter((one) => one.length > 0);
}

/** Bytes of the BGZF member at `at`; null where there is none. */
function memberLength(bytesAt: (at: number, length: number) => Buffer, at: number): number | null {
  const header = bytesAt(at, HEADER);
  if (header.readUInt32BE(0) !== 0x1f8b0800 + EXTRA) return null;
  const extraLength = header.readUInt16LE(10);
  if (extraLength > LARGEST_EXTRA) return null;
  const extra = bytesAt(at + HEADER, extraLength);
  for (let field = 0; field + 4 <= extra.length;) {
    const length = extra.readUInt16LE(field + 2);
    if (extra.toString('latin1', field, field + 2) === 'BC' && length === 2 && field + 6 <= extra.length) {
      const member = extra.readUInt16LE(field + 4) + 1;
      return member < HEADER + extraLength + TRAILER ? null : member;
    }
    field += 4 + length;
  }
  return null;
}
