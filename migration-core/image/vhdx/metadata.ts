/** The metadata region: what the disk is like, and of a differencing disk, where its parent is ([MS-VHDX] 2.6). */
import { isPowerOfTwo, viewOf } from '../../base/bytes.ts';
import { readGuid } from '../../base/guid.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import { bounded, CONVERT_IT, type Region } from './headers.ts';
import {
  FILE_PARAMETERS,
  hasSignature,
  LARGEST_BLOCK,
  LARGEST_DISK,
  LOCATOR,
  LOCATOR_ENTRY_BYTES,
  LOCATOR_TYPE_VHDX,
  METADATA,
  METADATA_ENTRY,
  METADATA_ENTRY_BYTES,
  METADATA_FLAGS,
  METADATA_ITEM_LIMIT,
  METADATA_TABLE,
  METADATA_TABLE_BYTES,
  SMALLEST_BLOCK,
  TABLE_LIMIT,
} from './layout.ts';

export interface MetadataItem {
  guid: string;
  isUser: boolean;
  /** Bytes from the start of the region, and of the item. */
  offset: number;
  length: number;
}

export interface Metadata {
  items: MetadataItem[];
  /** Bytes. */
  blockSize: number;
  size: number;
  sectorSize: 512 | 4096;
  physicalSectorSize: number;
  /** All blocks are to stay allocated. */
  isFixed: boolean;
  diskId: string;
  /** Null where the disk is no differencing one. */
  parent: ParentLocator | null;
}

export interface ParentLocator {
  /** What the parent's data write GUID may be, lower case, without braces. */
  linkages: string[];
  /** Where the parent may be, the best first (2.6.2.6.3: in this order). */
  paths: string[];
}

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED for an item that must be understood and is not */
export function readMetadata(file: ReadFile, region: Region): Metadata {
  const { path } = file;
  const items = readItems(file, region);
  const item = (guid: string, what: string, bytes: number): Buffer => {
    const found = items.find((candidate) => !candidate.isUser && candidate.guid === guid);
    if (found === undefined) throw damaged(path, `its metadata does not have ${what}`);
    if (found.length < bytes) throw damaged(path, `${what} in its metadata has ${found.length} bytes`);
    return file.readNow(region.offset + found.offset, found.length);
  };
  const parameters = item(METADATA.fileParameters, 'the file parameters', 8);
  const blockSize = parameters.readUInt32LE(0);
  const flags = parameters.readUInt32LE(4);
  if (!isPowerOfTwo(blockSize) || blockSize < SMALLEST_BLOCK || blockSize > LARGEST_BLOCK)
    throw damaged(path, `its blocks have ${blockSize} bytes`);
  const sectorSize = item(METADATA.logicalSector, 'the logical sector size', 4).readUInt32LE(0);
  if (sectorSize !== 512 && sectorSize !== 4096) throw damaged(path, `its sectors have ${sectorSize} bytes`);
  const physicalSectorSize = item(METADATA.physicalSector, 'the physical sector size', 4).readUInt32LE(0);
  if (physicalSectorSize !== 512 && physicalSectorSize !== 4096)
    throw damaged(path, `its physical sectors have ${physicalSectorSize} bytes`);
  const size = bounded(path, viewOf(item(METADATA.size, 'the size of the disk', 8)), 0, 'its size');
  if (size > LARGEST_DISK || size % sectorSize !== 0) throw damaged(path, `its disk has ${size} bytes`);
  const hasParent = (flags & FILE_PARAMETERS.hasParent) !== 0;
  return {
    items,
    blockSize,
    size,
    sectorSize,
    physicalSectorSize,
    isFixed: !hasParent && (flags & FILE_PARAMETERS.leaveBlocksAllocated) !== 0,
    diskId: readGuid(item(METADATA.diskId, 'the identity of the disk', 16), 0).toLowerCase(),
    parent: hasParent
      ? parseLocator(path, item(METADATA.parentLocator, 'the parent locator', LOCATOR.entries))
      : null,
  };
}

const KNOWN: ReadonlySet<string> = new Set(Object.values(METADATA));

function readItems(file: ReadFile, region: Region): MetadataItem[] {
  const { path } = file;
  const table = file.readNow(region.offset, METADATA_TABLE_BYTES);
  const view = viewOf(table);
  if (!hasSignature(table, 'metadata')) throw damaged(path, 'its metadata has no signature');
  const count = view.getUint16(METADATA_TABLE.count, true);
  if (count > TABLE_LIMIT) throw damaged(path, `its metadata table says that it has ${count} entries`);
  const items: MetadataItem[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const at = METADATA_TABLE.entries + i * METADATA_ENTRY_BYTES;
    const guid = readGuid(table, at + METADATA_ENTRY.guid);
    const offset = view.getUint32(at + METADATA_ENTRY.offset, true);
    const length = view.getUint32(at + METADATA_ENTRY.length, true);
    const flags = view.getUint32(at + METADATA_ENTRY.flags, true);
    const isUser = (flags & METADATA_FLAGS.user) !== 0;
    if ((flags & METADATA_FLAGS.required) !== 0 && (isUser || !KNOWN.has(guid)))
      throw unsupported(path, `has metadata that is not known here (${guid})`, CONVERT_IT);
    const name = `${guid} ${isUser}`;
    if (names.has(name)) throw damaged(path, `the metadata item ${guid} is there twice`);
    names.add(name);
    const isEmpty = length === 0 && offset === 0;
    const isWithin =
      offset >= METADATA_TABLE_BYTES && length <= METADATA_ITEM_LIMIT && offset + length <= region.length;
    if (!isEmpty && !isWithin)
      throw damaged(path, `the metadata item ${guid} is not within its region`, { offset, length });
    items.push({ guid, isUser, offset, length });
  }
  return items;
}

/** Paths in the order they are to be tried. */
const PATH_KEYS = ['relative_path', 'volume_path', 'absolute_win32_path'] as const;
const LINKAGE_KEYS = ['parent_linkage', 'parent_linkage2'] as const;
const MOST_PAIRS = 256;

function parseLocator(path: string, bytes: Buffer): ParentLocator {
  const type = readGuid(bytes, LOCATOR.type);
  if (type !== LOCATOR_TYPE_VHDX)
    throw unsupported(path, `has a parent that is no VHDX (${type})`, CONVERT_IT);
  const count = bytes.readUInt16LE(LOCATOR.count);
  if (count > MOST_PAIRS || LOCATOR.entries + count * LOCATOR_ENTRY_BYTES > bytes.length)
    throw damaged(path, `its parent locator says that it has ${count} entries`);
  const pairs = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const at = LOCATOR.entries + i * LOCATOR_ENTRY_BYTES;
    const text = (offset: number, length: number): string => {
      if (length % 2 !== 0 || offset + length > bytes.length)
        throw damaged(path, 'an entry of its parent locator is not within it', { offset, length });
      return bytes.toString('utf16le', offset, offset + length);
    };
    const key = text(bytes.readUInt32LE(at), bytes.readUInt16LE(at + 8));
    if (pairs.has(key)) throw damaged(path, 'its parent locator has a key twice');
    pairs.set(key, text(bytes.readUInt32LE(at + 4), bytes.readUInt16LE(at + 10)));
  }
  const linkages = LINKAGE_KEYS.map((key) => pairs.get(key)).filter((value) => value !== undefined);
  if (!pairs.has('parent_linkage')) throw damaged(path, 'its parent locator has no parent_linkage');
  const paths = PATH_KEYS.map((key) => pairs.get(key)).filter((value) => value !== undefined);
  return { linkages: linkages.map((value) => value.replaceAll(/[{}]/gu, '').toLowerCase()), paths };
}
