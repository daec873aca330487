/** What FAT says of itself as a whole: free clusters (a hint, FAT32 only) and whether it was unmounted cleanly. */
import { viewOf } from '../../base/bytes.ts';
import type { Finding } from '../../base/finding.ts';
import { readBytes } from '../../block/source.ts';
import type { FatVolume } from './volume.ts';

const LEAD = 0x41615252;
const STRUCTURE = 0x61417272;
const UNKNOWN = 0xffffffff;

/**
 * FSInfo sector: 0 u32 and 1E4 u32 signatures, 1E8 u32 free clusters, 1EC u32 where to look for the next one.
 * The reserved sectors of FAT32 alone have it.
 */
export async function writeFsInfo({ blocks, geometry, table }: FatVolume): Promise<void> {
  if (geometry.fsInfoOffset === null) return;
  const sector = await readBytes(blocks, geometry.fsInfoOffset, 512);
  const view = viewOf(sector);
  if (view.getUint32(0, true) !== LEAD || view.getUint32(0x1e4, true) !== STRUCTURE) return;
  view.setUint32(0x1e8, table.freeCount, true);
  view.setUint32(0x1ec, table.isCluster(table.nextFree) ? table.nextFree : UNKNOWN, true);
  await blocks.write(sector, geometry.fsInfoOffset);
}

/** Upper bits of entry 1 of the table, cleared while the volume is in use and after errors of the disk. */
const STATE_BITS = { 16: { clean: 0x8000, sound: 0x4000 }, 32: { clean: 0x08000000, sound: 0x04000000 } };

/**
 * Marks of a volume in use are left as they are: the guest checks it at its next start, which does no harm. Linux sets bit 0
 * of a byte in the boot sector while it is mounted, Windows clears a bit in the table.
 */
export async function dirtyFindings({ blocks, geometry, table }: FatVolume): Promise<Finding[]> {
  const findings: Finding[] = [];
  const state = await readBytes(blocks, geometry.stateOffset, 1);
  const entry = await table.stateEntry();
  const bits = geometry.bits === 12 ? null : STATE_BITS[geometry.bits];
  if ((state[0]! & 1) !== 0 || (bits !== null && (entry & bits.clean) === 0))
    findings.push({
      severity: 'info',
      code: 'FAT_IN_USE',
      message: 'The FAT volume was in use when it was copied, or was not unmounted cleanly.',
      next: 'The guest checks it when it starts.',
    });
  if ((state[0]! & 2) !== 0 || (bits !== null && (entry & bits.sound) === 0))
    findings.push({
      severity: 'warning',
      code: 'FAT_DISK_ERRORS',
      message: 'The guest has marked the FAT volume because of read or write errors of its disk.',
      next: 'Check the disk of the server, and that the files of this volume can be read.',
    });
  return findings;
}
