import { open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renameFinished } from '../../../migration-core/image/partial.ts';
import { vmdk } from '../../../migration-core/image/vmdk/format.ts';
import { SPLIT } from '../../../migration-core/image/vmdk/writer.ts';
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
      /ddb\.adapterType = "lsilogic"[^]*ddb\.geometry\.cylinders = "2088"[^]*ddb\.geometry\.heads = "255"/u,
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

  it.each([
    ['monolithicSparse', 'thin', 2 ** 41],
    ['twoGbMaxExtentSparse', 'thin', 8 * 2 ** 40 + 512],
    ['vmfs', 'thick', 62 * 2 ** 40 + 512],
  ] as const)('%s refuses disks beyond its limit', async (subformat, allocation, size) => {
    const folder = await scratchFolder();
    await expect(
      vmdk.create({ path: join(folder, 'image'), size, allocation, subformat }),
    ).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('chooses by allocation and size', async () => {
    const folder = await scratchFolder();
    for (const [allocation, size, type] of [
      ['thin', MIB, 'monolithicSparse'],
      ['thick', MIB, 'monolithicFlat'],
      ['thin', 2 ** 41, 'twoGbMaxExtentSparse'],
    ] as const) {
      const path = join(folder, `${type}.vmdk`);
      const writer = await vmdk.create({ path, size, allocation });
      await writer.finish({ durable: false });
      const image = await vmdk.open(path);
      expect(image.facts.subformat).toBe(type);
      expect(image.size).toBe(size);
      await image.close();
    }
  });
});

describe('vmdk: disks in several files', () => {
  it('a disk of 16 GB becomes eight files of 2 GB', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'web.vmdk');
    // As disks are sold: of 16 GiB a crumb would be left for a ninth, for VMware cuts at 2047 MiB.
    const writer = await vmdk.create({
      path,
      size: 16e9,
      allocation: 'thin',
      subformat: 'twoGbMaxExtentSparse',
    });
    await writer.finish({ durable: false });
    expect((await readdir(folder)).sort()).toEqual(
      [...Array.from({ length: 8 }, (_, at) => `web-s00${at + 1}.vmdk`), 'web.vmdk'].sort(),
    );
    const info = JSON.parse(await run('qemu-img', ['info', '--output=json', path])) as Record<
      string,
      unknown
    >;
    expect(info['virtual-size']).toBe(16e9);
  });

  it.each([
    ['twoGbMaxExtentSparse', 'thin', ['web-s001.vmdk', 'web-s002.vmdk', 'web-s003.vmdk']],
    ['twoGbMaxExtentFlat', 'thick', ['web-f001.vmdk', 'web-f002.vmdk']],
    ['monolithicFlat', 'thin', ['web-flat.vmdk']],
    ['vmfs', 'thin', ['web-flat.vmdk']],
    ['vmfs', 'thick', ['web-flat.vmdk']],
  ] as const)(
    '%s, %s: cut as VMware cuts them, with their final names inside',
    async (subformat, allocation, names) => {
      const folder = await scratchFolder();
      const path = join(folder, 'web.vmdk.partial');
      // The thick ones take that much room.
      const border = (names.length - 1) * SPLIT;
      const size = border + 3 * MIB + 512;
      const writer = await vmdk.create({ path, size, allocation, subformat, finalName: 'web.vmdk' });
      const data = Buffer.alloc(2 * MIB, 'across the border ');
      await writer.write(data, Math.max(0, border - MIB));
      await writer.finish({ durable: false });
      expect(writer.files).toEqual([path, ...names.map((name) => join(folder, `${name}.partial`))]);
      const before = await vmdk.open(path);
      expect(before.facts.files).toEqual(writer.files);
      await before.close();

      await renameFinished(writer.files!);
      await renameFinished(writer.files!);
      const image = join(folder, 'web.vmdk');
      expect((await readdir(folder)).sort()).toEqual([...names, 'web.vmdk'].sort());
      await run('qemu-img', ['check', image]).catch((error: unknown) => {
        // QEMU has nothing to check where there are no tables.
        if (!String(error).includes('does not support checks')) throw error;
      });
      const whole = join(folder, 'whole');
      await run('qemu-img', ['convert', '-f', 'vmdk', '-O', 'raw', image, whole]);
      const bytes = await open(whole, 'r');
      const read = Buffer.alloc(data.length);
      await bytes.read(read, 0, read.length, Math.max(0, border - MIB));
      await bytes.close();
      expect(read.equals(data)).toBe(true);
      expect((await stat(whole)).size).toBe(size);
      for (const name of names) expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(2 ** 31);
      if (allocation === 'thick')
        for (const name of names) {
          const { blocks, size: fileSize } = await stat(join(folder, name));
          expect(blocks * 512).toBeGreaterThanOrEqual(fileSize);
        }
      const text = await readFile(image, 'utf8');
      expect(text).toContain(`createType="${subformat}"`);
      expect(text).toMatch(
        /^ddb\.uuid = "60 00 C2 9[0-9a-f]( [0-9a-f]{2}){4}-[0-9a-f]{2}( [0-9a-f]{2}){7}"$/imu,
      );
      expect(text.includes('ddb.thinProvisioned = "1"')).toBe(subformat === 'vmfs' && allocation === 'thin');
      expect(text.match(/^RW .*$/gmu)).toEqual(
        names.map((name, index) => {
          const sectors = index === names.length - 1 ? (3 * MIB) / 512 + 1 : SPLIT / 512;
          if (subformat === 'vmfs') return `RW ${sectors} VMFS "${name}"`;
          return subformat === 'twoGbMaxExtentSparse'
            ? `RW ${sectors} SPARSE "${name}"`
            : `RW ${sectors} FLAT "${name}" 0`;
        }),
      );
    },
  );

  it('never write over any of the files, and take away their own alone', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'web-s002.vmdk'), 'mine');
    const path = join(folder, 'web.vmdk');
    await expect(
      vmdk.create({ path, size: 3 * SPLIT, allocation: 'thin', subformat: 'twoGbMaxExtentSparse' }),
    ).rejects.toMatchObject({ code: 'DESTINATION_EXISTS' });
    expect(await readdir(folder)).toEqual(['web-s002.vmdk']);
    expect(await readFile(join(folder, 'web-s002.vmdk'), 'utf8')).toBe('mine');
  });

  it('8 TiB take little memory', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'big.vmdk');
    const size = 8 * 2 ** 40;
    const before = process.memoryUsage().rss;
    const writer = await vmdk.create({ path, size, allocation: 'thin', subformat: 'twoGbMaxExtentSparse' });
    for (let at = 0; at < size; at += 2 ** 37) await writer.write(Buffer.alloc(MIB, 'x'), at);
    await writer.finish({ durable: false });
    const image = await vmdk.open(path);
    let data = 0;
    for await (const { kind, length } of image.extents!(0, size)) if (kind === 'data') data += length;
    expect(data).toBe(64 * MIB);
    await image.close();
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB);
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
