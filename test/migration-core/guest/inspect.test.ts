import { describe, expect, test } from 'vitest';
import { inspectGuest } from '../../../migration-core/guest/inspect.ts';
import {
  BIOS_BOOT_TYPE,
  ESP_TYPE,
  ESP_UUID,
  HOME_UUID,
  LINUX_TYPE,
  MACHINE_ID,
  ROOT_UUID,
  debianGrub,
  debianGuest,
  elf,
  grubenv,
  modernBase,
  modulesOf,
  osRelease,
  rhel9Guest,
  volume,
  type Tree,
} from '../../support/linux-guests.ts';

const codes = (findings: { code: string }[]): string[] => findings.map(({ code }) => code);
const defaultOf = (kernels: { version: string; isDefault: boolean }[]): string[] =>
  kernels.filter(({ isDefault }) => isDefault).map(({ version }) => version);

describe('systems as they are installed', () => {
  test('Debian 12, BIOS, device names', async () => {
    const { guest, tree } = await inspectGuest(debianGuest());
    expect(guest).toMatchObject({
      os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)', family: 'debian' },
      architecture: 'x86_64',
      hostName: 'web01',
      machineId: MACHINE_ID,
      firmware: 'bios',
      init: 'systemd',
      mergedUsr: true,
      selinux: 'absent',
      mounts: [{ path: '/', volume: 'disk0p1', type: 'ext4' }],
      bootLoaders: [{ kind: 'grub2', files: ['/boot/grub/grub.cfg', '/etc/default/grub'] }],
      findings: [],
    });
    expect(guest.kernels).toEqual([
      {
        version: '6.1.0-28-amd64',
        image: '/boot/vmlinuz-6.1.0-28-amd64',
        initramfs: '/boot/initrd.img-6.1.0-28-amd64',
        modulesDirectory: '/usr/lib/modules/6.1.0-28-amd64',
        initramfsTool: 'initramfs-tools',
        isDefault: true,
      },
      expect.objectContaining({ version: '6.1.0-9-amd64', isDefault: false }),
    ]);
    expect(guest.fstab[1]).toEqual({
      line: 4,
      device: '/dev/sda5',
      path: 'none',
      type: 'swap',
      options: ['sw'],
      dump: '0',
      pass: '0',
    });
    expect(await tree.readText('/etc/hostname')).toBe('web01\n');
  });

  test('RHEL 9, UEFI, BLS entries, the kernel that was chosen last', async () => {
    const { guest, tree } = await inspectGuest(rhel9Guest());
    expect(guest).toMatchObject({
      os: { id: 'rhel', version: '9.4', family: 'redhat' },
      hostName: 'db01.example.com',
      firmware: 'uefi',
      selinux: 'enforcing',
      mounts: [
        { path: '/', volume: 'disk0p3' },
        { path: '/boot', volume: 'disk0p2' },
        { path: '/boot/efi', volume: 'disk0p1', type: 'vfat' },
      ],
    });
    expect(guest.kernels.map(({ version, initramfs }) => [version, initramfs])).toEqual([
      ['5.14.0-427.el9.x86_64', '/boot/initramfs-5.14.0-427.el9.x86_64.img'],
      ['5.14.0-70.el9.x86_64', '/boot/initramfs-5.14.0-70.el9.x86_64.img'],
    ]);
    expect(defaultOf(guest.kernels)).toEqual(['5.14.0-70.el9.x86_64']);
    expect(guest.kernels[0]!.initramfsTool).toBe('dracut');
    expect(guest.bootLoaders.map(({ kind }) => kind)).toEqual(['grub2', 'bls']);
    expect(guest.bootLoaders[0]!.files).toEqual([
      '/boot/grub2/grub.cfg',
      '/boot/efi/EFI/redhat/grub.cfg',
      '/boot/grub2/grubenv',
      '/etc/default/grub',
    ]);
    expect(guest.bootLoaders[1]!.files).toContain('/etc/kernel/cmdline');
    expect(codes(guest.findings)).toEqual([]);
    expect(await tree.exists('/boot/efi/EFI/BOOT/BOOTX64.EFI')).toBe(true);
  });

  test('RHEL 9 falls back to the newest entry when none was saved', async () => {
    const volumes = rhel9Guest({}, { '/grub2/grubenv': '# GRUB Environment Block\n' });
    expect(defaultOf((await inspectGuest(volumes)).guest.kernels)).toEqual(['5.14.0-427.el9.x86_64']);
  });

  test('RHEL 7: menu entries by title, files named by /etc/grub2.cfg', async () => {
    const kernel = '3.10.0-1160.el7.x86_64';
    const older = '3.10.0-957.el7.x86_64';
    const entry = (
      version: string,
    ): string => `menuentry 'CentOS Linux (${version}) 7 (Core)' --class rhel $menuentry_id_option 'gnulinux-${version}' {
	linux16 /boot/vmlinuz-${version} root=UUID=${ROOT_UUID} ro crashkernel=auto
	initrd16 /boot/initramfs-${version}.img
}
`;
    const root: Tree = {
      ...modernBase('c7'),
      '/etc/os-release': osRelease('centos', '7', 'CentOS Linux 7 (Core)', 'rhel fedora'),
      '/etc/fstab': `UUID=${ROOT_UUID} / ext4 defaults 1 1\nLABEL=data\\040one /srv/data\\040one ext4 defaults 0 0\n`,
      '/srv/data one': { dir: true },
      '/boot/grub2/grub.cfg': `if [ "\${next_entry}" ] ; then\n   set default="\${next_entry}"\nelse\n   set default="\${saved_entry}"\nfi\n${entry(kernel)}${entry(older)}`,
      '/boot/grub2/grubenv': `# GRUB Environment Block\nsaved_entry=CentOS Linux (${older}) 7 (Core)\n####`,
      '/etc/grub2.cfg': { symlink: '../boot/grub2/grub.cfg' },
      [`/boot/vmlinuz-${kernel}`]: 'k',
      [`/boot/vmlinuz-${older}`]: 'k',
      [`/boot/initramfs-${kernel}.img`]: 'i',
      [`/boot/vmlinuz-0-rescue-${MACHINE_ID}`]: 'k',
      '/usr/sbin/dracut': 'x',
      ...modulesOf(kernel),
      ...modulesOf(older),
    };
    const data = volume(
      { '/lost+found': { dir: true } },
      { disk: 1, partition: null, label: 'data one', uuid: HOME_UUID },
    );
    const { guest } = await inspectGuest([volume(root, { uuid: ROOT_UUID }), data]);
    expect(guest.os.family).toBe('redhat');
    expect(guest.mounts).toContainEqual({ path: '/srv/data one', volume: 'disk1', type: 'ext4' });
    expect(defaultOf(guest.kernels)).toEqual([older]);
    expect(guest.kernels.find(({ version }) => version === older)?.initramfs).toBeNull();
    expect(codes(guest.findings)).toEqual([]);
  });

  test('RHEL 8, BIOS: entries that refer to the environment block, debug kernels passed over', async () => {
    const kernel = '4.18.0-513.el8.x86_64';
    const debug = '4.18.0-553.el8.x86_64+debug';
    const entry = (version: string): string =>
      `title RHEL (${version})\nversion ${version}\nlinux /boot/vmlinuz-${version}\ninitrd /boot/initramfs-${version}.img\noptions $kernelopts\n`;
    const root: Tree = {
      ...modernBase('r8'),
      '/etc/os-release': osRelease('rhel', '8.9', 'Red Hat Enterprise Linux 8.9 (Ootpa)', 'fedora'),
      '/etc/fstab': `UUID=${ROOT_UUID} / ext4 defaults 1 1\n`,
      '/etc/selinux/config': 'SELINUX=permissive # for now\nSELINUXTYPE=targeted\n',
      '/etc/selinux/targeted/policy/policy.31': 'x',
      '/boot/grub2/grub.cfg': 'set default="${saved_entry}"\n\tblscfg\n',
      '/boot/grub2/grubenv': grubenv([
        ['saved_entry', `${MACHINE_ID}-${kernel}`],
        ['kernelopts', `root=UUID=${ROOT_UUID} ro `],
      ]),
      '/usr/bin/dracut': 'x',
    };
    for (const version of [kernel, debug]) {
      root[`/boot/vmlinuz-${version}`] = 'k';
      root[`/boot/initramfs-${version}.img`] = 'i';
      root[`/boot/loader/entries/${MACHINE_ID}-${version}.conf`] = entry(version);
      Object.assign(root, modulesOf(version));
    }
    const { guest } = await inspectGuest([volume(root, { uuid: ROOT_UUID })]);
    expect(guest).toMatchObject({
      firmware: 'bios',
      selinux: 'permissive',
      os: { version: '8.9', family: 'redhat' },
    });
    expect(guest.bootLoaders.map(({ kind }) => kind)).toEqual(['grub2', 'bls']);
    expect(defaultOf(guest.kernels)).toEqual([kernel]);
  });

  test('Ubuntu 22.04 as a cloud image: ESP and BIOS boot partition, an entry of a submenu chosen', async () => {
    const kernels = ['5.15.0-91-generic', '5.15.0-25-generic'];
    const root: Tree = {
      ...modernBase('u22'),
      '/boot/efi': { dir: true },
      '/etc/os-release': osRelease('ubuntu', '22.04', 'Ubuntu 22.04.3 LTS', 'debian'),
      '/etc/fstab':
        'LABEL=cloudimg-rootfs\t/\text4\tdiscard,errors=remount-ro\t0 1\nLABEL=UEFI\t/boot/efi\tvfat\tumask=0077\t0 1\n',
      '/usr/share/initramfs-tools/init': 'x',
      '/boot/grub/i386-pc/normal.mod': 'x',
      '/boot/grub/grub.cfg': debianGrub(kernels, 'LABEL=cloudimg-rootfs').replace(
        'default="0"',
        `default="gnulinux-advanced-${ROOT_UUID}>gnulinux-${kernels[1]!}-advanced-${ROOT_UUID}"`,
      ),
      '/boot/vmlinuz': { symlink: `vmlinuz-${kernels[0]!}` },
      '/boot/initrd.img': { symlink: `initrd.img-${kernels[0]!}` },
    };
    for (const version of kernels) {
      root[`/boot/vmlinuz-${version}`] = 'k';
      root[`/boot/initrd.img-${version}`] = 'i';
      Object.assign(root, modulesOf(version));
    }
    const { guest } = await inspectGuest([
      volume(null, { partition: 14, type: 'unknown', partitionType: BIOS_BOOT_TYPE }),
      volume(
        { '/EFI/ubuntu/shimx64.efi': 'x' },
        { partition: 15, type: 'vfat', label: 'UEFI', partitionType: ESP_TYPE },
      ),
      volume(root, { partition: 1, uuid: ROOT_UUID, label: 'cloudimg-rootfs', partitionType: LINUX_TYPE }),
    ]);
    expect(guest).toMatchObject({
      firmware: 'bios',
      os: { id: 'ubuntu', version: '22.04', family: 'debian' },
    });
    expect(guest.mounts.map(({ path }) => path)).toEqual(['/', '/boot/efi']);
    expect(guest.kernels).toHaveLength(2);
    expect(defaultOf(guest.kernels)).toEqual([kernels[1]]);
    expect(codes(guest.findings)).toEqual([]);
  });

  test('SLES 15, kernel names of SUSE, a disk named by-id', async () => {
    const kernel = '5.14.21-150500.55-default';
    const root: Tree = {
      ...modernBase('sles'),
      '/etc/os-release': osRelease('sles', '15.5', 'SUSE Linux Enterprise Server 15 SP5', 'suse'),
      '/etc/fstab':
        '/dev/disk/by-id/scsi-3600508b1001c-part2 / ext4 acl,user_xattr 1 1\n/dev/disk/by-id/scsi-3600508b1001c-part3 /home ext4 defaults 1 2\n',
      '/boot/grub2/grub.cfg': `set default="0"\nmenuentry 'SLES' {\n  linux /boot/vmlinuz-${kernel} root=/dev/disk/by-id/scsi-3600508b1001c-part2\n}\n`,
      [`/boot/vmlinuz-${kernel}`]: 'k',
      '/boot/vmlinuz': { symlink: `vmlinuz-${kernel}` },
      [`/boot/initrd-${kernel}`]: 'i',
      [`/boot/vmlinux-${kernel}.gz`]: 'debug',
      '/usr/bin/dracut': 'x',
      ...modulesOf(kernel),
    };
    const { guest } = await inspectGuest([
      volume(root, { partition: 2, uuid: ROOT_UUID }),
      volume({ '/alice': { dir: true } }, { partition: 3, uuid: HOME_UUID }),
    ]);
    expect(guest.os).toMatchObject({ id: 'sles', family: 'suse' });
    expect(guest.mounts.map(({ path, volume }) => [path, volume])).toEqual([
      ['/', 'disk0p2'],
      ['/home', 'disk0p3'],
    ]);
    expect(guest.kernels).toMatchObject([
      { version: kernel, initramfs: `/boot/initrd-${kernel}`, isDefault: true },
    ]);
  });

  test('Arch with systemd-boot, the ESP on /boot, images named by package', async () => {
    const version = '6.6.10-arch1-1';
    const root: Tree = {
      ...modernBase('arch'),
      '/usr/lib/os-release': osRelease('arch', 'rolling', 'Arch Linux'),
      '/etc/fstab': `UUID=${ROOT_UUID} / ext4 rw,relatime 0 1\nPARTLABEL=EFI\\040system /boot vfat rw 0 2\n`,
      '/usr/bin/mkinitcpio': 'x',
      '/etc/mkinitcpio.conf': 'MODULES=()\n',
      [`/usr/lib/modules/${version}/pkgbase`]: 'linux\n',
      ...modulesOf(version),
      ...modulesOf('6.1.70-1-lts'),
      '/usr/lib/modules/6.1.70-1-lts/pkgbase': 'linux-lts\n',
    };
    const esp: Tree = {
      '/EFI/systemd/systemd-bootx64.efi': 'x',
      '/EFI/BOOT/BOOTX64.EFI': 'x',
      '/loader/loader.conf': 'timeout 3\ndefault arch-lts*\n',
      '/loader/entries/arch.conf': `title Arch\nlinux /vmlinuz-linux\ninitrd /initramfs-linux.img\noptions root=UUID=${ROOT_UUID} rw\n`,
      '/loader/entries/arch-lts.conf': `title Arch LTS\nlinux /vmlinuz-linux-lts\ninitrd /initramfs-linux-lts.img\noptions root=UUID=${ROOT_UUID} rw\n`,
      '/vmlinuz-linux': 'k',
      '/vmlinuz-linux-lts': 'k',
      '/initramfs-linux.img': 'i',
      '/initramfs-linux-fallback.img': 'i',
      '/initramfs-linux-lts.img': 'i',
    };
    const { guest } = await inspectGuest([
      volume(esp, {
        partition: 1,
        type: 'vfat',
        uuid: ESP_UUID,
        partitionType: ESP_TYPE,
        partLabel: 'EFI system',
      }),
      volume(root, { partition: 2, uuid: ROOT_UUID, partitionType: LINUX_TYPE }),
    ]);
    expect(guest).toMatchObject({ firmware: 'uefi', os: { family: 'arch' } });
    expect(guest.bootLoaders[0]).toMatchObject({ kind: 'systemd-boot' });
    expect(guest.kernels.map(({ version, initramfs, isDefault }) => [version, initramfs, isDefault])).toEqual(
      [
        [version, '/boot/initramfs-linux.img', false],
        ['6.1.70-1-lts', '/boot/initramfs-linux-lts.img', true],
      ],
    );
    expect(guest.kernels[0]!.initramfsTool).toBe('mkinitcpio');
  });

  test('CentOS 6: GRUB legacy, upstart, release file, /etc/sysconfig/network', async () => {
    const kernel = '2.6.32-754.el6.x86_64';
    const root: Tree = {
      '/bin/sh': elf(62),
      '/sbin/init': elf(62),
      '/sbin/initctl': 'x',
      '/etc/init/rc.conf': 'x',
      '/lib/modules/x': 'x',
      '/usr/bin': { dir: true },
      '/var': { dir: true },
      '/etc/redhat-release': 'CentOS release 6.10 (Final)\n',
      '/etc/sysconfig/network': 'NETWORKING=yes\nHOSTNAME="old.example.org"\n',
      '/etc/fstab': '/dev/cciss/c0d0p1 / ext4 defaults 1 1\n',
      '/boot/grub/grub.conf': `default=1\ntimeout=5\ntitle a\n\tkernel /boot/vmlinuz-other ro\ntitle CentOS\n\troot (hd0,0)\n\tkernel /boot/vmlinuz-${kernel} ro root=/dev/cciss/c0d0p1\n`,
      '/boot/grub/menu.lst': { symlink: './grub.conf' },
      [`/boot/vmlinuz-${kernel}`]: 'k',
      [`/boot/initramfs-${kernel}.img`]: 'i',
      '/sbin/dracut': 'x',
      ...modulesOf(kernel, '/lib/modules'),
    };
    const { guest } = await inspectGuest([volume(root, { uuid: ROOT_UUID })]);
    expect(guest).toMatchObject({
      os: { id: 'centos', version: '6.10', family: 'redhat' },
      init: 'upstart',
      hostName: 'old.example.org',
      mergedUsr: false,
      firmware: 'bios',
      bootLoaders: [{ kind: 'grub-legacy', files: ['/boot/grub/grub.conf'] }],
    });
    expect(guest.kernels).toMatchObject([{ modulesDirectory: `/lib/modules/${kernel}`, isDefault: true }]);
  });

  test.each([
    [
      'SuSE-release',
      'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n',
      'sles',
      '11.4',
    ],
    ['debian_version', '6.0.10\n', 'debian', '6.0.10'],
    ['lsb-release', 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n', 'ubuntu', '10.04'],
  ])('systems older than os-release: /etc/%s', async (name, text, id, version) => {
    const root = { ...modernBase('old'), '/etc/fstab': '', [`/etc/${name}`]: text };
    expect((await inspectGuest([volume(root, {})])).guest.os).toMatchObject({ id, version });
  });
});
