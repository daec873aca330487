/** Bounds-checked reads of an image file of somebody else's making. */
import { fstatSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { readFailed } from '../block/file-errors.ts';
import { findMember, packagePath, type PackagePath, type Window } from './package/member.ts';

/** An image file, open for reading. */
export interface ReadFile {
  readonly path: string;
  readonly fd: number;
  /** Where it begins in `fd`, bytes: above 0 for a file in a package. */
  readonly start: number;
  /** Bytes. */
  readonly size: number;
  /** Fills `into` completely. What lies beyond the end of the file reads as zeros. */
  read(into: Uint8Array, offset: number): Promise<void>;
  /** A table, now: they are small, and to wait for each would cost more than to read it. */
  readNow(offset: number, length: number): Buffer;
  close(): Promise<void>;
}

/**
 * Opens a file, or one in a package (package/member.ts), which is a window on the package's own file.
 * @throws NOT_FOUND, READ_FAILED; IMAGE_DAMAGED of a package
 */
export async function openReadFile(path: string): Promise<ReadFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    const inside = packagePath(path);
    if (inside === null) throw cannotOpen(path, error);
    return openMember(path, inside);
  }
  return readFileOf(handle, path, { offset: 0, length: fstatSync(handle.fd).size });
}

async function openMember(path: string, { archive, member }: PackagePath): Promise<ReadFile> {
  const handle = await open(archive, 'r').catch((error: unknown) => {
    throw cannotOpen(archive, error);
  });
  try {
    const whole = readFileOf(handle, archive, { offset: 0, length: fstatSync(handle.fd).size });
    const window = findMember(whole, member);
    if (window !== null) return readFileOf(handle, path, window);
    throw new IronliftError('NOT_FOUND', `There is no file ${member} in ${archive}.`, {
      next: `List what is in it with \`tar -tf\`, if it is an OVA.`,
      data: { archive, member },
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All reads are clipped to the window: what lies behind it belongs to another file of the package. */
function readFileOf(handle: FileHandle, path: string, { offset: start, length: size }: Window): ReadFile {
  const { fd } = handle;
  return {
    path,
    fd,
    start,
    size,
    async read(into, offset) {
      const length = clipped(into.length, offset, size);
      into.fill(0, length);
      try {
        for (let done = 0; done < length;) {
          const { bytesRead } = await handle.read(into, done, length - done, start + offset + done);
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
    readNow(offset, wanted) {
      const bytes = Buffer.alloc(wanted);
      readSyncAt(fd, bytes, offset, { offset: start, length: size });
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** A file that another thread has open and closes. What this thread has asked for it waits for. */
export function borrowedFile(fd: number, path: string, window: Window): ReadFile {
  return {
    path,
    fd,
    start: window.offset,
    size: window.length,
    async read(into, offset) {
      readSyncAt(fd, into, offset, window);
    },
    readNow(offset, wanted) {
      const bytes = Buffer.alloc(wanted);
      readSyncAt(fd, bytes, offset, window);
      return bytes;
    },
    close: async () => undefined,
  };
}

/** Fills `into`; zeros beyond the end of the window or of the file. */
function readSyncAt(fd: number, into: Uint8Array, offset: number, window: Window): void {
  const length = clipped(into.length, offset, window.length);
  let done = 0;
  try {
    while (done < length) {
      const count = readSync(fd, into, done, length - done, window.offset + offset + done);
      if (count === 0) break;
      done += count;
    }
  } catch (error) {
    throw readFailed(error, offset);
  }
  into.fill(0, done);
}

/** Bytes of a read of `length` at `offset` that lie within `size`. */
const clipped = (length: number, offset: number, size: number): number =>
  Math.max(0, Math.min(length, size - offset));

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
