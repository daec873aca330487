/**
 * What a GPT of which one copy is good needs so that firmware, guests and `sgdisk -v` find nothing wrong: the other copy,
 * a backup at the very end of the disk, a protective MBR. All of it is bytes for the overlay; the source stays as it is.
 */
import type { Finding } from '../base/finding.ts';
import { readBytes, type BlockSource } from '../block/source.ts';
import type { GptProbe } from './gpt.ts';
import { headerSector, type GptCopy } from './gpt-header.ts';
import { PROTECTIVE_TYPE, type MbrSector } from './mbr.ts';
import type { Partition, TableRepair } from './volume.ts';

export async function repairGpt(
  disk: BlockSource,
  { sectorSize, primary, backup, backupAt, lastLba }: GptProbe,
  good: GptCopy,
  partitions: Partition[],
  mbr: MbrSector | null,
  hybrid: boolean,
): Promise<{ repairs: TableRepair[]; findings: Finding[] }> {
  const repairs: TableRepair[] = [];
  const findings: Finding[] = [];
  const found = (code: string, message: string): string => {
    findings.push({
      severity: 'warning',
      code,
      message,
      next: 'It is mended in the virtual disk; the source stays as it is.',
    });
    return message;
  };

  const moved = backupAt !== lastLba || (primary.copy !== null && primary.copy.header.other !== lastLba);
  const backupStale = backup.copy !== null && !sameTable(good, backup.copy);
  if (primary.copy === null || backup.copy === null || moved || backupStale) {
    const layout = planLayout(good, partitions, lastLba, sectorSize);
    if (layout === null) {
      findings.push({
        severity: 'warning',
        code: 'GPT_NO_ROOM_FOR_COPY',
        message:
          'One copy of the partition table is missing and partitions are in the way of writing it anew.',
        next: 'The disk works with the other copy; firmware and guests may warn of it.',
      });
    } else {
      const { primaryEntries, backupEntries, lastUsable } = layout;
      const why =
        primary.copy === null
          ? found(
              'GPT_PRIMARY_REPAIRED',
              `The partition table at the start of the disk is damaged (${primary.problem}); it is made anew from the backup at the end.`,
            )
          : moved
            ? found(
                'GPT_BACKUP_MOVED',
                'The partition table expects its backup elsewhere than at the end of the disk; the backup is written to the end.',
              )
            : backup.copy === null
              ? found(
                  'GPT_BACKUP_REPAIRED',
                  `The backup of the partition table at the end of the disk is damaged (${backup.problem}); it is made anew.`,
                )
              : found(
                  'GPT_BACKUP_REPAIRED',
                  'The backup of the partition table differs from the table in use; it is written anew.',
                );
      if (primary.copy === null || moved) {
        const place = { own: 1, other: lastLba, entriesAt: primaryEntries, lastUsable };
        repairs.push({ offset: sectorSize, bytes: headerSector(good, place, sectorSize), why });
      }
      if (primary.copy === null)
        repairs.push({ offset: primaryEntries * sectorSize, bytes: good.entries, why });
      if (backup.copy === null || moved || backupStale) {
        const place = { own: lastLba, other: 1, entriesAt: backupEntries, lastUsable };
        repairs.push({ offset: backupEntries * sectorSize, bytes: good.entries, why });
        repairs.push({ offset: lastLba * sectorSize, bytes: headerSector(good, place, sectorSize), why });
      }
    }
  }

  const protective = mbr?.entries.find((entry) => entry.type === PROTECTIVE_TYPE);
  if (protective === undefined) {
    const why = found(
      'GPT_PROTECTIVE_MBR_REPAIRED',
      'The protective MBR is missing, without which firmware and guests do not look for the GPT.',
    );
    repairs.push(await protectiveMbr(disk, lastLba, why));
  } else if (moved && !hybrid) {
    repairs.push(await protectiveMbr(disk, lastLba, 'The protective MBR names the size of another disk.'));
  }
  return { repairs, findings };
}

/** Where both sets of entries go, in LBAs; null where a partition is in the way. */
function planLayout(
  good: GptCopy,
  partitions: Partition[],
  lastLba: number,
  sectorSize: number,
): { primaryEntries: number; backupEntries: number; lastUsable: number } | null {
  const { header } = good;
  const sectors = Math.ceil(good.entries.length / sectorSize);
  const isPrimary = header.own === 1;
  // The primary may keep its entries further back than sector 2 (sgdisk -j).
  const primaryEntries = isPrimary ? header.entriesAt : 2;
  const backupEntries = lastLba - sectors;
  const firstTaken = Math.min(header.firstUsable, ...partitions.map(({ offset }) => offset / sectorSize));
  const lastTaken = Math.max(
    header.firstUsable,
    ...partitions.map(({ offset, length }) => (offset + length) / sectorSize - 1),
  );
  if (primaryEntries + sectors > firstTaken || backupEntries <= lastTaken) return null;
  // Where the end of the disk is the one the table was made for, the usable area stays: some makers leave more room.
  const intendedEnd = isPrimary ? header.other : header.own;
  const keeps = intendedEnd === lastLba && header.lastUsable < backupEntries;
  return { primaryEntries, backupEntries, lastUsable: keeps ? header.lastUsable : backupEntries - 1 };
}

function sameTable(one: GptCopy, other: GptCopy): boolean {
  return (
    one.header.diskGuid === other.header.diskGuid &&
    one.header.entrySize === other.header.entrySize &&
    Buffer.compare(one.entries, other.entries) === 0
  );
}

/** One entry of type EE over the whole disk; boot code and disk signature before it stay. */
async function protectiveMbr(disk: BlockSource, lastLba: number, why: string): Promise<TableRepair> {
  const bytes = await readBytes(disk, 0, 512);
  const view = new DataView(bytes.buffer);
  bytes.fill(0, 446, 510);
  bytes.set([0x00, 0x00, 0x02, 0x00, PROTECTIVE_TYPE, 0xff, 0xff, 0xff], 446);
  view.setUint32(454, 1, true);
  view.setUint32(458, Math.min(lastLba, 0xffffffff), true);
  bytes.set([0x55, 0xaa], 510);
  return { offset: 0, bytes, why };
}
