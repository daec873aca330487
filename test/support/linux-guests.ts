/** Guests as distributions install them, in memory: the files that inspection and the storage fixers look at. */
import type { OpenVolume } from '../../migration-core/guest/inspect.ts';
import { memoryFileSystem, type MemoryEntry, type MemoryOptions } from './memory-filesystem.ts';

export type Tree = Record<string, string | Uint8Array | MemoryEntry>;

export const ESP_TYPE = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
export const LINUX_TYPE = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
export const BIOS_BOOT_TYPE = '21686148-6449-6E6F-744E-656564454649';

export const ROOT_UUID = '0b5c3a1e-1111-4a4a-8a8a-000000000001';
export const BOOT_UUID = '0b5c3a1e-2222-4a4a-8a8a-000000000002';
export const HOME_UUID = '0b5c3a1e-3333-4a4a-8a8a-000000000003';
export const SWAP_UUID = '0b5c3a1e-4444-4a4a-8a8a-000000000004';
export const ESP_UUID = 'ABCD-1234';
export const MACHINE_ID = '0123456789abcdef0123456789abcdef';

export interface VolumeOptions extends MemoryOptions {
  disk?: number;
  partition?: number | null;
  /** Partition type; Linux on MBR unless told. */
  partitionType?: string;
  partUuid?: string;
  partLabel?: string;
  description?: string;
}

/** A volume that a driver of ours opens; with `tree` null one that none opens (swap, LVM ...). */
export function volume(tree: Tree | null, options: VolumeOptions): OpenVolume {
  const { disk = 0, partition = 1, type = 'ext4', uuid = '', label = '', size = 8 << 30 } = options;
  const partitionType = options.partitionType ?? '83';
  const partUuid = options.partUuid ?? `deadbeef-${String(partition).padStart(2, '0')}`;
  return {
    info: {
      id: partition === null ? `disk${disk}` : `disk${disk}p${partition}`,
      disk,
      partition,
      size,
      type,
      uuid,
      label,
      partUuid: partition === null ? '' : partUuid,
    },
    volume: {
      content: { type, uuid, label, description: options.description ?? `${type} volume` },
      partition:
        partition === null
          ? null
          : {
              number: partition,
              offset: partition * 2 ** 34,
              length: size,
              type: partitionType,
              typeName: 'Linux',
              partUuid,
              label: options.partLabel ?? '',
              bootable: false,
              container: false,
            },
    },
    fileSystem: tree === null ? null : memoryFileSystem(tree, { ...options, type, uuid, label, size }),
    error: null,
  };
}

/** The first 20 bytes of a program: an ELF header for a processor. */
export function elf(machine: number, wide = true): Uint8Array {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  header[16] = 3;
  header[18] = machine & 255;
  header[19] = machine >> 8;
  return header;
}

export const osRelease = (id: string, version: string, name: string, like = ''): string =>
  `PRETTY_NAME="${name}"\nNAME="${name}"\nVERSION_ID="${version}"\nID=${id}\n${like === '' ? '' : `ID_LIKE="${like}"\n`}`;

/** /lib/modules of a kernel, enough to count as installed. */
export const modulesOf = (version: string, root = '/usr/lib/modules'): Tree => ({
  [`${root}/${version}/modules.dep`]: 'kernel/drivers/block/virtio_blk.ko:\n',
  [`${root}/${version}/kernel/drivers/block/virtio_blk.ko`]: 'module',
});

/** Several trees as one. */
const joined = (trees: Tree[]): Tree => Object.fromEntries(trees.flatMap((tree) => Object.entries(tree)));

/** A usr-merged system with systemd, without kernel and boot loader. */
export const modernBase = (hostName: string): Tree => ({
  '/bin': { symlink: 'usr/bin' },
  '/sbin': { symlink: 'usr/sbin' },
  '/lib': { symlink: 'usr/lib' },
  '/usr/bin/sh': { symlink: 'dash' },
  '/usr/bin/dash': elf(62),
  '/usr/lib/systemd/systemd': elf(62),
  '/usr/sbin/init': { symlink: '../lib/systemd/systemd' },
  '/var/log': { dir: true },
  '/root': { dir: true },
  '/boot': { dir: true },
  '/home': { dir: true },
  '/etc/hostname': `${hostName}\n`,
  '/etc/machine-id': `${MACHINE_ID}\n`,
});

export const debianGrub = (kernels: string[], root: string): string =>
  `set default="0"
if [ x"\${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
search --no-floppy --fs-uuid --set=root ${ROOT_UUID}
menuentry 'Debian GNU/Linux' --class debian --class os $menuentry_id_option 'gnulinux-simple-${ROOT_UUID}' {
	search --no-floppy --fs-uuid --set=root ${ROOT_UUID}
	echo	'Loading Linux ${kernels[0]} ...'
	linux	/boot/vmlinuz-${kernels[0]} root=${root} ro  quiet
	initrd	/boot/initrd.img-${kernels[0]}
}
submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option 'gnulinux-advanced-${ROOT_UUID}' {
${kernels
  .map(
    (
      kernel,
    ) => `	menuentry 'Debian GNU/Linux, with Linux ${kernel}' --class debian $menuentry_id_option 'gnulinux-${kernel}-advanced-${ROOT_UUID}' {
		linux	/boot/vmlinuz-${kernel} root=${root} ro  quiet
		initrd	/boot/initrd.img-${kernel}
	}
`,
  )
  .join('')}}
`;

/** Debian 12 on one MBR disk: root and swap, device names throughout. */
export function debianGuest(changes: Tree = {}, extra: OpenVolume[] = []): OpenVolume[] {
  const kernels = ['6.1.0-28-amd64', '6.1.0-9-amd64'];
  const root: Tree = {
    ...modernBase('web01'),
    '/etc/os-release': { symlink: '../usr/lib/os-release' },
    '/usr/lib/os-release': osRelease('debian', '12', 'Debian GNU/Linux 12 (bookworm)'),
    '/etc/fstab': `# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
/dev/sda1 /               ext4    errors=remount-ro 0       1
/dev/sda5	none	swap	sw	0	0
/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0
`,
    '/etc/initramfs-tools/conf.d/resume': 'RESUME=/dev/sda5\n',
    '/usr/share/initramfs-tools/init': '#!/bin/sh\n',
    '/etc/default/grub': `GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_CMDLINE_LINUX_DEFAULT="quiet resume=/dev/sda5"
GRUB_CMDLINE_LINUX=""
`,
    '/boot/grub/grub.cfg': debianGrub(kernels, '/dev/sda1'),
    '/boot/grub/i386-pc/normal.mod': 'x',
    '/vmlinuz': { symlink: `boot/vmlinuz-${kernels[0]}` },
    ...joined(
      kernels.map((kernel) => ({
        [`/boot/vmlinuz-${kernel}`]: 'kernel',
        [`/boot/initrd.img-${kernel}`]: 'initramfs',
        [`/boot/System.map-${kernel}`]: 'x',
        [`/boot/config-${kernel}`]: 'x',
        ...modulesOf(kernel),
      })),
    ),
    ...changes,
  };
  return [
    volume(root, { partition: 1, uuid: ROOT_UUID, size: 20 << 30 }),
    volume(null, { partition: 5, type: 'swap', uuid: SWAP_UUID, size: 1 << 30, partitionType: '82' }),
    ...extra,
  ];
}

const RHEL_KERNELS = ['5.14.0-427.el9.x86_64', '5.14.0-70.el9.x86_64'];

/** RHEL 9 on GPT with UEFI: ESP, separate /boot with BLS entries, root, swap, SELinux. */
export function rhel9Guest(changes: Tree = {}, bootChanges: Tree = {}): OpenVolume[] {
  const root: Tree = {
    ...modernBase('db01.example.com'),
    '/boot/efi': { dir: true },
    '/etc/os-release': osRelease('rhel', '9.4', 'Red Hat Enterprise Linux 9.4 (Plow)', 'fedora'),
    '/etc/redhat-release': 'Red Hat Enterprise Linux release 9.4 (Plow)\n',
    '/etc/fstab': `UUID=${ROOT_UUID} /                       ext4    defaults        1 1
UUID=${BOOT_UUID} /boot                   ext4    defaults        1 2
UUID=${ESP_UUID}          /boot/efi               vfat    umask=0077,shortname=winnt 0 2
UUID=${SWAP_UUID} none                    swap    defaults        0 0
`,
    '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=targeted\n',
    '/etc/selinux/targeted/policy/policy.33': 'x',
    '/usr/bin/dracut': '#!/bin/sh\n',
    '/etc/default/grub':
      'GRUB_DEFAULT=saved\nGRUB_CMDLINE_LINUX="resume=/dev/sda4 rhgb quiet"\nGRUB_ENABLE_BLSCFG=true\n',
    '/etc/kernel/cmdline': `root=/dev/sda3 ro resume=/dev/sda4 rhgb quiet\n`,
    ...joined(RHEL_KERNELS.map((kernel) => modulesOf(kernel))),
    ...changes,
  };
  const boot: Tree = {
    '/efi': { dir: true },
    '/grub2/grub.cfg': 'set default="${saved_entry}"\nload_env\ninsmod blscfg\nblscfg\n',
    '/grub2/grubenv': grubenv([
      ['saved_entry', `${MACHINE_ID}-${RHEL_KERNELS[1]!}`],
      ['kernelopts', 'root=/dev/sda3 ro resume=/dev/sda4 quiet '],
    ]),
    [`/vmlinuz-0-rescue-${MACHINE_ID}`]: 'kernel',
    [`/initramfs-0-rescue-${MACHINE_ID}.img`]: 'initramfs',
    ...joined(
      RHEL_KERNELS.map((kernel) => ({
        [`/vmlinuz-${kernel}`]: 'kernel',
        [`/initramfs-${kernel}.img`]: 'initramfs',
        [`/initramfs-${kernel}kdump.img`]: 'crash',
        [`/loader/entries/${MACHINE_ID}-${kernel}.conf`]: `title Red Hat Enterprise Linux (${kernel}) 9.4 (Plow)
version ${kernel}
linux /vmlinuz-${kernel}
initrd /initramfs-${kernel}.img $tuned_initrd
options root=/dev/sda3 ro resume=/dev/sda4 rhgb quiet $tuned_params
grub_users $grub_users
`,
      })),
    ),
    ...bootChanges,
  };
  const esp: Tree = {
    '/EFI/BOOT/BOOTX64.EFI': 'shim',
    '/EFI/BOOT/fbx64.efi': 'fallback',
    '/EFI/redhat/shimx64.efi': 'shim',
    '/EFI/redhat/grubx64.efi': 'grub',
    '/EFI/redhat/BOOTX64.CSV': 'csv',
    '/EFI/redhat/grub.cfg': `search --no-floppy --fs-uuid --set=dev ${BOOT_UUID}\nset prefix=($dev)/grub2\nexport $prefix\nconfigfile $prefix/grub.cfg\n`,
  };
  return [
    volume(esp, { partition: 1, type: 'vfat', uuid: ESP_UUID, size: 600 << 20, partitionType: ESP_TYPE }),
    volume(boot, { partition: 2, uuid: BOOT_UUID, size: 1 << 30, partitionType: LINUX_TYPE }),
    volume(root, {
      partition: 3,
      uuid: ROOT_UUID,
      size: 30 << 30,
      partitionType: LINUX_TYPE,
      partLabel: 'root',
    }),
    volume(null, { partition: 4, type: 'swap', uuid: SWAP_UUID, size: 2 << 30, partitionType: LINUX_TYPE }),
  ];
}

/** The environment block of GRUB: 1024 bytes whatever it holds. */
export function grubenv(variables: [string, string][]): string {
  const text = `# GRUB Environment Block\n${variables.map(([name, value]) => `${name}=${value}\n`).join('')}`;
  return text.padEnd(1024, '#');
}
