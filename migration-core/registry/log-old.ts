/**
 * Transaction logs of the old format (up to Windows 8 and Server 2012): a copy of the base block, a bitmap of pages of 512
 * bytes ("DIRT"), and those pages of the hive as they should be.
 */
import { roundUp } from '../base/bytes.ts';
import { readBaseBlock, type BaseBlock } from './base-block.ts';
import { MAX_HIVE, PAGE, signatureAt } from './layout.ts';

const SECTOR = 512;
const DIRTY_PAGE = 512;
/** Disks have sectors of 512 bytes to 4 KiB. */
const MAX_CLUSTERING = 8;

export interface DirtyPage {
  /** Relative to the start of the hive bins. */
  offset: number;
  bytes: Uint8Array;
}

export interface OldLog {
  base: BaseBlock;
  /** The first sector as stored. */
  head: Uint8Array;
  pages: DirtyPage[];
}

export const isOldLog = (base: BaseBlock): boolean => base.fileType === 1 || base.fileType === 2;

/** Why the log cannot be used, in words that follow "it", or the log. */
export function readOldLog(bytes: Uint8Array): OldLog | string {
  const base = readBaseBlock(bytes);
  if (base === null || !isOldLog(base)) return 'does not begin as a log does';
  if (!base.checksumRight) return 'has a wrong checksum';
  if (base.primarySequence !== base.secondarySequence) return 'was not written to its end';
  const { clusteringFactor, binsSize } = base;
  if (clusteringFactor < 1 || clusteringFactor > MAX_CLUSTERING)
    return 'names a sector size that no disk has';
  if (binsSize === 0 || binsSize % PAGE !== 0 || binsSize > MAX_HIVE)
    return 'names an impossible size of the hive';
  const sector = SECTOR * clusteringFactor;
  const bitmapBytes = binsSize / DIRTY_PAGE / 8;
  let at = sector + roundUp(4 + bitmapBytes, sector);
  if (bytes.length < at) return 'ends inside its bitmap of pages';
  if (signatureAt(bytes, sector, 4) !== 'DIRT') return 'has no bitmap of pages';
  const pages: DirtyPage[] = [];
  for (let page = 0; page < binsSize / DIRTY_PAGE; page++) {
    if ((bytes[sector + 4 + (page >>> 3)]! & (1 << (page & 7))) === 0) continue;
    if (at + DIRTY_PAGE > bytes.length) return 'ends inside its pages';
    pages.push({ offset: page * DIRTY_PAGE, bytes: bytes.subarray(at, at + DIRTY_PAGE) });
    at += DIRTY_PAGE;
  }
  return { base, head: bytes.subarray(0, SECTOR), pages };
}
