import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { fatDriver } from '../../../../migration-core/filesystem/fat/driver.ts';
import { md1Superblock } from '../../volume/superblocks.ts';
import { blankFat, fatEntry, openBytes, type Shape } from './blank-fat.ts';

const FAT16: Shape = { bits: 16, clusters: 5000 };
const FAT32: Shape = { bits: 32, clusters: 300 };
const text = (value: string): Buffer => Buffer.from(value);

describe('what FAT has not', () => {
  test('symbolic links, owners, extended attributes', async () => {
    const { fs } = await openBytes(blankFat(FAT16));
    await fs.writeFile('/a', text('a'));
    for (const attempt of [
      fs.symlink('/link', '/a'),
      fs.chown('/a', 0, 0),
      fs.setXattr('/a', 'user.x', text('x')),
      fs.removeXattr('/a', 'user.x'),
    ])
      await expect(attempt).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await expect(fs.readlink('/a')).rejects.toMatchObject({ code: 'NOT_A_SYMLINK' });
    expect(await fs.xattrs('/a')).toEqual(new Map());
  });

  test('of a mode the write permission alone is kept', async () => {
    const { fs } = await openBytes(blankFat(FAT32));
    await fs.writeFile('/a', text('a'), { mode: 0o444, mtime: 1_600_000_000 });
    expect(await fs.stat('/a')).toMatchObject({ mode: 0o555, mtime: 1_600_000_000, uid: 0 });
    await fs.chmod('/a', 0o600);
    expect((await fs.stat('/a')).mode).toBe(0o755);
  });
});

describe('paths', () => {
  test('errors name what is wrong', async () => {
    const { fs } = await openBytes(blankFat(FAT32));
    await fs.mkdir('/EFI');
    await fs.writeFile('/EFI/boot.efi', text('x'));
    const refusals: [Promise<unknown>, string][] = [
      [fs.stat('/efi/none'), 'NOT_FOUND'],
      [fs.stat('/none/boot.efi'), 'NOT_FOUND'],
      [fs.stat('/efi/boot.efi/x'), 'NOT_A_DIRECTORY'],
      [fs.readdir('/efi/boot.efi'), 'NOT_A_DIRECTORY'],
      [fs.readFile('/efi'), 'IS_A_DIRECTORY'],
      [fs.readFile('/'), 'IS_A_DIRECTORY'],
      [fs.writeFile('/efi', text('')), 'IS_A_DIRECTORY'],
      [fs.mkdir('/Efi'), 'ALREADY_EXISTS'],
      [fs.remove('/EFI'), 'DIRECTORY_NOT_EMPTY'],
      [fs.remove('/'), 'USAGE'],
      [fs.rename('/EFI', '/efi/inside'), 'USAGE'],
      [fs.rename('/EFI/boot.efi', '/EFI'), 'ALREADY_EXISTS'],
      [fs.writeRange('/EFI/boot.efi', 5, text('gap')), 'USAGE'],
      [fs.readFile('/EFI/boot.efi', 0), 'FILE_TOO_LARGE'],
      [fs.stat('EFI'), 'USAGE'],
    ];
    for (const [attempt, code] of refusals) await expect(attempt).rejects.toMatchObject({ code });
  });

  test('files are found whatever the case, and by their alias', async () => {
    const { fs } = await openBytes(blankFat(FAT32));
    await fs.writeFile('/A longer name.conf', text('x'));
    expect((await fs.readFile('/a LONGER name.CONF')).length).toBe(1);
    expect((await fs.readFile('/alonge~1.con')).length).toBe(1);
    await fs.rename('/A longer name.conf', '/a longer NAME.conf');
    expect(await fs.readdir('/')).toEqual([{ name: 'a longer NAME.conf', type: 'file' }]);
  });

  test('the same inode for the same file, others for others', async () => {
    const { fs } = await openBytes(blankFat(FAT32));
    await fs.mkdir('/d');
    for (const path of ['/a', '/b', '/d/a']) await fs.writeFile(path, new Uint8Array(0));
    const inodes = await Promise.all(
      ['/', '/d', '/a', '/b', '/d/a'].map(async (path) => (await fs.stat(path)).inode),
    );
    expect(new Set(inodes).size).toBe(5);
  });
});

describe('no room', () => {
  test('a full fixed root is refused before anything is changed', async () => {
    const image = blankFat({ ...FAT16, rootEntries: 16 });
    const { fs } = await openBytes(image);
    for (let n = 0; n < 15; n++) await fs.writeFile(`/FILE${n}`, text('content'));
    await fs.flush();
    const before = Buffer.from(image);
    const free = fs.freeBytes;
    await expect(fs.writeFile('/a long name', text('x'))).rejects.toMatchObject({
      code: 'NO_SPACE_IN_GUEST',
    });
    await expect(fs.mkdir('/Directory')).rejects.toMatchObject({ code: 'NO_SPACE_IN_GUEST' });
    await expect(fs.rename('/FILE3', '/two more entries')).rejects.toMatchObject({
      code: 'NO_SPACE_IN_GUEST',
    });
    await fs.flush();
    expect(fs.freeBytes).toBe(free);
    expect(image.equals(before)).toBe(true);
    await fs.writeFile('/LAST', text('x'));
  });

  test('a full volume is refused before anything is changed; a file may be replaced in its own clusters', async () => {
    const image = blankFat(FAT32);
    const { fs } = await openBytes(image);
    await fs.writeFile('/big', Buffer.alloc(fs.freeBytes - 512, 1));
    await fs.flush();
    const before = Buffer.from(image);
    await expect(fs.writeFile('/more', Buffer.alloc(513))).rejects.toMatchObject({
      code: 'NO_SPACE_IN_GUEST',
    });
    await expect(fs.writeRange('/big', 100, Buffer.alloc(fs.size))).rejects.toMatchObject({
      code: 'NO_SPACE_IN_GUEST',
    });
    await fs.flush();
    expect(image.equals(before)).toBe(true);
    await fs.writeFile('/big', Buffer.alloc(fs.size / 2, 2));
    expect((await fs.readFile('/big')).every((byte) => byte === 2)).toBe(true);
  });

  test('4 GiB is the end of a file', async () => {
    const { fs } = await openBytes(blankFat(FAT32));
    await fs.writeFile('/a', new Uint8Array(0));
    await expect(fs.writeRange('/a', 0, { length: 2 ** 32 } as Uint8Array)).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
    });
  });
});

describe('damage', () => {
  /** Two files of three clusters each and a folder; returns the image with what was changed in its table. */
  async function broken(shape: Shape & { bits: 16 | 32 }, change: (image: Buffer, first: number) => void) {
    const image = blankFat(shape);
    const { fs } = await openBytes(image);
    await fs.writeFile('/one', Buffer.alloc(1500, 1));
    await fs.writeFile('/two', Buffer.alloc(1500, 2));
    await fs.mkdir('/dir');
    await fs.flush();
    change(image, shape.bits === 32 ? 3 : 2);
    return (await openBytes(image)).fs;
  }
  const link = (image: Buffer, bits: 16 | 32, from: number, to: number): void => {
    if (bits === 32) image.writeUInt32LE(to, fatEntry(32, from));
    else image.writeUInt16LE(to, fatEntry(16, from));
  };

  test.each([
    ['a circle', (first: number) => first],
    ['a number out of range', () => 0xfff0],
    ['a free cluster', () => 200],
    ['cluster 1', () => 1],
  ] as const)('%s in a chain is an error of that file, and forbids changes', async (_, to) => {
    for (const bits of [16, 32] as const) {
      const shape = bits === 16 ? FAT16 : FAT32;
      const fs = await broken({ ...shape, bits }, (image, first) => link(image, bits, first + 1, to(first)));
      await expect(fs.readFile('/one')).rejects.toMatchObject({ code: 'FAT_DAMAGED' });
      expect((await fs.readFile('/two')).length).toBe(1500);
      await expect(fs.writeFile('/new', text('x'))).rejects.toMatchObject({ code: 'FAT_DAMAGED' });
    }
  });

  test('two files in one cluster forbid changes', async () => {
    const fs = await broken({ ...FAT32, bits: 32 }, (image, first) => link(image, 32, first, first + 3));
    await expect(fs.writeFile('/two', text('x'))).rejects.toMatchObject({ code: 'FAT_DAMAGED' });
    await expect(fs.remove('/one')).rejects.toMatchObject({ code: 'FAT_DAMAGED' });
  });

  test('a folder that contains itself ends', async () => {
    const fs = await broken({ ...FAT32, bits: 32 }, (image, first) => {
      const dir = first + 6;
      const root = image.indexOf('DIR        ');
      const copy = Buffer.from(image.subarray(root, root + 32));
      const data = image.length - 300 * 512;
      copy.copy(image, data + (dir - 2) * 512 + 64);
    });
    expect(await fs.readdir('/dir')).toEqual([{ name: 'dir', type: 'directory' }]);
    await expect(fs.readdir('/dir/dir/dir')).rejects.toMatchObject({ code: 'FAT_DAMAGED' });
    await expect(fs.writeFile('/x', text(''))).rejects.toMatchObject({ code: 'FAT_DAMAGED' });
  });

  test('a table that differs from its copy is made equal at the first change', async () => {
    const image = blankFat(FAT32);
    image[8 * 512 + 3 * 512 + 40] = 9;
    const { fs } = await openBytes(image);
    await fs.writeFile('/a', text('a'));
    await fs.flush();
    expect(fs.findings).toMatchObject([{ code: 'FAT_COPIES_DIFFERED' }]);
    const size = 3 * 512;
    expect(
      image.subarray(8 * 512, 8 * 512 + size).equals(image.subarray(8 * 512 + size, 8 * 512 + 2 * size)),
    ).toBe(true);
  });

  test('a volume cut short is refused', async () => {
    const image = blankFat(FAT32);
    await expect(openBytes(Buffer.from(image.subarray(0, image.length - 512)))).rejects.toMatchObject({
      code: 'FAT_DAMAGED',
    });
  });
});

describe('probe', () => {
  test('a RAID 1 member is none, although FAT begins at its first byte', async () => {
    const image = blankFat(FAT32);
    expect(await fatDriver.probe(memorySource(image))).toBe(true);
    const member = Buffer.concat([image, Buffer.alloc(16384)]);
    const at = Math.floor((member.length / 512 - 16) / 8) * 8 * 512;
    Buffer.from(md1Superblock(at)).copy(member, at);
    expect(await fatDriver.probe(memorySource(member))).toBe(false);
    expect(await fatDriver.probe(memorySource(Buffer.alloc(100)))).toBe(false);
  });
});

describe('used extents', () => {
  test('are the tables and what is allocated; bad and free clusters are left out', async () => {
    const image = blankFat(FAT16);
    for (const copy of [0, 20 * 512]) image.writeUInt16LE(0xfff7, fatEntry(16, 100) + copy);
    const { fs } = await openBytes(image);
    const data = image.length - 5000 * 512;
    expect([...(await fs.usedExtents())]).toEqual([{ offset: 0, length: data }]);
    await fs.writeFile('/a', Buffer.alloc(513));
    await fs.flush();
    expect([...(await fs.usedExtents())]).toEqual([{ offset: 0, length: data + 1024 }]);
    expect(fs.freeBytes).toBe((5000 - 2 - 1) * 512);
  });

  test('stop when cancelled', async () => {
    const { fs } = await openBytes(blankFat(FAT16));
    await expect(fs.usedExtents(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
