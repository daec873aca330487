/**
 * DriverDatabase, at the root of the SYSTEM hive: what binds devices to drivers at boot from Windows 8 and Server 2012 on.
 *
 * Facts, from the hive of a Windows 10 (21H2, amd64) with 239 packages and 4760 device IDs:
 * - DeviceIds\<bus>\<id> (without a bus for IDs like `*PNP0600`) has one value for each INF that knows the ID, named after it:
 *   REG_BINARY 01 FF 00 00 where the INF gives it as hardware ID (4315 times), 02 FF 00 00 as compatible ID (420 times).
 * - DriverInfFiles\<inf>: the default value lists the packages of the INF, `Active` is the one in force, `Configurations` (all
 *   REG_MULTI_SZ but Active, REG_SZ) the install sections a device can get.
 * - DriverPackages\<label>\Descriptors\<bus>\<id>: `Configuration` names one of them; Configurations\<it>: `Service`, ConfigFlags 0.
 *   A label is the directory in the driver store: INF, architecture, 16 hex digits.
 * - Version, 48 bytes: FF FF (packages of Windows itself) or 00 FF (all others), the processor architecture in 16 bits
 *   (PROCESSOR_ARCHITECTURE_AMD64 is 9; the root's value Architecture says the same), four zeros, the class GUID, the date of
 *   DriverVer as FILETIME of midnight UTC (stornvme: 2006-06-21), the version as 64-bit number, little-endian, highest part in
 *   the highest 16 bits (F2 04 61 4A 00 00 0A 00 is 10.0.19041.1266), eight bytes that are zero but in five packages.
 * - A package that was only staged (pvscsi of VMware Tools on a machine without that controller) has DeviceIds, DriverInfFiles
 *   and Version, but neither Configurations nor Descriptors, and its service lacks all that starts it: nothing would bind at boot.
 */
import { createHash } from 'node:crypto';
import { guidBytes } from '../../../base/guid.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { HiveKey } from '../../../registry/key.ts';
import { binary, dword, readDword, readText, readTexts, text, texts } from '../../../registry/types.ts';
import type { BootDriver } from '../boot-driver.ts';
import type { RegistryChange } from '../registry-change.ts';
import { setValue } from './service-key.ts';

const ROOT = 'DriverDatabase';
/** The INF gives the ID as hardware ID. */
const IS_HARDWARE_ID = Uint8Array.of(0x01, 0xff, 0x00, 0x00);
const VERSION_BYTES = 48;
/** 1601 to 1970 in units of 100 ns. */
const FILETIME_OF_1970 = 116444736000000000n;
/** INFs of one device ID that are looked at: the real hive has three at most. */
const MOST_INFS = 64;

export type DatabaseArchitecture = 'x86' | 'amd64' | 'arm64';
/** PROCESSOR_ARCHITECTURE_INTEL, _AMD64, _ARM64. */
const ARCHITECTURE_NUMBERS: Record<DatabaseArchitecture, number> = { x86: 0, amd64: 9, arm64: 12 };

/** Where the binding of a driver is written. */
export interface PackagePlace {
  /** Name below DriverInfFiles and of the values of DeviceIds: `viostor.inf`. */
  inf: string;
  /** Name below DriverPackages: `viostor.inf_amd64_0123456789abcdef`. */
  label: string;
  /** Name below its Configurations. */
  configuration: string;
}

/** What is missing for devices of these IDs to be bound to the driver. @throws HIVE_DAMAGED */
export function driverDatabaseChanges(system: Hive, driver: BootDriver): RegistryChange[] {
  const unbound = driver.hardwareIds.filter((id) => !isBound(system, id, driver.service));
  if (unbound.length === 0) return [];
  const place = stagedPackage(system, driver) ?? ownPackage(driver, databaseArchitecture(system));
  const { inf, label, configuration } = place;
  const changes: RegistryChange[] = [];

  const infKey = `${ROOT}\\DriverInfFiles\\${inf}`;
  const infFile = system.find(infKey);
  if (!listOf(infFile, '').some((other) => same(other, label)))
    changes.push(setValue(infKey, '', texts([...listOf(infFile, ''), label])));
  if (!same(textOf(infFile, 'Active'), label)) changes.push(setValue(infKey, 'Active', text(label)));
  if (!listOf(infFile, 'Configurations').some((other) => same(other, configuration)))
    changes.push(
      setValue(infKey, 'Configurations', texts([...listOf(infFile, 'Configurations'), configuration])),
    );

  const packageKey = `${ROOT}\\DriverPackages\\${label}`;
  if (system.find(packageKey)?.value('Version')?.data.length !== VERSION_BYTES)
    changes.push(setValue(packageKey, 'Version', binary(versionOf(driver, databaseArchitecture(system)))));
  const configurationKey = `${packageKey}\\Configurations\\${configuration}`;
  const configured = system.find(configurationKey);
  if (configured?.value('ConfigFlags') === undefined)
    changes.push(setValue(configurationKey, 'ConfigFlags', dword(0)));
  if (!same(textOf(configured, 'Service'), driver.service))
    changes.push(setValue(configurationKey, 'Service', text(driver.service)));

  for (const id of unbound) {
    const idKey = `${ROOT}\\DeviceIds\\${id}`;
    if (system.find(idKey)?.value(inf) === undefined)
      changes.push(setValue(idKey, inf, binary(IS_HARDWARE_ID)));
    changes.push(setValue(`${packageKey}\\Descriptors\\${id}`, 'Configuration', text(configuration)));
  }
  return changes;
}

/** Whether a package that is in force binds this device ID to this service. @throws HIVE_DAMAGED */
const isBound = (system: Hive, id: string, service: string): boolean =>
  servicesOf(system, id).some((bound) => same(bound, service));

/** The services to which packages in force bind a device ID. @throws HIVE_DAMAGED */
export const servicesOf = (system: Hive, id: string): string[] =>
  infsOf(system, id).flatMap((inf) => {
    const label = textOf(system.find(`${ROOT}\\DriverInfFiles\\${inf}`), 'Active') ?? '';
    if (label === '') return [];
    const packageKey = `${ROOT}\\DriverPackages\\${label}`;
    const configuration = textOf(system.find(`${packageKey}\\Descriptors\\${id}`), 'Configuration') ?? '';
    if (configuration === '') return [];
    const service = textOf(system.find(`${packageKey}\\Configurations\\${configuration}`), 'Service') ?? '';
    return service === '' ? [] : [service];
  });

/** The INFs that know a device ID. */
const infsOf = (system: Hive, id: string): string[] =>
  (system.find(`${ROOT}\\DeviceIds\\${id}`)?.values() ?? [])
    .map(({ name }) => name)
    .filter((name) => name !== '')
    .slice(0, MOST_INFS);

/**
 * The package of this very INF if Windows has it in its store, as a published `oem5.inf` or as one of its own: it is completed,
 * rather than put beside a second one that Windows would have to choose from.
 */
function stagedPackage(system: Hive, driver: BootDriver): PackagePlace | null {
  const original = infName(driver);
  for (const inf of new Set([...driver.hardwareIds.flatMap((id) => infsOf(system, id)), original])) {
    const label = textOf(system.find(`${ROOT}\\DriverInfFiles\\${inf}`), 'Active');
    if (label === undefined || !label.toLowerCase().startsWith(`${original}_`)) continue;
    const sections = system.find(`${ROOT}\\DriverPackages\\${label}\\Configurations`)?.subkeys() ?? [];
    const known = sections.find((section) => same(textOf(section, 'Service'), driver.service));
    return { inf, label, configuration: known?.name ?? configurationName(driver) };
  }
  return null;
}

/** The package that stands for the driver until Windows has installed the real one. Its names follow from the driver alone. */
export function ownPackage(driver: BootDriver, architecture: DatabaseArchitecture): PackagePlace {
  const inf = infName(driver);
  const { provider = '', date = '', version = '' } = driver.package ?? {};
  const identity = [inf, provider, date, version, driver.service, architecture].join('\0');
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return { inf, label: `${inf}_${architecture}_${hash}`, configuration: configurationName(driver) };
}

const infName = (driver: BootDriver): string =>
  (driver.package?.inf ?? `ironlift-${driver.service}.inf`).toLowerCase().replaceAll(/[^\w.-]/gu, '_');

/** Named as INFs name their install sections. */
const configurationName = (driver: BootDriver): string => `${driver.service}_Inst`;

/**
 * As the database says it of itself, or the environment of the first control set. A database that says neither is of amd64: no
 * 32-bit server has one.
 */
export function databaseArchitecture(system: Hive): DatabaseArchitecture {
  const value = system.find(ROOT)?.value('Architecture');
  const number = value === undefined ? undefined : readDword(value);
  for (const [name, of] of Object.entries(ARCHITECTURE_NUMBERS))
    if (of === number) return name as DatabaseArchitecture;
  const environment = system.find('ControlSet001\\Control\\Session Manager\\Environment');
  const said = textOf(environment, 'PROCESSOR_ARCHITECTURE')?.toLowerCase();
  return said === 'x86' || said === 'arm64' ? said : 'amd64';
}

function versionOf(driver: BootDriver, architecture: DatabaseArchitecture): Uint8Array {
  const blob = Buffer.alloc(VERSION_BYTES);
  blob.writeUInt16LE(0xff00, 0);
  blob.writeUInt16LE(ARCHITECTURE_NUMBERS[architecture], 2);
  blob.set(guidBytes(driver.classGuid), 8);
  blob.writeBigUInt64LE(fileTime(driver.package?.date ?? ''), 24);
  blob.writeBigUInt64LE(versionNumber(driver.package?.version ?? ''), 32);
  return blob;
}

/** FILETIME of the midnight (UTC) a day begins with; 0 for what is no date, `2024-05-17`. */
function fileTime(date: string): bigint {
  if (!/^\d{4}-\d\d-\d\d$/u.test(date)) return 0n;
  const time = Date.parse(`${date}T00:00:00Z`);
  const ticks = Number.isNaN(time) ? 0n : BigInt(time) * 10000n + FILETIME_OF_1970;
  return ticks > 0n ? ticks : 0n;
}

/** `10.0.19041.1` as one number of four times 16 bits; 0 for what is no such version. Missing parts are 0. */
function versionNumber(version: string): bigint {
  const parts = version.split('.').map((part) => (/^\d{1,5}$/u.test(part) ? Number(part) : Number.NaN));
  if (parts.length > 4 || parts.some((part) => !(part <= 0xffff))) return 0n;
  return [0, 1, 2, 3].reduce((number, i) => number * 0x10000n + BigInt(parts[i] ?? 0), 0n);
}

const same = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

/** A value that is a text; undefined for none. */
export function textOf(key: HiveKey | undefined, name: string): string | undefined {
  const value = key?.value(name);
  return value === undefined ? undefined : readText(value);
}

function listOf(key: HiveKey | undefined, name: string): string[] {
  const value = key?.value(name);
  return (value === undefined ? undefined : readTexts(value)) ?? [];
}
