/** Which Windows is refused, where it is found, and how without its SOFTWARE hive. */
import { describe, expect, test } from 'vitest';
import { IronliftError, isIronliftError } from '../../../../../migration-core/base/errors.ts';
import { inspectGuest, type OpenVolume } from '../../../../../migration-core/guest/inspect.ts';
import { debianGuest, volume } from '../../../../support/linux-guests.ts';
import { hiveOf, windowsVolumes, type WindowsGuestOptions } from '../../../../support/windows-guest.ts';
import { CURRENT, factsOf, told } from './windows-told.ts';

async function refusal(volumes: OpenVolume[], root?: string): Promise<IronliftError> {
  const error: unknown = await inspectGuest(volumes, root === undefined ? {} : { root }).catch(
    (caught: unknown) => caught,
  );
  if (!isIronliftError(error)) throw new Error('not refused');
  expect(error.kind).toBe('refused');
  expect(error.next).toMatch(/^[A-Z].*\.$/u);
  return error;
}

describe('refused', () => {
  test.each([
    ['5.0', 'Windows 2000', '2195'],
    ['4.0', 'Windows NT 4.0', '1381'],
    ['3.51', 'Windows NT 3.51', '1057'],
  ])('NT %s by its name', async (nt, name, build) => {
    const volumes = await windowsVolumes({
      version: 'xp',
      software: { [CURRENT]: { CurrentVersion: nt, CurrentBuildNumber: build } },
    });
    const error = await refusal(volumes);
    expect(error.code).toBe('OS_NOT_SUPPORTED');
    expect(error.message).toBe(
      `This server runs ${name} (disk0p2), which is older than Windows XP and Server 2003 and cannot be prepared for a virtual machine.`,
    );
  });

  test('Windows 98', async () => {
    const tree = { '/WINDOWS/SYSTEM.DAT': 'CREG', '/WINDOWS/WIN.COM': 'x', '/IO.SYS': 'x' };
    const error = await refusal([volume(tree, { type: 'vfat', ignoreCase: true })]);
    expect(error.code).toBe('OS_NOT_SUPPORTED');
    expect(error.message).toBe(
      'This server runs Windows 95, 98 or Me (disk0p1), which cannot be prepared for a virtual machine.',
    );
  });

  test('a hibernated Windows, with the commands that cure it, also beside a larger volume that is clean', async () => {
    const asleep = volume(null, { partition: 2, type: 'ntfs', size: 100 << 20 });
    asleep.error = new IronliftError('NTFS_HIBERNATED', 'Windows on this volume is hibernated.', {
      next: 'Run "powercfg /h off".',
    });
    const damaged = volume(null, { partition: 3, type: 'ntfs', size: 900 << 20 });
    damaged.error = new IronliftError('NTFS_DAMAGED', 'The volume is damaged.', { next: 'Run chkdsk.' });
    const data = volume({ '/a.txt': 'a' }, { partition: 4, type: 'ntfs', size: 500 << 20, ignoreCase: true });
    expect((await refusal([asleep, damaged, data])).code).toBe('NTFS_HIBERNATED');
  });

  test('BitLocker, dynamic disks and Storage Spaces as the system', async () => {
    const data = volume({ '/a.txt': 'a' }, { partition: 1, type: 'ntfs', size: 900 << 20, ignoreCase: true });
    const of = async (type: string): Promise<string> =>
      (await refusal([data, volume(null, { partition: 2, type, size: 100 << 20 })])).message;
    expect(await of('BitLocker')).toBe('The volume disk0p2 (100 MiB) is encrypted with BitLocker.');
    expect(await of('LDM')).toBe(
      'The Windows of this server seems to lie on a dynamic disk (disk0p2 (100 MiB)), whose volumes cannot be prepared.',
    );
    expect(await of('StorageSpaces')).toBe(
      'No system was found beside a pool of Storage Spaces (disk0p2 (100 MiB)), and volumes of pools cannot be prepared.',
    );
  });

  test('a registry that is missing, is none, or has no control set', async () => {
    const path = '/Windows/System32/config/SYSTEM';
    const missing = await refusal(await windowsVolumes({ version: '2022', files: { [path]: null } }));
    expect(missing.code).toBe('NO_OS_FOUND');
    expect(missing.message).toBe(
      `The Windows on disk0p2 has no registry: there is no \\Windows\\System32\\config\\SYSTEM.`,
    );
    const other = await refusal(
      await windowsVolumes({ version: '2022', hives: { system: Buffer.from('x') } }),
    );
    expect(other.code).toBe('NOT_A_HIVE');
    expect(other.message).toMatch(
      /^The registry file \\Windows\\System32\\config\\SYSTEM cannot be used: This is not a registry hive/u,
    );
    const empty = await refusal(
      await windowsVolumes({ version: '2022', hives: { system: hiveOf({ Setup: {} }) } }),
    );
    expect(empty.code).toBe('HIVE_DAMAGED');
    expect(empty.message).toBe(
      `The registry file \\Windows\\System32\\config\\SYSTEM holds no control set, so Windows cannot start from it.`,
    );
  });

  test('two systems, until one is chosen; a Linux beside Windows among them', async () => {
    const [debian, ...others] = debianGuest();
    const moved = { ...debian!, info: { ...debian!.info, id: 'disk1p1', disk: 1 } };
    const volumes = [...(await windowsVolumes({ version: '2022' })), moved, ...others];
    const error = await refusal(volumes);
    expect(error.code).toBe('SEVERAL_OS_FOUND');
    expect(error.message).toMatch(
      /^The server has several operating systems: Windows Server 2022 Standard \(disk0p2\), .*Debian.* \(disk1p1\)\.$/u,
    );
    expect(error.data).toEqual({ roots: ['disk0p2', 'disk1p1'] });
    expect((await inspectGuest(volumes, { root: 'disk0p2' })).guest.windows?.build).toBe(20348);
    expect((await inspectGuest(volumes, { root: 'disk1p1' })).guest.windows).toBeUndefined();
  });
});

describe('where Windows is', () => {
  test('in a folder that only boot.ini names', async () => {
    const facts = await factsOf({
      version: 'xp',
      bootFiles: {
        '/boot.ini': '[operating systems]\r\nmulti(0)disk(0)rdisk(0)partition(1)\\Server\\W2K3="x"\r\n',
      },
      files: await inFolder('xp', '/WINDOWS', '/Server/W2K3'),
    });
    expect(facts.systemRoot).toBe('/Server/W2K3');
    expect(facts.hives.system).toBe('/Server/W2K3/system32/config/system');
  });

  test('in a folder that only the boot store names', async () => {
    const facts = await factsOf({
      version: '2022',
      files: await inFolder('2022', '/Windows', '/Win2022'),
      bootStore: {
        'Objects\\{71e1bc40-3c5f-11e9-8f4e-9cb6d0c5a1b2}\\Elements\\22000002': { Element: '\\Win2022' },
      },
    });
    expect(facts.systemRoot).toBe('/Win2022');
  });

  test('not behind a link, and not where only a folder of that name is', async () => {
    const linked = volume(
      {
        '/Windows': { symlink: '/Other' },
        '/Other/System32/cmd.exe': 'x',
        '/Other/System32/config/SYSTEM': 'x',
      },
      { type: 'ntfs', ignoreCase: true },
    );
    expect((await refusal([linked])).code).toBe('NO_OS_FOUND');
    const recovery = volume(
      { '/Windows/System32/Recovery/winre.wim': 'x' },
      { type: 'ntfs', ignoreCase: true },
    );
    expect((await refusal([recovery])).code).toBe('NO_OS_FOUND');
  });

  test('on FAT32, as XP could be', async () => {
    const facts = await factsOf({ version: 'xp', volume: { type: 'vfat' } });
    expect(facts.ntVersion).toBe('5.1');
  });
});

/** The files of a server, in another folder. */
async function inFolder(
  version: WindowsGuestOptions['version'],
  from: string,
  to: string,
): Promise<Record<string, Uint8Array | null>> {
  const system = (await windowsVolumes({ version })).find(({ info }) => info.id === 'disk0p2')!;
  const files: Record<string, Uint8Array | null> = {};
  const walk = async (folder: string): Promise<void> => {
    for (const { name, type } of await system.fileSystem!.readdir(folder)) {
      const path = `${folder}/${name}`;
      if (type === 'directory') await walk(path);
      else {
        files[`${to}${path.slice(from.length)}`] = await system.fileSystem!.readFile(path);
        files[path] = null;
      }
    }
  };
  await walk(from);
  return files;
}

describe('the SOFTWARE hive is missing', () => {
  test('then the kernel tells the version', async () => {
    const options = { version: '2012r2', hives: { software: null } } as const;
    const facts = await factsOf(options);
    expect(facts).toMatchObject({ ntVersion: '6.3', build: 9600, installation: 'server', edition: '' });
    expect(facts.hives.software).toBe('');
    const { guest } = await inspectGuest(await windowsVolumes(options));
    expect(guest.os).toMatchObject({ version: '2012r2', name: 'Windows Server 2012 R2 (build 9600)' });
    expect((await told(options))['WINDOWS_SOFTWARE_UNREADABLE']).toBe(
      'The registry file \\Windows\\System32\\config\\SOFTWARE is missing, so edition, licence and pending updates of this Windows are not known.',
    );
  });

  test('and where the kernel is mute, the registry', async () => {
    const files = { '/Windows/System32/ntoskrnl.exe': 'no program' };
    const options = { version: '2022', hives: { software: null }, files } as const;
    expect(await factsOf(options)).toMatchObject({
      ntVersion: '6.2',
      build: 0,
      bindingTable: 'driver-database',
    });
    expect((await told(options))['WINDOWS_VERSION_ASSUMED']).toBe(
      'Neither registry nor kernel tell the version of this Windows; what its registry looks like is that of NT 6.2 or later.',
    );
    const { guest } = await inspectGuest(await windowsVolumes(options));
    expect(guest.architecture).toBe('x86_64');
  });

  test('or damaged', async () => {
    const options = { hives: { software: Buffer.from('regf of nothing') } };
    expect((await told(options))['WINDOWS_SOFTWARE_UNREADABLE']).toMatch(
      /^The registry file \\Windows\\System32\\config\\SOFTWARE cannot be used: /u,
    );
  });
});
