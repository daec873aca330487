/** Names of disks in an fstab that nobody has tidied for years. */
import { expect, test } from 'vitest';
import { mapDevices } from '../../../../migration-core/guest/inspect/devices.ts';
import type { FstabEntry } from '../../../../migration-core/guest/guest.ts';
import type { VolumeInfo } from '../../../../migration-core/guest/fixer.ts';

const volume = (disk: number, partition: number, type: string): VolumeInfo => ({
  id: `disk${disk}p${partition}`,
  disk,
  partition,
  size: 1 << 30,
  type,
  uuid: `${disk}${partition}`,
  label: '',
  partUuid: '',
  offset: 1 << 20,
  diskId: '',
});
const entry = (device: string, path: string, type: string): FstabEntry => ({
  device,
  path,
  type,
  options: ['defaults'],
  line: 0,
  dump: '0',
  pass: '2',
});
const ROOT = entry('UUID=01', '/', 'ext4');
const ONE_DISK = [volume(0, 1, 'ext4'), volume(0, 5, 'ext4'), volume(0, 6, 'swap')];
const found = (volumes: VolumeInfo[], fstab: FstabEntry[], name: string, type?: string): string => {
  const resolution = mapDevices(volumes, fstab, 'disk0p1').resolve(name, type);
  return resolution.kind === 'volume' ? resolution.volume.id : resolution.kind;
};

test('a line of a partition that was removed does not hide the others of its disk', () => {
  const fstab = [ROOT, entry('/dev/sda5', '/var', 'ext4'), entry('/dev/sda9', '/backup', 'ext4')];
  expect(found(ONE_DISK, fstab, '/dev/sda5', 'ext4')).toBe('disk0p5');
  expect(found(ONE_DISK, fstab, '/dev/sda9', 'ext4')).toBe('absent');
  const byId = [
    ROOT,
    entry('/dev/disk/by-id/ata-X-part5', '/var', 'ext4'),
    entry('/dev/disk/by-id/ata-X-part9', '/backup', 'ext4'),
  ];
  expect(found(ONE_DISK, byId, '/dev/disk/by-id/ata-X-part5', 'ext4')).toBe('disk0p5');
});

test('a partition with other contents, or a disk that comes later, is another disk', () => {
  const other = [ROOT, entry('/dev/sda5', '/var', 'ext4'), entry('/dev/sda6', '/data', 'xfs')];
  expect(found(ONE_DISK, other, '/dev/sda5', 'ext4')).toBe('absent');
  const second = [ROOT, entry('/dev/sdb5', '/var', 'ext4'), entry('/dev/sdb9', '/data', 'ext4')];
  expect(found(ONE_DISK, second, '/dev/sdb5', 'ext4')).toBe('absent');
  const both = [ROOT, entry('/dev/sda6', 'none', 'swap'), ...second.slice(1)];
  expect(found(ONE_DISK, both, '/dev/sda6', 'swap')).toBe('disk0p6');
  expect(found(ONE_DISK, both, '/dev/sdb5', 'ext4')).toBe('absent');
});

test('every word that mounts NTFS is one for NTFS', () => {
  const volumes = [...ONE_DISK, volume(0, 7, 'ntfs')];
  for (const type of ['ntfs', 'ntfs-3g', 'ntfs3', 'fuseblk']) {
    const fstab = [ROOT, entry('/dev/sda5', '/var', 'ext4'), entry('/dev/sda7', '/mnt/win', type)];
    expect(found(volumes, fstab, '/dev/sda5', 'ext4')).toBe('disk0p5');
    expect(found(volumes, fstab, '/dev/sda7', type)).toBe('disk0p7');
  }
});
