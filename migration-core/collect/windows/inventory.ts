/** Parts that Windows told about itself become the inventory of one server. Pure: the same parts, the same inventory. */
import {
  comparableName,
  usableMac,
  usableSerial,
  usableUuid,
  type ServerIdentity,
} from '../../store/model/identity.ts';
import type { InventoryGap, MemoryModule, ServerInventory } from '../../store/model/inventory.ts';
import { known, said } from '../values.ts';
import { windowsDevices, windowsDrivers } from './devices.ts';
import { windowsDisks, windowsHostBusAdapters, windowsRaid, windowsVolumes } from './disks.ts';
import { windowsNetwork } from './network.ts';
import { windowsProcessors } from './processors.ts';
import type { WindowsParts } from './schema.ts';
import {
  windowsEndpoints,
  windowsRoles,
  windowsServices,
  windowsSoftware,
  windowsVendorAgents,
} from './software.ts';
import { windowsTime } from './times.ts';

export interface AboutParts {
  /** Name of the server where no part says it. */
  computer?: string | undefined;
  /** Parts that could not be read there, and why. */
  gaps?: InventoryGap[];
}

/** SMBIOS 7.4.1, only what servers and virtual machines have. */
const CHASSIS: Record<number, string> = {
  1: 'other',
  3: 'desktop',
  4: 'low profile desktop',
  5: 'pizza box',
  6: 'mini tower',
  7: 'tower',
  9: 'laptop',
  10: 'notebook',
  11: 'hand held',
  15: 'space-saving',
  17: 'main server chassis',
  22: 'RAID chassis',
  23: 'rack mount chassis',
  25: 'multi-system chassis',
  28: 'blade',
  29: 'blade enclosure',
  30: 'tablet',
  35: 'mini PC',
  36: 'stick PC',
};

export function windowsInventory(parts: WindowsParts, about: AboutParts = {}): ServerInventory {
  const [system] = parts.Win32_ComputerSystem ?? [];
  const [product] = parts.Win32_ComputerSystemProduct ?? [];
  const cpu = windowsProcessors(parts);
  const raid = windowsRaid(parts);
  const adapters = windowsHostBusAdapters(parts);
  const modules = windowsMemory(parts);
  const services = windowsServices(parts);
  const software = windowsSoftware(parts);
  const networkInterfaces = windowsNetwork(parts);
  const chassis = parts.Win32_SystemEnclosure?.[0]?.ChassisTypes?.[0];
  return {
    identity: windowsIdentity(parts, networkInterfaces, about.computer),
    ...known({
      vendor: said(system?.Manufacturer) ?? said(product?.Vendor),
      model: said(system?.Model) ?? said(product?.Name),
      virtual: hypervisor(parts),
      chassis: CHASSIS[(chassis ?? 0) & 0x7f],
      boardSerial: usableSerial(parts.Win32_BaseBoard?.[0]?.SerialNumber),
      firmware: firmwareOf(parts),
      processors: cpu.processors,
      memoryBytes: memoryBytes(parts, modules),
      memoryModules: modules,
      devices: windowsDevices(parts),
      drivers: windowsDrivers(parts),
      disks: windowsDisks(parts),
      volumes: windowsVolumes(parts),
      raidControllers: raid.raidControllers,
      hostBusAdapters: adapters.hostBusAdapters,
      networkInterfaces,
      operatingSystem: operatingSystemOf(parts),
      roles: windowsRoles(parts, services),
      services,
      software,
      vendorAgents: windowsVendorAgents(services, software),
      ...windowsEndpoints(parts),
    }),
    gaps: [...(about.gaps ?? []), ...cpu.gaps, ...raid.gaps, ...adapters.gaps],
  };
}

function windowsIdentity(
  parts: WindowsParts,
  interfaces: ServerInventory['networkInterfaces'],
  computer: string | undefined,
): ServerIdentity {
  const [system] = parts.Win32_ComputerSystem ?? [];
  const [product] = parts.Win32_ComputerSystemProduct ?? [];
  const name =
    system?.DNSHostName ?? system?.Name ?? parts.Win32_OperatingSystem?.[0]?.CSName ?? computer ?? '';
  const isMember = system?.PartOfDomain === true && system.Domain !== undefined;
  return {
    name,
    ...known({
      fqdn: isMember ? `${comparableName(name)}.${system.Domain!}`.toLowerCase() : undefined,
      smbiosUuid: usableUuid(product?.UUID),
      serial: usableSerial(parts.Win32_BIOS?.[0]?.SerialNumber) ?? usableSerial(product?.IdentifyingNumber),
    }),
    macs: [
      ...new Set(
        (interfaces ?? [])
          .filter(({ kind }) => kind === 'physical' || kind === undefined)
          .map(({ mac }) => usableMac(mac))
          .filter((mac) => mac !== undefined),
      ),
    ],
  };
}

/** By what hypervisors put into SMBIOS. A hypervisor that Windows sees is no proof: a Hyper-V host sees its own. */
function hypervisor(parts: WindowsParts): string | undefined {
  const [system] = parts.Win32_ComputerSystem ?? [];
  const [bios] = parts.Win32_BIOS ?? [];
  const words = [
    system?.Manufacturer,
    system?.Model,
    bios?.Version,
    bios?.SMBIOSBIOSVersion,
    bios?.Manufacturer,
  ]
    .filter((word) => word !== undefined)
    .join(' ')
    .toLowerCase();
  if (words.includes('vmware')) return 'VMware';
  if (words.includes('virtualbox') || words.includes('innotek')) return 'VirtualBox';
  if (/\bxen\b|hvm domu/u.test(words)) return 'Xen';
  if (/qemu|bochs|kvm|openstack|rhev|ovirt|nutanix|proxmox/u.test(words)) return 'KVM';
  if (/parallels/u.test(words)) return 'Parallels';
  if (/amazon ec2/u.test(words)) return 'Amazon EC2';
  if (/google compute/u.test(words)) return 'Google Compute Engine';
  return /microsoft/u.test(words) && /virtual/u.test(words) ? 'Hyper-V' : undefined;
}

function firmwareOf(parts: WindowsParts): ServerInventory['firmware'] {
  const [bios] = parts.Win32_BIOS ?? [];
  const [facts] = parts.Firmware ?? [];
  const types = (parts.Win32_DiskPartition ?? []).map((partition) => partition.Type ?? '');
  const kinds = { 1: 'bios', 2: 'uefi' } as const;
  const told = kinds[(facts?.FirmwareType ?? 0) as 1 | 2] as 'bios' | 'uefi' | undefined;
  // Before Windows 8 nothing says it; only a server that starts by UEFI has an EFI system partition.
  const kind = told ?? (types.includes('GPT: System') ? 'uefi' : undefined);
  if (bios === undefined && kind === undefined) return undefined;
  return known({
    kind,
    secureBoot: facts?.SecureBoot,
    vendor: said(bios?.Manufacturer),
    version: said(bios?.SMBIOSBIOSVersion) ?? said(bios?.Version) ?? said(bios?.Name),
    date: dateOf(bios?.ReleaseDate),
  });
}

/** The firmware has a day, not a time. */
function dateOf(text: string | undefined): string | undefined {
  const time = windowsTime(text);
  return time === undefined ? text : new Date(time).toISOString().slice(0, 10);
}

/** SMBIOS 7.18.2, and the older numbers of Win32_PhysicalMemory.MemoryType. */
const MEMORY_TYPES: Record<number, string> = {
  18: 'DDR',
  19: 'DDR2',
  20: 'DDR2 FB-DIMM',
  24: 'DDR3',
  26: 'DDR4',
  34: 'DDR5',
};
/** As MemoryType numbers them; from 24 on they are the same. */
const OLD_MEMORY_TYPES: Record<number, string> = { 17: 'SDRAM', 20: 'DDR', 21: 'DDR2', 22: 'DDR2 FB-DIMM' };
/** The chip that holds the firmware is in the list too. */
const FLASH = 11;

function windowsMemory(parts: WindowsParts): MemoryModule[] | undefined {
  return parts.Win32_PhysicalMemory?.filter(
    (module) => (module.Capacity ?? 0) > 0 && module.MemoryType !== FLASH,
  ).map((module) =>
    known({
      slot: module.DeviceLocator ?? module.BankLabel,
      bytes: module.Capacity!,
      type:
        MEMORY_TYPES[module.SMBIOSMemoryType ?? -1] ??
        OLD_MEMORY_TYPES[module.MemoryType ?? -1] ??
        MEMORY_TYPES[module.MemoryType ?? -1],
      speed: module.Speed,
      vendor: said(module.Manufacturer),
      partNumber: said(module.PartNumber),
      serial: usableSerial(module.SerialNumber),
    }),
  );
}

/** What is installed; Windows itself sees less of it (holes below 4 GiB, limits of the edition). */
function memoryBytes(parts: WindowsParts, modules: MemoryModule[] | undefined): number | undefined {
  const installed = (modules ?? []).reduce((sum, module) => sum + module.bytes, 0);
  if (installed > 0 && Number.isSafeInteger(installed)) return installed;
  const visible = parts.Win32_OperatingSystem?.[0]?.TotalVisibleMemorySize;
  return (
    parts.Win32_ComputerSystem?.[0]?.TotalPhysicalMemory ??
    (visible === undefined || visible > 2 ** 43 ? undefined : visible * 1024)
  );
}

function operatingSystemOf(parts: WindowsParts): ServerInventory['operatingSystem'] {
  const [os] = parts.Win32_OperatingSystem ?? [];
  if (os === undefined) return undefined;
  const bits = os.OSArchitecture;
  const cpu = parts.Win32_Processor?.[0]?.Architecture;
  return known({
    family: 'windows' as const,
    id: 'windows',
    name: [os.Caption ?? 'Windows', os.CSDVersion].filter((word) => word !== undefined).join(' '),
    version: os.Version,
    build: os.BuildNumber,
    // The word is translated, the number is not.
    architecture:
      bits === undefined
        ? undefined
        : /arm/iu.test(bits) || cpu === 12
          ? 'aarch64'
          : bits.includes('64')
            ? 'x86_64'
            : 'x86',
    timeZone: parts.Win32_TimeZone?.[0]?.StandardName,
    installedAt: windowsTime(os.InstallDate),
    bootedAt: windowsTime(os.LastBootUpTime),
  });
}
