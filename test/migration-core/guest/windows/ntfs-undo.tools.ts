/** Edits of files on NTFS taken back: contents, alternate streams and attributes, as ntfs-3g shows them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { applyEdits } from '../../../../migration-core/guest/apply.ts';
import { invertEdits } from '../../../../migration-core/guest/apply-undo.ts';
import type { EditAction } from '../../../../migration-core/guest/fixer.ts';
import { GuestTree } from '../../../../migration-core/guest/tree.ts';
import type { WindowsFacts } from '../../../../migration-core/guest/windows/facts.ts';
import { leaveStep, type FirstBootStep } from '../../../../migration-core/guest/windows/first-boot/steps.ts';
import { needTools, run, scratchFolder, tryRun } from '../../../support/tools.ts';
import {
  diskTree,
  makeNtfs,
  openNtfs,
  sorted,
  withMount,
  writeOut,
} from '../../filesystem/ntfs/ntfs-image.ts';
import { descriptor, rightsOf, setRights, shown } from '../../filesystem/ntfs/rights.ts';

beforeAll(() => needTools('mkntfs', 'ntfs-3g', 'ntfssecaudit', 'setfattr', 'getfattr'));

const FILES = '/Windows/System32/drivers';
/** FILE_ATTRIBUTE_READONLY, _HIDDEN, _SYSTEM, _ARCHIVE; the second is the DOS name. */
const RHSA = '0x27000000';

const STEP: FirstBootStep = {
  time: 10,
  name: 'drivers',
  lines: Array.from({ length: 500 }, () => 'rem A line'),
  what: 'A step is left.',
  why: 'It is needed.',
};

/** Descriptors $Secure has, each of them in all of its places. */
async function descriptorsOf(path: string): Promise<number> {
  const { stdout } = await tryRun('ntfssecaudit', ['-a', path]);
  expect(stdout).toContain('All keys are present in all lists');
  return Number(/^(\d+) valid entries in \$SII/mu.exec(stdout)![1]);
}

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
    // A server whose rights were loosened: everybody may change what is made in the folder of Windows.
    await setRights(mount, new Map([['Windows', descriptor({ dacl: ['A;OICI;1f01ff;WD'] })]]));
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
    ...(await leaveStep({ systemRoot: '/Windows', systemDrive: 'C' } as WindowsFacts, tree, STEP)).map(
      ({ action }) => action,
    ),
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
    const step = 'Windows/Ironlift/FirstBoot/10-drivers.cmd';
    expect(shown((await rightsOf(mount, [step])).get(step)!)).toEqual([
      'O:BA G:SY 8404',
      'A;ID;1f01ff;SY',
      'A;ID;1f01ff;BA',
      'A;ID;1200a9;BU',
    ]);
  });
  await applyEdits(tree, invertEdits(records), { now: 1_800_000_060 });
  const undone = await writeOut(image, join(folder, 'undone.img'));
  expect(await states(undone)).toEqual(before);
  // The rights of the folder, of those in it and of the file stay described, for nobody.
  expect((await descriptorsOf(undone)) - (await descriptorsOf(path))).toBe(3);
});
