/**
 * A thread of the copy: reads blocks of the disk into its slots, looks for zeros, hashes, compares, writes. Its system calls are
 * the synchronous ones: here they cost 50 us for 1 MiB where a promise costs 70, and they do not share the four threads
 * that Node has for all file access. The main thread decides what is read and where it goes.
 */
import { hash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import {
  BLOCK,
  DIFFERENCE_UNIT,
  DIGEST_BYTES,
  HALF_BLOCK,
  type DifferentByte,
  type FromWorker,
  type Piece,
  type Stretch,
  type ToWorker,
  type WorkerSetup,
} from './pipeline-messages.ts';
import { dataRuns, differingRuns } from './zero-scan.ts';

const setup = workerData as WorkerSetup;
const port = parentPort!;
const digests = new Uint8Array(setup.digests);

const say = (message: FromWorker): void => port.postMessage(message);

port.on('message', (message: ToWorker) => {
  const { slot } = message;
  const failure = { at: 0 };
  try {
    if (message.kind === 'store') {
      store(slotBytes(slot, BLOCK), message.placements, failure);
      say({ kind: 'stored', slot });
      return;
    }
    if (message.kind === 'compare') {
      say(compare(slot, message.stretches, failure));
      return;
    }
    const bytes = slotBytes(slot, message.length);
    if (message.pieces !== null) fill(bytes, message.pieces, failure);
    if (message.kind === 'digest') {
      takeDigest(slot, bytes);
      say({ kind: 'digested', slot });
      return;
    }
    const runs = dataRuns(bytes, message.unit);
    // The main thread finds a place for the data while this one hashes it.
    say({ kind: 'filled', slot, runs });
    if (message.hash && runs.length > 0) takeDigest(slot, bytes);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    say({ kind: 'failed', slot, at: failure.at, code, message: String(error) });
  }
});

function slotBytes(slot: number, length: number): Buffer<SharedArrayBuffer> {
  return Buffer.from(setup.slots, slot * BLOCK, length);
}

function takeDigest(slot: number, bytes: Uint8Array): void {
  digests.set(hash('sha256', bytes, 'buffer'), slot * DIGEST_BYTES);
}

/** Bytes between the pieces become zeros. */
function fill(bytes: Uint8Array, pieces: Piece[], failure: { at: number }): void {
  let end = 0;
  for (const piece of pieces) {
    bytes.fill(0, end, piece.at);
    end = piece.at + piece.length;
    for (let done = 0; done < piece.length;) {
      failure.at = piece.at + done;
      const count = readSync(piece.fd, bytes, piece.at + done, piece.length - done, piece.offset + done);
      if (count === 0) throw new Error('the file ends too early');
      done += count;
    }
  }
  bytes.fill(0, end);
}

/** Both disks side by side: what fits into the slot stays in the caches of the processor. */
function compare(
  slot: number,
  stretches: Stretch[],
  failure: { at: number },
): Extract<FromWorker, { kind: 'compared' }> {
  const both = slotBytes(slot, BLOCK);
  const runs: number[] = [];
  let first: DifferentByte | null = null;
  for (const { at, length, sides } of stretches) {
    const a = both.subarray(0, length);
    const b = both.subarray(HALF_BLOCK, HALF_BLOCK + length);
    if (sides !== null) {
      fill(a, sides[0], failure);
      fill(b, sides[1], failure);
    }
    const here = differingRuns(a, b, DIFFERENCE_UNIT);
    if (here.length === 0) continue;
    if (first === null) {
      let byte = here[0]!;
      while (a[byte] === b[byte]) byte++;
      first = { offset: at + byte, a: a[byte]!, b: b[byte]! };
    }
    for (const edge of here) runs.push(at + edge);
  }
  return { kind: 'compared', slot, runs, first };
}

function store(bytes: Uint8Array, placements: Piece[], failure: { at: number }): void {
  for (const { at, length, fd, offset } of placements) {
    for (let done = 0; done < length;) {
      failure.at = at + done;
      // A write that is cut short says why when it is repeated.
      done += writeSync(fd, bytes, at + done, length - done, offset + done);
    }
  }
}
