import { expect, test } from 'vitest';
import { hardwareRows } from '../../../migration-core/convert/hardware.ts';
import { machine } from '../target/machines.ts';

const DISK = {
  path: '/dev/sdb',
  size: 480_103_981_056,
  sectorSize: 4096,
  model: 'MZ7LH480HAHQ',
  serial: 'S45PNE0M',
  bus: 'sata',
};

test('server and machine stand side by side, with what the disks tell and what they do not', () => {
  const subject = machine({
    bus: 'virtio-scsi',
    disks: 2,
    nics: 2,
    mode: 'bridged',
    network: 'br0',
    vlan: 7,
  });
  subject.nics[1]!.guestName = null;
  const guest = {
    firmware: 'bios' as const,
    interfaces: [
      { name: 'eno1', mac: '3c:52:82:00:00:10', addresses: [], configuredBy: '', kind: 'physical' as const },
    ],
  };
  const rows = hardwareRows(
    subject,
    [DISK, { ...DISK, model: '', serial: '', bus: '', sectorSize: 512 }],
    guest,
  );
  expect(rows).toEqual([
    { what: 'Processors', source: 'not told by the disks', virtual: '2 virtual CPUs' },
    { what: 'Memory', source: 'not told by the disks', virtual: '2 GiB' },
    { what: 'Firmware', source: 'BIOS', virtual: 'BIOS' },
    {
      what: 'Disk 1',
      source: 'MZ7LH480HAHQ, serial S45PNE0M, 447 GiB, SATA, sectors of 4096 bytes',
      virtual: 'web01-disk0.qcow2, 1 GiB, virtio-scsi place 0 (driver virtio_pci, virtio_scsi, sd_mod)',
    },
    {
      what: 'Disk 2',
      source: '/dev/sdb, 447 GiB',
      virtual: 'web01-disk1.qcow2, 1 GiB, virtio-scsi place 1 (driver virtio_pci, virtio_scsi, sd_mod)',
    },
    {
      what: 'Network card 1',
      source: 'eno1, MAC 3c:52:82:00:00:10',
      virtual: 'virtio-net (driver virtio_pci, virtio_net), MAC 3c:52:82:00:00:10, bridged br0, VLAN 7',
    },
    {
      what: 'Network card 2',
      source: 'none: added',
      virtual: 'virtio-net (driver virtio_pci, virtio_net), MAC 3c:52:82:00:00:11, bridged br0, VLAN 7',
    },
  ]);
  const known = hardwareRows(subject, [], null, { cpus: 16, memoryMiB: 65536 });
  expect(known.slice(0, 4).map(({ source }) => source)).toEqual([
    '16 processors',
    '64 GiB',
    'not told by the disks',
    'not told by the disks',
  ]);
});
