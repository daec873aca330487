/** What is refused, what is only read, what a backup copy saves, and that a change that fails leaves no trace. */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import type { WritableBlocks } from '../../../../migration-core/block/source.ts';
import { extDriver } from '../../../../migration-core/filesystem/ext/driver.ts';
import { run, scratchFolder } from '../../../support/tools.ts';
import { expectClean, makeImage, mounted, NOW, openImage, withVolume } from './images.ts';

const MIB = 1 << 20;

/** The code of the error, or what came instead. */
async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => value ?? 'no error',
    (error: unknown) => (isIronliftError(error) ? error.code : error),
  );
}

const openCode = (image: string): Promise<unknown> =>
  codeOf(withVolume(image, () => Promise.resolve('opened')));

async function edited(image: string, ...commands: string[]): Promise<void> {
  for (const command of commands) await run('debugfs', ['-w', '-R', command, image]);
}

test('unknown features, volumes in use and cut volumes are refused; a bare journal is not ours', async () => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  await makeImage(image, 16 * MIB, '-t ext4 -O ^metadata_csum');
  for (const value of [0x1, 0x1000, 0x40000, 0x80000000]) {
    const blocks = await openImage(image);
    const word = new Uint8Array(4);
    await blocks.read(word, 1024 + 0x60);
    const view = new DataView(word.buffer);
    const before = view.getUint32(0, true);
    view.setUint32(0, (before | value) >>> 0, true);
    await blocks.write(word, 1024 + 0x60);
    expect(await openCode(image)).toBe('EXT_UNSUPPORTED_FEATURE');
    view.setUint32(0, before, true);
    await blocks.write(word, 1024 + 0x60);
    await blocks.close();
  }
  expect(await openCode(image)).toBe('opened');
  const blocks = await openImage(image);
  const cut: WritableBlocks = { ...blocks, size: 8 * MIB };
  await expect(extDriver.open(cut, { now: NOW })).rejects.toMatchObject({
    code: 'EXT_DAMAGED',
    message: `The ext file system is cut short: it should have ${16 * MIB} bytes, and its volume ends after ${8 * MIB}.`,
    next: 'Make the copy of the disk again and check that its size is that of the source.',
  });
  await blocks.close();

  const guarded = join(folder, 'mmp.img');
  await makeImage(guarded, 16 * MIB, '-t ext4 -O mmp');
  expect(await openCode(guarded)).toBe('opened');
  const inUse = join(folder, 'in-use.img');
  await mounted(guarded, 'rw', () => copyFile(guarded, inUse));
  expect(await openCode(inUse)).toBe('EXT_IN_USE');
  expect(await openCode(guarded)).toBe('opened');

  const journal = join(folder, 'journal.img');
  await makeImage(journal, 16 * MIB, '-O journal_dev');
  const bare = await openImage(journal);
  expect(await extDriver.probe(bare)).toBe(false);
  await bare.close();
});

test('what may not be written is still read', async () => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  for (const [options, change] of [
    ['-t ext4 -O ^metadata_csum', 'set_super_value feature_ro_compat 0x20000000'],
    ['-t ext4', 'feature read-only'],
    ['-t ext4', 'set_super_value state 3'],
    ['-t ext2', 'set_super_value state 0'],
  ] as const) {
    await makeImage(image, 16 * MIB, options);
    await withVolume(image, async (fs) => {
      await fs.writeFile('/file', Buffer.from('content'));
      await fs.flush();
    });
    await edited(image, change);
    await withVolume(image, async (fs) => {
      expect(Buffer.from(await fs.readFile('/file')).toString()).toBe('content');
      expect(await codeOf(fs.writeFile('/file', Buffer.from('new')))).toBe('EXT_READ_ONLY');
    });
  }
});

test('encrypted and casefolded folders', async () => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  await makeImage(image, 16 * MIB, '-t ext4 -O encrypt,casefold');
  await withVolume(image, async (fs) => {
    for (const name of ['/secret', '/folded']) {
      await fs.mkdir(name);
      await fs.writeFile(`${name}/file`, Buffer.from(name));
    }
    await fs.writeFile('/plain', Buffer.from('plain'));
    await fs.flush();
  });
  await edited(image, 'set_inode_field secret flags 0x80800', 'set_inode_field folded flags 0x40080000');
  await withVolume(image, async (fs) => {
    expect(Buffer.from(await fs.readFile('/plain')).toString()).toBe('plain');
    expect(Buffer.from(await fs.readFile('/folded/file')).toString()).toBe('/folded');
    expect(await codeOf(fs.writeFile('/folded/other', Buffer.alloc(1)))).toBe('NOT_SUPPORTED');
    expect(await codeOf(fs.readdir('/secret'))).toBe('EXT_ENCRYPTED');
    expect(await codeOf(fs.readFile('/secret/file'))).toBe('EXT_ENCRYPTED');
    expect(await codeOf(fs.writeFile('/secret/other', Buffer.alloc(1)))).toBe('EXT_ENCRYPTED');
    expect((await fs.readdir('/')).map((entry) => entry.name)).toEqual(
      expect.arrayContaining(['secret', 'plain']),
    );
  });
});

test('paths that cannot be gone', async () => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  await makeImage(image, 16 * MIB, '-t ext4');
  await withVolume(image, async (fs) => {
    await fs.mkdir('/d', { mode: 0o700 });
    await fs.writeFile('/d/f', Buffer.from('x'), { mtime: 1_234_567_890.5 });
    await fs.symlink('/link', 'd');
    const cases: [Promise<unknown>, string][] = [
      [fs.stat('/nothing'), 'NOT_FOUND'],
      [fs.stat('/d/f/x'), 'NOT_A_DIRECTORY'],
      [fs.stat('/link/f'), 'NOT_A_DIRECTORY'],
      [fs.readdir('/d/f'), 'NOT_A_DIRECTORY'],
      [fs.readFile('/d'), 'IS_A_DIRECTORY'],
      [fs.readFile('/d/f', 0), 'FILE_TOO_LARGE'],
      [fs.readlink('/d'), 'NOT_A_SYMLINK'],
      [fs.mkdir('/d'), 'ALREADY_EXISTS'],
      [fs.symlink('/d/f', 'x'), 'ALREADY_EXISTS'],
      [fs.writeFile('/d', Buffer.alloc(1)), 'IS_A_DIRECTORY'],
      [fs.writeFile('/link', Buffer.alloc(1)), 'NOT_SUPPORTED'],
      [fs.writeFile('/nothing/f', Buffer.alloc(1)), 'NOT_FOUND'],
      [fs.writeFile(`/${'n'.repeat(256)}`, Buffer.alloc(1)), 'NAME_TOO_LONG'],
      [fs.remove('/d'), 'DIRECTORY_NOT_EMPTY'],
      [fs.remove('/x'), 'NOT_FOUND'],
      [fs.rename('/d', '/d/e'), 'USAGE'],
      [fs.rename('/d', '/link'), 'ALREADY_EXISTS'],
      [fs.writeRange('/d/f', 5, Buffer.alloc(1)), 'USAGE'],
      [fs.removeXattr('/d/f', 'user.none'), 'NOT_FOUND'],
      [fs.setXattr('/d/f', 'odd.name', Buffer.alloc(1)), 'NOT_SUPPORTED'],
      [fs.setXattr('/d/f', 'user.huge', Buffer.alloc(5000)), 'NO_SPACE_IN_GUEST'],
      [fs.stat('relative'), 'USAGE'],
      [fs.stat('/d/../d'), 'USAGE'],
    ];
    for (const [work, code] of cases) expect(await codeOf(work)).toBe(code);
    const stat = await fs.stat('/d/f');
    expect([stat.mtime, stat.mode, stat.uid, stat.links]).toEqual([1_234_567_890.5, 0o644, 0, 1]);
    await fs.flush();
  });
  await expectClean(image);
});

test('a backup copy stands in for a damaged superblock, and for damaged descriptors', async () => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  for (const offset of [1024, 4096]) {
    await makeImage(image, 200 * MIB, '-t ext4 -b 4096');
    await withVolume(image, async (fs) => {
      await fs.writeFile('/file', Buffer.from('content'));
      await fs.flush();
    });
    const blocks = await openImage(image);
    await blocks.write(new Uint8Array(1024), offset);
    expect(await extDriver.probe(blocks)).toBe(true);
    await blocks.close();
    await withVolume(image, async (fs) => {
      expect(fs.findings.map((finding) => finding.code)).toEqual(['EXT_BACKUP_USED', 'EXT_NOT_CLEAN']);
      expect(Buffer.from(await fs.readFile('/file')).toString()).toBe('content');
      expect(await codeOf(fs.mkdir('/new'))).toBe('EXT_READ_ONLY');
      expect((await fs.usedExtents()).bytes).toBe(200 * MIB);
    });
  }
});

test('a change whose contents cannot be written is taken back', async () => {
  const folder = await scratchFolder();
  const image = join(folder, 'volume.img');
  await makeImage(image, 16 * MIB, '-t ext4');
  const blocks = await openImage(image);
  let failing = false;
  const moody: WritableBlocks = {
    ...blocks,
    write: (data, offset) => (failing ? Promise.reject(new Error('no more')) : blocks.write(data, offset)),
  };
  const fs = await extDriver.open(moody, { now: NOW });
  await fs.writeFile('/kept', Buffer.from('kept'));
  const free = [fs.freeBytes, fs.freeInodes];
  failing = true;
  await expect(fs.writeFile('/lost', Buffer.alloc(100_000, 1))).rejects.toThrow('no more');
  failing = false;
  expect([fs.freeBytes, fs.freeInodes]).toEqual(free);
  expect(await codeOf(fs.stat('/lost'))).toBe('NOT_FOUND');
  await fs.writeFile('/after', Buffer.from('after'));
  await fs.flush();
  await blocks.close();
  await expectClean(image);
  await mounted(image, 'ro', async (at) => {
    expect(await readFile(join(at, 'kept'), 'utf8')).toBe('kept');
    expect(await readFile(join(at, 'after'), 'utf8')).toBe('after');
  });
});
