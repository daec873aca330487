/** Looks at the whole BAT, whether it holds together: what opening an image asks for, and checking one. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { viewOf } from '../../base/bytes.ts';
import { blockKinds, entryOffset, type BatDisk } from './bat.ts';
import type { Region } from './headers.ts';
import { BAT_ENTRY_BYTES, BAT_STATE, BITMAP, MIB } from './layout.ts';

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

/** Whether the entry is of a block without contents and without room. */
const isEmpty = (view: DataView, place: number): boolean =>
  view.getUint32(place * BAT_ENTRY_BYTES, true) <= UNMAPPED &&
  view.getUint32(place * BAT_ENTRY_BYTES + 4, true) === 0;

/** Whether the entries [from, to) are the same: as fast as memory is, whatever they say. */
const areAlike = (table: Buffer, from: number, to: number): boolean =>
  table.compare(
    table,
    from * BAT_ENTRY_BYTES,
    (to - 1) * BAT_ENTRY_BYTES,
    (from + 1) * BAT_ENTRY_BYTES,
    to * BAT_ENTRY_BYTES,
  ) === 0;

export interface BatVisitor {
  problem(severity: 'error' | 'leak' | 'note', message: string, offset: number): void;
  /** A payload block that has contents there. */
  block?(place: Region): void;
  /** A block without contents that has kept its room, as those of a fixed disk do. */
  kept?(place: Region): void;
  /** Now and then. */
  progress?(done: number, total: number): void;
}

/** Of the table, read at a time, bytes. */
const PIECE = 1 << 20;
const ENTRIES_PER_PIECE = PIECE / BAT_ENTRY_BYTES;
/** The highest of the states without contents that every disk may have; entries up to it need no second look. */
const UNMAPPED = 3;
const RESERVED = 0xffff8;

/**
 * Looks at every entry: states, places within the file, and that no place is used twice. `space`: has the regions
 * taken already.
 */
export async function walkBat(disk: BatDisk, space: SpaceMap, visitor: BatVisitor): Promise<void> {
  const { file, bat, metadata, geometry } = disk;
  const { blockSize, size } = metadata;
  const { entries, chunkRatio, blocks } = geometry;
  const hasParent = metadata.parent !== null;
  const kinds = blockKinds(hasParent);
  let needsBitmap = false;

  function claim(what: string, place: Region, needed: number, at: number): void {
    if (place.offset < MIB || place.offset + needed > file.size)
      visitor.problem('error', `${what} is not within the file`, at);
    else if (!space.take(place)) visitor.problem('error', `${what} lies where something else is`, at);
  }

  function lookAtBitmap(chunk: number, state: number, offset: number, at: number): void {
    const isPresent = state === BITMAP.present;
    if (!isPresent && state !== BITMAP.notPresent)
      visitor.problem('error', `sector bitmap ${chunk} has the state ${state}`, at);
    else if (!isPresent && needsBitmap) visitor.problem('error', `sector bitmap ${chunk} is missing`, at);
    else if (isPresent && !hasParent)
      visitor.problem('leak', `sector bitmap ${chunk} is there though the disk has no parent`, at);
    if (isPresent) claim(`sector bitmap ${chunk}`, { offset, length: MIB }, hasParent ? MIB : 0, at);
    needsBitmap = false;
  }

  function lookAtBlock(block: number, state: number, offset: number, at: number): void {
    const kind = kinds[state] ?? null;
    const place = { offset, length: blockSize };
    if (kind === null) visitor.problem('error', `block ${block} has the state ${state}`, at);
    if (kind === 'partial') needsBitmap = true;
    if (kind === 'plain' || kind === 'partial') {
      visitor.block?.(place);
      // Of the last block no more has to be there than the disk has of it.
      claim(`block ${block}`, place, Math.min(blockSize, size - block * blockSize), at);
    } else if (offset > 0) {
      visitor.kept?.(place);
    }
  }

  function lookAt(index: number, view: DataView, place: number): void {
    const low = view.getUint32(place * BAT_ENTRY_BYTES, true);
    const offset = entryOffset(view, place * BAT_ENTRY_BYTES);
    const chunk = Math.floor(index / (chunkRatio + 1));
    const inChunk = index - chunk * (chunkRatio + 1);
    const isBitmap = inChunk === chunkRatio;
    const block = chunk * chunkRatio + inChunk;
    // A differencing disk has entries for the whole of its last chunk; those beyond its end mean nothing.
    if (!isBitmap && block >= blocks) return;
    const at = bat.offset + index * BAT_ENTRY_BYTES;
    if ((low & RESERVED) !== 0) visitor.problem('note', `BAT entry ${index} has reserved bits set`, at);
    if (isBitmap) lookAtBitmap(chunk, low & BAT_STATE, offset, at);
    else lookAtBlock(block, low & BAT_STATE, offset, at);
  }

  /** The bitmap of the chunk that is looked at: its entry has something to say whatever it is. */
  const bitmapAfter = (index: number): number =>
    (Math.floor(index / (chunkRatio + 1)) + 1) * (chunkRatio + 1) - 1;

  /** Reads the piece from entry `first` on; the next one is on its way while this one is looked at. */
  const buffers = [0, 1].map(() => Buffer.alloc(Math.min(PIECE, entries * BAT_ENTRY_BYTES)));
  const readPiece = async (first: number): Promise<Buffer> => {
    const count = Math.max(0, Math.min(ENTRIES_PER_PIECE, entries - first));
    const piece = buffers[(first / ENTRIES_PER_PIECE) % 2]!.subarray(0, count * BAT_ENTRY_BYTES);
    await file.read(piece, bat.offset + first * BAT_ENTRY_BYTES);
    return piece;
  };
  let coming = readPiece(0);
  for (let first = 0; first < entries; first += ENTRIES_PER_PIECE) {
    visitor.progress?.(first, entries);
    await nextTurn();
    const bytes = await coming;
    coming = readPiece(first + ENTRIES_PER_PIECE);
    // Whoever stops before it is awaited must not leave an error without a listener.
    coming.catch(() => undefined);
    const view = viewOf(bytes);
    const count = bytes.length / BAT_ENTRY_BYTES;
    let bitmap = bitmapAfter(first) - first;
    for (let i = 0; i < count;) {
      const stop = Math.min(count, bitmap);
      // Of 64 TiB most is free: 512 MiB of entries that all say the same.
      if (i < stop && isEmpty(view, i) && areAlike(bytes, i, stop)) i = stop;
      for (; i < stop; i++) if (!isEmpty(view, i)) lookAt(first + i, view, i);
      if (i < count) {
        lookAt(first + i, view, i++);
        bitmap += chunkRatio + 1;
      }
    }
  }
  visitor.progress?.(entries, entries);
}
