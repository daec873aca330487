/** Programs and drivers of Windows as files (PE Format of Microsoft): which processor they are for, and their version. */
import { viewOf } from '../../../base/bytes.ts';
import type { DriverArchitecture } from './inf/models.ts';

/** IMAGE_FILE_MACHINE_*. */
const MACHINES: ReadonlyMap<number, DriverArchitecture> = new Map([
  [0x014c, 'x86'],
  [0x8664, 'amd64'],
  [0xaa64, 'arm64'],
]);
/** The loader takes 96. */
const MAX_SECTIONS = 96;
/** Bytes of resources that are looked through for the version; drivers have a few kilobytes of them. */
const MAX_RESOURCES = 4 << 20;
const VERSION_KEY = Buffer.from('VS_VERSION_INFO\0', 'utf16le');
/** VS_FIXEDFILEINFO.dwSignature. */
const FIXED_INFO = 0xfeef04bd;

export interface PeFile {
  /** null for a processor that no server of ours has. */
  architecture: DriverArchitecture | null;
  /** Four numbers of the version resource; null where there is none. */
  version: readonly [number, number, number, number] | null;
}

/** null for what is no program. */
export function readPe(bytes: Uint8Array): PeFile | null {
  try {
    return read(bytes);
  } catch (error) {
    // A header that points past the end.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function read(bytes: Uint8Array): PeFile | null {
  const view = viewOf(bytes);
  if (view.getUint16(0, true) !== 0x5a4d) return null;
  const pe = view.getUint32(0x3c, true);
  if (view.getUint32(pe, true) !== 0x00004550) return null;
  const architecture = MACHINES.get(view.getUint16(pe + 4, true)) ?? null;
  const sections = Math.min(view.getUint16(pe + 6, true), MAX_SECTIONS);
  const first = pe + 24 + view.getUint16(pe + 20, true);
  for (let i = 0; i < sections; i++) {
    const at = first + i * 40;
    const name = Buffer.from(bytes.subarray(at, at + 8)).toString('latin1');
    if (name !== '.rsrc\0\0\0') continue;
    const offset = view.getUint32(at + 20, true);
    const size = Math.min(view.getUint32(at + 16, true), MAX_RESOURCES);
    return { architecture, version: fixedVersion(bytes.subarray(offset, offset + size)) };
  }
  return { architecture, version: null };
}

/** VS_VERSIONINFO is found by its key; after it, at a multiple of four bytes, stands the fixed part. */
function fixedVersion(resources: Uint8Array): PeFile['version'] {
  const buffer = Buffer.from(resources.buffer, resources.byteOffset, resources.length);
  const key = buffer.indexOf(VERSION_KEY);
  if (key < 0) return null;
  const at = (key + VERSION_KEY.length + 3) & ~3;
  if (at + 16 > buffer.length || buffer.readUInt32LE(at) !== FIXED_INFO) return null;
  const high = buffer.readUInt32LE(at + 8);
  const low = buffer.readUInt32LE(at + 12);
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff];
}
