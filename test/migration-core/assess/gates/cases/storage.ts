import { factsOf, GiB, TiB } from '../../support.ts';
import { pci, disk, volume, noSize, part, type GateCases } from './parts.ts';

export const storage: GateCases = {
  W3: {
    fires: [
      {
        name: 'a Fibre Channel adapter',
        inventory: { hostBusAdapters: [{ name: 'QLogic QLE2562', kind: 'fc', wwpns: [] }] },
        because: 'It uses QLogic QLE2562.',
      },
      {
        name: 'an adapter seen on the bus only',
        inventory: { hostBusAdapters: undefined, devices: [pci('1077', '2532', '0c0400', 'ISP2532')] },
        because: 'It uses ISP2532.',
      },
      {
        name: 'a tape drive',
        inventory: { devices: [{ bus: 'pci', className: 'TapeDrive', name: 'HP Ultrium 4' }] },
        because: 'It uses HP Ultrium 4.',
      },
    ],
    unknown: [
      {
        inventory: { hostBusAdapters: undefined, devices: undefined },
        what: 'storage adapters',
        severity: 'warning',
      },
    ],
  },
  W4: {
    fires: [
      {
        name: 'one disk on two servers',
        inventory: disk({ wwn: 'naa.6000' }),
        others: [factsOf({ disks: [{ name: 'sdb', wwn: 'naa.6000' }] }, {}, { name: 'db02' })],
        because:
          'It shares naa.6000 with db02, and no cluster that keeps them from writing at once was seen.',
      },
      {
        name: 'one disk in a cluster',
        inventory: {
          ...disk({ wwn: 'naa.6000' }),
          services: [{ name: 'corosync', running: true }],
          roles: undefined,
        },
        others: [factsOf({ disks: [{ name: 'sdb', wwn: 'naa.6000' }] }, {}, { name: 'db02' })],
        because: 'It shares naa.6000 with db02.',
      },
      {
        name: 'a LUN that people named',
        annotations: { luns: ['LUN 7'] },
        because: 'It keeps the LUN LUN 7.',
      },
      {
        name: 'a node with disks on a SAN',
        inventory: { ...disk({ bus: 'fc' }), roles: ['failover cluster'] },
        because: 'It is a node of a cluster with sda on a SAN, which the other nodes may see too.',
      },
    ],
    unknown: [part('disks', 'disks')],
  },
  W5: {
    fires: [
      {
        name: 'dynamic disks',
        inventory: volume({ kind: 'ldm', mountPoint: 'C:' }),
        because: 'The system joins its disks itself: dynamic disks of Windows.',
      },
      {
        name: 'Storage Spaces',
        inventory: disk({ bus: 'storage-spaces' }),
        because: 'The system joins its disks itself: Storage Spaces.',
      },
      {
        name: 'software RAID',
        inventory: volume({ kind: 'raid1', name: 'md0' }),
        because: 'The system joins its disks itself: software RAID.',
      },
      {
        name: 'multipath',
        inventory: disk({ paths: ['sdb', 'sdc'] }),
        because: 'The system joins its disks itself: multipath.',
      },
    ],
    unknown: [part('volumes', 'volumes')],
    silent: [
      {
        name: 'LVM and a RAID controller',
        inventory: { ...volume({ kind: 'lvm' }), ...disk({ bus: 'raid' }) },
      },
    ],
  },
  W21: {
    fires: [
      {
        name: '4Kn',
        inventory: disk({ sectorBytes: 4096 }),
        because: 'sda has sectors of 4096 bytes, where virtual disks have 512.',
      },
    ],
    unknown: [
      part('disks', 'disks', 'info'),
      { inventory: disk({ sectorBytes: undefined }), what: 'disks', severity: 'info' },
    ],
  },
  W22: {
    fires: [
      {
        name: 'a BIOS and 4 TiB',
        inventory: disk({ bytes: 4 * TiB }),
        because: 'sda has 4 TiB, and a BIOS with an MBR reaches 2 TiB.',
      },
      {
        name: 'an MBR',
        inventory: {
          ...disk({ bytes: 3 * TiB, partitionTable: 'mbr', system: false }),
          firmware: { kind: 'uefi', secureBoot: false },
        },
        because: 'sda has 3 TiB, and a BIOS with an MBR reaches 2 TiB.',
      },
    ],
    unknown: [
      part('disks', 'disks'),
      {
        inventory: { ...disk({ bytes: 4 * TiB, partitionTable: undefined }), firmware: undefined },
        what: 'firmware',
        severity: 'warning',
      },
    ],
    silent: [
      {
        name: 'UEFI and GPT',
        inventory: { ...disk({ bytes: 4 * TiB }), firmware: { kind: 'uefi', secureBoot: false } },
      },
    ],
  },
  W23: {
    fires: [
      {
        name: 'thin and critical',
        sized: {
          provisioningFor: 'critical',
          disks: [{ name: 'sda', bytes: GiB, usedBytes: null, provisioning: 'thin', adapter: 0, unit: 0 }],
        },
        because: 'sda would grow as needed, and a critical server must not wait for space or find none.',
      },
    ],
    unknown: [noSize],
    silent: [
      {
        name: 'thin and normal',
        sized: {
          disks: [{ name: 'sda', bytes: GiB, usedBytes: null, provisioning: 'thin', adapter: 0, unit: 0 }],
        },
      },
    ],
  },
};
