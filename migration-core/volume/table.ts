/** Which partition table a disk has, told by what firmware and Linux would take it for. */
import type { Finding } from '../base/finding.ts';
import { readBytes, type BlockSource } from '../block/source.ts';
import { slice } from '../block/slice.ts';
import { buildGpt, gptDamaged, probeGpt, type GptProbe } from './gpt.ts';
import {
  diskSignature,
  isPartitionTable,
  PROTECTIVE_TYPE,
  readMbrPartitions,
  readMbrSector,
  type MbrSector,
} from './mbr.ts';
import { isFatBootSector } from './fat-boot-sector.ts';
import { recogniseContent } from './recognise.ts';
import { truncated } from './truncated.ts';
import type { Partition, PartitionTable } from './volume.ts';

/**
 * Reads the partition table. Scheme `none` is a disk without one: a file system on the whole disk, or nothing known.
 * What is wrong but leaves a usable table is in its findings; a table that needs more than there is of the disk is a
 * blocker of code DISK_TRUNCATED.
 * @throws GPT_DAMAGED when the disk has a GPT of which neither copy can be used.
 */
export async function readPartitionTable(disk: BlockSource): Promise<PartitionTable> {
  if (disk.size < 512) return noTable();
  const sector = await readBytes(disk, 0, 512);
  const mbr = readMbrSector(sector);
  const protective = mbr?.plausible === true && mbr.entries.some(({ type }) => type === PROTECTIVE_TYPE);
  const isVolume = isFatBootSector(sector) || isWindowsVolume(sector);
  const table = mbr !== null && isPartitionTable(mbr) && !isVolume ? mbr : null;

  // An MBR without a protective entry outranks what is left of an older GPT: so it is for firmware and Linux.
  if (table !== null && !protective) return finish(disk, await mbrTable(disk, table));
  const probe = await findGpt(disk);
  const usable = probe !== null && (probe.primary.copy !== null || probe.backup.copy !== null);
  if (protective) {
    if (usable) return finish(disk, await buildGpt(disk, probe, mbr));
    throw gptDamaged(probe ?? (await probeGpt(disk, disk.sectorSize)));
  }
  // Without its protective MBR a GPT is believed where nothing else lies on the disk; a backup alone may be a left-over.
  if (isVolume || probe === null) return noTable();
  if (probe.primary.copy !== null) return finish(disk, await buildGpt(disk, probe, mbr));
  const content = await recogniseContent(disk);
  if (content.type !== 'empty' && content.type !== 'unknown') return noTable();
  if (!usable) throw gptDamaged(probe);
  return finish(disk, await buildGpt(disk, probe, mbr));
}

/** Sector sizes worth trying: that of the source first. */
const sectorSizes = (disk: BlockSource): number[] => (disk.sectorSize === 4096 ? [4096, 512] : [512, 4096]);

/** The first sector size under which there is a good copy, else one under which there was a copy once, else null. */
async function findGpt(disk: BlockSource): Promise<GptProbe | null> {
  let trace: GptProbe | null = null;
  for (const sectorSize of sectorSizes(disk)) {
    const probe = await probeGpt(disk, sectorSize);
    if (probe.primary.copy !== null || probe.backup.copy !== null) return probe;
    if (trace === null && (probe.primary.signed || probe.backup.signed)) trace = probe;
  }
  return trace;
}

async function mbrTable(disk: BlockSource, mbr: MbrSector): Promise<PartitionTable> {
  const sectorSize = await mbrSectorSize(disk, mbr);
  const { partitions, findings } = await readMbrPartitions(disk, mbr, sectorSize);
  return {
    scheme: 'mbr',
    sectorSize,
    diskId: diskSignature(mbr),
    partitions,
    hybrid: false,
    repairs: [],
    findings,
  };
}

/**
 * An MBR does not say what its sectors measure, and an image file of a disk with 4096-byte sectors does not either. The
 * other size is believed only if content is found by it on a disk where none is found by the size of the source.
 */
async function mbrSectorSize(disk: BlockSource, mbr: MbrSector): Promise<number> {
  for (const sectorSize of sectorSizes(disk)) {
    const { partitions } = await readMbrPartitions(disk, mbr, sectorSize);
    // A chain of logical partitions was found by this size: another one leads to other sectors.
    if (partitions.some(({ number }) => number >= 5)) return sectorSize;
    for (const { offset, length, container } of partitions) {
      if (container || offset + length > disk.size) continue;
      const { type } = await recogniseContent(slice(disk, offset, length));
      if (type !== 'unknown' && type !== 'empty') return sectorSize;
    }
  }
  return disk.sectorSize === 4096 ? 4096 : 512;
}

/** NTFS, exFAT, ReFS and BitLocker name themselves in the boot sector, at byte 3. */
function isWindowsVolume(sector: Uint8Array): boolean {
  const name = Buffer.from(sector.subarray(3, 11)).toString('latin1');
  return ['NTFS    ', 'EXFAT   ', '-FVE-FS-', 'ReFS\0\0\0\0'].includes(name);
}

function noTable(): PartitionTable {
  return {
    scheme: 'none',
    diskId: '',
    partitions: [],
    hybrid: false,
    repairs: [],
    findings: [],
  };
}

/** What is checked whatever the scheme. */
function finish(disk: BlockSource, table: PartitionTable): PartitionTable {
  const findings: Finding[] = [...table.findings];
  const end = Math.max(0, ...table.partitions.map(({ offset, length }) => offset + length));
  if (end > disk.size && !findings.some(({ code }) => code === 'DISK_TRUNCATED'))
    findings.push(truncated(end, disk.size));
  findings.push(...overlaps(table.partitions));
  if (table.sectorSize !== undefined && table.sectorSize !== disk.sectorSize)
    findings.push({
      severity: 'warning',
      code: 'SECTOR_SIZE_DIFFERS',
      message: `The partition table counts sectors of ${table.sectorSize} bytes, and the disk has sectors of ${disk.sectorSize}.`,
      next: `The virtual disk must have sectors of ${table.sectorSize} bytes, or the guest does not find its partitions.`,
    });
  return { ...table, findings };
}

function overlaps(partitions: Partition[]): Finding[] {
  const sorted = partitions.filter(({ container }) => !container).sort((a, b) => a.offset - b.offset);
  const findings: Finding[] = [];
  let furthest: Partition | undefined;
  for (const partition of sorted) {
    if (furthest !== undefined && partition.offset < furthest.offset + furthest.length)
      findings.push({
        severity: 'blocker',
        code: 'PARTITIONS_OVERLAP',
        message: `Partitions ${furthest.number} and ${partition.number} claim the same part of the disk.`,
        next: 'Correct the partition table on a copy of the disk; changing one of them would damage the other.',
      });
    if (furthest === undefined || partition.offset + partition.length > furthest.offset + furthest.length)
      furthest = partition;
  }
  return findings.slice(0, 8);
}
