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
import { unsupported } from '../read-file.ts';

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
/** What is zero in units of this (bytes) becomes a hole. */
const UNIT = 64 << 10;
const ZEROS = Buffer.alloc(UNIT);

/** @throws SCRATCH_SPACE, CANCELLED, IMAGE_NOT_SUPPORTED, WRITE_FAILED, and what `chunks` throws */
export async function unpackToScratch(
  chunks: AsyncIterable<Uint8Array>,
  options: ScratchOptions,
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
  try {
    // Named as the image would be: a reader's message then says whose fault it is.
    const file = join(folder, basename(path).replace(/\.(gz|xz|zst)$/iu, '') || 'disk');
    const handle = await open(file, 'wx');
    try {
      const size = await writeSparse(handle, chunks, options, () =>
        expectRoom(options, parent, RESERVE, freeBytes),
      );
      return { path: file, size, release };
    } finally {
      await handle.close();
    }
  } catch (error) {
    await release();
    throw isFull(error) ? noRoom(options, parent, packedSize) : writeError(error, folder);
  }
}

async function writeSparse(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  { path, signal }: ScratchOptions,
  look: () => Promise<void>,
): Promise<number> {
  let size = 0;
  let sinceLook = 0;
  for await (const chunk of chunks) {
    throwIfCancelled(signal);
    if (size + chunk.length > LARGEST)
      throw unsupported(
        path,
        `unpacks to more than ${formatBytes(LARGEST)}`,
        'Check that it holds a disk; no machine takes one that large.',
      );
    for (let at = 0; at < chunk.length;) {
      const until = Math.min(chunk.length, at + UNIT - ((size + at) % UNIT));
      const part = chunk.subarray(at, until);
      if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) {
        for (let done = 0; done < part.length;)
          done += (await handle.write(part, done, part.length - done, size + at + done)).bytesWritten;
        sinceLook += part.length;
      }
      at = until;
    }
    size += chunk.length;
    if (sinceLook < BETWEEN_LOOKS) continue;
    sinceLook = 0;
    await look();
  }
  await handle.truncate(size);
  return size;
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
