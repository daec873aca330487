/**
 * Writes VDI version 1.1 with blocks of 1 MiB in one ascending pass: header, block map at 1 MiB, blocks from the next whole
 * MiB on, as VirtualBox lays them out. Blocks follow each other in the order of the disk (dynamic), or all have their
 * place from the beginning (static). A stretch of the map is written when it has been passed, so memory stays flat.
 *
 * The header comes last, on the medium too: a file that was not finished has no signature and is no VDI.
 */
import { roundUp } from '../../base/bytes.ts';
import { ExtentList } from '../../base/extents.ts';
import type { FilePlace } from '../../block/sink.ts';
import { ascending } from '../ascending.ts';
import { imageUuid } from '../identity.ts';
import type { CreateImageOptions, ImageWriter } from '../image.ts';
import { createImageFile, placedWrite, type ImageFile } from '../image-file.ts';
import { resumable } from '../resumable.ts';
import {
  BLOCK,
  HEADER,
  HEADER_LENGTH,
  SIGNATURE,
  SIGNATURE_AT,
  TEXT,
  TYPE,
  VERSION_1_1,
  VERSION_AT,
} from './layout.ts';

const SECTOR = 512;
/** What is written at once; the parts of a block that are not stay holes. */
const GRAIN = 64 << 10;
const MAP_AT = 1 << 20;
/** Entries of the map in memory: 64 GiB of disk. */
const WINDOW = 64 << 10;

export async function createVdi(
  options: CreateImageOptions,
  type: 'dynamic' | 'static',
): Promise<ImageWriter> {
  const { path } = options;
  const size = roundUp(options.size, SECTOR);
  const blocks = Math.ceil(size / BLOCK);
  const dataAt = MAP_AT + roundUp(blocks * 4, BLOCK);
  const check = ascending(options.size, GRAIN);
  const file = await createImageFile(path, options.existing);
  const map = blockMap(file, blocks);
  const written = new ExtentList();
  let block = -1;
  let next = 0;

  /** Data comes in ascending order, so that the blocks of a range lie one after another whatever their number. */
  const place = (offset: number, length: number): FilePlace => {
    check(offset, length);
    if (type === 'static') {
      written.add(offset, length);
      return { fd: file.fd, offset: dataAt + offset };
    }
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((offset + length - 1) / BLOCK);
    const index = first === block ? next - 1 : next;
    for (let i = first === block ? first + 1 : first; i <= last; i++) map.set(i, next++);
    block = last;
    return { fd: file.fd, offset: dataAt + index * BLOCK + (offset % BLOCK) };
  };

  return {
    path,
    granularity: GRAIN,
    place,
    write: placedWrite(file, place),
    async finish({ durable = true, signal } = {}) {
      if (type === 'static') for (let i = 0; i < blocks; i++) map.set(i, next++);
      map.finish();
      const end = dataAt + next * BLOCK;
      await file.truncate(end);
      if (type === 'static') {
        const disk = written.gaps(0, next * BLOCK);
        await file.fillZeros(shifted(disk, dataAt), signal);
      }
      if (durable) await file.sync();
      file.writeNow(encodeHeader(options, { type, size, blocks, allocated: next, dataAt }), 0);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { place }),
  };
}

function shifted(ranges: ExtentList, by: number): ExtentList {
  const result = new ExtentList();
  for (const { offset, length } of ranges) result.add(offset + by, length);
  return result;
}

interface BlockMap {
  /** Notes the block of the file that block `index` of the disk has; `index` ascends. */
  set(index: number, block: number): void;
  /** Writes all that is left; blocks that were not noted are free. */
  finish(): void;
}

function blockMap(file: ImageFile, blocks: number): BlockMap {
  const window = Buffer.alloc(WINDOW * 4, 0xff);
  let current = 0;
  const flush = (): void => {
    const entries = Math.min(WINDOW, blocks - current * WINDOW);
    if (entries > 0) file.writeNow(window.subarray(0, entries * 4), MAP_AT + current * WINDOW * 4);
    window.fill(0xff);
    current++;
  };
  return {
    set(index, block) {
      while (current < Math.floor(index / WINDOW)) flush();
      window.writeUInt32LE(block, (index % WINDOW) * 4);
    },
    finish() {
      while (current * WINDOW < blocks) flush();
    },
  };
}

interface Numbers {
  type: 'dynamic' | 'static';
  size: number;
  blocks: number;
  allocated: number;
  dataAt: number;
}

function encodeHeader(options: CreateImageOptions, numbers: Numbers): Buffer {
  const { type, size, blocks, allocated, dataAt } = numbers;
  const bytes = Buffer.alloc(SECTOR);
  const u32 = (value: number, offset: number): unknown => bytes.writeUInt32LE(value, offset);
  bytes.write(TEXT, 0, 'latin1');
  u32(SIGNATURE, SIGNATURE_AT);
  u32(VERSION_1_1, VERSION_AT);
  u32(HEADER_LENGTH, HEADER.length);
  u32(TYPE[type], HEADER.type);
  u32(MAP_AT, HEADER.mapOffset);
  u32(dataAt, HEADER.dataOffset);
  // Geometries of zeros are computed by VirtualBox; their sectors have to have a size.
  u32(SECTOR, HEADER.legacySectorSize);
  u32(SECTOR, HEADER.sectorSize);
  bytes.writeBigUInt64LE(BigInt(size), HEADER.size);
  u32(BLOCK, HEADER.blockSize);
  u32(blocks, HEADER.blocks);
  u32(allocated, HEADER.allocated);
  bytes.set(imageUuid(options, 'mixed'), HEADER.createId);
  bytes.set(imageUuid(options, 'mixed', 'modification'), HEADER.modifyId);
  return bytes;
}
