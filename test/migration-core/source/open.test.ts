import { execFile, execFileSync } from 'node:child_process';
import { link, open as openHandle, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { SourceExtent } from '../../../migration-core/block/source.ts';
import { fileSource, openReadOnly } from '../../../migration-core/block/file-source.ts';
import { openSource, openSources, type SourceDisk } from '../../../migration-core/source/open.ts';
import { scratchFolder, seeded } from '../../support/tools.ts';
import { vhdBytes, VHD_ID } from '../image/vhd-bytes.ts';

const MIB = 1 << 20;

/** A sparse file with data at the given ranges. */
async function sparseFile(
  path: string,
  size: number,
  data: [offset: number, bytes: Uint8Array][],
): Promise<void> {
  const handle = await openHandle(path, 'w');
  await handle.truncate(size);
  for (const [offset, bytes] of data) await handle.write(bytes, 0, bytes.length, offset);
  await handle.sync();
  await handle.close();
}

async function extentsOf({ disk }: SourceDisk, offset = 0, length = disk.size): Promise<SourceExtent[]> {
  const list: SourceExtent[] = [];
  for await (const extent of disk.extents!(offset, length)) list.push(extent);
  return list;
}

describe('an image file', () => {
  test('is described, and read at any place', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'disk.img');
    const bytes = new Uint8Array(3 * MIB + 512).map((_, index) => (index * 7 + (index >> 8)) & 255);
    await writeFile(path, bytes);
    const source = await openSource(path);
    expect(source.description).toMatchObject({
      spec: path,
      kind: 'image',
      format: 'raw',
      size: bytes.length,
      sectorSize: 512,
    });
    expect(source.fingerprint).toMatchObject({ size: bytes.length });
    expect(source.findings).toEqual([]);
    const random = seeded(1);
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const offset = Math.floor(random() * bytes.length);
        const into = new Uint8Array(Math.floor(random() * Math.min(70_000, bytes.length - offset)));
        await source.disk.read(into, offset);
        expect(Buffer.compare(into, bytes.subarray(offset, offset + into.length))).toBe(0);
      }),
    );
    await expect(source.disk.read(new Uint8Array(2), bytes.length - 1)).rejects.toMatchObject({
      code: 'READ_PAST_END',
    });
    expect(source.disk.fileRange?.(4096, 512)).toMatchObject({ offset: 4096 });
    await source.disk.close();
    await source.disk.close();
  });

  test('that holds only the changes to another one beside it is read with it', async () => {
    const folder = await scratchFolder();
    const disk = Buffer.alloc(MIB, 5);
    const changed = Buffer.alloc(512, 6);
    await writeFile(join(folder, 'base.vhd'), vhdBytes({ type: 'fixed', size: MIB, disk }));
    const path = join(folder, 'child.vhd');
    const sectors = new Map([[1, changed]]);
    const child = { type: 'differencing', size: MIB, sectors, parentName: 'base.vhd' } as const;
    await writeFile(path, vhdBytes({ ...child, parentId: VHD_ID }));
    const source = await openSource(path);
    expect(source.description).toMatchObject({ format: 'vhd', size: MIB });
    const into = new Uint8Array(1536);
    await source.disk.read(into, 0);
    expect([into[511], into[512], into[1023], into[1024]]).toEqual([5, 6, 6, 5]);
    await source.disk.close();
  });

  test.skipIf(process.platform !== 'linux')(
    'is opened without any right to write (Linux tells by /proc/self/fdinfo)',
    async () => {
      const folder = await scratchFolder();
      const path = join(folder, 'disk.img');
      await writeFile(path, new Uint8Array(4096));
      const { disk } = await openSource(path);
      const { fd } = disk.fileRange!(0, 1)!;
      const flags = Number.parseInt(
        /flags:\s*([0-7]+)/.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!,
        8,
      );
      // O_ACCMODE is 3; O_RDONLY 0, O_WRONLY 1, O_RDWR 2.
      expect(flags & 3).toBe(0);
      expect(flags & (0o100 | 0o1000 | 0o2000)).toBe(0); // O_CREAT, O_TRUNC, O_APPEND
      await disk.close();
    },
  );

  test('with holes tells where its data is', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'sparse.img');
    const block = new Uint8Array(65536).fill(1);
    const size = 2 ** 40;
    await sparseFile(path, size, [
      [MIB, block],
      [5 * MIB, block],
      [2 ** 39, block],
    ]);
    const source = await openSource(path);
    const extents = await extentsOf(source);
    let at = 0;
    for (const { offset, length } of extents) {
      expect(offset).toBe(at);
      expect(length).toBeGreaterThan(0);
      at += length;
    }
    expect(at).toBe(size);
    expect(
      extents.filter(({ kind }) => kind === 'data').map(({ offset, length }) => [offset, length]),
    ).toEqual([
      [MIB, 65536],
      [5 * MIB, 65536],
      [2 ** 39, 65536],
    ]);
    // A window that starts and ends within data, and one that is nothing but hole.
    expect(await extentsOf(source, MIB + 512, 1024)).toEqual([
      { offset: MIB + 512, length: 1024, kind: 'data' },
    ]);
    expect(await extentsOf(source, 2 ** 39 + MIB, size - 2 ** 39 - MIB)).toEqual([
      { offset: 2 ** 39 + MIB, length: size - 2 ** 39 - MIB, kind: 'zero' },
    ]);
    await expect(async () => extentsOf(source, size, 1)).rejects.toMatchObject({ code: 'READ_PAST_END' });
    await source.disk.close();
  });

  test('with holes is all data where the library for asking is missing', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'sparse.img');
    await sparseFile(path, 64 * MIB, []);
    const module = new URL('../../../migration-core/source/open.ts', import.meta.url).href;
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) { if (name === 'koffi') throw new Error('gone'); return next(name, context); } });
      const { openSource } = await import(${JSON.stringify(module)});
      const { disk } = await openSource(${JSON.stringify(path)});
      for await (const extent of disk.extents(4096, 8192)) console.log(JSON.stringify(extent));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual({ offset: 4096, length: 8192, kind: 'data' });
  });

  test('that is nothing but a hole, and one without holes', async () => {
    const folder = await scratchFolder();
    const hole = join(folder, 'hole.img');
    await sparseFile(hole, 64 * MIB, []);
    const source = await openSource(hole);
    expect(await extentsOf(source)).toEqual([{ offset: 0, length: 64 * MIB, kind: 'zero' }]);
    await source.disk.close();
    const full = join(folder, 'full.img');
    const handle = await openHandle(full, 'w');
    await handle.write(new Uint8Array(MIB).fill(9));
    await handle.sync();
    await handle.close();
    const { disk } = await openSource(full);
    expect('extents' in disk).toBe(false);
    await disk.close();
  });

  test('that is cut short while it is read fails with a typed error', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'disk.img');
    await writeFile(path, new Uint8Array(MIB));
    const { disk } = await openSource(path);
    await truncate(path, 8192);
    await expect(disk.read(new Uint8Array(16384), 0)).rejects.toMatchObject({ code: 'READ_FAILED' });
    await disk.close();
  });

  test('of a disk with 4096-byte sectors is known by the place of its GPT', async () => {
    const folder = await scratchFolder();
    const path = join(folder, '4k.img');
    await sparseFile(path, MIB, [[4096, Buffer.from('EFI PART')]]);
    const { disk, description } = await openSource(path);
    expect([disk.sectorSize, description.sectorSize]).toEqual([4096, 4096]);
    await disk.close();
  });

  test('that ends in the middle of a sector is read without the rest, and that is said', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'odd.img');
    await writeFile(path, new Uint8Array(MIB + 100));
    const { disk, findings } = await openSource(path);
    expect(disk.size).toBe(MIB);
    expect(findings.map(({ code }) => code)).toEqual(['SOURCE_PARTIAL_SECTOR']);
    await disk.close();
  });
});

test.skipIf(process.platform !== 'linux')(
  'a defect of the medium is a READ_FAILED with the place',
  async () => {
    // The memory of this process has nothing at 0, and the kernel says EIO for it.
    const disk = fileSource(await openReadOnly('/proc/self/mem'), 'mem', {
      size: 4096,
      sectorSize: 512,
      sparse: false,
    });
    await expect(disk.read(new Uint8Array(512), 0)).rejects.toMatchObject({
      code: 'READ_FAILED',
      message: 'mem has a defect: the bytes at 0 cannot be read.',
    });
    await disk.close();
  },
);

test('reads of devices that take whole sectors only are widened and cut again', async () => {
  const folder = await scratchFolder();
  const path = join(folder, 'disk.img');
  const bytes = new Uint8Array(3 * MIB).map((_, index) => (index * 31 + (index >> 9)) & 255);
  await writeFile(path, bytes);
  const disk = fileSource(await openReadOnly(path), path, {
    size: bytes.length,
    sectorSize: 4096,
    sparse: false,
    alignment: 4096,
  });
  expect(disk.fileRange(0, 512)).toBeNull();
  const random = seeded(2);
  const ranges = Array.from({ length: 200 }, () => Math.floor(random() * bytes.length)).map(
    (offset): [number, number] => [offset, Math.floor(random() * (bytes.length - offset))],
  );
  for (const [offset, length] of [...ranges, [0, bytes.length] as const, [bytes.length - 1, 1] as const]) {
    const into = new Uint8Array(length);
    await disk.read(into, offset);
    expect(Buffer.compare(into, bytes.subarray(offset, offset + length))).toBe(0);
  }
  await disk.close();
});

describe('refused, with the next step', () => {
  test('what is no disk', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'empty'), '');
    await writeFile(join(folder, 'small'), 'hello');
    await writeFile(
      join(folder, 'packed'),
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), Buffer.alloc(4096)]),
    );
    for (const [spec, code] of [
      [join(folder, 'nothing'), 'SOURCE_NOT_FOUND'],
      [join(folder, 'small', 'below'), 'SOURCE_NOT_FOUND'],
      ['', 'SOURCE_NOT_FOUND'],
      ['a\0b', 'SOURCE_NOT_FOUND'],
      [folder, 'SOURCE_NOT_A_DISK'],
      ['/dev/null', 'SOURCE_NOT_A_DISK'],
      [join(folder, 'small'), 'SOURCE_NOT_A_DISK'],
      [join(folder, 'empty'), 'SOURCE_EMPTY'],
      [join(folder, 'packed'), 'IMAGE_DAMAGED'],
    ] as const) {
      await expect(openSource(spec), spec).rejects.toMatchObject({
        code,
        kind: 'refused',
        message: expect.stringMatching(/\.$/) as string,
        next: expect.stringMatching(/\.$/) as string,
      });
    }
  });

  test('a pipe, at once and in a sentence', async () => {
    const pipe = join(await scratchFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(openSource(pipe)).rejects.toMatchObject({
      code: 'SOURCE_NOT_A_DISK',
      message: `${pipe} is a pipe or socket, not a disk.`,
      next: 'Name an image file, or a disk that `ironlift disks` lists.',
    });
  });

  test('the same disk named twice, by whatever name', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'disk.img');
    await writeFile(path, new Uint8Array(4096));
    await symlink(path, join(folder, 'symlink'));
    await link(path, join(folder, 'hardlink'));
    for (const name of ['disk.img', 'symlink', 'hardlink'])
      await expect(openSources([path, join(folder, name)])).rejects.toMatchObject({ code: 'SOURCE_TWICE' });
    await writeFile(join(folder, 'other.img'), new Uint8Array(4096));
    const both = await openSources([path, join(folder, 'other.img')]);
    expect(both).toHaveLength(2);
    for (const { disk } of both) await disk.close();
  });

  test('a job that was cancelled before it began', async () => {
    await expect(openSource('/dev/null', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
