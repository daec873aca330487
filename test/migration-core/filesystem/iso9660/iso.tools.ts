/** CD images made by two programs, read by us and by two others: the same names, the same bytes. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { isIso, openIso, type IsoImage } from '../../../../migration-core/filesystem/iso9660/open.ts';
import { needTools, run, scratchFolder, seeded } from '../../../support/tools.ts';

beforeAll(() => needTools('genisoimage', 'xorriso', 'bsdtar', '7z', 'isoinfo'));

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

async function allFiles(image: IsoImage): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
    for (const { name, type, size } of await image.list(folder)) {
      const path = `${folder}/${name}`;
      if (type === 'directory') waiting.push(path);
      else {
        const bytes = await image.readFile(path, 64 << 20);
        expect(bytes.length).toBe(size);
        found[path.slice(1)] = sha(bytes);
      }
    }
  return found;
}

/** What another program unpacks. */
async function unpacked(folder: string, files: string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of files) found[path] = sha(await readFile(join(folder, path)));
  return found;
}

async function filesBelow(folder: string): Promise<string[]> {
  const text = await run('find', ['.', '-type', 'f'], { cwd: folder });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(2));
}

/** Folders, deep ones too, and names that each scheme has to cope with in its own way. */
async function sampleTree(): Promise<{ folder: string; files: Record<string, Buffer> }> {
  const random = seeded(7);
  const folder = await scratchFolder();
  const files: Record<string, Buffer> = {};
  const add = (path: string, bytes: number): void => {
    files[path] = Buffer.from(Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256)));
  };
  for (const driver of ['viostor', 'NetKVM', 'Balloon'])
    for (const os of ['xp', '2k8R2', 'w10', '2k22'])
      for (const architecture of ['x86', 'amd64'])
        for (const [ending, size] of [
          ['inf', 3000],
          ['sys', 40_000],
          ['cat', 2047],
        ] as const)
          add(`${driver}/${os}/${architecture}/${driver.toLowerCase()}.${ending}`, size);
  add('empty.txt', 0);
  add('exactly-one-sector.bin', 2048);
  add('Größe und Maß.txt', 10);
  add('日本語 ドライバ.inf', 11);
  add(`a name that is longer than sixty-four characters and so is cut by Joliet ${'x'.repeat(20)}.txt`, 12);
  add(`${'ü'.repeat(110)}.txt`, 5);
  add('a/b/c/d/e/f/g/h/i/j/k/too deep.txt', 13);
  add('no-ending', 14);
  for (let i = 0; i < 200; i++) add(`many/file number ${i}.bin`, i);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return { folder, files };
}

const open = async (path: string): Promise<IsoImage> => {
  const source = memorySource(new Uint8Array(await readFile(path)));
  expect(await isIso(source)).toBe(true);
  return openIso(source);
};

describe('a CD image', () => {
  it.each([
    ['genisoimage', ['-r', '-J', '-joliet-long']],
    ['genisoimage', ['-r']],
    ['xorriso', ['-as', 'mkisofs', '-r', '-J']],
    ['xorriso', ['-as', 'mkisofs', '-r', '-hfsplus']],
  ])('with Rock Ridge has all names and bytes (%s %j)', async (program, options) => {
    const { folder, files } = await sampleTree();
    const path = join(await scratchFolder(), 'x.iso');
    await run(
      program,
      [...options, '-V', 'DRIVERS', '-input-charset', 'utf-8', '-o', path, folder].filter(
        (word, index, all) =>
          program === 'genisoimage' || (word !== '-input-charset' && all[index - 1] !== '-input-charset'),
      ),
    );
    const image = await open(path);
    expect(image.names).toBe('rock-ridge');
    expect(image.label).toBe('DRIVERS');
    const ours = await allFiles(image);
    expect(ours).toEqual(
      Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha(bytes)])),
    );
    const other = await scratchFolder();
    await run('bsdtar', ['-xf', path, '-C', other], { env: { LC_ALL: 'C.UTF-8' } });
    expect(ours).toEqual(await unpacked(other, await filesBelow(other)));
  });

  it.each([
    ['genisoimage', ['-J', '-joliet-long']],
    ['genisoimage', ['-J', '-udf']],
  ])('with Joliet alone has the names 7-Zip sees (%s %j)', async (program, options) => {
    const { folder, files } = await sampleTree();
    const path = join(await scratchFolder(), 'x.iso');
    const udf = options.includes('-udf');
    await run(program, [...options, '-D', '-input-charset', 'utf-8', '-V', 'VIRTIO', '-o', path, folder]);
    const image = await open(path);
    expect(image.names).toBe('joliet');
    expect(image.label).toBe('VIRTIO');
    const ours = await allFiles(image);
    expect(Object.values(ours).sort()).toEqual(Object.values(files).map(sha).sort());
    const other = await scratchFolder();
    // Of a bridge 7-Zip would show the UDF side, whose names are not cut.
    if (udf) await run('bsdtar', ['-xf', path, '-C', other], { env: { LC_ALL: 'C.UTF-8' } });
    else await run('7z', ['x', `-o${other}`, '-y', path], { env: { LC_ALL: 'C.UTF-8' } });
    expect(ours).toEqual(await unpacked(other, await filesBelow(other)));
  });

  it('without either has the short names isoinfo lists', async () => {
    const { folder, files } = await sampleTree();
    const path = join(await scratchFolder(), 'x.iso');
    await run('genisoimage', ['-D', '-input-charset', 'utf-8', '-o', path, folder]);
    const image = await open(path);
    expect(image.names).toBe('iso9660');
    const ours = await allFiles(image);
    expect(Object.values(ours).sort()).toEqual(Object.values(files).map(sha).sort());
    const listed = (await run('isoinfo', ['-f', '-i', path]))
      .split('\n')
      .filter((line) => line.includes(';'));
    expect(Object.keys(ours).sort()).toEqual(
      listed.map((line) => line.slice(1).replace(/\.?;\d+$/u, '')).sort(),
    );
  });

  it('gives a file of several parts as one', async () => {
    const folder = await scratchFolder();
    for (const [name, size] of [
      ['ONE.BIN', 4096],
      ['TWO.BIN', 100],
    ] as const)
      await writeFile(join(folder, name), Buffer.alloc(size, name));
    const path = join(await scratchFolder(), 'x.iso');
    await run('genisoimage', ['-o', path, folder]);
    const bytes = await readFile(path);
    // The second becomes the last part of the first, as mkisofs writes files of 4 GiB and more.
    const at = bytes.indexOf('ONE.BIN;1', 0, 'latin1');
    bytes[at - 33 + 25]! |= 0x80;
    bytes.write('ONE.BIN;1', bytes.indexOf('TWO.BIN;1', 0, 'latin1'), 'latin1');
    const image = await openIso(memorySource(new Uint8Array(bytes)));
    expect(await image.list('/')).toEqual([{ name: 'ONE.BIN', type: 'file', size: 4196 }]);
    const whole = Buffer.concat([Buffer.alloc(4096, 'ONE.BIN'), Buffer.alloc(100, 'TWO.BIN')]);
    expect(Buffer.from(await image.readFile('/ONE.BIN', 5000)).equals(whole)).toBe(true);
    expect(Buffer.from(await image.readRange('/ONE.BIN', 4090, 50)).equals(whole.subarray(4090, 4140))).toBe(
      true,
    );
    await expect(image.readFile('/ONE.BIN', 4195)).rejects.toThrow('larger than expected');
    await expect(image.readFile('/TWO.BIN', 10)).rejects.toThrow('/TWO.BIN is not in the CD image.');
    await expect(image.list('/ONE.BIN')).rejects.toThrow('/ONE.BIN is no folder in the CD image.');
    await expect(image.readFile('/', 10)).rejects.toThrow('/ is no file in the CD image.');
  });

  it('is refused by name where its files are in UDF only, or it is cut off', async () => {
    const bytes = Buffer.alloc(40 * 2048);
    bytes.write('\0BEA01', 16 * 2048, 'latin1');
    await expect(openIso(memorySource(new Uint8Array(bytes)))).rejects.toThrow(
      'The CD image cannot be read: its files are in a UDF file system only.',
    );
    const { folder } = await sampleTree();
    const path = join(await scratchFolder(), 'x.iso');
    await run('genisoimage', ['-J', '-r', '-input-charset', 'utf-8', '-o', path, folder]);
    const cut = new Uint8Array(await readFile(path)).subarray(0, 20 * 2048);
    await expect(openIso(memorySource(cut))).rejects.toThrow(/The CD image is damaged: it ends before/u);
  });
});
