/** A Windows in lines for people. */
import { expect, test } from 'vitest';
import { inspectGuest } from '../../../../migration-core/guest/inspect.ts';
import { describeWindows, placeOf } from '../../../../migration-core/guest/windows/describe.ts';
import { debianGuest } from '../../../support/linux-guests.ts';
import { windowsVolumes } from '../../../support/windows-guest.ts';

test('what is known of a server, without lines that say nothing', async () => {
  const service = { Type: 0x10, Start: 2, ImagePath: 'C:\\x.exe' };
  const { guest } = await inspectGuest(
    await windowsVolumes({
      version: '2022',
      data: { '/a': 'a' },
      system: {
        'CCS\\Services\\MSSQLSERVER': service,
        'CCS\\Services\\W3SVC': service,
        'CCS\\Control\\TimeZoneInformation': { RealTimeIsUniversal: 1 },
      },
      software: {
        'Microsoft\\Windows NT\\CurrentVersion': {
          InstallationType: 'Server Core',
          ProductId: '00377-OEM-1234567-12345',
        },
        'Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired': {},
      },
    }),
  );
  expect(describeWindows(guest.windows!).map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'Version: NT 10.0, build 20348',
    'Edition: ServerStandard, server without desktop (Server Core)',
    'Folder: C:\\Windows',
    'Roles: SQL Server and web server (IIS)',
    'Disk controllers: PERC H730 Mini (percsas3i)',
    'Licence: OEM, bound to this hardware',
    'Hardware clock: in UTC',
    'Waits for a restart: Windows Update wants a restart',
  ]);
  expect(['disk0p1', 'disk0p2', 'disk0p3', 'disk0p9'].map((id) => placeOf(guest, id))).toEqual([
    'EFI system partition',
    'C:',
    'D:',
    null,
  ]);
});

test('an old one', async () => {
  const { guest } = await inspectGuest(await windowsVolumes({ version: '2003' }));
  expect(describeWindows(guest.windows!).map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'Version: NT 5.2, build 3790, Service Pack 2',
    'Edition: server',
    'Folder: C:\\WINDOWS',
    'Disk controllers: Smart Array P410i Controller (HpCISSs2)',
    'HAL: halmacpi.dll',
    'Hardware clock: in local time',
  ]);
  const system = await inspectGuest(await windowsVolumes({ version: '2012' }));
  expect(placeOf(system.guest, 'disk0p1')).toBe('boot loader');
});

test('of a Linux the path of the mount', async () => {
  const { guest } = await inspectGuest(debianGuest());
  expect(placeOf(guest, guest.mounts[0]!.volume)).toBe('/');
});
