/** Devices on PCI and USB, the drivers that have them, and which drivers this hardware needs to start. */
import type { Device, Driver } from '../../store/model/inventory.ts';
import { known } from '../values.ts';
import type { WindowsParts, WindowsRecord } from './schema.ts';

export interface BusIdentity {
  bus: 'pci' | 'usb';
  vendorId?: string;
  deviceId?: string;
  subsystemVendorId?: string;
  subsystemId?: string;
  classId?: string;
}

/** `PCI\VEN_103C&DEV_323B&SUBSYS_3355103C&REV_01\4&...` and `USB\VID_0424&PID_2660\...` (Microsoft, "Identifiers for PCI/USB Devices"). */
export function pciIdentity(
  id: string | undefined,
  entity?: Pick<WindowsRecord<'Win32_PnPEntity'>, 'HardwareID' | 'CompatibleID'>,
): BusIdentity | null {
  const upper = id?.toUpperCase() ?? '';
  const pci = /^PCI\\VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})(?:&SUBSYS_([0-9A-F]{4})([0-9A-F]{4}))?/u.exec(upper);
  if (pci !== null) {
    const [, vendorId, deviceId, subsystemId, subsystemVendorId] = [...pci].map((part: string | undefined) =>
      part?.toLowerCase(),
    );
    return {
      bus: 'pci',
      ...known({ vendorId, deviceId, subsystemVendorId, subsystemId, classId: classOf(entity) }),
    };
  }
  const usb = /^USB\\VID_([0-9A-F]{4})&PID_([0-9A-F]{4})/u.exec(upper);
  if (usb === null) return null;
  return { bus: 'usb', vendorId: usb[1]!.toLowerCase(), deviceId: usb[2]!.toLowerCase() };
}

/** Compatible and hardware ids end in `&CC_010400` or `&CC_0104`; the longer one says more. */
function classOf(
  entity: Pick<WindowsRecord<'Win32_PnPEntity'>, 'HardwareID' | 'CompatibleID'> | undefined,
): string | undefined {
  let found: string | undefined;
  for (const id of [...(entity?.HardwareID ?? []), ...(entity?.CompatibleID ?? [])]) {
    const code = /CC_([0-9A-F]{6}|[0-9A-F]{4})$/iu.exec(id)?.[1]?.toLowerCase();
    if (code !== undefined && (found === undefined || code.length > found.length)) found = code;
  }
  return found;
}

/** `PCI bus 3, device 0, function 0`, or `...;(3,0,0)` since Windows 8, in any language: the last three numbers. */
export function pciLocations(parts: WindowsParts): Map<string, string> {
  const locations = new Map<string, string>();
  for (const { DeviceID, LocationInformation } of parts.PciLocation ?? []) {
    const found = /(\d{1,3})\D{1,40}(\d{1,2})\D{1,40}(\d)\D{0,4}$/u.exec(
      LocationInformation?.slice(-100) ?? '',
    );
    if (DeviceID === undefined || found === null) continue;
    const hex = (index: number, digits: number): string =>
      Number(found[index]).toString(16).padStart(digits, '0');
    locations.set(DeviceID.toUpperCase(), `0000:${hex(1, 2)}:${hex(2, 2)}.${hex(3, 1)}`);
  }
  return locations;
}

export function windowsDevices(parts: WindowsParts): Device[] | undefined {
  if (parts.Win32_PnPEntity === undefined) return undefined;
  const locations = pciLocations(parts);
  return parts.Win32_PnPEntity.flatMap((entity) => {
    const id = entity.PNPDeviceID ?? entity.DeviceID;
    const identity = pciIdentity(id, entity);
    if (identity === null) return [];
    return [
      known({
        ...identity,
        address: locations.get(id?.toUpperCase() ?? ''),
        className: entity.PNPClass,
        vendor: entity.Manufacturer,
        name: entity.Name,
        driver: entity.Service,
      }),
    ];
  });
}

/** Setup classes (Microsoft, "System-Defined Device Setup Classes") of what is between the processor and its disk or screen. */
const NEEDED_CLASSES = new Set([
  '{4d36e97b-e325-11ce-bfc1-08002be10318}', // SCSIAdapter: SCSI, SAS, RAID, Fibre Channel, NVMe
  '{4d36e96a-e325-11ce-bfc1-08002be10318}', // HDC: IDE and AHCI
  '{4d36e967-e325-11ce-bfc1-08002be10318}', // DiskDrive
  '{71a27cdd-812a-11d0-bec7-08002be2092f}', // Volume
  '{4d36e968-e325-11ce-bfc1-08002be10318}', // Display
]);
const STARTS = ['boot', 'system', 'auto', 'manual', 'disabled'] as const;
type StartType = (typeof STARTS)[number];
const MAX_DRIVER_BITS = 3;

export const startType = (mode: string | undefined): StartType | undefined => {
  const lower = mode?.toLowerCase();
  return STARTS.find((start) => start === lower);
};

export function windowsDrivers(parts: WindowsParts): Driver[] | undefined {
  const { DriverService: services, Win32_SystemDriver: states } = parts;
  if (services === undefined && states === undefined) return undefined;
  const bound = bindings(parts);
  const drivers = new Map<string, Driver>();
  for (const service of services ?? []) {
    // Type 1 is a kernel driver, 2 a file system driver; the others are processes.
    if (service.Name === undefined || ((service.Type ?? 0) & MAX_DRIVER_BITS) === 0) continue;
    drivers.set(
      service.Name.toLowerCase(),
      known({ name: service.Name, path: service.ImagePath, startType: STARTS[service.Start ?? -1] }),
    );
  }
  for (const state of states ?? []) {
    if (state.Name === undefined) continue;
    const key = state.Name.toLowerCase();
    const known_ = drivers.get(key);
    drivers.set(key, {
      ...known({
        name: state.Name,
        path: state.PathName,
        startType: startType(state.StartMode),
        loaded: state.Started,
      }),
      ...known_,
      ...known({ path: known_?.path ?? state.PathName }),
    });
  }
  return [...drivers].map(([key, driver]) => {
    const binding = bound?.get(key);
    return known({
      ...driver,
      version: binding?.version,
      vendor: binding?.vendor,
      // Whether it is needed cannot be judged without the list of devices.
      bootCritical: bound === null ? undefined : binding?.needed === true && driver.startType !== 'disabled',
    });
  });
}

interface Binding {
  needed: boolean;
  version?: string | undefined;
  vendor?: string | undefined;
}

/** By service in lower case: what devices it has. Null where devices were not collected. */
function bindings(parts: WindowsParts): Map<string, Binding> | null {
  if (parts.Win32_PnPEntity === undefined) return null;
  const packages = new Map(
    (parts.Win32_PnPSignedDriver ?? []).map((driver) => [driver.DeviceID?.toUpperCase(), driver]),
  );
  const bound = new Map<string, Binding>();
  for (const entity of parts.Win32_PnPEntity) {
    const service = entity.Service?.toLowerCase();
    if (service === undefined) continue;
    const signed = packages.get((entity.PNPDeviceID ?? entity.DeviceID)?.toUpperCase());
    const before = bound.get(service);
    bound.set(service, {
      needed: before?.needed === true || NEEDED_CLASSES.has(entity.ClassGuid?.toLowerCase() ?? ''),
      version: before?.version ?? signed?.DriverVersion,
      vendor: before?.vendor ?? signed?.DriverProviderName ?? signed?.Manufacturer,
    });
  }
  return bound;
}
