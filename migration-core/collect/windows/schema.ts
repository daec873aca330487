/**
 * What the Windows collector (resources/collectors/windows.ps1) writes: a manifest, and one file of JSON lines for each
 * part. A part is mostly a CIM class, its records have the properties of that class under their own names (Microsoft,
 * "Win32 Provider", "Storage Management API Classes"); the others are said below. Records of `wmic` and of registry
 * exports come in the same shape, all as texts. Unknown properties are passed over, a property of another type costs
 * the record.
 */
import { z } from 'zod';
import { MAX_LIST, MAX_TEXT } from '../values.ts';

const blank = (value: unknown): unknown =>
  value === null || (typeof value === 'string' && value.trim() === '') ? undefined : value;

const text = z.preprocess(
  blank,
  z
    .string()
    .transform((value) => value.slice(0, MAX_TEXT).trim())
    .optional(),
);
/** A number or, from wmic and for 64 bits, the text of one. Above 2^53 Windows means "unknown" (a speed of 2^63 - 1). */
const count = z.preprocess((value) => {
  const found = blank(value);
  const number = typeof found === 'string' && /^\s*\d{1,20}\s*$/u.test(found) ? Number(found) : found;
  return typeof number === 'number' && number > Number.MAX_SAFE_INTEGER ? undefined : number;
}, z.number().int().nonnegative().optional());
const flag = z.preprocess((value) => {
  const found = blank(value);
  const word = typeof found === 'string' ? found.trim().toUpperCase() : found;
  if (word === 'TRUE' || word === 1) return true;
  return word === 'FALSE' || word === 0 ? false : found;
}, z.boolean().optional());
const oneOrMany = (value: unknown): unknown => {
  const found = blank(value);
  if (found === undefined || Array.isArray(found)) return found;
  return [found];
};
const texts = z.preprocess(
  oneOrMany,
  z
    .array(z.union([z.string(), z.number()]))
    .transform((values) => values.slice(0, MAX_LIST).map((value) => String(value).slice(0, MAX_TEXT)))
    .optional(),
);
const counts = z.preprocess(
  oneOrMany,
  z
    .array(z.union([z.number(), z.string()]))
    .transform((values) => values.slice(0, MAX_LIST).map(Number))
    .optional(),
);

/** Uninstall keys, and registry values of services and processors, are no CIM classes; their names are ours. */
export const WINDOWS_PARTS = {
  Win32_ComputerSystem: z.object({
    Name: text,
    DNSHostName: text,
    Domain: text,
    PartOfDomain: flag,
    Manufacturer: text,
    Model: text,
    TotalPhysicalMemory: count,
    HypervisorPresent: flag,
    Roles: texts,
  }),
  Win32_ComputerSystemProduct: z.object({
    Vendor: text,
    Name: text,
    UUID: text,
    IdentifyingNumber: text,
    Version: text,
  }),
  Win32_BIOS: z.object({
    Manufacturer: text,
    Name: text,
    Version: text,
    SMBIOSBIOSVersion: text,
    ReleaseDate: text,
    SerialNumber: text,
    BIOSVersion: texts,
  }),
  Win32_BaseBoard: z.object({ Manufacturer: text, Product: text, SerialNumber: text }),
  Win32_SystemEnclosure: z.object({ ChassisTypes: counts, Manufacturer: text, SerialNumber: text }),
  /** FirmwareType: value PEFirmwareType, 1 BIOS, 2 UEFI (Windows 8 and later); SecureBoot: 0 or 1. */
  Firmware: z.object({ FirmwareType: count, SecureBoot: flag }),
  Win32_Processor: z.object({
    DeviceID: text,
    Name: text,
    Manufacturer: text,
    SocketDesignation: text,
    MaxClockSpeed: count,
    NumberOfCores: count,
    NumberOfLogicalProcessors: count,
    Architecture: count,
    VirtualizationFirmwareEnabled: flag,
    SecondLevelAddressTranslationExtensions: flag,
  }),
  /** Keys of HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor, one for each logical processor. */
  CentralProcessor: z.object({
    ProcessorNameString: text,
    VendorIdentifier: text,
    Identifier: text,
    MHz: count,
  }),
  Win32_PhysicalMemory: z.object({
    Capacity: count,
    DeviceLocator: text,
    BankLabel: text,
    Manufacturer: text,
    PartNumber: text,
    SerialNumber: text,
    Speed: count,
    MemoryType: count,
    SMBIOSMemoryType: count,
  }),
  Win32_DiskDrive: z.object({
    DeviceID: text,
    Index: count,
    Model: text,
    Caption: text,
    SerialNumber: text,
    Size: count,
    BytesPerSector: count,
    InterfaceType: text,
    MediaType: text,
    PNPDeviceID: text,
  }),
  Win32_DiskPartition: z.object({
    DeviceID: text,
    DiskIndex: count,
    Index: count,
    Type: text,
    BootPartition: flag,
    Size: count,
    StartingOffset: count,
  }),
  /** Associations, each with the keys of its two ends. */
  Win32_LogicalDiskToPartition: z.object({ Partition: text, LogicalDisk: text }),
  Win32_LogicalDisk: z.object({
    DeviceID: text,
    DriveType: count,
    FileSystem: text,
    Size: count,
    FreeSpace: count,
    VolumeName: text,
    VolumeSerialNumber: text,
    SystemName: text,
  }),
  Win32_Volume: z.object({
    DeviceID: text,
    DriveLetter: text,
    Name: text,
    DriveType: count,
    FileSystem: text,
    Label: text,
    Capacity: count,
    FreeSpace: count,
    /** Since Windows 8 a number, before its hexadecimal digits. */
    SerialNumber: z.union([count, text]),
    BootVolume: flag,
    SystemVolume: flag,
    SystemName: text,
  }),
  MSFT_Disk: z.object({
    Number: count,
    FriendlyName: text,
    SerialNumber: text,
    UniqueId: text,
    UniqueIdFormat: count,
    Size: count,
    LogicalSectorSize: count,
    BusType: count,
    PartitionStyle: count,
    IsBoot: flag,
    IsSystem: flag,
    IsOffline: flag,
  }),
  MSFT_Partition: z.object({
    DiskNumber: count,
    PartitionNumber: count,
    AccessPaths: texts,
    GptType: text,
    MbrType: count,
    Size: count,
    IsBoot: flag,
    IsSystem: flag,
  }),
  MSFT_PhysicalDisk: z.object({
    DeviceId: text,
    FriendlyName: text,
    Model: text,
    SerialNumber: text,
    UniqueId: text,
    UniqueIdFormat: count,
    MediaType: count,
    BusType: count,
    SpindleSpeed: count,
    LogicalSectorSize: count,
    Size: count,
  }),
  Win32_EncryptableVolume: z.object({
    DeviceID: text,
    DriveLetter: text,
    ProtectionStatus: count,
    ConversionStatus: count,
  }),
  /** Ports of Fibre Channel adapters: MSFC_FCAdapterHBAAttributes with MSFC_FibrePortHBAAttributes; names in hexadecimal. */
  FibreChannelPort: z.object({
    InstanceName: text,
    Manufacturer: text,
    Model: text,
    DriverName: text,
    DriverVersion: text,
    FirmwareVersion: text,
    PortWWN: text,
    NodeWWN: text,
    PortSpeed: count,
  }),
  MSiSCSIInitiator_SessionClass: z.object({ InitiatorName: text, TargetName: text }),
  /** MPIO_DISK_INFO, one record for each of its drives. */
  MultipathDisk: z.object({ Name: text, NumberPaths: count, DsmName: text }),
  Win32_NetworkAdapter: z.object({
    Index: count,
    DeviceID: text,
    Name: text,
    NetConnectionID: text,
    MACAddress: text,
    PNPDeviceID: text,
    ServiceName: text,
    Speed: count,
    NetConnectionStatus: count,
    GUID: text,
  }),
  Win32_NetworkAdapterConfiguration: z.object({
    Index: count,
    SettingID: text,
    Description: text,
    ServiceName: text,
    MACAddress: text,
    IPEnabled: flag,
    IPAddress: texts,
    IPSubnet: texts,
    DefaultIPGateway: texts,
    DHCPEnabled: flag,
    DNSHostName: text,
    MTU: count,
  }),
  MSFT_NetAdapter: z.object({
    Name: text,
    InterfaceDescription: text,
    InterfaceGuid: text,
    PermanentAddress: text,
    PnPDeviceID: text,
    DriverName: text,
    Speed: count,
    Virtual: flag,
    HardwareInterface: flag,
    InterfaceOperationalStatus: count,
    MtuSize: count,
    VlanID: count,
  }),
  MSFT_NetLbfoTeam: z.object({ Name: text, TeamingMode: count, LoadBalancingAlgorithm: count }),
  MSFT_NetLbfoTeamMember: z.object({ Name: text, Team: text }),
  MSFT_NetLbfoTeamNic: z.object({ Name: text, Team: text, VlanID: count, Primary: flag }),
  /** MSFT_NetAdapterAdvancedPropertySettingData with the keyword VlanID. */
  AdapterVlan: z.object({ Name: text, VlanID: count }),
  Win32_PnPEntity: z.object({
    DeviceID: text,
    PNPDeviceID: text,
    Name: text,
    Manufacturer: text,
    Service: text,
    ClassGuid: text,
    PNPClass: text,
    HardwareID: texts,
    CompatibleID: texts,
    ConfigManagerErrorCode: count,
  }),
  /** Value LocationInformation of the keys below HKLM\SYSTEM\CurrentControlSet\Enum\PCI. */
  PciLocation: z.object({ DeviceID: text, LocationInformation: text }),
  Win32_PnPSignedDriver: z.object({
    DeviceID: text,
    DriverVersion: text,
    DriverProviderName: text,
    Manufacturer: text,
    InfName: text,
    DeviceClass: text,
  }),
  Win32_SystemDriver: z.object({
    Name: text,
    PathName: text,
    StartMode: text,
    State: text,
    Started: flag,
  }),
  /** Keys of HKLM\SYSTEM\CurrentControlSet\Services whose Type is a driver (bits 0 and 1). */
  DriverService: z.object({
    Name: text,
    Type: count,
    Start: count,
    Group: text,
    Tag: count,
    ImagePath: text,
  }),
  Win32_Service: z.object({
    Name: text,
    DisplayName: text,
    StartMode: text,
    State: text,
    Started: flag,
  }),
  Win32_ServerFeature: z.object({ ID: count, ParentID: count, Name: text }),
  Win32_OptionalFeature: z.object({ Name: text, InstallState: count }),
  /** Keys of ...\CurrentVersion\Uninstall, of 64 and 32 bits. */
  Uninstall: z.object({
    DisplayName: text,
    DisplayVersion: text,
    Publisher: text,
    SystemComponent: flag,
    ParentKeyName: text,
    ReleaseType: text,
  }),
  Win32_QuickFixEngineering: z.object({ HotFixID: text, Description: text, ServicePackInEffect: text }),
  /** One line of `netstat -ano`: RemotePort 0 is a listener; UDP has no remote end. */
  Endpoint: z.object({
    Protocol: text,
    LocalAddress: text,
    LocalPort: count,
    RemoteAddress: text,
    RemotePort: count,
    ProcessId: count,
  }),
  Win32_Process: z.object({ ProcessId: count, Name: text }),
  Win32_OperatingSystem: z.object({
    Caption: text,
    CSDVersion: text,
    Version: text,
    BuildNumber: text,
    OSArchitecture: text,
    InstallDate: text,
    LastBootUpTime: text,
    SystemDrive: text,
    CSName: text,
    TotalVisibleMemorySize: count,
  }),
  Win32_TimeZone: z.object({ StandardName: text, Caption: text, Bias: z.unknown() }),
  MSFT_ScheduledTask: z.object({ TaskName: text, TaskPath: text, State: count }),
} as const;

export type WindowsPartName = keyof typeof WINDOWS_PARTS;
export type WindowsRecord<N extends WindowsPartName> = z.output<(typeof WINDOWS_PARTS)[N]>;
/** What is known of one computer; a part that is missing was not collected, an empty one is "none". */
export type WindowsParts = { [N in WindowsPartName]?: WindowsRecord<N>[] };

export const isWindowsPart = (name: string): name is WindowsPartName => Object.hasOwn(WINDOWS_PARTS, name);

/** Records of one part; the largest real one (signed drivers, PnP devices) has a few thousand. */
export const MAX_RECORDS = 50_000;

/** Adds a record to its part. @returns null, or one sentence about what is wrong with it */
export function addRecord(parts: WindowsParts, part: WindowsPartName, value: unknown): string | null {
  const into: unknown[] = (parts[part] ??= []);
  if (into.length >= MAX_RECORDS) return `There are more than ${MAX_RECORDS} records of ${part}.`;
  const parsed = WINDOWS_PARTS[part].safeParse(value);
  if (parsed.success) {
    into.push(parsed.data);
    return null;
  }
  const [issue] = parsed.error.issues;
  return `A record of ${part} is not as that class has it (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}).`;
}

const partStatus = z.object({
  name: z.string().max(200),
  /** Relative to the manifest. */
  file: z.string().max(200).nullish(),
  status: z.enum(['ok', 'failed', 'skipped']),
  error: z.string().nullish(),
  records: z.number().int().nonnegative().nullish(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .nullish(),
});
export type WindowsPartStatus = z.output<typeof partStatus>;

export const windowsManifest = z.object({
  format: z.literal('ironlift-windows'),
  version: z.literal(1),
  computer: z.string().min(1).max(256),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  /** Missing where the collector was ended from outside. */
  finishedAt: z.string().nullish(),
  utcOffsetMinutes: z
    .number()
    .int()
    .min(-14 * 60)
    .max(14 * 60),
  elevated: z.boolean().nullish(),
  powerShell: z.string().max(100).nullish(),
  parts: z.array(partStatus).max(500),
});
export type WindowsManifest = z.output<typeof windowsManifest>;
