import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { applyEdits } from '../../../migration-core/guest/apply.ts';
import { roomNeeded } from '../../../migration-core/guest/apply-room.ts';
import { invertEdits } from '../../../migration-core/guest/apply-undo.ts';
import type { EditAction, Fixer, GuestEdit } from '../../../migration-core/guest/fixer.ts';
import { LINUX_FIXERS, planFixes } from '../../../migration-core/guest/fixers.ts';
import { StagedGuest } from '../../../migration-core/guest/stage.ts';
import { GuestTree } from '../../../migration-core/guest/tree.ts';
import { contextFor, NOW, snapshot } from '../../support/fix-guest.ts';
import {
  debianGuest,
  rhel9Guest,
  volume,
  type Tree,
  type VolumeOptions,
} from '../../support/linux-guests.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const edits = (...actions: EditAction[]): GuestEdit[] =>
  actions.map((action) => ({ what: `Something is done to ${action.path}.`, why: 'It is needed.', action }));

const TREE: Tree = {
  '/etc/fstab': {
    file: 'old\n',
    mode: 0o600,
    uid: 7,
    gid: 8,
    xattrs: { 'security.selinux': 'etc_t', 'user.x': 'y' },
  },
  '/etc/link': { symlink: 'fstab' },
  '/etc/dir/a': { file: 'a', mode: 0o4755 },
  '/etc/empty': { dir: true, mode: 0o700, uid: 3 },
  '/boot/initrd': 'main',
};

function one(options: VolumeOptions = {}): { tree: GuestTree; volumes: ReturnType<typeof volume>[] } {
  const only = volume(TREE, options);
  return { tree: new GuestTree(only.fileSystem!, only.info.id), volumes: [only] };
}

const ALL = edits(
  {
    kind: 'write',
    path: '/etc/fstab',
    content: bytes('new\n'),
    xattrs: { 'user.x': bytes('z'), 'user.new': bytes('1') },
  },
  { kind: 'append', path: '/boot/initrd', content: bytes('+segment') },
  { kind: 'append', path: '/boot/initrd', content: bytes('+more') },
  { kind: 'truncate', path: '/boot/initrd', size: 6 },
  { kind: 'mkdir', path: '/etc/new', options: { mode: 0o750 } },
  { kind: 'write', path: '/etc/new/f', content: bytes('f'), options: { mode: 0o755, uid: 5 } },
  { kind: 'symlink', path: '/etc/new/l', target: '/dev/null' },
  { kind: 'symlink', path: '/etc/link', target: 'elsewhere' },
  { kind: 'symlink', path: '/etc/dir/a', target: '/dev/null' },
  { kind: 'rename', from: '/etc/fstab', path: '/etc/fstab.off' },
  { kind: 'write', path: '/etc/fstab', content: bytes('again') },
  { kind: 'chmod', path: '/etc/fstab', mode: 0o400 },
  { kind: 'remove', path: '/etc/empty' },
  { kind: 'remove', path: '/etc/link' },
  { kind: 'write', path: '/etc/link', content: bytes('a file now') },
);

describe('edits', () => {
  test('what the plan showed is what is written, and every kind is undone exactly', async () => {
    const { tree, volumes } = one();
    const before = await snapshot(volumes);
    const staged = new StagedGuest(tree, NOW);
    for (const { action } of ALL) await staged.stage(action);
    const planned = {
      text: await staged.readText('/boot/initrd'),
      names: await staged.list('/etc'),
      stat: await staged.stat('/etc/fstab.off'),
    };

    const records = await applyEdits(tree, ALL, { now: NOW });
    expect(await tree.readText('/boot/initrd')).toBe('main+s');
    expect(planned.text).toBe('main+s');
    expect(await tree.list('/etc')).toEqual(planned.names);
    expect(await tree.list('/etc')).toEqual(['dir', 'fstab', 'fstab.off', 'link', 'new']);
    expect(await tree.stat('/etc/fstab.off')).toMatchObject({
      size: planned.stat!.size,
      mode: planned.stat!.mode,
      uid: planned.stat!.uid,
      mtime: planned.stat!.mtime,
    });
    expect(await tree.stat('/etc/new/f')).toMatchObject({ mode: 0o755, uid: 5 });

    await applyEdits(tree, invertEdits(records), { now: NOW + 5 });
    expect(await snapshot(volumes)).toEqual(before);
  });

  test('new files get a label, replaced ones keep theirs, a named one is taken', async () => {
    const { tree, volumes } = one();
    const before = await snapshot(volumes);
    const asked: string[] = [];
    const label = async (path: string): Promise<Uint8Array> => {
      asked.push(path);
      return bytes('given_t');
    };
    const list = edits(
      { kind: 'write', path: '/etc/fstab', content: bytes('x') },
      { kind: 'write', path: '/etc/f', content: bytes('x') },
      { kind: 'mkdir', path: '/etc/d' },
      { kind: 'symlink', path: '/etc/l', target: 'x' },
      { kind: 'write', path: '/etc/g', content: bytes('x'), xattrs: { 'security.selinux': bytes('own_t') } },
    );
    const records = await applyEdits(tree, list, { now: NOW, label });
    const labelOf = async (path: string): Promise<string> =>
      Buffer.from((await volumes[0]!.fileSystem!.xattrs(path)).get('security.selinux') ?? []).toString();
    expect(await labelOf('/etc/fstab')).toBe('etc_t');
    for (const path of ['/etc/f', '/etc/d', '/etc/l']) expect(await labelOf(path)).toBe('given_t');
    expect(await labelOf('/etc/g')).toBe('own_t');
    expect(asked).toEqual(['/etc/f', '/etc/d', '/etc/l']);
    await applyEdits(tree, invertEdits(records), { now: NOW });
    expect(await snapshot(volumes)).toEqual(before);
  });

  test('without room nothing is written', async () => {
    const big = edits(
      { kind: 'write', path: '/etc/a', content: bytes('x') },
      { kind: 'append', path: '/boot/initrd', content: new Uint8Array(1 << 20) },
    );
    const cases: VolumeOptions[] = [{ freeBytes: 1 << 20 }, { freeInodes: 0 }];
    for (const options of cases) {
      const { tree, volumes } = one(options);
      const before = await snapshot(volumes);
      await expect(applyEdits(tree, big, { now: NOW })).rejects.toSatisfy((e) =>
        isIronliftError(e, 'NO_SPACE_IN_GUEST'),
      );
      expect(await snapshot(volumes)).toEqual(before);
    }
    const { tree } = one();
    expect(await roomNeeded(tree, big)).toMatchObject([{ mount: '/', volume: 'disk0p1', inodes: 1 }]);
  });

  test('a path with a link on the way, a missing file, another volume: refused', async () => {
    const { tree } = one();
    const boot = volume({ '/x': 'x' }, { partition: 2 });
    await tree.mount('/boot', boot.fileSystem!, boot.info.id);
    const impossible: EditAction[] = [
      { kind: 'write', path: '/etc/../etc/f', content: bytes('') },
      { kind: 'append', path: '/etc/absent', content: bytes('') },
      { kind: 'rename', from: '/etc/fstab', path: '/boot/fstab' },
      { kind: 'remove', path: '/etc/absent' },
      { kind: 'truncate', path: '/etc/fstab', size: 99 },
    ];
    for (const action of impossible)
      await expect(applyEdits(tree, edits(action), { now: NOW })).rejects.toSatisfy((e) =>
        isIronliftError(e, 'EDIT_NOT_POSSIBLE'),
      );
  });

  test('cancelling stops between edits', async () => {
    const { tree } = one();
    await expect(applyEdits(tree, ALL, { now: NOW, signal: AbortSignal.abort() })).rejects.toSatisfy((e) =>
      isIronliftError(e, 'CANCELLED'),
    );
  });
});

describe('all fixers together', () => {
  test('each plans on what those before it leave', async () => {
    const writes = (id: string, path: string): Fixer => ({
      id,
      title: id,
      applies: () => true,
      plan: async ({ files }) => {
        const old = (await files.readText(path)) ?? '';
        const action: EditAction = { kind: 'write', path, content: bytes(`${old}${id} `) };
        return { edits: edits(action), findings: [] };
      },
    });
    const { tree } = one();
    const context = { ...(await contextFor(debianGuest())), files: tree };
    const planned = await planFixes(context, { fixers: [writes('a', '/etc/f'), writes('b', '/etc/f')] });
    await applyEdits(
      tree,
      planned.flatMap((fix) => fix.edits),
      { now: NOW },
    );
    expect(await tree.readText('/etc/f')).toBe('a b ');
  });

  test.each([
    ['Debian', debianGuest],
    ['RHEL 9', rhel9Guest],
  ])(
    'the whole table on %s: applied, nothing left to do by the storage fixers, undone exactly',
    async (_, guest) => {
      const volumes = guest();
      const before = await snapshot(volumes);
      // Drivers come from real modules, which these guests have none of; boot tests have them.
      const fixers = LINUX_FIXERS.filter(({ id }) => !/initramfs|first-boot/.test(id));
      const context = await contextFor(volumes);
      const planned = await planFixes(context, { fixers });
      expect(planned.length).toBeGreaterThan(2);
      const records = await applyEdits(
        context.tree,
        planned.flatMap((fix) => fix.edits),
        { now: NOW },
      );
      const again = await planFixes(await contextFor(volumes), { fixers });
      expect(again.flatMap((fix) => fix.edits.map(({ what }) => what))).toEqual([]);
      await applyEdits(context.tree, invertEdits(records), { now: NOW });
      expect(await snapshot(volumes)).toEqual(before);
    },
  );

  test('ids are unique', () => {
    const ids = LINUX_FIXERS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
