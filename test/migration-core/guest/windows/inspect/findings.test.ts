/** What is told of a Windows, and facts that only some servers have. */
import { describe, expect, test } from 'vitest';
import { IronliftError } from '../../../../../migration-core/base/errors.ts';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import { expandText, qword, text } from '../../../../../migration-core/registry/types.ts';
import { volume } from '../../../../support/linux-guests.ts';
import {
  NIC_GUIDS,
  portableExecutable,
  windowsVolumes,
  type Keys,
} from '../../../../support/windows-guest.ts';
import { CURRENT, factsOf, told } from './windows-told.ts';

const NET = 'CCS\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}';

describe('roles', () => {
  const service = (name: string, start = 2): Keys => ({
    [`CCS\\Services\\${name}`]: { Type: 0x10, Start: start, ImagePath: `C:\\x\\${name}.exe` },
  });

  test('a domain controller, a cluster node and a Hyper-V host are warned of', async () => {
    const system = {
      ...service('ClusSvc'),
      ...service('vmms'),
      'CCS\\Control\\ProductOptions': { ProductType: 'LanmanNT' },
    };
    expect((await factsOf({ system })).roles).toEqual(['domain-controller', 'cluster', 'hyper-v']);
    const found = await told({ system });
    expect(found['WINDOWS_DOMAIN_CONTROLLER']).toBe(
      'This server is a domain controller; a copy that starts while the original or a newer state of it is in use damages the directory.',
    );
    expect(found['WINDOWS_CLUSTER']).toBe(
      'This server is a node of a Windows failover cluster; its shared disks and its heartbeat do not come along.',
    );
    expect(found['WINDOWS_HYPER_V']).toBe(
      'This server is a Hyper-V host; its own virtual machines would run inside a virtual machine.',
    );
  });

  test('others are named; disabled services are not', async () => {
    const system = {
      ...service('MSSQL$ERP'),
      ...service('W3SVC'),
      ...service('DNS', 4),
      ...service('CertSvc', 3),
    };
    expect((await factsOf({ system })).roles).toEqual(['sql-server', 'web-server', 'certificate-authority']);
  });
});

describe('licence', () => {
  const keyType = (type: string): Keys => {
    const data = Buffer.alloc(0x4f8);
    data.write(type, 0x3f8, 'utf16le');
    return { [CURRENT]: { DigitalProductId4: [3, data] } };
  };

  test.each([
    ['OEM:SLP', 'oem'],
    ['OEM:DM', 'oem'],
    ['Volume:GVLK', 'kms'],
    ['Volume:MAK', 'volume'],
    ['Retail', 'retail'],
    ['Retail:TB:Eval', 'evaluation'],
    ['Something', 'unknown'],
  ])('a key of the type %s', async (type, channel) => {
    const { activation } = await factsOf({ software: keyType(type) });
    expect(activation.channel).toBe(channel);
    if (channel !== 'unknown') expect(activation.evidence).toBe(`a product key of the type ${type}`);
  });

  test('OEM is warned of, also where only the product ID tells', async () => {
    const software = { [CURRENT]: { ProductId: '55274-OEM-2211906-00102' } };
    expect((await told({ version: 'xp', software }))['WINDOWS_OEM_LICENCE']).toBe(
      'This Windows is licensed with its hardware (OEM: the product ID 55274-OEM-2211906-00102); it will ask for activation on the virtual machine.',
    );
  });

  test('an evaluation by its edition', async () => {
    const software = { [CURRENT]: { EditionID: 'ServerStandardEval' } };
    expect((await told({ software }))['WINDOWS_EVALUATION']).toBe(
      'This Windows is an evaluation copy (the edition ServerStandardEval), which shuts itself down when its time is over.',
    );
  });
});

describe('state', () => {
  test('what waits for a restart', async () => {
    const pending = Buffer.from('\\??\\C:\\x.tmp\0\0\\??\\C:\\y.tmp\0\0\0', 'utf16le');
    const options = {
      system: { 'CCS\\Control\\Session Manager': { PendingFileRenameOperations: [7, pending] } } as Keys,
      software: {
        'Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending': {},
        'Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired': {},
      },
      files: { '/Windows/WinSxS/pending.xml': '<x/>' },
    };
    expect((await told(options))['WINDOWS_PENDING_RESTART']).toBe(
      'This Windows waits for a restart: files in use are to be replaced at the next start, updates of Windows itself wait for a restart, Windows Update wants a restart and a list of changes to Windows (pending.xml) is to be carried out.',
    );
  });

  test('clock, SAN policy, automatic restart, Fast Startup', async () => {
    const facts = await factsOf({
      version: '10',
      system: {
        'CCS\\Control\\TimeZoneInformation': { RealTimeIsUniversal: qword(1n) },
        'CCS\\Services\\partmgr\\Parameters': { SanPolicy: 3 },
        'CCS\\Control\\CrashControl': { AutoReboot: 0 },
      },
    });
    expect(facts).toMatchObject({
      clockIsUtc: true,
      sanPolicy: 3,
      crashAutoReboot: false,
      fastStartup: true,
      hibernation: true,
    });
    expect(await factsOf({ system: { 'CCS\\Control\\CrashControl': null } })).toMatchObject({
      crashAutoReboot: null,
      fastStartup: false,
      hibernation: false,
    });
  });

  test('a policy against new devices', async () => {
    const software = { 'Policies\\Microsoft\\Windows\\DeviceInstall\\Restrictions': { DenyUnspecified: 1 } };
    expect((await told({ software }))['WINDOWS_INSTALLATION_RESTRICTED']).toBe(
      'On this server a policy forbids the installation of devices that it does not name, so drivers of the virtual machine may not be installed at its first start.',
    );
  });

  test('the update for SHA-2, where it matters', async () => {
    const packages = 'Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages';
    expect((await told({ version: '2008r2' }))['WINDOWS_NO_SHA2']).toBe(
      'The update with which this Windows accepts drivers signed with SHA-2 (KB3033929) was not found, and newer drivers are signed with nothing else.',
    );
    const software = { [`${packages}\\Package_for_KB3033929~31bf3856ad364e35~amd64~~6.1.1.1`]: {} };
    expect((await told({ version: '2008r2', software }))['WINDOWS_NO_SHA2']).toBeUndefined();
    expect((await told({ version: '2012' }))['WINDOWS_NO_SHA2']).toBeUndefined();
  });

  test('a volume that was not left in order blocks; one that is nearly full is told of', async () => {
    const volumes = await windowsVolumes({ version: '2022', volume: { freeBytes: 60 << 20 } });
    const full = (await inspectGuest(volumes)).findings;
    expect(full.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The server's volume C: has only \d+ MiB free\.$/u),
    ]);
    const system = volumes.find(({ info }) => info.id === 'disk0p2')!;
    system.fileSystem!.findings.push({ severity: 'warning', code: 'NTFS_NOT_CLEAN', message: 'x' });
    const [blocker] = (await inspectGuest(volumes)).findings;
    expect(blocker).toMatchObject({ severity: 'blocker', code: 'NTFS_LOG_DIRTY' });
    expect(blocker!.message).toBe(
      'Windows cannot be prepared, because its volume (C:, disk0p2) was not left in order and must not be changed.',
    );
    expect(blocker!.next).toBe(
      'Start the server, run "chkdsk /f" for this volume and "shutdown /s /f /t 0" in a command prompt as administrator, and make the copy again; with --no-fix the disks are copied unchanged. Where that is not possible, --accept-unclean-ntfs goes on with the copy as it is: changes of the last seconds before the copy that only the log held are lost in the clone, and Windows checks the disk at its first start.',
    );
    // Where more is wrong than the log, no decision helps.
    Object.assign(system.fileSystem!.findings.at(-1)!, { code: 'NTFS_DAMAGED_IN_PART' });
    const [other] = (await inspectGuest(volumes)).findings;
    expect(other!.next).toBe(blocker!.next!.replace(/ Where that.*/u, ''));
  });

  test('dynamic data disks and pools are told of, and a drive that cannot be read', async () => {
    const volumes = await windowsVolumes({ version: '2022', data: { '/a': 'a' } });
    const broken = volumes.find(({ info }) => info.id === 'disk0p3')!;
    broken.fileSystem = null;
    broken.error = new IronliftError('NTFS_DAMAGED', 'The NTFS file system is damaged.', {
      next: 'Run chkdsk.',
    });
    const { findings, guest } = await inspectGuest([
      ...volumes,
      volume(null, { disk: 1, partition: 1, type: 'LDM' }),
      volume(null, { disk: 2, partition: 1, type: 'StorageSpaces' }),
    ]);
    expect(findings.map(({ message }) => message)).toEqual([
      'Drive D: (disk0p3) could not be opened and is copied as it is: The NTFS file system is damaged.',
      'There are dynamic volumes on disk 2; they are copied whole and are found again by Windows when all their disks are there.',
      'There is a pool of Storage Spaces on disk 3; its disks are copied whole and are found again by Windows when all of them are there.',
    ]);
    expect(guest.mounts.map(({ path }) => path)).toEqual(['/', '/:esp']);
  });

  test('a registry that does not say which control set is in use', async () => {
    const options = { version: '2008', system: { Select: { Current: 7 } } } as const;
    expect((await factsOf(options)).currentControlSet).toBe(1);
    expect((await told(options))['WINDOWS_CONTROL_SET_ASSUMED']).toBe(
      'The registry file \\Windows\\System32\\config\\SYSTEM does not say which control set is in use; ControlSet001 is taken.',
    );
  });

  test('a disk without the boot loader', async () => {
    const [, system] = await windowsVolumes({ version: '2022' });
    const { findings, guest } = await inspectGuest([system!]);
    expect(guest.firmware).toBe('uefi');
    expect(findings.map(({ message }) => message)).toEqual([
      'The boot loader of Windows was not found on the given disks.',
    ]);
  });
});

describe('network teams', () => {
  test.each([
    ['iansminiport', 'TEAM : Server team', 'Intel Advanced Network Services', 'team'],
    ['iansminiport', 'TEAM : Server team - VLAN : VLAN20', null, 'vlan'],
    ['brcm_blfp', 'BASP Virtual Adapter', 'Broadcom Advanced Server Program', 'team'],
    ['cpqteammp', 'HP Network Team #1', 'HP Network Teaming', 'team'],
    [
      'COMPOSITEBUS\\MS_IMPLAT_MP',
      'Microsoft Network Adapter Multiplexor Driver',
      'Windows NIC Teaming (LBFO)',
      'team',
    ],
    ['vms_mp', 'Hyper-V Virtual Ethernet Adapter', null, 'virtual'],
  ])('%s: %s', async (component, description, by, kind) => {
    const guid = '{11111111-2222-3333-4444-555555555555}';
    const system: Keys = {
      [`${NET}\\0009`]: {
        ComponentId: component,
        DriverDesc: description,
        NetCfgInstanceId: guid,
        Characteristics: 0x81,
      },
      [`CCS\\Services\\Tcpip\\Parameters\\Interfaces\\${guid}`]: {
        EnableDHCP: 0,
        IPAddress: ['10.9.8.7'],
        SubnetMask: ['255.255.252.0'],
      },
      [`CCS\\Control\\Network\\{4D36E972-E325-11CE-BFC1-08002BE10318}\\${guid}\\Connection`]: {
        Name: 'Team Office',
      },
    };
    const facts = await factsOf({ system });
    expect(facts.adapters.at(-1)).toMatchObject({ name: 'Team Office', kind, addresses: ['10.9.8.7/22'] });
    expect(facts.teams).toEqual(by === null ? [] : [{ name: 'Team Office', by }]);
    expect((await told({ system }))['WINDOWS_NETWORK_TEAM']).toBe(
      by === null
        ? undefined
        : `Network cards of this server work as the team "Team Office" (${by}), which does not come along.`,
    );
  });

  test('an address of its own is kept; nonsense is not', async () => {
    const key = `CCS\\Services\\Tcpip\\Parameters\\Interfaces\\${NIC_GUIDS[0].toLowerCase()}`;
    const facts = await factsOf({
      system: {
        [`${NET}\\0001`]: { NetworkAddress: '00-50-56-AB-CD-EF' },
        [key]: {
          IPAddress: ['10.1.2.3', '300.1.1.1', '0.0.0.0'],
          SubnetMask: ['255.0.255.0', '255.0.0.0', '0.0.0.0'],
          DefaultGateway: text('not an address'),
        },
      },
    });
    expect(facts.adapters[0]).toMatchObject({ mac: '00:50:56:ab:cd:ef', addresses: [], gateways: [] });
  });
});

describe('services', () => {
  test('files of drivers, however Windows spells the path', async () => {
    const driver = (image: string, more: Keys[string] = {}): Keys[string] => ({
      Type: 1,
      Start: 1,
      ImagePath: expandText(image),
      ...more,
    });
    const program = portableExecutable('amd64');
    const facts = await factsOf({
      system: {
        'CCS\\Services\\a1': driver('\\SystemRoot\\System32\\DRIVERS\\acpi.sys'),
        'CCS\\Services\\a2': driver('%SystemRoot%\\system32\\drivers\\acpi.sys'),
        'CCS\\Services\\a3': driver('\\??\\C:\\Tools\\My Driver\\x.sys'),
        'CCS\\Services\\a4': driver('"C:\\Tools\\My Driver\\x.sys" /s'),
        'CCS\\Services\\a5': driver('system32\\drivers\\missing.sys'),
        'CCS\\Services\\a6': driver('..\\..\\x.sys'),
        'CCS\\Services\\a7': driver('\\\\server\\share\\x.sys'),
        'CCS\\Services\\a8': driver('system32\\drivers\\acpi.sys', { Start: 3 }),
        'CCS\\Services\\a9': driver('D:\\x.sys'),
        'CCS\\Services\\acpi2': { Type: 1, Start: 0 },
      },
      files: { '/Tools/My Driver/x.sys': program, '/Windows/System32/drivers/acpi2.sys': program },
      data: { '/x.sys': program },
    });
    const file = (name: string): string | null => facts.services.find((one) => one.name === name)!.file;
    expect(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9', 'acpi2'].map(file)).toEqual([
      '/Windows/System32/drivers/ACPI.sys',
      '/Windows/System32/drivers/ACPI.sys',
      '/Tools/My Driver/x.sys',
      '/Tools/My Driver/x.sys',
      null,
      null,
      null,
      null,
      '/:D/x.sys',
      '/Windows/System32/drivers/acpi2.sys',
    ]);
  });
});
