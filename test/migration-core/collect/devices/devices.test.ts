import { expect, test } from 'vitest';
import {
  hexDigits,
  nameDevice,
  parseHardwareId,
} from '../../../../migration-core/collect/devices/devices.ts';

test.each([
  [
    'PCI\\VEN_8086&DEV_1521&SUBSYS_1028103C&REV_01\\4&1A2B',
    { bus: 'pci', vendorId: '8086', deviceId: '1521', subsystemId: '1028', subsystemVendorId: '103c' },
  ],
  ['pci\\ven_103c&dev_323b', { bus: 'pci', vendorId: '103c', deviceId: '323b' }],
  ['PCI\\VEN_8086&CC_010601', { bus: 'pci', vendorId: '8086', classId: '010601' }],
  ['PCI\\CC_0106', { bus: 'pci', classId: '0106' }],
  ['PCI\\VEN_1000&DEV_0073&SUBSYS_00000000', { bus: 'pci', vendorId: '1000', deviceId: '0073' }],
  ['USB\\VID_0781&PID_5583&MI_00\\7&1', { bus: 'usb', vendorId: '0781', deviceId: '5583' }],
  ['USB\\Class_08&SubClass_06&Prot_50', { bus: 'usb', classId: '0806' }],
])('%s', (id, expected) => {
  expect(parseHardwareId(id)).toEqual(expected);
});

test.each([
  '',
  'ACPI\\PNP0A03',
  'ROOT\\SYSTEM',
  'PCI\\VEN_80866&DEV_1521',
  'PCI\\',
  'x'.repeat(1e6),
  'USB\\ROOT_HUB30',
  '=cmd',
])('not an id of a bus: %.20s', (id) => {
  expect(parseHardwareId(id)).toBeUndefined();
});

test('names of vendor, chip, card and class; names that are there already stay', () => {
  expect(
    nameDevice({
      bus: 'pci',
      vendorId: '103c',
      deviceId: '323b',
      subsystemVendorId: '103c',
      subsystemId: '3354',
      classId: '010400',
    }),
  ).toMatchObject({
    vendor: 'Hewlett-Packard Company',
    name: 'Smart Array Gen8 Controllers (P420i)',
    className: 'RAID bus controller',
  });
  expect(nameDevice({ bus: 'usb', vendorId: '0781', deviceId: '5583' })).toMatchObject({
    vendor: 'SanDisk Corp.',
    name: 'Ultra Fit',
  });
  expect(nameDevice({ bus: 'pci', vendorId: '103c', deviceId: '323b', name: 'own' }).name).toBe('own');
  expect(nameDevice({ bus: 'pci', vendorId: 'ff02', deviceId: '0001' })).toEqual({
    bus: 'pci',
    vendorId: 'ff02',
    deviceId: '0001',
  });
});

test('a thousand look-ups take no time', () => {
  const started = performance.now();
  for (let i = 0; i < 1000; i++)
    nameDevice({
      bus: 'pci',
      vendorId: '8086',
      deviceId: i.toString(16).padStart(4, '0'),
      classId: '020000',
    });
  expect(performance.now() - started).toBeLessThan(500);
});

test('hexadecimal digits', () => {
  expect(hexDigits('0x8086', 4)).toBe('8086');
  expect(hexDigits('1', 4)).toBe('0001');
  expect(hexDigits('0x10400', 6)).toBe('010400');
  expect(hexDigits('12345', 4)).toBeUndefined();
  expect(hexDigits('zz', 4)).toBeUndefined();
});
