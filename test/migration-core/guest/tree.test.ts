import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { GuestTree } from '../../../migration-core/guest/tree.ts';
import { memoryFileSystem } from '../../support/memory-filesystem.ts';

async function twoVolumes(): Promise<GuestTree> {
  const root = memoryFileSystem({
    '/lib': { symlink: 'usr/lib' },
    '/usr/lib/os-release': 'ID=debian\n',
    '/etc/os-release': { symlink: '../usr/lib/os-release' },
    '/boot': { dir: true },
    '/vmlinuz': { symlink: 'boot/vmlinuz-1' },
    '/etc/absolute': { symlink: '/boot/grub/grub.cfg' },
    '/loop/a': { symlink: 'b' },
    '/loop/b': { symlink: 'a' },
    '/dangling': { symlink: '/usr/lib/absent' },
    '/file': 'x',
    '/hidden-below': 'y',
    '/boot/hidden': 'below the mount point',
  });
  const boot = memoryFileSystem({
    '/vmlinuz-1': 'kernel',
    '/grub/grub.cfg': 'set timeout=5\n',
    '/boot': { symlink: '.' },
    '/up': { symlink: '../usr/lib' },
  });
  const tree = new GuestTree(root, 'disk0p2');
  await tree.mount('/boot', boot, 'disk0p1');
  return tree;
}

describe('the tree of all volumes', () => {
  test('follows links within a volume and across volumes, in both directions', async () => {
    const tree = await twoVolumes();
    expect(await tree.readText('/etc/os-release')).toBe('ID=debian\n');
    expect(await tree.realpath('/lib/os-release')).toBe('/usr/lib/os-release');
    expect(await tree.readText('/vmlinuz')).toBe('kernel');
    expect(await tree.readText('/etc/absolute')).toBe('set timeout=5\n');
    expect(await tree.realpath('/boot/up/os-release')).toBe('/usr/lib/os-release');
    expect(await tree.realpath('/boot/boot/boot/vmlinuz-1')).toBe('/boot/vmlinuz-1');
    expect(await tree.realpath('/../../etc/../boot/./grub/')).toBe('/boot/grub');
  });

  test('a mounted volume hides what lies below it', async () => {
    const tree = await twoVolumes();
    expect(await tree.exists('/boot/hidden')).toBe(false);
    expect(await tree.list('/boot')).toEqual(['boot', 'grub', 'up', 'vmlinuz-1']);
    expect(tree.locate('/boot/grub')).toMatchObject({ volume: 'disk0p1', path: '/grub' });
    expect(tree.locate('/boot')).toMatchObject({ volume: 'disk0p1', path: '/' });
    expect(tree.locate('/bootx')).toMatchObject({ volume: 'disk0p2', path: '/bootx' });
  });

  test('what is not there is null, and a circle of links is not followed for ever', async () => {
    const tree = await twoVolumes();
    expect(await tree.stat('/loop/a')).toBeNull();
    expect(await tree.lstat('/loop/a')).toMatchObject({ type: 'symlink' });
    expect(await tree.stat('/dangling')).toBeNull();
    expect(await tree.realpath('/dangling')).toBe('/usr/lib/absent');
    expect(await tree.stat('/file/below')).toBeNull();
    expect(await tree.readText('/usr')).toBeNull();
    expect(await tree.list('/absent')).toEqual([]);
    await expect(tree.realpath('/loop/a')).rejects.toSatisfy((e) => isIronliftError(e, 'SYMLINK_LOOP'));
    await expect(tree.realpath('/absent/x')).rejects.toSatisfy((e) => isIronliftError(e, 'NOT_FOUND'));
    await expect(tree.readFile(`/${'n'.repeat(300)}`)).rejects.toSatisfy((e) =>
      isIronliftError(e, 'NOT_FOUND'),
    );
    await expect(tree.realpath('/a/'.repeat(3000))).rejects.toSatisfy((e) =>
      isIronliftError(e, 'NAME_TOO_LONG'),
    );
  });

  test('a file too large to be a text is refused, not read', async () => {
    const tree = new GuestTree(memoryFileSystem({ '/etc/os-release': { file: 'ID=x', size: 1e9 } }), 'disk0');
    await expect(tree.readText('/etc/os-release')).rejects.toSatisfy((e) =>
      isIronliftError(e, 'FILE_TOO_LARGE'),
    );
  });

  test('text in Latin-1 is read, not mangled', async () => {
    const tree = new GuestTree(memoryFileSystem({ '/f': new Uint8Array([0x4d, 0xfc, 0x0a]) }), 'disk0');
    expect(await tree.readText('/f')).toBe('Mü\n');
  });
});
