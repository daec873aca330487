/**
 * A thread of the copy: reads blocks of the disk into its slots, unpacks, looks for zeros, hashes, compares, packs, writes.
 * Its system calls are the synchronous ones: here they cost 50 us for 1 MiB where a promise costs 70, and they do not
 * share the four threads that Node has for all file access. The main thread decides what is read and where it goes.
 */
import { hash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { packedRoom, packUnit, type Packing } from './pack.ts';
import {
  BLOCK,
  DIFFERENCE_UNIT,
  DIGEST_BYTES,
  HALF_BLOCK,
  type DifferentByte,
  type FromWorker,
  type Head,
  type PackedUnit,
  type Piece,
  type Placement,
  type Stretch,
  type ToWorker,
  type WorkerSetup,
} from './pipeline-messages.ts';
import { timed } from './spent.ts';
import { readFully, unpackRange } from './unpack.ts';
import { dataRuns, differingRuns } from './zero-scan.ts';

const setup = workerData as WorkerSetup;
const port = parentPort!;
const locks = new Int32Array(setup.locks);
const FREE = 0;
const TAKEN = 1;
const digests = new Uint8Array(setup.digests);
const clock = new Float64Array(setup.clock);
/** What was packed from a slot and waits for its place; these buffers are used again and again. */
const packedOf = new Map<number, Buffer>();

const say = (message: FromWorker): void => port.postMessage(message);

port.on('message', handle);

function handle(message: ToWorker): void {
  const { slot } = message;
  const failure: Failure = { at: 0, wrote: false };
  try {
    if (message.kind === 'store') {
      store(slot, message.placements, message.heads, failure);
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
    // Mostly the main thread finds a place for the data while this one hashes it.
    if (message.kind === 'pack') {
      const units = timed(clock, 'processor', () => pack(slot, message.length, message.packing));
      say({ kind: 'packed', slot, units });
      if (message.hash && units.length > 0) takeDigest(slot, bytes);
      return;
    }
    const runs = timed(clock, 'processor', () => dataRuns(bytes, message.unit));
    const { target } = message;
    if (target === null) say({ kind: 'filled', slot, runs });
    if (message.hash && runs.length > 0) takeDigest(slot, bytes);
    if (target === null) return;
    for (let i = 0; i < runs.length; i += 2) {
      const at = runs[i]!;
      const placement = { at, length: runs[i + 1]! - at, fd: target.fd, offset: target.offset + at };
      writeFully(bytes, placement, failure);
    }
    say({ kind: 'filled', slot, runs });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    say({ kind: 'failed', slot, ...failure, code, message: String(error) });
  }
}

/** What was under way: bytes from the start of the slot. */
interface Failure {
  at: number;
  wrote: boolean;
}

function slotBytes(slot: number, length: number): Buffer<SharedArrayBuffer> {
  return Buffer.from(setup.slots, slot * BLOCK, length);
}

function takeDigest(slot: number, bytes: Uint8Array): void {
  timed(clock, 'processor', () => digests.set(hash('sha256', bytes, 'buffer'), slot * DIGEST_BYTES));
}

/** Bytes between the pieces become zeros. */
function fill(bytes: Buffer, pieces: Piece[], failure: Failure): void {
  let end = 0;
  for (const piece of pieces) {
    const { at, length, fd, offset, packed } = piece;
    bytes.fill(0, end, at);
    end = at + length;
    failure.at = at;
    if (packed === undefined) timed(clock, 'source', () => readFully(fd, bytes.subarray(at, end), offset));
    else {
      // Unpacking takes longer than reading what is packed.
      const unpacked = timed(clock, 'processor', () => unpackRange(fd, offset, packed));
      bytes.set(unpacked.subarray(packed.skip, packed.skip + length), at);
    }
  }
  bytes.fill(0, end);
}

/** Both disks side by side: what fits into the slot stays in the caches of the processor. */
function compare(
  slot: number,
  stretches: Stretch[],
  failure: Failure,
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

/** Packs the units of the slot that are not zeros, one behind the other. */
function pack(slot: number, length: number, packing: Packing): PackedUnit[] {
  const { unit, head = 0, align = 1 } = packing;
  const whole = slotBytes(slot, Math.ceil(length / unit) * unit);
  // The end of a disk may be within a unit, and slots are used again.
  whole.fill(0, length);
  const room = packedRoom(BLOCK, packing);
  let packed = packedOf.get(slot);
  if (packed === undefined || packed.length < room)
    packedOf.set(slot, (packed = Buffer.allocUnsafeSlow(room)));
  const units: PackedUnit[] = [];
  const runs = dataRuns(whole, unit);
  let from = 0;
  for (let i = 0; i < runs.length; i += 2) {
    for (let at = runs[i]!; at < runs[i + 1]!; at += unit) {
      const bytes = packUnit(whole.subarray(at, at + unit), packing);
      units.push({ at, length: bytes?.length ?? null, from });
      if (bytes === null) continue;
      packed.set(bytes, from + head);
      const end = from + head + bytes.length;
      from = Math.ceil(end / align) * align;
      packed.fill(0, end, from);
    }
  }
  return units;
}

function store(slot: number, placements: Placement[], heads: Head[], failure: Failure): void {
  const bytes = slotBytes(slot, BLOCK);
  for (const head of heads) packedOf.get(slot)!.set(head.bytes, head.at);
  for (const placement of placements)
    writeFully(placement.packed === true ? packedOf.get(slot)! : bytes, placement, failure);
}

function writeFully(from: Buffer, { at, length, fd, offset }: Placement, failure: Failure): void {
  failure.wrote = true;
  for (let done = 0; done < length;) {
    failure.at = at + done;
    // A write that is cut short says why when it is repeated.
    done += inTurn(fd, () => writeSync(fd, from, at + done, length - done, offset + done));
  }
}

/**
 * Systems let one thread write to a file at a time (ext4, XFS, tmpfs and NTFS lock the inode), and threads that wait for
 * that spin: two writers took 2.5 s of system time for what one did in 1.0 s. So they wait here, asleep.
 */
function inTurn<T>(fd: number, write: () => T): T {
  const lock = fd % locks.length;
  while (Atomics.compareExchange(locks, lock, FREE, TAKEN) !== FREE) {
    const next = receiveMessageOnPort(port) as { message: ToWorker } | undefined;
    if (next === undefined) timed(clock, 'target', () => Atomics.wait(locks, lock, TAKEN));
    else handle(next.message);
  }
  try {
    return timed(clock, 'target', write);
  } finally {
    Atomics.store(locks, lock, FREE);
    Atomics.notify(locks, lock, 1);
  }
}
