import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { StagedGuest } from '../../../migration-core/guest/stage.ts';
import { GuestTree } from '../../../migration-core/guest/tree.ts';
import { memoryFileSystem } from '../../support/memory-filesystem.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function staged(): StagedGuest {
  const root = memoryFileSystem({
    '/etc/fstab': { file: 'old\n', mode: 0o600, uid: 7, xattrs: { 'security.selinux': 'etc_t' } },
    '/etc/link': { symlink: 'fstab' },
    '/etc/dir/a': 'a',
    '/boot/initrd': 'main',
    '/lib': { symlink: 'usr/lib' },
    '/usr/lib/x': 'x',
  });
  return new StagedGuest(new GuestTree(root, 'disk0'), 1000);
}

const refused = (error: unknown): boolean => isIronliftError(error, 'EDIT_NOT_POSSIBLE');

describe('a guest with planned edits', () => {
  test('a written file is seen with its new content, its owner, mode and attributes kept', async () => {
    const guest = staged();
    await guest.stage({ kind: 'write', path: '/etc/fstab', content: bytes('new!\n') });
    expect(await guest.readText('/etc/link')).toBe('new!\n');
    expect(await guest.stat('/etc/fstab')).toMatchObject({ size: 5, mode: 0o600, uid: 7, mtime: 1000 });
    expect((await guest.xattrs('/etc/fstab')).get('security.selinux')).toEqual(bytes('etc_t'));
  });

  test('appends are seen joined, and cut again', async () => {
    const guest = staged();
    await guest.stage({ kind: 'append', path: '/boot/initrd', content: bytes('+one') });
    await guest.stage({ kind: 'append', path: '/boot/initrd', content: bytes('+two') });
    expect(await guest.readText('/boot/initrd')).toBe('main+one+two');
    expect(Buffer.from(await guest.readRange('/boot/initrd', 3, 4)).toString()).toBe('n+on');
    await guest.stage({ kind: 'truncate', path: '/boot/initrd', size: 6 });
    expect(await guest.readText('/boot/initrd')).toBe('main+o');
  });

  test('new directories, links and files, removals and renames', async () => {
    const guest = staged();
    await guest.stage({ kind: 'mkdir', path: '/etc/new' });
    await guest.stage({ kind: 'mkdir', path: '/etc/new/deep' });
    await guest.stage({
      kind: 'write',
      path: '/etc/new/deep/f',
      content: bytes('f'),
      options: { mode: 0o755 },
    });
    await guest.stage({ kind: 'symlink', path: '/etc/new/l', target: 'deep/f' });
    expect(await guest.readText('/etc/new/l')).toBe('f');
    expect(await guest.realpath('/etc/new/l')).toBe('/etc/new/deep/f');
    expect(await guest.readlink('/etc/new/l')).toBe('deep/f');
    expect(await guest.list('/etc/new')).toEqual(['deep', 'l']);
    await guest.stage({ kind: 'rename', from: '/etc/fstab', path: '/etc/fstab.old' });
    await guest.stage({ kind: 'remove', path: '/etc/dir/a' });
    expect(await guest.list('/etc')).toEqual(['dir', 'fstab.old', 'link', 'new']);
    expect(await guest.readText('/etc/fstab.old')).toBe('old\n');
    expect(await guest.exists('/etc/fstab')).toBe(false);
    expect(await guest.list('/etc/dir')).toEqual([]);
    await guest.stage({ kind: 'remove', path: '/etc/dir' });
    expect(await guest.exists('/etc/dir')).toBe(false);
    await guest.stage({ kind: 'mkdir', path: '/etc/dir' });
    expect(await guest.list('/etc/dir')).toEqual([]);
    expect(await guest.exists('/etc/dir/a')).toBe(false);
  });

  test('a link takes the place of a file, and mode bits change', async () => {
    const guest = staged();
    await guest.stage({ kind: 'symlink', path: '/etc/fstab', target: '/dev/null' });
    expect(await guest.lstat('/etc/fstab')).toMatchObject({ type: 'symlink', size: 9 });
    await guest.stage({ kind: 'write', path: '/etc/fstab', content: bytes('back') });
    expect(await guest.lstat('/etc/fstab')).toMatchObject({ type: 'file', mode: 0o644, uid: 0 });
    await guest.stage({ kind: 'chmod', path: '/etc/fstab', mode: 0o400 });
    expect(await guest.stat('/etc/fstab')).toMatchObject({ mode: 0o400 });
  });

  test('what could not be applied cannot be planned', async () => {
    const guest = staged();
    const content = bytes('');
    await expect(guest.stage({ kind: 'write', path: '/lib/x', content })).rejects.toSatisfy(refused);
    await expect(guest.stage({ kind: 'write', path: '/no/x', content })).rejects.toThrow();
    await expect(guest.stage({ kind: 'write', path: '/etc', content })).rejects.toSatisfy(refused);
    await expect(guest.stage({ kind: 'append', path: '/etc/new', content })).rejects.toSatisfy(refused);
    await expect(guest.stage({ kind: 'mkdir', path: '/etc' })).rejects.toSatisfy(refused);
    await expect(guest.stage({ kind: 'remove', path: '/etc/dir' })).rejects.toSatisfy(refused);
    await expect(guest.stage({ kind: 'rename', from: '/etc/dir', path: '/d' })).rejects.toSatisfy(refused);
    await expect(guest.stage({ kind: 'rename', from: '/etc/fstab', path: '/etc/link' })).rejects.toSatisfy(
      refused,
    );
  });
});
