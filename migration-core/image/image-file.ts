/** The file under an image that is being written: made new, written at any place, made durable or taken away. */
import { writeSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { IronliftError } from '../base/errors.ts';
import { ExtentList } from '../base/extents.ts';
import { writeFailed } from '../block/file-errors.ts';
import { packUnit } from '../block/pack.ts';
import type { FilePlace, PackedSink } from '../block/sink.ts';
import { isZero } from '../block/zero-scan.ts';

export interface ImageFile {
  readonly path: string;
  readonly fd: number;
  /** Of an existing file: ranges that `writeNow` has written before `settle`. */
  readonly tables: ExtentList;
  /** Bytes of an existing file when it was opened; 0 of a new one. */
  readonly found: number;
  /** Fills `into` with what lies at `offset` of the file. */
  read(into: Uint8Array, offset: number): Promise<void>;
  write(data: Uint8Array, offset: number): Promise<void>;
  /** For tables, which are small and must be written in the middle of something that does not wait. */
  writeNow(data: Uint8Array, offset: number): void;
  /** Sets the length; what was never written reads as zeros and takes no room. */
  truncate(length: number): Promise<void>;
  /** Of an existing file: forgets all from `end` on, bytes, and has `truncate` heeded again, also as it was called before. */
  settle(end: number): Promise<void>;
  /** Writes zeros over ranges of the file, so that it has its room for good. */
  fillZeros(ranges: ExtentList, signal: AbortSignal | undefined): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
  /** Closes and removes; never throws. */
  abort(): Promise<void>;
}

/**
 * `existing`: goes on with the file that an interrupted job left; it keeps its length until `resumable` sets it.
 * @throws DESTINATION_EXISTS when there is a file and none is expected, WRITE_FAILED
 */
export async function createImageFile(path: string, existing = false): Promise<ImageFile> {
  const handle = await typed(path, () => open(path, existing ? 'r+' : 'wx+'));
  const found = existing ? (await handle.stat()).size : 0;
  const tables = new ExtentList();
  let length = 0;
  let isOpen = true;
  let settled = false;
  const closeOnce = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  return {
    path,
    fd: handle.fd,
    tables,
    found,
    read: (into, offset) => typedRead(path, () => readFully(handle, into, offset)),
    write: (data, offset) => typed(path, () => writeFully(handle, data, offset)),
    writeNow(data, offset) {
      try {
        for (let done = 0; done < data.length;)
          done += writeSync(handle.fd, data, done, data.length - done, offset + done);
      } catch (error) {
        throw writeFailed(path, error);
      }
      if (existing && !settled) tables.add(offset, data.length);
    },
    async truncate(to) {
      length = to;
      // What is there may reach further, and is needed until it is known how far it is good.
      if (!existing || settled) await typed(path, () => handle.truncate(to));
    },
    async settle(end) {
      settled = true;
      await typed(path, async () => {
        await handle.truncate(end);
        if (length > end) await handle.truncate(length);
      });
    },
    fillZeros: (ranges, signal) => typed(path, () => fillZeros(handle, ranges, signal)),
    sync: () => typed(path, () => handle.datasync()),
    close: () => typed(path, closeOnce),
    async abort() {
      try {
        await closeOnce();
      } catch {
        // A full network share may complain once more; the file goes all the same.
      }
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** An ImageWriter's `write` for the formats whose `place` says where the bytes go. */
export function placedWrite(
  file: ImageFile,
  place: (offset: number, length: number) => FilePlace,
): (data: Uint8Array, offset: number) => Promise<void> {
  return async (data, offset) => file.write(data, place(offset, data.length).offset);
}

/** An ImageWriter's `write` for the formats that pack: does here what the threads of a copy do, one unit after another. */
export function packedWrite(
  file: ImageFile,
  sink: PackedSink,
): (data: Uint8Array, offset: number) => Promise<void> {
  const { packing } = sink;
  const { unit, head: headBytes = 0 } = packing;
  return async (data, offset) => {
    for (let done = 0; done < data.length; done += unit) {
      const plain = data.subarray(done, Math.min(done + unit, data.length));
      const whole = Buffer.alloc(unit);
      whole.set(plain);
      if (isZero(whole, 0, unit)) continue;
      const packed = packUnit(whole, packing);
      const place = sink.place(offset + done, packed?.length ?? null);
      if (place.head !== undefined) await file.write(place.head, place.offset);
      await file.write(packed ?? plain, place.offset + (packed === null ? 0 : headBytes));
    }
  };
}

async function typed<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeFailed(path, error);
  }
}

async function typedRead(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw new IronliftError('READ_FAILED', `Reading ${path} failed: ${String(error)}.`, {
      next: 'Check that the destination is still connected, then start again.',
      data: { path },
      cause: error,
    });
  }
}

async function readFully(handle: FileHandle, into: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await handle.read(into, done, into.length - done, offset + done);
    if (bytesRead === 0) throw new Error('it ends too early');
    done += bytesRead;
  }
}

async function writeFully(handle: FileHandle, data: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}

const ZEROS_AT_ONCE = 4 << 20;

async function fillZeros(
  handle: FileHandle,
  ranges: ExtentList,
  signal: AbortSignal | undefined,
): Promise<void> {
  const zeros = new Uint8Array(ZEROS_AT_ONCE);
  for (const { offset, length } of ranges) {
    for (let done = 0; done < length; done += ZEROS_AT_ONCE) {
      throwIfCancelled(signal);
      await writeFully(handle, zeros.subarray(0, Math.min(ZEROS_AT_ONCE, length - done)), offset + done);
    }
  }
}
