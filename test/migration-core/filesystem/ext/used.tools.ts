/** The map of used blocks: against dumpe2fs, on large volumes, with damaged bitmaps, and with the journal left out. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ExtentList } from '../../../../migration-core/base/extents.ts';
import { needTools, run, scratchFolder } from '../../../support/tools.ts';
import { copyUsed, expectClean, makeImage, mounted, openImage, withVolume } from './images.ts';
import { describeTree, hostTree } from './tree.ts';

const MIB = 1 << 20;
const GIB = 1 << 30;

/** What dumpe2fs calls free, in bytes, and how many bytes are tables, bitmaps and journal. */
async function dumped(image: string): Promise<{ free: ExtentList; spared: number }> {
  const text = await run('dumpe2fs', [image]);
  const blockSize = Number(/^Block size: +(\d+)/m.exec(text)![1]);
  const journal = Number(/^Total journal blocks: +(\d+)/m.exec(text)?.[1] ?? 0);
  const free = new ExtentList();
  let tables = 0;
  for (const group of text.split(/^Group /m).slice(1)) {
    for (const range of /^ {2}Free blocks: (.*)$/m.exec(group)?.[1]?.split(', ') ?? []) {
      const [first, last] = range.split('-').map(Number);
      if (first !== undefined && range !== '')
        free.add(first * blockSize, ((last ?? first) - first + 1) * blockSize);
    }
    const [, from, to] = /Inode table at (\d+)-(\d+)/.exec(group) ?? [];
    if (from !== undefined) tables += Number(to) - Number(from) + 3;
  }
  return { free, spared: (tables + journal) * blockSize };
}

async function fill(folder: string): Promise<void> {
  await run(
    'bash',
    [
      '-c',
      'for d in $(seq 1 40); do mkdir d$d; for i in $(seq 1 25); do head -c $((i * 900)) /dev/urandom > d$d/f$i; done; done; rm -r d1*; head -c 90000000 /dev/urandom > big; sync; rm big',
    ],
    { cwd: folder },
  );
}

test.each([
  ['ext4', '-t ext4'],
  ['ext3', '-t ext3'],
  ['bigalloc', '-t ext4 -O bigalloc'],
  ['blocks of 1 KiB, meta_bg', '-t ext4 -b 1024 -O meta_bg,^resize_inode -g 1024'],
])('%s: nothing free is named, and little that is not', async (_, options) => {
  needTools('mke2fs', 'dumpe2fs', 'e2fsck');
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  await makeImage(image, 256 * MIB, options);
  await mounted(image, 'rw', fill);
  const tree = await mounted(image, 'ro', (at) => hostTree(at, false));
  const used = await withVolume(image, (fs) => fs.usedExtents());
  const { free, spared } = await dumped(image);
  const whole = ExtentList.of([{ offset: 0, length: 256 * MIB }]);
  expect(used.intersect(free).bytes).toBe(0);
  expect(whole.subtract(free).subtract(used).bytes).toBeLessThanOrEqual(spared);

  const copy = join(folder, 'copy.img');
  await copyUsed(image, copy);
  await expectClean(copy);
  // Zeros in place of the old journal and the unused tables serve the kernel for new files and transactions.
  await mounted(copy, 'rw', async (at) => {
    expect(describeTree(await hostTree(at, false), false)).toEqual(describeTree(tree, false));
    await mkdir(join(at, 'new'));
    for (let i = 0; i < 3000; i++) await writeFile(join(at, `new/file-${i}`), String(i));
  });
  await expectClean(copy);
});

test('an 8 GiB volume in little time, a sparse one of 2 TiB in seconds', async () => {
  needTools('mke2fs', 'debugfs');
  const folder = await scratchFolder();
  const small = join(folder, 'small.img');
  await makeImage(small, 8 * GIB, '-t ext4');
  await mounted(small, 'rw', fill);
  await withVolume(small, async (fs) => {
    await fs.usedExtents();
    const start = performance.now();
    const used = await fs.usedExtents();
    expect(performance.now() - start).toBeLessThan(300);
    expect(used.bytes).toBeLessThan(70 * MIB);
  });

  // Few inodes keep mke2fs quick; without checksums every bitmap has to be read.
  for (const options of ['-t ext4 -T largefile4', '-t ext4 -T largefile4 -O ^metadata_csum,^uninit_bg']) {
    const large = join(folder, 'large.img');
    await makeImage(large, 2048 * GIB, options);
    await withVolume(large, async (fs) => {
      const before = process.memoryUsage.rss();
      const start = performance.now();
      const used = await fs.usedExtents();
      expect(performance.now() - start).toBeLessThan(15_000);
      expect(process.memoryUsage.rss() - before).toBeLessThan(150 * MIB);
      expect(used.bytes).toBeLessThan(2 * GIB);
    });
  }
});

test('a bitmap that contradicts its descriptor makes its whole group count as used', async () => {
  needTools('mke2fs', 'dumpe2fs');
  const folder = await scratchFolder();
  for (const options of ['-t ext4 -b 1024 -O ^has_journal', '-t ext2 -b 1024']) {
    const image = join(folder, 'volume.img');
    await makeImage(image, 64 * MIB, options);
    await mounted(image, 'rw', async (at) => {
      await run('bash', ['-c', 'head -c 30000000 /dev/urandom > a; head -c 10000 /dev/urandom > b; rm a'], {
        cwd: at,
      });
    });
    const text = await run('dumpe2fs', [image]);
    // Some group after the first whose bitmap has been in use.
    const groups = text
      .split(/^Group /m)
      .filter((part) => /^[1-6]:/.test(part) && !part.includes('BLOCK_UNINIT'));
    const number = Number(groups[0]![0]);
    const bitmap = Number(/Block bitmap at (\d+)/.exec(groups[0]!)![1]);
    const blocks = await openImage(image);
    const bytes = new Uint8Array(1);
    await blocks.read(bytes, bitmap * 1024 + 900);
    await blocks.write(Uint8Array.of(bytes[0]! ^ 0x10), bitmap * 1024 + 900);
    await blocks.close();
    await withVolume(image, async (fs) => {
      const used = await fs.usedExtents();
      const group = ExtentList.of([{ offset: (1 + number * 8192) * 1024, length: 8192 * 1024 }]);
      // Bitmaps never used and unused tables stay out even so.
      expect(used.intersect(group).bytes).toBeGreaterThan(7 * MIB);
      expect(fs.findings.map((finding) => finding.code)).toEqual(['EXT_BITMAP_DOUBTFUL']);
    });
  }
});

test('a volume with errors, or unmounted uncleanly without a journal, is copied whole', async () => {
  needTools('mke2fs', 'debugfs');
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  for (const [options, state] of [
    ['-t ext4', 'state 2'],
    ['-t ext2', 'state 0'],
  ] as const) {
    await makeImage(image, 16 * MIB, options);
    await run('debugfs', ['-w', '-R', `set_super_value ${state}`, image]);
    await withVolume(image, async (fs) => {
      expect([...(await fs.usedExtents())]).toEqual([{ offset: 0, length: 16 * MIB }]);
      expect(fs.findings.map((finding) => finding.code)).toEqual(['EXT_NOT_CLEAN']);
    });
  }
});
