import { describe, expect, test } from 'vitest';
import { blockNamesElsewhere } from '../../../../migration-core/guest/linux/block-names-elsewhere.ts';
import { crypttab } from '../../../../migration-core/guest/linux/crypttab.ts';
import { deviceMap } from '../../../../migration-core/guest/linux/device-map.ts';
import { fstab } from '../../../../migration-core/guest/linux/fstab.ts';
import { hardwareFilters, lvmDevices } from '../../../../migration-core/guest/linux/lvm-devices.ts';
import { mdadm } from '../../../../migration-core/guest/linux/mdadm.ts';
import { resume } from '../../../../migration-core/guest/linux/resume.ts';
import type { OpenVolume } from '../../../../migration-core/guest/inspect.ts';
import { fixGuest } from '../../../support/fix-guest.ts';
import {
  HOME_UUID,
  ROOT_UUID,
  SWAP_UUID,
  debianGuest,
  volume,
  type Tree,
  type VolumeOptions,
} from '../../../support/linux-guests.ts';

const codes = (findings: { code: string }[]): string[] => findings.map(({ code }) => code);
const data = (options: VolumeOptions): OpenVolume => volume({ '/lost+found': { dir: true } }, options);
const home = (disk: number, partition: number): OpenVolume => data({ disk, partition, uuid: HOME_UUID });

/** The fstab of a Debian with these further volumes, after the fixer. */
async function fixedFstab(
  text: string,
  extra: OpenVolume[] = [],
  changes: Tree = {},
): Promise<string | undefined> {
  return (await fixGuest(debianGuest({ '/etc/fstab': text, ...changes }, extra), fstab)).text('/etc/fstab');
}

describe('fstab', () => {
  test('device names become UUIDs, everything else stays byte for byte', async () => {
    const fixed = await fixGuest(debianGuest(), fstab);
    expect(fixed.text('/etc/fstab')).toBe(`# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
UUID=${ROOT_UUID} /               ext4    errors=remount-ro 0       1
UUID=${SWAP_UUID}	none	swap	sw	0	0
/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0
`);
    expect(fixed.edits).toHaveLength(1);
    expect(fixed.edits[0]!.what).toBe('/dev/sda1 and /dev/sda5 are named by UUID in /etc/fstab.');
    expect(fixed.findings).toEqual([]);
  });

  test.each([
    ['/dev/hda', '1'],
    ['/dev/cciss/c0d0', 'p1'],
    ['/dev/nvme0n1', 'p1'],
    ['/dev/mmcblk0', 'p1'],
    ['/dev/disk/by-id/ata-WDC_WD10-0123', '-part1'],
    ['/dev/disk/by-path/pci-0000:00:1f.2-ata-1', '-part1'],
    ['/dev/mapper/mpatha', '1'],
    ['/dev/mapper/mpatha', '-part1'],
    ['/dev/mapper/3600508b1001c3ab1c2d3e4f5a6b7c8d9', '-part1'],
  ])('%s%s is the root', async (disk, partition) => {
    const after = await fixedFstab(
      `${disk}${partition} / ext4 defaults 0 1\n${disk}${partition.replace('1', '2')} /home ext4 defaults 0 2\n`,
      [home(0, 2)],
    );
    expect(after).toBe(`UUID=${ROOT_UUID} / ext4 defaults 0 1\nUUID=${HOME_UUID} /home ext4 defaults 0 2\n`);
  });

  test('volumes that are not converted become optional, with the old options kept', async () => {
    const after = await fixedFstab(
      `UUID=${ROOT_UUID} / ext4 defaults 0 1
/dev/sdb1	/san	xfs	noatime	0	2   # storage
UUID=99999999-0000-0000-0000-000000000000 /old ext4
LABEL=backup /backup ext4 defaults,nofail 0 0
/dev/sdc1 /usb ext4 noauto,user 0 0
/dev/fd0 /floppy auto rw,noauto 0 0
nas:/export /nas nfs defaults 0 0
//nas/share /smb cifs guest 0 0
tmpfs /tmp tmpfs size=1g 0 0
/srv/a /srv/b none bind 0 0
/swapfile none swap sw 0 0
`,
    );
    expect(after).toBe(`UUID=${ROOT_UUID} / ext4 defaults 0 1
/dev/sdb1	/san	xfs	noatime,nofail,x-systemd.device-timeout=10s	0	2   # storage
UUID=99999999-0000-0000-0000-000000000000 /old ext4	defaults,nofail,x-systemd.device-timeout=10s
LABEL=backup /backup ext4 defaults,nofail 0 0
/dev/sdc1 /usb ext4 noauto,user 0 0
/dev/fd0 /floppy auto rw,noauto 0 0
nas:/export /nas nfs defaults 0 0
//nas/share /smb cifs guest 0 0
tmpfs /tmp tmpfs size=1g 0 0
/srv/a /srv/b none bind 0 0
/swapfile none swap sw 0 0
`);
  });

  test('without systemd there is no timeout to set', async () => {
    const changes: Tree = {
      '/etc/inittab': 'x',
      '/usr/lib/systemd/systemd': { dir: true },
      '/usr/sbin/init': 'x',
    };
    const after = await fixedFstab(`/dev/sda1 / ext4 d 0 1\n/dev/sdb1 /san ext4 d 0 2\n`, [], changes);
    expect(after).toBe(`UUID=${ROOT_UUID} / ext4 d 0 1\n/dev/sdb1 /san ext4 d,nofail 0 2\n`);
  });

  test('the root decides which disk is sda: a disk that was left behind does not shift the others', async () => {
    // On the server, sda was a USB stick; the root was on sdb and data on sdc.
    const after = await fixedFstab(
      '/dev/sdb1 / ext4 d 0 1\n/dev/sdb5 none swap sw 0 0\n/dev/sdc1 /home ext4 d 0 2\n/dev/sda1 /stick vfat d 0 0\n',
      [home(1, 1)],
    );
    expect(after).toBe(
      `UUID=${ROOT_UUID} / ext4 d 0 1\nUUID=${SWAP_UUID} none swap sw 0 0\nUUID=${HOME_UUID} /home ext4 d 0 2\n/dev/sda1 /stick vfat d,nofail,x-systemd.device-timeout=10s 0 0\n`,
    );
  });

  test('a name that could mean two disks is not guessed', async () => {
    const twins = [home(1, 1), data({ disk: 2, partition: 1, uuid: 'aaaaaaaa-0000-0000-0000-000000000000' })];
    const text = `UUID=${ROOT_UUID} / ext4 d 0 1\n/dev/disk/by-id/scsi-A-part1 /a ext4 d 0 2\n`;
    const fixed = await fixGuest(debianGuest({ '/etc/fstab': text }, twins), fstab);
    expect(fixed.text('/etc/fstab')).toBe(
      `UUID=${ROOT_UUID} / ext4 d 0 1\n/dev/disk/by-id/scsi-A-part1 /a ext4 d,nofail,x-systemd.device-timeout=10s 0 2\n`,
    );
    expect(codes(fixed.findings)).toEqual(['DEVICE_NAME_UNCLEAR']);
  });

  test('names that hold in any machine are left alone, LVM and RAID too', async () => {
    const text = `UUID=${ROOT_UUID} / ext4 d 0 1
LABEL=data\\040one /a ext4 d 0 0
PARTUUID=deadbeef-02 /b ext4 d 0 0
/dev/disk/by-uuid/${HOME_UUID} /c ext4 d 0 0
PARTLABEL=x /d ext4 d 0 0
/dev/vg0/srv /srv xfs d 0 0
/dev/mapper/vg0-opt /opt xfs d 0 0
/dev/md0 /md ext4 d 0 0
UUID=12345678-0000-0000-0000-00000000000a /lv ext4 d 0 0
`;
    const extra = [
      data({ partition: 2, uuid: HOME_UUID, label: 'data one' }),
      volume(null, { disk: 1, type: 'LVM2_member', uuid: 'pv' }),
    ];
    const fixed = await fixGuest(debianGuest({ '/etc/fstab': text }, extra), fstab);
    expect(fixed.edits).toEqual([]);
  });

  test('two volumes with one UUID are told apart by partition', async () => {
    const clone = data({ partition: 2, uuid: ROOT_UUID });
    const after = await fixedFstab('/dev/sda1 / ext4 d 0 1\n/dev/sda2 /copy ext4 d 0 0\n', [clone]);
    expect(after).toBe('PARTUUID=deadbeef-01 / ext4 d 0 1\nPARTUUID=deadbeef-02 /copy ext4 d 0 0\n');
  });

  test('a comment in Latin-1 and lines ending in CR survive', async () => {
    const text = new Uint8Array([...Buffer.from('# Grö\xdfe\r\n/dev/sda1 / ext4 d 0 1\r\n', 'latin1')]);
    const fixed = await fixGuest(debianGuest({ '/etc/fstab': text }), fstab);
    expect(fixed.text('/etc/fstab')).toBe(`# Gr\xf6\xdfe\r\nUUID=${ROOT_UUID} / ext4 d 0 1\r\n`);
  });

  test.each<[string, Tree[string]]>([
    ['NULs', new Uint8Array(100_000)],
    ['a gigabyte', { file: '/dev/sda1 / ext4 d 0 1\n', size: 1e9 }],
    ['noise', Uint8Array.from({ length: 50_000 }, (_, i) => (i * 167) ^ (i >> 3))],
    ['a directory', { dir: true }],
    ['a link to itself', { symlink: 'fstab' }],
  ])('an fstab of %s is left alone', async (_, content) => {
    expect((await fixGuest(debianGuest({ '/etc/fstab': content }), fstab)).edits).toEqual([]);
  });
});

describe('crypttab', () => {
  test('LUKS by UUID, random swap by partition, what is left behind optional', async () => {
    const luks = volume(null, { partition: 6, type: 'crypto_LUKS', uuid: HOME_UUID });
    const text = `# name device key options
data  /dev/sda6  none  luks,discard
cryptswap /dev/sda5 /dev/urandom swap,cipher=aes-xts-plain64
gone /dev/sdb1 none luks
bare /dev/sdb2
held UUID=${HOME_UUID} none luks
`;
    const { text: after } = await fixGuest(debianGuest({ '/etc/crypttab': text }, [luks]), crypttab);
    expect(after('/etc/crypttab')).toBe(`# name device key options
data  UUID=${HOME_UUID}  none  luks,discard
cryptswap /dev/disk/by-partuuid/deadbeef-05 /dev/urandom swap,cipher=aes-xts-plain64
gone /dev/sdb1 none luks,nofail
bare /dev/sdb2	none	nofail
held UUID=${HOME_UUID} none luks
`);
  });
});

describe('resume', () => {
  test.each([
    ['RESUME=/dev/sda5\n', `RESUME=UUID=${SWAP_UUID}\n`],
    ['# was here\nRESUME="/dev/sda5"\n', `# was here\nRESUME="UUID=${SWAP_UUID}"\n`],
    ['RESUME=UUID=00000000-0000-0000-0000-00000000dead\n', 'RESUME=none\n'],
    ['RESUME=/dev/sda1\n', 'RESUME=none\n'],
    ['RESUME=/dev/sdc2', 'RESUME=none'],
    [`RESUME=UUID=${SWAP_UUID}\n`, `RESUME=UUID=${SWAP_UUID}\n`],
    ['RESUME=auto\n', 'RESUME=auto\n'],
    ['RESUME=none\n', 'RESUME=none\n'],
  ])('%j becomes %j', async (before, after) => {
    const path = '/etc/initramfs-tools/conf.d/resume';
    expect((await fixGuest(debianGuest({ [path]: before }), resume)).text(path)).toBe(after);
  });
});

describe('device.map', () => {
  const path = '/boot/grub/device.map';
  test('disks of the virtual machine in the place of those of the server', async () => {
    const before = `# this device map was generated by anaconda
(fd0)   /dev/fd0
(hd0)	/dev/disk/by-id/ata-ST3500
(hd1)   /dev/sdb
(hd2)   /dev/sdc
`;
    const guest = (): OpenVolume[] => debianGuest({ [path]: before }, [home(1, 1)]);
    const after = (first: string, second: string): string => `# this device map was generated by anaconda
(fd0)   /dev/fd0
(hd0)	${first}
(hd1)   ${second}
`;
    const run = async (disks: Parameters<typeof fixGuest>[2]): Promise<string | undefined> =>
      (await fixGuest(guest(), deviceMap, disks)).text(path);
    expect(await run(['virtio-blk', 'virtio-blk'])).toBe(after('/dev/vda', '/dev/vdb'));
    expect(await run(['pvscsi', 'lsi-sas'])).toBe(after('/dev/sda', '/dev/sdb'));
    expect(await run(['nvme', 'ahci'])).toBe(after('/dev/nvme0n1', '/dev/sda'));
  });
});

describe('mdadm.conf', () => {
  test('arrays are found by UUID, not on disks by name', async () => {
    const path = '/etc/mdadm/mdadm.conf';
    const before = `# comment /dev/sda
DEVICE /dev/sda1 /dev/sdb1
HOMEHOST <system>
ARRAY /dev/md0 level=raid1 num-devices=2 UUID=3aaa0122:29827cfa:5331ad66:ca767371
   devices=/dev/sda1,/dev/sdb1
ARRAY /dev/md1 devices=/dev/sda2,/dev/sdb2
MAILADDR root
`;
    const fixed = await fixGuest(debianGuest({ [path]: before }), mdadm);
    expect(fixed.text(path)).toBe(`# comment /dev/sda
DEVICE partitions
HOMEHOST <system>
ARRAY /dev/md0 level=raid1 num-devices=2 UUID=3aaa0122:29827cfa:5331ad66:ca767371
ARRAY /dev/md1 devices=/dev/sda2,/dev/sdb2
MAILADDR root
`);
    expect(codes(fixed.findings)).toEqual(['MD_ARRAY_BY_DISK_NAME']);
  });

  test('the usual file is left alone', async () => {
    const text =
      'DEVICE partitions containers\nARRAY /dev/md/0 metadata=1.2 UUID=3aaa0122:29827cfa:5331ad66:ca767371 name=x:0\n';
    expect((await fixGuest(debianGuest({ '/etc/mdadm.conf': text }), mdadm)).edits).toEqual([]);
  });
});

describe('LVM', () => {
  test('the devices file and the caches are put aside', async () => {
    const fixed = await fixGuest(
      debianGuest({
        '/etc/lvm/devices/system.devices':
          'VERSION=1.1.1\nIDTYPE=sys_wwid IDNAME=naa.6005 DEVNAME=/dev/sda2 PVID=x PART=2\n',
        '/etc/lvm/devices/backup': { dir: true },
        '/etc/blkid.tab': '<device>\n',
      }),
      lvmDevices,
    );
    expect(fixed.paths).not.toContain('/etc/lvm/devices/system.devices');
    expect(fixed.paths).toContain('/etc/lvm/devices/system.devices.ironlift-off');
    expect(fixed.paths).not.toContain('/etc/blkid.tab');
  });

  test.each([
    ['filter = [ "a|^/dev/sda[0-9]*$|", "r|.*|" ]', 1],
    ['global_filter = [ "a|/dev/mapper/mpath.*|",\n "r|.*|" ]', 1],
    ['filter = [ "a/dev/cciss.*/", "r/.*/" ]', 1],
    ['filter = [ "a|.*|" ]', 0],
    ['# filter = [ "a|/dev/sda|", "r|.*|" ]', 0],
    ['filter = [ "r|/dev/cdrom|", "a|.*|" ]', 0],
    ['filter = [ "a|/dev/md0|", "r|.*|" ]', 0],
  ])('%j', (line, count) => {
    expect(hardwareFilters(`devices {\n    ${line}\n}\n`)).toHaveLength(count);
  });
});

test('files that name disks for their own purposes are told, not changed', async () => {
  const fixed = await fixGuest(
    debianGuest({
      '/etc/smartd.conf': '# /dev/sdz\n/dev/sda -a -m root\n/dev/sdb -a -m root\n',
      '/etc/hdparm.conf': '/dev/sda {\n  apm = 127\n}\n',
      '/etc/multipath/bindings': '# comment\nmpatha 3600508b1001c3ab1c2d3e4f5a6b7c8d9\n',
      '/etc/multipath/wwids': '# Multipath wwids, Version : 1.0\n',
    }),
    blockNamesElsewhere,
  );
  expect(codes(fixed.findings)).toEqual(['DISK_NAMES_LEFT', 'DISK_NAMES_LEFT']);
  expect(fixed.findings[0]!.message).toContain('/dev/sda and /dev/sdb for');
  expect(fixed.edits.map(({ action }) => action)).toEqual([
    { kind: 'rename', from: '/etc/multipath/bindings', path: '/etc/multipath/bindings.ironlift-off' },
  ]);
});
