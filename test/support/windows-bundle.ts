/** A result of the Windows collector, of a server as there are many: HP DL380p Gen8, Windows Server 2012 R2. */
import { createHash } from 'node:crypto';

type Records = Record<string, unknown>[];

const NIC = 'PCI\\VEN_14E4&DEV_1657&SUBSYS_169D103C&REV_01\\000010604B92A5A800';
const RAID = 'PCI\\VEN_103C&DEV_323B&SUBSYS_3354103C&REV_01\\4&2283F625&0&0010';
const FC = 'PCI\\VEN_1077&DEV_2532&SUBSYS_3262103C&REV_02\\4&3A2C92BF&0&0011';
const GUID = '{0B7D1F5E-9B4C-4A77-9E5E-1A1B1C1D1E1F}';
const SCSI_CLASS = '{4d36e97b-e325-11ce-bfc1-08002be10318}';
const NET_CLASS = '{4d36e972-e325-11ce-bfc1-08002be10318}';

export const WINDOWS_RECORDS: Record<string, Records> = {
  Win32_ComputerSystem: [
    {
      Name: 'SRV-SQL01',
      DNSHostName: 'srv-sql01',
      Domain: 'corp.example',
      PartOfDomain: true,
      Manufacturer: 'HP',
      Model: 'ProLiant DL380p Gen8',
      TotalPhysicalMemory: 68_691_697_664,
      HypervisorPresent: false,
      Roles: ['LM_Workstation', 'LM_Server', 'SQLServer', 'NT'],
    },
  ],
  Win32_ComputerSystemProduct: [
    {
      Vendor: 'HP',
      Name: 'ProLiant DL380p Gen8',
      UUID: '34353536-3538-5A43-3332-333430315448',
      IdentifyingNumber: 'CZ32340XTH      ',
    },
  ],
  Win32_OperatingSystem: [
    {
      Caption: 'Microsoft Windows Server 2012 R2 Standard',
      Version: '6.3.9600',
      BuildNumber: '9600',
      OSArchitecture: '64-Bit',
      InstallDate: '2014-03-05T09:12:44.000Z',
      LastBootUpTime: '2026-10-01T04:00:12.500Z',
      SystemDrive: 'C:',
      CSName: 'SRV-SQL01',
      TotalVisibleMemorySize: 67_081_736,
    },
  ],
  Win32_TimeZone: [{ StandardName: 'Mitteleuropäische Zeit', Bias: 60 }],
  Win32_BIOS: [
    {
      Manufacturer: 'HP',
      Name: 'Default System BIOS',
      Version: 'HP     - 2',
      SMBIOSBIOSVersion: 'P70',
      ReleaseDate: '2013-08-02T00:00:00.000Z',
      SerialNumber: 'CZ32340XTH      ',
    },
  ],
  Win32_BaseBoard: [{ Manufacturer: 'HP', Product: '', SerialNumber: 'PBQ0X0A1S4X0ZZ' }],
  Win32_SystemEnclosure: [{ ChassisTypes: [23], SerialNumber: 'CZ32340XTH' }],
  Firmware: [{ FirmwareType: 1 }],
  Win32_Processor: [0, 1].map((socket) => ({
    DeviceID: `CPU${socket}`,
    Name: ' Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz',
    Manufacturer: 'GenuineIntel',
    SocketDesignation: `Proc ${socket + 1}`,
    MaxClockSpeed: 2500,
    NumberOfCores: 6,
    NumberOfLogicalProcessors: 12,
    Architecture: 9,
    VirtualizationFirmwareEnabled: true,
    SecondLevelAddressTranslationExtensions: true,
  })),
  CentralProcessor: Array.from({ length: 24 }, () => ({
    ProcessorNameString: '       Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz',
    MHz: 2494,
  })),
  Win32_PhysicalMemory: [
    ...[1, 2, 3, 4].map((slot) => ({
      Capacity: 17_179_869_184,
      DeviceLocator: `PROC 1 DIMM ${slot}`,
      Manufacturer: 'HP',
      PartNumber: '672631-B21        ',
      SerialNumber: 'Not Available',
      Speed: 1600,
      MemoryType: 24,
    })),
    { Capacity: 8_388_608, DeviceLocator: 'SYSTEM ROM', MemoryType: 11 },
  ],
  Win32_DiskDrive: [
    {
      DeviceID: '\\\\.\\PHYSICALDRIVE0',
      Index: 0,
      Model: 'HP LOGICAL VOLUME SCSI Disk Device',
      SerialNumber: '600508B1001C4A8B9D2E3F405162738A',
      Size: 299_966_440_960,
      BytesPerSector: 512,
      InterfaceType: 'SCSI',
      MediaType: 'Fixed hard disk media',
    },
    {
      DeviceID: '\\\\.\\PHYSICALDRIVE1',
      Index: 1,
      Model: 'HP P2000 G3 FC Multi-Path Disk Device',
      Size: 1_099_511_600_000,
      BytesPerSector: 512,
      InterfaceType: 'SCSI',
      MediaType: 'Fixed hard disk media',
    },
  ],
  Win32_DiskPartition: [
    {
      DeviceID: 'Disk #0, Partition #0',
      DiskIndex: 0,
      Index: 0,
      Type: 'Installable File System',
      BootPartition: true,
    },
    { DeviceID: 'Disk #1, Partition #0', DiskIndex: 1, Index: 0, Type: 'GPT: Basic Data' },
  ],
  Win32_LogicalDiskToPartition: [
    { Partition: 'Disk #0, Partition #1', LogicalDisk: 'C:' },
    {
      Partition: '\\\\SRV-SQL01\\root\\cimv2:Win32_DiskPartition.DeviceID="Disk #1, Partition #0"',
      LogicalDisk: '\\\\SRV-SQL01\\root\\cimv2:Win32_LogicalDisk.DeviceID="E:"',
    },
  ],
  Win32_Volume: [
    {
      DeviceID: '\\\\?\\Volume{aaaa}\\',
      DriveLetter: 'C:',
      Name: 'C:\\',
      DriveType: 3,
      FileSystem: 'NTFS',
      Label: '=HYPERLINK("x")',
      Capacity: 299_000_000_512,
      FreeSpace: 99_000_000_512,
      SerialNumber: 0x1c2d3e4f,
      BootVolume: true,
    },
    {
      DeviceID: '\\\\?\\Volume{bbbb}\\',
      DriveLetter: 'E:',
      Name: 'E:\\',
      DriveType: 3,
      FileSystem: 'NTFS',
      Capacity: 1_099_000_000_000,
      FreeSpace: 1_000_000_000_000,
    },
    { DeviceID: '\\\\?\\Volume{cccc}\\', DriveLetter: 'Z:', DriveType: 5 },
  ],
  MSFT_Disk: [
    {
      Number: 0,
      Size: 299_966_445_568,
      LogicalSectorSize: 512,
      BusType: 8,
      PartitionStyle: 1,
      IsBoot: true,
      IsSystem: true,
    },
    {
      Number: 1,
      Size: 1_099_511_627_776,
      LogicalSectorSize: 512,
      BusType: 6,
      PartitionStyle: 2,
      IsBoot: false,
      IsSystem: false,
      UniqueId: '600C0FF0001A2B3C4D5E6F7001000000',
      UniqueIdFormat: 3,
    },
  ],
  MSFT_Partition: [
    { DiskNumber: 0, PartitionNumber: 2, AccessPaths: ['C:\\', '\\\\?\\Volume{aaaa}\\'], MbrType: 7 },
    {
      DiskNumber: 1,
      PartitionNumber: 2,
      AccessPaths: ['E:\\', '\\\\?\\Volume{bbbb}\\'],
      GptType: '{af9b60a0-1431-4f62-bc68-3311714a69ad}',
    },
  ],
  Win32_EncryptableVolume: [
    { DeviceID: '\\\\?\\Volume{aaaa}\\', DriveLetter: 'C:', ProtectionStatus: 0, ConversionStatus: 0 },
    { DeviceID: '\\\\?\\Volume{bbbb}\\', DriveLetter: 'E:', ProtectionStatus: 0, ConversionStatus: 1 },
  ],
  FibreChannelPort: [
    {
      InstanceName: FC,
      Manufacturer: 'QLogic Corporation',
      Model: 'HPAJ764A',
      DriverName: 'ql2300.sys',
      DriverVersion: '9.1.10.28',
      PortWWN: '50014380186c8f2a',
      PortSpeed: 16,
    },
    { InstanceName: FC, PortWWN: '50014380186c8f28', PortSpeed: 16 },
  ],
  MultipathDisk: [{ Name: 'MPIO Disk0', NumberPaths: 4, DsmName: 'Microsoft DSM' }],
  Win32_NetworkAdapter: [
    {
      Index: 10,
      Name: 'HP Ethernet 1Gb 4-port 331FLR Adapter',
      NetConnectionID: 'NIC1',
      MACAddress: '10:60:4B:92:A5:A8',
      PNPDeviceID: NIC,
      ServiceName: 'b57nd60a',
      Speed: '1000000000',
      NetConnectionStatus: 2,
      GUID,
    },
    {
      Index: 11,
      Name: 'HP Ethernet 1Gb 4-port 331FLR Adapter #2',
      NetConnectionID: 'NIC2',
      MACAddress: '10:60:4B:92:A5:A8',
      PNPDeviceID: NIC.replace('A800', 'A900'),
      ServiceName: 'b57nd60a',
      Speed: '9223372036854775807',
      NetConnectionStatus: 7,
    },
    {
      Index: 15,
      Name: 'Microsoft Network Adapter Multiplexor Driver',
      NetConnectionID: 'Team',
      MACAddress: '10:60:4B:92:A5:A8',
      PNPDeviceID: 'COMPOSITEBUS\\MS_IMPLAT_MP\\{1}',
      ServiceName: 'NdisImPlatformMp',
      NetConnectionStatus: 2,
    },
    {
      Index: 16,
      Name: 'Microsoft Network Adapter Multiplexor Driver #2',
      NetConnectionID: 'Team - VLAN 120',
      MACAddress: '10:60:4B:92:A5:A8',
      PNPDeviceID: 'COMPOSITEBUS\\MS_IMPLAT_MP\\{2}',
      ServiceName: 'NdisImPlatformMp',
      NetConnectionStatus: 2,
    },
    {
      Index: 3,
      Name: 'WAN Miniport (L2TP)',
      MACAddress: '20:41:53:59:4E:FF',
      PNPDeviceID: 'ROOT\\MS_L2TPMINIPORT\\0000',
      ServiceName: 'Rasl2tp',
    },
  ],
  Win32_NetworkAdapterConfiguration: [
    {
      Index: 15,
      IPEnabled: true,
      IPAddress: ['192.0.2.17', 'fe80::1'],
      IPSubnet: ['255.255.255.128', '64'],
      DefaultIPGateway: ['192.0.2.1'],
      DHCPEnabled: false,
    },
    {
      Index: 16,
      IPEnabled: true,
      IPAddress: ['198.51.100.3'],
      IPSubnet: ['255.255.0.255'],
      DHCPEnabled: true,
    },
    { Index: 10, SettingID: GUID, IPEnabled: false },
  ],
  MSFT_NetAdapter: [
    {
      Name: 'NIC1',
      InterfaceGuid: GUID,
      Speed: 1_000_000_000,
      Virtual: false,
      InterfaceOperationalStatus: 1,
      MtuSize: 1500,
      VlanID: 0,
    },
  ],
  MSFT_NetLbfoTeam: [{ Name: 'Team', TeamingMode: 2, LoadBalancingAlgorithm: 5 }],
  MSFT_NetLbfoTeamMember: [
    { Name: 'NIC1', Team: 'Team' },
    { Name: 'NIC2', Team: 'Team' },
  ],
  MSFT_NetLbfoTeamNic: [
    { Name: 'Team', Team: 'Team', VlanID: null, Primary: true },
    { Name: 'Team - VLAN 120', Team: 'Team', VlanID: 120, Primary: false },
  ],
  AdapterVlan: [{ Name: 'NIC1', VlanID: '0' }],
  Win32_PnPEntity: [
    {
      DeviceID: RAID,
      PNPDeviceID: RAID,
      Name: 'Smart Array P420i Controller',
      Manufacturer: 'Hewlett-Packard Company',
      Service: 'HpCISSs2',
      ClassGuid: SCSI_CLASS,
      PNPClass: 'SCSIAdapter',
      HardwareID: ['PCI\\VEN_103C&DEV_323B'],
      CompatibleID: ['PCI\\VEN_103C&CC_010400', 'PCI\\CC_0104'],
    },
    {
      DeviceID: FC,
      Name: 'QLogic Fibre Channel Adapter',
      Manufacturer: 'QLogic',
      Service: 'ql2300',
      ClassGuid: SCSI_CLASS,
      CompatibleID: ['PCI\\CC_0C0400'],
    },
    {
      DeviceID: NIC,
      Name: 'HP Ethernet 1Gb 4-port 331FLR Adapter',
      Manufacturer: 'Broadcom',
      Service: 'b57nd60a',
      ClassGuid: NET_CLASS,
      CompatibleID: ['PCI\\CC_020000'],
    },
    {
      DeviceID: 'USB\\VID_0424&PID_2660\\5&1',
      Name: 'Generic USB Hub',
      Service: 'usbhub',
      CompatibleID: ['USB\\Class_09'],
    },
    { DeviceID: 'ACPI\\PNP0501\\1', Name: 'COM1', Service: 'Serial' },
  ],
  PciLocation: [
    {
      DeviceID: RAID,
      LocationInformation: '@System32\\drivers\\pci.sys,#65536;PCI bus %1, device %2, function %3;(3,0,0)',
    },
    { DeviceID: NIC, LocationInformation: 'PCI-Bus 2, Gerät 0, Funktion 1' },
  ],
  Win32_PnPSignedDriver: [
    { DeviceID: RAID, DriverVersion: '62.28.0.64', DriverProviderName: 'Hewlett-Packard Company' },
  ],
  Win32_SystemDriver: [
    {
      Name: 'HpCISSs2',
      PathName: 'C:\\Windows\\system32\\drivers\\HpCISSs2.sys',
      StartMode: 'Boot',
      State: 'Running',
      Started: true,
    },
    { Name: 'b57nd60a', StartMode: 'Manual', State: 'Running', Started: true },
  ],
  DriverService: [
    {
      Name: 'HpCISSs2',
      Type: 1,
      Start: 0,
      Group: 'SCSI Miniport',
      Tag: 33,
      ImagePath: 'System32\\drivers\\HpCISSs2.sys',
    },
    { Name: 'b57nd60a', Type: 1, Start: 3, Group: 'NDIS' },
    {
      Name: 'megasas',
      Type: 1,
      Start: 0,
      Group: 'SCSI Miniport',
      ImagePath: 'System32\\drivers\\megasas.sys',
    },
    { Name: 'Spooler', Type: 16, Start: 2 },
  ],
  Win32_Service: [
    {
      Name: 'MSSQLSERVER',
      DisplayName: 'SQL Server (MSSQLSERVER)',
      StartMode: 'Auto',
      State: 'Running',
      Started: true,
    },
    {
      Name: 'CqMgHost',
      DisplayName: 'HP Insight Foundation Agents',
      StartMode: 'Auto',
      State: 'Running',
      Started: true,
    },
    {
      Name: 'W3SVC',
      DisplayName: 'WWW-Publishingdienst',
      StartMode: 'Disabled',
      State: 'Stopped',
      Started: false,
    },
  ],
  Win32_Process: [{ ProcessId: 1844, Name: 'sqlservr.exe' }],
  Win32_ServerFeature: [{ ID: 481, ParentID: 0, Name: '.NET Framework 4.5' }],
  Uninstall: [
    {
      DisplayName: 'Microsoft SQL Server 2012 (64-bit)',
      DisplayVersion: '11.0.2100.60',
      Publisher: 'Microsoft Corporation',
    },
    {
      DisplayName: 'HP System Management Homepage',
      DisplayVersion: '7.2.2.9',
      Publisher: 'Hewlett-Packard Development Company, L.P.',
    },
    { DisplayName: 'HP System Management Homepage', DisplayVersion: '7.2.2.9' },
    { DisplayName: 'Security Update for SQL Server', ReleaseType: 'Security Update' },
    { DisplayName: 'Hidden', SystemComponent: 1 },
  ],
  Endpoint: [
    {
      Protocol: 'TCP',
      LocalAddress: '0.0.0.0',
      LocalPort: 1433,
      RemoteAddress: '0.0.0.0',
      RemotePort: 0,
      ProcessId: 1844,
    },
    {
      Protocol: 'TCP',
      LocalAddress: '192.0.2.17',
      LocalPort: 1433,
      RemoteAddress: '192.0.2.40',
      RemotePort: 51_515,
      ProcessId: 1844,
    },
    { Protocol: 'UDP', LocalAddress: '::', LocalPort: 123, RemoteAddress: '*', RemotePort: 0, ProcessId: 4 },
  ],
};

export interface BundleOptions {
  records?: Record<string, Records>;
  /** Text of the lines of a part, instead of its records. */
  lines?: Record<string, string>;
  failed?: Record<string, string>;
  performance?: string;
}

/** Files of the bundle by their name, as the collector lays them out. */
export function windowsBundleFiles(options: BundleOptions = {}): Record<string, string> {
  const files: Record<string, string> = {};
  const parts: unknown[] = [];
  for (const [name, records] of Object.entries(options.records ?? WINDOWS_RECORDS)) {
    const text = options.lines?.[name] ?? records.map((record) => `${JSON.stringify(record)}\n`).join('');
    const file = `parts/${name}.jsonl`;
    files[file] = text;
    parts.push({
      name,
      file,
      status: 'ok',
      records: records.length,
      milliseconds: 3,
      sha256: createHash('sha256').update(text).digest('hex'),
    });
  }
  for (const [name, error] of Object.entries(options.failed ?? {})) {
    files[`parts/${name}.jsonl`] = '';
    parts.push({ name, file: `parts/${name}.jsonl`, status: 'failed', error, records: 0 });
  }
  if (options.performance !== undefined) files['performance.csv'] = options.performance;
  files['manifest.json'] = JSON.stringify({
    format: 'ironlift-windows',
    version: 1,
    computer: 'SRV-SQL01',
    startedAt: '2026-11-20T08:00:00Z',
    finishedAt: '2026-11-20T09:00:00Z',
    utcOffsetMinutes: 60,
    elevated: true,
    powerShell: '4.0',
    parts,
  });
  return files;
}

/** A log of the collector: `minutes` lines after a first one without rates. */
export function performanceLog(minutes: number, host = 'SRV-SQL01'): string {
  const names = [
    'Processor(_Total)\\% Processor Time',
    'Memory\\Available Bytes',
    'PhysicalDisk(0 C:)\\Disk Reads/sec',
    'PhysicalDisk(0 C:)\\% Idle Time',
    'Network Interface(HP Ethernet [1] "x")\\Bytes Received/sec',
    'Memory\\Something Else',
  ];
  const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
  const lines = [['(PDH-CSV 4.0) (UTC)(0)', ...names.map((name) => `\\\\${host}\\${name}`)]];
  for (let minute = 0; minute <= minutes; minute++) {
    const time = new Date(Date.UTC(2026, 10, 20, 8, minute)).toISOString();
    const stamp = `${time.slice(5, 7)}/${time.slice(8, 10)}/${time.slice(0, 4)} ${time.slice(11, 23)}`;
    const rates =
      minute === 0
        ? [' ', '1073741824', ' ', ' ', ' ']
        : [`${minute % 100}.5`, '1073741824', '12', '97.5', '2048'];
    lines.push([stamp, ...rates, '1']);
  }
  return lines.map((cells) => `${cells.map(quote).join(',')}\r\n`).join('');
}
