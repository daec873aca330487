import { describe, expect, test } from 'vitest';
import type { FixPlan } from '../../../../../migration-core/guest/fixer.ts';
import type { Guest, Kernel } from '../../../../../migration-core/guest/guest.ts';
import { firstBootRebuild } from '../../../../../migration-core/guest/linux/first-boot.ts';
import { StagedGuest } from '../../../../../migration-core/guest/stage.ts';
import { VERSION, contextOf, guestWith, type GuestOptions } from './images.ts';

interface Planned {
  plan: FixPlan;
  files: StagedGuest;
  again: () => Promise<FixPlan>;
}

async function planOn(
  more: GuestOptions['more'],
  os: Partial<Guest>,
  kernel: Partial<Kernel> = {},
): Promise<Planned> {
  const guest = guestWith({ more: more ?? {} });
  const files = new StagedGuest(guest.files);
  const context = contextOf(guest.files, [{ ...guest.kernel, ...kernel }], 'virtio-blk', 'virtio-net', os);
  const plan = await firstBootRebuild.plan(context);
  for (const { action } of plan.edits) await files.stage(action);
  return { plan, files, again: () => firstBootRebuild.plan({ ...context, files }) };
}
const SCRIPT = '/usr/lib/ironlift/first-boot';

describe('the job of the first start', () => {
  test('systemd: script, unit and the link that switches it on', async () => {
    const { files, again } = await planOn({}, { init: 'systemd' });
    expect(await files.readText(SCRIPT)).toContain(
      `rebuild ${VERSION} /boot/initrd.img-${VERSION} initramfs-tools virtio_pci virtio_blk\n`,
    );
    expect((await files.stat(SCRIPT))?.mode).toBe(0o755);
    const unit = '/etc/systemd/system/ironlift-first-boot.service';
    expect(await files.readText(unit)).toContain(`ExecStart=/bin/sh ${SCRIPT}\n`);
    expect(
      await files.readlink('/etc/systemd/system/multi-user.target.wants/ironlift-first-boot.service'),
    ).toBe(unit);
    expect((await again()).edits).toEqual([]);
  });

  test('System V: the first line of rc.local, which is made executable; one is made where there is none', async () => {
    const line = `[ -e ${SCRIPT} ] && /bin/sh ${SCRIPT} &\n`;
    const before = '#!/bin/bash -e\n# local\nexit 0\n';
    const { files, again } = await planOn(
      { '/etc/rc.local': { file: before, mode: 0o644 } },
      { init: 'sysvinit' },
    );
    expect(await files.readText('/etc/rc.local')).toBe(`#!/bin/bash -e\n${line}# local\nexit 0\n`);
    expect((await files.stat('/etc/rc.local'))?.mode).toBe(0o755);
    expect((await again()).edits).toEqual([]);
    const os = { id: 'rhel', version: '6.10', name: 'Red Hat', family: 'redhat' } as const;
    const { files: made } = await planOn({ '/etc/rc.d': { dir: true } }, { init: 'upstart', os });
    expect(await made.readText('/etc/rc.d/rc.local')).toBe(`#!/bin/sh\n${line}exit 0\n`);
    expect((await made.stat('/etc/rc.d/rc.local'))?.mode).toBe(0o755);
  });

  test('OpenRC: a local script, and the service that runs it', async () => {
    const { files, again } = await planOn({}, { init: 'openrc' });
    expect((await files.stat('/etc/local.d/ironlift-first-boot.start'))?.mode).toBe(0o755);
    expect(await files.readlink('/etc/runlevels/default/local')).toBe('/etc/init.d/local');
    expect((await again()).edits).toEqual([]);
  });

  test('the boot loader on the system partition is entered where there is firmware to enter it in', async () => {
    const more = {
      '/boot/efi/EFI/BOOT/BOOTX64.EFI': 'x',
      '/boot/efi/EFI/debian/grubx64.efi': 'x',
      '/boot/efi/EFI/debian/SHIMX64.EFI': 'x',
    };
    const mounts = [{ path: '/boot/efi', volume: 'disk0p1', type: 'vfat' }];
    const { files } = await planOn(more, { firmware: 'uefi', mounts });
    expect(await files.readText(SCRIPT)).toContain(
      "register /boot/efi debian '\\EFI\\debian\\SHIMX64.EFI'\n",
    );
    const { files: bios } = await planOn(more, { firmware: 'bios', mounts });
    expect(await bios.readText(SCRIPT)).not.toContain('\nregister /');
  });

  test('names that mean something to a shell are quoted', async () => {
    const { files } = await planOn({}, {}, { initramfs: "/boot/it's $(here)" });
    expect(await files.readText(SCRIPT)).toContain(
      `rebuild ${VERSION} '/boot/it'\\''s $(here)' initramfs-tools`,
    );
  });

  test('nothing that could rebuild it: a finding, no job', async () => {
    const { plan } = await planOn({}, {}, { initramfsTool: 'unknown' });
    expect(plan.edits).toEqual([]);
    expect(plan.findings.map(({ code }) => code)).toEqual(['NO_INITRAMFS_TOOL']);
    const { files } = await planOn({ '/sbin/mkinitrd': 'x' }, {}, { initramfsTool: 'unknown' });
    expect(await files.readText(SCRIPT)).toContain(' mkinitrd virtio_pci');
  });
});
