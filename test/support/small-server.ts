/**
 * A small server on a disk, made by mke2fs in a second: enough of a Debian to be inspected, prepared and converted, not
 * to boot. Its kernel has every driver built in. Servers that boot come from guests.ts.
 */
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './tools.ts';

const MIB = 1 << 20;
export const SMALL_SERVER_UUID = '6f0d1c1e-27a4-4f0e-9d5e-3a1f5c7b9d11';
export const KERNEL = '6.1.0-99-amd64';

const BUILT_IN = [
  'drivers/block/virtio_blk',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio_pci',
  'drivers/scsi/virtio_scsi',
  'drivers/scsi/sd_mod',
  'drivers/scsi/vmw_pvscsi',
  'drivers/message/fusion/mptsas',
  'drivers/nvme/host/nvme',
  'drivers/ata/ahci',
  'drivers/ata/ata_piix',
  'drivers/net/virtio_net',
  'drivers/net/vmxnet3/vmxnet3',
  'drivers/net/ethernet/intel/e1000e/e1000e',
  'drivers/net/ethernet/intel/e1000/e1000',
  'drivers/hv/hv_vmbus',
  'drivers/scsi/hv_storvsc',
  'drivers/net/hyperv/hv_netvsc',
];

export interface SmallServerOptions {
  /** MiB of the whole disk; 192 unless told. */
  sizeMiB?: number;
  /** `gpt` or `mbr`; mbr unless told. */
  table?: 'gpt' | 'mbr';
  /** Files added or replaced, by guest path. */
  files?: Record<string, string | Uint8Array>;
  /** Leave the kernel out. */
  noKernel?: boolean;
  /** Options of mke2fs besides type and size. */
  mkfs?: string[];
}

/** Writes the disk to `path` and returns it. Partition 1 starts at 1 MiB and reaches 1 MiB before the end. */
export async function smallServer(path: string, options: SmallServerOptions = {}): Promise<string> {
  const size = (options.sizeMiB ?? 192) * MIB;
  const tree = await mkdtemp(join(tmpdir(), 'ironlift-server-'));
  try {
    await fillTree(tree, options);
    await writeFile(path, '');
    await truncate(path, size);
    const label = options.table === 'gpt' ? 'gpt' : 'dos';
    const type = options.table === 'gpt' ? '0FC63DAF-8483-4772-8E79-3D69D8477DE4' : '83';
    const sectors = (size - 2 * MIB) / 512;
    await run('sfdisk', ['--no-reread', '--no-tell-kernel', '-q', path], {
      input: `label: ${label}\nstart=2048, size=${sectors}, type=${type}${label === 'dos' ? ', bootable' : ''}\n`,
    });
    const blocks = (size - 2 * MIB) / 1024;
    const mkfs = [
      '-F',
      '-q',
      '-t',
      'ext4',
      '-L',
      'root',
      '-U',
      SMALL_SERVER_UUID,
      '-E',
      `offset=${MIB},root_owner=0:0`,
    ];
    await run('mke2fs', [...mkfs, ...(options.mkfs ?? []), '-d', tree, path, `${blocks}k`]);
    return path;
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function fillTree(tree: string, { files, noKernel }: SmallServerOptions): Promise<void> {
  const put = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  };
  for (const folder of ['bin', 'sbin', 'lib']) {
    await mkdir(join(tree, 'usr', folder), { recursive: true });
    await symlink(`usr/${folder}`, join(tree, folder));
  }
  for (const folder of ['etc', 'proc', 'sys', 'dev', 'run', 'tmp', 'home', 'boot', 'var/log']) {
    await mkdir(join(tree, folder), { recursive: true });
  }
  await put('etc/os-release', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n');
  await put('etc/debian_version', '12.5\n');
  await put('etc/hostname', 'web01\n');
  await put('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  await put('etc/fstab', '# made by the installer\n/dev/sda1 / ext4 errors=remount-ro 0 1\n');
  await put(
    'etc/network/interfaces',
    'auto lo\niface lo inet loopback\n\nauto enp0s25\niface enp0s25 inet static\n\taddress 10.0.2.15/24\n\tgateway 10.0.2.2\n',
  );
  await put('etc/default/grub', 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="root=/dev/sda1"\n');
  // The ELF header of an x86-64 program: all that inspection looks at.
  const elf = new Uint8Array(64);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.set([3, 0, 0x3e, 0, 1], 16);
  await put('usr/bin/sh', elf);
  await put('usr/lib/systemd/systemd', elf);
  await symlink('/lib/systemd/systemd', join(tree, 'usr/sbin/init'));
  if (noKernel !== true) {
    await put(`boot/vmlinuz-${KERNEL}`, new Uint8Array(5000).fill(1));
    await put(`boot/initrd.img-${KERNEL}`, new Uint8Array(0));
    await put(
      'boot/grub/grub.cfg',
      `set default="0"\nmenuentry 'Debian GNU/Linux' {\n\tlinux /boot/vmlinuz-${KERNEL} root=/dev/sda1 ro quiet\n\tinitrd /boot/initrd.img-${KERNEL}\n}\n`,
    );
    const modules = `usr/lib/modules/${KERNEL}`;
    await put(`${modules}/modules.builtin`, BUILT_IN.map((name) => `kernel/${name}.ko\n`).join(''));
    await put(`${modules}/modules.order`, '');
    await run('depmod', ['-b', join(tree, 'usr'), KERNEL]).catch(async () =>
      run('depmod', ['-b', tree, KERNEL]),
    );
  }
  for (const [path, content] of Object.entries(files ?? {})) await put(path, content);
}
