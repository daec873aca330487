/** What registers a driver, on hives of each generation: every value, and what is left alone. */
import { describe, expect, test } from 'vitest';
import type { BootDriver } from '../../../../../migration-core/guest/windows/boot-driver.ts';
import { changeHive } from '../../../../../migration-core/guest/windows/guest-hive.ts';
import { registerBootDriver } from '../../../../../migration-core/guest/windows/storage/register.ts';
import { openHive, type Hive } from '../../../../../migration-core/registry/hive.ts';
import { binary, dword, expandText, text } from '../../../../../migration-core/registry/types.ts';
import { hiveOf, windowsHives, type Keys } from '../../../../support/windows-guest.ts';
import { factsOf } from './bench.ts';
import { changesAsLines } from './difference.ts';

const LEGACY = 'PCI\\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00';
const MODERN = 'PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01';
const SCSI = '{4D36E97B-E325-11CE-BFC1-08002BE10318}';

const VIOSTOR: BootDriver = {
  service: 'viostor',
  displayName: 'Red Hat VirtIO SCSI driver',
  type: 1,
  errorControl: 1,
  group: 'SCSI miniport',
  binary: 'viostor.sys',
  classGuid: SCSI,
  hardwareIds: [LEGACY, MODERN],
  package: { inf: 'viostor.inf', provider: 'Red Hat, Inc.', date: '2024-05-17', version: '100.95.104.26200' },
  values: [{ key: 'Parameters\\PnpInterface', name: '5', type: dword(1)[0], data: dword(1)[1] }],
};

/** Two control sets and the tables of `keys`. */
const withKeys = (keys: Keys): Uint8Array =>
  hiveOf({ Select: { Current: 1 }, ControlSet001: {}, ControlSet002: {} }, keys);

interface Registered {
  lines: string[];
  hive: Hive;
}

function register(system: Uint8Array, ntVersion: string, driver = VIOSTOR): Registered {
  const hive = openHive(system);
  const facts = factsOf(hive, ntVersion);
  const changes = registerBootDriver(facts, hive, driver);
  const lines = changesAsLines(hive, changes);
  for (const change of changes) changeHive(hive, change);
  expect(registerBootDriver(facts, hive, driver), 'a second time').toEqual([]);
  return { lines, hive };
}

const inBoth = (lines: string[]): string[] =>
  [1, 2].flatMap((set) => lines.map((line) => line.replace('CCS', `ControlSet00${set}`))).sort();

const SERVICE = [
  'CCS\\Services\\viostor\\@DisplayName = "Red Hat VirtIO SCSI driver|"',
  'CCS\\Services\\viostor\\@ErrorControl = 0x1',
  'CCS\\Services\\viostor\\@Group = "SCSI miniport|"',
  'CCS\\Services\\viostor\\@ImagePath = %"system32\\drivers\\viostor.sys|"',
  'CCS\\Services\\viostor\\@Start = 0x0',
  'CCS\\Services\\viostor\\@Type = 0x1',
  'CCS\\Services\\viostor\\Parameters\\PnpInterface\\@5 = 0x1',
];

describe('up to Windows 7', () => {
  test('a new driver gets its service and its critical devices in every control set', () => {
    const critical = (id: string): string[] => [
      `CCS\\Control\\CriticalDeviceDatabase\\${id}\\@ClassGUID = "${SCSI}|"`,
      `CCS\\Control\\CriticalDeviceDatabase\\${id}\\@Service = "viostor|"`,
    ];
    expect(register(withKeys({}), '6.1').lines).toEqual(
      inBoth([
        ...SERVICE,
        ...critical('pci#ven_1af4&dev_1001&subsys_00021af4&rev_00'),
        ...critical('pci#ven_1af4&dev_1042&subsys_11001af4&rev_01'),
      ]),
    );
  });

  test('what is there as it should be stays, in whatever letters', () => {
    const system = withKeys({
      'CCS\\Services\\VIOSTOR': {
        Type: 1,
        Start: 0,
        ErrorControl: 3,
        Group: 'Base',
        ImagePath: text('\\SystemRoot\\system32\\DRIVERS\\VioStor.sys'),
      },
      'CCS\\Services\\viostor\\Parameters\\PnpInterface': { '5': 1 },
      'CCS\\Control\\CriticalDeviceDatabase\\PCI#VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00': {
        Service: 'VIOSTOR',
        ClassGUID: SCSI.toLowerCase(),
        DriverPackageId: 'viostor.inf_amd64_neutral_0123456789abcdef',
      },
    });
    expect(register(system, '6.1', { ...VIOSTOR, hardwareIds: [LEGACY] }).lines).toEqual([]);
    // The boot loaders of XP and 2003 are given no \SystemRoot\.
    expect(register(system, '5.2', { ...VIOSTOR, hardwareIds: [LEGACY] }).lines).toEqual(
      inBoth([
        'CCS\\Services\\VIOSTOR\\@ImagePath = %"system32\\drivers\\viostor.sys|" (was "\\SystemRoot\\system32\\DRIVERS\\VioStor.sys|")',
      ]),
    );
  });

  test('a device bound to another driver is bound anew, without what belonged to that', () => {
    const system = withKeys({
      'ControlSet001\\Control\\CriticalDeviceDatabase\\PCI#VEN_1AF4&DEV_1001': {
        Service: 'other',
        ClassGUID: SCSI,
        DriverPackageId: 'other.inf_x86_neutral_0123456789abcdef',
        UpperFilters: ['otherfilter'],
      },
    });
    const { lines } = register(system, '6.1', { ...VIOSTOR, hardwareIds: ['PCI\\VEN_1AF4&DEV_1001'] });
    const entry = 'ControlSet001\\Control\\CriticalDeviceDatabase\\PCI#VEN_1AF4&DEV_1001\\@';
    expect(lines.filter((line) => line.includes('PCI#'))).toEqual([
      `${entry}DriverPackageId (gone)`,
      `${entry}Service = "viostor|" (was "other|")`,
      `${entry}UpperFilters (gone)`,
    ]);
  });

  test('Start values of every kind become 0, and paths that the loader does not understand are written anew', () => {
    const paths = [
      '\\??\\C:\\Windows\\system32\\drivers\\viostor.sys',
      '%SystemRoot%\\system32\\drivers\\viostor.sys',
      'system32\\drivers\\other.sys',
    ];
    for (const path of paths) {
      const system = withKeys({
        'ControlSet001\\Services\\viostor': {
          Type: 1,
          Start: text('0'),
          ErrorControl: 1,
          Group: 'Base',
          ImagePath: expandText(path),
        },
      });
      const { lines } = register(system, '6.1', { ...VIOSTOR, hardwareIds: [], values: [] });
      expect(lines.filter((line) => line.startsWith('ControlSet001'))).toEqual([
        'ControlSet001\\Services\\viostor\\@DisplayName = "Red Hat VirtIO SCSI driver|"',
        'ControlSet001\\Services\\viostor\\@Group = "SCSI miniport|" (was "Base|")',
        `ControlSet001\\Services\\viostor\\@ImagePath = %"system32\\drivers\\viostor.sys|" (was %"${path}|")`,
        'ControlSet001\\Services\\viostor\\@Start = 0x0 (was "0|")',
      ]);
    }
  });
});

describe('from Windows 8 on', () => {
  // Digits: the first 16 of the SHA-256 of INF, provider, date, version, service and processor, joined by NULs (by Python).
  const label = 'viostor.inf_amd64_ebe7a7ba4a08eb32';
  /** 00 FF, amd64, class, 2024-05-17 00:00 UTC as FILETIME, 100.95.104.26200 with the last part first. */
  const version =
    '00ff090000000000' +
    '7be9364d25e3ce11bfc108002be10318' +
    '00802129eda7da01' +
    '586668005f006400' +
    '0'.repeat(16);
  const database = [
    `DriverDatabase\\DeviceIds\\${LEGACY}\\@viostor.inf = [01ff0000]`,
    `DriverDatabase\\DeviceIds\\${MODERN}\\@viostor.inf = [01ff0000]`,
    `DriverDatabase\\DriverInfFiles\\viostor.inf\\@ = 7:"${label}||"`,
    `DriverDatabase\\DriverInfFiles\\viostor.inf\\@Active = "${label}|"`,
    'DriverDatabase\\DriverInfFiles\\viostor.inf\\@Configurations = 7:"viostor_Inst||"',
    `DriverDatabase\\DriverPackages\\${label}\\@Version = [${version}]`,
    `DriverDatabase\\DriverPackages\\${label}\\Configurations\\viostor_Inst\\@ConfigFlags = 0x0`,
    `DriverDatabase\\DriverPackages\\${label}\\Configurations\\viostor_Inst\\@Service = "viostor|"`,
    `DriverDatabase\\DriverPackages\\${label}\\Descriptors\\${LEGACY}\\@Configuration = "viostor_Inst|"`,
    `DriverDatabase\\DriverPackages\\${label}\\Descriptors\\${MODERN}\\@Configuration = "viostor_Inst|"`,
  ];

  test('a new driver gets its service in every control set and one package in the DriverDatabase', () => {
    const system = withKeys({ DriverDatabase: { Architecture: 9 } });
    expect(register(system, '10.0').lines).toEqual([...inBoth(SERVICE), ...database].sort());
  });

  test('the label and the version tell the processor', () => {
    const lines = (system: Uint8Array): string[] =>
      register(system, '6.3').lines.filter((line) => line.includes('@Version'));
    const x86 = withKeys({ DriverDatabase: { Architecture: 0 } });
    expect(lines(x86)[0]).toMatch(/viostor\.inf_x86_[0-9a-f]{16}\\@Version = \[00ff000000000000/u);
    const said = withKeys({
      DriverDatabase: {},
      'CCS\\Control\\Session Manager\\Environment': { PROCESSOR_ARCHITECTURE: 'ARM64' },
    });
    expect(lines(said)[0]).toMatch(/viostor\.inf_arm64_[0-9a-f]{16}\\@Version = \[00ff0c0000000000/u);
  });

  test('another version of a package has another label, the same one always the same', () => {
    const labelOf = (driver: BootDriver): string =>
      register(withKeys({ DriverDatabase: {} }), '10.0', driver)
        .lines.find((line) => line.includes('@Active'))!
        .split('"')[1]!;
    const other = { ...VIOSTOR, package: { ...VIOSTOR.package!, version: '100.95.104.26201' } };
    expect(labelOf(VIOSTOR)).toBe(`${label}|`);
    expect(labelOf(other)).not.toBe(`${label}|`);
  });

  test('a package that was staged and never bound is completed under its own names', () => {
    const staged = 'viostor.inf_amd64_9e7bfe6e33172952';
    const system = withKeys({
      'DriverDatabase\\DriverInfFiles\\oem5.inf': { '': [staged], Active: staged },
      [`DriverDatabase\\DriverPackages\\${staged}`]: { '': 'oem5.inf', Version: binary(new Uint8Array(48)) },
      [`DriverDatabase\\DeviceIds\\${LEGACY}`]: { 'oem5.inf': binary(Uint8Array.of(1, 255, 0, 0)) },
    });
    const { lines } = register(system, '10.0');
    expect(lines.filter((line) => line.startsWith('Driver'))).toEqual([
      `DriverDatabase\\DeviceIds\\${MODERN}\\@oem5.inf = [01ff0000]`,
      'DriverDatabase\\DriverInfFiles\\oem5.inf\\@Configurations = 7:"viostor_Inst||"',
      `DriverDatabase\\DriverPackages\\${staged}\\Configurations\\viostor_Inst\\@ConfigFlags = 0x0`,
      `DriverDatabase\\DriverPackages\\${staged}\\Configurations\\viostor_Inst\\@Service = "viostor|"`,
      `DriverDatabase\\DriverPackages\\${staged}\\Descriptors\\${LEGACY}\\@Configuration = "viostor_Inst|"`,
      `DriverDatabase\\DriverPackages\\${staged}\\Descriptors\\${MODERN}\\@Configuration = "viostor_Inst|"`,
    ]);
  });

  test('a package in force under another name binds the driver: nothing is added to the database', () => {
    const real = 'viostor.inf_amd64_9e7bfe6e33172952';
    const system = withKeys({
      'CCS\\Services\\viostor\\StartOverride': { '0': 3 },
      'DriverDatabase\\DriverInfFiles\\oem5.inf': {
        '': [real],
        Active: real,
        Configurations: ['rhelscsi_inst'],
      },
      [`DriverDatabase\\DriverPackages\\${real}\\Configurations\\rhelscsi_inst`]: { Service: 'viostor' },
      [`DriverDatabase\\DriverPackages\\${real}\\Descriptors\\${LEGACY}`]: { Configuration: 'rhelscsi_inst' },
      [`DriverDatabase\\DeviceIds\\${LEGACY}`]: { 'oem5.inf': binary(Uint8Array.of(1, 255, 0, 0)) },
    });
    const { lines, hive } = register(system, '10.0', { ...VIOSTOR, hardwareIds: [LEGACY] });
    expect(lines).toEqual(
      inBoth([...SERVICE, '- CCS\\Services\\viostor\\StartOverride']).sort((a, b) => (a < b ? -1 : 1)),
    );
    expect(hive.find('ControlSet002\\Services\\viostor\\StartOverride')).toBeUndefined();
  });

  test.each(['8', '2012r2', '10', '2016', '2019', '2022', '2025', '11'] as const)(
    'Windows %s as setup leaves it',
    (version) => {
      const nt = { '8': '6.2', '2012r2': '6.3' }[version as string] ?? '10.0';
      const { lines } = register(windowsHives(version).system, nt);
      expect(lines.filter((line) => line.startsWith('Driver'))).toEqual(database);
    },
  );
});

describe('what is no driver', () => {
  test.each([
    ['a\\b', 'viostor.sys'],
    ['', 'viostor.sys'],
    ['viostor', '..\\evil.sys'],
    ['viostor', 'x'.repeat(300)],
  ])('service "%s" with the file "%s" is refused', (service, file) => {
    const hive = openHive(withKeys({}));
    expect(() =>
      registerBootDriver(factsOf(hive, '6.1'), hive, { ...VIOSTOR, service, binary: file }),
    ).toThrow('cannot be registered: that is no name of a service or file.');
  });

  test('IDs that no device has are left out, and each is entered once', () => {
    const odd = ['', '\\', 'PCI\\\\X', 'a'.repeat(500), 'PCI\\A', 'pci\\a', '*PNP0600'];
    const { lines } = register(withKeys({}), '6.1', { ...VIOSTOR, hardwareIds: odd });
    const keys = lines.filter((line) => line.endsWith('= "viostor|"')).map((line) => line.split('\\')[3]);
    expect([...new Set(keys)]).toEqual(['*pnp0600', 'pci#a']);
  });

  test('dates and versions that are none become zeros', () => {
    const pack = { inf: 'x y?.inf', provider: '', date: '17.05.2024', version: '1.2.3.4.5' };
    const { lines } = register(withKeys({ DriverDatabase: {} }), '10.0', { ...VIOSTOR, package: pack });
    const version = lines.find((line) => line.includes('@Version'))!;
    expect(version).toMatch(/x_y_\.inf_amd64_[0-9a-f]{16}\\@Version = \[00ff0900.{40}0{48}\]$/u);
  });
});
