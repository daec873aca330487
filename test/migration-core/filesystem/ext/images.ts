/** Real ext volumes in image files: made by mke2fs, filled by the kernel, judged by e2fsck and the kernel. */
import { mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { extDriver } from '../../../../migration-core/filesystem/ext/driver.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import type { WritableBlocks } from '../../../../migration-core/block/source.ts';
import { checkRange } from '../../../../migration-core/block/range.ts';
import { run, tryRun } from '../../../support/tools.ts';

export const NOW = 1_750_000_000;

export async function makeImage(path: string, bytes: number, options: string): Promise<void> {
  await rm(path, { force: true });
  await (await open(path, 'w')).close();
  await truncate(path, bytes);
  // One UUID and hash seed for all, so that runs are alike.
  const fixed = [
    '-U',
    '5eed5eed-0000-4000-8000-000000000001',
    '-E',
    'hash_seed=5eed5eed-0000-4000-8000-000000000002',
  ];
  const words = options.split(' ').filter((word) => word !== '');
  const extended = words.indexOf('-E');
  if (extended >= 0) {
    fixed[3] = `${fixed[3]},${words[extended + 1]}`;
    words.splice(extended, 2);
  }
  await run('mke2fs', ['-q', '-F', ...fixed, ...words, path]);
}

/** An image file that takes the writes itself: what the overlay would pass on to the finished copy. */
export async function openImage(path: string): Promise<WritableBlocks> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  return {
    size,
    sectorSize: 512,
    async read(into, offset) {
      checkRange(offset, into.length, size);
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await file.read(into, done, into.length - done, offset + done);
        if (bytesRead === 0) throw new Error('unexpected end of the image');
        done += bytesRead;
      }
    },
    async write(data, offset) {
      checkRange(offset, data.length, size);
      for (let done = 0; done < data.length;)
        done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
    },
    close: () => file.close(),
  };
}

export async function withVolume<T>(path: string, work: (fs: GuestFileSystem) => Promise<T>): Promise<T> {
  const blocks = await openImage(path);
  try {
    return await work(await extDriver.open(blocks, { now: NOW }));
  } finally {
    await blocks.close();
  }
}

/** e2fsck changes nothing and finds nothing. */
export async function expectClean(path: string): Promise<void> {
  const { status, stdout, stderr } = await tryRun('e2fsck', ['-fn', path]);
  expect(`${status}\n${status === 0 && !/WARNING/.test(stderr) ? '' : stdout + stderr}`).toBe('0\n');
}

/** Mounts the image and gives the folder. */
export async function mounted<T>(
  path: string,
  mode: 'ro' | 'rw',
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ironlift-mount-'));
  try {
    await run('mount', ['-o', `loop,${mode}`, path, folder]);
    try {
      return await work(folder);
    } finally {
      await run('umount', [folder]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A sparse copy with nothing in it but what the used map names. */
export async function copyUsed(path: string, target: string): Promise<{ bytes: number; count: number }> {
  const blocks = await openImage(path);
  const copy = await open(target, 'w');
  try {
    const fs = await extDriver.open(blocks, { now: NOW });
    const used = await fs.usedExtents();
    await copy.truncate(blocks.size);
    for (const { offset, length } of used) {
      const piece = new Uint8Array(Math.min(length, 4 << 20));
      for (let at = 0; at < length; at += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, length - at));
        await blocks.read(part, offset + at);
        await copy.write(part, 0, part.length, offset + at);
      }
    }
    return { bytes: used.bytes, count: used.count };
  } finally {
    await copy.close();
    await blocks.close();
  }
}
