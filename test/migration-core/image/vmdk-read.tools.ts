/** VMDK of other programs' making, each compared byte by byte with what QEMU reads of it. */
import { link, mkdir, open, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { raw } from '../../../migration-core/image/raw.ts';
import { openContext, openImage } from '../../../migration-core/image/table.ts';
import { vmdk } from '../../../migration-core/image/vmdk/format.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { expectSameDisk } from './format-suite.ts';
import { sparseRaw } from './patterns.ts';
import { buildSnapshot } from './vmdk-esx.ts';

const MIB = 2 ** 20;

const made = async (disk: string, image: string, options: string): Promise<string> =>
  run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', '-o', options, disk, image]);

describe('vmdk: made by qemu-img', () => {
  it.each([
    { options: 'subformat=monolithicSparse,compat6=on' },
    { options: 'subformat=monolithicSparse,zeroed_grain=on,adapter_type=lsilogic' },
    { options: 'subformat=monolithicFlat,adapter_type=buslogic' },
    { options: 'subformat=twoGbMaxExtentSparse,adapter_type=legacyESX' },
    { options: 'subformat=twoGbMaxExtentFlat,hwversion=13' },
  ])('$options', async ({ options }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 20 * MIB + 1536, seed: 31, runs: 60 });
    const image = join(folder, 'web 01.vmdk');
    await made(disk.path, image, options);
    await expectSameDisk(vmdk, image, disk.path);
    const opened = await vmdk.open(image);
    await opened.close();
    expect(options).toContain(opened.facts.subformat);
    expect(opened.facts.details).toHaveProperty('Adapter type');
  });

  it.each(['twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'])('%s, across its files', async (subformat) => {
    const folder = await scratchFolder();
    const disk = join(folder, 'disk');
    const file = await open(disk, 'wx');
    await file.truncate(4097 * MIB);
    // Around the border of the first two files, and in the third.
    for (const at of [0, 2048 * MIB - 100_000, 4096 * MIB - 512, 4097 * MIB - 5])
      await file.write(Buffer.alloc(Math.min(200_000, 4097 * MIB - at), `at ${at} `), 0, null, at);
    await file.close();
    const image = join(folder, 'image.vmdk');
    await made(disk, image, `subformat=${subformat}`);
    const opened = await vmdk.open(image);
    expect(opened.facts.files).toHaveLength(4);
    const original = await raw.open(disk);
    for (const at of [0, 2048 * MIB - 150_000, 4096 * MIB - 70_000, 4097 * MIB - 300_000]) {
      const [mine, theirs] = [new Uint8Array(300_000), new Uint8Array(300_000)];
      await opened.read(mine, at);
      await original.read(theirs, at);
      expect(Buffer.compare(mine, theirs), `at ${at}`).toBe(0);
    }
    await opened.close();
    await original.close();
  });

  it.each(['monolithicSparse', 'twoGbMaxExtentSparse'])('a chain of snapshots: %s', async (subformat) => {
    const folder = await scratchFolder();
    const base = join(folder, 'base.vmdk');
    const size = 12 * MIB + 512;
    const disk = await sparseRaw(join(folder, 'disk'), { size, seed: 34, runs: 40 });
    await made(disk.path, base, `subformat=${subformat}`);
    let below = base;
    const writes = ['write -P 1 1M 700k', 'write -P 2 1200k 3M', 'write -P 3 0 5000'];
    for (const [index, command] of writes.entries()) {
      const above = join(folder, `snapshot-${index}.vmdk`);
      const options = [`subformat=${subformat}`, 'zeroed_grain=on'].slice(0, index === 0 ? 1 : 2).join(',');
      await run('qemu-img', ['create', '-f', 'vmdk', '-o', options, '-b', below, '-F', 'vmdk', above]);
      await run('qemu-io', [
        '-f',
        'vmdk',
        '-c',
        command,
        ...(index === 0 ? [] : ['-c', 'write -z 8M 1M']),
        above,
      ]);
      below = above;
    }
    const whole = join(folder, 'whole');
    await run('qemu-img', ['convert', '-O', 'raw', below, whole]);
    await expectSameDisk(vmdk, below, whole);
    const top = await openImage(below);
    expect(top.facts.parent?.facts.parent?.facts.parent?.facts.files[0]).toBe(base);
    await top.close();

    await expect(vmdk.open(below)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
    // The base is written to behind the snapshots' back: QEMU gives it a new CID.
    await run('qemu-io', ['-f', 'vmdk', '-c', 'write -P 9 0 64k', base]);
    await expect(openImage(below)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: expect.stringContaining('was changed after the snapshot') as string,
    });
    await rename(base, `${base}.away`);
    await expect(openImage(below)).rejects.toMatchObject({ code: 'IMAGE_HAS_BACKING' });
  });
});

describe('vmdk: snapshots of ESXi', () => {
  it.each([
    { kind: 'COWD', size: 9 * MIB + 1536, grains: 1500 },
    { kind: 'seSparse', size: 33 * MIB + 4096, grains: 2000 },
  ] as const)('$kind over a VMFS disk reads as QEMU reads it', async ({ kind, size, grains }) => {
    const folder = await scratchFolder();
    const base = join(folder, 'web.vmdk');
    const writer = await vmdk.create({ path: base, size, allocation: 'thin', subformat: 'vmfs' });
    await writer.write(Buffer.alloc(5 * MIB, 'of the base '), 3 * MIB);
    await writer.finish();
    const opened = await vmdk.open(base);
    await opened.close();
    const cid = opened.facts.contentId!;
    const path = join(folder, 'web-000001.vmdk');
    const delta = await buildSnapshot({
      kind,
      path,
      size,
      parent: { cid, name: 'web.vmdk' },
      cid: '12345678',
      seed: 41,
      grains,
    });
    const above = join(folder, 'web-000002.vmdk');
    const parent = { cid: '12345678', name: 'web-000001.vmdk' };
    await buildSnapshot({ kind, path: above, size, parent, cid: 'a', seed: 42, grains: 500 });
    const whole = join(folder, 'whole');
    await run('qemu-img', ['convert', '-f', 'vmdk', '-O', 'raw', above, whole]);
    await expectSameDisk(vmdk, above, whole);
    expect(await vmdk.check!(above)).toMatchObject({ problems: [], more: 0 });
    await expect(openImage(delta)).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
      next: expect.stringContaining('web-000001.vmdk') as string,
    });
  });

  it('seSparse with changes in its journal is refused, as QEMU refuses it', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'web.vmdk');
    const delta = await buildSnapshot({
      kind: 'seSparse',
      path,
      size: MIB,
      parent: null,
      cid: '1',
      seed: 1,
      grains: 9,
    });
    const file = await open(delta, 'r+');
    await file.write(Buffer.from([1]), 0, 1, 512 + 24);
    await file.close();
    await expect(run('qemu-img', ['info', path])).rejects.toThrow('journal');
    await expect(vmdk.open(path)).rejects.toMatchObject({ code: 'IMAGE_NOT_SUPPORTED' });
  });
});

describe('vmdk: extents', () => {
  const text = (...lines: string[]): string =>
    ['# Disk DescriptorFile', 'version=1', 'CID=1', 'parentCID=ffffffff', ...lines, ''].join('\r\n');

  it('may be flat with an offset, zeros, and of Windows', async () => {
    const folder = await scratchFolder();
    const data = Buffer.alloc(10 * 512, 'x');
    await writeFile(join(folder, 'ä-flat.vmdk'), data);
    const path = join(folder, 'disk.vmdk');
    const lines = [
      'createType="custom"',
      'RW 3 FLAT "C:\\\\machines\\\\ä-flat.vmdk" 2',
      'RW 4 ZERO',
      'RDONLY 2 FLAT "ä-flat.vmdk" 8',
    ];
    await writeFile(path, Buffer.from(text('encoding="windows-1252"', ...lines), 'latin1'));
    const image = await openImage(path);
    const whole = new Uint8Array(9 * 512);
    await image.read(whole, 0);
    expect(Buffer.from(whole).toString('latin1')).toBe(
      'x'.repeat(1536) + '\0'.repeat(2048) + 'x'.repeat(1024),
    );
    expect(image.facts.files).toEqual([path, join(folder, 'ä-flat.vmdk')]);
    await image.close();
  });

  it('are found in the folder of the descriptor only, and are regular files', async () => {
    const folder = await scratchFolder();
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(folder, 'secret'), Buffer.alloc(512));
    const path = join(other, 'disk.vmdk');
    const lines = (name: string): string => text('createType="monolithicFlat"', `RW 1 FLAT "${name}" 0`);
    for (const name of ['../secret', join(folder, 'secret'), '..', '.', '/', 'C:\\secret', '']) {
      await writeFile(path, lines(name));
      await expect(vmdk.open(path), name).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
    await symlink('../secret', join(other, 'link'));
    await run('mkfifo', [join(other, 'pipe')]);
    for (const name of ['link', 'pipe']) {
      await writeFile(path, lines(name));
      await expect(vmdk.open(path), name).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
    await link(join(folder, 'secret'), join(other, 'mine'));
    await writeFile(path, lines('mine'));
    await (await vmdk.open(path)).close();
  });

  it.each([
    ['shorter than it should be', 'RW 9 FLAT "a" 0', 'IMAGE_DAMAGED'],
    ['shorter after its offset', 'RW 1 FLAT "a" 8', 'IMAGE_DAMAGED'],
    ['the same twice', 'RW 4 FLAT "a" 0\nRW 4 FLAT "a" 3', 'IMAGE_DAMAGED'],
    ['without tables', 'RW 8 SPARSE "a"', 'IMAGE_DAMAGED'],
    ['that must not be read', 'NOACCESS 8 FLAT "a" 0', 'IMAGE_NOT_SUPPORTED'],
    ['on a device', 'RW 8 VMFSRDM "a"', 'IMAGE_NOT_SUPPORTED'],
    ['that are no lines', 'RW eight FLAT "a" 0', 'IMAGE_DAMAGED'],
    ['none', '', 'IMAGE_DAMAGED'],
    ['beyond all bounds', 'RW 900000000000000 ZERO', 'IMAGE_DAMAGED'],
  ])('%s are refused', async (_, line, code) => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'a'), Buffer.alloc(8 * 512));
    await writeFile(join(folder, 'd.vmdk'), text('createType="custom"', line));
    await expect(vmdk.open(join(folder, 'd.vmdk'))).rejects.toMatchObject({ code });
  });

  it.each(['fullDevice', 'partitionedDevice', 'vmfsRawDeviceMap', 'somethingNew'])(
    'of a %s are not looked for',
    async (type) => {
      const path = join(await scratchFolder(), 'd.vmdk');
      await writeFile(path, text(`createType="${type}"`, 'RW 63 FLAT "\\\\.\\PhysicalDrive0" 0'));
      await expect(vmdk.open(path)).rejects.toMatchObject({
        code: 'IMAGE_NOT_SUPPORTED',
        message: expect.stringContaining(type) as string,
      });
    },
  );

  it('opened by themselves: what to open instead', async () => {
    const folder = await scratchFolder();
    for (const [subformat, part] of [
      ['twoGbMaxExtentSparse', 'image-s001.vmdk'],
      ['twoGbMaxExtentFlat', 'image-f001.vmdk'],
      ['monolithicFlat', 'image-flat.vmdk'],
    ] as const) {
      const image = join(folder, 'image.vmdk');
      await run('qemu-img', ['create', '-f', 'vmdk', '-o', `subformat=${subformat}`, image, '5M']);
      for (const open of [openImage, async (path: string) => vmdk.open(path)])
        await expect(open(join(folder, part)), part).rejects.toMatchObject({
          code: 'IMAGE_NOT_SUPPORTED',
          next: expect.stringContaining(image) as string,
        });
      await rename(image, `${image}.${subformat}`);
    }
    // The descriptor is lost, and the one file has it all.
    const flat = await openImage(join(folder, 'image-flat.vmdk'));
    expect(flat.facts.format).toBe('raw');
    await flat.close();
    await expect(openImage(join(folder, 'image-f001.vmdk'))).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
    });
  });

  it('of another size than the descriptor says are refused, and so is a missing one, by its name', async () => {
    const folder = await scratchFolder();
    const image = join(folder, 'image.vmdk');
    await run('qemu-img', ['create', '-f', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse', image, '5M']);
    const good = await readFile(image, 'utf8');
    for (const sectors of [10239, 10240, 10241, 10112]) {
      await writeFile(image, good.replace('RW 10240', `RW ${sectors}`));
      if (sectors === 10240 || sectors === 10239) await (await vmdk.open(image)).close();
      else await expect(vmdk.open(image)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
    await writeFile(image, good);
    await rename(join(folder, 'image-s001.vmdk'), join(folder, 'x'));
    await expect(openImage(image)).rejects.toMatchObject({
      code: 'IMAGE_DAMAGED',
      message: `The disk image ${image} is not complete: its part image-s001.vmdk is not beside it.`,
      next: 'Copy image-s001.vmdk and all other parts from where the image came into the same folder, under the names they had.',
    });
    // A name that says partial belongs to a descriptor that does.
    await rename(join(folder, 'x'), join(folder, 'image-s001.vmdk.partial'));
    await expect(vmdk.open(image)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    await rename(image, `${image}.partial`);
    const partial = await vmdk.open(`${image}.partial`, openContext(image));
    expect(partial.facts.files[1]).toContain('.partial');
    await partial.close();
  });
});
