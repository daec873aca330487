/**
 * Volumes that were never unmounted: the kernel writes, the image is copied while it is still mounted, and the copy is
 * opened by us and repaired by e2fsck. Both must hold the same afterwards.
 */
import { copyFile, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { needTools, run, scratchFolder, tryRun } from '../../../support/tools.ts';
import { expectClean, makeImage, mounted, withVolume } from './images.ts';
import { describeTree, driverTree, hostTree } from './tree.ts';
import { randomEdits } from './random-edits.ts';

const MIB = 1 << 20;

/**
 * Work that leaves much in the journal and little in place: many small files, removals (revoked blocks), attributes, a
 * block that begins with the journal's own magic, and a file deleted while it is open (an orphan).
 */
const ACTIVITY = `
  set -e
  mkdir -p many gone
  for i in $(seq 1 300); do echo "content $i" > many/file-$i; done
  for i in $(seq 1 120); do mkdir gone/dir-$i; done
  sync -f .
  for i in $(seq 1 100); do rmdir gone/dir-$i; done
  for i in $(seq 1 40); do head -c 6000 /dev/zero | tr '\\0' x > gone/reuse-$i; done
  setfattr -n user.note -v ${'n'.repeat(400)} many/file-1
  head -c 3000000 /dev/zero > cut
  exec 9> orphan; head -c 2000000 /dev/zero >&9; rm orphan
  for i in $(seq 1 60); do mv many/file-$i many/renamed-$i; done
  echo last > last
  sync last many gone .
`;

interface Kind {
  name: string;
  options: string;
  mount?: string;
}

const KINDS: Kind[] = [
  { name: 'ext3: no checksums, 32 bit', options: '-t ext3 -b 1024' },
  { name: 'ext4: v3 checksums, 64 bit', options: '-t ext4 -b 4096' },
  { name: 'ext4, blocks of 1 KiB', options: '-t ext4 -b 1024' },
  { name: 'ext4, 32 bit with checksums', options: '-t ext4 -b 2048 -O ^64bit' },
  {
    name: 'v1: a checksum in each commit',
    options: '-t ext4 -b 1024 -O ^metadata_csum,^64bit',
    mount: 'journal_checksum',
  },
  {
    name: 'v1, committed without waiting',
    options: '-t ext4 -b 1024 -O ^metadata_csum',
    mount: 'journal_async_commit,data=writeback',
  },
  { name: 'all data in the journal', options: '-t ext4 -b 1024', mount: 'data=journal' },
  { name: 'orphan file', options: '-t ext4 -b 1024 -O orphan_file' },
  { name: 'bigalloc', options: '-t ext4 -O bigalloc' },
];

/** A copy of the image as it is while the kernel is at work on it. */
async function uncleanCopy(folder: string, kind: Kind, activity: string): Promise<string> {
  const image = join(folder, 'live.img');
  const copy = join(folder, 'copy.img');
  await makeImage(image, 64 * MIB, kind.options);
  const at = (await run('mktemp', ['-d'])).trim();
  const mount = ['loop', 'commit=300', ...(kind.mount === undefined ? [] : [kind.mount])].join(',');
  await run('mount', ['-o', mount, image, at]);
  try {
    // The orphan lives as long as the shell has it open, so the copy is made by that shell.
    await run('bash', ['-c', `${activity}\ncp --sparse=always ${image} ${copy}`], { cwd: at });
  } finally {
    await run('umount', [at]);
    await run('rmdir', [at]);
  }
  return copy;
}

describe('journals', () => {
  test.each(KINDS.map((kind, i) => [kind.name, kind, i] as const))('%s', async (_, kind, index) => {
    needTools('mke2fs', 'e2fsck', 'setfattr', 'getfattr');
    const folder = await scratchFolder();
    const ours = await uncleanCopy(folder, kind, ACTIVITY);
    const judged = join(folder, 'judged.img');
    await copyFile(ours, judged);
    const dirty = await run('dumpe2fs', ['-h', ours]);
    expect(dirty).toContain('needs_recovery');

    const seen = await withVolume(ours, async (fs) => {
      const codes = fs.findings.map((finding) => finding.code);
      expect(codes).toContain('EXT_JOURNAL_REPLAYED');
      expect(codes).toContain('EXT_ORPHANS');
      const tree = await driverTree(fs);
      await fs.flush();
      return tree;
    });
    await expectClean(ours);
    expect((await tryRun('e2fsck', ['-fy', judged])).status).toBeLessThan(4);
    const expected = await mounted(judged, 'ro', (at) => hostTree(at));
    expect(describeTree(seen)).toEqual(describeTree(expected));
    expect([...expected.keys()].filter((path) => path.startsWith('/many/renamed')).length).toBe(60);

    const after = await withVolume(ours, async (fs) => {
      expect(fs.findings).toEqual([]);
      const tree = await driverTree(fs);
      await randomEdits(fs, tree, 77 + index, 60);
      return tree;
    });
    await expectClean(ours);
    // The journal that was emptied by us takes the kernel's next transactions.
    await mounted(ours, 'rw', async (at) => {
      expect(describeTree(await hostTree(at))).toEqual(describeTree(after));
      await writeFile(join(at, 'by-the-kernel'), 'x'.repeat(100_000));
    });
    await expectClean(ours);
  });

  test('a journal written by debugfs: blocks that look like the journal, and revoked ones', async () => {
    needTools('mke2fs', 'e2fsck', 'debugfs');
    const folder = await scratchFolder();
    for (const options of ['-t ext4 -b 1024 -O ^metadata_csum', '-t ext3 -b 1024', '-t ext4 -b 4096']) {
      const image = join(folder, 'volume.img');
      await makeImage(image, 32 * MIB, options);
      const magic = join(folder, 'magic');
      const plain = join(folder, 'plain');
      const size = options.includes('4096') ? 4096 : 1024;
      const escaped = Buffer.concat([Buffer.from('c03b3998', 'hex'), Buffer.alloc(size - 4, 'm')]);
      await writeFile(magic, Buffer.concat([escaped, escaped]));
      await writeFile(plain, Buffer.alloc(2 * size, 'p'));
      const script = ['jo', `jw -b 5000,5001 ${magic}`, `jw -b 5002,5003 ${plain}`, 'jw -r 5002,5001', 'jc'];
      const commands = join(folder, 'commands');
      await writeFile(commands, script.join('\n'));
      await run('debugfs', ['-w', '-f', commands, image]);
      const judged = join(folder, 'judged.img');
      await copyFile(image, judged);
      expect((await tryRun('e2fsck', ['-fy', judged])).status).toBeLessThan(4);
      await withVolume(image, async (fs) => {
        expect(fs.findings.map((finding) => finding.code)).toEqual(['EXT_JOURNAL_REPLAYED']);
      });
      await expectClean(image);
      const bytesAt = async (path: string): Promise<string> => {
        const file = await open(path);
        const bytes = Buffer.alloc(4 * size);
        await file.read(bytes, 0, bytes.length, 5000 * size);
        await file.close();
        return [0, 1, 2, 3].map((i) => bytes.subarray(i * size, i * size + 5).toString('hex')).join(' ');
      };
      expect(await bytesAt(image)).toBe(await bytesAt(judged));
      expect(await bytesAt(image)).toContain('c03b3998');
    }
  });

  test('fast commits are refused, and so is a journal on another device that is not clean', async () => {
    needTools('mke2fs', 'e2fsck', 'tune2fs');
    const folder = await scratchFolder();
    const fast = { name: 'fast commits', options: '-t ext4 -b 4096 -O fast_commit' };
    const copy = await uncleanCopy(
      folder,
      fast,
      'mkdir d; sync -f .; echo one > d/one; sync d/one; echo two > d/two; sync d/two',
    );
    const outcome = await withVolume(copy, () => Promise.resolve('opened')).catch((error: unknown) => error);
    expect(isIronliftError(outcome, 'EXT_JOURNAL_UNSUPPORTED')).toBe(true);

    const journal = join(folder, 'journal.img');
    const image = join(folder, 'external.img');
    await makeImage(journal, 16 * MIB, '-O journal_dev -b 4096');
    const loop = (await run('losetup', ['-f', '--show', journal])).trim();
    try {
      await makeImage(image, 32 * MIB, `-t ext4 -b 4096 -J device=${loop}`);
    } finally {
      await run('losetup', ['-d', loop]);
    }
    await withVolume(image, async (fs) => {
      await fs.writeFile('/clean', Buffer.from('fine'));
      await fs.flush();
    });
    expect(await run('debugfs', ['-R', 'cat /clean', image])).toBe('fine');
    await run('debugfs', ['-w', '-R', 'feature needs_recovery', image]);
    const refused = await withVolume(image, () => Promise.resolve('opened')).catch((error: unknown) => error);
    expect(isIronliftError(refused, 'EXT_JOURNAL_UNSUPPORTED')).toBe(true);
  });
});
