/** A UEFI server on real ext4 and FAT volumes: inspected, fixed, undone; e2fsck, fsck.fat and the kernel are the judges. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openServer, type OpenServer } from '../../../migration-core/convert/server.ts';
import { applyEdits } from '../../../migration-core/guest/apply.ts';
import { invertEdits } from '../../../migration-core/guest/apply-undo.ts';
import { LINUX_FIXERS, planFixes, type PlannedFix } from '../../../migration-core/guest/fixers.ts';
import { labelFor } from '../../../migration-core/guest/linux/selinux.ts';
import { targetById } from '../../../migration-core/target/table.ts';
import { machineWith, NOW } from '../../support/fix-guest.ts';
import { ESP_UUID, MACHINE_ID, ROOT_UUID, debianGrub, elf, osRelease } from '../../support/linux-guests.ts';
import { needTools, run, scratchFolder, tryRun } from '../../support/tools.ts';

const MIB = 1 << 20;
/** MiB from the start of the disk, and sizes. */
const ESP = { start: 1, size: 40 };
const ROOT = { start: 41, size: 96 };
const KERNEL = '6.1.0-28-amd64';
const LABEL = 'system_u:object_r:etc_t:s0';

test('inspected, fixed and undone on real volumes', async () => {
  needTools(
    'mke2fs',
    'e2fsck',
    'debugfs',
    'mkfs.vfat',
    'mcopy',
    'mdir',
    'fsck.fat',
    'sgdisk',
    'mount',
    'tar',
  );
  const folder = await scratchFolder();
  const disk = join(folder, 'server.img');
  await buildServer(folder, disk);
  const original = await hashFile(disk);

  const server = await openServer([disk], { now: NOW });
  try {
    const { guest, tree } = server.inspection!;
    expect(guest).toMatchObject({
      os: { id: 'debian', version: '12' },
      firmware: 'uefi',
      architecture: 'x86_64',
      hostName: 'real01',
      selinux: 'enforcing',
      mounts: [
        { path: '/', type: 'ext4' },
        { path: '/boot/efi', type: 'vfat' },
      ],
    });
    expect(guest.kernels).toMatchObject([
      { version: KERNEL, modulesDirectory: `/usr/lib/modules/${KERNEL}`, isDefault: true },
    ]);

    const planned = await plan(server);
    expect(planned.map(({ fixer }) => fixer)).toEqual(
      expect.arrayContaining(['fstab', 'grub', 'esp-fallback']),
    );
    const before = await volumesOf(server, join(folder, 'before'));
    const edits = planned.flatMap((fix) => fix.edits);
    const records = await applyEdits(tree, edits, { now: NOW, label: labelFor });
    const after = await volumesOf(server, join(folder, 'after'));
    await judge(after);

    expect(await run('debugfs', ['-R', 'cat /etc/fstab', after.root])).toBe(
      `UUID=${ROOT_UUID} / ext4 defaults 0 1\nUUID=${ESP_UUID} /boot/efi vfat umask=0077 0 1\n/dev/sdb1 /san xfs noatime,nofail,x-systemd.device-timeout=10s 0 2\n`,
    );
    // The replaced file keeps its label and mode, a new one is given a label.
    expect(await run('debugfs', ['-R', 'ea_get -V /etc/fstab security.selinux', after.root])).toContain(
      LABEL,
    );
    expect(await run('debugfs', ['-R', 'stat /etc/fstab', after.root])).toMatch(/Mode:\s+0640/);
    const menu = await run('debugfs', ['-R', 'cat /boot/grub/grub.cfg', after.root]);
    expect(menu.match(/ root=\S+ ro {2}quiet/g)).toEqual(Array(2).fill(` root=UUID=${ROOT_UUID} ro  quiet`));
    expect(await run('mtype', ['-i', after.esp, '::/EFI/BOOT/grub.cfg'])).toContain('configfile');
    expect(await run('mtype', ['-i', after.esp, '::/EFI/BOOT/BOOTX64.EFI'])).toBe('S'.repeat(900_000));

    expect((await plan(server)).flatMap((fix) => fix.edits)).toEqual([]);

    await applyEdits(tree, invertEdits(records), { now: NOW });
    const undone = await volumesOf(server, join(folder, 'undone'));
    await judge(undone);
    expect(await contentOf(folder, undone.root)).toBe(await contentOf(folder, before.root));
    expect(await run('mdir', ['-/', '-a', '-i', undone.esp])).toBe(
      await run('mdir', ['-/', '-a', '-i', before.esp]),
    );
    expect(await contentOf(folder, after.root)).not.toBe(await contentOf(folder, before.root));
  } finally {
    await server.close();
  }
  expect(await hashFile(disk)).toBe(original);
});

/** Drivers need real modules, which this server has none of; boot tests have them. */
async function plan(server: OpenServer): Promise<PlannedFix[]> {
  const { guest, tree } = server.inspection!;
  const volumes = server.volumes.map(({ info }) => info);
  const context = {
    guest,
    files: tree,
    machine: machineWith(['virtio-blk']),
    target: targetById('kvm')!,
    volumes,
  };
  return planFixes(context, { fixers: LINUX_FIXERS.filter(({ id }) => !/initramfs|first-boot/.test(id)) });
}

async function buildServer(folder: string, disk: string): Promise<void> {
  const tree = join(folder, 'tree');
  const put = async (path: string, content: string | Uint8Array, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content, { mode });
  };
  const link = async (path: string, target: string): Promise<void> => {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await symlink(target, join(tree, path));
  };
  await link('bin', 'usr/bin');
  await link('sbin', 'usr/sbin');
  await link('lib', 'usr/lib');
  await put('usr/bin/sh', elf(62), 0o755);
  await put('usr/lib/systemd/systemd', elf(62), 0o755);
  await link('usr/sbin/init', '../lib/systemd/systemd');
  await put('usr/lib/os-release', osRelease('debian', '12', 'Debian GNU/Linux 12 (bookworm)'));
  await link('etc/os-release', '../usr/lib/os-release');
  await put('etc/hostname', 'real01\n');
  await put('etc/machine-id', `${MACHINE_ID}\n`);
  await put(
    'etc/fstab',
    `/dev/sda2 / ext4 defaults 0 1\nUUID=${ESP_UUID} /boot/efi vfat umask=0077 0 1\n/dev/sdb1 /san xfs noatime 0 2\n`,
    0o640,
  );
  await put('etc/lvm/devices/system.devices', 'IDTYPE=sys_wwid IDNAME=naa.6005\n');
  await put('etc/selinux/config', 'SELINUX=enforcing\nSELINUXTYPE=default\n');
  await put('etc/selinux/default/policy/policy.33', 'x');
  await put('boot/grub/grub.cfg', debianGrub([KERNEL], '/dev/sda2'), 0o444);
  await put('boot/efi/.keep', '');
  await put(`boot/vmlinuz-${KERNEL}`, 'kernel');
  await put(`boot/initrd.img-${KERNEL}`, 'initramfs');
  await put(`usr/lib/modules/${KERNEL}/modules.dep`, 'kernel/x.ko:\n');
  await put(`usr/lib/modules/${KERNEL}/kernel/x.ko`, 'x');
  await put('usr/share/initramfs-tools/init', '#!/bin/sh\n');
  await mkdir(join(tree, 'var'), { recursive: true });

  const root = join(folder, 'root.img');
  await run('mke2fs', ['-q', '-t', 'ext4', '-U', ROOT_UUID, '-d', tree, root, `${ROOT.size}M`]);
  for (const path of ['/etc', '/etc/fstab', '/etc/hostname', '/etc/machine-id'])
    await run('debugfs', ['-w', '-R', `ea_set ${path} security.selinux ${LABEL}`, root]);
  const esp = join(folder, 'esp.img');
  await run('mkfs.vfat', ['-i', ESP_UUID.replace('-', ''), '-C', esp, String(ESP.size * 1024)]);
  await run('mmd', ['-i', esp, '::/EFI', '::/EFI/debian']);
  const files: [string, string][] = [
    ['shimx64.efi', 'S'.repeat(900_000)],
    ['grubx64.efi', 'G'.repeat(2_500_000)],
    ['mmx64.efi', 'M'.repeat(800_000)],
    [
      'grub.cfg',
      `search.fs_uuid ${ROOT_UUID} root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n`,
    ],
  ];
  for (const [name, content] of files) {
    await writeFile(join(folder, name), content);
    await run('mcopy', ['-i', esp, join(folder, name), `::/EFI/debian/${name}`]);
  }
  await run('truncate', ['-s', `${ROOT.start + ROOT.size + 2}M`, disk]);
  await run('sgdisk', [
    '-n',
    `1:${ESP.start}M:+${ESP.size}M`,
    '-t',
    '1:ef00',
    '-n',
    `2:${ROOT.start}M:+${ROOT.size}M`,
    '-t',
    '2:8300',
    disk,
  ]);
  for (const [image, { start }] of [
    [esp, ESP],
    [root, ROOT],
  ] as const)
    await run('dd', [`if=${image}`, `of=${disk}`, 'bs=1M', `seek=${start}`, 'conv=notrunc,sparse']);
}

interface VolumeFiles {
  esp: string;
  root: string;
}

/** The volumes as the copy would read them: source and overlay. */
async function volumesOf(server: OpenServer, folder: string): Promise<VolumeFiles> {
  await mkdir(folder);
  const { overlay } = server.disks[0]!;
  const files = { esp: join(folder, 'esp.img'), root: join(folder, 'root.img') };
  for (const [path, { start, size }] of [
    [files.esp, ESP],
    [files.root, ROOT],
  ] as const) {
    const file = await open(path, 'wx');
    const piece = new Uint8Array(MIB);
    for (let at = 0; at < size; at++) {
      await overlay.read(piece, (start + at) * MIB);
      if (piece.some((byte) => byte !== 0)) await file.write(piece, 0, MIB, at * MIB);
    }
    await file.truncate(size * MIB);
    await file.close();
  }
  return files;
}

async function judge({ esp, root }: VolumeFiles): Promise<void> {
  const ext = await tryRun('e2fsck', ['-fn', root]);
  expect(ext.stdout + ext.stderr).not.toMatch(/fix\?|WARNING|damaged/i);
  expect(ext.status).toBe(0);
  const fat = await tryRun('fsck.fat', ['-n', esp]);
  expect(fat.stdout).not.toMatch(/dirty|wrong|differ/i);
  expect(fat.status).toBe(0);
}

/** Everything in an ext4 volume but the times of directories, as the kernel reads it. */
async function contentOf(folder: string, image: string): Promise<string> {
  const at = join(folder, 'mounted');
  const copy = join(folder, 'mounted.img');
  await mkdir(at, { recursive: true });
  await copyFile(image, copy);
  await run('mount', ['-o', 'loop,ro', copy, at]);
  try {
    const script =
      'tar -C "$1" --sort=name --mtime=@0 --pax-option=delete=atime,delete=ctime --xattrs --xattrs-include="*" --numeric-owner -cf - . | sha256sum; ' +
      'cd "$1" && find . -type f -printf "%p %T@ %m %U %G\\n" | sort | sha256sum';
    return await run('bash', ['-c', script, 'bash', at]);
  } finally {
    await run('umount', [at]);
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  for await (const piece of file.createReadStream({ highWaterMark: MIB })) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
