/** Edits of files on NTFS taken back: contents, alternate streams and attributes, as ntfs-3g shows them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { applyEdits } from '../../../../migration-core/guest/apply.ts';
import { invertEdits } from '../../../../migration-core/guest/apply-undo.ts';
import type { EditAction } from '../../../../migration-core/guest/fixer.ts';
import { GuestTree } from '../../../../migration-core/guest/tree.ts';
import { needTools, run, scratchFolder } from '../../../support/tools.ts';
import {
  diskTree,
  makeNtfs,
  openNtfs,
  sorted,
  withMount,
  writeOut,
} from '../../filesystem/ntfs/ntfs-image.ts';

beforeAll(() => needTools('mkntfs', 'ntfs-3g', 'setfattr', 'getfattr'));

const FILES = '/Windows/System32/drivers';
/** FILE_ATTRIBUTE_READONLY, _HIDDEN, _SYSTEM, _ARCHIVE; the second is the DOS name. */
const RHSA = '0x27000000';

/** Every extended attribute as ntfs-3g gives it: streams, file attributes, security descriptor, short name; times are left out. */
async function attributesOf(mount: string, path: string): Promise<string[]> {
  const shown: string[] = [];
  const streams = await run('getfattr', ['--absolute-names', '-d', '-e', 'hex', join(mount, path)]);
  shown.push(...streams.split('\n').filter((line) => line.startsWith('user.')));
  for (const name of ['system.ntfs_attrib', 'system.ntfs_acl', 'system.ntfs_dos_name']) {
    const value = await run('getfattr', [
      '--absolute-names',
      '-n',
      name,
      '-e',
      'hex',
      join(mount, path),
    ]).catch(() => `${name} is not there`);
    shown.push(value.split('\n').find((line) => line.startsWith(name)) ?? value);
  }
  return shown;
}

it('a file that is written over gets everything back; what is made is gone', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'windows.img', 32);
  const names = ['hal.dll', 'streams.sys', 'large-stream.sys', 'plain.sys'];
  await withMount(path, 'streams_interface=xattr', async (mount) => {
    await mkdir(join(mount, FILES), { recursive: true });
    for (const [i, name] of names.entries())
      await writeFile(join(mount, FILES, name), Buffer.alloc(700 + i * 9000, i + 1));
    const at = (name: string): string => join(mount, FILES, name);
    await run('setfattr', ['-n', 'user.Zone.Identifier', '-v', '[ZoneTransfer]', at('streams.sys')]);
    await run('setfattr', ['-n', 'user.empty', '-v', '', at('streams.sys')]);
    await run('setfattr', ['-n', 'user.big', '-v', `0x${'ab'.repeat(60_000)}`, at('large-stream.sys')]);
    await run('setfattr', ['-h', '-n', 'system.ntfs_dos_name', '-v', 'LARGES~1.SYS', at('large-stream.sys')]);
    await run('setfattr', ['-n', 'system.ntfs_attrib', '-v', RHSA, at('hal.dll')]);
  });
  const states = async (file: string): Promise<unknown[]> =>
    withMount(file, 'ro,streams_interface=xattr', async (mount) => [
      sorted(await diskTree(mount)),
      await Promise.all(names.map((name) => attributesOf(mount, join(FILES, name)))),
    ]);
  const before = await states(path);

  const image = await openNtfs(path);
  const tree = new GuestTree(image.fs, 'disk0p1');
  const actions: EditAction[] = [
    ...names.map((name): EditAction => ({
      kind: 'write',
      path: `${FILES}/${name}`,
      content: Buffer.from('new'),
      xattrs: { 'user.added': Buffer.from('x') },
    })),
    { kind: 'mkdir', path: '/Windows/Ironlift' },
    { kind: 'write', path: '/Windows/Ironlift/10-drivers.cmd', content: Buffer.alloc(5000, 65) },
    { kind: 'append', path: `${FILES}/plain.sys`, content: Buffer.from('more') },
    { kind: 'rename', from: `${FILES}/hal.dll`, path: `${FILES}/hal.dll.ironlift` },
  ];
  const edits = actions.map((action) => ({ what: 'A file is changed.', why: 'It is needed.', action }));
  const records = await applyEdits(tree, edits, { now: 1_800_000_000 });
  const changed = await writeOut(image, join(folder, 'changed.img'));
  await withMount(changed, 'ro,streams_interface=xattr', async (mount) => {
    expect((await readFile(join(mount, FILES, 'plain.sys'))).toString()).toBe('newmore');
    // Written over, a file keeps its streams and attributes.
    expect(await attributesOf(mount, join(FILES, 'hal.dll.ironlift'))).toContain(
      `system.ntfs_attrib=${RHSA}`,
    );
    expect(await attributesOf(mount, join(FILES, 'streams.sys'))).toContain(
      `user.Zone.Identifier=0x${Buffer.from('[ZoneTransfer]').toString('hex')}`,
    );
  });
  await applyEdits(tree, invertEdits(records), { now: 1_800_000_060 });
  expect(await states(await writeOut(image, join(folder, 'undone.img')))).toEqual(before);
});
