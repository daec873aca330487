/** Disks, volumes, RAID controllers and storage adapters out of what Windows says about them. */
import type {
  HostBusAdapter,
  InventoryGap,
  PhysicalDisk,
  RaidController,
  Volume,
} from '../../store/model/inventory.ts';
import { known } from '../values.ts';
import { pciIdentity, pciLocations } from './devices.ts';
import type { WindowsParts, WindowsRecord } from './schema.ts';

/** MSFT_Disk.BusType. */
const BUSES: Record<number, string> = {
  1: 'scsi',
  2: 'atapi',
  3: 'ata',
  4: 'ieee1394',
  5: 'ssa',
  6: 'fc',
  7: 'usb',
  8: 'raid',
  9: 'iscsi',
  10: 'sas',
  11: 'sata',
  12: 'sd',
  13: 'mmc',
  14: 'virtual',
  15: 'virtual',
  16: 'storage-spaces',
  17: 'nvme',
};
/** UniqueIdFormat: EUI-64 and FCPH (NAA) are world wide names, the others are a vendor's text. */
const WORLD_WIDE = new Set([2, 3]);
const LDM_MBR_TYPE = 0x42;
const LDM_GPT_TYPES = new Set([
  '{5808c8aa-7e8f-42e0-85d2-e1e90434cfb3}',
  '{af9b60a0-1431-4f62-bc68-3311714a69ad}',
]);

export const diskName = (index: number): string => `PhysicalDrive${index}`;

export function windowsDisks(parts: WindowsParts): PhysicalDisk[] | undefined {
  const { Win32_DiskDrive: drives, MSFT_Disk: disks } = parts;
  if (drives === undefined && disks === undefined) return undefined;
  const indexes = new Set<number>();
  for (const drive of drives ?? []) if (drive.Index !== undefined) indexes.add(drive.Index);
  for (const disk of disks ?? []) if (disk.Number !== undefined) indexes.add(disk.Number);
  const boot = bootDisks(parts);
  return [...indexes]
    .sort((a, b) => a - b)
    .map((index) => {
      const drive = drives?.find((one) => one.Index === index);
      const disk = disks?.find((one) => one.Number === index);
      const physical = parts.MSFT_PhysicalDisk?.find((one) => one.DeviceId === String(index));
      const bus = disk?.BusType ?? physical?.BusType;
      return known({
        name: diskName(index),
        // Win32_DiskDrive rounds down to whole cylinders.
        bytes: disk?.Size ?? physical?.Size ?? drive?.Size,
        model: drive?.Model ?? drive?.Caption ?? disk?.FriendlyName ?? physical?.FriendlyName,
        serial: diskSerial(disk?.SerialNumber ?? physical?.SerialNumber ?? drive?.SerialNumber),
        wwn: worldWideName(disk) ?? worldWideName(physical),
        bus: bus === undefined ? busOf(drive) : BUSES[bus],
        rotational: rotational(physical),
        sectorBytes: disk?.LogicalSectorSize ?? physical?.LogicalSectorSize ?? drive?.BytesPerSector,
        removable: drive?.MediaType === undefined ? undefined : /removable/iu.test(drive.MediaType),
        system: boot.size === 0 ? undefined : boot.has(index),
        partitionTable: partitionTable(parts, index, disk),
      });
    });
}

const worldWideName = (
  disk: { UniqueId?: string | undefined; UniqueIdFormat?: number | undefined } | undefined,
): string | undefined => {
  const id = disk?.UniqueId?.replace(/^(?:eui|naa)\./iu, '').toLowerCase();
  if (id === undefined || !/^[0-9a-f]{16,32}$/u.test(id)) return undefined;
  return WORLD_WIDE.has(disk?.UniqueIdFormat ?? -1) || id !== disk?.UniqueId?.toLowerCase() ? id : undefined;
};

/** MSFT_PhysicalDisk.MediaType: 3 a disk that turns, 4 a solid state disk. */
function rotational(disk: WindowsRecord<'MSFT_PhysicalDisk'> | undefined): boolean | undefined {
  if (disk?.MediaType === 3) return true;
  return disk?.MediaType === 4 ? false : undefined;
}

/** Without the storage classes of 2012 only what is not simply "SCSI", which Windows calls all that is not ATA or USB. */
function busOf(drive: WindowsRecord<'Win32_DiskDrive'> | undefined): string | undefined {
  const id = drive?.PNPDeviceID?.toUpperCase() ?? '';
  if (id.includes('VEN_NVME') || id.includes('NVME')) return 'nvme';
  if (id.startsWith('USBSTOR')) return 'usb';
  const type = drive?.InterfaceType?.toUpperCase();
  if (type === 'IDE') return 'ata';
  if (type === 'USB' || type === 'SCSI') return type.toLowerCase();
  return type === '1394' ? 'ieee1394' : undefined;
}

/** Up to Windows Server 2008 the serial number comes as hexadecimal of its characters, each two of them swapped. */
export function diskSerial(serial: string | undefined): string | undefined {
  if (serial === undefined || !/^(?:[0-9a-f]{4}){5,32}$/iu.test(serial)) return serial;
  const bytes = Buffer.from(serial, 'hex');
  if (!bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return serial;
  return bytes.swap16().toString('latin1').trim();
}

function bootDisks(parts: WindowsParts): Set<number> {
  const boot = new Set<number>();
  for (const disk of parts.MSFT_Disk ?? [])
    if ((disk.IsBoot === true || disk.IsSystem === true) && disk.Number !== undefined) boot.add(disk.Number);
  const systemDrive = parts.Win32_OperatingSystem?.[0]?.SystemDrive?.toUpperCase();
  if (boot.size === 0 && systemDrive !== undefined)
    for (const { drive, disk } of driveLetters(parts)) if (drive === systemDrive) boot.add(disk);
  if (boot.size === 0)
    for (const partition of parts.Win32_DiskPartition ?? [])
      if (partition.BootPartition === true && partition.DiskIndex !== undefined)
        boot.add(partition.DiskIndex);
  return boot;
}

function partitionTable(
  parts: WindowsParts,
  index: number,
  disk: WindowsRecord<'MSFT_Disk'> | undefined,
): string | undefined {
  if (disk?.PartitionStyle === 1) return 'mbr';
  if (disk?.PartitionStyle === 2) return 'gpt';
  const types = (parts.Win32_DiskPartition ?? [])
    .filter((partition) => partition.DiskIndex === index)
    .map((partition) => partition.Type ?? '');
  if (types.length === 0) return undefined;
  return types.some((type) => type.startsWith('GPT')) ? 'gpt' : 'mbr';
}

/** Which disk has the drive letter: ends of the association read `Win32_DiskPartition.DeviceID="Disk #0, Partition #1"`. */
function driveLetters(parts: WindowsParts): { drive: string; disk: number }[] {
  return (parts.Win32_LogicalDiskToPartition ?? []).flatMap(({ Partition, LogicalDisk }) => {
    const disk = /#(\d{1,5})[^#]{1,40}#\d{1,5}/u.exec(Partition ?? '')?.[1];
    const drive = /([A-Z]:)"?\s*\)?$/iu.exec(LogicalDisk ?? '')?.[1];
    return disk === undefined || drive === undefined
      ? []
      : [{ drive: drive.toUpperCase(), disk: Number(disk) }];
  });
}

/** Which disks hold dynamic (Logical Disk Manager) partitions. */
function dynamicDisks(parts: WindowsParts): Set<number> {
  const dynamic = new Set<number>();
  for (const partition of parts.MSFT_Partition ?? [])
    if (
      partition.DiskNumber !== undefined &&
      (partition.MbrType === LDM_MBR_TYPE || LDM_GPT_TYPES.has(partition.GptType?.toLowerCase() ?? ''))
    )
      dynamic.add(partition.DiskNumber);
  for (const partition of parts.Win32_DiskPartition ?? [])
    if (partition.DiskIndex !== undefined && /logical disk manager/iu.test(partition.Type ?? ''))
      dynamic.add(partition.DiskIndex);
  return dynamic;
}

/** DriveType 3: a fixed disk; 2 removable, 4 network, 5 optical are no volumes of this server. */
const FIXED = 3;

export function windowsVolumes(parts: WindowsParts): Volume[] | undefined {
  const { Win32_Volume: volumes, Win32_LogicalDisk: drives } = parts;
  if (volumes === undefined && drives === undefined) return undefined;
  const dynamic = dynamicDisks(parts);
  const letters = driveLetters(parts);
  const encrypted = new Set(
    (parts.Win32_EncryptableVolume ?? [])
      .filter((volume) => volume.ProtectionStatus === 1 || (volume.ConversionStatus ?? 0) !== 0)
      .flatMap((volume) => [volume.DeviceID, volume.DriveLetter])
      .filter((name) => name !== undefined),
  );
  const place = (
    name: string | undefined,
    drive: string | undefined,
  ): { disks?: string[]; kind?: string } => {
    const paths = (parts.MSFT_Partition ?? []).filter(
      (partition) =>
        partition.AccessPaths?.some((path) => path === name || path === `${drive ?? '?'}\\`) === true,
    );
    const on = new Set([
      ...paths.map((partition) => partition.DiskNumber).filter((disk) => disk !== undefined),
      ...letters.filter((letter) => letter.drive === drive?.toUpperCase()).map((letter) => letter.disk),
    ]);
    if (on.size === 0) return {};
    const kind = [...on].some((disk) => dynamic.has(disk)) ? 'ldm' : 'partition';
    return { disks: [...on].map(diskName), kind };
  };
  if (volumes !== undefined && volumes.length > 0)
    return volumes
      .filter((volume) => volume.DriveType === FIXED)
      .map((volume) =>
        known({
          name: volume.DeviceID ?? volume.Name ?? '',
          mountPoint:
            volume.DriveLetter ??
            (withoutSlash(volume.Name) === withoutSlash(volume.DeviceID) ? undefined : volume.Name),
          fileSystem: volume.FileSystem?.toLowerCase(),
          label: volume.Label,
          uuid: serialText(volume.SerialNumber),
          bytes: volume.Capacity,
          usedBytes: used(volume.Capacity, volume.FreeSpace),
          encryption:
            encrypted.has(volume.DeviceID ?? '') || encrypted.has(volume.DriveLetter ?? '')
              ? ('bitlocker' as const)
              : undefined,
          ...place(volume.DeviceID, volume.DriveLetter),
        }),
      );
  return (drives ?? [])
    .filter((drive) => drive.DriveType === FIXED)
    .map((drive) =>
      known({
        name: drive.DeviceID ?? '',
        mountPoint: drive.DeviceID,
        fileSystem: drive.FileSystem?.toLowerCase(),
        label: drive.VolumeName,
        uuid: drive.VolumeSerialNumber,
        bytes: drive.Size,
        usedBytes: used(drive.Size, drive.FreeSpace),
        encryption: encrypted.has(drive.DeviceID ?? '') ? ('bitlocker' as const) : undefined,
        ...place(undefined, drive.DeviceID),
      }),
    );
}

function serialText(serial: number | string | undefined): string | undefined {
  if (typeof serial !== 'number') return serial;
  return serial > 0xffffffff ? undefined : serial.toString(16).toUpperCase().padStart(8, '0');
}

const withoutSlash = (path: string | undefined): string | undefined => path?.replace(/\\$/u, '');

const used = (size: number | undefined, free: number | undefined): number | undefined =>
  size === undefined || free === undefined || free > size ? undefined : size - free;

/** Controllers whose PCI class says RAID (01 04), or whose driver is one of RAID controllers that say "SAS" or "SCSI". */
const RAID_DRIVERS =
  /^(?:hpcissx?\d?|hpsa\w*|smartpqi|smartsamd|cpqcissm|cpqcissm2|cpqarray\w*|megasas\w*|percsas\w*|perc\w*|mraid\w*|arcsas|arc\w*|aac\w*|adp\w*raid|3ware\w*|nfrd\w*|ipsraidn|iirsp\w*|iastorv|ql_raid)$/iu;

export function windowsRaid(parts: WindowsParts): {
  raidControllers?: RaidController[];
  gaps: InventoryGap[];
} {
  if (parts.Win32_PnPEntity === undefined) return { gaps: [] };
  const locations = pciLocations(parts);
  const firmware = new Map(
    (parts.Win32_PnPSignedDriver ?? []).map((driver) => [driver.DeviceID?.toUpperCase(), driver]),
  );
  const raidControllers = parts.Win32_PnPEntity.flatMap((entity) => {
    const id = entity.PNPDeviceID ?? entity.DeviceID;
    const pci = pciIdentity(id, entity);
    if (pci?.bus !== 'pci') return [];
    const isRaid = pci.classId?.startsWith('0104') === true || RAID_DRIVERS.test(entity.Service ?? '');
    if (!isRaid) return [];
    return [
      known({
        name: entity.Name ?? entity.Service ?? 'RAID controller',
        address: locations.get(id?.toUpperCase() ?? ''),
        driver: driverText(entity.Service, firmware.get(id?.toUpperCase())?.DriverVersion),
      }),
    ];
  });
  const gaps: InventoryGap[] =
    raidControllers.length === 0
      ? []
      : [
          {
            part: 'raidControllers.physicalDisks',
            why: 'Windows sees the volumes of a RAID controller, not the disks behind it.',
            next: 'Run the tool of the controller (ssacli, storcli or perccli) on the server and keep what it prints.',
          },
        ];
  return { raidControllers, gaps };
}

const driverText = (service: string | undefined, version: string | undefined): string | undefined =>
  service === undefined || version === undefined ? service : `${service} ${version}`;

/** HBA API: bits of HBA_PORTSPEED, gigabits per second. */
const FC_SPEEDS: Record<number, number> = { 1: 1, 2: 2, 4: 10, 8: 4, 16: 8, 32: 16, 64: 32 };

export function windowsHostBusAdapters(parts: WindowsParts): {
  hostBusAdapters?: HostBusAdapter[];
  gaps: InventoryGap[];
} {
  const { FibreChannelPort: ports, MSiSCSIInitiator_SessionClass: sessions, MultipathDisk: paths } = parts;
  const gaps: InventoryGap[] = [];
  if ((paths?.length ?? 0) > 0) {
    const most = Math.max(...paths!.slice(0, 1000).map((disk) => disk.NumberPaths ?? 0));
    gaps.push({
      part: 'disks.paths',
      why: `Windows joins up to ${most} paths to ${paths!.length} multipath disks and does not show them one by one.`,
    });
  }
  if (ports === undefined && sessions === undefined) return { gaps };
  const adapters = new Map<string, HostBusAdapter>();
  for (const port of ports ?? []) {
    const key = port.InstanceName ?? `${port.Model ?? ''} ${port.PortWWN ?? ''}`;
    const wwpn = worldWidePortName(port.PortWWN);
    const adapter =
      adapters.get(key) ??
      ({
        name: [port.Manufacturer, port.Model].filter((word) => word !== undefined).join(' '),
        kind: 'fc',
        wwpns: [],
        ...known({ driver: driverText(port.DriverName, port.DriverVersion) }),
        ...known({ speed: gigabits(port.PortSpeed) }),
      } satisfies HostBusAdapter);
    if (wwpn !== undefined && !adapter.wwpns.includes(wwpn)) adapter.wwpns.push(wwpn);
    adapters.set(key, adapter);
  }
  const initiators = new Set((sessions ?? []).map((session) => session.InitiatorName ?? 'iSCSI initiator'));
  for (const name of initiators) adapters.set(`iscsi ${name}`, { name, kind: 'iscsi', wwpns: [] });
  return { hostBusAdapters: [...adapters.values()], gaps };
}

const gigabits = (code: number | undefined): number | undefined => {
  const speed = FC_SPEEDS[code ?? -1];
  return speed === undefined ? undefined : speed * 1e9;
};

function worldWidePortName(text: string | undefined): string | undefined {
  const hex = text?.toLowerCase().replace(/[:-]/gu, '');
  if (hex === undefined || !/^[0-9a-f]{16}$/u.test(hex) || /^0+$/u.test(hex)) return undefined;
  return hex.match(/../gu)!.join(':');
}
