import { pci, dongle, part, type GateCases } from './parts.ts';

export const specialDevices: GateCases = {
  B3: {
    fires: [
      {
        name: 'a telephony card by its vendor',
        inventory: { devices: [pci('d161', '1205', '0b4000', 'TE205P')] },
        because: 'It has hardware that no virtual machine has: fax or telephony card: TE205P (d161:1205).',
        fixable: false,
      },
      {
        name: 'a fax board of no class of its own, by its name',
        inventory: {
          devices: [
            { ...pci('12c9', '0300', '078000', 'TR1034 fax board'), vendor: 'Brooktrout Technology' },
          ],
        },
        because:
          'It has hardware that no virtual machine has: fax or telephony card: Brooktrout Technology TR1034 fax board (12c9:0300).',
        fixable: false,
      },
      {
        name: 'a modem by its class',
        inventory: { devices: [pci('11c1', '0440', '070300', '56k WinModem')] },
        because: 'It has hardware that no virtual machine has: modem: 56k WinModem (11c1:0440).',
        fixable: false,
      },
      {
        name: 'a class as Windows names it',
        inventory: {
          devices: [{ bus: 'pci', vendorId: '11c1', deviceId: '0440', className: 'Modem', name: 'Agere' }],
        },
        because: 'It has hardware that no virtual machine has: modem: Agere (11c1:0440).',
        fixable: false,
      },
      {
        name: 'a dongle that the network cannot reach',
        inventory: { devices: [dongle] },
        annotations: { usbOverIp: false },
        because:
          'It has hardware that no virtual machine has and the network cannot reach: dongle: Aladdin Knowledge Systems HASP (0529:0001).',
        fixable: false,
      },
      {
        name: 'a card that a person hands through',
        inventory: { devices: [pci('d161', '1205', '0b4000', 'TE205P')] },
        annotations: { passThrough: ['TE205P'] },
        severity: 'warning',
        because:
          'fax or telephony card: TE205P (d161:1205) is handed through to the machine, which is therefore pinned to its host and cannot fail over.',
        fixable: true,
      },
    ],
    unknown: [part('devices', 'devices on its buses')],
    silent: [
      {
        name: 'the management engine of a board',
        inventory: {
          devices: [pci('8086', 'a1ba', '078000', 'MEI Controller'), pci('1022', '1486', '108000', 'PSP')],
        },
      },
      {
        name: 'a dongle that comes over the network',
        inventory: { devices: [dongle] },
        annotations: { usbOverIp: true },
      },
    ],
  },
  W2: {
    fires: [
      {
        name: 'a dongle',
        inventory: { devices: [dongle] },
        because:
          'The dongle Aladdin Knowledge Systems HASP (0529:0001) is plugged in, and whether the network can bring it to the machine nobody has said.',
      },
      {
        name: 'a dongle on a USB server',
        inventory: { devices: [dongle] },
        annotations: { usbOverIp: true },
        severity: 'info',
        because: 'The dongle Aladdin Knowledge Systems HASP (0529:0001) comes over the network.',
      },
    ],
    unknown: [part('devices', 'devices on its buses')],
    silent: [
      {
        name: 'a keyboard',
        inventory: { devices: [{ bus: 'usb', vendorId: '046d', deviceId: 'c31c', name: 'Keyboard' }] },
      },
    ],
  },
  W13: {
    fires: [
      {
        name: 'an accelerator',
        inventory: { devices: [pci('10de', '1db6', '030200', 'Tesla V100')] },
        because: 'It has the graphics processor Tesla V100 (10de:1db6).',
      },
      {
        name: 'a display card of NVIDIA',
        inventory: { devices: [pci('10de', '1cb3', '030000', 'Quadro P400')] },
        because: 'It has the graphics processor Quadro P400 (10de:1cb3).',
      },
    ],
    unknown: [part('devices', 'devices on its buses')],
    silent: [
      {
        name: 'consoles of server boards',
        inventory: {
          devices: [pci('102b', '0536', '030000', 'Matrox G200eW3'), pci('1002', '515e', '030000', 'ES1000')],
        },
      },
    ],
  },
};
