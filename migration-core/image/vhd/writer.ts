/**
 * Writes VHD in one ascending pass.
 *
 * Dynamic: footer copy in sector 0, dynamic header, block table, then blocks of 2 MiB in the order of the disk, each
 * behind its sector bitmap (all ones, as other writers have it: what was not written is a hole of the file and reads as
 * zeros). Blocks are spaced so that their data starts on 4 KiB, which Hyper-V does too: without it every write of the
 * guest would touch two physical sectors. The whole table of the largest disk is 4 MiB, so it stays in memory.
 *
 * Fixed: the disk from byte 0 on, and the footer.
 *
 * The footers come last, on the medium too: a file that was not finished has none and is no VHD.
 */
import { roundUp } from '../../base/bytes.ts';
import { ExtentList } from '../../base/extents.ts';
import type { FilePlace } from '../../block/sink.ts';
import { ascending } from '../ascending.ts';
import { imageUuid } from '../identity.ts';
import type { CreateImageOptions, ImageWriter } from '../image.ts';
import { createImageFile, placedWrite } from '../image-file.ts';
import { resumable } from '../resumable.ts';
import {
  BLOCK,
  FOOTER,
  FOOTER_BYTES,
  FOOTER_MAGIC,
  HEADER,
  HEADER_BYTES,
  HEADER_MAGIC,
  SECTOR,
  TYPE,
  VERSION,
  bitmapBytes,
  checksumOf,
  geometryFor,
} from './layout.ts';

/** What is written at once; the parts of a block that are not stay holes. */
const GRAIN = 64 << 10;
/** The block of most file systems, and the sector of most disks inside. */
const ALIGNMENT = 4096;
const BITMAP = bitmapBytes(BLOCK);
const STRIDE = BLOCK + ALIGNMENT;
const TABLE_AT = FOOTER_BYTES + HEADER_BYTES;
const ALL_ONES = 2n ** 64n - 1n;
/** Programs that go by the geometry do so for creators they know to: this one's size is always the current size. */
const CREATOR = 'win ';
const CREATOR_VERSION = 0x000a0000;
const CREATOR_HOST = 'Wi2k';

export async function createDynamicVhd(options: CreateImageOptions): Promise<ImageWriter> {
  const { path } = options;
  const size = roundUp(options.size, SECTOR);
  const blocks = Math.ceil(size / BLOCK);
  // Nobody expects a table without entries, not even of a disk without sectors.
  const entries = Math.max(1, blocks);
  const table = Buffer.alloc(roundUp(entries * 4, SECTOR), 0xff);
  const bitmap = new Uint8Array(BITMAP).fill(0xff);
  const check = ascending(options.size, GRAIN);
  const file = await createImageFile(path, options.existing);
  const firstData = roundUp(TABLE_AT + table.length + BITMAP, ALIGNMENT);
  let block = -1;
  let dataAt = firstData - STRIDE;

  const place = (offset: number, length: number): FilePlace => {
    check(offset, length);
    const index = Math.floor(offset / BLOCK);
    if (offset + length > (index + 1) * BLOCK)
      throw new TypeError(`vhd: ${length} bytes at ${offset} lie in two blocks`);
    if (index !== block) {
      block = index;
      dataAt += STRIDE;
      table.writeUInt32BE((dataAt - BITMAP) / SECTOR, index * 4);
      file.writeNow(bitmap, dataAt - BITMAP);
    }
    return { fd: file.fd, offset: dataAt + (offset % BLOCK) };
  };

  return {
    path,
    granularity: GRAIN,
    place,
    async write(data, offset) {
      for (let done = 0; done < data.length;) {
        const at = offset + done;
        const part = data.subarray(done, done + BLOCK - (at % BLOCK));
        await file.write(part, place(at, part.length).offset);
        done += part.length;
      }
    },
    async finish({ durable = true } = {}) {
      const end = block < 0 ? TABLE_AT + table.length : dataAt + BLOCK;
      const footer = encodeFooter(options, { type: 'dynamic', size });
      file.writeNow(encodeHeader(entries), FOOTER_BYTES);
      file.writeNow(table, TABLE_AT);
      await file.truncate(end);
      if (durable) await file.sync();
      file.writeNow(footer, end);
      file.writeNow(footer, 0);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { place }),
  };
}

/** `unit`: the disk has whole ones of it, bytes. */
export async function createFixedVhd(options: CreateImageOptions, unit: number): Promise<ImageWriter> {
  const { path, allocation } = options;
  const size = roundUp(options.size, unit);
  const check = ascending(options.size, ALIGNMENT);
  const written = new ExtentList();
  const file = await createImageFile(path, options.existing);
  try {
    await file.truncate(size);
  } catch (error) {
    await file.abort();
    throw error;
  }
  const place = (offset: number, length: number): FilePlace => {
    check(offset, length);
    if (allocation === 'thick') written.add(offset, length);
    return { fd: file.fd, offset };
  };
  return {
    path,
    granularity: ALIGNMENT,
    place,
    write: placedWrite(file, place),
    async finish({ durable = true, signal } = {}) {
      if (allocation === 'thick') await file.fillZeros(written.gaps(0, size), signal);
      if (durable) await file.sync();
      file.writeNow(encodeFooter(options, { type: 'fixed', size }), size);
      if (durable) await file.sync();
      await file.close();
    },
    abort: () => file.abort(),
    ...resumable([file], { place }),
  };
}

function encodeFooter(
  options: CreateImageOptions,
  { type, size }: { type: 'fixed' | 'dynamic'; size: number },
): Buffer {
  const { cylinders, heads, sectorsPerTrack } = geometryFor(size / SECTOR);
  const bytes = Buffer.alloc(FOOTER_BYTES);
  bytes.write(FOOTER_MAGIC, FOOTER.magic, 'latin1');
  bytes.writeUInt32BE(2, FOOTER.features);
  bytes.writeUInt32BE(VERSION, FOOTER.version);
  bytes.writeBigUInt64BE(type === 'fixed' ? ALL_ONES : BigInt(FOOTER_BYTES), FOOTER.dataOffset);
  // The timestamp stays 0, 2000-01-01: the same disk makes the same file.
  bytes.write(CREATOR, FOOTER.creator, 'latin1');
  bytes.writeUInt32BE(CREATOR_VERSION, FOOTER.creatorVersion);
  bytes.write(CREATOR_HOST, FOOTER.creatorHost, 'latin1');
  bytes.writeBigUInt64BE(BigInt(size), FOOTER.originalSize);
  bytes.writeBigUInt64BE(BigInt(size), FOOTER.currentSize);
  bytes.writeUInt16BE(cylinders, FOOTER.cylinders);
  bytes.writeUInt8(heads, FOOTER.heads);
  bytes.writeUInt8(sectorsPerTrack, FOOTER.sectorsPerTrack);
  bytes.writeUInt32BE(TYPE[type], FOOTER.type);
  bytes.set(imageUuid(options, 'network'), FOOTER.uniqueId);
  bytes.writeUInt32BE(checksumOf(bytes, FOOTER.checksum), FOOTER.checksum);
  return bytes;
}

function encodeHeader(entries: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(HEADER_MAGIC, HEADER.magic, 'latin1');
  bytes.writeBigUInt64BE(ALL_ONES, HEADER.dataOffset);
  bytes.writeBigUInt64BE(BigInt(TABLE_AT), HEADER.tableOffset);
  bytes.writeUInt32BE(VERSION, HEADER.version);
  bytes.writeUInt32BE(entries, HEADER.maxTableEntries);
  bytes.writeUInt32BE(BLOCK, HEADER.blockSize);
  bytes.writeUInt32BE(checksumOf(bytes, HEADER.checksum), HEADER.checksum);
  return bytes;
}
