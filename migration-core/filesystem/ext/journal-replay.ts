/**
 * Replaying the journal as the kernel does when it mounts (jbd2 recovery): find the last whole transaction, gather what
 * was revoked, then write the blocks of all whole transactions to their places, oldest first.
 *
 *   descriptor block  header, then tags: which block of the volume each following block of the journal is
 *   revoke block      header, byte count u32, then numbers of blocks whose earlier copies must not be written
 *   commit block      header; the transaction counts only when this is here and fits
 */
import { IronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { throwIfCancelled } from '../../base/cancel.ts';
import { viewOf } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { superblockChecksum } from './checksum.ts';
import { checkFastCommits } from './fast-commit.ts';
import {
  blockFits,
  commitFits,
  readTags,
  tagFits,
  type JournalFormat,
  type Tag,
  TransactionSum,
} from './journal-blocks.ts';
import {
  isChecksummed,
  journalIncompat,
  journalSuperblockChecksum,
  openJournal,
  type Journal,
} from './journal-file.ts';
import {
  BLOCK_TYPE,
  JOURNAL_COMPAT_CHECKSUM,
  JOURNAL_INCOMPAT,
  JOURNAL_MAGIC,
  JSB,
} from './journal-layout.ts';
import { JournalReader } from './journal-reader.ts';
import { INCOMPAT, SB, STATE, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE } from './layout.ts';
import { findSuperblock } from './superblock.ts';
import type { ExtVolume } from './volume.ts';

/** Writes the journal's transactions into the volume and marks both clean. @throws EXT_JOURNAL_UNSUPPORTED, EXT_DAMAGED */
export async function replayJournal(volume: ExtVolume, signal?: AbortSignal): Promise<Finding> {
  const journal = await openJournal(volume);
  if (journal === null) {
    throw new IronliftError(
      'EXT_JOURNAL_UNSUPPORTED',
      'The ext file system was not unmounted cleanly, and its journal is on another device.',
      { next: 'Unmount it on the server (or run e2fsck on it there), then start again.' },
    );
  }
  const start = journal.view.getUint32(JSB.start);
  const errno = journal.view.getInt32(JSB.errno);
  let blocks = 0;
  let lastSequence = journal.view.getUint32(JSB.sequence);
  if (start !== 0) {
    const format = formatOf(journal);
    const replay: Replay = { volume, journal, format, reader: new JournalReader(volume, journal), signal };
    const scan = await walk(replay, start, Infinity, {});
    await checkFastCommits(volume, journal, scan.end);
    const revoked = new Map<number, number>();
    await walk(replay, start, scan.end, {
      onRevoke: (block, sequence) => revoked.set(block, sequence),
    });
    await walk(replay, start, scan.end, {
      onBlock: async (tag, bytes, sequence) => {
        const gone = revoked.get(tag.block);
        if (gone !== undefined && !isBefore(gone, sequence)) return;
        await writeBack(volume, tag, bytes);
        blocks++;
      },
    });
    lastSequence = scan.end;
  }
  await markClean(volume, journal, lastSequence, errno);
  return {
    severity: 'info',
    code: 'EXT_JOURNAL_REPLAYED',
    message:
      blocks === 0
        ? 'The ext file system was not unmounted cleanly; its journal held nothing to be written back.'
        : `The ext file system was not unmounted cleanly; ${blocks} blocks of its journal were written back into the copy.`,
  };
}

interface Replay {
  volume: ExtVolume;
  journal: Journal;
  format: JournalFormat;
  reader: JournalReader;
  signal: AbortSignal | undefined;
}

interface Pass {
  onBlock?: (tag: Tag, bytes: Uint8Array, sequence: number) => Promise<void>;
  onRevoke?: (block: number, sequence: number) => void;
}

/** Sequence numbers wrap: a is before b. */
const isBefore = (a: number, b: number): boolean => ((a - b) | 0) < 0;

function formatOf(journal: Journal): JournalFormat {
  const incompat = journalIncompat(journal);
  const v3 = (incompat & JOURNAL_INCOMPAT.checksumV3) !== 0;
  const v2 = (incompat & JOURNAL_INCOMPAT.checksumV2) !== 0;
  const compat =
    journal.view.getUint32(JSB.type) === BLOCK_TYPE.superblockV1 ? 0 : journal.view.getUint32(JSB.compat);
  return {
    checksum: v3 ? 'v3' : v2 ? 'v2' : (compat & JOURNAL_COMPAT_CHECKSUM) !== 0 ? 'v1' : 'none',
    bits64: (incompat & JOURNAL_INCOMPAT.bits64) !== 0,
    seed: crc32c(0xffffffff, journal.raw, JSB.uuid, JSB.uuid + 16),
  };
}

/**
 * Walks the log from block `start`, transaction by transaction, up to (not including) sequence `until` or the first one
 * that is not whole. Returns the sequence after the last whole one.
 */
async function walk(replay: Replay, start: number, until: number, pass: Pass): Promise<{ end: number }> {
  const { journal, format, reader } = replay;
  let sequence = journal.view.getUint32(JSB.sequence);
  let at = start;
  // Every turn takes at least one block of the log, and the log is not longer than the journal.
  let left = journal.length;
  const sum = new TransactionSum();
  const advance = (): void => {
    at = at + 1 >= reader.end ? reader.first : at + 1;
    left--;
  };
  const demand = (what: string): Error =>
    new IronliftError('EXT_DAMAGED', `The ext file system is damaged: its journal ${what}.`, {
      next: 'Run e2fsck on the volume (from rescue media), then start again.',
    });
  while (left > 0 && sequence !== until) {
    throwIfCancelled(replay.signal);
    const block = await reader.read(at);
    const view = viewOf(block);
    if (view.getUint32(0) !== JOURNAL_MAGIC || view.getUint32(8) !== sequence) break;
    const type = view.getUint32(4);
    advance();
    if (type === BLOCK_TYPE.descriptor) {
      if (!blockFits(format, block)) {
        // A descriptor that does not fit ends the log while it is being scanned: the transaction was not finished.
        if (until === Infinity) break;
        throw demand('has a damaged descriptor');
      }
      const copy = block.slice();
      sum.add(copy);
      for (const tag of readTags(format, copy)) {
        if (left <= 0) break;
        const wanted = pass.onBlock !== undefined || format.checksum === 'v1';
        if (wanted) {
          const bytes = await reader.read(at);
          sum.add(bytes);
          if (pass.onBlock !== undefined) {
            if (!tagFits(format, tag, bytes, sequence)) throw demand('has a block with a wrong checksum');
            await pass.onBlock(tag, bytes, sequence);
          }
        }
        advance();
      }
    } else if (type === BLOCK_TYPE.commit) {
      if (!commitFits(format, block, sum)) break;
      sum.reset();
      sequence = (sequence + 1) >>> 0;
    } else if (type === BLOCK_TYPE.revoke) {
      if (pass.onRevoke !== undefined && blockFits(format, block))
        readRevoked(format, block, sequence, pass.onRevoke);
    } else {
      break;
    }
  }
  return { end: sequence };
}

function readRevoked(
  format: JournalFormat,
  block: Uint8Array,
  sequence: number,
  onRevoke: (block: number, sequence: number) => void,
): void {
  const view = viewOf(block);
  const size = format.bits64 ? 8 : 4;
  const room = block.length - (format.checksum === 'v2' || format.checksum === 'v3' ? 4 : 0);
  const end = Math.min(view.getUint32(12), room);
  for (let at = 16; at + size <= end; at += size)
    onRevoke(
      size === 8 ? view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4) : view.getUint32(at),
      sequence,
    );
}

async function writeBack(volume: ExtVolume, tag: Tag, bytes: Uint8Array): Promise<void> {
  const { sb } = volume;
  if (tag.block >= sb.blocksCount) {
    throw new IronliftError(
      'EXT_DAMAGED',
      `The ext file system is damaged: its journal holds block ${tag.block} of ${sb.blocksCount}.`,
      {
        next: 'Run e2fsck on the volume (from rescue media), then start again.',
      },
    );
  }
  const copy = bytes.slice();
  if (tag.escaped) viewOf(copy).setUint32(0, JOURNAL_MAGIC);
  await volume.blocks.write(copy, tag.block * sb.blockSize);
}

async function markClean(
  volume: ExtVolume,
  journal: Journal,
  sequence: number,
  errno: number,
): Promise<void> {
  journal.view.setUint32(JSB.sequence, (sequence + 1) >>> 0);
  journal.view.setUint32(JSB.start, 0);
  if (isChecksummed(journal)) journal.view.setUint32(JSB.checksum, journalSuperblockChecksum(journal.raw));
  await volume.blocks.write(journal.raw, journal.runs[0]!.physical * volume.sb.blockSize);

  const { sb } = await findSuperblock(volume.blocks);
  sb.view.setUint32(SB.incompat, sb.view.getUint32(SB.incompat, true) & ~INCOMPAT.recover, true);
  if (errno !== 0) sb.view.setUint16(SB.state, sb.view.getUint16(SB.state, true) | STATE.errors, true);
  if (sb.metadataChecksum) sb.view.setUint32(SB.checksum, superblockChecksum(sb.raw), true);
  await volume.blocks.write(sb.raw.subarray(0, SUPERBLOCK_SIZE), SUPERBLOCK_OFFSET);
}
