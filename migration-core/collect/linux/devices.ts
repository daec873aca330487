/** PCI and USB devices and the drivers that have them: /sys is the truth, lspci and lsusb serve where it is not there. */
import { hexDigits, nameDevice } from '../devices/devices.ts';
import type { Device } from '../../store/model/inventory.ts';
import { parseLspci, parseLsusb } from './lspci.ts';
import { byEntry, factsOf, known, textOf, type Sections } from './text.ts';

const lastPart = (path: string | undefined): string | undefined =>
  path === undefined || path === '' ? undefined : path.slice(path.lastIndexOf('/') + 1);

/** @returns undefined where neither /sys nor a tool told anything */
export function devicesOf(sections: Sections): Device[] | undefined {
  const devices = [...pciOf(sections), ...usbOf(sections)];
  const looked = ['pci', 'usb', 'lspci', 'lsusb'].some((name) => textOf(sections, name) !== '');
  return looked ? devices.map(nameDevice) : undefined;
}

function pciOf(sections: Sections): Device[] {
  const entries = byEntry(factsOf(textOf(sections, 'pci')), '/sys/bus/pci/devices');
  if (entries.size === 0) return parseLspci(textOf(sections, 'lspci'));
  return [...entries].map(([address, facts]) => {
    const subsystemVendorId = hexDigits(facts.get('subsystem_vendor'), 4);
    const subsystemId = hexDigits(facts.get('subsystem_device'), 4);
    // Bridges and old devices have none, which reads as zeros.
    const none = subsystemVendorId === '0000' && subsystemId === '0000';
    return known<Device>({
      bus: 'pci',
      address,
      vendorId: hexDigits(facts.get('vendor'), 4),
      deviceId: hexDigits(facts.get('device'), 4),
      subsystemVendorId: none ? undefined : subsystemVendorId,
      subsystemId: none ? undefined : subsystemId,
      classId: hexDigits(facts.get('class'), 6),
      driver: lastPart(facts.get('driver')),
    });
  });
}

function usbOf(sections: Sections): Device[] {
  const entries = byEntry(factsOf(textOf(sections, 'usb')), '/sys/bus/usb/devices');
  const devices = [...entries].filter(([, facts]) => facts.has('idVendor'));
  if (devices.length === 0) return parseLsusb(textOf(sections, 'lsusb'));
  // The device itself has the driver `usb`; what uses it is bound to its interfaces, `1-1.2:1.0`.
  const drivers = new Map<string, string>();
  for (const [name, facts] of entries) {
    const driver = lastPart(facts.get('driver'));
    const owner = name.includes(':') ? name.slice(0, name.indexOf(':')) : undefined;
    if (owner !== undefined && driver !== undefined && !drivers.has(owner)) drivers.set(owner, driver);
  }
  return devices.map(([name, facts]) => {
    const bus = facts.get('busnum')?.padStart(3, '0');
    const device = facts.get('devnum')?.padStart(3, '0');
    const classId = hexDigits(facts.get('bDeviceClass'), 2);
    return known<Device>({
      bus: 'usb',
      address: bus === undefined || device === undefined ? undefined : `${bus}:${device}`,
      vendorId: hexDigits(facts.get('idVendor'), 4),
      deviceId: hexDigits(facts.get('idProduct'), 4),
      // 00: each interface has its own.
      classId: classId === undefined || classId === '00' ? undefined : `${classId}00`,
      driver: drivers.get(name),
    });
  });
}
