/**
 * What a server is: hardware, devices, drivers, operating system, what runs on it and whom it talks to. Every collector
 * and importer fills in what it knows and leaves the rest away: a missing part is unknown, an empty list is "there is
 * none". `gaps` says what could not be seen, and why. All texts are data of strangers.
 */
import { z } from 'zod';
import { serverIdentity } from './identity.ts';

const bytes = z.number().int().nonnegative();
const count = z.number().int().nonnegative();

export const firmware = z.object({
  kind: z.enum(['bios', 'uefi']).optional(),
  secureBoot: z.boolean().optional(),
  vendor: z.string().optional(),
  version: z.string().optional(),
  /** As the vendor wrote it. */
  date: z.string().optional(),
});

export const processor = z.object({
  /** As the processor calls itself. */
  model: z.string(),
  vendor: z.string().optional(),
  sockets: count.optional(),
  /** Of all sockets together. */
  cores: count.optional(),
  /** Logical processors of all sockets together. */
  threads: count.optional(),
  /** Nominal, MHz. */
  megahertz: z.number().nonnegative().optional(),
  architecture: z.string().optional(),
  /** As Linux names them, where known. */
  flags: z.array(z.string()).optional(),
  /** VT-x or AMD-V is there; `false` also where the firmware has switched it off. */
  hardwareVirtualization: z.boolean().optional(),
  /** EPT (Intel) or NPT (AMD). */
  nestedPaging: z.boolean().optional(),
});

export const memoryModule = z.object({
  slot: z.string().optional(),
  bytes,
  type: z.string().optional(),
  /** Megatransfers per second. */
  speed: z.number().optional(),
  vendor: z.string().optional(),
  partNumber: z.string().optional(),
  serial: z.string().optional(),
});

/** A device on a bus, named by pci.ids or usb.ids. */
export const device = z.object({
  bus: z.enum(['pci', 'usb']),
  /** `0000:02:00.0`, `001:004`. */
  address: z.string().optional(),
  /** Four hexadecimal digits, lower case. */
  vendorId: z.string().optional(),
  deviceId: z.string().optional(),
  subsystemVendorId: z.string().optional(),
  subsystemId: z.string().optional(),
  /** PCI class, four or six hexadecimal digits: base class, subclass, interface. */
  classId: z.string().optional(),
  className: z.string().optional(),
  vendor: z.string().optional(),
  name: z.string().optional(),
  /** The driver that has it. */
  driver: z.string().optional(),
});

export const driver = z.object({
  name: z.string(),
  version: z.string().optional(),
  vendor: z.string().optional(),
  /** File or package. */
  path: z.string().optional(),
  startType: z.enum(['boot', 'system', 'auto', 'manual', 'disabled']).optional(),
  loaded: z.boolean().optional(),
  /** Needed to reach the system disk or the screen of this hardware; undefined: not judged. */
  bootCritical: z.boolean().optional(),
});

export const physicalDisk = z.object({
  /** `sda`, `PhysicalDrive0`. */
  name: z.string(),
  bytes: bytes.optional(),
  model: z.string().optional(),
  vendor: z.string().optional(),
  serial: z.string().optional(),
  wwn: z.string().optional(),
  /** `sata`, `sas`, `nvme`, `fc`, `iscsi`, `usb`, `raid`, `virtio` ...: what it hangs on, in lower case. */
  bus: z.string().optional(),
  rotational: z.boolean().optional(),
  sectorBytes: count.optional(),
  removable: z.boolean().optional(),
  /** The operating system starts from it. */
  system: z.boolean().optional(),
  partitionTable: z.string().optional(),
  /** Names of disks that are paths of this multipath device. */
  paths: z.array(z.string()).optional(),
});

export const volume = z.object({
  /** Device or volume name. */
  name: z.string(),
  mountPoint: z.string().optional(),
  fileSystem: z.string().optional(),
  label: z.string().optional(),
  uuid: z.string().optional(),
  bytes: bytes.optional(),
  usedBytes: bytes.optional(),
  /** `partition`, `lvm`, `raid1`, `mpath`, `crypt`, `disk` ... */
  kind: z.string().optional(),
  /** Names of the disks below it. */
  disks: z.array(z.string()).optional(),
  encryption: z.enum(['luks', 'bitlocker', 'other']).optional(),
});

export const raidController = z.object({
  name: z.string(),
  /** PCI address. */
  address: z.string().optional(),
  driver: z.string().optional(),
  firmware: z.string().optional(),
  logicalDisks: z
    .array(
      z.object({
        name: z.string(),
        level: z.string().optional(),
        bytes: bytes.optional(),
        state: z.string().optional(),
      }),
    )
    .optional(),
  /** Left away where nothing but the vendor's tool could tell. */
  physicalDisks: z
    .array(
      z.object({
        slot: z.string().optional(),
        model: z.string().optional(),
        serial: z.string().optional(),
        bytes: bytes.optional(),
        state: z.string().optional(),
      }),
    )
    .optional(),
});

export const hostBusAdapter = z.object({
  name: z.string(),
  kind: z.enum(['fc', 'iscsi', 'sas', 'other']),
  /** Of the ports, sixteen hexadecimal digits with colons. */
  wwpns: z.array(z.string()).default([]),
  driver: z.string().optional(),
  /** Bits per second. */
  speed: z.number().optional(),
});

export const networkInterface = z.object({
  name: z.string(),
  mac: z.string().optional(),
  kind: z.enum(['physical', 'bond', 'bridge', 'vlan', 'virtual', 'loopback']).optional(),
  /** With prefix length: `192.0.2.7/24`. */
  addresses: z.array(z.string()).default([]),
  gateway: z.string().optional(),
  dhcp: z.boolean().optional(),
  /** Bits per second. */
  speed: z.number().nonnegative().optional(),
  up: z.boolean().optional(),
  mtu: count.optional(),
  driver: z.string().optional(),
  /** PCI address. */
  address: z.string().optional(),
  /** Interfaces below: members of a bond or bridge, the carrier of a VLAN. */
  members: z.array(z.string()).optional(),
  /** `802.3ad`, `active-backup` ... */
  teamMode: z.string().optional(),
  vlan: z.number().int().min(0).max(4095).optional(),
});

export const operatingSystem = z.object({
  family: z.enum(['linux', 'windows', 'unix', 'other']),
  /** `debian`, `rhel`, `windows` ... in lower case. */
  id: z.string().optional(),
  name: z.string(),
  version: z.string().optional(),
  /** Kernel release or Windows build. */
  build: z.string().optional(),
  architecture: z.string().optional(),
  timeZone: z.string().optional(),
  /** Seconds the clock of the server was ahead of ours. */
  clockOffset: z.number().optional(),
  /** Milliseconds since 1970. */
  installedAt: z.number().optional(),
  bootedAt: z.number().optional(),
});

export const service = z.object({
  name: z.string(),
  title: z.string().optional(),
  startType: z.enum(['boot', 'system', 'auto', 'manual', 'disabled']).optional(),
  running: z.boolean().optional(),
});

export const software = z.object({
  name: z.string(),
  version: z.string().optional(),
  vendor: z.string().optional(),
});

export const listener = z.object({
  protocol: z.enum(['tcp', 'udp']),
  address: z.string(),
  port: z.number().int().min(0).max(65_535),
  process: z.string().optional(),
});

/** Who talks to whom. */
export const connection = z.object({
  protocol: z.enum(['tcp', 'udp']),
  localAddress: z.string(),
  localPort: z.number().int().min(0).max(65_535),
  remoteAddress: z.string(),
  remotePort: z.number().int().min(0).max(65_535),
  process: z.string().optional(),
});

export const inventoryGap = z.object({
  /** Part of this schema: `memoryModules`, `raidControllers.physicalDisks`. */
  part: z.string(),
  /** One sentence: why it could not be seen. */
  why: z.string(),
  /** One sentence: what would show it. */
  next: z.string().optional(),
});

export const serverInventory = z.object({
  identity: serverIdentity,
  vendor: z.string().optional(),
  model: z.string().optional(),
  /** It is a virtual machine or container already; the hypervisor's name. */
  virtual: z.string().optional(),
  chassis: z.string().optional(),
  boardSerial: z.string().optional(),
  firmware: firmware.optional(),
  /** One entry for each kind of processor. */
  processors: z.array(processor).optional(),
  memoryBytes: bytes.optional(),
  memoryModules: z.array(memoryModule).optional(),
  devices: z.array(device).optional(),
  drivers: z.array(driver).optional(),
  disks: z.array(physicalDisk).optional(),
  volumes: z.array(volume).optional(),
  raidControllers: z.array(raidController).optional(),
  hostBusAdapters: z.array(hostBusAdapter).optional(),
  networkInterfaces: z.array(networkInterface).optional(),
  operatingSystem: operatingSystem.optional(),
  /** Windows roles and features, or what its services make a server: `web`, `database` ... */
  roles: z.array(z.string()).optional(),
  services: z.array(service).optional(),
  software: z.array(software).optional(),
  /** Agents of hardware vendors that have no business in a virtual machine. */
  vendorAgents: z.array(software).optional(),
  listeners: z.array(listener).optional(),
  connections: z.array(connection).optional(),
  gaps: z.array(inventoryGap).default([]),
});
export type ServerInventory = z.infer<typeof serverInventory>;
export type InventoryGap = z.infer<typeof inventoryGap>;
export type Processor = z.infer<typeof processor>;
export type MemoryModule = z.infer<typeof memoryModule>;
export type Device = z.infer<typeof device>;
export type Driver = z.infer<typeof driver>;
export type PhysicalDisk = z.infer<typeof physicalDisk>;
export type Volume = z.infer<typeof volume>;
export type RaidController = z.infer<typeof raidController>;
export type HostBusAdapter = z.infer<typeof hostBusAdapter>;
export type NetworkInterface = z.infer<typeof networkInterface>;
export type OperatingSystem = z.infer<typeof operatingSystem>;
