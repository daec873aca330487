/**
 * Slots without threads of their own: Node's file threads read ahead, and this thread writes. A copy that neither hashes
 * nor packs has next to nothing else to do, and threads that run JavaScript take 40 ms of a processor each to start.
 * Of 1.5 GiB in memory, on two processors: 0.48 s here, 0.57 s by two threads; with hashing 1.1 s here, 0.6 s there.
 *
 * The system lets one thread at a time write to a file. Handing each write to another thread only adds two changes of
 * thread to it, and the less memory is in use the more of it stays in the processor's cache: of 4.5 GiB out of qcow2,
 * order by chance, medians of 26: 2.28 s and 3.08 s of processor time with three slots, 2.73 s and 3.48 s with eight and
 * writes by the file threads, 2.76 s and 3.25 s by qemu-img.
 */
import { read, writeSync } from 'node:fs';
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

/** One is written while two are read. */
const SLOTS = 3;

type Kind = 'fill' | 'store';

/** Serves `fill` without hashing, and `store`. */
export function localCopyWorkers(): CopyWorkers {
  const spent: Spent = { ...NOTHING_SPENT };
  const free: Slot[] = [];
  const waiting: ((slot: Slot) => void)[] = [];
  for (let index = 0; index < SLOTS; index++) {
    const bytes = Buffer.allocUnsafeSlow(BLOCK);
    const slot: Slot = {
      index,
      bytes,
      digest: new Uint8Array(DIGEST_BYTES),
      ask: (request) => answer(bytes, request as Extract<ToWorker, { kind: Kind }>, spent) as never,
      release() {
        const next = waiting.shift();
        if (next === undefined) free.push(slot);
        else next(slot);
      },
    };
    free.push(slot);
  }
  return {
    own: spent,
    spent: () => ({ ...spent }),
    slots: SLOTS,
    take() {
      const slot = free.shift();
      if (slot !== undefined) return Promise.resolve(slot);
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: () => Promise.resolve(),
  };
}

async function answer(
  bytes: Buffer,
  request: Extract<ToWorker, { kind: Kind }>,
  spent: Spent,
): Promise<unknown> {
  const { kind, slot } = request;
  if (kind === 'store') {
    store(bytes, request.placements, request.heads, spent);
    return { kind: 'stored', slot };
  }
  if (request.hash) throw new TypeError('a copy that hashes needs threads');
  const { length, pieces, unit, target } = request;
  const part = bytes.subarray(0, length);
  if (pieces !== null) await timedAsync(spent, 'source', () => fill(part, pieces));
  const runs = dataRuns(part, unit);
  for (let i = 0; target !== null && i < runs.length; i += 2) {
    const at = runs[i]!;
    const placement = { at, length: runs[i + 1]! - at, fd: target.fd, offset: target.offset + at };
    writeFully(bytes, placement, spent);
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

function store(bytes: Buffer, placements: readonly Placement[], heads: readonly Head[], spent: Spent): void {
  if (heads.length > 0) throw new TypeError('a copy that packs needs threads');
  for (const placement of placements) writeFully(bytes, placement, spent);
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

/** A write that is cut short says why when it is repeated. */
function writeFully(from: Buffer, { at, length, fd, offset }: Placement, spent: Spent): void {
  const begun = performance.now();
  let done = 0;
  try {
    while (done < length) done += writeSync(fd, from, at + done, length - done, offset + done);
  } catch (error) {
    throw slotError(error, at + done, true);
  } finally {
    spent.target += performance.now() - begun;
  }
}

function slotError(error: unknown, at: number, wrote: boolean): SlotError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new SlotError({ kind: 'failed', slot: 0, at, wrote, code, message: String(error) });
}
