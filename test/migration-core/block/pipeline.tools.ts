import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { verifyImage } from '../../../migration-core/block/verify.ts';
import type { ImageFormat } from '../../../migration-core/image/image.ts';
import { imageFormats } from '../../../migration-core/image/table.ts';
import { qcow2 } from '../../../migration-core/image/qcow2/format.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { sparseRaw, type Pattern } from '../image/patterns.ts';

const writable = imageFormats.filter(({ subformats }) => subformats.length > 0);

const MIB = 2 ** 20;

/** A file system in memory that is full after so many MiB. */
async function smallFileSystem(mib: number): Promise<string> {
  const folder = join(await scratchFolder(), 'small');
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder]);
  onTestFinished(async () => {
    await run('umount', [folder]);
  });
  return folder;
}

async function copyTo(
  format: ImageFormat,
  disk: Pattern,
  path: string,
  allocation: 'thin' | 'thick' = 'thin',
) {
  const source = await raw.open(disk.path);
  const writer = await format.create({ path, size: disk.size, allocation });
  try {
    const copied = await copyBlocks({ source, used: disk.used, writer, digest: true });
    await writer.finish();
    return copied;
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    await source.close();
  }
}

describe('a destination that becomes full', () => {
  it.each(writable)('$id: says so and leaves nothing behind', async (format) => {
    const disk = await sparseRaw(join(await scratchFolder(), 'disk'), {
      size: 100 * MIB,
      seed: 41,
      runs: 60,
      longest: 2 * MIB,
    });
    const path = join(await smallFileSystem(8), 'image');
    const error = await copyTo(format, disk, path).catch((thrown: unknown) => thrown);
    expect(isIronliftError(error, 'DESTINATION_FULL')).toBe(true);
    expect(error).toMatchObject({ exitStatus: 1, data: { errno: 'ENOSPC' } });
    expect(existsSync(path)).toBe(false);
  });

  it.each([raw, qcow2])('$id: only when everything is allocated, at the end', async (format) => {
    const disk = await sparseRaw(join(await scratchFolder(), 'disk'), { size: 100 * MIB, seed: 42, runs: 4 });
    const folder = await smallFileSystem(30);
    await copyTo(format, disk, join(folder, 'thin'));
    const path = join(folder, 'thick');
    await expect(copyTo(format, disk, path, 'thick')).rejects.toMatchObject({ code: 'DESTINATION_FULL' });
    expect(existsSync(path)).toBe(false);
  });
});

describe('the digest of the contents', () => {
  it.each([512, 3 * MIB, 40 * MIB + 777])(
    'is what Python computes from the raw image, %i bytes',
    async (size) => {
      const folder = await scratchFolder();
      const disk = await sparseRaw(join(folder, 'disk'), { size, seed: size, runs: 20 });
      const copied = await copyTo(raw, disk, join(folder, 'image'));
      // The line that block-digests.ts gives.
      const script =
        'import hashlib,sys; f=open(sys.argv[1],"rb"); print(hashlib.sha256(b"".join(hashlib.sha256(b).digest() for b in iter(lambda: f.read(1<<20), b""))).hexdigest())';
      const computed = await run('python3', ['-c', script, join(folder, 'image')]);
      expect(copied.digest!.value).toBe(computed.trim());
    },
  );

  it('is the same in every format', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 30 * MIB, seed: 43, runs: 40 });
    const digests = [];
    for (const format of writable)
      digests.push((await copyTo(format, disk, join(folder, format.id))).digest!.value);
    expect(new Set(digests).size).toBe(1);
  });
});

describe('verifying a format with tables', () => {
  const commands = [
    { what: 'one byte of data', command: 'write -P 0x5b 1k 1' },
    { what: 'data where nothing was allocated', command: 'write -P 1 25M 512' },
    { what: 'zeros in place of data', command: 'write -z 0 64k' },
  ];
  it.each(commands)('finds $what that changed', async ({ command }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 26 * MIB, seed: 44, runs: 3 });
    const path = join(folder, 'image.qcow2');
    const { digest } = await copyTo(qcow2, disk, path);
    const verify = async (): Promise<void> => {
      const image = await qcow2.open(path);
      try {
        await verifyImage({ image, path, size: disk.size, expected: digest!.value });
      } finally {
        await image.close();
      }
    };
    await verify();
    const before = await run('qemu-io', ['-f', 'qcow2', '-c', 'read -v 1k 1', path]);
    expect(before).not.toContain('5b');
    await run('qemu-io', ['-f', 'qcow2', '-c', command, path]);
    await expect(verify()).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });
});
