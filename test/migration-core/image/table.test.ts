import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectFormat, formatById, imageFormats } from '../../../migration-core/image/table.ts';
import { scratchFolder } from '../../support/tools.ts';

async function fileWith(size: number, parts: Record<number, string>): Promise<string> {
  const bytes = Buffer.alloc(size);
  for (const [at, text] of Object.entries(parts)) bytes.write(text, Number(at), 'latin1');
  const path = join(await scratchFolder(), 'image');
  await writeFile(path, bytes);
  return path;
}

describe('formats of disk images', () => {
  it('have names of their own', () => {
    expect(imageFormats.map(({ id }) => id)).toEqual([
      'qcow2',
      'vmdk',
      'vhdx',
      'vhd',
      'vdi',
      'ewf',
      'ova',
      'compressed',
      'raw',
    ]);
    expect(new Set(imageFormats.map(({ extension }) => extension)).size).toBe(imageFormats.length);
    for (const format of imageFormats) expect(formatById(format.id)).toBe(format);
    expect(formatById('vhs')).toBeNull();
  });

  it.each([
    ['QFI\xfb\0\0\0\x03', 'qcow2'],
    ['QFI\xfb\0\0\0\x02', 'qcow2'],
    ['KDMV\x01\0\0\0', 'vmdk'],
    ['# Disk DescriptorFile\nversion=1\n', 'vmdk'],
    ['EVF\x09\x0d\x0a\xff\0\x01', 'ewf'],
    ['\x1f\x8b\x08\0', 'compressed'],
    ['\xfd7zXZ\0', 'compressed'],
    ['\x28\xb5\x2f\xfd', 'compressed'],
    ['vhdxfile\0', 'vhdx'],
    ['\xeb\x63\x90', 'raw'],
    ['', 'raw'],
  ])('%j is told by its first bytes', async (magic, id) => {
    expect((await detectFormat(await fileWith(100_000, { 0: magic }))).id).toBe(id);
  });

  it.each([
    [{ 0: 'QFI\xfb\0\0\0\x01' }, 'qcow'],
    [{ 0: 'BZh9' }, 'bzip2'],
    [{ 0: 'EVF2\x0d\x0a\x81\0' }, 'Ex01'],
    [{ 0: 'LVF\x09' }, 'L01'],
    [{ 257: 'ustar' }, 'tar'],
  ])('%j is never taken for raw', async (parts, name) => {
    const path = await fileWith(100_000, parts);
    await expect(detectFormat(path)).rejects.toMatchObject({
      code: 'IMAGE_NOT_SUPPORTED',
      exitStatus: 3,
      message: expect.stringContaining(name) as string,
    });
  });

  it.each([
    [{ 0: 'conectix' }, 'vhd'],
    [{ [100_000 - 512]: 'conectix' }, 'vhd'],
    [{ [100_000 - 511]: 'conectix' }, 'vhd'],
    [{ 64: '\x7f\x10\xda\xbe' }, 'vdi'],
  ])('%j is told by its place, and refused when there is no more to it', async (parts, id) => {
    const path = await fileWith(100_000, parts);
    const format = await detectFormat(path);
    expect(format.id).toBe(id);
    await expect(format.open(path)).rejects.toMatchObject({ exitStatus: 3 });
  });

  it('of files that are too short for any magic is raw', async () => {
    for (const size of [0, 1, 3, 511]) expect((await detectFormat(await fileWith(size, {}))).id).toBe('raw');
  });

  it('is raw only under a name that is no other format’s', async () => {
    const folder = await scratchFolder();
    const path = (name: string): string => join(folder, name);
    const names = [
      'a.qcow2',
      'a.VHDX',
      'a.avhdx',
      'a.vhd',
      'a.vdi',
      'a.E01',
      'a.s01',
      'a.ova',
      'a.img.gz',
      'a.xz',
    ];
    for (const name of names) {
      await writeFile(path(name), Buffer.alloc(2048, 7));
      await expect(detectFormat(path(name))).rejects.toMatchObject({
        code: 'IMAGE_DAMAGED',
        message: expect.stringMatching(/ is named like an? .* and does not hold one\.$/u) as string,
        next: 'Copy it again, complete, from where it came. If it is a raw disk, give its name the ending .img.',
      });
    }
    for (const name of [
      'a',
      'a.img',
      'a.raw',
      'a.dd',
      'a.bin',
      'a.001',
      'qcow2',
      'a-flat.vmdk',
      'a.qcow2.bak',
    ]) {
      await writeFile(path(name), Buffer.alloc(2048, 7));
      expect((await detectFormat(path(name))).id, name).toBe('raw');
    }
  });

  it('says when there is no file', async () => {
    await expect(detectFormat('/nowhere/disk')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const format of imageFormats)
      await expect(format.open('/nowhere/disk')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  const written = imageFormats.filter(({ subformats }) => subformats.length > 0);

  it('that are only read say so', async () => {
    for (const format of imageFormats.filter((one) => !written.includes(one)))
      await expect(
        format.create({ path: '/nowhere/disk', size: 65536, allocation: 'thin' }),
      ).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  it('are written to folders that exist', async () => {
    for (const format of written)
      await expect(
        format.create({ path: '/nowhere/disk', size: 65536, allocation: 'thin' }),
      ).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });

  it('refuse data that comes out of order or in pieces of units', async () => {
    for (const format of written) {
      const path = join(await scratchFolder(), 'image');
      const writer = await format.create({ path, size: 1 << 20, allocation: 'thin' });
      await writer.write(new Uint8Array(65536).fill(1), 131072);
      await expect(writer.write(new Uint8Array(65536), 0)).rejects.toThrow(TypeError);
      await expect(writer.write(new Uint8Array(65536), 131072)).rejects.toThrow(TypeError);
      await expect(writer.write(new Uint8Array(100), 262144)).rejects.toThrow(TypeError);
      await expect(writer.write(new Uint8Array(65536), 1 << 20)).rejects.toThrow(TypeError);
      await writer.abort();
    }
  });
});
