/**
 * Unpacks a file that can only be read front to back, once, into a file of the system's folder for temporary files, where
 * zeros take no room. It goes when the image is closed, or the program ends on its own; where the system allows it, its
 * name goes as soon as it is open, so that it goes even if the program is killed while it converts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { throwIfCancelled } from '../../base/cancel.ts';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import { writeFailed } from '../../block/file-errors.ts';
import { unsupported, type ReadFile } from '../read-file.ts';
import { dataParts } from './data-parts.ts';
import type { Packing, Piece } from './method.ts';
import { unpackThreads } from './unpack-threads.ts';

export interface ScratchOptions {
  /** The file that is unpacked, for messages, and its size: what it unpacks to takes about that, or more. */
  path: string;
  packedSize: number;
  signal?: AbortSignal | undefined;
  /** Free bytes of the folder for temporary files; asked of the system unless told. */
  freeBytes?: (folder: string) => Promise<number>;
}

export interface Scratch {
  path: string;
  /** Bytes; zeros at the end included. */
  size: number;
  /** Takes the file away, or its name where it is open. May come more than once, and never throws. */
  release(): Promise<void>;
}

/** The largest disk that is unpacked, bytes: as large as platforms make them. */
const LARGEST = 64 * 2 ** 40;
/** Left free for everything else that goes there, bytes. */
const RESERVE = 256 << 20;
/** Written between two looks at the room that is left, bytes. */
const BETWEEN_LOOKS = 64 << 20;

/**
 * What comes front to back.
 * @throws SCRATCH_SPACE, CANCELLED, IMAGE_NOT_SUPPORTED, WRITE_FAILED, and what `chunks` throws
 */
export function unpackToScratch(
  chunks: AsyncIterable<Uint8Array>,
  options: ScratchOptions,
): Promise<Scratch> {
  return intoScratch(options, async (handle, wrote) => {
    let size = 0;
    for await (const chunk of chunks) {
      throwIfCancelled(options.signal);
      refuseLarger(options.path, size + chunk.length);
      for (const { offset, bytes } of dataParts(chunk, size)) {
        for (let done = 0; done < bytes.length;)
          done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
        await wrote(bytes.length);
      }
      size += chunk.length;
    }
    return size;
  });
}

/**
 * Pieces whose lengths are known, by threads, each to its place.
 * @throws as unpackToScratch. `onPacked` hears of bytes taken from the packed file
 */
export async function unpackPiecesToScratch(
  { file, packing, pieces }: { file: ReadFile; packing: Packing; pieces: readonly Piece[] },
  options: ScratchOptions,
  onPacked: (bytes: number) => void,
): Promise<Scratch> {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  refuseLarger(options.path, size);
  const threads = unpackThreads(file, packing, options.signal);
  try {
    return await intoScratch(options, async ({ fd }, wrote) => {
      let next = 0;
      let offset = 0;
      let room: Promise<void> = Promise.resolve();
      /** One piece after another; of two at the same time there is one for each thread. */
      const work = async (): Promise<void> => {
        while (next < pieces.length) {
          const piece = pieces[next++]!;
          const target = { fd, offset };
          offset += piece.length;
          await threads.unpack({ piece, target }, (packed, written) => {
            onPacked(packed);
            room = room.then(() => wrote(written));
            // What it throws is thrown below, once.
            room.catch(() => threads.close());
          });
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: threads.count }, work));
      await room;
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      return size;
    });
  } finally {
    await threads.close();
  }
}

/** `fill` writes the file and returns its length; it tells `wrote` of what took room. */
async function intoScratch(
  options: ScratchOptions,
  fill: (handle: FileHandle, wrote: (bytes: number) => Promise<void>) => Promise<number>,
): Promise<Scratch> {
  const { path, packedSize, freeBytes = freeIn } = options;
  const parent = tmpdir();
  await expectRoom(options, parent, packedSize + RESERVE, freeBytes);
  // At once, so that there is no moment in which the program may end and leave the folder behind.
  const folder = mkdtempSync(join(parent, 'ironlift-unpack-'));
  const atExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', atExit);
  const release = async (): Promise<void> => {
    process.off('exit', atExit);
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  };
  let sinceLook = 0;
  const wrote = async (bytes: number): Promise<void> => {
    sinceLook += bytes;
    if (sinceLook < BETWEEN_LOOKS) return;
    sinceLook = 0;
    await expectRoom(options, parent, RESERVE, freeBytes);
  };
  try {
    // Named as the image would be: a reader's message then says whose fault it is.
    const file = join(folder, basename(path).replace(/\.(gz|xz|zst)$/iu, '') || 'disk');
    const handle = await open(file, 'wx');
    try {
      const size = await fill(handle, wrote);
      await handle.truncate(size);
      return { path: file, size, release };
    } finally {
      await handle.close();
    }
  } catch (error) {
    await release();
    throw isFull(error) ? noRoom(options, parent, packedSize) : writeError(error, folder);
  }
}

function refuseLarger(path: string, size: number): void {
  if (size <= LARGEST) return;
  throw unsupported(
    path,
    `unpacks to more than ${formatBytes(LARGEST)}`,
    'Check that it holds a disk; no machine takes one that large.',
  );
}

async function expectRoom(
  options: ScratchOptions,
  folder: string,
  bytes: number,
  freeBytes: (folder: string) => Promise<number>,
): Promise<void> {
  if ((await freeBytes(folder)) < bytes) throw noRoom(options, folder, bytes);
}

function noRoom({ path }: ScratchOptions, folder: string, bytes: number): IronliftError {
  return new IronliftError(
    'SCRATCH_SPACE',
    `${path} has to be unpacked before it can be read, and ${folder} has no room for that.`,
    {
      next: `Free at least ${formatBytes(bytes)} there, or name a larger folder in the environment variable ${process.platform === 'win32' ? 'TEMP' : 'TMPDIR'}.`,
      data: { path, folder, bytes },
    },
  );
}

async function freeIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '');

const writeError = (error: unknown, folder: string): unknown =>
  systemErrorCode(error) === undefined ? error : writeFailed(folder, error);
