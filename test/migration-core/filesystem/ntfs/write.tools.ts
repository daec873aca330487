/** Hundreds of random changes made by us; ntfs-3g, ntfsresize (which accounts for every cluster) and ntfsfix judge. */
import { link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { run, scratchFolder, seeded, tryRun } from '../../../support/tools.ts';
import { Edits } from '../fat/edits.ts';
import { content, fill, fillCompressed, linkPoint, setReparse } from './fill.ts';
import {
  digest,
  diskTree,
  makeNtfs,
  openBytes,
  openNtfs,
  ourTree,
  sorted,
  withMount,
  writeOut,
  type NtfsImage,
  type Tree,
} from './ntfs-image.ts';

/** What everybody must agree on after changes; returns the file that was judged. */
async function judge(image: NtfsImage, expected: Tree, folder: string): Promise<string> {
  await image.fs.flush();
  const used = await image.fs.usedExtents();
  // Free clusters are overwritten: whatever is missing in the used extents would be missing here.
  const out = await writeOut(image, join(folder, 'out'), used);
  const checked = await tryRun('ntfsresize', ['--info', '--force', '--no-progress-bar', out]);
  expect(checked.stdout + checked.stderr).not.toMatch(/ERROR|inconsist|mismatch|orphan/iu);
  expect(checked.status, checked.stdout + checked.stderr).toBe(0);
  const fix = await tryRun('ntfsfix', ['-n', out]);
  expect(fix.status, fix.stdout).toBe(0);
  expect(fix.stdout).not.toMatch(/FAILED|error/u);
  const free = Number(/Free Clusters: (\d+)/.exec(await run('ntfsinfo', ['-m', out]))![1]);
  expect(image.fs.freeBytes / image.fs.blockSize).toBe(free);
  expect(sorted(await withMount(out, 'ro', diskTree))).toEqual(sorted(expected));
  expect(sorted(await ourTree((await openNtfs(out)).fs))).toEqual(sorted(expected));
  expect(sorted(await ourTree(image.fs))).toEqual(sorted(expected));
  return out;
}

const treeOf = (edits: Edits): Tree =>
  new Map([...edits.tree].map(([path, bytes]) => [path, bytes === null ? 'folder' : digest(bytes)]));

describe('NTFS changed by us, judged by ntfs-3g and ntfsresize', () => {
  test.each([
    ['512-byte clusters', 12, ['-c', '512']],
    ['4 KiB clusters', 12, []],
    ['64 KiB clusters', 40, ['-c', '65536']],
    ['4096-byte sectors', 16, ['-s', '4096']],
  ] as [string, number, string[]][])('%s: random edits', async (name, mib, options) => {
    const folder = await scratchFolder();
    const image = await openNtfs(await makeNtfs(folder, 'ntfs', mib, options));
    const edits = new Edits(image.fs, seeded(name.length * 7919 + mib));
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 200; n++) await edits.one();
      await judge(image, treeOf(edits), folder);
    }
    expect(edits.done).toBeGreaterThan(300);
    // The file itself was never written.
    expect(Buffer.compare(await readFile(image.path), image.bytes)).toBe(0);
  });

  test('a folder of many names: splits, removal, and the MFT and its map grown', async () => {
    const folder = await scratchFolder();
    const path = await makeNtfs(folder, 'ntfs', 40);
    const before = await withMount(path, 'compression', async (mount) => {
      await fill(mount, 300);
      await fillCompressed(mount);
      return diskTree(mount);
    });
    const image = await openNtfs(path);
    const { fs } = image;
    const tree = new Map(before);
    const random = seeded(11);
    const names: string[] = [];
    await fs.mkdir('/many/new');
    tree.set('/many/new', 'folder');
    for (let i = 0; i < 1200; i++) {
      const name = `/many/new/${'name '.repeat(1 + random() * 20)}${Math.floor(random() * 1e9)}.txt`;
      const bytes = content(Math.floor(random() * 40), i + 1);
      await fs.writeFile(name, bytes);
      tree.set(name, digest(bytes));
      names.push(name);
    }
    await judge(image, tree, folder);
    for (const name of names.splice(0, 1000)) {
      await fs.remove(name);
      tree.delete(name);
    }
    // Files that ntfs-3g made: packed, with holes, with two names, in pieces.
    const patch = content(5000, 3);
    for (const [name, offset] of [
      ['/compressed/packed7.txt', 70_000],
      ['/sparse.bin', 100_000],
      ['/Windows/System32/size9.bin', 199_000],
      ['/fragments b.bin', 200_001],
      ['/hard link.txt', 0],
    ] as const) {
      const old = Buffer.from(await fs.readFile(name));
      await fs.writeRange(name, offset, patch);
      const bytes = Buffer.alloc(Math.max(old.length, offset + patch.length));
      old.copy(bytes);
      patch.copy(bytes, offset);
      tree.set(name, digest(bytes));
      if (name === '/hard link.txt') tree.set('/Windows/plain.txt', digest(bytes));
    }
    for (const name of [...before.keys()].filter((one) => one.startsWith('/many/'))) {
      await fs.remove(name);
      tree.delete(name);
    }
    for (const name of ['/hard link.txt', '/fragments a.bin', '/compressed/zeros']) {
      await fs.remove(name);
      tree.delete(name);
    }
    const out = await judge(image, tree, folder);
    // ntfs-3g goes on where we stopped.
    await withMount(out, 'rw', async (mount) => fill(join(mount, 'Windows', 'System32'), 50));
    const checked = await tryRun('ntfsresize', ['--info', '--force', '--no-progress-bar', out]);
    expect(checked.status, checked.stdout + checked.stderr).toBe(0);
  });
});

test.each([
  ['512', 6],
  ['4096', 12],
])(
  'a volume with free space in crumbs (clusters of %s): maps over several records',
  async (clusterSize, mib) => {
    const folder = await scratchFolder();
    const image = await openNtfs(await makeNtfs(folder, 'ntfs', mib, ['-c', clusterSize]));
    const { fs } = image;
    const tree: Tree = new Map();
    const put = async (name: string, bytes: Buffer): Promise<void> => {
      await fs.writeFile(name, bytes);
      tree.set(name, digest(bytes));
    };
    const crumb = Number(clusterSize) * 2;
    const count = 700;
    for (let i = 0; i < count; i++) await put(`/crumb ${i}`, content(crumb, 3 * i));
    // What is left becomes one file, and every second crumb a hole.
    await put('/rest', content(fs.freeBytes - 100 * Number(clusterSize), 3));
    for (let i = 0; i < count; i += 2) {
      await fs.remove(`/crumb ${i}`);
      tree.delete(`/crumb ${i}`);
    }
    let big = content(Math.floor(fs.freeBytes * 0.75), 3);
    await put('/big', big);
    await fs.mkdir('/folder');
    tree.set('/folder', 'folder');
    for (let i = 0; i < 60; i++) await put(`/folder/${'a long name '.repeat(15)}${i}`, content(i, 3));
    const out = await judge(image, tree, folder);
    expect(await run('ntfsinfo', ['-F', '/big', out])).toMatch(/\$ATTRIBUTE_LIST/);

    const more = content(20_000, 6);
    await fs.writeRange('/big', big.length, more);
    big = Buffer.concat([big, more]);
    await fs.writeRange('/big', 1000, more);
    more.copy(big, 1000);
    tree.set('/big', digest(big));
    big = big.subarray(0, Math.floor(big.length / 2));
    await fs.truncate('/big', big.length);
    tree.set('/big', digest(big));
    await judge(image, tree, folder);
    await put('/big', content(fs.freeBytes / 2, 9));
    await put('/big', content(10, 1));
    await fs.remove('/rest');
    tree.delete('/rest');
    await judge(image, tree, folder);
  },
);

test('modes, streams and times of new files; and what is refused is refused in words', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 16);
  await withMount(path, 'permissions', async (mount) => {
    await run('bash', ['-c', 'cd "$0" && mkdir private && chmod 700 private && echo x > private/old', mount]);
  });
  const image = await openNtfs(path);
  const { fs } = image;
  await fs.writeFile('/private/new', Buffer.from('y'));
  await fs.writeFile('/readonly.txt', Buffer.from('y'), { mode: 0o444, mtime: 1_000_000_000.5 });
  expect(await fs.stat('/readonly.txt')).toMatchObject({ mode: 0o555, mtime: 1_000_000_000.5, links: 1 });
  await fs.chmod('/readonly.txt', 0o644);
  expect((await fs.stat('/readonly.txt')).mode).toBe(0o755);
  await fs.setXattr('/private/new', 'user.small', Buffer.from('stream'));
  await fs.setXattr('/private/new', 'user.large', content(60_000, 3));
  await fs.setXattr('/private/new', 'user.gone', content(9000, 3));
  await fs.removeXattr('/private/new', 'user.gone');
  await fs.flush();
  const out = await writeOut(image, join(folder, 'out'));
  const checked = await tryRun('ntfsresize', ['--info', '--force', '--no-progress-bar', out]);
  expect(checked.status, checked.stdout + checked.stderr).toBe(0);
  const streams = await withMount(out, 'ro,streams_interface=windows', async (mount) => [
    (await readFile(join(mount, 'private/new:small'))).toString(),
    (await readFile(join(mount, 'private/new:large'))).equals(content(60_000, 3)),
    (await readFile(join(mount, 'private/new'))).toString(),
  ]);
  expect(streams).toEqual(['stream', true, 'y']);
  expect([...(await fs.xattrs('/private/new')).keys()].sort()).toEqual(['user.large', 'user.small']);
  const refusal = async (work: Promise<void>): Promise<string> => {
    const error: unknown = await work.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!isIronliftError(error)) throw new Error('not refused');
    return `${error.code}: ${error.message}`;
  };
  expect(await refusal(fs.writeFile('/a:b', Buffer.alloc(1)))).toBe(
    'NAME_NOT_ALLOWED: Windows cannot open a file named "a:b".',
  );
  expect(await refusal(fs.writeFile(`/${'x'.repeat(256)}`, Buffer.alloc(1)))).toMatch(/^NAME_TOO_LONG: /);
  expect(await refusal(fs.mkdir('/PRIVATE'))).toBe('ALREADY_EXISTS: /PRIVATE exists already.');
  expect(await refusal(fs.remove('/private'))).toBe('DIRECTORY_NOT_EMPTY: The folder /private is not empty.');
  expect(await refusal(fs.rename('/private', '/private/below'))).toBe(
    'USAGE: The folder /private cannot be moved into itself.',
  );
  expect(await refusal(fs.writeFile('/$MFT', Buffer.alloc(1)))).toBe(
    'NOT_SUPPORTED: /$MFT belongs to the file system itself and is not changed.',
  );
  expect(await refusal(fs.writeFile('/private', Buffer.alloc(1)))).toBe(
    'IS_A_DIRECTORY: /private is a folder, not a file.',
  );
  expect(await refusal(fs.setXattr('/private/new', 'security.selinux', Buffer.alloc(1)))).toBe(
    'NOT_SUPPORTED: An NTFS file has no extended attribute security.selinux.',
  );
  expect(await refusal(fs.removeXattr('/private/new', 'user.gone'))).toBe(
    'NOT_FOUND: There is no /private/new:gone on this volume.',
  );
  expect(await refusal(fs.symlink('/link', 'private'))).toBe(
    'NOT_SUPPORTED: This version cannot make symbolic links on an NTFS volume.',
  );
  const { freeBytes } = fs;
  expect(await refusal(fs.writeFile('/too large', Buffer.alloc(20 << 20)))).toBe(
    'NO_SPACE_IN_GUEST: The NTFS file system has no room left for 20971520 bytes of a file.',
  );
  expect(fs.freeBytes).toBe(freeBytes);
  expect(await refusal(fs.stat('/too large').then(() => undefined))).toMatch(/^NOT_FOUND/);
});

test('streams stand in the order of their capitals, so that others find each; one in other letters is the same', async () => {
  const folder = await scratchFolder();
  const image = await openNtfs(await makeNtfs(folder, 'ntfs', 12));
  const names = ['apple', 'Banana', 'Zoo', 'cherry'];
  await image.fs.writeFile('/file', Buffer.from('x'));
  for (const name of names) await image.fs.setXattr('/file', `user.${name}`, Buffer.from(name));
  await image.fs.setXattr('/file', 'user.APPLE', Buffer.from('again'));
  await image.fs.flush();
  const out = await writeOut(image, join(folder, 'out'));
  const found = [];
  for (const name of names) found.push((await tryRun('ntfscat', ['-n', name, out, '/file'])).stdout);
  expect(found).toEqual(['again', 'Banana', 'Zoo', 'cherry']);
  expect([...(await image.fs.xattrs('/file')).keys()].sort()).toEqual(
    names.map((one) => `user.${one}`).sort(),
  );
});

test('a junction that is renamed is still one, and no folder goes into itself by its short name', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 12);
  await withMount(path, 'rw', async (mount) => {
    await mkdir(join(mount, 'junction'));
    await setReparse(join(mount, 'junction'), linkPoint('\\??\\C:\\x', null));
    await mkdir(join(mount, 'Long Folder Name/sub'), { recursive: true });
    const short = ['-h', '-n', 'system.ntfs_dos_name', '-v', 'LONGFO~1', join(mount, 'Long Folder Name')];
    await run('setfattr', short);
  });
  const { fs } = await openNtfs(path);
  await fs.rename('/junction', '/moved');
  expect(await fs.readdir('/')).toContainEqual({ name: 'moved', type: 'symlink' });
  await expect(fs.rename('/Long Folder Name', '/LONGFO~1/sub/below')).rejects.toThrow(
    'The folder /Long Folder Name cannot be moved into itself.',
  );
  expect(await fs.readdir('/Long Folder Name')).toEqual([{ name: 'sub', type: 'directory' }]);
});

test('a change that fails at its end leaves the content of its file as it was', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'ntfs', 12);
  const old = content(9000, 3);
  await withMount(path, 'rw', async (mount) => {
    await writeFile(join(mount, 'file'), old);
    await mkdir(join(mount, 'folder'));
    await link(join(mount, 'file'), join(mount, 'folder', 'qqqqlink'));
  });
  const bytes = await readFile(path);
  // The folder and the file no longer agree about the second name.
  bytes[bytes.indexOf(Buffer.from('qqqqlink', 'utf16le'))] = 0x71 + 1;
  const { fs } = await openBytes(new Uint8Array(bytes));
  const refused = 'lacks the name of a file that says it is there';
  await expect(fs.writeFile('/file', content(9000, 6))).rejects.toThrow(refused);
  await expect(fs.writeRange('/file', 100, content(3000, 9))).rejects.toThrow(refused);
  expect(digest(await fs.readFile('/file'))).toBe(digest(old));
});
