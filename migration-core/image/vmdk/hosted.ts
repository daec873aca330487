/** Hosted sparse extents ("KDMV"): plain grains, zeroed grains, and compressed ones (streamOptimized). */
import { isPowerOfTwo, viewOf } from '../../base/bytes.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import { CONVERT_IT } from './extent-kind.ts';
import { readDirectory, type TableExtent } from './extent.ts';
import { FLAGS, HEADER, MAGIC, SECTOR } from './layout.ts';
import { eitherDirectory, type SecondCopy } from './second-copy.ts';

/** Places and sizes in sectors. */
export interface HostedHeader {
  capacity: number;
  grainSize: number;
  entriesPerTable: number;
  /** 0: the extent has none. */
  descriptorOffset: number;
  descriptorSize: number;
  directory: number;
  /** 0: there is no second copy. */
  redundantDirectory: number;
  overhead: number;
  compressed: boolean;
  zeroGrains: boolean;
  unclean: boolean;
}

export interface HostedExtent extends TableExtent {
  readonly header: HostedHeader;
}

/** The footer of a stream: marker, header, end-of-stream marker are the last three sectors. */
const FOOTER_FROM_END = 2 * SECTOR;
const TOLD_BY_FOOTER = 2n ** 64n - 1n;
const LARGEST_GRAIN = (1 << 30) / SECTOR;
/** Compressed grains are unpacked in memory. */
const LARGEST_PACKED_GRAIN = (4 << 20) / SECTOR;
/** u64 sector of the disk and u32 length, before the zlib stream of a grain. */
export const GRAIN_RECORD = 12;

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function readHostedHeader(file: ReadFile): HostedHeader {
  const first = viewOf(file.readNow(0, SECTOR));
  if (first.getUint32(HEADER.magic, true) !== MAGIC)
    throw damaged(file.path, 'it does not begin as a VMDK file');
  if (first.getBigUint64(HEADER.directory, true) !== TOLD_BY_FOOTER) return parseHeader(file, first);
  const footer = viewOf(file.readNow(Math.max(0, file.size - FOOTER_FROM_END), SECTOR));
  if (footer.getUint32(HEADER.magic, true) !== MAGIC)
    throw damaged(file.path, 'it is cut off before its end');
  return parseHeader(file, footer);
}

function parseHeader(file: ReadFile, view: DataView): HostedHeader {
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
  const redundant = (flags & FLAGS.redundantTables) !== 0 && !compressed;
  const header: HostedHeader = {
    capacity: sectors(HEADER.capacity, 'its size'),
    grainSize: sectors(HEADER.grainSize, 'its grain size'),
    entriesPerTable: view.getUint32(HEADER.entriesPerTable, true),
    descriptorOffset: sectors(HEADER.descriptorOffset, 'the place of its descriptor'),
    descriptorSize: sectors(HEADER.descriptorSize, 'the size of its descriptor'),
    directory: sectors(HEADER.directory, 'the place of its grain directory'),
    redundantDirectory: redundant
      ? sectors(HEADER.redundantDirectory, 'the place of its redundant grain directory')
      : 0,
    overhead: sectors(HEADER.overhead, 'the place of its first grain'),
    compressed,
    zeroGrains: (flags & FLAGS.zeroGrains) !== 0,
    unclean: view.getUint8(HEADER.uncleanShutdown) !== 0,
  };
  // A mere wrapper of a descriptor: the rest of it means nothing.
  if (header.capacity === 0 && header.descriptorOffset > 0) return header;
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

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function openHosted(file: ReadFile, header = readHostedHeader(file)): HostedExtent {
  const { capacity, grainSize, entriesPerTable, compressed, zeroGrains } = header;
  const grain = grainSize * SECTOR;
  const tableBytes = entriesPerTable * 4;
  const count = Math.ceil(capacity / (grainSize * entriesPerTable));
  const { directory, redundantDirectory } = header;
  const readFrom = (sector: number) => (): Float64Array =>
    readDirectory(
      file,
      { offset: sector * SECTOR, count, bytes: 4, tableBytes },
      (view, at) => view.getUint32(at, true) * SECTOR,
    );
  const { tables, isSecond } = eitherDirectory(
    readFrom(directory),
    redundantDirectory === 0 ? null : readFrom(redundantDirectory),
  );
  const second: SecondCopy = {
    isDirectory: isSecond,
    tables: new Set(),
    place: (table) => file.readNow(redundantDirectory * SECTOR + table * 4, 4).readUInt32LE(0) * SECTOR,
  };
  return {
    kind: 'KDMV',
    header,
    sectors: capacity,
    grain,
    tables,
    ...(redundantDirectory === 0 ? {} : { second }),
    entries: entriesPerTable,
    tableBytes,
    packed: compressed ? GRAIN_RECORD + largestPacked(grain) : null,
    unclean: header.unclean,
    // Compressed grains follow each other and their tables without a gap or a rule.
    firstGrain: compressed ? 0 : header.overhead * SECTOR,
    room: compressed ? null : Math.max(0, file.size - header.overhead * SECTOR),
    entry(table, index) {
      const sector = table.getUint32(index * 4, true);
      if (sector === 0) return 'absent';
      return zeroGrains && sector === 1 ? 'zero' : sector * SECTOR;
    },
    // Grain record: u64 sector of the disk, u32 length, zlib stream. The last grain of a disk may be less than a whole one.
    packing: { codec: 'zlib', unit: grain, record: { bytes: GRAIN_RECORD, lengthAt: 8 }, short: true },
  };
}

/** What does not compress grows a little. */
const largestPacked = (grain: number): number => grain + Math.ceil(grain / 64) + 64;
