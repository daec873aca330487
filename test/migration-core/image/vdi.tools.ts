import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../migration-core/block/source.ts';
import { detectFormat } from '../../../migration-core/image/table.ts';
import { vdi } from '../../../migration-core/image/vdi/format.ts';
import { run, scratchFolder, tryRun } from '../../support/tools.ts';
import { expectSameDisk, imageFormatSuite } from './format-suite.ts';
import { sparseRaw } from './patterns.ts';
import { expectBy7zip } from './second-readers.ts';

imageFormatSuite(vdi, { qemu: 'vdi', check: true, rounding: 512, thick: true });

const MIB = 2 ** 20;
const TIB = 2 ** 40;
const SECTOR = 512;

async function qemuSize(path: string): Promise<number> {
  const info = JSON.parse(await run('qemu-img', ['info', '--output=json', '-f', 'vdi', path])) as {
    'virtual-size': number;
  };
  return info['virtual-size'];
}

describe('vdi: written', () => {
  it.each(['thin', 'thick'] as const)('%s: what 7-Zip reads, and a clean check', async (allocation) => {
    const folder = await scratchFolder();
    const [image, disk] = [join(folder, 'image.vdi'), join(folder, 'disk')];
    const size = 5 * MIB + 1024;
    const writer = await vdi.create({ path: image, size, allocation });
    const piece = Buffer.alloc(2 * MIB + 65536, 'piece of a disk ');
    // Over the borders of blocks, from within one that is there already.
    await writer.write(piece.subarray(0, 65536), MIB + 65536);
    await writer.write(piece, MIB + 131072);
    await writer.write(piece.subarray(0, 1024), 5 * MIB);
    await writer.finish();
    await run('truncate', ['-s', String(size), disk]);
    const file = await open(disk, 'r+');
    await file.write(piece, 0, 65536, MIB + 65536);
    await file.write(piece, 0, piece.length, MIB + 131072);
    await file.write(piece, 0, 1024, 5 * MIB);
    await file.close();
    await expectBy7zip('VDI', image, disk);
    await expectSameDisk(vdi, image, disk);
    await run('qemu-img', ['check', '-f', 'vdi', image]);
    const blocks = allocation === 'thick' ? 6 : 4;
    expect(await vdi.check!(image)).toEqual({
      problems: [],
      more: 0,
      allocatedBytes: blocks * MIB - (MIB - 1024),
    });
    expect((await stat(image)).size).toBe((2 + blocks) * MIB);
  });

  it('has the identity it is given, and another one of its last modification', async () => {
    const path = join(await scratchFolder(), 'image.vdi');
    const identity = new Uint8Array(16).fill(0xff);
    await (await vdi.create({ path, size: MIB, allocation: 'thin', identity })).finish();
    const listed = await run('7zz', ['l', '-tVDI', path]);
    const [, created] = /Creat\s*: \{(.*)\}/u.exec(listed)!;
    const [, modified] = /Modif\s*: \{(.*)\}/u.exec(listed)!;
    expect(created).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
    expect(modified).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
    const image = await vdi.open(path);
    expect(image.facts.contentId).toBe(created);
    await image.close();
  });

  it.each([0, 512, MIB - 512, MIB + 512, 2 * TIB, 64 * TIB])(
    '%i bytes are that size for QEMU, with the last sector',
    async (size) => {
      const path = join(await scratchFolder(), 'image.vdi');
      const before = process.memoryUsage().rss;
      const writer = await vdi.create({ path, size, allocation: 'thin' });
      const last = Math.max(0, Math.ceil(size / 65536) - 1) * 65536;
      if (size > 0) await writer.write(new Uint8Array(size - last).fill(0x5c), last);
      await writer.finish();
      expect(await qemuSize(path)).toBe(size);
      if (size > 0) {
        const read = await run('qemu-io', ['-r', '-f', 'vdi', '-c', `read -P 0x5c ${size - 512} 512`, path]);
        expect(read).not.toContain('verification failed');
      }
      const image = await vdi.open(path);
      expect(image.size).toBe(size);
      if (size > 0) expect((await readBytes(image, size - 1, 1))[0]).toBe(0x5c);
      const kinds: string[] = [];
      for await (const { kind } of image.extents!(0, size)) kinds.push(kind);
      expect(kinds).toEqual(size === 0 ? [] : size <= MIB ? ['data'] : ['zero', 'data']);
      await image.close();
      expect((await vdi.check!(path)).problems).toEqual([]);
      // The map alone of the largest has 256 MiB.
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB);
    },
  );

  it('refuses what is larger than 128 TiB', async () => {
    const path = join(await scratchFolder(), 'image');
    for (const allocation of ['thin', 'thick'] as const)
      await expect(vdi.create({ path, size: 128 * TIB + 512, allocation })).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
      });
    expect(existsSync(path)).toBe(false);
  });
});

describe('vdi: made by qemu-img', () => {
  const options = ['on', 'off'].flatMap((fixed) =>
    [512, 5 * MIB, 21 * MIB + 1536].map((size) => ({ fixed, size })),
  );
  it.each(options)('static=$fixed, $size bytes', async ({ fixed, size }) => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size, seed: 91, runs: 60 });
    const image = join(folder, 'image.vdi');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vdi', '-o', `static=${fixed}`, disk.path, image]);
    expect(await detectFormat(image)).toBe(vdi);
    await expectSameDisk(vdi, image, disk.path);
    const opened = await vdi.open(image);
    expect(opened.facts.subformat).toBe(fixed === 'on' ? 'static' : 'dynamic');
    await opened.close();
    expect((await vdi.check!(image)).problems).toEqual([]);
  });

  it('with blocks in the order they were written in', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 12 * MIB, seed: 92, runs: 0 });
    const image = join(folder, 'image.vdi');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vdi', disk.path, image]);
    const commands = ['write -P 7 9M 1M', 'write -P 8 3000k 2000k', 'write -P 9 100k 5k', 'write -z 4M 1M'];
    for (const [path, format] of [
      [image, 'vdi'],
      [disk.path, 'raw'],
    ] as const)
      await run('qemu-io', ['-f', format, ...commands.flatMap((text) => ['-c', text]), path]);
    await expectSameDisk(vdi, image, disk.path);
    expect((await vdi.check!(image)).problems).toEqual([]);
  });

  it('finds what QEMU finds: two entries for one block', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 12 * MIB, seed: 93, runs: 20 });
    const image = join(folder, 'image.vdi');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vdi', disk.path, image]);
    const file = await open(image, 'r+');
    const entry = Buffer.alloc(4);
    await file.read(entry, 0, 4, SECTOR);
    await file.write(entry, 0, 4, SECTOR + 4);
    await file.close();
    expect((await tryRun('qemu-img', ['check', '-f', 'vdi', image])).status).toBe(2);
    expect((await vdi.check!(image)).problems).toMatchObject([
      {
        severity: 'error',
        message: expect.stringContaining('share one block') as string,
        offset: SECTOR + 4,
      },
    ]);
    await expect(vdi.open(image)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
  });

  it('a file that was cut off is refused', async () => {
    const folder = await scratchFolder();
    const disk = await sparseRaw(join(folder, 'disk'), { size: 9 * MIB, seed: 94, runs: 30 });
    for (const fixed of ['on', 'off']) {
      const image = join(folder, fixed);
      await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vdi', '-o', `static=${fixed}`, disk.path, image]);
      await run('truncate', ['-s', String(3 * MIB), image]);
      await expect(vdi.open(image)).rejects.toMatchObject({ code: 'IMAGE_DAMAGED' });
    }
  });
});
