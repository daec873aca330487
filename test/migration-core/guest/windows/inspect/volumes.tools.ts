/** Windows on NTFS that mkntfs made: inspected through our driver, and its machine planned. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IronliftError } from '../../../../../migration-core/base/errors.ts';
import { memorySource } from '../../../../../migration-core/block/memory.ts';
import { Overlay } from '../../../../../migration-core/block/overlay.ts';
import { ntfsDriver } from '../../../../../migration-core/filesystem/ntfs/driver.ts';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import { loadableDrivers } from '../../../../../migration-core/guest/windows/loadable-drivers.ts';
import { scratchFolder } from '../../../../support/tools.ts';
import { windowsVolumes, type WindowsVersionId } from '../../../../support/windows-guest.ts';
import { makeNtfs, withMount } from '../../../filesystem/ntfs/ntfs-image.ts';

test.each<WindowsVersionId>(['2003', '2008r2', '2022'])(
  'Windows %s says on NTFS what it says in memory',
  async (version) => {
    const data = { '/shares/a.txt': 'a' };
    const inMemory = await inspectGuest(await windowsVolumes({ version, data }));
    const onDisk = await inspectGuest(await windowsVolumes({ version, data, on: 'ntfs' }));
    expect(onDisk.guest.windows).toEqual(inMemory.guest.windows);
    expect(onDisk.guest.mounts).toEqual(inMemory.guest.mounts);
    expect(onDisk.guest.bootLoaders).toEqual(inMemory.guest.bootLoaders);
    // The small volume of the test is told of.
    expect(onDisk.findings.filter(({ code }) => code !== 'LITTLE_SPACE')).toEqual(inMemory.findings);
    expect(await loadableDrivers(onDisk.tree, onDisk.guest.windows!)).toEqual(
      await loadableDrivers(inMemory.tree, inMemory.guest.windows!),
    );
  },
);

test('a hibernated Windows, made with another driver, is refused with the commands that cure it', async () => {
  const folder = await scratchFolder();
  const path = await makeNtfs(folder, 'windows.ntfs', 64);
  await withMount(path, 'rw', async (mount) => {
    await writeFile(join(mount, 'hiberfil.sys'), Buffer.from('hibr and the rest of the memory'));
  });
  const image = new Overlay(memorySource(new Uint8Array(await readFile(path))));
  const opened: unknown = await ntfsDriver.open(image, { now: 0 }).catch((error: unknown) => error);
  const [esp, windows] = await windowsVolumes({ version: '2022' });
  const asleep = { ...windows!, fileSystem: null, error: opened as IronliftError };
  const error: unknown = await inspectGuest([esp!, asleep]).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(IronliftError);
  expect((error as IronliftError).code).toBe('NTFS_HIBERNATED');
  expect((error as IronliftError).next).toBe(
    'Start the server, run "powercfg /h off" and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again.',
  );
});
