import { existsSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vmdk } from '../../../migration-core/image/vmdk/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { expectSameDisk, imageFormatSuite } from './format-suite.ts';
import { sparseRaw } from './patterns.ts';

imageFormatSuite(vmdk, {
  qemu: 'vmdk',
  check: true,
  rounding: 512,
  thick: false,
  subformat: 'monolithicSparse',
});
imageFormatSuite(vmdk, {
  qemu: 'vmdk',
  check: true,
  rounding: 512,
  thick: false,
  subformat: 'twoGbMaxExtentSparse',
});
imageFormatSuite(vmdk, {
  qemu: 'vmdk',
  check: true,
  rounding: 512,
  thick: true,
  subformat: 'monolithicFlat',
});
imageFormatSuite(vmdk, {
  qemu: 'vmdk',
  check: true,
  rounding: 512,
  thick: true,
  thin: false,
  subformat: 'twoGbMaxExtentFlat',
});
imageFormatSuite(vmdk, { qemu: 'vmdk', check: true, rounding: 512, thick: true, subformat: 'vmfs' });

const MIB = 2 ** 20;
const SECTOR = 512;

describe('vmdk: written', () => {
  async function written(adapter: 'scsi' | 'ide', size: number): Promise<Buffer> {
    const path = join(await scratchFolder(), 'web "01".vmdk.partial');
    const writer = await vmdk.create({
      path,
      size,
      allocation: 'thin',
      adapter,
      finalName: 'web "01".vmdk',
    });
    await writer.write(new Uint8Array(65536).fill(1), 40 * MIB);
    await writer.finish();
    return readFile(path);
  }

  it('has a descriptor with the name it will have, its adapter and its geometry', async () => {
    const bytes = await written('ide', 16 * 1024 * MIB);
    const text = bytes.toString('utf8', SECTOR, 21 * SECTOR).replaceAll('\0', '');
    expect(text).toContain('RW 33554432 SPARSE "web _01_.vmdk"');
    expect(text).toContain('ddb.adapterType = "ide"');
    expect(text).toContain('ddb.geometry.cylinders = "16383"');
    expect((await written('scsi', 16 * 1024 * MIB)).toString('latin1', SECTOR, 21 * SECTOR)).toMatch(
      /ddb\.geometry\.cylinders = "2088"[^]*ddb\.geometry\.heads = "255"[^]*ddb\.adapterType = "lsilogic"/u,
    );
  });

  it('keeps both copies of directory and tables alike, as VirtualBox wants them', async () => {
    const bytes = await written('scsi', 200 * MIB);
    const directoryAt = (field: number): number => Number(bytes.readBigUInt64LE(field)) * SECTOR;
    const [redundant, main] = [directoryAt(48), directoryAt(56)];
    const tables = Math.ceil(200 / 32);
    for (let i = 0; i < tables; i++) {
      const one = bytes.readUInt32LE(redundant + i * 4) * SECTOR;
      const two = bytes.readUInt32LE(main + i * 4) * SECTOR;
      expect(one).not.toBe(two);
      expect(bytes.subarray(one, one + 2048)).toEqual(bytes.subarray(two, two + 2048));
    }
    const table = bytes.readUInt32LE(main + 4) * SECTOR;
    expect(bytes.readUInt32LE(table + ((8 * MIB) / 65536) * 4)).toBeGreaterThan(0);
  });

  it('refuses disks beyond 2 TiB', async () => {
    const path = join(await scratchFolder(), 'image');
    await expect(vmdk.create({ path, size: 2 ** 41, allocation: 'thin' })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
    expect(existsSync(path)).toBe(false);
  });
});

describe('vmdk: made by qemu-img', () => {
  it.each(['monolithicSparse', 'streamOptimized'])('%s', async (subformat) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 90 * MIB + 1536, seed: 31, runs: 90 });
    const image = join(folder, 'image.vmdk');
    const settings = ['-o', `subformat=${subformat}`];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...settings, disk.path, image]);
    await expectSameDisk(vmdk, image, disk.path);
  });

  it('with zeroed grains', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 20 * MIB, seed: 32, runs: 40 });
    const image = join(folder, 'image.vmdk');
    const settings = ['-o', 'subformat=monolithicSparse,zeroed_grain=on'];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...settings, disk.path, image]);
    for (const [path, format] of [
      [image, 'vmdk'],
      [disk.path, 'raw'],
    ] as const)
      await run('qemu-io', ['-f', format, '-c', 'write -z 3M 4M', path]);
    await expectSameDisk(vmdk, image, disk.path);
  });

  it.each([
    { subformat: 'twoGbMaxExtentSparse', part: 'image-s001.vmdk' },
    { subformat: 'monolithicFlat', part: null },
  ])('$subformat is refused in words, as is a part of it', async ({ subformat, part }) => {
    const folder = await scratchFolder();
    await run('qemu-img', [
      'create',
      '-f',
      'vmdk',
      '-o',
      `subformat=${subformat}`,
      join(folder, 'image.vmdk'),
      '5M',
    ]);
    await expect(vmdk.open(join(folder, 'image.vmdk'))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
    });
    if (part !== null)
      await expect(vmdk.open(join(folder, part))).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });

  it('a snapshot is refused in words', async () => {
    const folder = await scratchFolder();
    const [base, delta] = [join(folder, 'base.vmdk'), join(folder, 'delta.vmdk')];
    await run('qemu-img', ['create', '-f', 'vmdk', base, '5M']);
    await run('qemu-img', ['create', '-f', 'vmdk', '-b', base, '-F', 'vmdk', delta]);
    await expect(vmdk.open(delta)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
  });

  it('a stream that was cut off is refused', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 8 * MIB, seed: 33, runs: 40 });
    const image = join(folder, 'image.vmdk');
    await run('qemu-img', [
      'convert',
      '-f',
      'raw',
      '-O',
      'vmdk',
      '-o',
      'subformat=streamOptimized',
      disk.path,
      image,
    ]);
    const file = await open(image, 'r+');
    await file.truncate(((await file.stat()).size / 2) | 0);
    await file.close();
    const read = async (): Promise<void> => {
      const opened = await vmdk.open(image);
      try {
        await opened.read(new Uint8Array(8 * MIB), 0);
      } finally {
        await opened.close();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    await rename(image, `${image}.moved`);
    await expect(vmdk.open(image)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
