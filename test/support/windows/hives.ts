/** The hives SYSTEM and SOFTWARE of a physical server with each Windows, with what a conversion looks at. */
import { createHash } from 'node:crypto';
import { binary, expandText, type TypedData } from '../../../migration-core/registry/types.ts';
import { hiveOf, type Keys } from './hive-of.ts';
import { CLASS, inboxDrivers, raidController, type InboxDriver } from './inbox.ts';
import { WINDOWS_VERSIONS, type WindowsVersion, type WindowsVersionId } from './versions.ts';

export interface HiveOverrides {
  /** Applied last; `CCS\\...` stands for every control set. */
  system?: Keys;
  software?: Keys;
  /** Values of MountedDevices besides those of the drives below. */
  drives?: Record<string, Uint8Array>;
  hostName?: string;
  /** How many control sets there are; two usually, one from Windows 10 on. */
  controlSets?: number;
}

export const HOST_NAME = 'FILESRV01';
export const NIC_GUIDS = [
  '{58094C24-B1BD-4961-8C68-7C13F7A6213C}',
  '{8D1F6C0A-7A11-4B6E-9B1C-0D5F1E2A3B4C}',
] as const;

export function windowsHives(
  id: WindowsVersionId,
  overrides: HiveOverrides = {},
): { system: Uint8Array<ArrayBuffer>; software: Uint8Array<ArrayBuffer> } {
  const { system, software } = windowsTables(id, overrides);
  return { system: hiveOf(...system), software: hiveOf(...software) };
}

/** What is in these hives, for programs of others to make them of. */
export function windowsTables(
  id: WindowsVersionId,
  overrides: HiveOverrides = {},
): { system: Keys[]; software: Keys[] } {
  const version = WINDOWS_VERSIONS[id];
  return {
    system: [...systemTables(version, overrides), overrides.system ?? {}],
    software: [softwareTable(version), overrides.software ?? {}],
  };
}

function systemTables(version: WindowsVersion, overrides: HiveOverrides): Keys[] {
  const sets = overrides.controlSets ?? (version.nt === '10.0' ? 1 : 2);
  const controlSets: Keys = {};
  for (let n = 1; n <= sets; n++) controlSets[`ControlSet${String(n).padStart(3, '0')}`] = {};
  return [
    {
      ...controlSets,
      Select: { Current: 1, Default: 1, Failed: 0, LastKnownGood: sets },
      MountedDevices: Object.fromEntries(
        Object.entries(overrides.drives ?? {}).map(([name, data]) => [name, binary(data)]),
      ),
      Setup: { SetupType: 0, SystemSetupInProgress: 0, CmdLine: '' },
    },
    services(version),
    version.binding === 'cdd' ? criticalDevices(version) : driverDatabase(version),
    control(version, overrides.hostName ?? HOST_NAME),
    devices(version),
    network(version, overrides.hostName ?? HOST_NAME),
  ];
}

function services(version: WindowsVersion): Keys {
  const keys: Keys = {};
  for (const one of inboxDrivers(version)) {
    const key = `CCS\\Services\\${one.service}`;
    const values: Keys[string] = { ErrorControl: one.errorControl, Start: one.start, Type: 1 };
    if (one.group !== null) values['Group'] = one.group;
    if (one.tag !== null) values['Tag'] = one.tag;
    if (one.image !== 'none') values['ImagePath'] = imagePath(version, one);
    if (version.nt.startsWith('6.') && version.binding === 'cdd' && one.inf !== '')
      values['DriverPackageId'] = packageOf(version, one.inf, 'neutral');
    if (version.binding === 'ddb' && one.inf !== '') values['Owners'] = [one.inf];
    keys[key] = values;
    if (one.override !== null) keys[`${key}\\StartOverride`] = { '0': one.override };
  }
  keys['CCS\\Services\\Tcpip\\Parameters'] = {};
  keys['CCS\\Services\\Dhcp'] = {
    DisplayName: 'DHCP Client',
    ImagePath: expandText('%SystemRoot%\\System32\\svchost.exe -k netsvcs'),
    Start: 2,
    Type: 0x20,
    ErrorControl: 1,
  };
  keys['CCS\\Services\\partmgr\\Parameters'] = version.server && version.nt !== '5.2' ? { SanPolicy: 2 } : {};
  return keys;
}

function imagePath(version: WindowsVersion, { image, binary: file }: InboxDriver): TypedData {
  const folder = version.nt.startsWith('5.') ? 'system32\\DRIVERS' : 'System32\\drivers';
  return expandText(`${image === 'systemroot' ? '\\SystemRoot\\' : ''}${folder}\\${file}`);
}

/** `mshdc.inf_amd64_0d06b6638bdb4763`; up to 7 with `neutral` before the hash. */
function packageOf({ architecture, build }: WindowsVersion, inf: string, language = ''): string {
  const hash = createHash('sha1').update(`${inf} ${build}`).digest('hex').slice(0, 16);
  return [inf, architecture, ...(language === '' ? [] : [language]), hash].join('_');
}

function criticalDevices(version: WindowsVersion): Keys {
  const keys: Keys = { 'CCS\\Control\\CriticalDeviceDatabase': {} };
  for (const { ids, service, classGuid, inf } of inboxDrivers(version))
    for (const id of ids)
      keys[`CCS\\Control\\CriticalDeviceDatabase\\${idIn(version, id)}`] = {
        ClassGUID: classGuid,
        Service: service,
        ...(version.nt.startsWith('5.') ? {} : { DriverPackageId: packageOf(version, inf, 'neutral') }),
      };
  return keys;
}

/** XP writes them in small letters. */
const idIn = ({ nt }: WindowsVersion, id: string): string =>
  (nt.startsWith('5.') ? id.toLowerCase() : id).replaceAll('\\', '#');

function driverDatabase(version: WindowsVersion): Keys {
  const keys: Keys = {
    DriverDatabase: {
      Architecture: version.architecture === 'x86' ? 0 : 9,
      SchemaVersion: 0x10000,
      SetupStatus: 0,
      Version: 0x0a000000,
    },
    'DriverDatabase\\DeviceIds': {},
    'DriverDatabase\\DriverInfFiles': {},
    'DriverDatabase\\DriverPackages': {},
  };
  const sections = new Map<string, string[]>();
  for (const { inf, ids, classGuid, section, service } of inboxDrivers(version)) {
    // Network cards are in the hive DRIVERS, since no Windows needs them to start.
    if (inf === '' || classGuid === CLASS.net) continue;
    const label = packageOf(version, inf);
    const known = sections.get(inf) ?? [];
    sections.set(inf, [...known, section]);
    keys[`DriverDatabase\\DriverInfFiles\\${inf}`] = {
      '': [label],
      Active: label,
      Configurations: sections.get(inf)!,
    };
    const root = `DriverDatabase\\DriverPackages\\${label}`;
    keys[root] = {
      '': inf,
      Provider: 'Microsoft',
      SignerScore: 0x0d000003,
      StatusFlags: 0x12,
      Version: binary(packageVersion(classGuid)),
    };
    keys[`${root}\\Configurations\\${section}`] = { ConfigFlags: 0, ConfigScope: 7, Service: service };
    const ofClass = `DriverDatabase\\DeviceIds\\${classGuid.toLowerCase()}`;
    keys[ofClass] = { ...keys[ofClass], [inf]: [0, new Uint8Array(0)] };
    for (const id of ids) {
      keys[`${root}\\Descriptors\\${id}`] = { Configuration: section };
      keys[`DriverDatabase\\DeviceIds\\${id}`] = { [inf]: binary(Uint8Array.of(1, 0xff, 0, 0)) };
    }
  }
  return keys;
}

function packageVersion(classGuid: string): Uint8Array {
  const bytes = Buffer.alloc(48);
  bytes.set([0xff, 0xff, 9], 0);
  bytes.set(guidBytes(classGuid), 8);
  return bytes;
}

/** A GUID as Windows stores it: the first three groups with the low byte first. */
export function guidBytes(guid: string): Buffer {
  const hex = Buffer.from(guid.replace(/[{}-]/gu, ''), 'hex');
  return Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((at) => hex[at]!));
}

function control(version: WindowsVersion, hostName: string): Keys {
  const old = version.nt.startsWith('5.');
  const ddb = version.binding === 'ddb';
  const guid = (known: string): string => `CCS\\Control\\Class\\${ddb ? known.toLowerCase() : known}`;
  return {
    'CCS\\Control\\ComputerName\\ComputerName': { ComputerName: hostName },
    'CCS\\Control\\ProductOptions': { ProductType: version.server ? 'ServerNT' : 'WinNT' },
    'CCS\\Control\\Windows': {
      CSDVersion: version.servicePack === '' ? 0 : Number(version.servicePack.slice(-1)) * 256,
    },
    'CCS\\Control\\CrashControl': {
      AutoReboot: 1,
      CrashDumpEnabled: ddb ? 7 : 2,
      DumpFile: expandText('%SystemRoot%\\MEMORY.DMP'),
    },
    'CCS\\Control\\Session Manager\\Environment': {
      PROCESSOR_ARCHITECTURE: version.architecture === 'x86' ? 'x86' : 'AMD64',
    },
    'CCS\\Control\\Session Manager': { BootExecute: ['autocheck autochk *'] },
    'CCS\\Control\\Session Manager\\Power': ddb ? { HiberbootEnabled: version.server ? 0 : 1 } : {},
    'CCS\\Control\\Power': old ? {} : { HibernateEnabled: version.server ? 0 : 1 },
    'CCS\\Control\\TimeZoneInformation': {
      Bias: 0xffffffc4,
      ...(old ? { StandardName: 'W. Europe Standard Time' } : { TimeZoneKeyName: 'W. Europe Standard Time' }),
    },
    [guid(CLASS.disk)]: {
      Class: 'DiskDrive',
      UpperFilters: [old ? 'PartMgr' : 'partmgr'],
      ...(ddb ? { LowerFilters: ['EhStorClass'] } : {}),
    },
    [guid(CLASS.scsi)]: { Class: 'SCSIAdapter' },
    [guid(CLASS.ide)]: { Class: 'hdc' },
    [guid(CLASS.system)]: { Class: 'System' },
    [guid(CLASS.volume)]: {
      Class: 'Volume',
      UpperFilters: old ? ['VolSnap'] : ['volsnap'],
      ...(ddb ? { LowerFilters: ['fvevol', 'iorate', 'rdyboost'] } : {}),
    },
    ...(ddb
      ? {
          'CCS\\Services\\EhStorClass': filterService('EhStorClass', 0),
          'CCS\\Services\\fvevol': filterService('fvevol', 0),
          'CCS\\Services\\iorate': filterService('iorate', 0),
          'CCS\\Services\\rdyboost': filterService('rdyboost', 0),
        }
      : {}),
  };
}

const filterService = (name: string, start: number): Keys[string] => ({
  ErrorControl: 1,
  ImagePath: expandText(`System32\\drivers\\${name}.sys`),
  Start: start,
  Type: 1,
});

/** PCI bus, RAID controller, disk: each under the one above, by ParentIdPrefix. */
function devices(version: WindowsVersion): Keys {
  const raid = raidController(version);
  const lower = version.binding === 'ddb';
  const guid = (known: string): string => (lower ? known.toLowerCase() : known);
  const device = (values: Keys[string]): Keys[string] => ({ Capabilities: 0, ConfigFlags: 0, ...values });
  return {
    'CCS\\Enum\\ACPI\\PNP0A03\\2&daba3ff&0': device({
      ClassGUID: guid(CLASS.system),
      DeviceDesc: 'PCI bus',
      HardwareID: ['ACPI\\PNP0A03', '*PNP0A03'],
      ParentIdPrefix: '3&61aaa01&0',
      Service: 'pci',
    }),
    'CCS\\Enum\\PCI\\VEN_8086&DEV_2F02&SUBSYS_00000000&REV_02\\3&61aaa01&0&08': device({
      ClassGUID: guid(CLASS.system),
      DeviceDesc: 'PCI Express Root Port',
      HardwareID: ['PCI\\VEN_8086&DEV_2F02&SUBSYS_00000000&REV_02', 'PCI\\VEN_8086&DEV_2F02'],
      CompatibleIDs: ['PCI\\CC_060400', 'PCI\\CC_0604'],
      ParentIdPrefix: '4&1f1c2d3a&0',
      Service: 'pci',
    }),
    [`CCS\\Enum\\PCI\\${raid.instance}`]: device({
      ClassGUID: guid(CLASS.scsi),
      DeviceDesc: lower ? `@${raid.driver.inf},%devdesc%;${raid.description}` : raid.description,
      HardwareID: raid.hardwareIds,
      CompatibleIDs: ['PCI\\CC_010400', 'PCI\\CC_0104'],
      Driver: `${guid(CLASS.scsi)}\\0000`,
      ParentIdPrefix: '5&2a2b2c2d&0',
      Service: raid.driver.service,
    }),
    [`CCS\\Enum\\SCSI\\${raid.disk}\\5&2a2b2c2d&0&000000`]: device({
      ClassGUID: guid(CLASS.disk),
      DeviceDesc: lower ? '@disk.inf,%disk_devdesc%;Disk drive' : 'Disk drive',
      FriendlyName: `${raid.description} SCSI Disk Device`,
      HardwareID: [`SCSI\\${raid.disk}`, 'GenDisk'],
      CompatibleIDs: ['SCSI\\Disk', 'SCSI\\RAW'],
      Service: 'disk',
    }),
    'CCS\\Enum\\USBSTOR\\Disk&Ven_SanDisk&Prod_Cruzer\\43175107A4C24AD4&0': device({
      ClassGUID: guid(CLASS.disk),
      DeviceDesc: 'Disk drive',
      HardwareID: ['USBSTOR\\DiskSanDisk_Cruzer', 'GenDisk'],
      Service: 'disk',
    }),
  };
}

/** Two cards: one with a fixed address, one that asks by DHCP; and a tunnel of Windows. */
function network(version: WindowsVersion, hostName: string): Keys {
  const lower = version.binding === 'ddb';
  const guid = lower ? CLASS.net.toLowerCase() : CLASS.net;
  const interfaceKey = (nic: string): string =>
    `CCS\\Services\\Tcpip\\Parameters\\Interfaces\\${lower ? nic.toLowerCase() : nic}`;
  const names =
    version.nt.startsWith('5.') || Number(version.nt) <= 6.1
      ? ['Local Area Connection', 'Local Area Connection 2']
      : ['Ethernet', 'Ethernet 2'];
  const keys: Keys = {
    'CCS\\Services\\Tcpip\\Parameters': {
      Hostname: hostName,
      'NV Hostname': hostName,
      Domain: 'example.com',
    },
    'CCS\\Services\\b57nd60a': {
      DisplayName: 'Broadcom NetXtreme Gigabit Ethernet',
      ErrorControl: 1,
      Group: 'NDIS',
      ImagePath: expandText('\\SystemRoot\\System32\\drivers\\b57nd60a.sys'),
      Start: 3,
      Type: 1,
    },
    [`CCS\\Control\\Class\\${guid}`]: { Class: 'Net' },
    [`CCS\\Control\\Class\\${guid}\\0000`]: {
      Characteristics: 0x29,
      ComponentId: 'ms_ndiswanip',
      DriverDesc: 'WAN Miniport (IP)',
      NetCfgInstanceId: '{C4C38C1B-F232-481D-9FBE-BCA10C581E9F}',
    },
    [interfaceKey(NIC_GUIDS[0])]: {
      EnableDHCP: 0,
      IPAddress: ['10.1.2.3', '10.1.2.4'],
      SubnetMask: ['255.255.255.0', '255.255.255.0'],
      DefaultGateway: ['10.1.2.1'],
      DefaultGatewayMetric: ['0'],
      NameServer: '10.1.2.10,10.1.2.11',
      Domain: '',
    },
    [interfaceKey(NIC_GUIDS[1])]: {
      EnableDHCP: 1,
      Domain: '',
      NameServer: '',
      DhcpIPAddress: '192.168.7.20',
      DhcpSubnetMask: '255.255.255.0',
    },
  };
  for (const [index, nic] of NIC_GUIDS.entries()) {
    const instance = `VEN_14E4&DEV_165F&SUBSYS_1F5B1028&REV_00\\4&1f1c2d3a&0&002${index}`;
    keys[`CCS\\Control\\Class\\${guid}\\000${index + 1}`] = {
      Characteristics: 0x84,
      ComponentId: 'PCI\\VEN_14E4&DEV_165F',
      ...(version.nt.startsWith('5.') ? {} : { DeviceInstanceID: `PCI\\${instance}` }),
      DriverDesc: 'Broadcom NetXtreme Gigabit Ethernet',
      InfPath: 'netb57va.inf',
      NetCfgInstanceId: nic,
    };
    keys[`CCS\\Enum\\PCI\\${instance}`] = {
      ClassGUID: guid,
      DeviceDesc: 'Broadcom NetXtreme Gigabit Ethernet',
      Driver: `${guid}\\000${index + 1}`,
      HardwareID: ['PCI\\VEN_14E4&DEV_165F&SUBSYS_1F5B1028&REV_00', 'PCI\\VEN_14E4&DEV_165F'],
      Service: 'b57nd60a',
    };
    keys[`CCS\\Control\\Network\\${CLASS.net}\\${nic}\\Connection`] = {
      Name: names[index]!,
      PnpInstanceID: `PCI\\${instance}`,
    };
  }
  return keys;
}

function softwareTable(version: WindowsVersion): Keys {
  const modern = version.nt === '10.0';
  const installation = version.nt.startsWith('5.')
    ? {}
    : { InstallationType: version.server ? 'Server' : 'Client' };
  return {
    'Microsoft\\Windows NT\\CurrentVersion': {
      CurrentVersion: modern ? '6.3' : version.nt,
      ...(modern ? { CurrentMajorVersionNumber: 10, CurrentMinorVersionNumber: 0, UBR: 1000 } : {}),
      CurrentBuildNumber: String(version.build),
      CurrentBuild: version.nt === '5.1' ? '1.511.1 () (Obsolete data - do not use)' : String(version.build),
      ProductName: version.product,
      ...(version.edition === '' ? {} : { EditionID: version.edition }),
      ...installation,
      ...(version.servicePack === '' ? {} : { CSDVersion: version.servicePack }),
      ProductId: version.nt.startsWith('5.') ? '76487-029-3604404-22901' : '00377-60000-00000-AA123',
      PathName: `C:\\${version.folder}`,
      SystemRoot: `C:\\${version.folder}`,
    },
    'Microsoft\\Windows\\CurrentVersion': {
      DevicePath: expandText('%SystemRoot%\\inf'),
      ProgramFilesDir: 'C:\\Program Files',
    },
  };
}
