/** Each Windows as a physical server has it: what inspection must find out, written out by hand. */
import { describe, expect, test } from 'vitest';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import type { WindowsFacts } from '../../../../../migration-core/guest/windows/facts.ts';
import {
  windowsVolumes,
  WINDOWS_VERSION_IDS,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';

interface Expected {
  name: string;
  firmware: 'bios' | 'uefi';
  architecture: 'i686' | 'x86_64';
  nt: string;
  build: number;
  servicePack: string;
  installation: WindowsFacts['installation'];
  binding: WindowsFacts['bindingTable'];
  root: string;
  stores: readonly string[];
  controller: string;
}

const CDD = 'critical-device-database';
const DDB = 'driver-database';
const BIOS = {
  firmware: 'bios',
  architecture: 'x86_64',
  servicePack: '',
  root: '/Windows',
  stores: ['/:boot/Boot/BCD'],
} as const;
const UEFI = { ...BIOS, firmware: 'uefi', stores: ['/:esp/EFI/Microsoft/Boot/BCD'] } as const;
const OLD = { ...BIOS, architecture: 'i686', root: '/WINDOWS', stores: [] } as const;
const VISTA = { ...BIOS, servicePack: 'Service Pack 2', stores: ['/Boot/BCD'] } as const;
const SEVEN = { ...BIOS, servicePack: 'Service Pack 1' } as const;

const EXPECTED = {
  xp: {
    ...OLD,
    name: 'Microsoft Windows XP (build 2600)',
    nt: '5.1',
    build: 2600,
    servicePack: 'Service Pack 3',
    installation: 'client',
    binding: CDD,
    controller: 'HpCISSs2',
  },
  '2003': {
    ...OLD,
    name: 'Microsoft Windows Server 2003 R2 (build 3790)',
    nt: '5.2',
    build: 3790,
    servicePack: 'Service Pack 2',
    installation: 'server',
    binding: CDD,
    controller: 'HpCISSs2',
  },
  vista: {
    ...VISTA,
    name: 'Windows Vista (TM) Business (build 6002)',
    nt: '6.0',
    build: 6002,
    installation: 'client',
    binding: CDD,
    controller: 'HpCISSs2',
  },
  '2008': {
    ...VISTA,
    name: 'Windows Server (R) 2008 Standard (build 6002)',
    nt: '6.0',
    build: 6002,
    installation: 'server',
    binding: CDD,
    controller: 'HpCISSs2',
  },
  '7': {
    ...SEVEN,
    name: 'Windows 7 Professional (build 7601)',
    nt: '6.1',
    build: 7601,
    installation: 'client',
    binding: CDD,
    controller: 'HpSAMD',
  },
  '2008r2': {
    ...SEVEN,
    name: 'Windows Server 2008 R2 Standard (build 7601)',
    nt: '6.1',
    build: 7601,
    installation: 'server',
    binding: CDD,
    controller: 'HpSAMD',
  },
  '8': {
    ...BIOS,
    name: 'Windows 8 Pro (build 9200)',
    nt: '6.2',
    build: 9200,
    installation: 'client',
    binding: DDB,
    controller: 'HpSAMD',
  },
  '2012': {
    ...BIOS,
    name: 'Windows Server 2012 Standard (build 9200)',
    nt: '6.2',
    build: 9200,
    installation: 'server',
    binding: DDB,
    controller: 'HpSAMD',
  },
  '8.1': {
    ...BIOS,
    name: 'Windows 8.1 Pro (build 9600)',
    nt: '6.3',
    build: 9600,
    installation: 'client',
    binding: DDB,
    controller: 'HpSAMD',
  },
  '2012r2': {
    ...BIOS,
    name: 'Windows Server 2012 R2 Standard (build 9600)',
    nt: '6.3',
    build: 9600,
    installation: 'server',
    binding: DDB,
    controller: 'HpSAMD',
  },
  '10': {
    ...UEFI,
    name: 'Windows 10 Pro (build 19045)',
    nt: '10.0',
    build: 19045,
    installation: 'client',
    binding: DDB,
    controller: 'percsas3i',
  },
  '2016': {
    ...BIOS,
    name: 'Windows Server 2016 Standard (build 14393)',
    nt: '10.0',
    build: 14393,
    installation: 'server',
    binding: DDB,
    controller: 'percsas3i',
  },
  '2019': {
    ...UEFI,
    name: 'Windows Server 2019 Standard (build 17763)',
    nt: '10.0',
    build: 17763,
    installation: 'server',
    binding: DDB,
    controller: 'percsas3i',
  },
  '11': {
    ...UEFI,
    name: 'Windows 11 Pro (build 22631)',
    nt: '10.0',
    build: 22631,
    installation: 'client',
    binding: DDB,
    controller: 'percsas3i',
  },
  '2022': {
    ...UEFI,
    name: 'Windows Server 2022 Standard (build 20348)',
    nt: '10.0',
    build: 20348,
    installation: 'server',
    binding: DDB,
    controller: 'percsas3i',
  },
  '2025': {
    ...UEFI,
    name: 'Windows Server 2025 Standard (build 26100)',
    nt: '10.0',
    build: 26100,
    installation: 'server',
    binding: DDB,
    controller: 'percsas3i',
  },
} satisfies Record<WindowsVersionId, Expected>;

describe.each(WINDOWS_VERSION_IDS)('Windows %s', (version) => {
  const wanted: Expected = EXPECTED[version];

  test('is recognised with its boot volume, registry and devices', async () => {
    const { guest } = await inspectGuest(await windowsVolumes({ version, data: { '/shares/a.txt': 'a' } }));
    const windows = guest.windows!;
    expect(guest.os).toEqual({ id: 'windows', version, name: wanted.name, family: 'windows' });
    expect(guest).toMatchObject({
      architecture: wanted.architecture,
      firmware: wanted.firmware,
      hostName: 'FILESRV01',
      kernels: [],
      fstab: [],
      selinux: 'absent',
    });
    const old = wanted.root === '/WINDOWS';
    expect(windows).toMatchObject({
      ntVersion: wanted.nt,
      build: wanted.build,
      servicePack: wanted.servicePack,
      installation: wanted.installation,
      bindingTable: wanted.binding,
      systemRoot: wanted.root,
      system32: old ? '/WINDOWS/system32' : '/Windows/System32',
      systemDrive: 'C',
      hives: {
        system: old ? '/WINDOWS/system32/config/system' : '/Windows/System32/config/SYSTEM',
        software: old ? '/WINDOWS/system32/config/software' : '/Windows/System32/config/SOFTWARE',
        bootStores: wanted.stores,
      },
      controlSets: wanted.nt === '10.0' ? [1] : [1, 2],
      currentControlSet: 1,
      hal: old ? 'halmacpi.dll' : null,
      clockIsUtc: false,
      crashAutoReboot: true,
      pendingRestart: [],
      roles: [],
      teams: [],
    });
    expect(guest.bootLoaders).toEqual(
      old ? [{ kind: 'ntldr', files: ['/boot.ini'] }] : [{ kind: 'bootmgr', files: wanted.stores }],
    );
    const boot = wanted.stores[0]?.startsWith('/:') === true;
    expect(guest.mounts.map(({ path, volume }) => `${path} ${volume}`)).toEqual([
      '/ disk0p2',
      ...(boot ? [`${wanted.firmware === 'uefi' ? '/:esp' : '/:boot'} disk0p1`] : []),
      '/:D disk0p3',
    ]);
  });

  test('tells the chain from the disk to the board, and the drivers on it', async () => {
    const { windows } = (await inspectGuest(await windowsVolumes({ version }))).guest;
    const chain = windows!.storage.filter(({ bootCritical }) => bootCritical);
    expect(chain.map(({ service }) => service)).toEqual(['disk', wanted.controller, 'pci', 'pci']);
    expect(chain[1]!.classGuid).toBe('{4D36E97B-E325-11CE-BFC1-08002BE10318}');
    // The stick that was once in a USB port is not on the way.
    expect(windows!.storage.map(({ instance }) => instance).join()).not.toContain('USBSTOR');
    const service = windows!.services.find(({ name }) => name === wanted.controller)!;
    expect(service).toMatchObject({ type: 1, start: 0, startOverride: null });
    expect(service.file).toMatch(new RegExp(`^/Windows/System32/drivers/${wanted.controller}.sys$`, 'iu'));
  });

  test('keeps the settings of its cards', async () => {
    const { guest } = await inspectGuest(await windowsVolumes({ version }));
    const [fixed, asking, ...others] = guest.windows!.adapters;
    expect(others).toEqual([]);
    expect(fixed).toMatchObject({
      guid: '{58094C24-B1BD-4961-8C68-7C13F7A6213C}',
      description: 'Broadcom NetXtreme Gigabit Ethernet',
      service: 'b57nd60a',
      kind: 'physical',
      mac: null,
      dhcp: false,
      addresses: ['10.1.2.3/24', '10.1.2.4/24'],
      gateways: ['10.1.2.1'],
      dnsServers: ['10.1.2.10', '10.1.2.11'],
    });
    expect(asking).toMatchObject({ dhcp: true, addresses: [], gateways: [] });
    expect(guest.interfaces.map(({ name, addresses }) => [name, addresses])).toEqual(
      wanted.nt.startsWith('5.') || Number(wanted.nt) <= 6.1
        ? [
            ['Local Area Connection', ['10.1.2.3/24', '10.1.2.4/24']],
            ['Local Area Connection 2', ['dhcp']],
          ]
        : [
            ['Ethernet', ['10.1.2.3/24', '10.1.2.4/24']],
            ['Ethernet 2', ['dhcp']],
          ],
    );
  });
});
