import { describe, expect, test } from 'vitest';
import { ExtentList } from '../../../migration-core/base/extents.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { recogniseContent } from '../../../migration-core/volume/recognise.ts';
import { readPartitionTable } from '../../../migration-core/volume/table.ts';
import { contentFindings, contentUsed, swapUsedExtents } from '../../../migration-core/volume/used.ts';
import { diskUsedMap, openVolumes } from '../../../migration-core/volume/volumes.ts';
import { blankFat } from '../filesystem/fat/blank-fat.ts';
import { gptDisk, logicalsDisk } from './small-disks.ts';
import { ddfAnchor, md1Superblock } from './superblocks.ts';

const codes = (findings: { code: string }[]): string[] => findings.map(({ code }) => code);

describe('the list of volumes', () => {
  test('has logical partitions by the numbers of Linux, and no containers', async () => {
    const { disks, volumes, findings } = await openVolumes([memorySource(logicalsDisk(3).image)]);
    expect(disks[0]!.table.partitions.map(({ number, container }) => [number, container])).toEqual([
      [1, false],
      [2, true],
      [5, false],
      [6, false],
      [7, false],
    ]);
    expect(volumes.map(({ id, content }) => [id, content.type])).toEqual([
      ['disk0p1', 'vfat'],
      ['disk0p5', 'empty'],
      ['disk0p6', 'empty'],
      ['disk0p7', 'empty'],
    ]);
    expect(volumes[1]!.partition!.partUuid).toBe('cafe1234-05');
    expect(findings).toEqual([]);
  });

  test('names the disk of each', async () => {
    const disks = [gptDisk(512), blankFat({ bits: 16, clusters: 5000 })].map((image) => memorySource(image));
    const { volumes } = await openVolumes(disks);
    expect(volumes.map(({ id, disk }) => [id, disk])).toEqual([
      ['disk0p1', 0],
      ['disk0p2', 0],
      ['disk0p3', 0],
      ['disk1', 1],
    ]);
  });

  test('a server without any table or file system is refused; a blank disk beside another is only mentioned', async () => {
    const blank = Buffer.alloc(1 << 20);
    const rubbish = Buffer.alloc(1 << 20, 'rubbish ');
    for (const image of [blank, rubbish])
      expect((await openVolumes([memorySource(image)])).findings).toMatchObject([
        { severity: 'blocker', code: 'NO_PARTITION_TABLE' },
      ]);
    expect((await openVolumes([memorySource(gptDisk(512)), memorySource(blank)])).findings).toMatchObject([
      {
        severity: 'warning',
        code: 'NO_PARTITION_TABLE',
        message: expect.stringContaining('disk1') as string,
      },
    ]);
  });

  test.each([
    ['42', 'LDM', 'LDM_DISK'],
    ['83', 'empty', undefined],
  ])('a partition of type %s is %s', async (type, content, code) => {
    const { image } = logicalsDisk(1);
    image[446 + 4] = parseInt(type, 16);
    image.fill(0, 64 * 512, 128 * 512);
    const { volumes, findings } = await openVolumes([memorySource(image)]);
    expect(volumes[0]!.content.type).toBe(content);
    expect(findings[0]?.code).toBe(code);
  });

  test('Storage Spaces are known by the type of their partition', async () => {
    const disk = gptDisk(512, Buffer.from('8faf5ce780f6ee4cafa3b001e56efc2d', 'hex'));
    const { volumes, findings } = await openVolumes([memorySource(disk)]);
    expect(volumes[0]!.content.type).toBe('StorageSpaces');
    expect(codes(findings)).toContain('STORAGE_SPACES');
  });
});

describe('RAID members', () => {
  test('a whole disk with its superblock behind the partitions is a blocker, and keeps its last sectors', async () => {
    const { image } = logicalsDisk(2);
    Buffer.from(ddfAnchor()).copy(image, image.length - 512);
    const { disks, findings } = await openVolumes([memorySource(image)]);
    expect(findings).toMatchObject([{ severity: 'blocker', code: 'RAID_MEMBER_DISK' }]);
    expect(disks[0]!.table.repairs).toEqual([]);
  });

  test('a superblock within the last partition is that partition’s own', async () => {
    const { image } = logicalsDisk(2);
    const end = image.length - 64 * 512;
    const cut = image.subarray(0, end);
    const at = Math.floor((end / 512 - 16) / 8) * 8 * 512;
    Buffer.from(md1Superblock(at)).copy(cut, at, 0, 1024);
    expect((await recogniseContent(memorySource(cut))).type).toBe('linux_raid_member');
    const { findings } = await openVolumes([memorySource(cut)]);
    expect(codes(findings)).not.toContain('RAID_MEMBER_DISK');
  });
});

describe('damaged chains of logical partitions', () => {
  test('a circle ends, and the partitions before it are there', async () => {
    const { image, records } = logicalsDisk(4);
    // The third record leads back to the second.
    image.writeUInt32LE((records[2]! - records[1]!) / 512, records[3]! + 446 + 16 + 8);
    const table = await readPartitionTable(memorySource(image));
    expect(table.partitions.map(({ number }) => number)).toEqual([1, 2, 5, 6, 7]);
    expect(codes(table.findings)).toContain('EBR_CHAIN_BROKEN');
  });

  test('a link that leaves the disk', async () => {
    const { image, records } = logicalsDisk(2);
    image.writeUInt32LE(0xfffffff0, records[1]! + 446 + 16 + 8);
    const table = await readPartitionTable(memorySource(image));
    expect(codes(table.findings)).toEqual(['EBR_CHAIN_BROKEN']);
  });

  test('partitions that reach past the end', async () => {
    const { image } = logicalsDisk(4);
    const table = await readPartitionTable(memorySource(image.subarray(0, image.length - 100 * 512)));
    expect(table.findings).toMatchObject([{ severity: 'blocker', code: 'DISK_TRUNCATED' }]);
  });
});

describe('what of a disk is copied', () => {
  const none = {
    scheme: 'none',
    diskId: '',
    partitions: [],
    hybrid: false,
    repairs: [],
    findings: [],
  } as const;
  const table = { ...none, partitions: [], repairs: [], findings: [] };
  const MIB = 1 << 20;

  test('all outside the volumes, and of each what it uses, in whole pages', () => {
    const used = diskUsedMap(100 * MIB + 512, table, [
      { offset: 10 * MIB, length: 20 * MIB, used: ExtentList.of([{ offset: 100, length: 10 }]) },
      { offset: 40 * MIB, length: 10 * MIB, used: new ExtentList() },
    ]);
    expect([...used]).toEqual([
      { offset: 0, length: 10 * MIB + 4096 },
      { offset: 30 * MIB, length: 10 * MIB },
      { offset: 50 * MIB, length: 50 * MIB + 512 },
    ]);
  });

  test('where volumes overlap, what either uses; nothing past the end of one', () => {
    const used = diskUsedMap(40 * MIB, table, [
      { offset: 0, length: 30 * MIB, used: ExtentList.of([{ offset: 25 * MIB, length: 100 * MIB }]) },
      { offset: 20 * MIB, length: 20 * MIB, used: ExtentList.of([{ offset: 0, length: MIB }]) },
    ]);
    expect([...used]).toEqual([
      { offset: 20 * MIB, length: MIB },
      { offset: 25 * MIB, length: 5 * MIB },
    ]);
  });

  test('of swap its first page; of a hibernated system all, and it is a blocker', async () => {
    const image = Buffer.alloc(MIB);
    image.writeUInt32LE(1, 1024);
    image.writeUInt32LE(255, 1028);
    image.write('SWAPSPACE2', 4086);
    const source = memorySource(image);
    const content = (await openVolumes([source])).volumes[0]!.content;
    expect(content.type).toBe('swap');
    expect([...(await contentUsed(source, content))]).toEqual([{ offset: 0, length: 4096 }]);
    image.write('S1SUSPEND\0', 4086, 'latin1');
    const { volumes, findings } = await openVolumes([source]);
    expect(volumes[0]!.content.type).toBe('swsuspend');
    expect(findings).toMatchObject([{ severity: 'blocker', code: 'GUEST_HIBERNATED' }]);
    expect((await contentUsed(source, volumes[0]!.content)).bytes).toBe(MIB);
    expect(await swapUsedExtents(source)).toBeNull();
  });

  test('encrypted volumes are mentioned', () => {
    const content = { type: 'BitLocker', uuid: '', label: '', description: '' };
    expect(codes(contentFindings(content, 'disk0p3'))).toEqual(['VOLUME_ENCRYPTED']);
  });
});
