/** Bounds-checked reads of an image file of somebody else's making. */
import { fstatSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { readFailed } from '../block/file-errors.ts';

/** An image file, open for reading. */
export interface ReadFile {
  readonly path: string;
  readonly fd: number;
  /** Bytes. */
  readonly size: number;
  /** Fills `into` completely. What lies beyond the end of the file reads as zeros. */
  read(into: Uint8Array, offset: number): Promise<void>;
  /** A table, now: they are small, and to wait for each would cost more than to read it. */
  readNow(offset: number, length: number): Buffer;
  close(): Promise<void>;
}

/** @throws NOT_FOUND, READ_FAILED */
export async function openReadFile(path: string): Promise<ReadFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw cannotOpen(path, error);
  }
  const { fd } = handle;
  const size = fstatSync(fd).size;
  return {
    path,
    fd,
    size,
    async read(into, offset) {
      try {
        for (let done = 0; done < into.length;) {
          const { bytesRead } = await handle.read(into, done, into.length - done, offset + done);
          if (bytesRead === 0) {
            into.fill(0, done);
            break;
          }
          done += bytesRead;
        }
      } catch (error) {
        throw readFailed(error, offset);
      }
    },
    readNow(offset, length) {
      const bytes = Buffer.alloc(length);
      try {
        for (let done = 0; done < length;) {
          const count = readSync(fd, bytes, done, length - done, offset + done);
          if (count === 0) break;
          done += count;
        }
      } catch (error) {
        throw readFailed(error, offset);
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

export function cannotOpen(path: string, error: unknown): IronliftError {
  if (systemErrorCode(error) !== 'ENOENT') return readFailed(error, 0);
  return new IronliftError('NOT_FOUND', `There is no file ${path}.`, {
    next: 'Check the path.',
    cause: error,
  });
}

/** What is said of an image whose structures contradict each other or the file they are in. */
export function damaged(path: string, what: string, data: Record<string, unknown> = {}): IronliftError {
  return new IronliftError('IMAGE_DAMAGED', `The disk image ${path} is damaged: ${what}.`, {
    next: 'Make the image again from its source, or check it with the program that made it.',
    data: { path, ...data },
  });
}

/** What is said of an image that may be sound but uses something we do not read. */
export function unsupported(path: string, what: string, next: string): IronliftError {
  return new IronliftError('IMAGE_NOT_SUPPORTED', `The disk image ${path} ${what}.`, {
    next,
    data: { path },
  });
}
