import { describe, expect, test } from 'vitest';
import { bls } from '../../../../migration-core/guest/linux/bls.ts';
import { bootArguments } from '../../../../migration-core/guest/linux/boot-arguments.ts';
import { espFallback } from '../../../../migration-core/guest/linux/esp-fallback.ts';
import { extlinux } from '../../../../migration-core/guest/linux/extlinux.ts';
import { grubLegacy } from '../../../../migration-core/guest/linux/grub-legacy.ts';
import { grub } from '../../../../migration-core/guest/linux/grub.ts';
import type { OpenVolume } from '../../../../migration-core/guest/inspect.ts';
import { contextFor, fixGuest } from '../../../support/fix-guest.ts';
import {
  ESP_TYPE,
  ESP_UUID,
  LINUX_TYPE,
  MACHINE_ID,
  ROOT_UUID,
  SWAP_UUID,
  debianGrub,
  debianGuest,
  grubenv,
  modernBase,
  osRelease,
  rhel9Guest,
  volume,
  type Tree,
} from '../../../support/linux-guests.ts';

const codes = (findings: { code: string }[]): string[] => findings.map(({ code }) => code);

describe('a kernel command line', () => {
  test.each([
    ['root=/dev/sda1 ro quiet', `root=UUID=${ROOT_UUID} ro quiet`],
    ['ro root=/dev/disk/by-id/scsi-36005-part1', `ro root=UUID=${ROOT_UUID}`],
    ['root=/dev/mapper/mpatha1 rd.multipath=1', `root=UUID=${ROOT_UUID} rd.multipath=1`],
    [`root=UUID=${ROOT_UUID} ro`, `root=UUID=${ROOT_UUID} ro`],
    ['root=UUID=99999999-9999-9999-9999-999999999999', 'root=UUID=99999999-9999-9999-9999-999999999999'],
    ['root=/dev/vg0/root rd.lvm.lv=vg0/root', `root=UUID=${ROOT_UUID} rd.lvm.lv=vg0/root`],
    ['quiet resume=/dev/sda5 splash', `quiet resume=UUID=${SWAP_UUID} splash`],
    ['quiet resume=/dev/sdb2 resume_offset=123 splash', 'quiet splash'],
    ['"resume=/dev/sdb2 quiet"', '" quiet"'],
    ['resume=UUID=99999999-9999-9999-9999-999999999999 quiet', ' quiet'],
    [
      'real_root=/dev/sda1 nfsroot=/dev/sda1 rootfstype=ext4',
      `real_root=UUID=${ROOT_UUID} nfsroot=/dev/sda1 rootfstype=ext4`,
    ],
    ['crashkernel=auto console=tty0 rd.md.uuid=x', 'crashkernel=auto console=tty0 rd.md.uuid=x'],
    ['noresume systemd.root=/dev/sda1', 'noresume systemd.root=/dev/sda1'],
  ])('%s', async (before, after) => {
    const context = await contextFor(debianGuest());
    expect(bootArguments(context).fix(before).text).toBe(after);
    expect(bootArguments(context).fix(after).changed).toEqual([]);
  });

  test('the kernel alone finds partitions, not file systems', async () => {
    const context = await contextFor(debianGuest());
    expect(bootArguments(context).fix('root=/dev/sda1', false).text).toBe('root=PARTUUID=deadbeef-01');
  });

  test('a root that fits no disk is the one that was found, and told', async () => {
    const args = bootArguments(await contextFor(debianGuest()));
    expect(args.fix('root=/dev/sdq7').text).toBe(`root=UUID=${ROOT_UUID}`);
    expect(codes(args.findings)).toEqual(['BOOT_ROOT_UNCLEAR']);
  });
});

describe('GRUB 2', () => {
  test('menu and settings of Debian', async () => {
    const fixed = await fixGuest(debianGuest(), grub);
    const kernels = ['6.1.0-28-amd64', '6.1.0-9-amd64'];
    expect(fixed.text('/boot/grub/grub.cfg')).toBe(debianGrub(kernels, `UUID=${ROOT_UUID}`));
    expect(fixed.text('/etc/default/grub')).toBe(`GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_CMDLINE_LINUX_DEFAULT="quiet resume=UUID=${SWAP_UUID}"
GRUB_CMDLINE_LINUX=""
`);
    expect(fixed.edits).toHaveLength(2);
  });

  test('a menu without initramfs gets the partition', async () => {
    const bare = {
      '/boot/initrd.img-6.1.0-28-amd64': { dir: true as const },
      '/boot/initrd.img-6.1.0-9-amd64': { dir: true as const },
    };
    const fixed = await fixGuest(debianGuest(bare), grub);
    expect(fixed.text('/boot/grub/grub.cfg')).toContain('root=PARTUUID=deadbeef-01 ro');
  });

  test('`set root` and `search` stay, `linux16`, `linuxefi`, Xen and kernelopts are fixed', async () => {
    const menu = `set root='hd0,msdos1'
search --no-floppy --set=root /dev/sda1
set kernelopts="root=/dev/sda1 ro "
menuentry 'a' {
	linux16 /boot/vmlinuz-6.1.0-28-amd64 root=/dev/sda1
	linuxefi /boot/vmlinuz-6.1.0-28-amd64 root=/dev/sda1
	multiboot2 /boot/xen.gz dom0_mem=1G
	module2 /boot/vmlinuz-6.1.0-28-amd64 placeholder root=/dev/sda1
	echo 'root=/dev/sda1'
}
`;
    const fixed = await fixGuest(debianGuest({ '/boot/grub/grub.cfg': menu }), grub);
    expect(fixed.text('/boot/grub/grub.cfg')).toBe(`set root='hd0,msdos1'
search --no-floppy --set=root /dev/sda1
set kernelopts="root=UUID=${ROOT_UUID} ro "
menuentry 'a' {
	linux16 /boot/vmlinuz-6.1.0-28-amd64 root=UUID=${ROOT_UUID}
	linuxefi /boot/vmlinuz-6.1.0-28-amd64 root=UUID=${ROOT_UUID}
	multiboot2 /boot/xen.gz dom0_mem=1G
	module2 /boot/vmlinuz-6.1.0-28-amd64 placeholder root=UUID=${ROOT_UUID}
	echo 'root=/dev/sda1'
}
`);
  });

  test('the environment block keeps its size', async () => {
    const fixed = await fixGuest(rhel9Guest(), grub);
    expect(fixed.text('disk0p2:/grub2/grubenv')).toBe(
      grubenv([
        ['saved_entry', `${MACHINE_ID}-5.14.0-70.el9.x86_64`],
        ['kernelopts', `root=UUID=${ROOT_UUID} ro resume=UUID=${SWAP_UUID} quiet `],
      ]),
    );
    expect(fixed.text('/etc/default/grub')).toContain(
      `GRUB_CMDLINE_LINUX="resume=UUID=${SWAP_UUID} rhgb quiet"`,
    );
    // The three lines on the ESP are nobody's to change.
    expect(fixed.edits.map(({ action }) => action.path).sort()).toEqual([
      '/boot/grub2/grubenv',
      '/etc/default/grub',
    ]);
  });

  test('an environment block that is full is left, and told', async () => {
    const full = grubenv([['kernelopts', `root=/dev/sda3 ${'x'.repeat(960)}`]]);
    const fixed = await fixGuest(rhel9Guest({}, { '/grub2/grubenv': full }), grub);
    expect(fixed.text('disk0p2:/grub2/grubenv')).toBe(full);
    expect(codes(fixed.findings)).toEqual(['GRUBENV_FULL']);
  });
});

test('boot entries of RHEL 9 and the line new ones are made with', async () => {
  const fixed = await fixGuest(rhel9Guest(), bls);
  const version = '5.14.0-427.el9.x86_64';
  expect(fixed.text(`disk0p2:/loader/entries/${MACHINE_ID}-${version}.conf`))
    .toBe(`title Red Hat Enterprise Linux (${version}) 9.4 (Plow)
version ${version}
linux /vmlinuz-${version}
initrd /initramfs-${version}.img $tuned_initrd
options root=UUID=${ROOT_UUID} ro resume=UUID=${SWAP_UUID} rhgb quiet $tuned_params
grub_users $grub_users
`);
  expect(fixed.text('/etc/kernel/cmdline')).toBe(
    `root=UUID=${ROOT_UUID} ro resume=UUID=${SWAP_UUID} rhgb quiet\n`,
  );
  expect(fixed.edits).toHaveLength(3);
});

test('GRUB legacy, with the comments update-grub goes by', async () => {
  const path = '/boot/grub/menu.lst';
  const before = `default 0
# kopt=root=/dev/hda1 ro
# defoptions=quiet resume=/dev/hda5
# groot=(hd0,0)
title Debian
root (hd0,0)
kernel /boot/vmlinuz-2.6.26 root=/dev/hda1 ro quiet
initrd /boot/initrd.img-2.6.26
`;
  const fixed = await fixGuest(
    debianGuest({
      [path]: before,
      '/boot/grub/grub.cfg': { dir: true },
      '/etc/fstab': '/dev/hda1 / ext3 d 0 1\n',
    }),
    grubLegacy,
  );
  expect(fixed.text(path)).toBe(
    before
      .replaceAll('root=/dev/hda1', `root=UUID=${ROOT_UUID}`)
      .replace('resume=/dev/hda5', `resume=UUID=${SWAP_UUID}`),
  );
});

test('extlinux, and the settings its menu is made from', async () => {
  const before = `DEFAULT linux
LABEL linux
  LINUX /boot/vmlinuz-6.1.0-28-amd64
  APPEND initrd=/boot/initrd.img-6.1.0-28-amd64 root=/dev/sda1 ro
`;
  const fixed = await fixGuest(
    debianGuest({
      '/boot/extlinux/extlinux.conf': before,
      '/etc/default/extlinux': 'EXTLINUX_ROOT="root=/dev/sda1"\n',
    }),
    extlinux,
  );
  expect(fixed.text('/boot/extlinux/extlinux.conf')).toBe(before.replace('/dev/sda1', `UUID=${ROOT_UUID}`));
  expect(fixed.text('/etc/default/extlinux')).toBe(`EXTLINUX_ROOT="root=UUID=${ROOT_UUID}"\n`);
});

describe('the loader UEFI looks for', () => {
  const uefi = (esp: Tree, id = 'debian'): OpenVolume[] => [
    volume(esp, { partition: 1, type: 'vfat', uuid: ESP_UUID, partitionType: ESP_TYPE }),
    volume(
      {
        ...modernBase('u'),
        '/boot/efi': { dir: true },
        '/etc/os-release': osRelease(id, '12', 'D'),
        '/etc/fstab': `UUID=${ROOT_UUID} / ext4 d 0 1\nUUID=${ESP_UUID} /boot/efi vfat d 0 1\n`,
      },
      { partition: 2, uuid: ROOT_UUID, partitionType: LINUX_TYPE },
    ),
  ];
  const debianEsp: Tree = {
    '/EFI/debian/shimx64.efi': 'shim',
    '/EFI/debian/grubx64.efi': 'grub',
    '/EFI/debian/mmx64.efi': 'keys',
    '/EFI/debian/fbx64.efi': 'fallback',
    '/EFI/debian/BOOTX64.CSV': 'csv',
    '/EFI/debian/grub.cfg': `search.fs_uuid ${ROOT_UUID} root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n`,
  };

  test('Debian: shim, the GRUB it starts, its key manager and the lines that lead to the menu', async () => {
    const fixed = await fixGuest(uefi(debianEsp), espFallback);
    expect(fixed.text('disk0p1:/EFI/BOOT/BOOTX64.EFI')).toBe('shim');
    expect(fixed.text('disk0p1:/EFI/BOOT/grubx64.efi')).toBe('grub');
    expect(fixed.text('disk0p1:/EFI/BOOT/mmx64.efi')).toBe('keys');
    expect(fixed.text('disk0p1:/EFI/BOOT/grub.cfg')).toBe(debianEsp['/EFI/debian/grub.cfg']);
    expect(fixed.paths).not.toContain('disk0p1:/EFI/BOOT/fbx64.efi');
    expect(fixed.edits.map(({ action }) => action.kind)).toEqual([
      'mkdir',
      'write',
      'write',
      'write',
      'write',
    ]);
  });

  test('one that is there is never replaced, whatever the case of its name', async () => {
    const lower = Object.fromEntries(
      Object.entries(debianEsp).map(([path, file]) => [path.toLowerCase(), file]),
    );
    expect((await fixGuest(uefi({ ...lower, '/efi/boot/bootx64.efi': 'mine' }), espFallback)).edits).toEqual(
      [],
    );
    expect(
      (await fixGuest(uefi({ '/EFI/Boot/BootX64.efi': 'mine', ...debianEsp }), espFallback)).edits,
    ).toEqual([]);
    expect((await fixGuest(rhel9Guest(), espFallback)).edits).toEqual([]);
  });

  test('beside other files in EFI/BOOT, which stay', async () => {
    const fixed = await fixGuest(uefi({ ...debianEsp, '/EFI/BOOT/grubx64.efi': 'other' }), espFallback);
    expect(fixed.text('disk0p1:/EFI/BOOT/grubx64.efi')).toBe('other');
    expect(fixed.text('disk0p1:/EFI/BOOT/BOOTX64.EFI')).toBe('shim');
  });

  test.each<[string, Tree, Record<string, string>]>([
    ['GRUB without shim', { '/EFI/arch/grubx64.efi': 'grub' }, { 'BOOTX64.EFI': 'grub' }],
    ['systemd-boot', { '/EFI/systemd/systemd-bootx64.efi': 'sd' }, { 'BOOTX64.EFI': 'sd' }],
    [
      'GRUB legacy of RHEL 6',
      { '/EFI/redhat/grub.efi': 'g', '/EFI/redhat/grub.conf': 'c' },
      { 'BOOTX64.EFI': 'g', 'BOOTX64.conf': 'c' },
    ],
    [
      'of two systems the installed one',
      { '/EFI/aaa/grubx64.efi': 'a', ...debianEsp },
      { 'BOOTX64.EFI': 'shim' },
    ],
  ])('%s', async (_, esp, files) => {
    const fixed = await fixGuest(uefi(esp), espFallback);
    for (const [name, content] of Object.entries(files))
      expect(fixed.text(`disk0p1:/EFI/BOOT/${name}`)).toBe(content);
  });

  test('no loader at all is told', async () => {
    const fixed = await fixGuest(uefi({ '/EFI/Microsoft/Boot/bootmgfw.efi': 'x' }), espFallback);
    expect(fixed.edits).toEqual([]);
    expect(codes(fixed.findings)).toEqual(['ESP_FALLBACK_MISSING']);
  });
});
