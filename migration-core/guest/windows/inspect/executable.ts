/**
 * What a program or DLL of Windows says of itself: the processor it is made for, and its version resource. From "Microsoft Portable
 * Executable and Common Object File Format Specification" and the structure VS_VERSIONINFO.
 */
import { latin1, viewOf } from '../../../base/bytes.ts';
import type { GuestReader } from '../../fixer.ts';
import type { Guest } from '../../guest.ts';

const MACHINES = new Map<number, Guest['architecture']>([
  [0x14c, 'i686'],
  [0x8664, 'x86_64'],
  [0xaa64, 'aarch64'],
]);

/** The headers lie within this; so does the table of sections. */
const HEADERS = 4096;
/** A resource section with icons and texts of all languages is smaller. */
const LARGEST_RESOURCES = 4 << 20;

export interface Executable {
  architecture: Guest['architecture'];
  /** `6.1.7601.17514`; null where there is no version resource. */
  version: string | null;
  /** OriginalFilename, in small letters; null where none is told. */
  originalName: string | null;
}

type RangeReader = Pick<GuestReader, 'readRange'>;

/** The same of a file that is in memory. */
export const readExecutableBytes = (bytes: Uint8Array): Promise<Executable | null> =>
  readExecutable(
    { readRange: async (_, offset, length) => Uint8Array.from(bytes.subarray(offset, offset + length)) },
    '',
  );

/** Null where the file is none. */
export async function readExecutable(files: RangeReader, path: string): Promise<Executable | null> {
  const head = await files.readRange(path, 0, HEADERS);
  if (head.length < 0x40 || latin1(head, 0, 2) !== 'MZ') return null;
  const view = viewOf(head);
  const at = view.getUint32(0x3c, true);
  // COFF header: 4 u16 machine, 6 u16 sections, 14 u16 size of the optional header that comes before the sections.
  if (at + 24 > head.length || latin1(head, at, 4) !== 'PE') return null;
  const architecture = MACHINES.get(view.getUint16(at + 4, true)) ?? 'unknown';
  const resources = await readResources(files, path, head, at);
  return {
    architecture,
    version: resources === null ? null : fixedVersion(resources),
    originalName: resources === null ? null : versionText(resources, 'OriginalFilename'),
  };
}

/** Section header, 40 bytes: 0 name, 10 u32 bytes in the file, 14 u32 where. */
async function readResources(
  files: RangeReader,
  path: string,
  head: Uint8Array,
  at: number,
): Promise<Uint8Array | null> {
  const view = viewOf(head);
  const count = view.getUint16(at + 6, true);
  const first = at + 24 + view.getUint16(at + 20, true);
  for (let section = 0; section < count; section++) {
    const entry = first + section * 40;
    if (entry + 40 > head.length) return null;
    if (latin1(head, entry, 8) !== '.rsrc') continue;
    const length = Math.min(view.getUint32(entry + 16, true), LARGEST_RESOURCES);
    return files.readRange(path, view.getUint32(entry + 20, true), length);
  }
  return null;
}

/** VS_FIXEDFILEINFO begins with FEEF04BD and 00010000; 8 u32 and C u32 are the version, two numbers of 16 bits each. */
function fixedVersion(resources: Uint8Array): string | null {
  const at = Buffer.from(resources.buffer, resources.byteOffset, resources.length).indexOf(
    Buffer.from('bd04effe00000100', 'hex'),
  );
  if (at < 0 || at + 16 > resources.length) return null;
  const view = viewOf(resources);
  const part = (offset: number): number => view.getUint16(at + offset, true);
  return `${part(10)}.${part(8)}.${part(14)}.${part(12)}`;
}

/** A string of the version resource: its name in UTF-16 with an end, then at the next multiple of four the value. */
function versionText(resources: Uint8Array, name: string): string | null {
  const bytes = Buffer.from(resources.buffer, resources.byteOffset, resources.length);
  const wanted = Buffer.from(`${name}\0`, 'utf16le');
  const at = bytes.indexOf(wanted);
  if (at < 0) return null;
  const start = (at + wanted.length + 3) & ~3;
  const text = bytes.subarray(start, start + 2 * 260).toString('utf16le');
  const end = text.indexOf('\0');
  return end <= 0 ? null : text.slice(0, end).toLowerCase();
}
