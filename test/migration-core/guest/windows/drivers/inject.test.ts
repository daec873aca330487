/** Driver packages put into Windows guests of every version: files, registry, the step of the first start, and what is told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { dword, expandText } from '../../../../../migration-core/registry/types.ts';
import { writeFiles, type Packages } from '../../../../support/driver-folder.ts';
import { infText, packageFiles } from '../../../../support/driver-packages.ts';
import type { FixedWindows, WindowsContextOptions } from '../../../../support/fix-windows.ts';
import {
  WINDOWS_VERSIONS,
  WINDOWS_VERSION_IDS,
  windowsHives,
  type WindowsGuestOptions,
} from '../../../../support/windows-guest.ts';
import { changesOf, inject, sourceForAll, step, writes } from './injected.ts';

const virtio = sourceForAll();

describe('every Windows', () => {
  it.each(WINDOWS_VERSION_IDS)('%s gets all drivers, whole and registered', async (id) => {
    const version = WINDOWS_VERSIONS[id];
    const fixed = await inject({ version: id }, virtio);
    const root = `/${version.folder}`;
    const written = writes(fixed);
    for (const name of ['viostor', 'netkvm'])
      for (const ending of ['inf', 'cat', 'sys'])
        expect(written, `${name}.${ending}`).toContain(`${root}/Ironlift/Drivers/${name}/${name}.${ending}`);
    // Drivers of disks are where the boot loader reads them; the others are installed by Windows.
    const system = written.filter((path) => /system32/iu.test(path));
    expect(system.map((path) => path.toLowerCase())).toEqual([
      `${root}/system32/drivers/viostor.sys`.toLowerCase(),
    ]);
    const changes = changesOf(fixed.edits, /^The driver viostor starts with Windows/u);
    const sets = version.nt === '10.0' ? ['ControlSet001'] : ['ControlSet001', 'ControlSet002'];
    for (const set of sets)
      expect(changes).toContain(`${set}\\Services\\viostor\\Start = REG_DWORD 00000000`);
    expect(changes.some((line) => line.startsWith('DriverDatabase'))).toBe(version.binding === 'ddb');
    expect(changes.some((line) => line.includes('CriticalDeviceDatabase'))).toBe(version.binding === 'cdd');
    expect(changesOf(fixed.edits, /DevicePath/u)).toEqual([
      `Microsoft\\Windows\\CurrentVersion\\DevicePath = REG_EXPAND_SZ %SystemRoot%\\inf;${[
        'netkvm',
        'viostor',
      ]
        .map((name) => `%SystemRoot%\\Ironlift\\Drivers\\${name}`)
        .join(';')}`,
    ]);
    const lines = step(fixed);
    if (version.nt.startsWith('5.')) expect(lines).toBeNull();
    else
      expect(lines).toContain(
        version.build >= 14393
          ? '"%SystemRoot%\\System32\\pnputil.exe" /add-driver "%SystemRoot%\\Ironlift\\Drivers\\netkvm\\netkvm.inf" /install'
          : '"%SystemRoot%\\System32\\pnputil.exe" -i -a "%SystemRoot%\\Ironlift\\Drivers\\netkvm\\netkvm.inf"',
      );
    expect(fixed.findings.filter(({ code }) => code !== 'DRIVER_SIGNATURE')).toEqual([]);
  });
});

it('makes a folder once that an INF spells in two ways', async () => {
  const inf = infText({ name: 'netkvm', architecture: 'amd64' })
    .replace('netkvm.sys = 1,,', 'netkvm.sys = 1,Amd64\r\nnetkvm2.dll = 1,AMD64')
    .replace('netkvm.sys,,,2', 'netkvm.sys,,,2\r\nnetkvm2.dll,,,2');
  const files = packageFiles({ name: 'netkvm', architecture: 'amd64' });
  const root = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
  try {
    await writeFiles(root, {
      'netkvm.inf': inf,
      'netkvm.cat': files['netkvm.cat']!,
      'amd64/netkvm.sys': files['netkvm.sys']!,
      'amd64/netkvm2.dll': files['netkvm.sys']!,
    });
    const written = writes(await inject({ version: '2022' }, root));
    expect(written.filter((path) => /Drivers\/netkvm\/amd64/iu.test(path))).toEqual([
      '/Windows/Ironlift/Drivers/netkvm/Amd64/netkvm.sys',
      '/Windows/Ironlift/Drivers/netkvm/Amd64/netkvm2.dll',
    ]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

it('refuses where the driver of the disk cannot be entered in the set that starts, and only there', async () => {
  const { system } = windowsHives('7');
  const withoutSecurity = (set: string): Uint8Array => {
    const bytes = Uint8Array.from(system);
    const { cell } = openHive(bytes).key(`${set}\\Services`);
    // Offset of the security in the record of the key: 4 of the cell's size and 44.
    new DataView(bytes.buffer).setUint32(0x1000 + cell + 4 + 44, 0x00fffff0, true);
    return bytes;
  };
  const told = async (set: string, buses: WindowsContextOptions['buses']): Promise<string[]> => {
    const guest: WindowsGuestOptions = { version: '7', hives: { system: withoutSecurity(set) } };
    const { findings } = await inject(guest, STORAGE_ONLY, { buses: buses ?? [] });
    return findings.flatMap(({ code, severity, message }) =>
      code === 'REGISTRY_PART_DAMAGED' && message.includes(`${set}\\Services\\viostor`)
        ? [`${severity}: ${message.split(':')[0]!}`]
        : [],
    );
  };
  const key = 'ControlSet001\\Services\\viostor';
  expect(await told('ControlSet001', ['virtio-blk'])).toContain(
    `blocker: The registry key ${key} cannot be changed, because the registry of the server is damaged there, and the new machine would not start without the change`,
  );
  const left = (one: string): string =>
    `warning: A change of the registry key ${one} was left out, because the registry of the server is damaged there`;
  expect(new Set(await told('ControlSet002', ['virtio-blk']))).toContain(left(key.replace('1', '2')));
  expect(await told('ControlSet002', ['virtio-blk'])).not.toContainEqual(expect.stringMatching(/^blocker/u));
  // The disk is reached by another driver.
  const spare = await told('ControlSet001', ['ide']);
  expect(spare).toContain(left(key));
  expect(spare).not.toContainEqual(expect.stringMatching(/^blocker/u));
});

describe('an INF with settings that no registry takes is used without them', () => {
  const parameters = 'HKR, "Parameters\\PnpInterface"';
  it.each([
    ['a number of more than 32 bits', 'ServiceType = %SERVICE_KERNEL_DRIVER%', 'ServiceType = 9999999999'],
    ['keys that lie too deep', parameters, `HKR, "${'a\\'.repeat(1500)}b"`],
    ['a name of a key that is too long', parameters, `HKR, "${'k'.repeat(300)}"`],
    ['a NUL in the name of a key', parameters, 'HKR, "a\0b"'],
    ['a NUL in the name of a value', `${parameters}, "5"`, 'HKR, "Parameters", "v\0w"'],
  ])('%s', async (_, old, other) => {
    const text = infText({ name: 'viostor', architecture: 'amd64' });
    expect(text).toContain(old);
    const files = packageFiles({ name: 'viostor', architecture: 'amd64' });
    const root = await mkdtemp(join(tmpdir(), 'ironlift-test-'));
    try {
      const bytes = Buffer.from(`\ufeff${text.replace(old, () => other)}`, 'utf16le');
      await writeFiles(root, { ...files, 'viostor.inf': bytes });
      const { findings, edits } = await inject({ version: '2022' }, root);
      expect(findings).toEqual([]);
      const changes = changesOf(edits, /^The driver viostor starts with Windows/u).join('\n');
      expect(changes).toContain('ControlSet001\\Services\\viostor\\Type = REG_DWORD 01000000');
      expect(changes).toContain('viostor\\Parameters\\BusType = ');
      expect(changes).not.toMatch(/\0|kkkk|a\\a/u);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});

const STORAGE_ONLY: Packages = { v: { name: 'viostor', architecture: 'amd64' } };
const SHORT = ['pci#ven_1af4&dev_1001', 'pci#ven_1af4&dev_1042'];
const FULL = ['pci#ven_1af4&dev_1001&subsys_00021af4&rev_00', 'pci#ven_1af4&dev_1042&subsys_11001af4&rev_01'];
const SCSI_CLASS = '{4D36E97B-E325-11CE-BFC1-08002BE10318}';

describe('the registry', () => {
  it('of Windows 7: service and critical devices, in both control sets, and nothing else', async () => {
    const fixed = await inject(
      { version: '7' },
      { v: { name: 'viostor', architecture: 'amd64', digest: 'sha1' } },
    );
    const expected = ['ControlSet001', 'ControlSet002'].flatMap((set) => [
      `${set}\\Services\\viostor\\Type = REG_DWORD 01000000`,
      `${set}\\Services\\viostor\\Start = REG_DWORD 00000000`,
      `${set}\\Services\\viostor\\ErrorControl = REG_DWORD 01000000`,
      `${set}\\Services\\viostor\\Group = REG_SZ SCSI miniport`,
      `${set}\\Services\\viostor\\DisplayName = REG_SZ Example VirtIO SCSI controller`,
      `${set}\\Services\\viostor\\ImagePath = REG_EXPAND_SZ system32\\drivers\\viostor.sys`,
      `${set}\\Services\\viostor\\Parameters\\PnpInterface\\5 = REG_DWORD 01000000`,
      `${set}\\Services\\viostor\\Parameters\\BusType = REG_DWORD 01000000`,
      ...[...FULL, ...SHORT].flatMap((id) => [
        `${set}\\Control\\CriticalDeviceDatabase\\${id}\\Service = REG_SZ viostor`,
        `${set}\\Control\\CriticalDeviceDatabase\\${id}\\ClassGUID = REG_SZ ${SCSI_CLASS}`,
      ]),
    ]);
    expect(changesOf(fixed.edits, /^The driver viostor/u).sort()).toEqual(expected.sort());
    expect(fixed.edits.filter(({ action }) => action.kind === 'registry')).toHaveLength(2);
    expect(fixed.findings).toEqual([]);
  });

  it('of Server 2022: service and the driver database, under a label like that of the driver store', async () => {
    const fixed = await inject({ version: '2022' }, STORAGE_ONLY);
    const changes = changesOf(fixed.edits, /^The driver viostor/u);
    const label = /DriverPackages\\(viostor\.inf_amd64_[0-9a-f]{16})\\/u.exec(changes.join('\n'))?.[1] ?? '';
    const shown = changes.map((line) => line.replaceAll(label, 'LABEL'));
    const ids = [
      'PCI\\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00',
      'PCI\\VEN_1AF4&DEV_1001',
      'PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01',
      'PCI\\VEN_1AF4&DEV_1042',
    ];
    const configuration = /Configurations = REG_MULTI_SZ (.*)/u.exec(shown.join('\n'))?.[1] ?? '';
    // 2024-07-28 as FILETIME, version 100.95.104.26200 with its highest part last.
    const version = [
      '00ff090000000000',
      '7be9364d25e3ce11bfc108002be10318',
      '0080df1681e0da01',
      '586668005f006400',
      '0000000000000000',
    ].join('');
    expect(shown.sort()).toEqual(
      [
        'ControlSet001\\Services\\viostor\\Type = REG_DWORD 01000000',
        'ControlSet001\\Services\\viostor\\Start = REG_DWORD 00000000',
        'ControlSet001\\Services\\viostor\\ErrorControl = REG_DWORD 01000000',
        'ControlSet001\\Services\\viostor\\Group = REG_SZ SCSI miniport',
        'ControlSet001\\Services\\viostor\\DisplayName = REG_SZ Example VirtIO SCSI controller',
        'ControlSet001\\Services\\viostor\\ImagePath = REG_EXPAND_SZ system32\\drivers\\viostor.sys',
        'ControlSet001\\Services\\viostor\\Parameters\\PnpInterface\\5 = REG_DWORD 01000000',
        'ControlSet001\\Services\\viostor\\Parameters\\BusType = REG_DWORD 01000000',
        'DriverDatabase\\DriverInfFiles\\viostor.inf\\ = REG_MULTI_SZ LABEL',
        'DriverDatabase\\DriverInfFiles\\viostor.inf\\Active = REG_SZ LABEL',
        `DriverDatabase\\DriverInfFiles\\viostor.inf\\Configurations = REG_MULTI_SZ ${configuration}`,
        `DriverDatabase\\DriverPackages\\LABEL\\Version = REG_BINARY ${version}`,
        `DriverDatabase\\DriverPackages\\LABEL\\Configurations\\${configuration}\\ConfigFlags = REG_DWORD 00000000`,
        `DriverDatabase\\DriverPackages\\LABEL\\Configurations\\${configuration}\\Service = REG_SZ viostor`,
        ...ids.flatMap((id) => [
          `DriverDatabase\\DeviceIds\\${id}\\viostor.inf = REG_BINARY 01ff0000`,
          `DriverDatabase\\DriverPackages\\LABEL\\Descriptors\\${id}\\Configuration = REG_SZ ${configuration}`,
        ]),
      ].sort(),
    );
  });

  it('keeps what is in DevicePath, and makes it where it is missing or no text', async () => {
    const path = (fixed: FixedWindows): string =>
      changesOf(fixed.edits, /DevicePath/u)[0]!.split('REG_EXPAND_SZ ')[1]!;
    const key = 'Microsoft\\Windows\\CurrentVersion';
    const own = '%SystemRoot%\\Ironlift\\Drivers\\viostor';
    const withPath = (value: Parameters<typeof expandText>[0]): Promise<FixedWindows> =>
      inject({ version: '2022', software: { [key]: { DevicePath: expandText(value) } } }, STORAGE_ONLY);
    expect(path(await withPath('%SystemRoot%\\inf;D:\\Drivers;'))).toBe(
      `%SystemRoot%\\inf;D:\\Drivers;${own}`,
    );
    expect(
      path(await inject({ version: '2022', software: { [key]: { DevicePath: dword(7) } } }, STORAGE_ONLY)),
    ).toBe(`%SystemRoot%\\inf;${own}`);
    const long = await withPath(`%SystemRoot%\\inf;${'C:\\x;'.repeat(500)}`);
    expect(long.edits.some(({ what }) => what.includes('DevicePath'))).toBe(false);
    expect(long.findings.map(({ message }) => message)).toEqual([
      'The list of folders in which Windows looks for drivers (DevicePath) is too long for 1 more.',
    ]);
  });
});

it('the step of the first start installs each package and says what came of it', async () => {
  const fixed = await inject(
    { version: '2019' },
    { v: { name: 'viostor', architecture: 'amd64' }, n: { name: 'netkvm', architecture: 'amd64' } },
  );
  const pnputil = '"%SystemRoot%\\System32\\pnputil.exe"';
  const after = [
    'set code=%errorlevel%',
    'if %code%==259 set code=0',
    'if %code%==3010 if not %result%==0 set code=0',
    'if not %code%==0 set result=%code%',
  ];
  expect(step(fixed)).toEqual([
    '@echo off',
    'set result=0',
    `${pnputil} /add-driver "%SystemRoot%\\Ironlift\\Drivers\\netkvm\\netkvm.inf" /install`,
    ...after,
    `${pnputil} /add-driver "%SystemRoot%\\Ironlift\\Drivers\\viostor\\viostor.inf" /install`,
    ...after,
    'exit /b %result%',
    '',
  ]);
});

describe('files that are there already', () => {
  const there = (version: string, name = 'VioStor.SYS'): WindowsGuestOptions => ({
    version: '2022',
    files: {
      [`/Windows/System32/drivers/${name}`]: packageFiles({
        name: 'viostor',
        architecture: 'amd64',
        fileVersion: version,
      })['viostor.sys']!,
    },
  });

  it('stay where they are newer, and the driver is registered all the same', async () => {
    const fixed = await inject(there('101.0.0.0'), STORAGE_ONLY);
    expect(writes(fixed).filter((path) => path.includes('System32'))).toEqual([]);
    expect(fixed.findings).toEqual([
      {
        severity: 'info',
        code: 'DRIVER_NEWER_IN_GUEST',
        message:
          'C:\\Windows\\System32\\drivers\\VioStor.SYS is left as it is: its version 101.0.0.0 is newer than 100.95.104.26200 in the driver source.',
      },
    ]);
    expect(changesOf(fixed.edits, /^The driver viostor/u).length).toBeGreaterThan(10);
  });

  it('are replaced where they are older, in the letters they have, or tell no version', async () => {
    for (const version of ['100.95.104.26199', '99.255.0.0']) {
      const fixed = await inject(there(version), STORAGE_ONLY);
      expect(writes(fixed)[0]).toBe('/Windows/System32/drivers/VioStor.SYS');
      expect(fixed.edits[0]?.what).toBe(
        'viostor.sys is replaced (C:\\Windows\\System32\\drivers\\VioStor.SYS).',
      );
    }
    const text = await inject(
      { version: '2022', files: { '/Windows/System32/drivers/viostor.sys': 'no program' } },
      STORAGE_ONLY,
    );
    expect(text.edits[0]?.what).toContain('viostor.sys is replaced');
  });
});
