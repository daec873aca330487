/**
 * Uses that need a kernel with device mapper and md, which not every machine has: the same files and links laid out in a
 * folder. What a real kernel shows of mounts, swap and loop devices is tested in block-device.tools.ts.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parseMountInfo, readSystemUse, usesOfDevice } from '../../../migration-core/source/in-use.ts';
import { listLinuxDisks } from '../../../migration-core/source/local-disks.linux.ts';
import { deviceOfNumber, type SystemRoot } from '../../../migration-core/source/sysfs.ts';
import { useFindings } from '../../../migration-core/source/use-findings.ts';
import { scratchFolder } from '../../support/tools.ts';

interface Layout {
  /** Path below `sys` to its content. */
  files: Record<string, string>;
  mounts?: string[];
  swaps?: string[];
}

/** sda with two partitions; sda2 carries what a test puts on it. */
const DISK = {
  'devices/pci0/ata1/host0/block/sda/dev': '8:0',
  'devices/pci0/ata1/host0/block/sda/size': '2097152',
  'devices/pci0/ata1/host0/block/sda/queue/logical_block_size': '512',
  'devices/pci0/ata1/host0/block/sda/queue/physical_block_size': '4096',
  'devices/pci0/ata1/host0/block/sda/device/vendor': 'ATA     ',
  'devices/pci0/ata1/host0/block/sda/device/model': 'Samsung SSD 860 ',
  'devices/pci0/ata1/host0/block/sda/device/vpd_pg80': '\0\x80\0\x08 S3Z1234',
  'devices/pci0/ata1/host0/block/sda/sda1/dev': '8:1',
  'devices/pci0/ata1/host0/block/sda/sda1/partition': '1',
  'devices/pci0/ata1/host0/block/sda/sda1/start': '2048',
  'devices/pci0/ata1/host0/block/sda/sda1/size': '4096',
  'devices/pci0/ata1/host0/block/sda/sda2/dev': '8:2',
  'devices/pci0/ata1/host0/block/sda/sda2/partition': '2',
};

const virtual = (name: string, number: string): Record<string, string> => ({
  [`devices/virtual/block/${name}/dev`]: number,
  [`devices/virtual/block/${name}/size`]: '2048',
});

async function system({ files, mounts = [], swaps = [] }: Layout): Promise<SystemRoot> {
  const folder = await scratchFolder();
  const root = {
    sys: join(folder, 'sys'),
    proc: join(folder, 'proc'),
    dev: join(folder, 'dev'),
    run: join(folder, 'run'),
  };
  const put = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, 'latin1');
  };
  for (const [path, content] of Object.entries(files)) {
    await put(join(root.sys, path), content);
    const device = /^(devices\/.*\/block\/(\w[\w-]*)(?:\/(\2p?\d+))?)\/dev$/.exec(path);
    if (device === null) continue;
    const name = device[3] ?? device[2]!;
    const links = [
      `class/block/${name}`,
      `dev/block/${content}`,
      ...(device[3] === undefined ? [`block/${name}`] : []),
    ];
    for (const link of links) {
      await mkdir(join(root.sys, dirname(link)), { recursive: true });
      await symlink(join(root.sys, device[1]!), join(root.sys, link));
    }
  }
  const line = (text: string, index: number): string =>
    `${20 + index} 1 ${text.replaceAll('DEV', root.dev)}\n`;
  await put(join(root.proc, 'self/mountinfo'), mounts.map(line).join(''));
  await put(
    join(root.proc, 'swaps'),
    ['Filename Type Size Used Priority', ...swaps.map((name) => `${root.dev}/${name} partition 9 0 -2`)].join(
      '\n',
    ),
  );
  return root;
}

const uses = async (layout: Layout): Promise<string[]> => {
  const root = await system(layout);
  const found = await usesOfDevice('sda', await readSystemUse(root));
  return found.map(
    ({ kind, device, detail, writes }) => `${kind} ${device} ${detail} ${writes ? 'writes' : 'reads'}`,
  );
};

test('mountinfo: escapes, optional fields, options of the file system rather than of the mount', () => {
  const lines = [
    '22 27 8:1 / /mnt/a\\040b rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw,errors=remount-ro',
    '23 27 8:2 / /ro rw - ext4 /dev/sda2 ro',
    '24 27 8:3 / /bind ro - ext4 /dev/sda3 rw',
    'garbage',
    '',
  ];
  expect(
    parseMountInfo(lines.join('\n')).map(({ path, source, writable }) => [path, source, writable]),
  ).toEqual([
    ['/mnt/a b', '/dev/sda1', true],
    ['/ro', '/dev/sda2', false],
    ['/bind', '/dev/sda3', true],
  ]);
});

test('nothing uses it', async () => {
  expect(await uses({ files: DISK })).toEqual([]);
});

test('a partition mounted by number, by name, and swap', async () => {
  expect(await uses({ files: DISK, mounts: ['8:1 / /boot rw - ext4 /dev/root rw'] })).toEqual([
    'mount sda1 /boot writes',
  ]);
  expect(await uses({ files: DISK, mounts: ['0:40 / /data rw - btrfs DEV/sda2 ro'] })).toEqual([
    'mount sda2 /data reads',
  ]);
  expect(await uses({ files: DISK, swaps: ['sda2'] })).toEqual(['swap sda2 swap writes']);
  expect(
    await uses({ files: DISK, mounts: ['8:17 / /other rw - ext4 DEV/sdb1 rw'], swaps: ['sdb2'] }),
  ).toEqual([]);
});

const LVM = {
  ...DISK,
  ...virtual('dm-0', '253:0'),
  'devices/pci0/ata1/host0/block/sda/sda2/holders/dm-0': '',
  'devices/virtual/block/dm-0/dm/uuid': 'LVM-abcdef',
  'devices/virtual/block/dm-0/dm/name': 'vg0-root',
};

test('an LVM volume: mounted, mounted read-only, active and idle', async () => {
  expect(await uses({ files: LVM, mounts: ['253:0 / / rw - ext4 DEV/mapper/vg0-root rw'] })).toEqual([
    'mount dm-0 / writes',
    'lvm sda2 vg0-root reads',
  ]);
  expect(await uses({ files: LVM, mounts: ['253:0 / / ro - ext4 DEV/mapper/vg0-root ro'] })).toEqual([
    'mount dm-0 / reads',
    'lvm sda2 vg0-root reads',
  ]);
  expect(await uses({ files: LVM })).toEqual(['lvm sda2 vg0-root writes']);
});

test('one volume on two partitions is looked at once', async () => {
  const files = { ...LVM, 'devices/pci0/ata1/host0/block/sda/sda1/holders/dm-0': '' };
  expect(await uses({ files, mounts: ['253:0 / / ro - ext4 DEV/dm-0 ro'] })).toEqual([
    'mount dm-0 / reads',
    'lvm sda1 vg0-root reads',
    'lvm sda2 vg0-root reads',
  ]);
});

test('RAID, encryption and LVM on top of each other; devices that hold each other', async () => {
  const files = {
    ...DISK,
    ...virtual('md0', '9:0'),
    ...virtual('dm-0', '253:0'),
    ...virtual('dm-1', '253:1'),
    'devices/pci0/ata1/host0/block/sda/sda2/holders/md0': '',
    'devices/virtual/block/md0/holders/dm-0': '',
    'devices/virtual/block/dm-0/dm/uuid': 'CRYPT-LUKS2-1234',
    'devices/virtual/block/dm-0/dm/name': 'secret',
    'devices/virtual/block/dm-0/holders/dm-1': '',
    'devices/virtual/block/dm-1/dm/uuid': 'LVM-1',
    'devices/virtual/block/dm-1/dm/name': 'vg-data',
    'devices/virtual/block/dm-1/holders/md0': '',
  };
  expect(await uses({ files, mounts: ['253:1 / /srv rw - xfs DEV/dm-1 rw'] })).toEqual([
    'mount dm-1 /srv writes',
    'raid dm-1 md0 writes',
    'lvm dm-0 vg-data reads',
    'encryption md0 secret reads',
    'raid sda2 md0 writes',
  ]);
});

test('a second disk of a mounted btrfs, which the list of mounts does not name', async () => {
  const files = { ...DISK, 'fs/btrfs/1234/devices/sda2': '', 'fs/btrfs/1234/devices/sdb1': '' };
  expect(await uses({ files, mounts: ['0:40 / /pool rw - btrfs DEV/sdb1 rw'] })).toEqual([
    'mount sda2 /pool writes',
  ]);
});

test('a path of a multipath disk is refused even where use is accepted', async () => {
  const files = {
    ...DISK,
    ...virtual('dm-0', '253:0'),
    'devices/pci0/ata1/host0/block/sda/holders/dm-0': '',
    'devices/virtual/block/dm-0/dm/uuid': 'mpath-36001',
    'devices/virtual/block/dm-0/dm/name': 'mpatha',
  };
  const found = await usesOfDevice('sda', await readSystemUse(await system({ files })));
  expect(() => useFindings('/dev/sda', found, found, true)).toThrow('one of several paths');
});

test('every use is refused in words of its own, and is a warning where it was accepted', () => {
  for (const kind of ['mount', 'swap', 'lvm', 'raid', 'encryption', 'mapping'] as const) {
    const use = { kind, device: 'sda2', detail: 'x', writes: true };
    expect(() => useFindings('/dev/sda', [use], [use], false)).toThrow('/dev/sda is in use');
    expect(useFindings('/dev/sda', [use], [use], true)).toMatchObject([{ severity: 'warning' }]);
  }
});

test('the list of disks: model, serial number, bus, sectors, partitions, mounts', async () => {
  const root = await system({
    files: LVM,
    mounts: ['253:0 / / rw - ext4 DEV/dm-0 rw', '8:1 / /boot rw - ext4 DEV/sda1 rw'],
  });
  expect(await deviceOfNumber('8:2', root)).toEqual({ disk: 'sda', partition: 'sda2' });
  expect(await deviceOfNumber('8:99', root)).toBeNull();
  const disks = await listLinuxDisks(root);
  expect(disks.map(({ name, kind }) => [name, kind])).toEqual([
    ['dm-0', 'dm'],
    ['sda', 'disk'],
  ]);
  expect(disks[1]).toEqual({
    name: 'sda',
    path: join(root.dev, 'sda'),
    kind: 'disk',
    size: 2 ** 30,
    sectorSize: 512,
    physicalSectorSize: 4096,
    model: 'Samsung SSD 860',
    serial: 'S3Z1234',
    bus: 'sata',
    removable: false,
    readOnly: false,
    partitions: [
      { name: 'sda1', number: 1, offset: 2 ** 20, size: 2 ** 21, mountPoints: ['/boot'] },
      { name: 'sda2', number: 2, offset: 0, size: 0, mountPoints: [] },
    ],
    mountPoints: ['/boot', '/'],
    inUse: true,
  });
});
