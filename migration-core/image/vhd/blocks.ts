/** What growing disks have besides the footer: the dynamic header, the block allocation table (BAT), names of the parent. */
import { isPowerOfTwo, viewOf } from '../../base/bytes.ts';
import { readUuid } from '../../base/guid.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import { sized, type Footer } from './footer.ts';
import {
  ABSENT,
  HEADER,
  HEADER_BYTES,
  HEADER_MAGIC,
  LOCATOR,
  LOCATORS,
  LOCATOR_BYTES,
  PARENT_NAME_BYTES,
  SECTOR,
  bitmapBytes,
  isChecksumRight,
} from './layout.ts';

export interface DynamicHeader {
  /** Byte of the header itself. */
  offset: number;
  tableOffset: number;
  maxTableEntries: number;
  /** Bytes of the disk in a block, and of the sector bitmap before it. */
  blockSize: number;
  bitmapSize: number;
  /** Blocks the disk needs: entries of the table that count. */
  blocks: number;
  /** Lower case; of no meaning without a parent. */
  parentId: string;
  /** As they are written, the best first. */
  parentNames: string[];
  /** Where the file keeps them, bytes. */
  locators: { offset: number; length: number }[];
}

/** 16 MiB of table: a whole disk of 2 TiB in blocks of 512 KiB, the smallest that programs offer. */
export const TABLE_LIMIT = 4 << 20;
const LARGEST_BLOCK = 1 << 30;
/** The longest path of Windows, in UTF-16. */
const LONGEST_NAME = 65536;

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED */
export function readDynamicHeader(file: ReadFile, footer: Footer): DynamicHeader {
  const { path, size } = file;
  const offset = footer.dataOffset;
  if (offset + HEADER_BYTES > size)
    throw damaged(path, 'its dynamic header is not within the file', { offset });
  const bytes = file.readNow(offset, HEADER_BYTES);
  const view = viewOf(bytes);
  if (bytes.toString('latin1', 0, 8) !== HEADER_MAGIC)
    throw damaged(path, 'its dynamic header does not begin as one', { offset });
  if (!isChecksumRight(bytes, HEADER.checksum))
    throw damaged(path, 'the checksum of its dynamic header is wrong', { offset });
  const blockSize = view.getUint32(HEADER.blockSize);
  if (!isPowerOfTwo(blockSize) || blockSize < SECTOR || blockSize > LARGEST_BLOCK)
    throw damaged(path, `its blocks have ${blockSize} bytes`);
  const blocks = Math.ceil(footer.size / blockSize);
  const maxTableEntries = view.getUint32(HEADER.maxTableEntries);
  if (blocks > maxTableEntries)
    throw damaged(path, 'its block table is too short for its size', { blocks, maxTableEntries });
  if (blocks > TABLE_LIMIT)
    throw unsupported(
      path,
      `has ${blocks} blocks, more than any program makes`,
      'Convert it to larger blocks with the program that made it.',
    );
  const tableOffset = sized(path, view, HEADER.tableOffset, 'the place of its block table');
  if (tableOffset + blocks * 4 > size)
    throw damaged(path, 'its block table is not within the file', { tableOffset, blocks });
  return {
    offset,
    tableOffset,
    maxTableEntries,
    blockSize,
    bitmapSize: bitmapBytes(blockSize),
    blocks,
    parentId: readUuid(bytes, HEADER.parentId),
    ...(footer.type === 'differencing' ? readParent(file, bytes) : { parentNames: [], locators: [] }),
  };
}

function readParent(file: ReadFile, bytes: Buffer): Pick<DynamicHeader, 'parentNames' | 'locators'> {
  const names = new Map<string, string>();
  const locators: DynamicHeader['locators'] = [];
  for (let i = 0; i < LOCATORS; i++) {
    const at = HEADER.locators + i * LOCATOR_BYTES;
    const code = bytes.toString('latin1', at + LOCATOR.code, at + LOCATOR.code + 4);
    // The other codes are aliases of a Mac, and names without an encoding in old Windows files.
    if (code !== 'W2ru' && code !== 'W2ku') continue;
    const length = bytes.readUInt32BE(at + LOCATOR.length);
    const offset = sized(file.path, viewOf(bytes), at + LOCATOR.offset, 'the place of a parent locator');
    if (length > LONGEST_NAME || offset + length > file.size)
      throw damaged(file.path, 'a parent locator is not within the file', { offset, length });
    names.set(code, untilNul(file.readNow(offset, length).toString('utf16le')));
    locators.push({ offset, length });
  }
  const plain = Buffer.from(
    bytes.subarray(HEADER.parentName, HEADER.parentName + PARENT_NAME_BYTES),
  ).swap16();
  return {
    // Images move together: the relative name holds longest.
    parentNames: [names.get('W2ru'), names.get('W2ku'), untilNul(plain.toString('utf16le'))].filter(
      (name) => name !== undefined && name !== '',
    ) as string[],
    locators,
  };
}

const untilNul = (text: string): string => text.split('\0', 1)[0]!;

/** `count` entries of the table from entry `first` on: sectors of blocks, or ABSENT. */
export function readTable(file: ReadFile, header: DynamicHeader, first: number, count: number): Uint32Array {
  const bytes = file.readNow(header.tableOffset + first * 4, count * 4);
  bytes.swap32();
  return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
}

/** Sectors of the blocks that are in the file, ascending. */
export function presentBlocks(table: Uint32Array): Uint32Array {
  let count = 0;
  for (let i = 0; i < table.length; i++) if (table[i] !== ABSENT) count++;
  const sectors = new Uint32Array(count);
  let isAscending = true;
  for (let i = 0, at = 0; i < table.length; i++) {
    const sector = table[i]!;
    if (sector === ABSENT) continue;
    if (at > 0 && sector < sectors[at - 1]!) isAscending = false;
    sectors[at++] = sector;
  }
  return isAscending ? sectors : sectors.sort();
}

export interface BlockFault {
  /** Ends a sentence that begins with the image. */
  message: string;
  /** Bytes from the start of the file. */
  offset: number;
}

/** Blocks that cannot be where the table says they are: outside the file, over each other, over the tables. */
export function* blockFaults(
  file: ReadFile,
  header: DynamicHeader,
  { size, table }: { size: number; table: Uint32Array },
): Generator<BlockFault> {
  const whole = header.bitmapSize + header.blockSize;
  // A writer may have cut the last block where the disk ends.
  const last = table.length === 0 ? ABSENT : table[table.length - 1]!;
  const lastLength = header.bitmapSize + (size - (header.blocks - 1) * header.blockSize);
  const headerEnd = header.offset + HEADER_BYTES;
  const tableEnd = header.tableOffset + header.blocks * 4;
  let end = 0;
  for (const sector of presentBlocks(table)) {
    const offset = sector * SECTOR;
    const until = offset + (sector === last ? lastLength : whole);
    if (until > file.size) yield { message: 'a block is not within the file', offset };
    if (offset < end) yield { message: 'two blocks share one place', offset };
    if (offset < headerEnd && until > header.offset)
      yield { message: 'a block lies over its dynamic header', offset };
    if (offset < tableEnd && until > header.tableOffset)
      yield { message: 'a block lies over its block table', offset };
    end = until;
  }
}
