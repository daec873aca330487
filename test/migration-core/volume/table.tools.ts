/** Partition tables made by sfdisk, sgdisk and parted, judged by `sfdisk --json`; repaired ones by `sgdisk -v`. */
import { copyFile, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BlockSource } from '../../../migration-core/block/source.ts';
import { readPartitionTable } from '../../../migration-core/volume/table.ts';
import type { PartitionTable } from '../../../migration-core/volume/volume.ts';
import { openVolumes } from '../../../migration-core/volume/volumes.ts';
import { needTools, run, scratchFolder, seeded, tryRun } from '../../support/tools.ts';
import { fileDisk, makeDisk, patch, withLoop } from './disk-file.ts';

const MIB = 1 << 20;
const SIZE = 256 * MIB;
const GPT_SIZE = 80 * MIB;

interface SfdiskPartition {
  node: string;
  start: number;
  size: number;
  type: string;
  uuid?: string;
  name?: string;
  bootable?: boolean;
  attrs?: string;
}

interface Sfdisk {
  label: string;
  id: string;
  sectorsize: number;
  partitions?: SfdiskPartition[];
}

async function sfdiskJson(target: string): Promise<Sfdisk> {
  const parsed = JSON.parse(await run('sfdisk', ['--json', target])) as { partitiontable: Sfdisk };
  return parsed.partitiontable;
}

/** What sfdisk says, in our words. */
function judged(table: Sfdisk, node: string): object {
  const unit = table.sectorsize;
  const mbr = table.label === 'dos';
  return {
    scheme: mbr ? 'mbr' : 'gpt',
    diskId: mbr ? table.id.slice(2) : table.id.toLowerCase(),
    partitions: (table.partitions ?? []).map((one) => {
      const number = Number(one.node.slice(node.length).replace('p', ''));
      return {
        number,
        offset: one.start * unit,
        length: one.size * unit,
        type: mbr ? one.type.toUpperCase().padStart(2, '0') : one.type,
        partUuid: mbr
          ? `${table.id.slice(2)}-${number.toString(16).padStart(2, '0')}`
          : one.uuid!.toLowerCase(),
        label: one.name ?? '',
        bootable: one.bootable ?? one.attrs?.includes('LegacyBIOSBootable') ?? false,
      };
    }),
  };
}

const ours = (table: PartitionTable): object => ({
  scheme: table.scheme,
  diskId: table.diskId,
  partitions: table.partitions.map(({ number, offset, length, type, partUuid, label, bootable }) => ({
    number,
    offset,
    length,
    type,
    partUuid,
    label,
    bootable,
  })),
});

async function sameAsSfdisk(path: string, sectorSize = 512): Promise<PartitionTable> {
  const table = await readPartitionTable(await fileDisk(path, sectorSize));
  const judge =
    sectorSize === 512
      ? judged(await sfdiskJson(path), path)
      : await withLoop(path, sectorSize, async (device) => judged(await sfdiskJson(device), device));
  expect(ours(table)).toEqual(judge);
  return table;
}

const disk = async (size = SIZE): Promise<string> => makeDisk(join(await scratchFolder(), 'disk'), size);
const sfdisk = (target: string, script: string): Promise<string> =>
  run('sfdisk', ['-q', target], { input: script });
const codes = (table: PartitionTable): string[] => table.findings.map(({ code }) => code);

/** A script with `logicals` logical partitions, some with gaps between them. */
function manyLogicals(logicals: number, extended: string, random: () => number): string {
  const lines = [
    'label: dos',
    'start=2048, size=20480, type=83, bootable',
    'start=22528, size=4096, type=82',
    `start=28672, type=${extended}`,
  ];
  let at = 28672 + 2048;
  for (let n = 0; n < logicals; n++) {
    const size = 2048 * (1 + Math.floor(random() * 3));
    lines.push(`start=${at}, size=${size}, type=${['83', '8e', 'fd', '7'][n % 4]!}`);
    at += size + 2048 * (1 + Math.floor(random() * 2));
  }
  return lines.join('\n');
}

describe('tables of the partitioning tools', () => {
  test.each(['5', 'f', '85'])(
    'MBR with many logical partitions in an extended one of type %s',
    async (extended) => {
      needTools('sfdisk');
      const path = await disk();
      await sfdisk(path, manyLogicals(50, extended, seeded(extended.length + 7)));
      const table = await sameAsSfdisk(path);
      expect(table.partitions).toHaveLength(53);
      expect(table.findings).toEqual([]);
      // Removing links from the chain renumbers the ones behind.
      await run('sfdisk', ['-q', '--delete', path, '5', '9', '23']);
      expect((await sameAsSfdisk(path)).partitions).toHaveLength(50);
    },
  );

  test('MBR by parted, with logical partitions out of order', async () => {
    needTools('parted');
    const path = await disk();
    const parts = [
      'primary 1MiB 20MiB',
      'extended 20MiB 200MiB',
      'logical 150MiB 160MiB',
      'logical 30MiB 40MiB',
      'logical 60MiB 61MiB',
    ];
    await run('parted', [
      '-s',
      path,
      'mklabel',
      'msdos',
      ...parts.flatMap((part) => ['mkpart', ...part.split(' ')]),
      'set',
      '1',
      'boot',
      'on',
    ]);
    await sameAsSfdisk(path);
  });

  test('MBR with an empty extended partition', async () => {
    const path = await disk();
    await sfdisk(path, 'label: dos\nstart=2048, size=2048, type=83\nstart=8192, type=5');
    const table = await sameAsSfdisk(path);
    expect(table.findings).toEqual([]);
    expect(table.partitions.map(({ container }) => container)).toEqual([false, true]);
  });

  test('GPT with names, attributes and gaps in its numbers', async () => {
    needTools('sgdisk');
    const path = await disk();
    await sfdisk(
      path,
      [
        'label: gpt',
        `${path}1 : size=2048, type=21686148-6449-6E6F-744E-656564454649`,
        `${path}3 : size=40960, type=U, name="EFI System"`,
        `${path}7 : size=40960, type=L, name="Wurzel – /", attrs="LegacyBIOSBootable"`,
        `${path}100 : size=40960, type=S`,
      ].join('\n'),
    );
    const table = await sameAsSfdisk(path);
    expect(table.partitions.map(({ typeName }) => typeName)).toEqual([
      'BIOS boot',
      'EFI system',
      'Linux file system',
      'Linux swap',
    ]);
    expect(table).toMatchObject({ repairs: [], findings: [], hybrid: false, sectorSize: 512 });
  });

  test.each([
    ['gpt', 'label: gpt\nsize=4096, type=U\nsize=8192, type=L, name=root\nsize=1024'],
    [
      'dos',
      'label: dos\nsize=4096, type=83\nsize=8192, type=82\ntype=5\nsize=2048, type=83\nsize=2048, type=8e',
    ],
  ])('%s with 4096-byte sectors', async (_, script) => {
    const path = await disk();
    await withLoop(path, 4096, (device) => sfdisk(device, script));
    expect((await sameAsSfdisk(path, 4096)).findings).toEqual([]);
    // An image file does not tell its sector size.
    const asFile = await readPartitionTable(await fileDisk(path, 512));
    expect(asFile).toMatchObject(ours(await readPartitionTable(await fileDisk(path, 4096))));
    expect(codes(asFile)).toEqual(['SECTOR_SIZE_DIFFERS']);
  });

  test('primary partitions of 4096-byte sectors in an image file, told by their content', async () => {
    const path = await disk();
    await withLoop(path, 4096, (device) => sfdisk(device, 'label: dos\nstart=256, size=8192, type=83'));
    const content = join(await scratchFolder(), 'ext');
    await makeDisk(content, 32 * MIB);
    await run('mkfs.ext4', ['-q', '-F', content]);
    await patch(path, MIB, await readFile(content));
    const table = await readPartitionTable(await fileDisk(path, 512));
    expect(table.partitions[0]).toMatchObject({ offset: MIB, length: 32 * MIB });
  });

  test('hybrid MBR of sgdisk', async () => {
    const path = await disk();
    await run('sgdisk', ['-n', '1:2048:+20M', '-n', '2:0:+20M', '-t', '1:EF00', '-h', '1:2', path]);
    const table = await readPartitionTable(await fileDisk(path));
    expect(table).toMatchObject({ scheme: 'gpt', hybrid: true, repairs: [] });
    expect(codes(table)).toEqual(['HYBRID_MBR']);
    expect(ours(table)).toEqual(judged(await sfdiskJson(path), path));
  });

  test('whole-disk file systems have no table, whatever looks like one', async () => {
    for (const [program, ...args] of [
      ['mkfs.fat', '-F', '32'],
      ['mkfs.fat', '-F', '16', '--mbr=y'],
      ['mkfs.ntfs', '-q', '-F'],
      ['mkfs.exfat'],
      ['mkfs.ext4', '-q', '-F'],
    ] as const) {
      const path = await disk();
      await run(program, [...args, path]);
      const source = await fileDisk(path);
      expect(await readPartitionTable(source), program).toMatchObject({ scheme: 'none', partitions: [] });
      const { volumes, findings } = await openVolumes([source]);
      expect(volumes).toMatchObject([{ id: 'disk0', partition: null, offset: 0, length: SIZE }]);
      expect(findings).toEqual([]);
    }
  });

  test('an MBR written over a GPT wins', async () => {
    const path = await disk();
    await run('sgdisk', ['-n', '1:2048:+20M', path]);
    const mbr = await disk();
    await sfdisk(mbr, 'label: dos\nsize=20480, type=83');
    await patch(path, 0, (await readFile(mbr)).subarray(0, 512));
    expect(await readPartitionTable(await fileDisk(path))).toMatchObject({ scheme: 'mbr' });
  });
});

/** Writes the repairs into a copy of the disk; sgdisk must find nothing wrong with it, and the partitions must be `expected`. */
async function repairedIsGood(path: string, expected: object, sectorSize = 512): Promise<PartitionTable> {
  const source = await fileDisk(path, sectorSize);
  const before = await readFile(path);
  const table = await readPartitionTable(source);
  expect(ours(table)).toEqual(expected);
  expect(table.repairs.length).toBeGreaterThan(0);
  expect(Buffer.compare(await readFile(path), before)).toBe(0);
  const copy = `${path}.repaired`;
  await copyFile(path, copy);
  for (const { offset, bytes } of table.repairs) await patch(copy, offset, bytes);
  const verify = async (target: string): Promise<void> => {
    const { stdout, stderr } = await tryRun('sgdisk', ['-v', target]);
    expect(stdout + stderr).toContain('No problems found');
    expect(stdout + stderr).not.toMatch(/Caution|Warning|invalid|Problem:/);
  };
  if (sectorSize === 512) await verify(copy);
  else await withLoop(copy, sectorSize, verify);
  const again = await readPartitionTable(await fileDisk(copy, sectorSize));
  expect(again).toMatchObject({ ...expected, repairs: [] });
  expect(again.findings.filter(({ code }) => code !== 'HYBRID_MBR')).toEqual([]);
  return table;
}

async function goodGpt(sectorSize = 512): Promise<{ path: string; source: BlockSource; expected: object }> {
  const path = await disk(GPT_SIZE);
  const make = (target: string): Promise<string> =>
    run('sgdisk', [
      '-n',
      '1:0:+8M',
      '-n',
      '2:0:+16M',
      '-n',
      '5:0:+32M',
      '-c',
      '5:data',
      '-t',
      '1:EF00',
      target,
    ]);
  if (sectorSize === 512) await make(path);
  else await withLoop(path, sectorSize, make);
  const source = await fileDisk(path, sectorSize);
  return { path, source, expected: ours(await readPartitionTable(source)) };
}

describe('damaged GPT, repairs judged by sgdisk -v', () => {
  const rubbish = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + 3) & 255);
  const end = GPT_SIZE - 512;
  test.each([
    ['primary header', 512, 512, 'GPT_PRIMARY_REPAIRED'],
    ['one byte of the primary header', 512 + 60, 1, 'GPT_PRIMARY_REPAIRED'],
    ['primary entries', 1024, 512, 'GPT_PRIMARY_REPAIRED'],
    ['primary header and entries', 512, 33 * 512, 'GPT_PRIMARY_REPAIRED'],
    ['backup header', end, 512, 'GPT_BACKUP_REPAIRED'],
    ['backup entries', end - 4096, 100, 'GPT_BACKUP_REPAIRED'],
    ['backup header and entries', end - 32 * 512, 33 * 512, 'GPT_BACKUP_REPAIRED'],
  ])('%s', async (_, offset, length, code) => {
    const { path, expected } = await goodGpt();
    await patch(path, offset, rubbish(length));
    expect(codes(await repairedIsGood(path, expected))).toEqual([code]);
  });

  test('protective MBR wiped', async () => {
    const { path, expected } = await goodGpt();
    await patch(path, 0, new Uint8Array(512));
    expect(codes(await repairedIsGood(path, expected))).toEqual(['GPT_PROTECTIVE_MBR_REPAIRED']);
  });

  test('first 17 KiB wiped: only the backup is left', async () => {
    const { path, expected } = await goodGpt();
    await patch(path, 0, new Uint8Array(34 * 512));
    expect(codes(await repairedIsGood(path, expected))).toEqual([
      'GPT_PRIMARY_REPAIRED',
      'GPT_PROTECTIVE_MBR_REPAIRED',
    ]);
  });

  test('copied to a larger disk', async () => {
    const { path, expected } = await goodGpt();
    await truncate(path, GPT_SIZE + 64 * MIB);
    expect(codes(await repairedIsGood(path, expected))).toEqual(['GPT_BACKUP_MOVED']);
  });

  test('copied to a larger disk, primary damaged by a byte', async () => {
    const { path, expected } = await goodGpt();
    await truncate(path, GPT_SIZE + 64 * MIB);
    await patch(path, 512 + 60, rubbish(1));
    expect(codes(await repairedIsGood(path, expected))).toEqual(['GPT_PRIMARY_REPAIRED']);
  });

  test('cut off behind the last partition', async () => {
    const { path, expected } = await goodGpt();
    await truncate(path, GPT_SIZE - 16 * MIB);
    expect(codes(await repairedIsGood(path, expected))).toEqual([
      'DISK_SHORTER_THAN_TABLE',
      'GPT_BACKUP_MOVED',
    ]);
  });

  test('backup of an older table', async () => {
    const { path } = await goodGpt();
    const old = (await readFile(path)).subarray(GPT_SIZE - 33 * 512);
    await run('sgdisk', ['-n', '6:0:+10M', path]);
    const expected = ours(await readPartitionTable(await fileDisk(path)));
    await patch(path, GPT_SIZE - 33 * 512, old);
    expect(codes(await repairedIsGood(path, expected))).toEqual(['GPT_BACKUP_REPAIRED']);
  });

  test.each([
    ['primary', 4096, 4096 * 5],
    ['backup', GPT_SIZE - 5 * 4096, 5 * 4096],
  ])('%s with 4096-byte sectors', async (_, offset, length) => {
    const { path, expected } = await goodGpt(4096);
    await patch(path, offset, rubbish(length));
    await repairedIsGood(path, expected, 4096);
  });

  test('hybrid with a damaged primary keeps its MBR', async () => {
    const { path } = await goodGpt();
    await run('sgdisk', ['-h', '1:2', path]);
    const expected = ours(await readPartitionTable(await fileDisk(path)));
    await patch(path, 512, rubbish(512));
    const table = await repairedIsGood(path, expected);
    expect(table.repairs.every(({ offset }) => offset > 0)).toBe(true);
  });

  test('both copies damaged is refused with their places', async () => {
    const { path, source } = await goodGpt();
    await patch(path, 512, rubbish(512));
    await patch(path, end, rubbish(512));
    await expect(readPartitionTable(source)).rejects.toMatchObject({
      code: 'GPT_DAMAGED',
      data: { primary: { offset: 512 }, backup: { offset: end } },
    });
    const { disks, volumes } = await openVolumes([source]);
    expect(disks[0]!.table.findings).toMatchObject([{ severity: 'blocker', code: 'GPT_DAMAGED' }]);
    expect(volumes).toEqual([]);
  });

  test('a truncated image names the size it should have', async () => {
    const { path } = await goodGpt();
    await truncate(path, 20 * MIB);
    const { disks, volumes } = await openVolumes([await fileDisk(path)]);
    const finding = disks[0]!.table.findings.find(({ code }) => code === 'DISK_TRUNCATED');
    expect(finding).toMatchObject({ severity: 'blocker' });
    expect(finding?.message).toContain(String(GPT_SIZE));
    expect(finding?.message).toContain(String(20 * MIB));
    expect(volumes.map(({ id }) => id)).toEqual(['disk0p1', 'disk0p2']);
    expect(volumes[1]!.offset + volumes[1]!.length).toBe(20 * MIB);
  });
});
