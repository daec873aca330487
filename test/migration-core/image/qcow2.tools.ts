import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { qcow2 } from '../../../migration-core/image/qcow2/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { expectSameDisk, imageFormatSuite } from './format-suite.ts';
import { sparseRaw } from './patterns.ts';

imageFormatSuite(qcow2, { qemu: 'qcow2', check: true, rounding: 512, thick: true });
for (const compression of ['zlib', 'zstd'] as const)
  imageFormatSuite(qcow2, { qemu: 'qcow2', check: true, rounding: 512, thick: false, compression });

const MIB = 2 ** 20;

describe('qcow2: made by qemu-img', () => {
  const options: { what: string; create: string[]; convert?: string[] }[] = [
    { what: 'plain', create: [] },
    { what: 'version 2', create: ['compat=0.10'] },
    { what: 'compressed with zlib', create: [], convert: ['-c'] },
    { what: 'compressed with zstd', create: ['compression_type=zstd'], convert: ['-c'] },
    { what: 'compressed, version 2', create: ['compat=0.10'], convert: ['-c'] },
    { what: 'with clusters of 512 bytes', create: ['cluster_size=512'] },
    { what: 'with clusters of 2 MiB', create: ['cluster_size=2M'] },
    { what: 'with compressed clusters of 4 KiB', create: ['cluster_size=4096'], convert: ['-c'] },
    {
      what: 'with zstd clusters of 2 MiB',
      create: ['cluster_size=2M', 'compression_type=zstd'],
      convert: ['-c'],
    },
    { what: 'with its metadata allocated', create: ['preallocation=metadata'] },
    { what: 'with lazy refcounts of 1 bit', create: ['refcount_bits=1', 'lazy_refcounts=on'] },
    { what: 'with refcounts of 64 bits', create: ['refcount_bits=64'], convert: ['-c'] },
    { what: 'with all of it allocated', create: ['preallocation=full'] },
    { what: 'with subclusters of 2 KiB', create: ['extended_l2=on'] },
    { what: 'with subclusters of 512 bytes', create: ['extended_l2=on', 'cluster_size=16k'] },
    { what: 'with subclusters of 64 KiB', create: ['extended_l2=on', 'cluster_size=2M'] },
    { what: 'compressed, with subclusters', create: ['extended_l2=on'], convert: ['-c'] },
    { what: 'with a data file', create: ['data_file=clusters'] },
    { what: 'with a raw data file', create: ['data_file=clusters', 'data_file_raw=on'] },
  ];
  it.each(options)('$what', async ({ create, convert = [] }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 50 * MIB + 1536, seed: 21, runs: 90 });
    const image = join(folder, 'image');
    const settings = create.flatMap((option) => ['-o', option.replace('=clusters', `=${folder}/clusters`)]);
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...convert, ...settings, disk.path, image]);
    await expectSameDisk(qcow2, image, disk.path);
    expect(await qcow2.check!(image)).toMatchObject({ problems: [], more: 0 });
  });

  it('with zero clusters, discarded clusters, and data over compressed data', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 40 * MIB, seed: 22, runs: 70 });
    const image = join(folder, 'image');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', '-c', disk.path, image]);
    const commands = ['write -P 7 1000k 3000k', 'write -z 5M 3M', 'discard 10M 2M', 'write -z -u 20M 1M'];
    for (const [path, format] of [
      [image, 'qcow2'],
      [disk.path, 'raw'],
    ] as const)
      await run('qemu-io', ['-f', format, ...commands.flatMap((text) => ['-c', text]), path]);
    // After a discard qcow2 reads zeros; so does a hole of the raw file.
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', disk.path, image]);
    await expectSameDisk(qcow2, image, disk.path);
  });

  it('with subclusters of every kind in one cluster, and compressed ones beside', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 4 * MIB, seed: 25, runs: 0 });
    const image = join(folder, 'image');
    await run('qemu-img', ['create', '-f', 'qcow2', '-o', 'extended_l2=on', image, '4M']);
    await run('qemu-img', ['convert', '-n', '-f', 'raw', '-O', 'qcow2', disk.path, image]);
    const commands = ['write -P 3 65k 5k', 'write -z 66k 2k', 'write -P 4 100k 2k', 'write -P 5 131071 2'];
    for (const [path, format] of [
      [image, 'qcow2'],
      [disk.path, 'raw'],
    ] as const)
      await run('qemu-io', ['-f', format, ...commands.flatMap((text) => ['-c', text]), path]);
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -c -P 6 192k 64k', image]);
    await run('qemu-io', ['-f', 'raw', '-c', 'write -P 6 192k 64k', disk.path]);
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', disk.path, image]);
    await expectSameDisk(qcow2, image, disk.path);
    expect(await qcow2.check!(image)).toMatchObject({ problems: [] });
  });

  it('with an internal snapshot reads the present state', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 8 * MIB, seed: 23, runs: 9 });
    const image = join(folder, 'image');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk.path, image]);
    await run('qemu-img', ['snapshot', '-c', 'before', image]);
    for (const [path, format] of [
      [image, 'qcow2'],
      [disk.path, 'raw'],
    ] as const)
      await run('qemu-io', ['-f', format, '-c', 'write -P 9 1M 1M', path]);
    await run('qemu-img', ['snapshot', '-c', 'after', image]);
    await expectSameDisk(qcow2, image, disk.path);
    const opened = await qcow2.open(image);
    await opened.close();
    expect(opened.facts.details['Snapshots']).toBe('2 (before, after)');
    expect(await qcow2.check!(image)).toMatchObject({ problems: [] });
  });
});

describe('qcow2: refused in words', () => {
  it.each([
    {
      what: 'a backing file',
      args: ['-o', 'backing_file=base.qcow2,backing_fmt=qcow2'],
      code: 'IMAGE_HAS_BACKING',
    },
    {
      what: 'a backing file on a server',
      args: ['-u', '-b', 'nbd://localhost/disk', '-F', 'raw'],
      code: 'IMAGE_NOT_SUPPORTED',
    },
    {
      what: 'a backing file that is none',
      args: ['-u', '-b', 'json:{"driver":"null-co"}', '-F', 'raw'],
      code: 'IMAGE_NOT_SUPPORTED',
    },
  ])('$what', async ({ args, code }) => {
    const folder = await scratchFolder();
    await run('qemu-img', ['create', '-f', 'qcow2', 'base.qcow2', '4M'], { cwd: folder });
    await run('qemu-img', ['create', '-f', 'qcow2', ...args, 'image.qcow2', '4M'], { cwd: folder });
    await expect(qcow2.open(join(folder, 'image.qcow2'))).rejects.toMatchObject({ code });
  });

  it('encryption', async () => {
    const image = join(await scratchFolder(), 'image.qcow2');
    await run('qemu-img', ['create', '-f', 'qcow2', image, '4M']);
    const file = await open(image, 'r+');
    // crypt_method, u32 at 32: LUKS. To have qemu-img encrypt takes a steady clock, which a busy machine lacks.
    await file.write(Uint8Array.of(0, 0, 0, 2), 0, 4, 32);
    await file.close();
    await expect(qcow2.open(image)).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });

  it('a file that was cut off', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 8 * MIB, seed: 24, runs: 30 });
    const image = join(folder, 'image');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', disk.path, image]);
    const file = await open(image, 'r+');
    await file.truncate(300_000);
    await file.close();
    const read = async (): Promise<void> => {
      const opened = await qcow2.open(image);
      try {
        await opened.read(new Uint8Array(8 * MIB), 0);
      } finally {
        await opened.close();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
  });
});
