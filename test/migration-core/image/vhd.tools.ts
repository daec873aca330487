import { existsSync } from 'node:fs';
import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { detectFormat, openContext } from '../../../migration-core/image/table.ts';
import { vhd } from '../../../migration-core/image/vhd/format.ts';
import { geometryFor } from '../../../migration-core/image/vhd/layout.ts';
import { run, scratchFolder, seeded, tryRun } from '../../support/tools.ts';
import { expectSameDisk, imageFormatSuite } from './format-suite.ts';
import { sparseRaw, type Pattern } from './patterns.ts';
import { byLibvhdi, expectBy7zip, expectByLibvhdi } from './second-readers.ts';
import { flattened, someSectors, vhdBytes, type VhdSpec } from './vhd-bytes.ts';

imageFormatSuite(vhd, { qemu: 'vpc', check: false, rounding: 512, thick: true });

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SECTOR = 512;

async function convert(
  disk: Pattern,
  path: string,
  { subformat, allocation = 'thin' }: { subformat: string; allocation?: 'thin' | 'thick' },
): Promise<void> {
  const source = await raw.open(disk.path);
  const writer = await vhd.create({ path, size: disk.size, allocation, subformat });
  await copyBlocks({ source, used: disk.used, writer });
  await writer.finish();
  await source.close();
}

async function qemuSize(path: string): Promise<number> {
  const info = JSON.parse(await run('qemu-img', ['info', '--output=json', '-f', 'vpc', path])) as {
    'virtual-size': number;
  };
  return info['virtual-size'];
}

async function lastSector(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(SECTOR);
    await file.read(bytes, 0, SECTOR, (await file.stat()).size - SECTOR);
    return bytes;
  } finally {
    await file.close();
  }
}

describe('vhd: written', () => {
  it.each([
    { subformat: 'dynamic', allocation: 'thin' },
    { subformat: 'fixed', allocation: 'thin' },
    { subformat: 'fixed', allocation: 'thick' },
    { subformat: 'azure', allocation: 'thin' },
    { subformat: 'azure', allocation: 'thick' },
  ] as const)('$subformat, $allocation: what QEMU, 7-Zip and libvhdi read', async (shape) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 30 * MIB + 1000, seed: 71, runs: 30 });
    const image = join(folder, 'image.vhd');
    await convert(disk, image, shape);
    const size = shape.subformat === 'azure' ? 31 * MIB : 30 * MIB + 1024;
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'vpc', disk.path, image]);
    expect(await qemuSize(image)).toBe(size);
    await run('truncate', ['-s', String(size), disk.path]);
    await expectSameDisk(vhd, image, disk.path);
    await expectBy7zip('VHD', image, disk.path);
    await expectByLibvhdi([image], disk.path, size);
    expect((await vhd.check!(image)).problems).toEqual([]);
    const { size: bytes, blocks } = await stat(image);
    if (shape.subformat !== 'dynamic') expect(bytes).toBe(size + SECTOR);
    if (shape.allocation === 'thick') expect(blocks * SECTOR).toBeGreaterThanOrEqual(size);
    else expect(blocks * SECTOR).toBeLessThan(disk.used.aligned(65536, size).bytes + MIB);
  });

  it('has the identity it is given, as a UUID of version 4', async () => {
    const folder = await scratchFolder();
    const create = async (name: string, identity?: Uint8Array): Promise<string> => {
      const path = join(folder, name);
      const writer = await vhd.create({ path, size: MIB, allocation: 'thin', identity });
      await writer.finish();
      return (await byLibvhdi(path)).identifier;
    };
    expect(await create('given.vhd', new Uint8Array(16).fill(0xff))).toBe(
      'ffffffff-ffff-4fff-bfff-ffffffffffff',
    );
    const [one, two] = [await create('one.vhd'), await create('two.vhd')];
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
    expect(one).not.toBe(two);
  });

  it.each(['dynamic', 'fixed'])('%s: is no VHD before it is finished', async (subformat) => {
    const path = join(await scratchFolder(), 'image');
    const writer = await vhd.create({ path, size: 10 * MIB, allocation: 'thin', subformat });
    await writer.write(new Uint8Array(65536).fill(5), 65536);
    expect((await tryRun('qemu-img', ['info', '-f', 'vpc', path])).status).not.toBe(0);
    expect((await detectFormat(path)).id).toBe('raw');
    await writer.abort();
    expect(existsSync(path)).toBe(false);
  });

  it('takes pieces that reach over blocks, by write alone', async () => {
    const folder = await scratchFolder();
    const [path, disk] = [join(folder, 'image.vhd'), join(folder, 'disk')];
    const bytes = Buffer.alloc(5 * MIB);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at);
    await writeFile(disk, Buffer.concat([Buffer.alloc(MIB), bytes]));
    const writer = await vhd.create({ path, size: 6 * MIB, allocation: 'thin' });
    await writer.write(bytes, MIB);
    await writer.finish();
    await expectSameDisk(vhd, path, disk);
    const other = await vhd.create({ path: join(folder, 'other.vhd'), size: 6 * MIB, allocation: 'thin' });
    expect(() => other.place!(MIB, 2 * MIB)).toThrow(TypeError);
    await other.abort();
  });

  it.each(
    [
      0,
      512,
      2 * MIB - 512,
      2 * MIB,
      2 * MIB + 512,
      127 * GIB,
      137_438_952_960,
      137_438_953_472,
      2040 * GIB - 512,
      2040 * GIB,
    ].flatMap((size) =>
      // Of a fixed disk without sectors only the footer is left, which QEMU takes for the start of a dynamic one.
      (size === 0 ? ['dynamic'] : ['dynamic', 'fixed']).map((subformat) => ({ size, subformat })),
    ),
  )(
    '$subformat of $size bytes is of that size for QEMU, with its last sector',
    async ({ size, subformat }) => {
      const path = join(await scratchFolder(), 'image.vhd');
      const writer = await vhd.create({ path, size, allocation: 'thin', subformat });
      const last = Math.max(0, Math.ceil(size / 65536) - 1) * 65536;
      if (size > 0) await writer.write(new Uint8Array(size - last).fill(0x5c), last);
      await writer.finish();
      expect(await qemuSize(path)).toBe(size);
      if (size > 0) {
        const read = await run('qemu-io', ['-r', '-f', 'vpc', '-c', `read -P 0x5c ${size - 512} 512`, path]);
        expect(read).not.toContain('verification failed');
      }
      const image = await vhd.open(path);
      expect(image.size).toBe(size);
      if (size > 0) expect((await readBytes(image, size - 1, 1))[0]).toBe(0x5c);
      const kinds: string[] = [];
      for await (const { kind } of image.extents!(0, size)) kinds.push(kind);
      expect(kinds.length).toBeLessThan(4);
      await image.close();
      expect((await vhd.check!(path)).problems).toEqual([]);
      expect((await stat(path)).blocks * SECTOR).toBeLessThan(8 * MIB);
    },
  );

  it.each(['dynamic', 'fixed', 'azure'])('%s: refuses what is larger than 2040 GiB', async (subformat) => {
    const path = join(await scratchFolder(), 'image');
    await expect(
      vhd.create({ path, size: 2040 * GIB + 1, allocation: 'thin', subformat }),
    ).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(existsSync(path)).toBe(false);
  });

  it('has the geometry QEMU computes', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'image.vhd');
    for (const mib of [
      1, 3, 34, 35, 67, 70, 135, 136, 252, 253, 502, 505, 1024, 8192, 32_255, 32_257, 65_536, 130_048,
    ]) {
      await run('qemu-img', ['create', '-f', 'vpc', '-o', 'subformat=fixed', path, `${mib}M`]);
      const footer = await lastSector(path);
      const sectors = Number(footer.readBigUInt64BE(48)) / SECTOR;
      expect(geometryFor(sectors), `${mib} MiB`).toEqual({
        cylinders: footer.readUInt16BE(56),
        heads: footer.readUInt8(58),
        sectorsPerTrack: footer.readUInt8(59),
      });
    }
  });
});

describe('vhd: made by qemu-img', () => {
  const options = ['fixed', 'dynamic'].flatMap((subformat) =>
    ['on', 'off'].flatMap((force) =>
      [512, 5 * MIB, 21 * MIB + 1536].map((size) => ({ subformat, force, size })),
    ),
  );
  it.each(options)('$subformat, force_size=$force, $size bytes', async ({ subformat, force, size }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size, seed: 72, runs: 60 });
    const [image, back] = [join(folder, 'image.vhd'), join(folder, 'back')];
    const settings = ['-o', `subformat=${subformat},force_size=${force}`];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', ...settings, disk.path, image]);
    // Without force_size the disk grows to whole cylinders.
    await run('qemu-img', ['convert', '-f', 'vpc', '-O', 'raw', image, back]);
    expect(await detectFormat(image)).toBe(vhd);
    await expectSameDisk(vhd, image, back);
    if (force === 'on') await run('cmp', [disk.path, back]);
    expect((await vhd.check!(image)).problems).toEqual([]);
  });

  it('a file that was cut off is refused', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 9 * MIB, seed: 73, runs: 30 });
    for (const subformat of ['fixed', 'dynamic']) {
      const image = join(folder, subformat);
      const settings = ['-o', `subformat=${subformat},force_size=on`];
      await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', ...settings, disk.path, image]);
      await run('truncate', ['-s', String(5 * MIB), image]);
      await expect(vhd.open(image)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
  });
});

describe('vhd: sector bitmaps and parents, by the word of 7-Zip and libvhdi', () => {
  const withParents: Pick<typeof vhd, 'open'> = { open: (path) => vhd.open(path, openContext(path)) };
  const ids = ['a0', 'a1', 'a2', 'a3'].map((digits) => digits.repeat(16));

  it('a dynamic disk with parts of blocks', async () => {
    const folder = await scratchFolder();
    const size = 9 * MIB + SECTOR;
    const sectors = someSectors(seeded(74), { size, runs: 50 });
    const [image, disk] = [join(folder, 'image.vhd'), join(folder, 'disk')];
    // 7-Zip calls it an error where such a part is not zeros.
    await writeFile(image, vhdBytes({ type: 'dynamic', size, sectors, rubbish: 0 }));
    await writeFile(disk, flattened(size, [sectors]));
    await expectBy7zip('VHD', image, disk);
    await expectByLibvhdi([image], disk, size);
    await expectSameDisk(vhd, image, disk);
  });

  it.each([
    { what: 'relative names', unit: 1, names: (name: string) => ({ locators: { W2ru: `.\\${name}` } }) },
    {
      what: 'names of another computer',
      unit: 1,
      names: (name: string) => ({ locators: { W2ku: `D:\\machines\\${name}` }, parentName: name }),
    },
    // libvhdi takes the bits of a bitmap eight at a time: it can judge only where all of them are alike.
    { what: 'plain names, in whole 4 KiB', unit: 8, names: (parentName: string) => ({ parentName }) },
  ])('a chain with $what', async ({ names, unit }) => {
    const folder = await scratchFolder();
    const size = 9 * MIB + SECTOR;
    const layers = [80, 6, 90, 5].map((runs, i) =>
      someSectors(seeded(75 + i), { size, runs, longest: 900, unit }),
    );
    const name = (i: number): string => `größe ${i}.vhd`;
    for (const [i, sectors] of layers.entries()) {
      const spec: VhdSpec =
        i === 0
          ? { type: 'fixed', size, disk: flattened(size, [sectors]), id: ids[0]! }
          : {
              type: 'differencing',
              size,
              sectors,
              id: ids[i]!,
              parentId: ids[i - 1]!,
              ...names(name(i - 1)),
            };
      await writeFile(join(folder, name(i)), vhdBytes(spec));
    }
    const disk = join(folder, 'disk');
    await writeFile(disk, flattened(size, layers));
    const chain = layers.map((_, i) => join(folder, name(i))).reverse();
    if (unit === 8) await expectByLibvhdi(chain, disk, size);
    await expectBy7zip('VHD', chain[0]!, disk);
    await expectSameDisk(withParents, chain[0]!, disk);
    expect((await vhd.check!(chain[0]!)).problems).toEqual([]);
  });

  it('a child that is larger than its parent', async () => {
    const folder = await scratchFolder();
    const [small, size] = [3 * MIB - SECTOR, 7 * MIB];
    const below = someSectors(seeded(79), { size: small, runs: 40 });
    const above = someSectors(seeded(80), { size, runs: 20 });
    await writeFile(
      join(folder, 'base.vhd'),
      vhdBytes({ type: 'dynamic', size: small, sectors: below, id: ids[0]! }),
    );
    await writeFile(
      join(folder, 'child.vhd'),
      vhdBytes({ type: 'differencing', size, sectors: above, parentId: ids[0]!, parentName: 'base.vhd' }),
    );
    await writeFile(join(folder, 'disk'), flattened(size, [below, above]));
    await expectSameDisk(withParents, join(folder, 'child.vhd'), join(folder, 'disk'));
  });

  it('a merged copy of a chain has what the chain has', async () => {
    const folder = await scratchFolder();
    const size = 20 * MIB;
    const below = someSectors(seeded(81), { size, runs: 60, longest: 900 });
    const above = someSectors(seeded(82), { size, runs: 60, longest: 900 });
    await writeFile(
      join(folder, 'base.vhd'),
      vhdBytes({ type: 'dynamic', size, sectors: below, id: ids[0]! }),
    );
    const child = join(folder, 'child.vhd');
    await writeFile(
      child,
      vhdBytes({ type: 'differencing', size, sectors: above, parentId: ids[0]!, parentName: 'base.vhd' }),
    );
    const disk = join(folder, 'disk');
    await writeFile(disk, flattened(size, [below, above]));
    const source = await withParents.open(child);
    const writer = await vhd.create({ path: join(folder, 'merged.vhd'), size, allocation: 'thin' });
    const used = ExtentList.of([{ offset: 0, length: size }]);
    await copyBlocks({ source, used, writer });
    await writer.finish();
    await source.close();
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'vpc', disk, join(folder, 'merged.vhd')]);
  });
});
