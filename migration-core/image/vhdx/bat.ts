/** The block allocation table (BAT) and the sector bitmaps of differencing disks ([MS-VHDX] 2.4, 2.5). */
import { tableCache, type UnitRun } from '../mapped.ts';
import { damaged, type ReadFile } from '../read-file.ts';
import type { Region } from './headers.ts';
import { BAT_ENTRY_BYTES, BAT_STATE, BITMAP, MIB, PAYLOAD, SECTORS_PER_CHUNK } from './layout.ts';
import type { Metadata } from './metadata.ts';

/** Entries of the BAT: those of a chunk's payload blocks, then that of its sector bitmap, chunk after chunk. */
export interface BatGeometry {
  /** Payload blocks. */
  blocks: number;
  /** Payload blocks of a chunk. */
  chunkRatio: number;
  chunks: number;
  entries: number;
}

type DiskShape = Pick<Metadata, 'size' | 'blockSize' | 'sectorSize'>;

export function batGeometry({ size, blockSize, sectorSize }: DiskShape, hasParent: boolean): BatGeometry {
  const blocks = Math.ceil(size / blockSize);
  const chunkRatio = (SECTORS_PER_CHUNK * sectorSize) / blockSize;
  const chunks = Math.ceil(blocks / chunkRatio);
  // Without a parent the table ends with the last block; its chunk's bitmap is left out.
  const entries = hasParent ? chunks * (chunkRatio + 1) : blocks + Math.max(0, chunks - 1);
  return { blocks, chunkRatio, chunks, entries };
}

/** The disk as its tables tell it. */
export interface BatDisk {
  /** With its log replayed. */
  file: ReadFile;
  bat: Region;
  metadata: Metadata;
  geometry: BatGeometry;
}

/** Bytes of the table that are read at once. */
const PAGE = 64 << 10;
export const ENTRIES_PER_PAGE = PAGE / BAT_ENTRY_BYTES;

/**
 * Entries by their index, as two numbers: a table has up to 67 million of them, too many for an object each.
 * The methods throw READ_FAILED.
 */
export interface BatReader {
  /** Bits 0..31: the state in the lowest three, then those that must be zero up to bit 19. */
  low(index: number): number;
  /** Bytes from the start of the file; a multiple of 1 MiB, and beyond 2^53 perhaps. */
  offset(index: number): number;
}

export function batReader({ file, bat }: Pick<BatDisk, 'file' | 'bat'>): BatReader {
  const pageAt = tableCache(file, PAGE);
  let current = -1;
  let page: DataView;
  const seek = (index: number): number => {
    const wanted = Math.floor(index / ENTRIES_PER_PAGE);
    if (wanted !== current) {
      page = pageAt(bat.offset + wanted * PAGE);
      current = wanted;
    }
    return (index % ENTRIES_PER_PAGE) * BAT_ENTRY_BYTES;
  };
  return {
    low(index) {
      const at = seek(index);
      return page.getUint32(at, true);
    },
    offset(index) {
      const at = seek(index);
      return entryOffset(page, at);
    },
  };
}

/** BatReader.offset of the entry at byte `at` of a part of the table. */
export const entryOffset = (table: DataView, at: number): number =>
  // Bits 20..63 are MiB: bits 20..31 here, and the upper half 4096 to one.
  (table.getUint32(at + 4, true) * 4096 + (table.getUint32(at, true) >>> 20)) * MIB;

export type BlockKind = 'zero' | 'parent' | 'plain' | 'partial';

/** What reading a block gives, by its state; null for a state that it must not have (2.5.1.1). */
export function blockKinds(hasParent: boolean): readonly (BlockKind | null)[] {
  const kinds = new Array<BlockKind | null>(8).fill(null);
  kinds[PAYLOAD.notPresent] = hasParent ? 'parent' : 'zero';
  // Contents that nobody relies on: zeros are among what may be returned, whatever a parent has there.
  kinds[PAYLOAD.undefined] = 'zero';
  kinds[PAYLOAD.unmapped] = 'zero';
  kinds[PAYLOAD.unmappedOld] = 'zero';
  kinds[PAYLOAD.zero] = 'zero';
  kinds[PAYLOAD.fullyPresent] = 'plain';
  if (hasParent) kinds[PAYLOAD.partiallyPresent] = 'partial';
  return kinds;
}

/** Bytes of a sector bitmap that are read at once. */
const BITMAP_PAGE = 4096;

/** Finds runs of sectors for `mappedSource`: its unit is the logical sector. @throws IMAGE_DAMAGED, READ_FAILED */
export function sectorLookup(disk: BatDisk): (index: number, count: number) => UnitRun {
  const { file, metadata, geometry } = disk;
  const { blockSize, sectorSize } = metadata;
  const { chunkRatio, blocks } = geometry;
  const hasParent = metadata.parent !== null;
  const perBlock = blockSize / sectorSize;
  const table = batReader(disk);
  const kinds = blockKinds(hasParent);
  const bitmapPage = tableCache(file, BITMAP_PAGE);

  function kindOf(block: number, entry: number): BlockKind {
    const state = table.low(entry) & BAT_STATE;
    const kind = kinds[state] ?? null;
    if (kind === null)
      throw damaged(file.path, 'a block has a state that it must not have', { block, state });
    return kind;
  }

  /** Where a block is that is here. */
  function placeOf(block: number, entry: number): number {
    const offset = table.offset(entry);
    if (offset < MIB || offset >= file.size)
      throw damaged(file.path, 'a block is not within the file', { block, offset });
    return offset;
  }

  /** Sectors of a partially present block, from `first` on, that are all here or all in the parent. */
  function partialRun(block: number, first: number, count: number): UnitRun {
    const chunk = Math.floor(block / chunkRatio);
    const bitmapEntry = chunk * (chunkRatio + 1) + chunkRatio;
    const bitmap = table.offset(bitmapEntry);
    const isPresent = (table.low(bitmapEntry) & BAT_STATE) === BITMAP.present;
    if (!isPresent || bitmap < MIB || bitmap + MIB > file.size)
      throw damaged(file.path, 'the sector bitmap of a block is missing', { block });
    const start = (block - chunk * chunkRatio) * perBlock + first;
    const end = start + Math.min(count, perBlock - first);
    const byteAt = (sector: number): number => {
      const byte = sector >>> 3;
      const page = bitmapPage(bitmap + byte - (byte % BITMAP_PAGE));
      return page.getUint8(byte % BITMAP_PAGE);
    };
    const isHere = ((byteAt(start) >>> (start & 7)) & 1) === 1;
    const alike = isHere ? 0xff : 0;
    let at = start + 1;
    while (at < end) {
      const byte = byteAt(at);
      if ((at & 7) === 0 && byte === alike) at += 8;
      else if (((byte >>> (at & 7)) & 1) === (isHere ? 1 : 0)) at++;
      else break;
    }
    const run = Math.min(at, end) - start;
    if (!isHere) return { kind: 'parent', count: run };
    return { kind: 'plain', count: run, offset: placeOf(block, entryIndex(block)) + first * sectorSize };
  }

  const entryIndex = (block: number): number => block + Math.floor(block / chunkRatio);

  return (index, count) => {
    const block = Math.floor(index / perBlock);
    const first = index - block * perBlock;
    const entry = entryIndex(block);
    const kind = kindOf(block, entry);
    if (kind === 'partial') return partialRun(block, first, count);
    const offset = kind === 'plain' ? placeOf(block, entry) : 0;
    // Not beyond the chunk, nor longer than a page of the table: a run is found in little time.
    const most = Math.min(
      blocks - block,
      chunkRatio - (block % chunkRatio),
      ENTRIES_PER_PAGE,
      Math.ceil((first + count) / perBlock),
    );
    let run = 1;
    for (; run < most; run++) {
      if (kindOf(block + run, entry + run) !== kind) break;
      if (kind === 'plain' && placeOf(block + run, entry + run) !== offset + run * blockSize) break;
    }
    const sectors = run * perBlock - first;
    if (kind !== 'plain') return { kind, count: sectors };
    return { kind, count: sectors, offset: offset + first * sectorSize };
  };
}
