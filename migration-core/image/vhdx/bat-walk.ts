/** Looks at the whole BAT, whether it holds together: what opening an image asks for, and checking one. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { batReader, blockKinds, ENTRIES_PER_PAGE, type BatDisk } from './bat.ts';
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

export interface BatVisitor {
  problem(severity: 'error' | 'leak' | 'note', message: string, offset: number): void;
  /** A payload block that has contents there. */
  block?(place: Region): void;
  /** A block without contents that has kept its room, as those of a fixed disk do. */
  kept?(place: Region): void;
  /** Now and then. */
  progress?(done: number, total: number): void;
}

/** Entries between two turns of the event loop: some milliseconds. */
const ENTRIES_A_TURN = 64 * ENTRIES_PER_PAGE;
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
  const table = batReader(disk);
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

  let chunk = 0;
  let inChunk = 0;
  for (let index = 0; index < entries; index++) {
    if (index % ENTRIES_A_TURN === 0) {
      visitor.progress?.(index, entries);
      await nextTurn();
    }
    const isBitmap = inChunk === chunkRatio;
    const block = chunk * chunkRatio + inChunk;
    const low = table.low(index);
    const offset = table.offset(index);
    // A differencing disk has entries for the whole of its last chunk; those beyond its end mean nothing.
    if (isBitmap || ((low > UNMAPPED || offset > 0) && block < blocks)) {
      const at = bat.offset + index * BAT_ENTRY_BYTES;
      if ((low & RESERVED) !== 0) visitor.problem('note', `BAT entry ${index} has reserved bits set`, at);
      if (isBitmap) lookAtBitmap(chunk, low & BAT_STATE, offset, at);
      else lookAtBlock(block, low & BAT_STATE, offset, at);
    }
    inChunk++;
    if (isBitmap) {
      inChunk = 0;
      chunk++;
    }
  }
  visitor.progress?.(entries, entries);
}
