import { expect, it } from 'vitest';
import { forPeople } from '../../../../migration-core/guest/windows/path.ts';

it('names paths of a Windows as people read them, and leaves others as they are', () => {
  const windows = { systemDrive: 'C' };
  const shown = [
    '/Windows/System32/config/SYSTEM',
    '/:esp/EFI/Boot/bootx64.efi',
    '/:boot/Boot/BCD',
    '/:D/Data',
    '/:d/x',
    '/',
  ].map((path) => forPeople(windows, path));
  expect(shown).toEqual([
    'C:\\Windows\\System32\\config\\SYSTEM',
    'the EFI system partition: \\EFI\\Boot\\bootx64.efi',
    'the system partition: \\Boot\\BCD',
    'D:\\Data',
    'C:\\:d\\x',
    'C:\\',
  ]);
  expect(forPeople(undefined, '/etc/fstab')).toBe('/etc/fstab');
});
