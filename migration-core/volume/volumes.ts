/** All volumes of a server from all its disks, and which bytes of a disk are worth copying. */
import { isIronliftError } from '../base/errors.ts';
import { ExtentList } from '../base/extents.ts';
import type { Finding } from '../base/finding.ts';
import type { BlockSource } from '../block/source.ts';
import { slice } from '../block/slice.ts';
import { LDM_TYPES, STORAGE_SPACES_TYPE } from './partition-types.ts';
import { recogniseContent, recogniseWithPlace } from './recognise.ts';
import { RAID_TYPES } from './recognise-members.ts';
import { readPartitionTable } from './table.ts';
import { contentFindings } from './used.ts';
import type { Content, Partition, PartitionTable, Volume } from './volume.ts';

export type { Volume };

export interface OpenedDisks {
  /** In the order of the sources. */
  disks: { table: PartitionTable }[];
  /** In the order of disks and of their tables; containers are left out. */
  volumes: Volume[];
  /** Those of the contents; those of the tables are in the tables. All name their disk or volume. */
  findings: Finding[];
}

/** Reads tables and signatures of all disks. What speaks against converting them is in the findings; only failing reads throw. */
export async function openVolumes(disks: BlockSource[]): Promise<OpenedDisks> {
  const opened: OpenedDisks = { disks: [], volumes: [], findings: [] };
  const blanks: string[] = [];
  for (const [index, disk] of disks.entries()) {
    const name = `disk${index}`;
    const { table, refused } = await tableOrRefusal(disk);
    const whole = await recogniseWithPlace(disk);
    const raid = raidFinding(name, table, whole.content, whole.at);
    // What firmware RAID keeps at the end of the disk must not be overwritten by the backup of a partition table.
    if (raid !== null) table.repairs = [];
    table.findings = table.findings.map((one) => ({ ...one, message: `${name}: ${one.message}` }));
    opened.disks.push({ table });
    if (raid !== null) opened.findings.push(raid);
    if (refused) continue;
    if (table.scheme === 'none') {
      const content = whole.content;
      if (content.type === 'empty' || content.type === 'unknown') blanks.push(name);
      const volume = { id: name, disk: index, partition: null, offset: 0, length: disk.size, content };
      opened.volumes.push(volume);
      opened.findings.push(...contentFindings(content, name));
      continue;
    }
    for (const partition of table.partitions) {
      if (partition.container || partition.offset >= disk.size) continue;
      const length = Math.min(partition.length, disk.size - partition.offset);
      const id = `${name}p${partition.number}`;
      const content = await partitionContent(slice(disk, partition.offset, length), partition);
      opened.volumes.push({ id, disk: index, partition, offset: partition.offset, length, content });
      opened.findings.push(...contentFindings(content, id));
    }
  }
  // A blank disk beside others is a data disk that nobody has used yet, or raw storage of a database.
  const onlyBlanks = opened.volumes.every(({ id }) => blanks.includes(id));
  for (const name of blanks)
    opened.findings.push({
      severity: onlyBlanks ? 'blocker' : 'warning',
      code: 'NO_PARTITION_TABLE',
      message: `${name}: the disk has no partition table, and no known file system either.`,
      next: onlyBlanks
        ? 'Check that this is the disk of the server, and not a partition, an archive or an encrypted image of it.'
        : 'It is copied whole, as it is.',
    });
  return opened;
}

async function tableOrRefusal(disk: BlockSource): Promise<{ table: PartitionTable; refused: boolean }> {
  try {
    return { table: await readPartitionTable(disk), refused: false };
  } catch (error) {
    if (!isIronliftError(error) || error.kind !== 'refused') throw error;
    const finding: Finding = {
      severity: 'blocker',
      code: error.code,
      message: error.message,
      next: error.next,
    };
    const table: PartitionTable = {
      scheme: 'gpt',
      diskId: '',
      partitions: [],
      hybrid: false,
      repairs: [],
      findings: [finding],
    };
    return { table, refused: true };
  }
}

/** What lies on a partition; some owners of partitions leave no mark in them, only in the table. */
async function partitionContent(volume: BlockSource, partition: Partition): Promise<Content> {
  const content = await recogniseContent(volume);
  if (LDM_TYPES.has(partition.type))
    return { type: 'LDM', uuid: '', label: '', description: 'Windows dynamic disk (LDM)' };
  if (partition.type === STORAGE_SPACES_TYPE)
    return { type: 'StorageSpaces', uuid: '', label: '', description: 'Windows Storage Spaces pool member' };
  return content;
}

/**
 * A partitioned disk that is a RAID member as a whole, its superblock behind the partitions. Changing one member alone would
 * tear the mirror, and a striped one shows only rubbish. A superblock inside a partition is that partition's own.
 */
function raidFinding(name: string, table: PartitionTable, content: Content, at: number): Finding | null {
  if (!RAID_TYPES.has(content.type) || table.scheme === 'none') return null;
  const inside = table.partitions.some(
    ({ offset, length, container }) => !container && at >= offset && at < offset + length,
  );
  if (inside) return null;
  return {
    severity: 'blocker',
    code: 'RAID_MEMBER_DISK',
    message: `${name}: the whole disk is marked as a member of a RAID (${content.description}).`,
    next: 'Convert the assembled array as one disk (such as /dev/md126); if the mark is an old left-over, remove it from a copy with wipefs.',
  };
}

/** The used part of one volume, in bytes from the start of that volume. */
export interface VolumeUse {
  offset: number;
  length: number;
  used: ExtentList;
}

/** Copies are made in pages: every extent is widened to this. */
const GRAIN = 4096;

/**
 * Byte ranges of a disk to copy: everything outside the volumes given (boot code, tables, EBRs, gaps, volumes of which
 * nothing is known), and of each of them what it uses.
 */
export function diskUsedMap(
  diskSize: number,
  table: PartitionTable,
  volumesUsed: readonly VolumeUse[],
): ExtentList {
  const volumes = ExtentList.of(volumesUsed);
  let used = volumes.gaps(0, diskSize);
  for (const { offset, length, used: inside } of volumesUsed) {
    const translated = new ExtentList();
    for (const extent of inside) {
      const end = Math.min(extent.offset + extent.length, length);
      translated.add(offset + extent.offset, end - extent.offset);
    }
    used = used.union(translated);
  }
  for (const repair of table.repairs) used.add(repair.offset, repair.bytes.length);
  return used.aligned(GRAIN, diskSize);
}
