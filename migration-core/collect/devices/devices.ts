/** Devices on buses: identifiers in the spellings of Linux and Windows, and their names. */
import type { Device } from '../../store/model/inventory.ts';
import { className, deviceName, subsystemName, vendorName, type DeviceBus } from './ids-file.ts';

export interface HardwareId {
  bus: DeviceBus;
  /** All: four hexadecimal digits, lower case. */
  vendorId?: string;
  deviceId?: string;
  subsystemVendorId?: string;
  subsystemId?: string;
  /** Four or six hexadecimal digits. */
  classId?: string;
}

/**
 * A hardware or compatible identifier of Windows (Microsoft, "Identifiers for PCI devices", "Identifiers for USB
 * devices"): `PCI\VEN_8086&DEV_1521&SUBSYS_1028103C&REV_01`, `PCI\VEN_8086&CC_0106`, `USB\VID_0781&PID_5583&MI_00`, with
 * or without an instance behind it. The four digits of the subsystem's device come first, then those of its vendor.
 *
 * @returns undefined for other buses, and where neither a vendor nor a class is named
 */
export function parseHardwareId(text: string): HardwareId | undefined {
  // Longer ones are none: MAX_DEVICE_ID_LEN of Windows is 200.
  if (text.length > 400) return undefined;
  const id = text.trim().toLowerCase();
  const digits = (pattern: RegExp): string | undefined => pattern.exec(id)?.[1];
  const bus = /^(pci|usb|usbstor)[\\#]/u.exec(id)?.[1];
  if (bus === undefined) return undefined;
  const vendorId = digits(
    bus === 'pci' ? /[\\#&]ven_([0-9a-f]{4})(?![0-9a-f])/u : /[\\#&]vid_([0-9a-f]{4})(?![0-9a-f])/u,
  );
  const deviceId = digits(
    bus === 'pci' ? /[\\#&]dev_([0-9a-f]{4})(?![0-9a-f])/u : /[\\#&]pid_([0-9a-f]{4})(?![0-9a-f])/u,
  );
  const subsystem = digits(/[\\#&]subsys_([0-9a-f]{8})(?![0-9a-f])/u);
  const usbClass = /[\\#&]class_([0-9a-f]{2})(?:&subclass_([0-9a-f]{2}))?/u.exec(id);
  const classId =
    bus === 'pci'
      ? digits(/[\\#&]cc_([0-9a-f]{6}|[0-9a-f]{4})(?![0-9a-f])/u)
      : usbClass?.[1] && usbClass[1] + (usbClass[2] ?? '00');
  if (vendorId === undefined && classId === undefined) return undefined;
  return {
    bus: bus === 'pci' ? 'pci' : 'usb',
    ...(vendorId === undefined ? {} : { vendorId }),
    ...(deviceId === undefined ? {} : { deviceId }),
    // All zeros: the card names no subsystem.
    ...(bus !== 'pci' || subsystem === undefined || subsystem === '00000000'
      ? {}
      : { subsystemId: subsystem.slice(0, 4), subsystemVendorId: subsystem.slice(4) }),
    ...(classId === undefined || classId === '' ? {} : { classId }),
  };
}

/**
 * The device with the names of pci.ids or usb.ids where it has none: `vendor`, `name` (that of the card where it is
 * listed, else that of the chip) and `className`.
 *
 * @throws CATALOGUE_DAMAGED
 */
export function nameDevice(device: Device): Device {
  const { bus, vendorId, deviceId, subsystemVendorId, subsystemId, classId } = device;
  const vendor = device.vendor ?? (vendorId === undefined ? undefined : vendorName(bus, vendorId));
  const chip =
    vendorId === undefined || deviceId === undefined ? undefined : deviceName(bus, vendorId, deviceId);
  const card =
    bus === 'pci' && vendorId && deviceId && subsystemVendorId && subsystemId
      ? subsystemName(vendorId, deviceId, subsystemVendorId, subsystemId)
      : undefined;
  // Many cards are listed as "Motherboard" or by a code alone: the chip stays in the name.
  const both = card === undefined || chip === undefined || chip.includes(card) ? chip : `${chip} (${card})`;
  const name = device.name ?? both ?? card;
  const named = device.className ?? (classId === undefined ? undefined : className(bus, classId));
  return {
    ...device,
    ...(vendor === undefined ? {} : { vendor }),
    ...(name === undefined ? {} : { name }),
    ...(named === undefined ? {} : { className: named }),
  };
}

/** `8086`, `0x8086`, `0x8086 ` in lower case without `0x`; undefined where it is no number of that many digits. */
export function hexDigits(text: string | undefined, digits: number): string | undefined {
  const match = /^(?:0x)?([0-9a-f]{1,8})$/u.exec(text?.trim().toLowerCase() ?? '');
  const padded = match?.[1]!.padStart(digits, '0');
  return padded?.length === digits ? padded : undefined;
}
