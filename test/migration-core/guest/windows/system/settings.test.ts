/** Stop errors, data disks, the hardware layer and boot.ini of old Windows, and the loader every UEFI firmware looks for. */
import { describe, expect, it } from 'vitest';
import type { VolumeInfo } from '../../../../../migration-core/guest/fixer.ts';
import { readArcPath } from '../../../../../migration-core/guest/windows/system/boot-ini.ts';
import { bootStore } from '../../../../../migration-core/guest/windows/system/boot-store.ts';
import { crashControl } from '../../../../../migration-core/guest/windows/system/crash-control.ts';
import { espFallback } from '../../../../../migration-core/guest/windows/system/esp-fallback.ts';
import { hal } from '../../../../../migration-core/guest/windows/system/hal.ts';
import { sanPolicy } from '../../../../../migration-core/guest/windows/system/san-policy.ts';
import { readDword } from '../../../../../migration-core/registry/types.ts';
import { windowsHives, portableExecutable, type Keys } from '../../../../support/windows-guest.ts';
import { BOOT_INI } from '../../../../support/windows/files.ts';
import { diskOf, fixWindows, SYSTEM, type Fixed, type World } from '../world.ts';

async function valueIn(fixed: Fixed, key: string, name: string): Promise<number | null | undefined> {
  const value = (await fixed.after.hive(SYSTEM)).find(key)?.value(name);
  return value === undefined ? null : readDword(value);
}

describe('the restart after a stop error', () => {
  it('waits for the first good start, which puts it back in every control set', async () => {
    const fixed = await fixWindows(crashControl, { system: windowsHives('2008r2').system });
    expect(fixed.whats[0]).toBe(
      'Windows stands still after a stop error until the virtual machine has started well once (AutoReboot 0).',
    );
    for (const set of ['ControlSet001', 'ControlSet002'])
      expect(await valueIn(fixed, `${set}\\Control\\CrashControl`, 'AutoReboot')).toBe(0);
    const step = await fixed.after.readText('/Windows/Ironlift/FirstBoot/80-crash-control.cmd');
    const reg = '"%SystemRoot%\\System32\\reg.exe"';
    for (const set of ['CurrentControlSet', 'ControlSet001', 'ControlSet002'])
      expect(step).toContain(
        `${reg} query "HKLM\\SYSTEM\\${set}\\Control\\CrashControl" >nul 2>nul && ${reg} add "HKLM\\SYSTEM\\${set}\\Control\\CrashControl" /v AutoReboot /t REG_DWORD /d 1 /f\r\n`,
      );
    expect(step).toMatch(/exit \/b 0\r\n$/u);
  });

  it('is left where it is off, not set or no number', async () => {
    for (const AutoReboot of [0, null, '1', 2]) {
      const keys: Keys = { 'CCS\\Control\\CrashControl': { AutoReboot } };
      const fixed = await fixWindows(crashControl, {
        system: windowsHives('2008r2', { system: keys }).system,
      });
      expect(fixed.planned).toEqual([]);
    }
    const without: Keys = { 'CCS\\Control\\CrashControl': null };
    expect(
      (await fixWindows(crashControl, { system: windowsHives('2019', { system: without }).system })).planned,
    ).toEqual([]);
  });
});

describe('the policy for new disks', () => {
  const world = (more: Partial<World> = {}): World => ({
    system: windowsHives('2008r2').system,
    machine: { disks: [diskOf(0), diskOf(1)] },
    ...more,
    facts: { sanPolicy: 2, ...more.facts },
  });

  it('of a server with data disks brings them online', async () => {
    const fixed = await fixWindows(sanPolicy, world());
    expect(fixed.whats).toEqual([
      'Windows brings all disks online that it meets for the first time (SAN policy 1; it was 2, shared disks offline).',
    ]);
    for (const set of ['ControlSet001', 'ControlSet002'])
      expect(await valueIn(fixed, `${set}\\Services\\partmgr\\Parameters`, 'SanPolicy')).toBe(1);
  });

  it('is made where there is none, and left where it is right', async () => {
    const policy = (SanPolicy: number | null): Uint8Array =>
      windowsHives('2008r2', { system: { 'CCS\\Services\\partmgr\\Parameters': { SanPolicy } } }).system;
    const none = await fixWindows(sanPolicy, world({ system: policy(null), facts: { sanPolicy: null } }));
    expect(none.whats).toEqual([
      'Windows brings all disks online that it meets for the first time (SAN policy 1).',
    ]);
    expect((await fixWindows(sanPolicy, world({ system: policy(1) }))).planned).toEqual([]);
  });

  it('of a cluster, a client, one disk and Server 2003 is left', async () => {
    const cluster = await fixWindows(sanPolicy, world({ facts: { roles: ['cluster'] } }));
    expect(cluster.whats).toEqual([]);
    expect(cluster.messages).toEqual([
      'The server is a node of a failover cluster, which decides itself which disks are online, so the policy for new disks is left as it is.',
    ]);
    expect((await fixWindows(sanPolicy, world({ machine: { disks: [diskOf(0)] } }))).planned).toEqual([]);
    expect((await fixWindows(sanPolicy, world({ facts: { installation: 'client' } }))).planned).toEqual([]);
    expect((await fixWindows(sanPolicy, world({ facts: { ntVersion: '5.2' } }))).planned).toEqual([]);
  });
});

const volume = (disk: number, partition: number): VolumeInfo => ({
  id: `disk${disk}p${partition}`,
  disk,
  partition,
  size: 1 << 30,
  type: 'ntfs',
  uuid: '',
  label: '',
  partUuid: '',
});

/** Server 2003 on the second partition of the first disk. */
const old = (more: Partial<World> = {}): World => ({
  system: windowsHives('2003').system,
  volumes: [volume(0, 1), volume(0, 2), volume(1, 1)],
  files: { '/boot.ini': BOOT_INI('WINDOWS', 2) },
  machine: { cpus: 2 },
  ...more,
  guest: { architecture: 'i686', ...more.guest },
  facts: {
    ntVersion: '5.2',
    systemRoot: '/WINDOWS',
    system32: '/WINDOWS/system32',
    hal: 'halmacpi.dll',
    ...more.facts,
  },
});

describe('the hardware layer of Server 2003 and XP', () => {
  it('for several processors is right for any number', async () => {
    for (const cpus of [1, 2, 4])
      expect((await fixWindows(hal, old({ machine: { cpus } }))).planned).toEqual([]);
  });

  it('for one processor is told of where the machine has more', async () => {
    const { messages, whats } = await fixWindows(hal, old({ facts: { hal: 'halaacpi.dll' } }));
    expect(messages).toEqual([
      'Windows was installed as "ACPI Uniprocessor PC" and uses one of the 2 processors of the virtual machine.',
    ]);
    expect(whats).toEqual([]);
    expect(
      (await fixWindows(hal, old({ facts: { hal: 'halaacpi.dll' }, machine: { cpus: 1 } }))).planned,
    ).toEqual([]);
  });

  it('gets a second boot entry where the pair for several processors is on the disk', async () => {
    const files = {
      '/boot.ini': BOOT_INI('WINDOWS', 2),
      '/WINDOWS/system32/HALMACPI.DLL': 'MZ',
      '/WINDOWS/system32/ntkrnlmp.exe': 'MZ',
    };
    const { whats, after } = await fixWindows(hal, old({ facts: { hal: 'halaacpi.dll' }, files }));
    expect(whats).toEqual([
      'The boot menu gets an entry that starts Windows with several processors (/boot.ini); the default stays as it is.',
    ]);
    expect(await after.readText('/boot.ini')).toBe(
      [
        '[boot loader]',
        'timeout=30',
        'default=multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS',
        '[operating systems]',
        'multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS="Windows" /noexecute=optin /fastdetect',
        'multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS="Windows (several processors)" /noexecute=optin /fastdetect /hal=halmacpi.dll /kernel=ntkrnlmp.exe',
        '',
      ].join('\r\n'),
    );
  });

  it('without ACPI, and one that is not known, are told of', async () => {
    const standard = await fixWindows(hal, old({ facts: { hal: 'hal.dll' }, machine: { cpus: 1 } }));
    expect(standard.messages).toEqual([
      'Windows was installed as "Standard PC", without ACPI: it cannot switch the virtual machine off, and may not start where the platform expects ACPI.',
    ]);
    const unknown = await fixWindows(hal, old({ facts: { hal: null } }));
    expect(unknown.messages).toEqual([
      'Which hardware abstraction layer this Windows has could not be told.',
    ]);
    const vendor = await fixWindows(hal, old({ facts: { hal: 'halborg.dll' } }));
    expect(vendor.messages).toEqual([
      'Which hardware abstraction layer this Windows has could not be told (halborg.dll).',
    ]);
    expect((await fixWindows(hal, old({ facts: { hal: 'constructor' } }))).codes).toEqual(['HAL_UNKNOWN']);
  });

  it('of a small disk under XP depends on how heads are counted', async () => {
    const small = { cpus: 1, disks: [diskOf(0, 2 * 2 ** 30)] };
    expect((await fixWindows(hal, old({ machine: small, facts: { ntVersion: '5.1' } }))).codes).toEqual([
      'SMALL_DISK_GEOMETRY',
    ]);
    expect((await fixWindows(hal, old({ machine: small }))).codes).toEqual([]);
  });

  it('of later and of 64-bit Windows is not looked at', async () => {
    expect((await fixWindows(hal, old({ facts: { ntVersion: '6.0', hal: null } }))).planned).toEqual([]);
    expect(
      (await fixWindows(hal, old({ guest: { architecture: 'x86_64' }, facts: { hal: null } }))).planned,
    ).toEqual([]);
  });
});

describe('boot.ini', () => {
  it('that leads to the Windows that is converted is left', async () => {
    expect((await fixWindows(bootStore, old())).planned).toEqual([]);
  });

  it('that needs the driver of the old controller goes by way of the BIOS', async () => {
    const line = 'signature(5cbea03e)disk(2)rdisk(0)partition(2)\\WINDOWS';
    const scsi = [
      '[boot loader]',
      'timeout=30',
      'default=scsi(0)disk(2)rdisk(0)partition(2)\\windows',
      '[operating systems]',
      'scsi(0)disk(2)rdisk(0)partition(2)\\WINDOWS="Windows Server 2003, \u00d6" /fastdetect',
      `${line}="Other" /debug`,
      'scsi(0)disk(3)rdisk(0)partition(1)\\WINNT="Windows 2000" /fastdetect',
      '',
    ].join('\r\n');
    const files = { '/boot.ini': Buffer.from(scsi, 'latin1') };
    const { whats, messages, after } = await fixWindows(bootStore, old({ files }));
    expect(whats).toEqual([
      'Windows is started by way of the BIOS instead of the driver of the old disk controller (/boot.ini).',
    ]);
    expect(messages).toEqual([]);
    expect(
      Buffer.from(await after.readFile('/boot.ini'))
        .toString('latin1')
        .split('\r\n')
        .slice(2),
    ).toEqual([
      'default=multi(0)disk(0)rdisk(0)partition(2)\\windows',
      '[operating systems]',
      'multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS="Windows Server 2003, \u00d6" /fastdetect',
      'multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS="Other" /debug',
      'scsi(0)disk(3)rdisk(0)partition(1)\\WINNT="Windows 2000" /fastdetect',
      '',
    ]);
  });

  it('that starts something else by default, or nothing, is told of', async () => {
    const told = async (content: string): Promise<string[]> =>
      (await fixWindows(bootStore, old({ files: { '/boot.ini': content } }))).messages;
    expect(await told(BOOT_INI('WINDOWS', 1))).toEqual([
      'By default boot.ini starts multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS, and the Windows that is being converted lies at multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS as the disks were given.',
    ]);
    expect(await told('[boot loader]\r\ntimeout=3\r\n')).toEqual([
      'The boot.ini of the server names no default Windows.',
    ]);
    expect(await told('[boot loader]\r\ndefault=C:\\CMDCONS\\BOOTSECT.DAT\r\n')).toEqual([
      'The default entry of boot.ini could not be understood: C:\\CMDCONS\\BOOTSECT.DAT',
    ]);
    expect((await fixWindows(bootStore, old({ files: {} }))).codes).toEqual(['BOOT_INI_MISSING']);
  });

  it('is found on the partition the BIOS starts, and logical drives come after primary ones', async () => {
    const world = old({
      files: {},
      boot: { '/Boot.ini': BOOT_INI('WINDOWS', 3) },
      volumes: [volume(0, 1), volume(0, 5), volume(0, 6)],
      guest: { mounts: [{ path: '/', volume: 'disk0p6', type: 'ntfs' }] },
    });
    expect((await fixWindows(bootStore, world)).planned).toEqual([]);
    // The second entry of a table whose first one is unused.
    for (const number of [1, 2]) {
      const files = { '/boot.ini': BOOT_INI('WINDOWS', number) };
      expect((await fixWindows(bootStore, old({ files, volumes: [volume(0, 2)] }))).planned).toEqual([]);
    }
  });

  it.each([
    [
      'multi(0)disk(0)rdisk(1)partition(3)\\WINNT',
      { syntax: 'multi', disk: 1, partition: 3, folder: '\\WINNT' },
    ],
    ['MULTI(0)DISK(0)RDISK(0)PARTITION(1)\\', { syntax: 'multi', disk: 0, partition: 1, folder: '\\' }],
    ['multi(0)disk(0)rdisk(99999)partition(1)\\W', null],
    ['multi(0)disk(0)', null],
    ['', null],
  ])('%j', (path, expected) => {
    expect(readArcPath(path)).toEqual(expected);
  });
});

describe('the loader that every UEFI firmware looks for', () => {
  const manager = portableExecutable('amd64', { originalName: 'bootmgr.exe', version: '10.0.17763.1' });
  const older = portableExecutable('amd64', { originalName: 'bootmgr.exe', version: '10.0.10240.1' });
  const world = (esp: World['esp']): World => ({
    system: windowsHives('2019').system,
    guest: { firmware: 'uefi' },
    ...(esp === undefined ? {} : { esp }),
  });
  const MICROSOFT = '/EFI/Microsoft/Boot/bootmgfw.efi';

  it('is made where it is missing, in the letters that are there', async () => {
    const none = await fixWindows(espFallback, world({ [MICROSOFT]: manager }));
    expect(none.whats).toEqual([
      'The folder /:esp/EFI/Boot is added to the EFI system partition.',
      'The boot manager of Windows is copied to /:esp/EFI/Boot/bootx64.efi.',
    ]);
    expect(await none.after.readFile('/:esp/EFI/Boot/bootx64.efi')).toEqual(new Uint8Array(manager));
    const folder = await fixWindows(espFallback, world({ [MICROSOFT]: manager, '/EFI/BOOT/x': '' }));
    expect(folder.whats).toEqual(['The boot manager of Windows is copied to /:esp/EFI/BOOT/bootx64.efi.']);
    const arm = await fixWindows(espFallback, {
      ...world({ [MICROSOFT]: manager }),
      guest: { firmware: 'uefi', architecture: 'aarch64' },
    });
    expect(arm.whats[1]).toBe('The boot manager of Windows is copied to /:esp/EFI/Boot/bootaa64.efi.');
  });

  it('is left where it is there, and renewed where it is of another version', async () => {
    const there = world({ [MICROSOFT]: manager, '/EFI/BOOT/BOOTX64.EFI': manager });
    expect((await fixWindows(espFallback, there)).planned).toEqual([]);
    const { whats, after } = await fixWindows(
      espFallback,
      world({ [MICROSOFT]: manager, '/EFI/BOOT/BOOTX64.EFI': older }),
    );
    expect(whats).toEqual([
      'The boot manager of Windows in /:esp/EFI/BOOT/BOOTX64.EFI, of another version, is replaced by the one the server starts with.',
    ]);
    expect(await after.readFile('/:esp/EFI/BOOT/BOOTX64.EFI')).toEqual(new Uint8Array(manager));
  });

  it('of somebody else is kept, also where it knows the path of Windows', async () => {
    const refind = Buffer.concat([
      Buffer.from(portableExecutable('amd64')),
      Buffer.from('EFI\\Microsoft\\Boot\\bootmgfw.efi', 'utf16le'),
    ]);
    const { whats, messages } = await fixWindows(
      espFallback,
      world({ [MICROSOFT]: manager, '/EFI/Boot/bootx64.efi': refind }),
    );
    expect(whats).toEqual([]);
    expect(messages).toEqual([
      'Another boot loader than that of Windows lies in /:esp/EFI/Boot/bootx64.efi and is kept, because somebody chose it; the virtual machine starts it first.',
    ]);
  });

  it('cannot be made without the boot manager, and is of no matter under BIOS', async () => {
    const sentence =
      'The boot manager of Windows was not found on the EFI system partition, so the firmware of the virtual machine may not find what to start.';
    for (const esp of [undefined, {}, { '/EFI/Boot/x': '' }, { [MICROSOFT]: { file: '', size: 64 << 20 } }])
      expect((await fixWindows(espFallback, world(esp))).messages).toEqual([sentence]);
    expect((await fixWindows(espFallback, { ...world({}), guest: { firmware: 'bios' } })).planned).toEqual(
      [],
    );
  });
});
