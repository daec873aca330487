/** Large directories, large and fragmented files, a full volume: judged by e2fsck and the kernel. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { run, scratchFolder, seeded } from '../../../support/tools.ts';
import { expectClean, makeImage, mounted, withVolume } from './images.ts';

const MIB = 1 << 20;

test.each([
  ['hashed, two levels', '-t ext4 -b 1024 -N 20000', 10_000, 12],
  ['hashed, three levels', '-t ext4 -b 1024 -N 45000 -O large_dir', 36_000, 240],
  ['hashed with the legacy hash', '-t ext4 -b 1024 -N 20000 -E hash_alg=legacy', 6_000, 20],
  ['hashed with tea', '-t ext3 -b 1024 -N 20000 -E hash_alg=tea', 6_000, 20],
  ['hashed with unsigned bytes', '-t ext4 -b 1024 -N 20000 -E unsigned', 6_000, 20],
  ['linear', '-t ext2 -b 1024 -N 20000 -O ^dir_index', 10_000, 12],
])('many names in one folder: %s', async (_, options, count, padding) => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  const words = options.replace(/-E \S+/, '');
  await makeImage(image, 160 * MIB, words);
  const hash = /hash_alg=(\S+)/.exec(options)?.[1];
  if (hash !== undefined) await run('tune2fs', ['-E', `hash_alg=${hash}`, image]);
  if (options.includes('unsigned')) await run('debugfs', ['-w', '-R', 'set_super_value flags 2', image]);
  const nameOf = (i: number): string => `entry-${i}-${'é'.repeat(Math.floor(padding / 2))}`;
  await withVolume(image, async (fs) => {
    await fs.mkdir('/large');
    for (let i = 0; i < count; i++) await fs.symlink(`/large/${nameOf(i)}`, String(i));
    for (let i = 0; i < count; i += 3) await fs.remove(`/large/${nameOf(i)}`);
    for (let i = 0; i < count; i += 30) await fs.rename(`/large/${nameOf(i + 1)}`, `/large/renamed-${i}`);
    await fs.flush();
    await fs.stat(`/large/${nameOf(2)}`);
  });
  await expectClean(image);
  const levels = /Indirect levels: (\d)/.exec(await run('debugfs', ['-R', 'htree_dump /large', image]))?.[1];
  expect(levels).toBe(options.includes('dir_index') ? undefined : options.includes('large_dir') ? '2' : '1');
  await mounted(image, 'rw', async (at) => {
    const expected = new Set<string>();
    for (let i = 0; i < count; i++) if (i % 3 !== 0) expected.add(nameOf(i));
    for (let i = 0; i < count; i += 30) {
      expected.delete(nameOf(i + 1));
      expected.add(`renamed-${i}`);
    }
    expect(new Set(await readdir(join(at, 'large')))).toEqual(expected);
    // Each of these goes through the hash index of the kernel.
    const random = seeded(5);
    const names = [...expected];
    for (let i = 0; i < 500; i++)
      await readlink(join(at, 'large', names[Math.floor(random() * names.length)]!));
    await run('bash', ['-c', 'for i in $(seq 1 300); do ln -s x large/by-kernel-$i; done'], { cwd: at });
  });
  await expectClean(image);
  await withVolume(image, async (fs) => {
    expect(await fs.readlink('/large/by-kernel-299')).toBe('x');
  });
});

test.each([
  ['triple indirect blocks', '-t ext2 -b 1024', 90],
  ['one large extent file', '-t ext4', 300],
])('large files: %s', async (_, options, megabytes) => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  await makeImage(image, (megabytes + 60) * MIB, options);
  const content = Buffer.alloc(megabytes * MIB);
  const random = seeded(megabytes);
  for (let i = 0; i < content.length; i += 997) content[i] = random() * 256;
  await withVolume(image, async (fs) => {
    await fs.writeFile('/large', content);
    await fs.writeRange('/large', content.length, Buffer.from('appended'));
    await fs.writeRange('/large', 70_000_001, Buffer.from('within'));
    await fs.flush();
  });
  content.set(Buffer.from('within'), 70_000_001);
  await expectClean(image);
  await mounted(image, 'ro', async (at) => {
    const seen = await readFile(join(at, 'large'));
    expect(seen.equals(Buffer.concat([content, Buffer.from('appended')]))).toBe(true);
  });
  await withVolume(image, async (fs) => {
    await fs.truncate('/large', 300_000);
    await fs.truncate('/large', 299_999);
    await fs.flush();
    expect(fs.freeBytes).toBeGreaterThan((megabytes + 10) * MIB);
  });
  await expectClean(image);
});

test.each([
  ['extents, blocks of 1 KiB', '-t ext4 -b 1024'],
  ['extents, bigalloc', '-t ext4 -b 1024 -O bigalloc -C 8192'],
  ['block pointers', '-t ext3 -b 1024'],
])('a full and fragmented volume: %s', async (_, options) => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  await makeImage(image, (options.includes('bigalloc') ? 96 : 24) * MIB, `${options} -N 12000`);
  let content = Buffer.alloc(0);
  await withVolume(image, async (fs) => {
    // Filled to the last cluster, then every other file goes: what is left is holes of one cluster.
    const unit = options.includes('bigalloc') ? 8192 : 1024;
    let written = 0;
    await fs.mkdir('/small');
    try {
      for (; written < 11_000; written++)
        await fs.writeFile(`/small/${written}`, Buffer.alloc(unit, written % 251));
      await fs.writeFile('/filler', Buffer.alloc(fs.freeBytes - 300_000));
      for (;;) await fs.writeRange('/filler', (await fs.stat('/filler')).size, Buffer.alloc(unit));
    } catch (error) {
      expect(isIronliftError(error, 'NO_SPACE_IN_GUEST')).toBe(true);
    }
    for (let i = 0; i < written; i += 2) await fs.remove(`/small/${i}`);
    await fs.flush();
    const before = fs.freeBytes;
    // What does not fit is refused and leaves no trace.
    const refused = await fs
      .writeFile('/fragmented', Buffer.alloc(before + 1))
      .catch((error: unknown) => error);
    expect(isIronliftError(refused, 'NO_SPACE_IN_GUEST')).toBe(true);
    expect(fs.freeBytes).toBe(before);
    content = Buffer.alloc(Math.floor((before * 0.8) / 1024) * 1024, 'fragment');
    await fs.writeFile('/fragmented', content);
    await fs.flush();
  });
  await expectClean(image);
  const extents = await run('debugfs', ['-R', 'ex /fragmented', image]);
  if (!options.includes('ext3')) expect(extents.split('\n').length).toBeGreaterThan(1000);
  await mounted(image, 'ro', async (at) => {
    expect((await readFile(join(at, 'fragmented'))).equals(content)).toBe(true);
  });
  await withVolume(image, async (fs) => {
    await fs.writeRange('/fragmented', 100_000, Buffer.alloc(50_000, 'z'));
    await fs.truncate('/fragmented', content.length - 700_000);
    await fs.writeRange('/fragmented', content.length - 700_000, Buffer.alloc(200_000, 'y'));
    await fs.flush();
  });
  await expectClean(image);
  await mounted(image, 'rw', async (at) => {
    expect((await stat(join(at, 'fragmented'))).size).toBe(content.length - 500_000);
    await run('bash', ['-c', 'echo more >> fragmented && rm -r small && truncate -s 5000 fragmented'], {
      cwd: at,
    });
  });
  await expectClean(image);
});
