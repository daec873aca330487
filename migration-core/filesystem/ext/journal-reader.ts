/** Blocks of the journal by their number in it, read a megabyte ahead: the log is walked in order. */
import { JOURNAL_INCOMPAT, JSB } from './journal-layout.ts';
import { journalIncompat, type Journal } from './journal-file.ts';
import type { Run } from './run.ts';
import type { ExtVolume } from './volume.ts';

const READ_AHEAD = 1 << 20;

export class JournalReader {
  /** First block of the log. */
  readonly first: number;
  /** First block after the log: where it wraps. */
  readonly end: number;
  readonly #volume: ExtVolume;
  readonly #runs: readonly Run[];
  #buffer = new Uint8Array(0);
  #bufferStart = 0;

  constructor(volume: ExtVolume, journal: Journal) {
    this.#volume = volume;
    this.#runs = journal.runs;
    this.first = journal.view.getUint32(JSB.first);
    this.end = journal.length - fastCommitBlocks(journal);
  }

  /** The block's bytes, good until the next call. */
  async read(block: number): Promise<Uint8Array<ArrayBuffer>> {
    const { blockSize } = this.#volume.sb;
    const at = block - this.#bufferStart;
    if (at < 0 || (at + 1) * blockSize > this.#buffer.length) await this.#fill(block);
    const from = (block - this.#bufferStart) * blockSize;
    return this.#buffer.subarray(from, from + blockSize);
  }

  async #fill(block: number): Promise<void> {
    const { blockSize } = this.#volume.sb;
    const run = this.#runs.find((one) => block >= one.logical && block < one.logical + one.length);
    if (run === undefined) throw new RangeError(`journal block ${block}`);
    const count = Math.min(run.logical + run.length - block, Math.max(1, READ_AHEAD / blockSize));
    this.#buffer = new Uint8Array(count * blockSize);
    this.#bufferStart = block;
    await this.#volume.blocks.read(this.#buffer, (run.physical + block - run.logical) * blockSize);
  }
}

/** Blocks at the end of the journal set aside for fast commits; the feature's default is 256. */
export function fastCommitBlocks(journal: Journal): number {
  if ((journalIncompat(journal) & JOURNAL_INCOMPAT.fastCommit) === 0) return 0;
  const stored = journal.view.getUint32(JSB.fastCommitBlocks);
  return stored === 0 ? 256 : stored;
}
