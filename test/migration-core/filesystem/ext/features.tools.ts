/**
 * Every family of features mke2fs can make: filled by the kernel, read by us, changed by us at random, and judged by
 * e2fsck and the kernel, on a copy that holds only what our map of used blocks names.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needTools, run, scratchFolder, tryRun } from '../../../support/tools.ts';
import { copyUsed, expectClean, makeImage, mounted, withVolume } from './images.ts';
import { randomEdits } from './random-edits.ts';
import { describeTree, driverTree, hostTree, type Tree } from './tree.ts';

const MIB = 1 << 20;

interface FeatureSet {
  name: string;
  options: string;
  megabytes?: number;
  /**
   * What a kernel like that of the tests can do with it: where it cannot write (quota), mke2fs fills the volume; where it
   * cannot mount at all (large blocks, casefolding), debugfs judges as well.
   */
  kernel?: 'writes' | 'reads' | 'refuses';
}

const SETS: FeatureSet[] = [
  { name: 'revision 0', options: '-t ext2 -r 0 -b 1024' },
  { name: 'ext2, blocks of 1 KiB', options: '-t ext2 -b 1024' },
  { name: 'ext2, blocks of 4 KiB, inodes of 128', options: '-t ext2 -b 4096 -I 128' },
  { name: 'ext2 without file types', options: '-t ext2 -b 2048 -O ^filetype,^resize_inode' },
  {
    name: 'ext2 without sparse superblocks',
    options: '-t ext2 -b 1024 -O ^sparse_super,^resize_inode -g 4096',
  },
  { name: 'ext3, blocks of 1 KiB', options: '-t ext3 -b 1024' },
  { name: 'ext3, blocks of 4 KiB, inodes of 128', options: '-t ext3 -b 4096 -I 128' },
  { name: 'ext3 without directory index', options: '-t ext3 -b 1024 -O ^dir_index' },
  { name: 'ext4', options: '-t ext4' },
  { name: 'ext4, blocks of 1 KiB', options: '-t ext4 -b 1024' },
  { name: 'ext4, blocks of 2 KiB', options: '-t ext4 -b 2048' },
  { name: 'ext4, blocks of 64 KiB', options: '-t ext4 -b 65536', megabytes: 256, kernel: 'refuses' },
  { name: 'ext4, inodes of 128', options: '-t ext4 -I 128 -O ^extra_isize,^inline_data' },
  { name: 'inline data, inodes of 512', options: '-t ext4 -b 4096 -I 512 -O inline_data' },
  { name: 'inline data, inodes of 256, blocks of 1 KiB', options: '-t ext4 -b 1024 -I 256 -O inline_data' },
  { name: '32 bit', options: '-t ext4 -b 1024 -O ^64bit' },
  { name: 'uninit_bg', options: '-t ext4 -b 1024 -O ^metadata_csum,^64bit,uninit_bg' },
  { name: 'no checksums at all', options: '-t ext4 -b 1024 -O ^metadata_csum,^uninit_bg' },
  { name: 'meta_bg', options: '-t ext4 -b 1024 -O meta_bg,^resize_inode -g 1024' },
  {
    name: 'meta_bg without checksums',
    options: '-t ext4 -b 1024 -O meta_bg,^resize_inode,^metadata_csum,^uninit_bg -g 512',
  },
  { name: 'no flex_bg', options: '-t ext4 -b 1024 -O ^flex_bg' },
  { name: 'flex_bg of 4, packed', options: '-t ext4 -b 1024 -G 4 -g 2048 -E packed_meta_blocks=1' },
  { name: 'bigalloc', options: '-t ext4 -O bigalloc -C 16384', megabytes: 128 },
  {
    name: 'bigalloc, blocks of 1 KiB',
    options: '-t ext4 -b 1024 -O bigalloc,inline_data -C 8192',
    megabytes: 96,
  },
  { name: 'sparse_super2', options: '-t ext4 -b 1024 -O sparse_super2,^resize_inode' },
  { name: 'metadata_csum_seed', options: '-t ext4 -b 1024 -O metadata_csum_seed' },
  { name: 'large_dir', options: '-t ext4 -b 1024 -O large_dir' },
  { name: 'ea_inode', options: '-t ext4 -b 1024 -O ea_inode' },
  {
    name: 'quota of users, groups and projects',
    options: '-t ext4 -b 1024 -O quota,project -E quotatype=usrquota:grpquota:prjquota',
    kernel: 'reads',
  },
  {
    name: 'quota with bigalloc',
    options: '-t ext4 -O quota,bigalloc -C 16384',
    megabytes: 128,
    kernel: 'reads',
  },
  { name: 'orphan file', options: '-t ext4 -b 1024 -O orphan_file' },
  { name: 'no journal', options: '-t ext4 -b 1024 -O ^has_journal' },
  { name: 'multiple-mount protection', options: '-t ext4 -b 1024 -O mmp' },
  { name: 'encrypt, verity, stable inodes', options: '-t ext4 -b 4096 -O encrypt,verity,stable_inodes' },
  { name: 'casefold', options: '-t ext4 -b 4096 -O casefold', kernel: 'refuses' },
  { name: 'block pointers in ext4', options: '-t ext4 -b 1024 -O ^extent,^huge_file,^dir_nlink,^64bit' },
  { name: 'fast_commit', options: '-t ext4 -b 1024 -O fast_commit' },
  { name: 'lazy tables', options: '-t ext4 -b 1024 -E lazy_itable_init=1,lazy_journal_init=1' },
];

/** Things our driver does not make itself but must live with. */
async function fillByKernel(folder: string, options: string): Promise<void> {
  const at = (path: string): string => join(folder, path);
  await mkdir(at('many'));
  for (let i = 0; i < 260; i++) await writeFile(at(`many/entry-number-${i}`), i % 7 === 0 ? `${i}` : '');
  const big = options.includes('ea_inode')
    ? `setfattr -n user.big -v 0x${'ab'.repeat(9000)} shared1 shared2`
    : 'true';
  const script = `
    set -e
    mkdir -p a/b/c/d
    echo plain > a/plain
    ln a/plain a/b/hard
    ln -s plain a/short
    ln -s ${'t'.repeat(200)} a/long
    mkfifo a/pipe
    mknod a/zero c 1 5
    head -c 3000000 /dev/urandom > a/data
    truncate -s 5000000 a/sparse
    for i in $(seq 0 40); do printf x | dd of=a/sparse bs=1 seek=$((i * 100000)) conv=notrunc status=none; done
    fallocate -l 700000 a/reserved 2>/dev/null || head -c 700000 /dev/zero > a/reserved
    echo start | dd of=a/reserved conv=notrunc status=none
    fallocate -n -o 0 -l 300000 a/ahead 2>/dev/null || true
    echo ahead >> a/ahead
    echo same > shared1; echo same > shared2; echo same > shared3
    setfattr -n user.shared -v ${'v'.repeat(700)} shared1 shared2 shared3 2>/dev/null || true
    setfattr -n security.selinux -v system_u:object_r:etc_t:s0 a/plain a/short a/b
    setfacl -m u:1000:rw,g:20:r a/data
    setfacl -d -m u:1001:rx a/b
    ${big}
    chown 70000:80000 a/data
    chmod 4755 a/data
    rm many/entry-number-1*
  `;
  await run('bash', ['-c', script], { cwd: folder });
}

describe('volumes of every kind', () => {
  test.each(SETS.map((set, i) => [set.name, set, i] as const))('%s', async (_, set, index) => {
    needTools('mke2fs', 'e2fsck', 'debugfs', 'getfattr', 'setfattr', 'setfacl');
    const folder = await scratchFolder();
    const image = join(folder, 'volume.img');
    const copy = join(folder, 'copy.img');
    const kernel = set.kernel ?? 'writes';
    const bytes = (set.megabytes ?? 48) * MIB;
    let tree: Tree;
    if (kernel === 'writes') {
      await makeImage(image, bytes, set.options);
      tree = await mounted(image, 'rw', async (at) => {
        await fillByKernel(at, set.options);
        return hostTree(at);
      });
    } else {
      const filled = join(folder, 'filled');
      await mkdir(filled);
      await fillByKernel(filled, set.options);
      tree = await hostTree(filled);
      await makeImage(image, bytes, `${set.options} -d ${filled}`);
      // mke2fs counts quotas before it fills the volume, and e2fsck before it packs directories: it takes two rounds.
      if (set.options.includes('quota'))
        for (let round = 0; round < 2; round++) await tryRun('e2fsck', ['-fy', image]);
    }
    const seen = await withVolume(image, driverTree);
    expect(describeTree(seen)).toEqual(describeTree(tree));

    const made = await withVolume(image, (fs) => randomEdits(fs, tree, 1000 + index, 300));
    expect(made).toBeGreaterThan(200);
    await expectClean(image);
    const used = await copyUsed(image, copy);
    expect(used.bytes).toBeLessThan(bytes * 0.9);
    await rm(image);
    await expectClean(copy);
    expect(describeTree(await withVolume(copy, driverTree))).toEqual(describeTree(tree));
    if (kernel !== 'refuses') {
      const mountedTree = await mounted(copy, 'ro', (at) => hostTree(at));
      expect(describeTree(mountedTree)).toEqual(describeTree(tree));
    } else {
      // debugfs shows no attributes, and drops the setuid bits and the owners of links.
      const out = join(folder, 'out');
      await mkdir(out);
      await run('debugfs', ['-R', `rdump / ${out}`, copy]);
      expect(plainly(await hostTree(out, false))).toEqual(plainly(tree));
    }
  });
});

function plainly(tree: Tree): string[] {
  const plain: Tree = new Map();
  for (const [path, node] of tree) {
    if (['file', 'directory', 'symlink'].includes(node.type)) {
      const owner = node.type === 'symlink' ? { uid: 0, gid: 0 } : {};
      plain.set(path, { ...node, ...owner, mode: node.mode & 0o777 });
    }
  }
  return describeTree(plain, false);
}
