/** FAT volumes of mkfs.fat and mtools read, and edited by hundreds of random changes: fsck.fat and mtools judge. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { Overlay } from '../../../../migration-core/block/overlay.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { fatDriver } from '../../../../migration-core/filesystem/fat/driver.ts';
import { needTools, run, scratchFolder, seeded } from '../../../support/tools.ts';
import { patch } from '../../volume/disk-file.ts';
import { Edits } from './edits.ts';
import { fsck, makeFat, mtools, openFat, ourTree, writeOut, type Tree } from './fat-image.ts';

const SHAPES: [name: string, kib: number, options: string[]][] = [
  ['FAT12 floppy', 1440, ['-F', '12']],
  ['FAT12, 512-byte clusters, one table', 1700, ['-F', '12', '-s', '1', '-f', '1']],
  ['FAT12, 4 KiB clusters, small root', 8192, ['-F', '12', '-s', '8', '-r', '32']],
  ['FAT16, 512-byte clusters', 4096, ['-F', '16', '-s', '1']],
  ['FAT16, 2 KiB clusters', 20480, ['-F', '16', '-s', '4']],
  ['FAT16, 32 KiB clusters', 140000, ['-F', '16', '-s', '64']],
  ['FAT16, 4096-byte sectors', 40960, ['-F', '16', '-S', '4096', '-s', '1']],
  ['FAT32, tiny', 2048, ['-F', '32', '-s', '1']],
  ['FAT32, 512-byte clusters', 34000, ['-F', '32', '-s', '1']],
  ['FAT32, 4 KiB clusters, one table', 32768, ['-F', '32', '-s', '8', '-f', '1']],
  ['FAT32, 4096-byte sectors', 65536, ['-F', '32', '-S', '4096', '-s', '2']],
  ['FAT32, 4 KiB clusters and sectors', 270000, ['-F', '32', '-S', '4096', '-s', '1']],
  ['FAT32, 2048-byte sectors, no alignment', 32768, ['-F', '32', '-S', '2048', '-a']],
];

/** mtools take a volume of few clusters for FAT16, whatever it says of itself; Linux and fsck.fat do not. */
const knownToMtools = (fs: GuestFileSystem, options: string[]): boolean =>
  !options.includes('32') || fs.size / fs.blockSize > 66000;

/** Everything on the volume as mtools reads it out. */
async function mtoolsTree(path: string, folder: string): Promise<Tree> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const tree: Tree = new Map();
  if ((await mtools('mdir', path, '-b', '::/')).trim() === '') return tree;
  await mtools('mcopy', path, '-s', '-m', '-n', '::/*', folder);
  const walk = async (at: string, prefix: string): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const below = join(at, entry.name);
      tree.set(`${prefix}/${entry.name}`, entry.isDirectory() ? null : await readFile(below));
      if (entry.isDirectory()) await walk(below, `${prefix}/${entry.name}`);
    }
  };
  await walk(folder, '');
  return tree;
}

/** Contents as their length and digest, so that a difference can be read. */
const sorted = (tree: Tree): [string, string][] =>
  [...tree]
    .map(([path, content]): [string, string] => [
      path,
      content === null ? 'folder' : `${content.length} ${createHash('sha1').update(content).digest('hex')}`,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));

describe('FAT, judged by fsck.fat and mtools', () => {
  test.each(SHAPES)('%s: random edits leave it clean', async (name, kib, options) => {
    needTools('mkfs.fat', 'fsck.fat', 'mcopy', 'mdir');
    const folder = await scratchFolder();
    const image = await openFat(await makeFat(folder, 'fat', kib, options));
    const edits = new Edits(image.fs, seeded(name.length * 7919 + kib));
    const rounds = kib > 100_000 ? 1 : 4;
    for (let round = 0; round < rounds; round++) {
      for (let n = 0; n < 400 / rounds; n++) await edits.one();
      await image.fs.flush();
      const used = await image.fs.usedExtents();
      // Free clusters are overwritten: whatever is missing in the used extents would be missing here.
      const out = await writeOut(image, join(folder, 'out'), used);
      const { status, output } = await fsck(out);
      expect(output).not.toMatch(/differ|wrong|Dirty|Orphan|Duplicate|Bad/);
      expect(status, output).toBe(0);
      const expected = sorted(edits.tree);
      expect(sorted(await ourTree(image.fs))).toEqual(expected);
      expect(sorted(await ourTree((await openFat(out)).fs))).toEqual(expected);
      if (knownToMtools(image.fs, options))
        expect(sorted(await mtoolsTree(out, join(folder, 'tree')))).toEqual(expected);
    }
    expect(edits.done).toBeGreaterThan(300);
    expect(await readFile(image.path).then((bytes) => Buffer.compare(bytes, image.bytes))).toBe(0);
  });

  test.each(SHAPES.filter(([name]) => !/FAT32, (tiny|4 KiB clusters, one|.*-byte sectors)/.test(name)))(
    '%s: filled by mtools, read by us',
    async (_, kib, options) => {
      const folder = await scratchFolder();
      const path = await makeFat(folder, 'fat', kib, [...options, '-n', 'FILLED']);
      const from = join(folder, 'from');
      await mkdir(join(from, 'EFI', 'debian', 'deep folder name'), { recursive: true });
      const random = seeded(kib);
      const names = [
        'shimx64.efi',
        'UPPER.TXT',
        'MixedCase.Txt',
        'a long name with spaces.config',
        'x.tar.gz',
        'lower.TXT',
        'OTHER.txt',
        '.hidden',
        'noext',
        'Größe der Datei.txt',
        '日本語 😀.txt',
        'n'.repeat(200),
      ];
      for (const place of ['', 'EFI', 'EFI/debian/deep folder name'])
        for (const name of place === '' ? names.slice(0, 5) : names) {
          const content = Buffer.from(
            Array.from({ length: Math.floor(random() * 3000) }, () => Math.floor(random() * 256)),
          );
          await writeFile(join(from, place, name), content);
        }
      const top = (await readdir(from)).map((name) => join(from, name));
      await mtools('mcopy', path, '-s', '-m', ...top, '::/');
      await mtools('mdel', path, '::/EFI/x.tar.gz');
      await rm(join(from, 'EFI', 'x.tar.gz'));
      await mtools('mattrib', path, '+r', '::/UPPER.TXT');
      const { fs } = await openFat(path);
      const expected = await mtoolsTree(path, join(folder, 'tree'));
      expect(sorted(await ourTree(fs))).toEqual(sorted(expected));
      expect(expected.size).toBeGreaterThan(25);
      expect(fs.label).toBe('FILLED');
      expect(await fs.stat('/efi/DEBIAN/Deep Folder Name/SHIMX64.EFI')).toMatchObject({
        type: 'file',
        mode: 0o755,
      });
      expect((await fs.stat('/upper.txt')).mode).toBe(0o555);
      const [vol] = /Volume Serial Number is ([0-9A-F-]+)/.exec(await mtools('mdir', path, '::/'))!.slice(1);
      expect(fs.uuid).toBe(vol);
    },
  );

  // Byte 41 hex of the boot sector: Linux sets it while mounted; the clean bit of the table: Windows clears it.
  test.each([
    ['Linux', 0x41, 0x01],
    ['Windows', 32 * 512 + 7, 0x07],
  ])('a volume in use by %s is opened with a notice and keeps its mark', async (_, offset, value) => {
    const folder = await scratchFolder();
    const path = await makeFat(folder, 'fat', 34000, ['-F', '32', '-R', '32']);
    await patch(path, offset, Uint8Array.of(value));
    const image = await openFat(path);
    expect(image.fs.findings.map(({ code }) => code)).toEqual(['FAT_IN_USE']);
    await image.fs.writeFile('/new.txt', Buffer.from('ours'));
    await image.fs.flush();
    const out = await writeOut(image, join(folder, 'out'));
    expect((await readFile(out))[offset]).toBe(value);
    expect((await fsck(out)).output).toContain('Dirty bit is set');
  });

  test('probe knows FAT from what looks like it', async () => {
    const folder = await scratchFolder();
    for (const [program, ...args] of [
      ['mkfs.ntfs', '-q', '-F'],
      ['mkfs.ext4', '-q', '-F'],
      ['mkswap', '-q'],
    ] as const) {
      const path = await makeFat(folder, program, 20480, []);
      await run(program, [...args, path]);
      const { overlay } = await openBytes(path);
      expect(await fatDriver.probe(overlay), program).toBe(false);
    }
  });
});

async function openBytes(path: string): Promise<{ overlay: Overlay }> {
  return { overlay: new Overlay(memorySource(new Uint8Array(await readFile(path)))) };
}
