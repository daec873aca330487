/** Answers of Windows and macOS tools, laid out after their documentation: neither system was at hand. */
import { expect, test } from 'vitest';
import { listMacDisks } from '../../../migration-core/source/local-disks.darwin.ts';
import { listWindowsDisks, parseWindowsDisks } from '../../../migration-core/source/local-disks.win32.ts';

const WINDOWS = {
  disks: [
    {
      Number: 1,
      FriendlyName: 'SanDisk Ultra',
      SerialNumber: ' 4C530001 ',
      Size: 31914983424,
      LogicalSectorSize: 512,
      PhysicalSectorSize: 512,
      BusType: 7,
      IsOffline: true,
      IsReadOnly: false,
    },
    {
      Number: 0,
      FriendlyName: 'Samsung SSD 980',
      SerialNumber: null,
      Size: 1000204886016,
      LogicalSectorSize: 512,
      PhysicalSectorSize: 4096,
      BusType: 'NVMe',
      IsOffline: false,
      IsReadOnly: false,
    },
  ],
  partitions: [
    {
      DiskNumber: 0,
      PartitionNumber: 3,
      Offset: 122683392,
      Size: 999000000000,
      AccessPaths: ['C:\\', '\\\\?\\Volume{bd3e1f0c-0000-0000-0000-100000000000}\\'],
    },
    { DiskNumber: 0, PartitionNumber: 1, Offset: 1048576, Size: 104857600, AccessPaths: null },
    { DiskNumber: 1, PartitionNumber: 1, Offset: 1048576, Size: 31900000000, AccessPaths: ['E:\\'] },
  ],
};

test('Windows: disks in order, letters of their partitions, offline disks are free', async () => {
  const asked: string[] = [];
  const disks = await listWindowsDisks(async (program, args) => {
    asked.push(program, ...args);
    return JSON.stringify(WINDOWS);
  });
  expect(asked[0]).toBe('powershell.exe');
  expect(asked.at(-1)).toContain('Get-Disk');
  expect(disks.map(({ path, bus, inUse, mountPoints }) => [path, bus, inUse, mountPoints])).toEqual([
    ['\\\\.\\PhysicalDrive0', 'nvme', true, ['C:\\']],
    ['\\\\.\\PhysicalDrive1', 'usb', false, ['E:\\']],
  ]);
  expect(disks[1]).toMatchObject({ serial: '4C530001', removable: true, physicalSectorSize: 512 });
});

test('Windows: another answer is an error with the answer in it', () => {
  for (const answer of ['', 'Get-Disk : Access denied', '{}', '{"disks":[{"Number":"0"}],"partitions":[]}'])
    expect(() => parseWindowsDisks(answer)).toThrow('something unknown');
});

const LIST = {
  WholeDisks: ['disk0', 'disk1', 'disk4'],
  AllDisksAndPartitions: [
    {
      DeviceIdentifier: 'disk0',
      Size: 500277790720,
      Partitions: [
        { DeviceIdentifier: 'disk0s1', Size: 314572800, Content: 'EFI' },
        { DeviceIdentifier: 'disk0s2', Size: 499963174912, Content: 'Apple_APFS' },
      ],
    },
    {
      DeviceIdentifier: 'disk1',
      Size: 499963174912,
      APFSPhysicalStores: [{ DeviceIdentifier: 'disk0s2' }],
      APFSVolumes: [{ DeviceIdentifier: 'disk1s1', MountPoint: '/' }, { DeviceIdentifier: 'disk1s2' }],
    },
    {
      DeviceIdentifier: 'disk4',
      Size: 8004304896,
      Partitions: [{ DeviceIdentifier: 'disk4s1', Size: 8003256320 }],
    },
  ],
};
const INFOS: Record<string, object> = {
  disk0: {
    DeviceBlockSize: 4096,
    MediaName: 'APPLE SSD',
    BusProtocol: 'PCI-Express',
    VirtualOrPhysical: 'Physical',
    WritableMedia: true,
  },
  disk1: { DeviceBlockSize: 4096, VirtualOrPhysical: 'Virtual', WritableMedia: true },
  disk4: {
    DeviceBlockSize: 512,
    MediaName: 'Flash Disk',
    BusProtocol: 'USB',
    RemovableMediaOrExternalDevice: true,
  },
};

test('macOS: an APFS volume keeps the disk below its container busy; containers are no hardware', async () => {
  // plutil is asked to turn into JSON what diskutil said: here it says JSON at once.
  const disks = await listMacDisks(async (program, args, input) => {
    if (program === 'plutil') return input ?? '';
    return JSON.stringify(args[0] === 'list' ? LIST : INFOS[args.at(-1)!]);
  });
  expect(disks.map(({ path, kind, inUse, mountPoints }) => [path, kind, inUse, mountPoints])).toEqual([
    ['/dev/rdisk0', 'disk', true, ['/']],
    ['/dev/rdisk1', 'dm', false, []],
    ['/dev/rdisk4', 'disk', false, []],
  ]);
  expect(disks[0]!.partitions.map(({ name, number }) => [name, number])).toEqual([
    ['disk0s1', 1],
    ['disk0s2', 2],
  ]);
  expect(disks[2]).toMatchObject({ model: 'Flash Disk', bus: 'usb', removable: true, sectorSize: 512 });
});

test('macOS: another answer is an error', async () => {
  await expect(listMacDisks(async () => '{}')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
});
