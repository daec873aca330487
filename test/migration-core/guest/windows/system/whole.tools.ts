/** The same on NTFS and FAT: paths have the letters of the volume, and the undo restores every byte there too. */
import { describe, expect, it } from 'vitest';
import { fixWindows } from '../../../../support/fix-windows.ts';
import { needTools } from '../../../../support/tools.ts';
import { windowsVolumes } from '../../../../support/windows-guest.ts';
import { FIXERS, proliant } from './proliant.ts';

needTools('mkntfs');

describe('on real volumes', () => {
  it('Server 2008 R2 with BIOS', async () => {
    const volumes = await windowsVolumes({ ...proliant('2008r2'), on: 'ntfs' });
    const { edits, findings, after } = await fixWindows(volumes, FIXERS, { buses: ['ahci', 'ahci'] });
    expect(findings).toEqual([]);
    expect(new Set(edits.map(({ action }) => action.path))).toEqual(
      new Set([
        '/Windows/System32/config/SYSTEM',
        '/:boot/Boot/BCD',
        '/Windows/Ironlift',
        '/Windows/Ironlift/FirstBoot',
        '/Windows/Ironlift/FirstBoot/80-boot-store.cmd',
        '/Windows/Ironlift/FirstBoot/80-crash-control.cmd',
      ]),
    );
    expect(after.get('disk0p2:/Windows/Ironlift/FirstBoot/80-crash-control.cmd')).toContain('AutoReboot');
  });

  it('Server 2019 with UEFI, whose firmware knew the loader by heart', async () => {
    const options = proliant('2019');
    const volumes = await windowsVolumes({
      ...options,
      on: 'ntfs',
      bootFiles: { '/EFI/Boot/bootx64.efi': null },
    });
    const { findings, after } = await fixWindows(volumes, FIXERS, { buses: ['ahci', 'ahci'] });
    expect(findings).toEqual([]);
    const loaders = [...after.keys()].filter((path) => /^disk0p1:.*boot(mgfw|x64)\.efi$/iu.test(path));
    expect(loaders).toHaveLength(2);
    expect(after.get(loaders[0]!)).toBe(after.get(loaders[1]!));
  });
});
