/**
 * Slots without threads of their own: this thread asks, and Node's file threads read and write. A copy that neither hashes
 * nor packs has next to nothing else to do, and threads that run JavaScript take 40 ms of a processor each to start.
 * Of 1.5 GiB in memory, on two processors: 0.48 s here, 0.57 s by two threads; with hashing 1.1 s here, 0.6 s there.
 *
 * A file is written to by one thread at a time. The system lets only one in anyway, and the others wait for it on their
 * processors: of 4.5 GiB into qcow2 2.9 to 4.3 s of processor time with turns, 3.4 to 5.0 s without.
 */
import { read, write } from 'node:fs';
import {
  BLOCK,
  DIGEST_BYTES,
  type Head,
  type Piece,
  type Placement,
  type ToWorker,
} from './pipeline-messages.ts';
import { SlotError, type CopyWorkers, type Slot } from './pipeline-workers.ts';
import { NOTHING_SPENT, timedAsync, type Spent } from './spent.ts';
import { unpackRange } from './unpack.ts';
import { dataRuns } from './zero-scan.ts';

/** Node reads and writes in up to four threads; with some more slots than that, none of them waits for this one. */
const SLOTS = 8;

type Kind = 'fill' | 'store';

/** Serves `fill` without hashing, and `store`. */
export function localCopyWorkers(): CopyWorkers {
  const world: World = { turns: new Map(), spent: { ...NOTHING_SPENT } };
  const free: Slot[] = [];
  const waiting: ((slot: Slot) => void)[] = [];
  for (let index = 0; index < SLOTS; index++) {
    const bytes = Buffer.allocUnsafeSlow(BLOCK);
    const slot: Slot = {
      index,
      bytes,
      digest: new Uint8Array(DIGEST_BYTES),
      ask: (request) => answer(bytes, request as Extract<ToWorker, { kind: Kind }>, world) as never,
      release() {
        const next = waiting.shift();
        if (next === undefined) free.push(slot);
        else next(slot);
      },
    };
    free.push(slot);
  }
  return {
    own: world.spent,
    spent: () => ({ ...world.spent }),
    slots: SLOTS,
    take() {
      const slot = free.shift();
      if (slot !== undefined) return Promise.resolve(slot);
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: () => Promise.resolve(),
  };
}

interface World {
  /** The last write asked for, by file descriptor. */
  turns: Map<number, Promise<void>>;
  spent: Spent;
}

async function answer(
  bytes: Buffer,
  request: Extract<ToWorker, { kind: Kind }>,
  world: World,
): Promise<unknown> {
  const { kind, slot } = request;
  if (kind === 'store') {
    await store(bytes, request.placements, request.heads, world);
    return { kind: 'stored', slot };
  }
  if (request.hash) throw new TypeError('a copy that hashes needs threads');
  const { length, pieces, unit, target } = request;
  const part = bytes.subarray(0, length);
  if (pieces !== null) await timedAsync(world.spent, 'source', () => fill(part, pieces));
  const runs = dataRuns(part, unit);
  for (let i = 0; target !== null && i < runs.length; i += 2) {
    const at = runs[i]!;
    const placement = { at, length: runs[i + 1]! - at, fd: target.fd, offset: target.offset + at };
    await writeInTurn(bytes, placement, world);
  }
  return { kind: 'filled', slot, runs };
}

/** Bytes between the pieces become zeros. */
async function fill(bytes: Buffer, pieces: readonly Piece[]): Promise<void> {
  let end = 0;
  for (const { at, length, fd, offset, packed } of pieces) {
    bytes.fill(0, end, at);
    end = at + length;
    if (packed === undefined) {
      await readFully(bytes, at, length, fd, offset);
      continue;
    }
    try {
      bytes.set(unpackRange(fd, offset, packed).subarray(packed.skip, packed.skip + length), at);
    } catch (error) {
      throw slotError(error, at, false);
    }
  }
  bytes.fill(0, end);
}

async function store(
  bytes: Buffer,
  placements: readonly Placement[],
  heads: readonly Head[],
  world: World,
): Promise<void> {
  if (heads.length > 0) throw new TypeError('a copy that packs needs threads');
  for (const placement of placements) await writeInTurn(bytes, placement, world);
}

/** A write that fails is its own caller's to hear of; the next one has its turn all the same. */
function writeInTurn(from: Buffer, placement: Placement, { turns, spent }: World): Promise<void> {
  const write = (): Promise<void> => timedAsync(spent, 'target', () => writeFully(from, placement));
  const turn = (turns.get(placement.fd) ?? Promise.resolve()).then(write, write);
  turns.set(placement.fd, turn);
  return turn;
}

function readFully(into: Buffer, at: number, length: number, fd: number, offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const more = (done: number): void =>
      read(fd, into, at + done, length - done, offset + done, (error, count) => {
        if (error !== null) reject(slotError(error, at + done, false));
        else if (count === 0) reject(slotError(new Error('the file ends too early'), at + done, false));
        else if (done + count < length) more(done + count);
        else resolve();
      });
    more(0);
  });
}

function writeFully(from: Buffer, { at, length, fd, offset }: Placement): Promise<void> {
  return new Promise((resolve, reject) => {
    // A write that is cut short says why when it is repeated.
    const more = (done: number): void =>
      write(fd, from, at + done, length - done, offset + done, (error, count) => {
        if (error !== null) reject(slotError(error, at + done, true));
        else if (done + count < length) more(done + count);
        else resolve();
      });
    more(0);
  });
}

function slotError(error: unknown, at: number, wrote: boolean): SlotError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new SlotError({ kind: 'failed', slot: 0, at, wrote, code, message: String(error) });
}
