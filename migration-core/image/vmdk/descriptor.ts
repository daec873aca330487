/** The text part of a VMDK, read: what kind of disk it is, and which extents in which files it consists of. */
import { damaged } from '../read-file.ts';

export interface ExtentLine {
  access: 'RW' | 'RDONLY' | 'NOACCESS';
  /** Sectors of 512 bytes. */
  sectors: number;
  /** FLAT, SPARSE, ZERO, VMFS, VMFSSPARSE, SESPARSE, VMFSRDM, VMFSRAW; upper case. */
  type: string;
  /** As it is written; null where there is none (ZERO). */
  name: string | null;
  /** Sectors from the start of the file; null where none is told. */
  offset: number | null;
}

export interface Descriptor {
  /** Key in lower case, with the `ddb.` of the disk database; without quotes: `createtype`, `ddb.adaptertype` ... */
  keys: ReadonlyMap<string, string>;
  extents: readonly ExtentLine[];
}

export const DESCRIPTOR_LIMIT = 1 << 20;
/** Keys are looked at in the head of the text only when it has an odd beginning. */
const PROBED_LINES = 64;
/** Extents of 2 GiB make 16 TiB of these, twice what VMware's split disks can have; each is an open file. */
export const MOST_EXTENTS = 8192;
const LONGEST_LINE = 4096;
/** Sectors of all extents together, so that byte numbers stay exact: 4 PiB. */
const MOST_SECTORS = 2 ** 43;

/** Whether a file begins as a descriptor: a comment that says so, or comments and blank lines and then a version. */
export function isDescriptor(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 4096))
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/u, '');
  for (const [index, line] of text.split('\n', PROBED_LINES).entries()) {
    const bare = line.trim();
    if (index === 0 && /^#\s{0,3}disk\s{0,3}descriptor\s{0,3}file$/iu.test(bare)) return true;
    if (bare === '' || bare.startsWith('#')) continue;
    return /^version\s{0,3}=\s{0,3}"?[123]"?$/iu.test(bare);
  }
  return false;
}

/**
 * The descriptor in these bytes; `path` is the file it is in, for messages. What is neither a key nor an extent is passed
 * over: there are comments and keys of many programs.
 * @throws IMAGE_DAMAGED for an extent line that cannot be read
 */
export function parseDescriptor(path: string, bytes: Uint8Array): Descriptor {
  const keys = new Map<string, string>();
  const extents: ExtentLine[] = [];
  let sectors = 0;
  for (const [index, line] of decode(bytes).split('\n').entries()) {
    const bare = line.trim();
    if (bare === '' || bare.startsWith('#')) continue;
    if (bare.length > LONGEST_LINE)
      throw damaged(path, `line ${index + 1} of its descriptor is beyond all bounds`);
    const extent = /^(RW|RDONLY|NOACCESS)\s+[^\s=]/iu.test(bare) ? parseExtent(bare) : undefined;
    if (extent === undefined) {
      const at = bare.indexOf('=');
      if (at > 0) keys.set(bare.slice(0, at).trim().toLowerCase(), unquoted(bare.slice(at + 1)));
      continue;
    }
    if (extent === null)
      throw damaged(path, `line ${index + 1} of its descriptor is no extent`, { line: bare.slice(0, 200) });
    sectors += extent.sectors;
    if (extents.push(extent) > MOST_EXTENTS || sectors > MOST_SECTORS)
      throw damaged(path, 'its extents are beyond all bounds', { extents: extents.length, sectors });
  }
  return { keys, extents };
}

/** `RW 4192256 SPARSE "disk-s001.vmdk"`, `RW 63 FLAT "disk-flat.vmdk" 0`, `RW 100 ZERO`; null for anything else. */
function parseExtent(line: string): ExtentLine | null {
  // What may follow the offset (a partition's id) belongs to disks in physical devices, which are refused anyway.
  const match =
    /^(RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+([A-Z]{1,20})(?:\s+"(.*)"(?:\s+(\d{1,15}))?(?:\s+\S+)*)?$/iu.exec(
      line,
    );
  if (match === null) return null;
  const [, access, sectors, type, name = null, offset] = match;
  return {
    access: access!.toUpperCase() as ExtentLine['access'],
    sectors: Number(sectors),
    type: type!.toUpperCase(),
    name,
    offset: offset === undefined ? null : Number(offset),
  };
}

function unquoted(text: string): string {
  const bare = text.trim();
  return bare.length > 1 && bare.startsWith('"') && bare.endsWith('"') ? bare.slice(1, -1) : bare;
}

/** Up to the first NUL; UTF-8, or what `encoding` says where it is not that (file names may be in it). */
function decode(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text);
  } catch {
    const latin1 = Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1');
    const encoding = /^encoding\s{0,3}=\s{0,3}"?([\w-]{1,40})"?\s{0,3}$/imu.exec(latin1)?.[1];
    return new TextDecoder(known(encoding)).decode(text);
  }
}

function known(encoding: string | undefined): string {
  try {
    return new TextDecoder(encoding ?? 'windows-1252').encoding;
  } catch {
    return 'windows-1252';
  }
}
