/** Damaged volumes by the thousand: whatever the bytes, only our own errors come out, soon, and with little memory. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { memorySource } from '../../../../migration-core/block/memory.ts';
import { superblockChecksum } from '../../../../migration-core/filesystem/ext/checksum.ts';
import { extDriver } from '../../../../migration-core/filesystem/ext/driver.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { needTools, run, scratchFolder, seeded } from '../../../support/tools.ts';
import { makeImage, NOW } from './images.ts';

const KINDS: [name: string, options: string, unclean: boolean][] = [
  ['ext2', '-t ext2 -b 1024', false],
  ['ext3 with a journal to replay', '-t ext3 -b 1024 -J size=1', true],
  ['ext4 without checksums', '-t ext4 -b 1024 -O ^metadata_csum,inline_data,^has_journal -I 512', false],
  ['ext4 with a journal to replay', '-t ext4 -b 1024 -O ^metadata_csum -J size=1', true],
  ['ext4 with checksums', '-t ext4 -b 1024 -O ^has_journal', false],
  [
    'ext4, bigalloc and quota',
    '-t ext4 -b 1024 -O ^metadata_csum,^uninit_bg,bigalloc,quota,ea_inode,^has_journal -C 4096',
    false,
  ],
  [
    'ext4, meta_bg, orphan file',
    '-t ext4 -b 1024 -O meta_bg,^resize_inode,orphan_file,^metadata_csum,large_dir -J size=1 -g 1024',
    false,
  ],
];
const ROUNDS = 400;

async function fill(folder: string): Promise<void> {
  await mkdir(join(folder, 'many'));
  for (let i = 0; i < 150; i++)
    await writeFile(join(folder, `many/a-name-of-some-length-${i}`), 'x'.repeat(i % 90));
  await run(
    'bash',
    [
      '-c',
      `mkdir -p a/b/c; echo text > a/f; ln -s f a/short; ln -s ${'l'.repeat(100)} a/long; ln a/f a/hard
       head -c 400000 /dev/urandom > a/data; truncate -s 900000 a/sparse
       for i in $(seq 0 30); do printf x | dd of=a/sparse bs=1 seek=$((i * 25000)) conv=notrunc status=none; done
       setfattr -n user.note -v ${'n'.repeat(500)} a/f; setfattr -n security.selinux -v label a/data`,
    ],
    { cwd: folder },
  );
}

async function buildImage(options: string, unclean: boolean): Promise<Uint8Array> {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  const content = join(folder, 'content');
  await mkdir(content);
  await fill(content);
  await makeImage(image, 4 << 20, `${options} -d ${content}`);
  if (unclean) {
    const block = join(folder, 'block');
    const commands = join(folder, 'commands');
    await writeFile(block, Buffer.alloc(3072, 'j'));
    await writeFile(commands, ['jo', `jw -b 3900,3901,3902 ${block}`, 'jw -r 3901', 'jc'].join('\n'));
    await run('debugfs', ['-w', '-f', commands, image]);
  }
  return new Uint8Array(await readFile(image));
}

/** Walks what it can, within bounds: damaged folders may well contain themselves. */
async function use(fs: GuestFileSystem): Promise<void> {
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isIronliftError(error)) throw error;
    }
  };
  let budget = 400;
  const walk = async (path: string, depth: number): Promise<void> => {
    const entries = await fs.readdir(path);
    for (const entry of entries) {
      if (budget-- <= 0) return;
      const child = `${path === '/' ? '' : path}/${entry.name}`;
      if (entry.name === '' || entry.name.includes('/') || entry.name.includes('\0')) continue;
      await attempt(() => fs.stat(child));
      await attempt(() => fs.xattrs(child));
      if (entry.type === 'directory' && depth < 5) await attempt(() => walk(child, depth + 1));
      if (entry.type === 'file') await attempt(() => fs.readFile(child, 1 << 20));
      if (entry.type === 'symlink') await attempt(() => fs.readlink(child));
    }
  };
  await attempt(() => walk('/', 0));
  await attempt(() => fs.usedExtents());
  for (let i = 0; i < 12; i++)
    await attempt(() => fs.writeFile(`/many/new-name-${i}`, new Uint8Array(i * 700)));
  await attempt(() => fs.writeFile('/a/f', new Uint8Array(20_000)));
  await attempt(() => fs.writeRange('/a/sparse', 100_000, new Uint8Array(30_000)));
  await attempt(() => fs.truncate('/a/data', 1000));
  await attempt(() => fs.mkdir('/a/new'));
  await attempt(() => fs.symlink('/a/new/link', 'x'.repeat(90)));
  await attempt(() => fs.setXattr('/a/f', 'user.more', new Uint8Array(300)));
  await attempt(() => fs.removeXattr('/a/f', 'user.note'));
  await attempt(() => fs.rename('/a/b', '/many/b'));
  await attempt(() => fs.remove('/a/hard'));
  await attempt(() => fs.remove('/many/b/c'));
  await attempt(() => fs.chown('/a/data', 5, 6));
  await attempt(() => fs.flush());
  await attempt(() => fs.usedExtents());
}

test.each(KINDS)('%s', async (_, options, unclean) => {
  needTools('mke2fs', 'debugfs', 'setfattr');
  const sound = await buildImage(options, unclean);
  // Blocks with anything in them, but for plain contents: that is where the metadata is.
  const places: number[] = [];
  for (let block = 0; block * 1024 < sound.length; block++) {
    const bytes = sound.subarray(block * 1024, (block + 1) * 1024);
    const zeros = bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0);
    if (zeros > 16 && zeros < 1024) places.push(block);
  }
  const random = seeded(options.length * 7919);
  const below = (limit: number): number => Math.floor(random() * limit);
  const checksummed = options.includes('checksums') || !options.includes('^metadata_csum');
  let opened = 0;
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = sound.slice();
    for (let change = 1 + below(4); change > 0; change--) {
      const block = below(4) === 0 ? below(8) : places[below(places.length)]!;
      // Most fields that steer anything lie at the start of a block or of an inode.
      const at = block * 1024 + (below(2) === 0 ? below(64) : below(1024));
      const kind = below(4);
      if (kind === 0) bytes[at] = 0xff;
      else if (kind === 1) bytes[at] = 0;
      else if (kind === 2) bytes[at]! ^= 1 << below(8);
      else
        bytes.set(
          Uint8Array.from({ length: Math.min(4, bytes.length - at) }, () => below(256)),
          at,
        );
    }
    if (checksummed && options.startsWith('-t ext4'))
      new DataView(bytes.buffer).setUint32(
        1024 + 0x3fc,
        superblockChecksum(bytes.subarray(1024, 2048)),
        true,
      );
    const start = performance.now();
    try {
      const volume = memorySource(bytes);
      await extDriver.probe(volume);
      const fs = await extDriver.open(volume, { now: NOW });
      opened++;
      await use(fs);
    } catch (error) {
      if (!isIronliftError(error)) throw new Error(`round ${round} of "${options}"`, { cause: error });
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  expect(opened).toBeGreaterThan(ROUNDS / 10);
  expect(slowest).toBeLessThan(5000);
  expect(process.memoryUsage.rss()).toBeLessThan(1.5 * 2 ** 30);
});

test('cut off anywhere, or made of noise', async () => {
  needTools('mke2fs', 'debugfs', 'setfattr');
  const sound = await buildImage('-t ext4 -b 1024 -J size=1', false);
  const random = seeded(4);
  for (let round = 0; round < 200; round++) {
    const bytes = sound.slice(0, Math.floor(random() * sound.length));
    const outcome = await extDriver.open(memorySource(bytes), { now: NOW }).catch((error: unknown) => error);
    expect(isIronliftError(outcome)).toBe(true);
    const noise = Uint8Array.from({ length: 8192 }, () => random() * 256);
    noise.set([0x53, 0xef], 1024 + 0x38);
    const refused = await extDriver.open(memorySource(noise), { now: NOW }).catch((error: unknown) => error);
    expect(isIronliftError(refused)).toBe(true);
  }
});
