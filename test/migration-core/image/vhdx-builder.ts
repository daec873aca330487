/** VHDX files put together byte by byte from the specification: what no program at hand makes (differencing disks, sectors of 4096 bytes, logs). */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from '../../../migration-core/base/crc32c.ts';
import { guidBytes } from '../../../migration-core/base/guid.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { vhdx } from '../../../migration-core/image/vhdx/format.ts';
import { scratchFolder } from '../../support/tools.ts';

export const MIB = 2 ** 20;
const LOG_OFFSET = MIB;
export const METADATA_OFFSET = 2 * MIB;
export const BAT_OFFSET = 3 * MIB;

export const DATA_WRITE_GUID = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
export const LOG_GUID = '11112222-3333-4444-5555-666677778888';

export interface BuiltBlock {
  state: number;
  /** As many bytes as a block has, for the states that have contents. */
  data?: Uint8Array;
  /** For state 7: whether a sector of the block (by its number there) is in this file. */
  isHere?: (sector: number) => boolean;
}

export interface VhdxShape {
  size: number;
  blockSize?: number;
  sectorSize?: number;
  /** By number; what is not told has state 0. */
  blocks?: Record<number, BuiltBlock>;
  /** Bits of the file parameters besides that of the parent. */
  flags?: number;
  /** Key and value pairs of the parent locator; makes a differencing disk. */
  parent?: Record<string, string>;
  dataWriteGuid?: string;
  log?: { guid?: string; length?: number; version?: number; bytes: Uint8Array };
  /** Room at the end of the file that nothing is in, bytes. */
  spare?: number;
  /** Last touches, before checksums are set. */
  touch?: (parts: VhdxParts) => void;
}

export interface VhdxParts {
  headers: Buffer[];
  regions: Buffer[];
  metadata: Buffer;
  /** 64-bit entries. */
  bat: Map<number, bigint>;
}

export interface BuiltVhdx {
  path: string;
  /** Of blocks with contents, by number, and of the sector bitmaps of chunks: bytes of the file. */
  blockAt: Map<number, number>;
  bitmapAt: Map<number, number>;
  /** Index in the BAT. */
  entryOf(block: number): number;
}

/** Sets the CRC-32C of a structure whose checksum is its second 32-bit field. */
export function seal(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(0, 4);
  bytes.writeUInt32LE(~crc32c(~0, bytes) >>> 0, 4);
  return bytes;
}

export async function buildVhdx(path: string, shape: VhdxShape): Promise<BuiltVhdx> {
  const { size, blockSize = MIB, sectorSize = 512, blocks = {} } = shape;
  const chunkRatio = (2 ** 23 * sectorSize) / blockSize;
  const blockCount = Math.ceil(size / blockSize);
  const chunks = Math.ceil(blockCount / chunkRatio);
  const entries = shape.parent === undefined ? blockCount + chunks - 1 : chunks * (chunkRatio + 1);
  const batLength = Math.max(1, Math.ceil((entries * 8) / MIB)) * MIB;
  const logLength = shape.log?.length ?? MIB;
  // A log that is longer than usual goes behind the BAT.
  const logOffset = logLength === MIB ? LOG_OFFSET : BAT_OFFSET + batLength;
  let end = BAT_OFFSET + batLength + (logLength === MIB ? 0 : logLength);
  const file = await open(path, 'wx');
  const blockAt = new Map<number, number>();
  const bitmaps = new Map<number, Buffer>();
  const bitmapAt = new Map<number, number>();
  const bat = new Map<number, bigint>();
  const entryOf = (block: number): number => block + Math.floor(block / chunkRatio);
  for (const [key, { state, data, isHere }] of Object.entries(blocks)) {
    const block = Number(key);
    bat.set(entryOf(block), BigInt(state + (data === undefined ? 0 : end)));
    if (data !== undefined) {
      await file.write(data, 0, data.length, end);
      blockAt.set(block, end);
      end += blockSize;
    }
    if (isHere === undefined) continue;
    const chunk = Math.floor(block / chunkRatio);
    const bitmap = bitmaps.get(chunk) ?? Buffer.alloc(MIB);
    bitmaps.set(chunk, bitmap);
    const first = (block % chunkRatio) * (blockSize / sectorSize);
    for (let sector = 0; sector < blockSize / sectorSize; sector++)
      if (isHere(sector)) bitmap[(first + sector) >> 3]! |= 1 << ((first + sector) & 7);
  }
  for (const [chunk, bitmap] of bitmaps) {
    await file.write(bitmap, 0, MIB, end);
    bitmapAt.set(chunk, end);
    bat.set(chunk * (chunkRatio + 1) + chunkRatio, BigInt(end + 6));
    end += MIB;
  }
  const parts: VhdxParts = {
    headers: [7, 8].map((sequence) => header(sequence, shape, { logOffset, logLength })),
    regions: [0, 1].map(() => regionTable(batLength)),
    metadata: metadataRegion(shape),
    bat,
  };
  shape.touch?.(parts);
  const type = Buffer.alloc(4096);
  type.write('vhdxfile', 'latin1');
  await file.write(type, 0, type.length, 0);
  for (const [index, bytes] of parts.headers.entries())
    await file.write(seal(bytes), 0, bytes.length, (index + 1) * 65536);
  for (const [index, bytes] of parts.regions.entries())
    await file.write(seal(bytes), 0, bytes.length, (index + 3) * 65536);
  await file.write(parts.metadata, 0, parts.metadata.length, METADATA_OFFSET);
  if (shape.log !== undefined) await file.write(shape.log.bytes, 0, shape.log.bytes.length, logOffset);
  for (const [index, entry] of bat) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(entry);
    await file.write(bytes, 0, 8, BAT_OFFSET + index * 8);
  }
  await file.truncate(end + (shape.spare ?? 0));
  await file.close();
  return { path, blockAt, bitmapAt, entryOf };
}

function header(sequence: number, shape: VhdxShape, log: { logOffset: number; logLength: number }): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write('head', 'latin1');
  bytes.writeBigUInt64LE(BigInt(sequence), 8);
  bytes.set(guidBytes('99999999-8888-7777-6666-555555555555'), 16);
  bytes.set(guidBytes(shape.dataWriteGuid ?? DATA_WRITE_GUID), 32);
  if (shape.log !== undefined) bytes.set(guidBytes(shape.log.guid ?? LOG_GUID), 48);
  bytes.writeUInt16LE(shape.log?.version ?? 0, 64);
  bytes.writeUInt16LE(1, 66);
  bytes.writeUInt32LE(log.logLength, 68);
  bytes.writeBigUInt64LE(BigInt(log.logOffset), 72);
  return bytes;
}

function regionTable(batLength: number): Buffer {
  const bytes = Buffer.alloc(65536);
  bytes.write('regi', 'latin1');
  bytes.writeUInt32LE(2, 8);
  for (const [index, { guid, offset, length }] of [
    { guid: '2dc27766-f623-4200-9d64-115e9bfd4a08', offset: BAT_OFFSET, length: batLength },
    { guid: '8b7ca206-4790-4b9a-b8fe-575f050f886e', offset: METADATA_OFFSET, length: MIB },
  ].entries()) {
    const at = 16 + index * 32;
    bytes.set(guidBytes(guid), at);
    bytes.writeBigUInt64LE(BigInt(offset), at + 16);
    bytes.writeUInt32LE(length, at + 24);
    bytes.writeUInt32LE(1, at + 28);
  }
  return bytes;
}

function metadataRegion({ size, blockSize = MIB, sectorSize = 512, parent, flags = 0 }: VhdxShape): Buffer {
  const numbers = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
    return bytes;
  };
  const items: [string, number, Buffer | Uint8Array][] = [
    ['caa16737-fa36-4d43-b3b6-33f0aa44e76b', 4, numbers(blockSize, flags | (parent === undefined ? 0 : 2))],
    ['2fa54224-cd1b-4876-b211-5dbed83bf4b8', 6, numbers(size % 2 ** 32, Math.floor(size / 2 ** 32))],
    ['beca12ab-b2e6-4523-93ef-c309e000c746', 6, guidBytes('01020304-0506-0708-090a-0b0c0d0e0f10')],
    ['8141bf1d-a96f-4709-ba47-f233a8faab5f', 6, numbers(sectorSize)],
    ['cda348c7-445d-4471-9cc9-e9885251c556', 6, numbers(4096)],
  ];
  if (parent !== undefined) items.push(['a8d35f2d-b30b-454d-abf7-d3d84834ab0c', 4, locator(parent)]);
  const bytes = Buffer.alloc(MIB);
  bytes.write('metadata', 'latin1');
  bytes.writeUInt16LE(items.length, 10);
  let offset = 65536;
  for (const [index, [guid, itemFlags, value]] of items.entries()) {
    const at = 32 + index * 32;
    bytes.set(guidBytes(guid), at);
    bytes.writeUInt32LE(offset, at + 16);
    bytes.writeUInt32LE(value.length, at + 20);
    bytes.writeUInt32LE(itemFlags, at + 24);
    bytes.set(value, offset);
    offset += value.length;
  }
  return bytes;
}

function locator(pairs: Record<string, string>): Buffer {
  const list = Object.entries(pairs);
  const head = Buffer.alloc(20 + list.length * 12);
  head.set(guidBytes('b04aefb7-d19e-4a81-b789-25b8e9445913'), 0);
  head.writeUInt16LE(list.length, 18);
  const texts: Buffer[] = [];
  let at = head.length;
  for (const [index, pair] of list.entries()) {
    for (const [column, text] of pair.entries()) {
      const bytes = Buffer.from(text, 'utf16le');
      head.writeUInt32LE(at, 20 + index * 12 + column * 4);
      head.writeUInt16LE(bytes.length, 28 + index * 12 + column * 2);
      texts.push(bytes);
      at += bytes.length;
    }
  }
  return Buffer.concat([head, ...texts]);
}

export interface BuiltEntry {
  sequence: bigint;
  /** Bytes into the log. */
  tail: number;
  writes: ({ offset: number; data: Uint8Array } | { offset: number; zeros: number })[];
  guid?: string;
  flushedFileOffset?: number;
  lastFileOffset?: number;
  /** Sectors after the last one that is needed. */
  padding?: number;
}

/** An entry of the log: whole sectors of 4 KiB. */
export function logEntry(entry: BuiltEntry): Buffer {
  const { sequence, writes, padding = 0 } = entry;
  const descriptorSectors = Math.ceil((64 + writes.length * 32) / 4096);
  const data = writes.filter((write) => 'data' in write);
  const bytes = Buffer.alloc((descriptorSectors + data.length + padding) * 4096);
  bytes.write('loge', 'latin1');
  bytes.writeUInt32LE(bytes.length, 8);
  bytes.writeUInt32LE(entry.tail, 12);
  bytes.writeBigUInt64LE(sequence, 16);
  bytes.writeUInt32LE(writes.length, 24);
  bytes.set(guidBytes(entry.guid ?? LOG_GUID), 32);
  bytes.writeBigUInt64LE(BigInt(entry.flushedFileOffset ?? 0), 48);
  bytes.writeBigUInt64LE(BigInt(entry.lastFileOffset ?? 0), 56);
  let sector = descriptorSectors * 4096;
  for (const [index, write] of writes.entries()) {
    const at = 64 + index * 32;
    bytes.writeBigUInt64LE(BigInt(write.offset), at + 16);
    bytes.writeBigUInt64LE(sequence, at + 24);
    if ('zeros' in write) {
      bytes.write('zero', at, 'latin1');
      bytes.writeBigUInt64LE(BigInt(write.zeros), at + 8);
      continue;
    }
    bytes.write('desc', at, 'latin1');
    bytes.set(write.data.subarray(4092), at + 4);
    bytes.set(write.data.subarray(0, 8), at + 8);
    bytes.set(write.data.subarray(8, 4092), sector + 8);
    bytes.write('data', sector, 'latin1');
    bytes.writeUInt32LE(Number(sequence >> 32n), sector + 4);
    bytes.writeUInt32LE(Number(sequence & 0xffff_ffffn), sector + 4092);
    sector += 4096;
  }
  return seal(bytes);
}

/** A log of `length` bytes with entries at these places; what reaches its end goes on at its start. */
export function logRing(length: number, entries: [number, Buffer][]): Buffer {
  const ring = Buffer.alloc(length);
  for (const [offset, entry] of entries)
    for (let at = 0; at < entry.length; at += 4096) entry.copy(ring, (offset + at) % length, at, at + 4096);
  return ring;
}

export const filled = (byte: number, length = MIB): Uint8Array => new Uint8Array(length).fill(byte);

/** In a folder of its own that goes with the test. */
export async function buildAlone(shape: VhdxShape): Promise<string> {
  const path = join(await scratchFolder(), 'disk.vhdx');
  await buildVhdx(path, shape);
  return path;
}

/** The first byte of each of these blocks of 1 MiB. */
export async function firstBytes(path: string, blocks: number[]): Promise<number[]> {
  const image = await openImage(path);
  try {
    const found: number[] = [];
    for (const block of blocks) found.push((await readBytes(image, block * MIB, 1))[0]!);
    return found;
  } finally {
    await image.close();
  }
}

/** The error that opening it ends with. */
export const refusal = async (shape: VhdxShape): Promise<unknown> =>
  vhdx.open(await buildAlone(shape)).then(
    async (image) => image.close(),
    (error: unknown) => error,
  );
