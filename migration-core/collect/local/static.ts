/**
 * What systeminformation knows of a computer, as an inventory. It is what there is on Windows and macOS without a script
 * of our own; what it does not know is a gap, not an empty list.
 */
import type { Systeminformation as Si } from 'systeminformation';
import type {
  InventoryGap,
  NetworkInterface,
  PhysicalDisk,
  ServerInventory,
  Volume,
} from '../../store/model/inventory.ts';
import { usableSerial, usableUuid } from '../../store/model/identity.ts';

/** Answers of systeminformation 5, as they come. */
export interface StaticAnswers {
  system: Si.SystemData;
  bios: Si.BiosData;
  baseboard: Si.BaseboardData;
  chassis: Si.ChassisData;
  os: Si.OsData;
  cpu: Si.CpuData;
  memory: Pick<Si.MemData, 'total'>;
  memoryLayout: Si.MemLayoutData[];
  disks: Si.DiskLayoutData[];
  fileSystems: Si.FsSizeData[];
  interfaces: Si.NetworkInterfacesData[];
  services: Si.ServicesData[];
  time: Pick<Si.TimeData, 'current' | 'uptime'>;
}

/** No computer has more of anything that is listed here. */
const MAXIMUM_ENTRIES = 10_000;

export function staticInventory(answers: StaticAnswers): ServerInventory {
  const { system, bios, baseboard, chassis, os, cpu } = answers;
  const uuid = usableUuid(system.uuid);
  const serial = usableSerial(system.serial);
  const interfaces = answers.interfaces.slice(0, MAXIMUM_ENTRIES).map(networkInterface);
  const platform = familyOf(os.platform);
  return {
    identity: {
      name: os.hostname.split('.')[0]!,
      ...(os.fqdn !== '' && os.fqdn.includes('.') ? { fqdn: os.fqdn } : {}),
      ...(uuid === undefined ? {} : { smbiosUuid: uuid }),
      ...(serial === undefined ? {} : { serial }),
      macs: interfaces
        .filter(({ kind, mac }) => kind === 'physical' && mac !== undefined)
        .map(({ mac }) => mac!),
    },
    ...told('vendor', system.manufacturer),
    ...told('model', system.model),
    ...(system.virtual ? { virtual: system.virtualHost ?? 'unknown' } : {}),
    ...told('chassis', chassis.type),
    ...told('boardSerial', usableSerial(baseboard.serial)),
    firmware: {
      ...(os.uefi === null ? {} : { kind: os.uefi ? ('uefi' as const) : ('bios' as const) }),
      ...told('vendor', bios.vendor),
      ...told('version', bios.version),
      ...told('date', bios.releaseDate),
    },
    processors: [
      {
        model: `${cpu.manufacturer} ${cpu.brand}`.trim(),
        ...told('vendor', cpu.vendor),
        ...(cpu.processors > 0 ? { sockets: cpu.processors } : {}),
        ...(cpu.physicalCores > 0 ? { cores: cpu.physicalCores } : {}),
        ...(cpu.cores > 0 ? { threads: cpu.cores } : {}),
        // systeminformation tells GHz with two digits.
        ...(cpu.speed > 0 ? { megahertz: Math.round(cpu.speed * 1000) } : {}),
        ...told('architecture', os.arch),
        ...(cpu.flags === '' ? {} : { flags: cpu.flags.split(/\s+/u) }),
      },
    ],
    memoryBytes: answers.memory.total,
    ...modules(answers.memoryLayout),
    // A computer without a disk is one whose disks were not seen.
    ...(answers.disks.length === 0
      ? {}
      : { disks: answers.disks.slice(0, MAXIMUM_ENTRIES).map(physicalDisk) }),
    volumes: answers.fileSystems.slice(0, MAXIMUM_ENTRIES).map(volume),
    networkInterfaces: interfaces,
    operatingSystem: {
      family: platform,
      name: os.distro === '' ? os.platform : os.distro,
      ...told('id', platform === 'windows' ? 'windows' : os.platform === 'darwin' ? 'macos' : ''),
      ...told('version', os.release),
      ...told('build', platform === 'windows' ? os.build : os.kernel),
      ...told('architecture', os.arch),
      ...(answers.time.uptime > 0
        ? { bootedAt: Math.round(answers.time.current - answers.time.uptime * 1000) }
        : {}),
    },
    services: answers.services.slice(0, MAXIMUM_ENTRIES).map(({ name, running, startmode }) => ({
      name,
      running,
      ...startType(startmode),
    })),
    gaps: [
      ...GAPS,
      ...(answers.disks.length === 0 ? [gap('disks', 'Disks')] : []),
      ...(modules(answers.memoryLayout).memoryModules === undefined
        ? [gap('memoryModules', 'Memory modules')]
        : []),
    ],
  };
}

/** What systeminformation cannot tell, whatever the computer is. */
const GAPS: InventoryGap[] = [
  ['devices', 'Devices on the buses'],
  ['drivers', 'Drivers and what they drive'],
  ['raidControllers', 'RAID controllers and the disks behind them'],
  ['hostBusAdapters', 'Host bus adapters'],
  ['software', 'Installed programs'],
  ['listeners', 'Listening programs'],
].map(([part, what]) => gap(part!, what!));

function gap(part: string, what: string): InventoryGap {
  return {
    part,
    why: `${what} are not told by the general library that looked at this computer.`,
    next: 'Run the collector for Windows, or collect over SSH, for the whole inventory.',
  };
}

function familyOf(platform: string): 'linux' | 'windows' | 'unix' | 'other' {
  if (platform === 'linux') return 'linux';
  if (/^win/iu.test(platform)) return 'windows';
  return /darwin|bsd|sunos|aix/iu.test(platform) ? 'unix' : 'other';
}

/** The field, if there is anything in it that says something. */
function told<K extends string>(key: K, text: string | null | undefined): Partial<Record<K, string>> {
  const value = (text ?? '').trim();
  return value === '' || /^(?:unknown|-|not specified|none)$/iu.test(value)
    ? {}
    : ({ [key]: value } as Record<K, string>);
}

/** Of banks that hold something; without rights there is one bank that says nothing but the sum. */
function modules(layout: readonly Si.MemLayoutData[]): Pick<ServerInventory, 'memoryModules'> {
  const found = layout.filter(({ size, type }) => size > 0 && type !== '' && type !== 'Empty');
  if (found.length === 0) return {};
  return {
    memoryModules: found.slice(0, MAXIMUM_ENTRIES).map((module) => ({
      bytes: module.size,
      ...told('slot', module.bank),
      ...told('type', module.type),
      ...(module.clockSpeed === null || module.clockSpeed <= 0 ? {} : { speed: module.clockSpeed }),
      ...told('vendor', module.manufacturer),
      ...told('partNumber', module.partNum),
      ...told('serial', module.serialNum),
    })),
  };
}

function physicalDisk(disk: Si.DiskLayoutData): PhysicalDisk {
  const name = disk.device.replace(/^\/dev\//u, '').replace(/^\\\\[.]\\PHYSICALDRIVE/iu, 'PhysicalDrive');
  return {
    name: name === '' ? disk.name : name,
    bytes: Math.max(0, Math.round(disk.size)),
    ...told('model', disk.name),
    ...told('vendor', disk.vendor),
    ...told('serial', usableSerial(disk.serialNum)),
    ...told('bus', disk.interfaceType.toLowerCase()),
    ...(/^HD/u.test(disk.type) ? { rotational: true } : {}),
    ...(/SSD|NVMe/iu.test(disk.type) ? { rotational: false } : {}),
    ...(disk.bytesPerSector > 0 ? { sectorBytes: disk.bytesPerSector } : {}),
  };
}

const volume = (fs: Si.FsSizeData): Volume => ({
  name: fs.fs,
  mountPoint: fs.mount,
  ...told('fileSystem', fs.type),
  bytes: Math.max(0, Math.round(fs.size)),
  usedBytes: Math.max(0, Math.round(fs.used)),
});

function networkInterface(nic: Si.NetworkInterfacesData): NetworkInterface {
  return {
    name: nic.iface,
    ...told('mac', /^(?:00:?)*$/u.test(nic.mac) ? '' : nic.mac.toLowerCase()),
    kind: nic.internal ? 'loopback' : nic.virtual ? 'virtual' : 'physical',
    addresses: [withPrefix(nic.ip4, nic.ip4subnet), withPrefix(nic.ip6, nic.ip6subnet)].filter(
      (address) => address !== null,
    ),
    dhcp: nic.dhcp,
    // systeminformation tells Mbit/s, and -1 or null for unknown.
    ...(nic.speed !== null && nic.speed > 0 ? { speed: nic.speed * 1e6 } : {}),
    ...(nic.operstate === 'up' || nic.operstate === 'down' ? { up: nic.operstate === 'up' } : {}),
    ...(nic.mtu !== null && nic.mtu > 0 ? { mtu: nic.mtu } : {}),
  };
}

/** Address and mask as `192.0.2.7/24`; the bits of the mask are counted, whatever its notation. */
export function withPrefix(address: string, mask: string): string | null {
  if (address === '') return null;
  const groups = mask.includes(':')
    ? mask.split(':').map((group) => Number.parseInt(group === '' ? '0' : group, 16))
    : mask.split('.').map(Number);
  const bits = groups.reduce((sum, group) => sum + (group >>> 0).toString(2).replaceAll('0', '').length, 0);
  return mask === '' ? address : `${address}/${bits}`;
}

function startType(mode: string): { startType?: 'auto' | 'manual' | 'disabled' } {
  const lower = mode.toLowerCase();
  if (lower === 'auto' || lower === 'manual' || lower === 'disabled') return { startType: lower };
  return {};
}
