/**
 * The GUID partition table of a disk from its two copies: the primary after the protective MBR, the backup in the last
 * sectors. One good copy is enough; what is wrong with the other is mended for the overlay by gpt-repair.ts.
 */
import { IronliftError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import type { BlockSource } from '../block/source.ts';
import { gptEntries, readGptCopy, type GptCopy, type GptReading } from './gpt-header.ts';
import { repairGpt } from './gpt-repair.ts';
import { PROTECTIVE_TYPE, type MbrSector } from './mbr.ts';
import { gptTypeName } from './partition-types.ts';
import { truncated } from './truncated.ts';
import type { Partition, PartitionTable } from './volume.ts';

export interface GptProbe {
  sectorSize: number;
  primary: GptReading;
  backup: GptReading;
  /** LBA of the backup, or of the last place where it was looked for. */
  backupAt: number;
  /** The last LBA of the disk. */
  lastLba: number;
}

/** Looks for both copies, taking sectors of `sectorSize` bytes. */
export async function probeGpt(disk: BlockSource, sectorSize: number): Promise<GptProbe> {
  const lastLba = Math.floor(disk.size / sectorSize) - 1;
  const primary = await readGptCopy(disk, 1, sectorSize);
  const named = primary.copy === null ? primary.header?.other : primary.copy.header.other;
  const backup = await readGptCopy(disk, lastLba, sectorSize);
  // On a disk that has grown the backup is where the primary says, not at the end.
  if (backup.copy === null && named !== undefined && named > 1 && named < lastLba) {
    const elsewhere = await readGptCopy(disk, named, sectorSize);
    if (elsewhere.copy !== null) return { sectorSize, primary, backup: elsewhere, backupAt: named, lastLba };
  }
  return { sectorSize, primary, backup, backupAt: lastLba, lastLba };
}

/** The table, with repairs for the copy that is damaged or in the wrong place. @throws GPT_DAMAGED without a good copy. */
export async function buildGpt(
  disk: BlockSource,
  probe: GptProbe,
  mbr: MbrSector | null,
): Promise<PartitionTable> {
  const { sectorSize, primary, backup } = probe;
  const good = primary.copy ?? backup.copy;
  if (good === null) throw gptDamaged(probe);
  const { partitions, findings } = gptPartitions(good, sectorSize);

  const intendedEnd = primary.copy === null ? probe.backupAt : primary.copy.header.other;
  if (intendedEnd > probe.lastLba)
    findings.push(shorterThanTable(disk.size, partitions, (intendedEnd + 1) * sectorSize));

  const others = mbr?.entries.filter((entry) => entry.type !== PROTECTIVE_TYPE) ?? [];
  const hybrid = mbr !== null && others.length > 0 && others.length < mbr.entries.length;
  if (hybrid)
    findings.push({
      severity: 'info',
      code: 'HYBRID_MBR',
      message:
        'The disk has a hybrid partition table: beside the GPT there is an MBR with partitions of its own.',
      next: 'Both are kept as they are; a system started by a BIOS uses the MBR.',
    });

  const repair = await repairGpt(disk, probe, good, partitions, mbr, hybrid);
  return {
    scheme: 'gpt',
    sectorSize,
    diskId: good.header.diskGuid,
    partitions,
    hybrid,
    repairs: repair.repairs,
    findings: [...findings, ...repair.findings],
  };
}

function gptPartitions(copy: GptCopy, sectorSize: number): { partitions: Partition[]; findings: Finding[] } {
  const partitions: Partition[] = [];
  const findings: Finding[] = [];
  for (const entry of gptEntries(copy)) {
    const offset = entry.first * sectorSize;
    const length = (entry.last - entry.first + 1) * sectorSize;
    if (!(entry.first > 0 && entry.last >= entry.first) || !Number.isSafeInteger(offset + length)) {
      findings.push({
        severity: 'warning',
        code: 'GPT_ENTRY_INVALID',
        message: `Partition ${entry.index + 1} of the table ends before it begins or lies on no disk; it is left out.`,
        next: 'Compare the list of partitions with what the server itself shows.',
      });
      continue;
    }
    partitions.push({
      number: entry.index + 1,
      offset,
      length,
      type: entry.type,
      typeName: gptTypeName(entry.type),
      partUuid: entry.guid,
      label: entry.name,
      bootable: entry.legacyBoot,
      container: false,
    });
  }
  return { partitions, findings };
}

/** The place of the backup tells the size that the disk had. Bytes. */
function shorterThanTable(size: number, partitions: Partition[], expected: number): Finding {
  if (partitions.some(({ offset, length }) => offset + length > size)) return truncated(expected, size);
  return {
    severity: 'warning',
    code: 'DISK_SHORTER_THAN_TABLE',
    message: `The partition table was written for a disk of ${expected} bytes and this one has ${size}; all partitions are complete.`,
    next: 'Check that this is the whole copy of the disk.',
  };
}

/** The refusal where no copy can be used; the offsets are in its data. */
export function gptDamaged({ sectorSize, primary, backup, backupAt }: GptProbe): IronliftError {
  const problem = (reading: GptReading): string => (reading.copy === null ? reading.problem : 'it is good');
  return new IronliftError(
    'GPT_DAMAGED',
    `Both copies of the GPT partition table are damaged: of the one at the start of the disk ${problem(primary)}, of the one at the end ${problem(backup)}.`,
    {
      next: 'Make the copy of the disk again, or repair the table of a copy with gdisk or testdisk and convert that.',
      data: {
        sectorSize,
        primary: { offset: sectorSize, problem: problem(primary) },
        backup: { offset: backupAt * sectorSize, problem: problem(backup) },
      },
    },
  );
}
