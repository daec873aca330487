import { expect, test } from 'vitest';
import { boundTo, xorg } from '../../../../../migration-core/guest/linux/xorg.ts';
import { fix } from '../../../../support/fix-linux.ts';

const device = (...lines: string[]): string =>
  `Section "InputDevice"\n  Driver "kbd"\nEndSection\nSection "Device"\n  Identifier "Card0"\n${lines.join('\n')}\nEndSection\n`;

test.each([
  [device('  Driver "mga"'), 'Driver mga'],
  [device('  driver  "nvidia" # card'), 'driver nvidia'],
  [device('  Driver "modesetting"', '  BusID "PCI:1:0:0"'), 'BusID PCI:1:0:0'],
  [device('  Driver "modesetting"'), null],
  [device('  #Driver "mga"'), null],
  ['Section "OutputClass"\n  Driver "nvidia"\nEndSection\n', null],
])('what a file is bound to: %#', (text, bound) => {
  expect(boundTo(text)).toBe(bound);
});

test('bound files are renamed, others stay', async () => {
  const { changes } = await fix(xorg, {
    '/etc/X11/xorg.conf': device('  Driver "ati"'),
    '/etc/X11/xorg.conf.d/10-keyboard.conf': 'Section "InputClass"\n  Driver "libinput"\nEndSection\n',
    '/etc/X11/xorg.conf.d/20-mga.conf': device('  Driver "mga"'),
    '/etc/X11/xorg.conf.ironlift-off': 'from an earlier conversion',
  });
  expect(changes).toEqual([
    'rename /etc/X11/xorg.conf.ironlift-off.2',
    'rename /etc/X11/xorg.conf.d/20-mga.conf.ironlift-off',
  ]);
});
