/**
 * The table of contents of a tar file: ustar (POSIX.1-1988), with the sizes and names beyond it that GNU (base-256
 * numbers, long names) and pax (POSIX.1-2001 extended headers) write. Contents are never read here.
 *
 *   header 512: name 100, mode 8, uid 8, gid 8, size 12, mtime 12, checksum 8, type 1, link 100, magic 8, ..., prefix 155 at 345
 *   then the contents, padded to 512; two zero blocks at the end
 */
import { latin1, roundUp } from '../../base/bytes.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';

const BLOCK = 512;
const FIELD = {
  name: [0, 100],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 6],
  prefix: [345, 155],
} as const;
/** A package of a machine has a handful. */
const MOST_MEMBERS = 10_000;
/** Of the headers that hold long names and sizes, bytes. */
const LARGEST_EXTENSION = 64 << 10;

export interface TarMember {
  /** As it is written there. */
  name: string;
  /** Bytes from the start of the tar file. */
  offset: number;
  length: number;
}

export function isTar(head: Uint8Array): boolean {
  return head.length >= BLOCK && latin1(head, ...FIELD.magic).startsWith('ustar') && checksumFits(head);
}

/** Regular files only, in their order. @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, READ_FAILED */
export function readTar(file: ReadFile): TarMember[] {
  const members: TarMember[] = [];
  const extension: { name?: string | undefined; size?: number | undefined } = {};
  let headers = 0;
  for (let at = 0; at + BLOCK <= file.size;) {
    const header = file.readNow(at, BLOCK);
    if (isZero(header)) break;
    if (++headers > 4 * MOST_MEMBERS || members.length >= MOST_MEMBERS)
      throw unsupported(file.path, `holds more than ${MOST_MEMBERS} files`, UNPACK_IT);
    if (!checksumFits(header))
      throw damaged(file.path, 'the checksum of a tar header does not match', { offset: at });
    const type = String.fromCharCode(header[FIELD.type[0]]!);
    // A size in an extended header is of the file that follows, not of another extended header.
    const isExtension = type === 'x' || type === 'g' || type === 'L' || type === 'K';
    const length = (isExtension ? undefined : extension.size) ?? sizeField(file.path, header);
    const offset = at + BLOCK;
    if (length > file.size - offset)
      throw damaged(file.path, 'a file in it reaches beyond its end', { offset, length });
    at = offset + roundUp(length, BLOCK);
    if (isExtension) {
      if (length > LARGEST_EXTENSION)
        throw damaged(file.path, 'an extended header is beyond all bounds', { length });
      if (type === 'L') extension.name = latin1OrUtf8(file.readNow(offset, length));
      else if (type === 'x') Object.assign(extension, paxFields(file, offset, length));
      continue;
    }
    const prefix = latin1(header, ...FIELD.magic) === 'ustar' ? text(header, FIELD.prefix) : '';
    const short = text(header, FIELD.name);
    const name = extension.name ?? (prefix === '' ? short : `${prefix}/${short}`);
    extension.name = extension.size = undefined;
    if (type === 'S') throw unsupported(file.path, 'holds a file with holes (GNU sparse)', UNPACK_IT);
    // Folders, links and devices have no place in a package.
    if (type === '0' || type === '\0' || type === '7') members.push({ name, offset, length });
  }
  return members;
}

const UNPACK_IT = 'Unpack it with `tar`, and name what is in it instead.';

/** The sum of all bytes of the header, its own field taken as spaces; old programs added them up as signed. */
function checksumFits(header: Uint8Array): boolean {
  const [from, length] = FIELD.checksum;
  const stored = octal(latin1(header, from, length));
  let sum = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= from && i < from + length ? 32 : header[i]!;
    sum += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  return stored === sum || stored === signed;
}

function sizeField(path: string, header: Uint8Array): number {
  const [from, length] = FIELD.size;
  const bytes = header.subarray(from, from + length);
  let size: number | null;
  if ((bytes[0]! & 0x80) === 0) size = octal(latin1(bytes));
  else {
    // GNU: base 256, big-endian; the first byte is 0x80 for what is not negative.
    size = bytes[0] === 0x80 ? 0 : null;
    for (let i = 1; i < length && size !== null; i++) size = size * 256 + bytes[i]!;
  }
  if (size === null || !Number.isSafeInteger(size)) throw damaged(path, 'a size in it is no number');
  return size;
}

function octal(field: string): number | null {
  const digits = field.trim();
  if (digits === '') return 0;
  return /^[0-7]+$/u.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** Records `LENGTH KEY=VALUE\n`, each with its length in front. */
function paxFields(file: ReadFile, offset: number, length: number): { name?: string; size?: number } {
  const bytes = file.readNow(offset, length);
  const fields: { name?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const count = space < 0 ? 0 : Number(bytes.toString('latin1', at, space));
    if (!Number.isInteger(count) || count < 5 || at + count > bytes.length)
      throw damaged(file.path, 'an extended header is broken', { offset: offset + at });
    const record = bytes.toString('utf8', space + 1, at + count - 1);
    const [key, value = ''] = record.split(/=(.*)/su);
    if (key === 'path') fields.name = value;
    if (key === 'size') {
      if (!/^\d{1,16}$/u.test(value) || !Number.isSafeInteger(Number(value)))
        throw damaged(file.path, 'a size in it is no number');
      fields.size = Number(value);
    }
    if (key?.startsWith('GNU.sparse') === true)
      throw unsupported(file.path, 'holds a file with holes (GNU sparse)', UNPACK_IT);
    at += count;
  }
  return fields;
}

const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

const text = (header: Uint8Array, [from, length]: readonly [number, number]): string =>
  latin1OrUtf8(header.subarray(from, from + length));

/** Names are bytes without an encoding: UTF-8 where they are that. */
function latin1OrUtf8(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const part = Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end));
  const decoded = part.toString('utf8');
  return decoded.includes('\ufffd') ? part.toString('latin1') : decoded;
}
