/** What inspection found out about a Windows server on the disks. Plain data: it goes into reports and `--json` as it is. */

/**
 * How a boot-start driver is bound to a device before Plug and Play runs: by the CriticalDeviceDatabase of each control set
 * (up to Windows 7 and Server 2008 R2), or by the DriverDatabase at the root of the SYSTEM hive (Windows 8 and Server 2012 on).
 * Decided by whether that key is there, never by the version number.
 */
export type BindingTable = 'critical-device-database' | 'driver-database';

export interface WindowsFacts {
  /** `5.1` (XP), `5.2` (2003), `6.0` ... `6.3`, `10.0`. */
  ntVersion: string;
  /** 26100; 0 where it is not told. */
  build: number;
  /** `Service Pack 3`; empty for none. */
  servicePack: string;
  /** EditionID: `ServerStandard`; empty before Vista. */
  edition: string;
  installation: 'client' | 'server' | 'server-core' | 'unknown';
  /** Canonical guest path of the folder of Windows, with the letters as they lie on the volume: `/Windows`, `/WINNT`. */
  systemRoot: string;
  /** Canonical guest path of System32. */
  system32: string;
  /** The letter that folder has when Windows runs: `C`. */
  systemDrive: string;
  /** Canonical guest paths of the hives and stores that are there. */
  hives: { system: string; software: string; bootStores: string[] };
  /** Numbers of all ControlSetNNN keys, ascending, and the one `Select\Current` names. */
  controlSets: number[];
  currentControlSet: number;
  bindingTable: BindingTable;
  /** Name of the HAL inside hal.dll on XP and 2003 (`halmacpi.dll`); null where it is not known or is of no matter. */
  hal: string | null;
  /** Every service and driver of the current control set, by name. */
  services: WindowsService[];
  /** Devices under Enum that carry the system: disk controllers and what is above them, as far as the registry tells. */
  storage: StorageDevice[];
  adapters: WindowsAdapter[];
  /** UpperFilters and LowerFilters of the device classes of storage. */
  filters: ClassFilter[];
  /** Network teams, by name, with what makes them. */
  teams: { name: string; by: string }[];
  /** Roles and features that matter for a migration: `domain-controller`, `cluster`, `hyper-v`, `sql-server` ... */
  roles: string[];
  activation: { channel: 'oem' | 'retail' | 'volume' | 'kms' | 'evaluation' | 'unknown'; evidence: string };
  /** What waits for a restart, in words; empty for nothing. */
  pendingRestart: string[];
  /** Whether the hardware clock runs in UTC (RealTimeIsUniversal). */
  clockIsUtc: boolean;
  /** Whether Fast Startup and hibernation are switched on. */
  fastStartup: boolean;
  hibernation: boolean;
  /** SAN policy of partmgr: 1 to 4; null where none is set. */
  sanPolicy: number | null;
  /** CrashControl\AutoReboot; null where it is not set. */
  crashAutoReboot: boolean | null;
  /** Driver installation is restricted by policy, or other settings that stop drivers from being installed at the first start. */
  restrictions: string[];
}

export interface WindowsService {
  /** Name of its key, as written there. */
  name: string;
  displayName: string;
  /** Type: 1 kernel driver, 2 file system driver, 0x10 and 0x20 programs. */
  type: number;
  /** Start: 0 boot, 1 system, 2 automatic, 3 on demand, 4 disabled; null where the key has none. */
  start: number | null;
  /** StartOverride\0, which wins over Start from Windows 8 on; null for none. */
  startOverride: number | null;
  /** ImagePath as it is written; empty for none. */
  image: string;
  group: string;
  /** Canonical guest path of the file where it was looked up and is there; null otherwise. Looked up for drivers with Start 0 to 2 only. */
  file: string | null;
}

export interface StorageDevice {
  /** Path under Enum: `PCI\VEN_8086&DEV_2829&SUBSYS_...\3&11583659&0&68`. */
  instance: string;
  description: string;
  /** The driver bound to it. */
  service: string;
  /** `{4D36E97B-E325-11CE-BFC1-08002BE10318}` in capitals; empty where it has none. */
  classGuid: string;
  hardwareIds: string[];
  /** The driver has to be there before Windows can read its own files. */
  bootCritical: boolean;
}

export interface WindowsAdapter {
  /** NetCfgInstanceId: `{...}` in capitals, the key below Tcpip\Parameters\Interfaces. */
  guid: string;
  /** `Local Area Connection`. */
  name: string;
  description: string;
  service: string;
  kind: 'physical' | 'team' | 'vlan' | 'virtual';
  /** NetworkAddress override, or what the card's serial number says; lower case with colons; null where only the hardware knows it. */
  mac: string | null;
  dhcp: boolean;
  /** With prefix: `10.0.0.5/24`. */
  addresses: string[];
  gateways: string[];
  dnsServers: string[];
  dnsDomain: string;
  ipv6Addresses: string[];
}

export interface ClassFilter {
  /** `{4D36E967-E325-11CE-BFC1-08002BE10318}`. */
  classGuid: string;
  position: 'UpperFilters' | 'LowerFilters';
  /** Names of services, in their order. */
  services: string[];
  /** Numbers of the control sets in which the list says this. */
  controlSets: number[];
}
