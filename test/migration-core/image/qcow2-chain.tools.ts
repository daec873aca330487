/** qcow2 in several files: backing chains and data files, made by qemu-img and judged by it. */
import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import type { DiskImage } from '../../../migration-core/image/image.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { openImage } from '../../../migration-core/image/table.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { sparseRaw } from './patterns.ts';

const MIB = 2 ** 20;

const create = (folder: string, name: string, ...options: string[]): Promise<string> =>
  run('qemu-img', ['create', '-f', 'qcow2', ...options.slice(0, -1), name, ...options.slice(-1)], {
    cwd: folder,
  });

const io = (folder: string, file: string, ...commands: string[]): Promise<string> =>
  run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((text) => ['-c', text]), file], { cwd: folder });

/** What the threads of a copy make of it is what qemu-img makes of it. */
async function expectSameAsQemu(path: string): Promise<void> {
  const folder = await scratchFolder();
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];
  await run('qemu-img', ['convert', '-O', 'raw', path, theirs]);
  const image = await openImage(path);
  const writer = await raw.create({ path: ours, size: image.size, allocation: 'thin' });
  const used = ExtentList.of([{ offset: 0, length: image.size }]);
  await copyBlocks({ source: image, used, writer });
  await writer.finish({ durable: false });
  await image.close();
  await run('cmp', [theirs, ours]);
}

/** A raw disk, and on top of it two layers with a bit of everything. */
async function chain(folder: string): Promise<string> {
  await sparseRaw(join(folder, 'base.raw'), { size: 20 * MIB + 512, seed: 71, runs: 60 });
  const compressed = ['-o', 'compression_type=zstd'];
  await create(folder, 'middle', '-b', 'base.raw', '-F', 'raw', ...compressed, '20M');
  await io(
    folder,
    'middle',
    'write -P 1 1M 200k',
    'write -c -P 2 3M 64k',
    'write -z 5M 1M',
    'write -P 3 9M 700k',
  );
  await create(folder, 'top', '-b', 'middle', '-F', 'qcow2', '-o', 'extended_l2=on', '30M');
  await io(folder, 'top', 'write -P 4 1050k 2k', 'write -z 9300k 2k', 'write -P 5 25M 10k', 'discard 3M 64k');
  return join(folder, 'top');
}

describe('qcow2 with backing files', () => {
  it('is read through the chain: raw, compressed, subclusters, and a child that is larger', async () => {
    const top = await chain(await scratchFolder());
    await expectSameAsQemu(top);
    const image = await openImage(top);
    const formats: string[] = [];
    for (let at: DiskImage | null = image; at !== null; at = at.facts.parent) formats.push(at.facts.format);
    await image.close();
    expect(formats).toEqual(['qcow2', 'qcow2', 'raw']);
    expect(image.facts.details['Backing file']).toBe('middle');
  });

  it('takes the format that the child names, whatever a guest wrote into its raw disk', async () => {
    const folder = await scratchFolder();
    await create(folder, 'base.raw', '4M');
    await create(folder, 'top', '-b', 'base.raw', '-F', 'raw', '1M');
    await expectSameAsQemu(join(folder, 'top'));
  });

  it('of version 2, without a format, finds it out', async () => {
    const folder = await scratchFolder();
    await create(folder, 'base', '4M');
    await io(folder, 'base', 'write -P 7 1M 1M');
    await create(folder, 'top', '-o', 'compat=0.10,cluster_size=4k', '-b', 'base', '-F', 'qcow2', '4M');
    // QEMU makes none without a format any more: the header extension that tells it becomes one that nobody knows.
    await run('sed', ['-i', 's#\\xe2y[*]\\xca#\\xe2y*\\xcb#', join(folder, 'top')]);
    const info = await run('qemu-img', ['info', join(folder, 'top')]);
    expect(info).toContain('backing file: base');
    expect(info).not.toContain('backing file format');
    await io(folder, 'top', 'write -P 8 1500k 10k');
    await expectSameAsQemu(join(folder, 'top'));
  });

  it('is refused when a parent is missing, lies elsewhere, or is the child itself', async () => {
    const folder = await scratchFolder();
    const top = await chain(folder);
    await rename(join(folder, 'base.raw'), join(folder, 'elsewhere'));
    await expect(openImage(top)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    await mkdir(join(folder, 'inner'));
    await create(folder, 'inner/child', '-u', '-b', '../middle', '-F', 'qcow2', '4M');
    await expect(openImage(join(folder, 'inner/child'))).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    await create(folder, 'round', '-u', '-b', 'other', '-F', 'qcow2', '4M');
    await create(folder, 'other', '-u', '-b', 'round', '-F', 'qcow2', '4M');
    await expect(openImage(join(folder, 'round'))).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    await create(folder, 'old', '-u', '-b', 'middle', '-F', 'qed', '4M');
    await expect(openImage(join(folder, 'old'))).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });
});

describe('qcow2 with a data file', () => {
  it('finds it beside itself after both were moved, and tells of it', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'before'));
    await mkdir(join(folder, 'after'));
    await create(join(folder, 'before'), 'disk', '-o', `data_file=${folder}/before/clusters`, '40M');
    await io(join(folder, 'before'), 'disk', 'write -P 1 0 64k', 'write -P 2 11M 3M', 'write -z 12M 1M');
    await expectSameAsQemu(join(folder, 'before/disk'));
    await run('cp', [join(folder, 'before/disk'), join(folder, 'before/copy')]);
    for (const name of ['disk', 'clusters'])
      await rename(join(folder, 'before', name), join(folder, 'after', name));
    const image = await openImage(join(folder, 'after/disk'));
    await image.close();
    expect(image.facts.files).toEqual([join(folder, 'after/disk'), join(folder, 'after/clusters')]);
    await expect(openImage(join(folder, 'before/copy'))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
    });
  });

  it('reads no file of another folder', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'inner'));
    for (const name of ['../outside', 'link']) {
      await create(join(folder, 'inner'), 'disk', '-o', 'data_file=../outside', '4M');
      await symlink('../outside', join(folder, 'inner/link')).catch(() => undefined);
      // The name in the header extension, in place.
      if (name === 'link')
        await run('sed', [
          '-i',
          's#\\.\\./outside#link\\x00\\x00\\x00\\x00\\x00\\x00#',
          join(folder, 'inner/disk'),
        ]);
      await expect(openImage(join(folder, 'inner/disk'))).rejects.toMatchObject({
        code: 'IMAGE_NOT_SUPPORTED',
      });
      await run('rm', [join(folder, 'inner/disk')]);
    }
  });
});
