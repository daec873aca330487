/** The block allocation table (BAT) and the sector bitmaps of differencing disks ([MS-VHDX] 2.4, 2.5). */
import { setImmediate as nextTurn } from 'node:timers/promises';
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

export interface BatEntry {
  state: number;
  /** Bytes from the start of the file. */
  offset: number;
  /** Bits that must be zero are. */
  isClean: boolean;
}

/** Bytes of the table that are read at once. */
const PAGE = 64 << 10;
const ENTRIES_PER_PAGE = PAGE / BAT_ENTRY_BYTES;

/** Reads entries by their index. @throws READ_FAILED */
export function batReader({ file, bat }: Pick<BatDisk, 'file' | 'bat'>): (index: number) => BatEntry {
  const pageAt = tableCache(file, PAGE);
  let current = -1;
  let page: DataView;
  return (index) => {
    const wanted = Math.floor(index / ENTRIES_PER_PAGE);
    if (wanted !== current) {
      page = pageAt(bat.offset + wanted * PAGE);
      current = wanted;
    }
    const at = (index % ENTRIES_PER_PAGE) * BAT_ENTRY_BYTES;
    const low = page.getUint32(at, true);
    // Bits 20..63 are MiB, so with the other bits gone the entry is a number of bytes.
    const mib = page.getUint32(at + 4, true) * 4096 + (low >>> 20);
    return { state: low & BAT_STATE, offset: mib * MIB, isClean: (low & 0xffff8) === 0 };
  };
}

type BlockKind = 'zero' | 'parent' | 'plain' | 'partial';

/** What reading a block in this state gives; null for a state that it must not have. */
export function blockKind(state: number, hasParent: boolean): BlockKind | null {
  switch (state) {
    case PAYLOAD.notPresent:
      return hasParent ? 'parent' : 'zero';
    // Contents that nobody relies on: zeros are among what may be returned, whatever a parent has there.
    case PAYLOAD.undefined:
    case PAYLOAD.unmapped:
    case PAYLOAD.unmappedOld:
    case PAYLOAD.zero:
      return 'zero';
    case PAYLOAD.fullyPresent:
      return 'plain';
    case PAYLOAD.partiallyPresent:
      return hasParent ? 'partial' : null;
    default:
      return null;
  }
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
  const entryAt = batReader(disk);
  const bitmapPage = tableCache(file, BITMAP_PAGE);

  function kindOf(block: number, { state, offset }: BatEntry): BlockKind {
    const kind = blockKind(state, hasParent);
    if (kind === null)
      throw damaged(file.path, 'a block has a state that it must not have', { block, state });
    const isHere = kind === 'plain' || kind === 'partial';
    if (isHere && (offset < MIB || offset >= file.size))
      throw damaged(file.path, 'a block is not within the file', { block, offset });
    return kind;
  }

  /** Sectors of a partially present block, from `first` on, that are all here or all in the parent. */
  function partialRun(block: number, first: number, count: number): UnitRun {
    const chunk = Math.floor(block / chunkRatio);
    const bitmap = entryAt(chunk * (chunkRatio + 1) + chunkRatio);
    if (bitmap.state !== BITMAP.present || bitmap.offset < MIB || bitmap.offset + MIB > file.size)
      throw damaged(file.path, 'the sector bitmap of a block is missing', { block });
    const start = (block - chunk * chunkRatio) * perBlock + first;
    const end = start + Math.min(count, perBlock - first);
    const byteAt = (sector: number): number => {
      const byte = sector >>> 3;
      const page = bitmapPage(bitmap.offset + byte - (byte % BITMAP_PAGE));
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
    return { kind: 'plain', count: run, offset: entryAt(entryIndex(block)).offset + first * sectorSize };
  }

  const entryIndex = (block: number): number => block + Math.floor(block / chunkRatio);

  return (index, count) => {
    const block = Math.floor(index / perBlock);
    const first = index - block * perBlock;
    const entry = entryAt(entryIndex(block));
    const kind = kindOf(block, entry);
    if (kind === 'partial') return partialRun(block, first, count);
    // Not beyond the chunk, nor beyond one page of the table: a run is found in little time.
    const most = Math.min(
      blocks - block,
      chunkRatio - (block % chunkRatio),
      ENTRIES_PER_PAGE,
      Math.ceil((first + count) / perBlock),
    );
    let run = 1;
    for (; run < most; run++) {
      const next = entryAt(entryIndex(block) + run);
      if (kindOf(block + run, next) !== kind) break;
      if (kind === 'plain' && next.offset !== entry.offset + run * blockSize) break;
    }
    const sectors = run * perBlock - first;
    if (kind !== 'plain') return { kind, count: sectors };
    return { kind, count: sectors, offset: entry.offset + first * sectorSize };
  };
}

/** Which MiB of a file are taken. A file of 128 TiB costs 16 MiB. */
export class SpaceMap {
  readonly #taken: Uint8Array;
  readonly #units: number;

  /** `size`: of the file, bytes. */
  constructor(size: number) {
    this.#units = Math.min(Math.ceil(size / MIB), 2 ** 27);
    this.#taken = new Uint8Array(Math.ceil(this.#units / 8));
  }

  /** Takes a range; false where a part of it is taken already. What lies beyond the file does not count. */
  take({ offset, length }: Region): boolean {
    let isFree = true;
    const end = Math.min(this.#units, Math.ceil((offset + length) / MIB));
    for (let unit = Math.floor(offset / MIB); unit < end; unit++) {
      const bit = 1 << (unit & 7);
      if (this.#taken[unit >>> 3]! & bit) isFree = false;
      else this.#taken[unit >>> 3]! |= bit;
    }
    return isFree;
  }

  /** MiB from byte `start` on that are taken neither here nor in the map of another view of the same file. */
  unused(start: number, other: SpaceMap): number {
    let unused = 0;
    for (let unit = Math.floor(start / MIB); unit < this.#units; unit++)
      if ((((this.#taken[unit >>> 3]! | other.#taken[unit >>> 3]!) >>> (unit & 7)) & 1) === 0) unused++;
    return unused;
  }
}

export interface BatVisitor {
  problem(severity: 'error' | 'leak' | 'note', message: string, offset: number): void;
  /** A payload block that has contents there. */
  block?(place: Region): void;
  /** A block without contents that has kept its room, as those of a fixed disk do. */
  kept?(place: Region): void;
  /** Now and then. */
  progress?(done: number, total: number): void;
}

const PAGES_A_TURN = 64;

/**
 * Looks at every entry: states, places within the file, and that no place is used twice. `space`: has the regions
 * taken already.
 */
export async function walkBat(disk: BatDisk, space: SpaceMap, visitor: BatVisitor): Promise<void> {
  const { file, bat, metadata, geometry } = disk;
  const { blockSize, size } = metadata;
  const { entries, chunkRatio } = geometry;
  const hasParent = metadata.parent !== null;
  const entryAt = batReader(disk);
  let needsBitmap = false;

  function claim(what: string, place: Region, needed: number, entryOffset: number): void {
    if (place.offset < MIB || place.offset + needed > file.size)
      visitor.problem('error', `${what} is not within the file`, entryOffset);
    else if (!space.take(place))
      visitor.problem('error', `${what} lies where something else is`, entryOffset);
  }

  for (let index = 0; index < entries; index++) {
    if (index % (ENTRIES_PER_PAGE * PAGES_A_TURN) === 0) {
      visitor.progress?.(index, entries);
      await nextTurn();
    }
    const { state, offset, isClean } = entryAt(index);
    const at = bat.offset + index * BAT_ENTRY_BYTES;
    if (!isClean) visitor.problem('note', `BAT entry ${index} has reserved bits set`, at);
    const inChunk = index % (chunkRatio + 1);
    if (inChunk === chunkRatio) {
      const chunk = (index - chunkRatio) / (chunkRatio + 1);
      const isPresent = state === BITMAP.present;
      if (!isPresent && state !== BITMAP.notPresent)
        visitor.problem('error', `sector bitmap ${chunk} has the state ${state}`, at);
      else if (!isPresent && needsBitmap) visitor.problem('error', `sector bitmap ${chunk} is missing`, at);
      else if (isPresent && !hasParent)
        visitor.problem('leak', `sector bitmap ${chunk} is there though the disk has no parent`, at);
      if (isPresent) claim(`sector bitmap ${chunk}`, { offset, length: MIB }, hasParent ? MIB : 0, at);
      needsBitmap = false;
      continue;
    }
    const block = index - Math.floor(index / (chunkRatio + 1));
    // A differencing disk has entries for the whole of its last chunk.
    if (block >= geometry.blocks) continue;
    const kind = blockKind(state, hasParent);
    if (kind === null) visitor.problem('error', `block ${block} has the state ${state}`, at);
    if (kind === 'partial') needsBitmap = true;
    const place = { offset, length: blockSize };
    if (kind === 'plain' || kind === 'partial') {
      visitor.block?.(place);
      // Of the last block no more has to be there than the disk has of it.
      claim(`block ${block}`, place, Math.min(blockSize, size - block * blockSize), at);
    } else if (offset > 0) {
      visitor.kept?.(place);
    }
  }
  visitor.progress?.(entries, entries);
}
