/**
 * The log of a copy, a file beside the image while one disk is copied: a record for each block of the disk that has data,
 * with the places it asked for in the image and its SHA-256. Told again to the writer of the format they make the same
 * tables, and the digest of the disk goes on from them, so that nothing copied is read again. A checkpoint in the journal
 * says up to which byte the log holds, and that all it tells of is on the medium. About 60 bytes for each MiB of data,
 * 170 in packed images.
 *
 * Record, little-endian: u32 number of the block (1 MiB), u16 pairs, u16 1 where a digest follows; pairs of i32
 * (CopiedBlock.places); 32 bytes of digest.
 */
import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Packing } from '../block/pack.ts';
import { packedRoom } from '../block/pack.ts';
import { BlockDigests } from '../block/block-digests.ts';
import type { CopiedBlock } from '../block/copied.ts';
import { writeFailed } from '../block/file-errors.ts';
import { BLOCK, DIGEST_BYTES } from '../block/pipeline-messages.ts';
import type { PlacedPiece } from '../image/image.ts';
import type { Checkpoint } from './job-record.ts';

export const copyLogName = (disk: number): string => `ironlift.copy-${disk}.log`;
export const copyLogPath = (folder: string, disk: number): string => join(folder, copyLogName(disk));

const HEAD = 8;
const PAIR = 8;
/** No image has smaller units, so that a block has at most so many pairs. */
const SMALLEST_UNIT = 4096;
const MOST_PAIRS = BLOCK / SMALLEST_UNIT;
const LARGEST_RECORD = HEAD + MOST_PAIRS * PAIR + DIGEST_BYTES;

/** What the records are of. */
export interface LogGeometry {
  /** Bytes of the disk. */
  size: number;
  /** BlockSink.granularity. */
  unit: number;
  packing: Packing | null;
}

export function encodeRecord({ offset, places, digest }: CopiedBlock): Buffer {
  const record = Buffer.alloc(HEAD + places.length * 4 + (digest === null ? 0 : DIGEST_BYTES));
  record.writeUInt32LE(offset / BLOCK, 0);
  record.writeUInt16LE(places.length / 2, 4);
  record.writeUInt16LE(digest === null ? 0 : 1, 6);
  for (const [index, place] of places.entries()) record.writeInt32LE(place, HEAD + index * 4);
  if (digest !== null) record.set(digest, record.length - DIGEST_BYTES);
  return record;
}

/** The log as it is written: grows at its end, and knows the digest of all it holds. */
export class CopyLogFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #sha: Hash;
  #bytes: number;

  private constructor(path: string, file: FileHandle, sha: Hash, bytes: number) {
    this.path = path;
    this.#file = file;
    this.#sha = sha;
    this.#bytes = bytes;
  }

  /** Takes the place of an old one. @throws WRITE_FAILED, DESTINATION_FULL */
  static async create(path: string): Promise<CopyLogFile> {
    try {
      return new CopyLogFile(path, await open(path, 'w'), createHash('sha256'), 0);
    } catch (error) {
      throw writeFailed(path, error);
    }
  }

  /** Goes on behind a checkpoint that `lastCheckpoint` found. */
  static async reopen(path: string, { checkpoint, sha }: FoundCheckpoint): Promise<CopyLogFile> {
    try {
      const file = await open(path, 'r+');
      await file.truncate(checkpoint.logBytes);
      return new CopyLogFile(path, file, sha, checkpoint.logBytes);
    } catch (error) {
      throw writeFailed(path, error);
    }
  }

  /** Appends, durably; returns how much it holds now. @throws WRITE_FAILED, DESTINATION_FULL */
  async append(records: Buffer): Promise<Pick<Checkpoint, 'logBytes' | 'logDigest'>> {
    try {
      for (let done = 0; done < records.length;) {
        const at = this.#bytes + done;
        done += (await this.#file.write(records, done, records.length - done, at)).bytesWritten;
      }
      if (records.length > 0) await this.#file.datasync();
    } catch (error) {
      throw writeFailed(this.path, error);
    }
    this.#sha.update(records);
    this.#bytes += records.length;
    return { logBytes: this.#bytes, logDigest: this.#sha.copy().digest('hex') };
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }
}

export interface FoundCheckpoint {
  checkpoint: Checkpoint;
  /** Over the log up to there. */
  sha: Hash;
}

/**
 * The last of the checkpoints (in their order) for which the log still is what it was; null where there is none, or no log.
 * A log that was torn or changed falls back to the one before.
 */
export async function lastCheckpoint(
  path: string,
  checkpoints: readonly Checkpoint[],
): Promise<FoundCheckpoint | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const sha = createHash('sha256');
    let found: FoundCheckpoint | null = null;
    let at = 0;
    const buffer = Buffer.alloc(1 << 20);
    for (const checkpoint of checkpoints) {
      while (at < checkpoint.logBytes) {
        const most = Math.min(buffer.length, checkpoint.logBytes - at);
        const { bytesRead } = await file.read(buffer, 0, most, at);
        if (bytesRead === 0) return found;
        sha.update(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
      if (sha.copy().digest('hex') !== checkpoint.logDigest) return found;
      found = { checkpoint, sha: sha.copy() };
    }
    return found;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/** A log that is whole and makes no sense: it was not written here. */
export class LogNotUnderstood extends Error {
  override readonly name = 'LogNotUnderstood';
}

/** What a log tells; `pieces` has to be read to its end before the others are complete. */
export interface LogReader {
  /** Digests of the blocks; those that are not in the log are zeros. */
  blocks: BlockDigests;
  /** Blocks that have a digest, ascending, spread over all of them: at most PROBES. */
  probes: number[];
  /** @throws LogNotUnderstood */
  pieces: AsyncIterable<readonly PlacedPiece[]>;
}

const PROBES = 8;

export function readCopyLog(path: string, { next, logBytes }: Checkpoint, geometry: LogGeometry): LogReader {
  const blocks = new BlockDigests(geometry.size);
  const probes: number[] = [];
  const distance = Math.max(1, Math.floor(next / BLOCK / PROBES));
  async function* pieces(): AsyncGenerator<readonly PlacedPiece[]> {
    let last = -1;
    for await (const record of records(path, logBytes)) {
      const index = record.readUInt32LE(0);
      if (index <= last || (index + 1) * BLOCK > Math.ceil(next / BLOCK) * BLOCK || index >= blocks.blocks)
        throw new LogNotUnderstood(`block ${index} after ${last}`);
      last = index;
      if (record.readUInt16LE(6) === 1) {
        blocks.set(index, record.subarray(record.length - DIGEST_BYTES));
        const behind = probes.at(-1);
        if (behind === undefined || (probes.length < PROBES && index - behind >= distance))
          probes.push(index);
      }
      yield decodePieces(record, index * BLOCK, geometry);
    }
  }
  return { blocks, probes, pieces: pieces() };
}

async function* records(path: string, end: number): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    let buffer = Buffer.alloc(0);
    for (let at = 0; at < end || buffer.length > 0;) {
      if (buffer.length < LARGEST_RECORD && at < end) {
        const more = Buffer.alloc(Math.min(1 << 20, end - at));
        const { bytesRead } = await file.read(more, 0, more.length, at);
        if (bytesRead === 0) throw new LogNotUnderstood('it ends too early');
        at += bytesRead;
        buffer = Buffer.concat([buffer, more.subarray(0, bytesRead)]);
        continue;
      }
      const length = recordLength(buffer);
      if (length > buffer.length) throw new LogNotUnderstood('a record is cut short');
      yield buffer.subarray(0, length);
      buffer = buffer.subarray(length);
    }
  } finally {
    await file.close();
  }
}

function recordLength(buffer: Buffer): number {
  if (buffer.length < HEAD) throw new LogNotUnderstood('a record is cut short');
  const pairs = buffer.readUInt16LE(4);
  const digest = buffer.readUInt16LE(6);
  if (pairs > MOST_PAIRS || digest > 1) throw new LogNotUnderstood(`${pairs} places in one block`);
  return HEAD + pairs * PAIR + digest * DIGEST_BYTES;
}

function decodePieces(record: Buffer, offset: number, { size, unit, packing }: LogGeometry): PlacedPiece[] {
  const length = Math.min(BLOCK, size - offset);
  const pieces: PlacedPiece[] = [];
  let end = 0;
  for (let i = 0; i < record.readUInt16LE(4); i++) {
    const at = record.readInt32LE(HEAD + i * PAIR);
    const second = record.readInt32LE(HEAD + i * PAIR + 4);
    const until = packing === null ? second : Math.min(at + unit, length);
    const whole = at % unit === 0 && (until % unit === 0 || until === length);
    if (at < end || until <= at || until > length || !whole)
      throw new LogNotUnderstood(`bytes ${at} to ${until} of a block`);
    end = until;
    const piece = { offset: offset + at, length: until - at };
    if (packing === null) {
      pieces.push(piece);
      continue;
    }
    const isPlain = second === -1 && packing.unshrunk === 'plain';
    if (!isPlain && (second <= 0 || second > packedRoom(packing.unit, packing)))
      throw new LogNotUnderstood(`a unit of ${second} bytes`);
    pieces.push({ ...piece, packed: second === -1 ? null : second });
  }
  return pieces;
}
