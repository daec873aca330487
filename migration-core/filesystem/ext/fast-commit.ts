/**
 * Fast commits (kernel documentation, "Fast Commits"): small changes since the last whole transaction, kept at the end of
 * the journal as tags (type u16, length u16, little-endian). They are not replayed here; a volume that has any is refused.
 */
import { viewOf } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';
import { readBytes } from '../../block/source.ts';
import type { Journal } from './journal-file.ts';
import { fastCommitBlocks } from './journal-reader.ts';
import type { ExtVolume } from './volume.ts';

const TAG_HEAD = 0x0009;
const HEAD = { tag: 0, transaction: 8 } as const;

/** `sequence`: the transaction that would come next; fast commits of any other are leftovers. @throws EXT_JOURNAL_UNSUPPORTED */
export async function checkFastCommits(volume: ExtVolume, journal: Journal, sequence: number): Promise<void> {
  const count = fastCommitBlocks(journal);
  if (count === 0 || count >= journal.length) return;
  // The first of these blocks is never used.
  const logical = journal.length - count + 1;
  const run = journal.runs.find((one) => logical >= one.logical && logical < one.logical + one.length);
  if (run === undefined) return;
  const place = (run.physical + logical - run.logical) * volume.sb.blockSize;
  const view = viewOf(await readBytes(volume.blocks, place, 16));
  if (view.getUint16(HEAD.tag, true) !== TAG_HEAD || view.getUint32(HEAD.transaction, true) !== sequence)
    return;
  throw new IronliftError(
    'EXT_JOURNAL_UNSUPPORTED',
    'The ext file system was not unmounted cleanly, and its journal holds fast commits, which cannot be replayed here.',
    { next: 'Unmount it on the server (or run e2fsck on it there), then start again.' },
  );
}
