/** Reads VMDK in one file: monolithicSparse, and streamOptimized (compressed grains, directory told by the footer or the header). */
import { inflateSync } from 'node:zlib';
import { isPowerOfTwo, utf8, viewOf } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import type { DiskImage } from '../image.ts';
import { hasTwice, mappedSource, tableCache, type UnitRun } from '../mapped.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { parseDescriptor } from './descriptor.ts';
import { FLAGS, HEADER, MAGIC, SECTOR } from './layout.ts';

/** All in sectors, but for the booleans. */
interface Header {
  capacity: number;
  grainSize: number;
  entriesPerTable: number;
  descriptorOffset: number;
  descriptorSize: number;
  directory: number;
  compressed: boolean;
  zeroGrains: boolean;
}

/** The footer of a stream: marker, header, end-of-stream marker are the last three sectors. */
const FOOTER_FROM_END = 2 * SECTOR;
const TOLD_BY_FOOTER = 2n ** 64n - 1n;
/** Grain tables a disk may have: with grains of 64 KiB, 128 TiB. */
const DIRECTORY_LIMIT = 4 << 20;
const LARGEST_GRAIN = (1 << 30) / SECTOR;
/** Compressed grains are unpacked in memory. */
const LARGEST_PACKED_GRAIN = (4 << 20) / SECTOR;
const DESCRIPTOR_LIMIT = (1 << 20) / SECTOR;
/** Sector number and length before the zlib stream of a grain. */
const GRAIN_RECORD = 12;

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, READ_FAILED, NOT_FOUND */
export async function openVmdk(path: string): Promise<DiskImage> {
  const file = await openReadFile(path);
  try {
    const header = readHeader(file);
    const keys = checkDescriptor(file, header);
    const grain = header.grainSize * SECTOR;
    return mappedSource({
      file,
      size: header.capacity * SECTOR,
      unit: grain,
      facts: {
        format: 'vmdk',
        subformat: keys.get('createtype')!,
        contentId: keys.get('cid')?.toLowerCase() ?? null,
        files: [path],
        parent: null,
        details: { 'Grain size': formatBytes(grain) },
      },
      run: grainLookup(file, header, readDirectory(file, header)),
      unpack: (packed) => unpackGrain(file, packed, grain),
      packing: { codec: 'zlib', unit: grain, record: { bytes: GRAIN_RECORD, lengthAt: 8 }, short: true },
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

const CONVERT_IT = 'Convert it with `qemu-img convert -O vmdk`, then start again.';

function readHeader(file: ReadFile): Header {
  const first = viewOf(file.readNow(0, SECTOR));
  if (first.getUint32(HEADER.magic, true) !== MAGIC) {
    if (utf8(file.readNow(0, 21)) === '# Disk DescriptorFile')
      throw unsupported(file.path, 'consists of several files', CONVERT_IT);
    throw damaged(file.path, 'it does not begin as a VMDK file');
  }
  if (first.getBigUint64(HEADER.directory, true) !== TOLD_BY_FOOTER) return parseHeader(file, first);
  const footer = viewOf(file.readNow(Math.max(0, file.size - FOOTER_FROM_END), SECTOR));
  if (footer.getUint32(HEADER.magic, true) !== MAGIC)
    throw damaged(file.path, 'it is cut off before its end');
  return parseHeader(file, footer);
}

function parseHeader(file: ReadFile, view: DataView): Header {
  const { path } = file;
  const version = view.getUint32(HEADER.version, true);
  if (version < 1 || version > 3) throw unsupported(path, `has version ${version}`, CONVERT_IT);
  const sectors = (offset: number, what: string): number => {
    const value = view.getBigUint64(offset, true);
    // So that a byte number is exact too.
    if (value > 2n ** 43n) throw damaged(path, `${what} is beyond all bounds`);
    return Number(value);
  };
  const flags = view.getUint32(HEADER.flags, true);
  const compressed = (flags & FLAGS.compressed) !== 0;
  const header: Header = {
    capacity: sectors(HEADER.capacity, 'its size'),
    grainSize: sectors(HEADER.grainSize, 'its grain size'),
    entriesPerTable: view.getUint32(HEADER.entriesPerTable, true),
    descriptorOffset: sectors(HEADER.descriptorOffset, 'the place of its descriptor'),
    descriptorSize: sectors(HEADER.descriptorSize, 'the size of its descriptor'),
    directory: sectors(HEADER.directory, 'the place of its grain directory'),
    compressed,
    zeroGrains: (flags & FLAGS.zeroGrains) !== 0,
  };
  const { grainSize, entriesPerTable } = header;
  if (
    !isPowerOfTwo(grainSize) ||
    grainSize < 8 ||
    grainSize > (compressed ? LARGEST_PACKED_GRAIN : LARGEST_GRAIN)
  )
    throw damaged(path, `its grains have ${grainSize} sectors`);
  if (entriesPerTable < 1 || entriesPerTable > 512)
    throw damaged(path, `its grain tables have ${entriesPerTable} entries`);
  if (compressed && view.getUint16(HEADER.compression, true) !== 1)
    throw unsupported(path, 'is compressed by a method that is not known here', CONVERT_IT);
  return header;
}

function checkDescriptor(file: ReadFile, header: Header): Map<string, string> {
  const { path } = file;
  if (header.descriptorOffset === 0)
    throw unsupported(path, 'is one part of a disk in several files', CONVERT_IT);
  if (header.descriptorSize > DESCRIPTOR_LIMIT) throw damaged(path, 'its descriptor is beyond all bounds');
  const text = utf8(file.readNow(header.descriptorOffset * SECTOR, header.descriptorSize * SECTOR));
  const keys = parseDescriptor(text);
  const type = keys.get('createtype') ?? '';
  if (!['monolithicsparse', 'streamoptimized'].includes(type.toLowerCase()))
    throw unsupported(path, `is a VMDK of another kind (${type.slice(0, 40)})`, CONVERT_IT);
  if ((keys.get('parentcid') ?? 'ffffffff').toLowerCase() !== 'ffffffff') {
    throw new IronliftError(
      'IMAGE_HAS_BACKING',
      `${path} holds only the changes to another image (a snapshot).`,
      {
        next: 'Delete the snapshots of the machine in VMware so that they are merged, then start again.',
        data: { path },
      },
    );
  }
  return keys;
}

/** Sectors of the grain tables, 0 where there is none. */
function readDirectory(file: ReadFile, header: Header): Float64Array {
  const { path } = file;
  const { capacity, grainSize, entriesPerTable } = header;
  const tables = Math.ceil(capacity / (grainSize * entriesPerTable));
  if (tables > DIRECTORY_LIMIT || header.directory * SECTOR + tables * 4 > file.size)
    throw damaged(path, 'its grain directory is not within the file', { tables });
  const view = viewOf(file.readNow(header.directory * SECTOR, tables * 4));
  const directory = new Float64Array(tables);
  for (let i = 0; i < tables; i++) {
    const sector = view.getUint32(i * 4, true);
    if (sector * SECTOR + entriesPerTable * 4 > file.size)
      throw damaged(path, 'a grain table is not within the file', { index: i, sector });
    directory[i] = sector;
  }
  if (hasTwice(directory)) throw damaged(path, 'two entries share one grain table');
  return directory;
}

function grainLookup(
  file: ReadFile,
  header: Header,
  directory: Float64Array,
): (index: number, count: number) => UnitRun {
  const { entriesPerTable, grainSize, compressed } = header;
  const tableAt = tableCache(file, entriesPerTable * 4);
  const isZero = (entry: number): boolean => entry === 0 || (header.zeroGrains && entry === 1);
  return (index, count) => {
    const first = index % entriesPerTable;
    const sector = directory[Math.floor(index / entriesPerTable)]!;
    if (sector === 0) return { kind: 'zero', count: entriesPerTable - first };
    const table = tableAt(sector * SECTOR);
    const entry = table.getUint32(first * 4, true);
    const zero = isZero(entry);
    if (!zero && entry * SECTOR >= file.size)
      throw damaged(file.path, 'a grain is not within the file', { index, sector: entry });
    if (!zero && compressed) return packedRun(file, entry, header);
    const most = Math.min(count, entriesPerTable - first);
    let run = 1;
    for (; run < most; run++) {
      const next = table.getUint32((first + run) * 4, true);
      if (isZero(next) !== zero) break;
      if (!zero && (next !== entry + run * grainSize || next * SECTOR >= file.size)) break;
    }
    return zero ? { kind: 'zero', count: run } : { kind: 'plain', count: run, offset: entry * SECTOR };
  };
}

/** A compressed grain tells its length itself; what may be of it is read, and cut when it is unpacked. */
function packedRun(file: ReadFile, sector: number, header: Header): UnitRun {
  const offset = sector * SECTOR;
  const most = GRAIN_RECORD + largestPacked(header.grainSize * SECTOR);
  return { kind: 'packed', count: 1, offset, length: Math.min(most, file.size - offset) };
}

/** What does not compress grows a little. */
const largestPacked = (grain: number): number => grain + Math.ceil(grain / 64) + 64;

/** Grain record: u64 sector of the disk, u32 length, zlib stream. The last grain of a disk may be less than a whole one. */
function unpackGrain(file: ReadFile, packed: Buffer, grain: number): Uint8Array {
  const length = packed.length < GRAIN_RECORD ? Infinity : packed.readUInt32LE(8);
  if (length > packed.length - GRAIN_RECORD)
    throw damaged(file.path, 'a compressed grain is not within the file', { length });
  let bytes: Buffer;
  try {
    bytes = inflateSync(packed.subarray(GRAIN_RECORD, GRAIN_RECORD + length), { maxOutputLength: grain });
  } catch (error) {
    throw damaged(file.path, `a compressed grain cannot be unpacked (${String(error)})`);
  }
  if (bytes.length === grain) return bytes;
  const whole = new Uint8Array(grain);
  whole.set(bytes);
  return whole;
}
