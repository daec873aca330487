/**
 * The partition table of the PC: four entries in the first sector, and a chain of extended boot records for more.
 *
 *   440 u32 disk signature    446 four entries of 16 bytes    510 55 AA
 *   entry: 0 u8 80 active or 0, 1 CHS first (ignored), 4 u8 type, 5 CHS last (ignored), 8 u32 first sector, 12 u32 sectors
 *
 * An extended boot record (EBR) is laid out the same. Its first entry is a logical partition, counted from this EBR; a
 * second one of an extended type leads to the next EBR, counted from the start of the extended partition.
 */
import { viewOf } from '../base/bytes.ts';
import type { Finding } from '../base/finding.ts';
import { readBytes, type BlockSource } from '../block/source.ts';
import { mbrTypeCode, mbrTypeName } from './partition-types.ts';
import type { Partition } from './volume.ts';

export interface MbrEntry {
  /** 0 to 3. */
  slot: number;
  active: boolean;
  type: number;
  /** Sectors, from the base that the table counts from. */
  first: number;
  count: number;
}

export interface MbrSector {
  signature: number;
  /** Entries in use: a type and a length. */
  entries: MbrEntry[];
  /** False when the bytes of the entries are no partition table's: boot code or a file system's boot sector. */
  plausible: boolean;
}

export const PROTECTIVE_TYPE = 0xee;
const EXTENDED_TYPES = new Set([0x05, 0x0f, 0x85]);
/** Linux names at most 255 partitions on a disk; a longer chain is a damaged one. */
const MAX_LOGICALS = 256;

/** The first 512 bytes of a disk or EBR, or null without the 55 AA. */
export function readMbrSector(sector: Uint8Array): MbrSector | null {
  if (sector.length < 512 || sector[510] !== 0x55 || sector[511] !== 0xaa) return null;
  const view = viewOf(sector);
  const entries: MbrEntry[] = [];
  let plausible = true;
  for (let slot = 0; slot < 4; slot++) {
    const at = 446 + slot * 16;
    const state = view.getUint8(at);
    const type = view.getUint8(at + 4);
    const count = view.getUint32(at + 12, true);
    if ((state & 0x7f) !== 0) plausible = false;
    if (type === 0 || count === 0) continue;
    entries.push({ slot, active: state === 0x80, type, first: view.getUint32(at + 8, true), count });
  }
  return { signature: view.getUint32(440, true), entries, plausible };
}

/** Whether the entries can be meant: none begins at sector 0, where the table itself is. */
export function isPartitionTable(mbr: MbrSector): boolean {
  return mbr.plausible && mbr.entries.length > 0 && mbr.entries.every((entry) => entry.first > 0);
}

export const diskSignature = (mbr: MbrSector): string => mbr.signature.toString(16).padStart(8, '0');

/** All partitions of a disk, primary ones first, in the order and with the numbers of Linux. */
export async function readMbrPartitions(
  disk: BlockSource,
  mbr: MbrSector,
  sectorSize: number,
): Promise<{ partitions: Partition[]; findings: Finding[] }> {
  const partitions = mbr.entries.map((entry) => partition(mbr, entry, entry.slot + 1, 0, sectorSize));
  const findings: Finding[] = [];
  let number = 5;
  const visited = new Set<number>();
  for (const extended of mbr.entries) {
    if (!EXTENDED_TYPES.has(extended.type)) continue;
    let ebr = extended.first;
    for (;;) {
      const trouble = visited.has(ebr)
        ? 'leads back to itself'
        : visited.size >= MAX_LOGICALS
          ? `has more than ${MAX_LOGICALS} links`
          : (ebr + 1) * sectorSize > disk.size
            ? 'leaves the disk'
            : null;
      if (trouble !== null) {
        findings.push(brokenChain(ebr * sectorSize, trouble));
        break;
      }
      visited.add(ebr);
      const bytes = await readBytes(disk, ebr * sectorSize, 512);
      const table = readMbrSector(bytes);
      if (table === null) {
        // A new extended partition without logical ones may hold no record yet.
        if (ebr !== extended.first || bytes.some((byte) => byte !== 0))
          findings.push(brokenChain(ebr * sectorSize, 'reaches a sector that is no partition table'));
        break;
      }
      for (const entry of table.entries) {
        if (EXTENDED_TYPES.has(entry.type)) continue;
        // The last two entries are used by nobody; some old tools left rubbish there (Linux distrusts them as well).
        const from = ebr + entry.first;
        if (entry.slot >= 2 && (entry.first + entry.count > extended.count || from < extended.first))
          continue;
        partitions.push(partition(mbr, entry, number++, ebr, sectorSize));
      }
      const next = table.entries.find((entry) => EXTENDED_TYPES.has(entry.type));
      if (next === undefined) break;
      ebr = extended.first + next.first;
    }
  }
  return { partitions, findings };
}

function partition(
  mbr: MbrSector,
  entry: MbrEntry,
  number: number,
  base: number,
  sectorSize: number,
): Partition {
  return {
    number,
    offset: (base + entry.first) * sectorSize,
    length: entry.count * sectorSize,
    type: mbrTypeCode(entry.type),
    typeName: mbrTypeName(entry.type),
    partUuid: `${diskSignature(mbr)}-${number.toString(16).padStart(2, '0')}`,
    label: '',
    bootable: entry.active,
    container: EXTENDED_TYPES.has(entry.type),
  };
}

function brokenChain(offset: number, trouble: string): Finding {
  return {
    severity: 'warning',
    code: 'EBR_CHAIN_BROKEN',
    message: `The chain of logical partitions ${trouble} at byte ${offset}, so partitions may be missing from the list.`,
    next: 'Compare the list of partitions with what the server itself shows before you rely on it.',
  };
}
