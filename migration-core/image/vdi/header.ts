/** The header of a VDI, of either version, and its block map. */
import { isPowerOfTwo, u64le, viewOf } from '../../base/bytes.ts';
import { readGuid } from '../../base/guid.ts';
import { IronliftError } from '../../base/errors.ts';
import { damaged, unsupported, type ReadFile } from '../read-file.ts';
import {
  HEADER,
  HEADER_0,
  HEADER_END,
  MOST_BLOCKS,
  NO_BLOCK,
  SIGNATURE,
  SIGNATURE_AT,
  TYPE,
  VERSION_AT,
} from './layout.ts';

export interface VdiHeader {
  /** `1.1` */
  version: string;
  type: 'dynamic' | 'static';
  /** Bytes, as are the sizes and offsets below. */
  size: number;
  mapOffset: number;
  dataOffset: number;
  blockSize: number;
  blockExtra: number;
  /** Entries of the map, and those that the disk needs. */
  mapBlocks: number;
  blocks: number;
  /** Blocks in the file, by its own count. */
  allocated: number;
  /** Lower case. */
  createId: string;
}

const CONVERT_IT = 'Convert it with `VBoxManage clonemedium`, then start again.';
const LARGEST_BLOCK = 1 << 30;

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING */
export function readVdiHeader(file: ReadFile): VdiHeader {
  const { path } = file;
  const bytes = file.readNow(0, 512);
  const view = viewOf(bytes);
  if (view.getUint32(SIGNATURE_AT, true) !== SIGNATURE)
    throw damaged(path, 'it does not begin as a VDI file');
  const version = view.getUint32(VERSION_AT, true);
  const major = version >>> 16;
  if (major > 1) throw unsupported(path, `has VDI version ${major}`, CONVERT_IT);
  const field = major === 0 ? HEADER_0 : HEADER;
  if (file.size < (major === 0 ? HEADER_0.end : HEADER_END))
    throw damaged(path, 'it is cut off in its header');
  const u32 = (offset: number): number => view.getUint32(offset, true);
  const mapBlocks = u32(field.blocks);
  const header: VdiHeader = {
    version: `${major}.${version & 0xffff}`,
    type: imageType(path, { type: u32(field.type), link: bytes.subarray(field.linkId, field.linkId + 16) }),
    size: diskSize(path, view, field.size),
    mapOffset: major === 0 ? HEADER_0.end : u32(HEADER.mapOffset),
    dataOffset: major === 0 ? HEADER_0.end + mapBlocks * 4 : u32(HEADER.dataOffset),
    blockSize: u32(field.blockSize),
    blockExtra: major === 0 ? 0 : u32(HEADER.blockExtra),
    mapBlocks,
    blocks: 0,
    allocated: u32(field.allocated),
    createId: readGuid(bytes, field.createId).toLowerCase(),
  };
  return { ...header, blocks: checkedBlocks(file, header) };
}

function imageType(path: string, { type, link }: { type: number; link: Uint8Array }): VdiHeader['type'] {
  const isChild = type === TYPE.undo || type === TYPE.differencing || link.some((byte) => byte !== 0);
  if (isChild) {
    throw new IronliftError(
      'IMAGE_HAS_BACKING',
      `${path} holds only the changes to another image (a snapshot), and which one only VirtualBox knows.`,
      {
        next: 'Merge them with `VBoxManage clonemedium`, or delete the snapshots of the machine, then start again.',
        data: { path, parent: readGuid(link, 0).toLowerCase() },
      },
    );
  }
  if (type === TYPE.dynamic) return 'dynamic';
  if (type === TYPE.static) return 'static';
  throw unsupported(path, `is a VDI of type ${type}`, CONVERT_IT);
}

function diskSize(path: string, view: DataView, offset: number): number {
  try {
    return u64le(view, offset);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(path, 'its size is beyond all bounds');
    throw error;
  }
}

/** The blocks the disk needs. */
function checkedBlocks({ path, size }: ReadFile, header: VdiHeader): number {
  const { blockSize, blockExtra, mapBlocks, mapOffset } = header;
  if (!isPowerOfTwo(blockSize) || blockSize < 512 || blockSize > LARGEST_BLOCK)
    throw damaged(path, `its blocks have ${blockSize} bytes`);
  if (blockExtra > LARGEST_BLOCK) throw damaged(path, `its blocks have ${blockExtra} bytes in front`);
  const blocks = Math.ceil(header.size / blockSize);
  if (blocks > mapBlocks)
    throw damaged(path, 'its block map is too short for its size', { blocks, mapBlocks });
  if (mapBlocks > MOST_BLOCKS)
    throw unsupported(path, `has ${mapBlocks} blocks, more than any program makes`, CONVERT_IT);
  if (mapOffset + mapBlocks * 4 > size)
    throw damaged(path, 'its block map is not within the file', { mapOffset, mapBlocks });
  if (mapOffset < HEADER_0.end || header.dataOffset < mapOffset + mapBlocks * 4)
    throw damaged(path, 'its header, block map and blocks lie over each other', {
      mapOffset,
      dataOffset: header.dataOffset,
    });
  return blocks;
}

/** Byte of the file where the data of block `index` of the file starts. */
export const blockOffset = (header: VdiHeader, index: number): number =>
  header.dataOffset + index * (header.blockSize + header.blockExtra) + header.blockExtra;

const MAP_PIECE = 1 << 20;

/** The entries of the map that the disk needs, in pieces: a large disk has hundreds of MiB of them. */
export async function* mapPieces(
  file: ReadFile,
  { mapOffset, blocks }: VdiHeader,
): AsyncGenerator<{ first: number; entries: Uint32Array }> {
  const most = MAP_PIECE / 4;
  for (let first = 0; first < blocks; first += most) {
    const entries = new Uint32Array(Math.min(most, blocks - first));
    // Every machine this runs on is little-endian, as the map is.
    await file.read(new Uint8Array(entries.buffer), mapOffset + first * 4);
    yield { first, entries };
  }
}

/** Byte of the file where entry `block` of the map is. */
export const entryOffset = ({ mapOffset }: VdiHeader, block: number): number => mapOffset + block * 4;

/**
 * Looks at map entries as they come: a block of the file must be within it and have one user. Keeps a bit for each block.
 * The answer is null where all is well, or what ends a sentence that begins with the image.
 */
export function mapChecker(
  file: ReadFile,
  header: VdiHeader,
): (block: number, entry: number) => string | null {
  const { size, blockSize, blocks, mapBlocks } = header;
  const used = new Uint8Array(Math.ceil(mapBlocks / 8));
  return (block, entry) => {
    if (entry >= NO_BLOCK) return null;
    if (entry >= mapBlocks) return 'an entry of the block map is beyond all blocks';
    // Writers may cut the last block where the disk ends.
    const length = block === blocks - 1 ? size - block * blockSize : blockSize;
    if (blockOffset(header, entry) + length > file.size) return 'a block is not within the file';
    const bit = 1 << (entry & 7);
    if ((used[entry >>> 3]! & bit) !== 0) return 'two entries of the block map share one block';
    used[entry >>> 3]! |= bit;
    return null;
  };
}
