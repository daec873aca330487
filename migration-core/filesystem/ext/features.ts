/** What the feature words allow: reading at all, and writing. */
import { readBytes } from '../../block/source.ts';
import type { BlockSource } from '../../block/source.ts';
import { IronliftError } from '../../base/errors.ts';
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { damaged, unsupportedFeature } from './errors.ts';
import { COMPAT, INCOMPAT, KNOWN_INCOMPAT, RO_COMPAT, SB, STATE, WRITABLE_RO_COMPAT } from './layout.ts';
import { hasCompat, hasIncompat, hasRoCompat, type Superblock } from './superblock.ts';

const INCOMPAT_NAMES: Record<number, string> = {
  [INCOMPAT.compression]: 'compression',
  [INCOMPAT.journalDevice]: 'journal_dev',
  [INCOMPAT.dirdata]: 'dirdata',
};

function namesOf(bits: number, names: Record<number, string>): string[] {
  const result: string[] = [];
  for (let i = 0; i < 32; i++) {
    const bit = (1 << i) >>> 0;
    if ((bits & bit) !== 0) result.push(names[bit] ?? `0x${bit.toString(16)}`);
  }
  return result;
}

/** @throws EXT_UNSUPPORTED_FEATURE for what would make reading wrong. */
export function refuseUnknownFeatures(sb: Superblock): void {
  const unknown = (sb.view.getUint32(SB.incompat, true) & ~KNOWN_INCOMPAT) >>> 0;
  if (unknown !== 0) throw unsupportedFeature(namesOf(unknown, INCOMPAT_NAMES));
}

const RO_NAMES: Record<number, string> = {
  [RO_COMPAT.hasSnapshot]: 'has_snapshot',
  [RO_COMPAT.replica]: 'replica',
  [RO_COMPAT.readOnly]: 'read-only',
  [RO_COMPAT.sharedBlocks]: 'shared_blocks',
};

/** Why the volume may be read but not written; null where it may. */
export function readOnlyReason(sb: Superblock): string | null {
  const unknown = (sb.view.getUint32(SB.roCompat, true) & ~WRITABLE_RO_COMPAT) >>> 0;
  if (unknown !== 0)
    return `it has features that only allow reading (${namesOf(unknown, RO_NAMES).join(', ')})`;
  if (!hasCompat(sb, COMPAT.hasJournal) && !wasUnmounted(sb))
    return 'it has no journal and was not unmounted cleanly';
  if (hasErrors(sb)) return ERRORS;
  return null;
}

const hasErrors = (sb: Superblock): boolean => (sb.view.getUint16(SB.state, true) & STATE.errors) !== 0;
const ERRORS = "the server's kernel has noted errors in it";

/** Without a journal this bit goes while the volume is mounted, and comes back when it is unmounted. */
const wasUnmounted = (sb: Superblock): boolean => (sb.view.getUint16(SB.state, true) & STATE.valid) !== 0;

/** Why the bitmaps on disk may not say what is in use; null where they do. */
export function doubtfulReason(sb: Superblock): string | null {
  if (hasErrors(sb)) return ERRORS;
  if (!hasCompat(sb, COMPAT.hasJournal) && !wasUnmounted(sb))
    return 'it has no journal and was not unmounted cleanly';
  if (hasRoCompat(sb, RO_COMPAT.hasSnapshot) || hasRoCompat(sb, RO_COMPAT.replica))
    return 'it keeps snapshots';
  return null;
}

/** Multiple-mount protection: a block in which whoever has the volume mounted counts up ("Multi-mount protection"). */
const MMP_MAGIC = 0x004d4d50;
const MMP_CLEAN = 0xff4d4d50;

/** @throws EXT_IN_USE when the volume is mounted or being checked somewhere. */
export async function refuseIfInUse(volume: BlockSource, sb: Superblock): Promise<void> {
  if (!hasIncompat(sb, INCOMPAT.mmp)) return;
  const block = sb.view.getUint32(SB.mmpBlock, true) + sb.view.getUint32(SB.mmpBlock + 4, true) * 2 ** 32;
  if (block <= sb.superblockBlock || block >= sb.blocksCount)
    throw damaged('its mount protection block lies outside');
  const raw = await readBytes(volume, block * sb.blockSize, 1024);
  const view = viewOf(raw);
  if (view.getUint32(0, true) !== MMP_MAGIC) throw damaged('its mount protection block has no signature');
  if (sb.metadataChecksum && view.getUint32(0x3fc, true) !== crc32c(sb.checksumSeed, raw, 0, 0x3fc))
    throw damaged('its mount protection block has a wrong checksum');
  const sequence = view.getUint32(4, true);
  if (sequence === MMP_CLEAN) return;
  throw new IronliftError('EXT_IN_USE', 'The ext file system is mounted or being checked on some machine.', {
    next: 'Unmount it there (after a crash, run e2fsck on it), then start again.',
    data: { sequence },
  });
}
