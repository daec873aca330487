/** Files as disks, and the loop devices that tools insist on. */
import { open, type FileHandle } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { checkRange } from '../../../migration-core/block/range.ts';
import type { WritableBlocks } from '../../../migration-core/block/source.ts';
import { run } from '../../support/tools.ts';

const SPARSE_STEP = 1 << 20;

/** A new sparse file of `size` bytes. */
export async function makeDisk(path: string, size: number): Promise<string> {
  const file = await open(path, 'w');
  await file.truncate(size);
  await file.close();
  return path;
}

/** A file as a disk; closed when the test has finished. */
export async function fileDisk(path: string, sectorSize = 512): Promise<WritableBlocks> {
  const file: FileHandle = await open(path, 'r+');
  onTestFinished(() => file.close());
  const { size } = await file.stat();
  return {
    size,
    sectorSize,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await file.read(
          into,
          done,
          Math.min(into.length - done, SPARSE_STEP),
          offset + done,
        );
        if (bytesRead === 0) throw new Error(`${path} ends at ${offset + done}`);
        done += bytesRead;
      }
    },
    async write(data, offset) {
      checkRange(offset, data.length, size);
      await file.write(data, 0, data.length, offset);
    },
    close: async () => undefined,
  };
}

/** Writes bytes into a file at an offset. */
export async function patch(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
  await file.close();
}

/** Attaches a file to a loop device for the time of `use`. */
export async function withLoop<T>(
  path: string,
  sectorSize: number,
  use: (device: string) => Promise<T>,
): Promise<T> {
  const device = (await run('losetup', ['-f', '--show', '-b', String(sectorSize), path])).trim();
  try {
    return await use(device);
  } finally {
    await run('losetup', ['-d', device]);
  }
}
