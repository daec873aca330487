/** Damaged partition tables and superblocks by the thousand: only typed errors, and soon. */
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../migration-core/base/errors.ts';
import { memorySource } from '../../../migration-core/block/memory.ts';
import { recogniseContent } from '../../../migration-core/volume/recognise.ts';
import { readPartitionTable } from '../../../migration-core/volume/table.ts';
import { diskUsedMap, openVolumes } from '../../../migration-core/volume/volumes.ts';
import { contentUsed } from '../../../migration-core/volume/used.ts';
import { seeded } from '../../support/tools.ts';
import { blankFat } from '../filesystem/fat/blank-fat.ts';
import { gptDisk, logicalsDisk } from './small-disks.ts';
import { ddfAnchor, md0Superblock, md1Superblock, zfsLabel } from './superblocks.ts';

const VALUES = [0, 1, 0x7f, 0x80, 0xff, 0x05, 0x55];

function damage(image: Buffer, random: () => number, areas: [from: number, length: number][]): void {
  for (let n = 1 + Math.floor(random() * 8); n > 0; n--) {
    const [from, length] = areas[Math.floor(random() * areas.length)]!;
    const at = from + Math.floor(random() * length);
    image[at] = random() < 0.5 ? VALUES[Math.floor(random() * VALUES.length)]! : Math.floor(random() * 256);
  }
}

/** Opens a disk as the program does; returns the codes of what was found. */
async function open(image: Buffer<ArrayBuffer>): Promise<string[]> {
  const disk = memorySource(image);
  try {
    await readPartitionTable(disk);
  } catch (error) {
    if (!isIronliftError(error)) throw error;
  }
  const { disks, volumes, findings } = await openVolumes([disk]);
  const { table } = disks[0]!;
  for (const volume of volumes) {
    expect(volume.offset + volume.length).toBeLessThanOrEqual(disk.size);
    expect(volume.length).toBeGreaterThan(0);
  }
  for (const { offset, bytes } of table.repairs) {
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset + bytes.length).toBeLessThanOrEqual(disk.size);
    // A repair never touches what belongs to a partition.
    for (const one of table.partitions)
      expect(offset + bytes.length <= one.offset || offset >= one.offset + one.length).toBe(true);
  }
  const used = diskUsedMap(disk.size, table, []);
  expect(used.bytes).toBe(disk.size);
  return [...table.findings, ...findings].map(({ code }) => code);
}

const ROUNDS = 1500;

describe('damaged partition tables', () => {
  test('MBR and extended boot records', async () => {
    const { image, records } = logicalsDisk(12);
    const random = seeded(1);
    const codes = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const copy = Buffer.from(image);
      damage(
        copy,
        random,
        records.map((at): [number, number] => [at + 440, 72]),
      );
      for (const code of await open(copy)) codes.add(code);
    }
    for (const code of ['EBR_CHAIN_BROKEN', 'DISK_TRUNCATED', 'PARTITIONS_OVERLAP'])
      expect(codes).toContain(code);
  });

  test.each([512, 4096])('GPT of %i-byte sectors, checksums made right again', async (sectorSize) => {
    const image = gptDisk(sectorSize);
    const random = seeded(sectorSize);
    const codes = new Set<string>();
    const last = image.length - sectorSize;
    for (let round = 0; round < ROUNDS; round++) {
      const copy = Buffer.from(image);
      const areas: [number, number][] = [
        [440, 72],
        [sectorSize, 100],
        [2 * sectorSize, 600],
        [last, 100],
        [last - 16384, 600],
      ];
      damage(copy, random, areas);
      // Without this nearly every damage would be told by the checksums alone.
      if (random() < 0.8) {
        for (const at of [sectorSize, last]) {
          const entriesAt = Number(copy.readBigUInt64LE(at + 0x48)) * sectorSize;
          const length = copy.readUInt32LE(at + 0x50) * copy.readUInt32LE(at + 0x54);
          if (entriesAt + length <= copy.length)
            copy.writeUInt32LE(crc32(copy.subarray(entriesAt, entriesAt + length)), at + 0x58);
          const size = Math.min(copy.readUInt32LE(at + 0x0c), sectorSize);
          copy.writeUInt32LE(0, at + 0x10);
          copy.writeUInt32LE(crc32(copy.subarray(at, at + size)), at + 0x10);
        }
      }
      for (const code of await open(copy)) codes.add(code);
    }
    for (const code of [
      'GPT_DAMAGED',
      'GPT_PRIMARY_REPAIRED',
      'GPT_BACKUP_REPAIRED',
      'DISK_TRUNCATED',
      'PARTITIONS_OVERLAP',
    ])
      expect(codes).toContain(code);
  });

  test('rubbish that ends in 55 AA', async () => {
    const random = seeded(99);
    for (let round = 0; round < ROUNDS; round++) {
      const image = Buffer.alloc(64 * 1024);
      for (let i = 0; i < 1536; i++) image[i] = Math.floor(random() * 256);
      image.set([0x55, 0xaa], 510);
      if (random() < 0.7) for (let slot = 0; slot < 4; slot++) image[446 + slot * 16] = 0;
      await open(image.subarray(0, 512 * (1 + Math.floor(random() * 128))));
    }
  });
});

describe('damaged superblocks', () => {
  const SIZE = 256 * 1024;
  const at = (offset: number, bytes: Uint8Array | string): Buffer<ArrayBuffer> => {
    const image = Buffer.alloc(SIZE);
    Buffer.from(bytes as string, 'latin1').copy(image, offset);
    return image;
  };
  const boot = (name: string, fields: [number, number, number][]): Buffer<ArrayBuffer> => {
    const image = at(3, name);
    for (const [offset, length, value] of fields) image.writeUIntLE(value, offset, length);
    return image;
  };
  const ntfs = boot('NTFS    ', [
    [0x0b, 2, 512],
    [0x0d, 1, 8],
    [0x30, 6, 4],
    [0x40, 1, 0xf6],
  ]);
  // The record of the volume's name.
  Buffer.from('FILE').copy(ntfs, 4 * 4096 + 3 * 1024);
  ntfs.writeUInt16LE(56, 4 * 4096 + 3 * 1024 + 0x14);
  ntfs.set(
    [0x60, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 24, 0, 0, 0, 65, 0, 66, 0, 67, 0],
    4 * 4096 + 3 * 1024 + 56,
  );
  const exfat = boot('EXFAT   ', [
    [0x58, 4, 64],
    [0x60, 4, 4],
    [0x6c, 1, 9],
    [0x6d, 1, 3],
  ]);
  const seeds: [string, Buffer<ArrayBuffer>, [number, number][]][] = [
    [
      'NTFS',
      ntfs,
      [
        [0, 96],
        [4 * 4096 + 3 * 1024, 128],
      ],
    ],
    [
      'exFAT',
      exfat,
      [
        [0, 128],
        [64 * 512 + 2 * 4096, 64],
      ],
    ],
    [
      'FAT',
      blankFat({ bits: 32, clusters: 300 }),
      [
        [0, 96],
        [4096, 64],
      ],
    ],
    [
      'ZFS',
      at(0, zfsLabel('tank', 42n)),
      [
        [16384, 200],
        [131072, 64],
      ],
    ],
    ['md', at(4096, md1Superblock(4096)), [[4096, 256]]],
    ['md 0.90', at(SIZE - 65536, md0Superblock(true)), [[SIZE - 65536, 128]]],
    ['DDF', at(SIZE - 512, ddfAnchor()), [[SIZE - 512, 64]]],
    ['LVM', at(512, 'LABELONE\x01\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0LVM2 001' + 'a'.repeat(32)), [[512, 64]]],
    ['LUKS', at(0, 'LUKS\xba\xbe\0\x02'), [[0, 256]]],
    [
      'swap',
      at(4086, 'SWAPSPACE2'),
      [
        [1024, 64],
        [4080, 16],
      ],
    ],
    ['ext', at(1080, '\x53\xef'), [[1024, 512]]],
    ['XFS', at(0, 'XFSB\0\0\x10\0'), [[0, 128]]],
    ['Btrfs', at(65600, '_BHRfS_M'), [[65536, 600]]],
    ['ISO 9660', at(32768, '\x01CD001\x01'), [[32768, 900]]],
  ];
  test.each(seeds)('%s', async (_, image, areas) => {
    const random = seeded(areas.length * 31 + image.length);
    const known = (await recogniseContent(memorySource(image))).type;
    let same = 0;
    for (let round = 0; round < 400; round++) {
      const copy = Buffer.from(image);
      damage(copy, random, areas);
      const cut = random() < 0.1 ? copy.subarray(0, Math.floor(random() * copy.length)) : copy;
      const source = memorySource(cut);
      const content = await recogniseContent(source);
      if (content.type === known) same++;
      expect((await contentUsed(source, content)).bytes).toBeLessThanOrEqual(source.size);
    }
    expect(same).toBeGreaterThan(20);
  });
});
