/** The helper as it is shipped: one program that needs no file beside it. */
import { writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildHelper } from '../../electron/build.ts';
import { giveUpRights } from '../../electron/helper/rights.ts';
import { readBytes } from '../../migration-core/block/source.ts';
import { openElevated } from '../../migration-core/source/elevated/open.ts';
import { run, scratchFolder } from '../support/tools.ts';

describe('the helper as one program', () => {
  it('reads a disk from wherever it lies', async () => {
    const folder = await scratchFolder();
    const program = join(folder, 'alone');
    await rename(await buildHelper(join(folder, 'out')), program);
    const image = join(folder, 'disk.img');
    writeFileSync(image, Buffer.alloc(1 << 20, 'ironlift'));
    const device = (await run('losetup', ['--find', '--show', '--read-only', image])).trim();
    onTestFinished(async () => {
      await run('losetup', ['--detach', device]);
    });
    const { disk } = await openElevated([program], device);
    expect(Buffer.from(await readBytes(disk, 8 * 1000, 16)).toString()).toBe('ironliftironlift');
    await disk.close();
  });

  it.each([
    [{ PKEXEC_UID: '1000' }, 1000],
    [{ SUDO_UID: '1001' }, 1001],
    [{ SUDO_UID: '0' }, 65_534],
    [{ PKEXEC_UID: '1e3' }, 65_534],
    [{}, 65_534],
  ])('becomes who asked, or nobody: %j', (environment, expected) => {
    const did: unknown[] = [];
    let uid = 0;
    giveUpRights(
      {
        getuid: () => uid,
        setgroups: (groups: unknown) => did.push(['groups', groups]),
        setgid: (id: unknown) => did.push(['gid', id]),
        setuid: (id: number) => (uid = id),
      } as unknown as NodeJS.Process,
      environment,
    );
    expect(did).toEqual([
      ['groups', []],
      ['gid', 65_534],
    ]);
    expect(uid).toBe(expected);
  });

  it('does not go on where the rights stay', () => {
    const kept = {
      getuid: () => 0,
      setgroups: () => undefined,
      setgid: () => undefined,
      setuid: () => undefined,
    };
    expect(() => giveUpRights(kept as unknown as NodeJS.Process, {})).toThrow(
      'The rights of root could not be given up.',
    );
  });
});
