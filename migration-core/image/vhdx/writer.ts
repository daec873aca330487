/**
 * Writes VHDX in one ascending pass: dynamic (a block gets its room when the first data for it comes) and fixed (every
 * block has its room from the start).
 *
 * Layout, in MiB: 0 headers and region tables, 1 log (empty), 2 metadata, 3 BAT, then payload blocks one after another.
 * Headers and the file's signature come last: a file that was not finished is no VHDX.
 *
 * Blocks have 1 MiB while that makes no more than BLOCKS_AT_MOST of them (disks up to 2 TiB), which gives the smallest
 * files and is what Microsoft advises for Linux guests; on larger disks they grow up to the 32 MiB that Hyper-V itself
 * takes. So the BAT has 16 MiB at most and stays in memory.
 */
import { roundUp, viewOf } from '../../base/bytes.ts';
import { ExtentList } from '../../base/extents.ts';
import { guidBytes } from '../../base/guid.ts';
import { ascending } from '../ascending.ts';
import type { CreateImageOptions, FinishOptions, ImageWriter } from '../image.ts';
import { imageUuid } from '../identity.ts';
import { createImageFile, placedWrite } from '../image-file.ts';
import { resumable } from '../resumable.ts';
import { batGeometry } from './bat.ts';
import {
  BAT_ENTRY_BYTES,
  FILE_PARAMETERS,
  FILE_TYPE,
  HEADER,
  HEADER_BYTES,
  HEADER_OFFSETS,
  KIB_64,
  METADATA,
  METADATA_ENTRY,
  METADATA_ENTRY_BYTES,
  METADATA_FLAGS,
  METADATA_TABLE,
  METADATA_TABLE_BYTES,
  MIB,
  PAYLOAD,
  REGION,
  REGION_ENTRY,
  REGION_ENTRY_BYTES,
  REGION_OFFSETS,
  REGION_TABLE,
  REGION_TABLE_BYTES,
  setChecksum,
  SMALLEST_BLOCK,
} from './layout.ts';

/** The unit in which zeros are left out: what was never written within a block is a hole of the file. */
const GRANULARITY = KIB_64;
const BLOCKS_AT_MOST = 2 ** 21;
const CREATOR = 'Ironlift';
const LOG = { offset: MIB, length: MIB };
const METADATA_REGION = { offset: 2 * MIB, length: MIB };
const BAT_OFFSET = 3 * MIB;

interface Disk {
  size: number;
  blockSize: number;
  sectorSize: 512 | 4096;
  isFixed: boolean;
}

/** @throws DESTINATION_EXISTS, WRITE_FAILED */
export async function createVhdx(options: CreateImageOptions): Promise<ImageWriter> {
  const { path, allocation } = options;
  const sectorSize = 512;
  const disk: Disk = {
    // A disk that ends within a sector is rounded up; the rest reads as zeros.
    size: roundUp(options.size, sectorSize),
    blockSize: blockSizeFor(options.size),
    sectorSize,
    isFixed: allocation === 'thick',
  };
  const file = await createImageFile(path, options.existing);
  const blocks = blockTable(disk);
  const check = ascending(options.size, GRANULARITY);
  const written = new ExtentList();
  const place = (offset: number, length: number): { fd: number; offset: number } => {
    check(offset, length);
    const at = blocks.place(offset, length);
    if (disk.isFixed) written.add(at, length);
    return { fd: file.fd, offset: at };
  };
  return {
    path,
    granularity: GRANULARITY,
    place,
    write: placedWrite(file, place),
    async finish({ durable = true, signal }: FinishOptions = {}) {
      if (disk.isFixed) {
        await file.fillZeros(ExtentList.of([{ offset: 0, length: blocks.start }]), signal);
        await file.fillZeros(written.gaps(blocks.start, blocks.end - blocks.start), signal);
      }
      await file.truncate(blocks.end);
      const identity = identityOf(options);
      await file.write(blocks.table, BAT_OFFSET);
      await file.write(metadata(disk, identity), METADATA_REGION.offset);
      const regions = regionTable(blocks.start - BAT_OFFSET);
      for (const offset of REGION_OFFSETS) await file.write(regions, offset);
      // The headers come after everything they lead to, on the medium too.
      if (durable) await file.sync();
      for (const [index, offset] of HEADER_OFFSETS.entries())
        file.writeNow(header(index + 1, identity), offset);
      file.writeNow(fileType(), 0);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { place }),
  };
}

/** Bytes of a block of a disk of `size` bytes. */
export function blockSizeFor(size: number): number {
  let blockSize = SMALLEST_BLOCK;
  while (size / blockSize > BLOCKS_AT_MOST) blockSize *= 2;
  return blockSize;
}

interface BlockTable {
  /** The BAT as it is now. */
  readonly table: Uint8Array;
  /** Where the payload begins, and where it ends by now: bytes of the file. */
  readonly start: number;
  readonly end: number;
  /** Where the byte at `offset` of the disk goes; the `length` bytes from there on follow it. */
  place(offset: number, length: number): number;
}

function blockTable(disk: Disk): BlockTable {
  const { blockSize, isFixed } = disk;
  const { blocks, chunkRatio, entries } = batGeometry(disk, false);
  const bytes = entries * BAT_ENTRY_BYTES;
  const table = new Uint8Array(bytes);
  const view = viewOf(table);
  const start = BAT_OFFSET + Math.max(MIB, roundUp(bytes, MIB));
  let end = start;
  let last = -1;
  const set = (block: number, state: number, offset: number): void => {
    // An offset is whole MiB and leaves the low 20 bits to the state.
    const entry = (block + Math.floor(block / chunkRatio)) * BAT_ENTRY_BYTES;
    view.setBigUint64(entry, BigInt(offset + state), true);
  };
  const allocate = (block: number): void => {
    set(block, PAYLOAD.fullyPresent, end);
    end += blockSize;
    last = block;
  };
  // ZERO is what promises zeros; of a block that is NOT_PRESENT anything may be read (2.5.1.1).
  for (let block = 0; block < blocks; block++) {
    if (isFixed) allocate(block);
    else set(block, PAYLOAD.zero, 0);
  }
  return {
    table,
    start,
    get end() {
      return end;
    },
    place(offset, length) {
      if (isFixed) return start + offset;
      const first = Math.floor(offset / blockSize);
      // Data ascends, so a block that has its room already is the last one, and those that get theirs now follow it.
      const at = (first === last ? end - blockSize : end) + (offset - first * blockSize);
      const until = Math.ceil((offset + length) / blockSize);
      for (let block = Math.max(first, last + 1); block < until; block++) allocate(block);
      return at;
    },
  };
}

interface Identity {
  fileWrite: Uint8Array;
  dataWrite: Uint8Array;
  disk: Uint8Array;
}

/** Three GUIDs that belong to this image and no other; the same image gets the same. */
const identityOf = (options: CreateImageOptions): Identity => ({
  fileWrite: imageUuid(options, 'mixed', 'file'),
  dataWrite: imageUuid(options, 'mixed', 'data'),
  disk: imageUuid(options, 'mixed', 'disk'),
});

function fileType(): Uint8Array {
  const bytes = Buffer.alloc(KIB_64);
  bytes.write(FILE_TYPE.signature, 0, 'latin1');
  bytes.write(CREATOR, FILE_TYPE.creator, 'utf16le');
  return bytes;
}

function header(sequence: number, identity: Identity): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write('head', HEADER.signature, 'latin1');
  bytes.writeBigUInt64LE(BigInt(sequence), HEADER.sequence);
  bytes.set(identity.fileWrite, HEADER.fileWriteGuid);
  bytes.set(identity.dataWrite, HEADER.dataWriteGuid);
  bytes.writeUInt16LE(1, HEADER.version);
  bytes.writeUInt32LE(LOG.length, HEADER.logLength);
  bytes.writeBigUInt64LE(BigInt(LOG.offset), HEADER.logOffset);
  setChecksum(bytes);
  return bytes;
}

function regionTable(batLength: number): Uint8Array {
  const regions = [
    { guid: REGION.bat, offset: BAT_OFFSET, length: batLength },
    { guid: REGION.metadata, ...METADATA_REGION },
  ];
  const bytes = Buffer.alloc(REGION_TABLE_BYTES);
  bytes.write('regi', REGION_TABLE.signature, 'latin1');
  bytes.writeUInt32LE(regions.length, REGION_TABLE.count);
  for (const [index, { guid, offset, length }] of regions.entries()) {
    const at = REGION_TABLE.entries + index * REGION_ENTRY_BYTES;
    bytes.set(guidBytes(guid), at + REGION_ENTRY.guid);
    bytes.writeBigUInt64LE(BigInt(offset), at + REGION_ENTRY.offset);
    bytes.writeUInt32LE(length, at + REGION_ENTRY.length);
    bytes.writeUInt32LE(1, at + REGION_ENTRY.required);
  }
  setChecksum(bytes);
  return bytes;
}

/** Hyper-V too tells guests of physical sectors of 4 KiB, whatever the disk underneath has. */
const PHYSICAL_SECTOR = 4096;

function metadata(disk: Disk, identity: Identity): Uint8Array {
  const u32 = (...values: number[]): Uint8Array => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
    return bytes;
  };
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(disk.size));
  const { required, virtualDisk } = METADATA_FLAGS;
  const items = [
    {
      guid: METADATA.fileParameters,
      flags: required,
      value: u32(disk.blockSize, disk.isFixed ? FILE_PARAMETERS.leaveBlocksAllocated : 0),
    },
    { guid: METADATA.size, flags: required | virtualDisk, value: size },
    { guid: METADATA.diskId, flags: required | virtualDisk, value: identity.disk },
    { guid: METADATA.logicalSector, flags: required | virtualDisk, value: u32(disk.sectorSize) },
    { guid: METADATA.physicalSector, flags: required | virtualDisk, value: u32(PHYSICAL_SECTOR) },
  ];
  const bytes = Buffer.alloc(METADATA_TABLE_BYTES + 4096);
  bytes.write('metadata', METADATA_TABLE.signature, 'latin1');
  bytes.writeUInt16LE(items.length, METADATA_TABLE.count);
  let offset = METADATA_TABLE_BYTES;
  for (const [index, { guid, flags, value }] of items.entries()) {
    const at = METADATA_TABLE.entries + index * METADATA_ENTRY_BYTES;
    bytes.set(guidBytes(guid), at + METADATA_ENTRY.guid);
    bytes.writeUInt32LE(offset, at + METADATA_ENTRY.offset);
    bytes.writeUInt32LE(value.length, at + METADATA_ENTRY.length);
    bytes.writeUInt32LE(flags, at + METADATA_ENTRY.flags);
    bytes.set(value, offset);
    offset += value.length;
  }
  return bytes;
}
