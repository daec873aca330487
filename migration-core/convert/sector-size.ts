/** Sectors of the server's disks beside those of the disks that are written for it. */
import type { Finding } from '../base/finding.ts';
import type { PartitionTable } from '../volume/volume.ts';

/** Bytes. What every writer and platform here gives a virtual disk. */
const VIRTUAL_SECTOR = 512;

/** The code of what stands in the way of a machine that starts, not of a copy. */
export const SECTOR_SIZE = 'SECTOR_SIZE_UNUSUAL';

/**
 * A partition table counts sectors and not bytes (UEFI 5.3.1), so on a disk with other sectors the firmware looks for
 * every partition in the wrong place. Null where the table counts as the virtual disk does, whatever the disk of the
 * server had, and where there is none.
 */
export function sectorSizeFinding(
  name: string,
  { sectorSize }: Pick<PartitionTable, 'sectorSize'>,
): Finding | null {
  if (sectorSize === undefined || sectorSize === VIRTUAL_SECTOR) return null;
  return {
    severity: 'blocker',
    code: SECTOR_SIZE,
    message: `${name}: The disk has sectors of ${sectorSize} bytes and virtual disks have ${VIRTUAL_SECTOR}, so the virtual machine would not find its partitions.`,
    next: 'Restore a backup of the server onto a disk with sectors of 512 bytes and convert that; --no-fix copies the disk as it is, for a platform that you set to such sectors yourself.',
  };
}
