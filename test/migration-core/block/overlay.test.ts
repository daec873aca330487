import { readSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { fileSource, openReadOnly, type FileBlockSource } from '../../../migration-core/block/file-source.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { Overlay } from '../../../migration-core/block/overlay.ts';
import { copyBlocks } from '../../../migration-core/block/pipeline.ts';
import { readBytes } from '../../../migration-core/block/source.ts';
import { raw } from '../../../migration-core/image/raw.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';

describe('Overlay', () => {
  it('reads what was written, over a source that never changes, in memory and beyond the memory limit', async () => {
    const random = seeded(11);
    const size = 1_000_003;
    const below = new Uint8Array(size).map(() => Math.floor(random() * 256));
    const before = below.slice();
    const model = below.slice();
    const overlay = new Overlay(memorySource(below), {
      scratchFile: join(await scratchFolder(), 'scratch'),
      memoryLimit: 64 * 1024,
    });
    for (let i = 0; i < 300; i++) {
      const length = 1 + Math.floor(random() * 9000);
      const offset = Math.floor(random() * (size - length));
      const data = new Uint8Array(length).fill(i);
      model.set(data, offset);
      await overlay.write(data, offset);
      const at = Math.floor(random() * (size - 5000));
      expect(await readBytes(overlay, at, 5000)).toEqual(model.slice(at, at + 5000));
    }
    expect(await readBytes(overlay, 0, size)).toEqual(model);
    expect(below).toEqual(before);
    await overlay.close();
  });

  it('tells for every byte where a file has it, and a copy by threads has the same bytes', async () => {
    const folder = await scratchFolder();
    const size = 9 * 2 ** 20 + 1234;
    const random = seeded(12);
    const model = Buffer.alloc(size).map(() => Math.floor(random() * 256));
    await writeFile(join(folder, 'disk'), model);
    const open = async (): Promise<FileBlockSource> =>
      fileSource(await openReadOnly(join(folder, 'disk')), 'disk', { size, sectorSize: 512, sparse: false });
    for (const memoryLimit of [48 << 20, 20 * 4096, 0]) {
      const disk = await open();
      const expected = Buffer.from(model);
      const overlay = new Overlay(disk, { scratchFile: join(folder, 'scratch'), memoryLimit });
      const edit = async (offset: number, length: number, value: number): Promise<void> => {
        const data = new Uint8Array(length).fill(value);
        expected.set(data, offset);
        await overlay.write(data, offset);
      };
      /** Reads all of it as the threads of a copy do. */
      const throughFiles = (): Buffer => {
        const bytes = Buffer.alloc(size);
        for (let at = 0; at < size;) {
          const range = overlay.fileRange(at, Math.min(2 ** 20, size - at))!;
          expect(range).not.toBeNull();
          expect(readSync(range.fd, bytes, at, range.length!, range.offset)).toBe(range.length);
          at += range.length!;
        }
        return bytes;
      };
      for (let i = 0; i < 60; i++) {
        const length = 1 + Math.floor(random() * 20_000);
        await edit(Math.floor(random() * (size - length)), length, i);
      }
      await edit(size - 100, 100, 77);
      expect(Buffer.compare(throughFiles(), expected)).toBe(0);
      // What is in the file already changes once more.
      await edit(0, 5000, 99);
      await edit(0, 10, 98);
      expect(Buffer.compare(throughFiles(), expected)).toBe(0);
      const path = join(folder, `copy-${memoryLimit}`);
      const writer = await raw.create({ path, size, allocation: 'thin' });
      await copyBlocks({ source: overlay, used: ExtentList.of([{ offset: 0, length: size }]), writer });
      await writer.finish();
      expect(Buffer.compare((await readFile(path)).subarray(0, size), expected)).toBe(0);
      await overlay.close();
      await disk.close();
    }
    expect(Buffer.compare(await readFile(join(folder, 'disk')), model)).toBe(0);
  });

  it('has no place for changed pages without a scratch file, and one for all others', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'disk'), Buffer.alloc(65536, 1));
    const fd = await openReadOnly(join(folder, 'disk'));
    const disk = fileSource(fd, 'disk', { size: 65536, sectorSize: 512, sparse: false });
    const overlay = new Overlay(disk);
    await overlay.write(new Uint8Array(10), 8200);
    expect(overlay.fileRange(100, 65000)).toEqual({ fd, offset: 100, length: 8092 });
    expect(overlay.fileRange(8192, 4096)).toBeNull();
    expect(overlay.fileRange(12288, 1000)).toEqual({ fd, offset: 12288, length: 1000 });
    await overlay.close();
    await disk.close();
  });

  it('refuses a write past the end', async () => {
    const overlay = new Overlay(memorySource(new Uint8Array(100)));
    await expect(overlay.write(new Uint8Array(10), 95)).rejects.toMatchObject({ code: 'READ_PAST_END' });
  });
});
