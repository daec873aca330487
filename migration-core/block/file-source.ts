/** A file or device node as a source: positioned reads of a descriptor that was opened for reading and nothing else. */
import { close, constants, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { checkRange } from './range.ts';
import type { BlockSource, FileRange } from './source.ts';
import { fileExtents } from './holes.ts';

export interface FileBlockSource extends BlockSource {
  /** The descriptor and offset that hold the range, or null where it lies in no single place of a file. */
  fileRange(offset: number, length: number): FileRange | null;
}

export interface FileSourceOptions {
  /** Bytes. */
  size: number;
  sectorSize: number;
  /** Whether the file has holes: without, `extents` is absent and all is data. */
  sparse: boolean;
  /** Raw devices of Windows and macOS take whole sectors only: reads are widened to multiples of this. 1 unless told. */
  alignment?: number;
}

const openFile = promisify(open);
const closeFile = promisify(close);

/** Opens for reading only. @throws Node's own error. */
export function openReadOnly(path: string): Promise<number> {
  return openFile(path, constants.O_RDONLY);
}

export { closeFile };

/** Takes over the descriptor: closing the source closes it. */
export function fileSource(fd: number, path: string, options: FileSourceOptions): FileBlockSource {
  const { size, sectorSize, sparse, alignment = 1 } = options;
  let open = true;
  return {
    size,
    sectorSize,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      if (alignment > 1) await readAligned(fd, path, into, offset, alignment);
      else await readFully(fd, path, into, offset);
    },
    ...(sparse
      ? {
          extents(offset: number, length: number) {
            checkRange(offset, length, size);
            return fileExtents(fd, offset, length);
          },
        }
      : {}),
    fileRange: (offset) => (alignment > 1 ? null : { fd, offset }),
    async close() {
      if (!open) return;
      open = false;
      await closeFile(fd);
    },
  };
}

/** More than this in one call is cut short by the kernel anyway (2 GiB less a page). */
const LARGEST_READ = 1 << 30;

function readOnce(
  fd: number,
  into: Uint8Array,
  start: number,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, start, length, position, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

/** Reads until the buffer is full: a read may return less than it was asked for. */
async function readFully(fd: number, path: string, into: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < into.length) {
    let count: number;
    try {
      count = await readOnce(fd, into, done, Math.min(into.length - done, LARGEST_READ), offset + done);
    } catch (error) {
      throw readFailed(path, offset + done, error);
    }
    if (count === 0) {
      throw new IronliftError(
        'READ_FAILED',
        `${path} ends at ${offset + done} bytes, earlier than when it was opened.`,
        {
          next: 'Make sure that nothing shortens the file or removes the disk, then start again.',
          data: { path, offset: offset + done },
        },
      );
    }
    done += count;
  }
}

function readFailed(path: string, offset: number, error: unknown): IronliftError {
  const errno = systemErrorCode(error);
  const message =
    errno === 'EIO'
      ? `${path} has a defect: the bytes at ${offset} cannot be read.`
      : `Reading ${path} at ${offset} failed: ${error instanceof Error ? error.message : String(error)}.`;
  return new IronliftError('READ_FAILED', message, {
    next: 'Check the cable and the health of the disk; copy a failing disk to an image with ddrescue and convert that.',
    data: { path, offset, errno },
    cause: error,
  });
}

const BOUNCE = 1 << 20;

/** Whole sectors go through a buffer of their own wherever the range does not fit them. */
async function readAligned(
  fd: number,
  path: string,
  into: Uint8Array,
  offset: number,
  alignment: number,
): Promise<void> {
  if (offset % alignment === 0 && into.length % alignment === 0) return readFully(fd, path, into, offset);
  const piece = Math.max(alignment, Math.floor(BOUNCE / alignment) * alignment);
  const end = offset + into.length;
  for (let at = Math.floor(offset / alignment) * alignment; at < end; at += piece) {
    const length = Math.min(piece, Math.ceil((end - at) / alignment) * alignment);
    const bounce = new Uint8Array(length);
    await readFully(fd, path, bounce, at);
    const from = Math.max(at, offset);
    const until = Math.min(at + length, end);
    into.set(bounce.subarray(from - at, until - at), from - offset);
  }
}
