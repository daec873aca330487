/**
 * Checkpoints of one disk while it is copied: at a distance of data or time, what was written is made durable while the
 * copy goes on, then the log, then the journal says how far it is. What a checkpoint tells is on the medium before it is
 * told; what came after the last one is copied again.
 */
import type { CopiedBlock, CopiedSoFar } from '../block/copied.ts';
import type { ExtentList } from '../base/extents.ts';
import type { ImageWriter } from '../image/image.ts';
import { encodeRecord, type CopyLogFile } from './copy-log.ts';
import type { Journal } from './journal.ts';
import { MOST_BAD_SECTORS } from './job-record.ts';

/** How far apart checkpoints are, whichever comes first. */
export interface CheckpointDistance {
  /** Bytes of data that were written. */
  bytes: number;
  milliseconds: number;
}

/**
 * What has to be copied again at most. Each one waits for the medium in the background; for what that costs see
 * "Checkpoints" in test/bench/README.md.
 */
export const CHECKPOINT_DISTANCE: CheckpointDistance = { bytes: 256 << 20, milliseconds: 5000 };

export interface CheckpointsOptions {
  /** The step in the journal. */
  step: string;
  journal: Journal;
  log: CopyLogFile;
  writer: ImageWriter;
  /** RetrySource.badSectors, and those met before an interruption. */
  badSectors: () => ExtentList;
  now: () => number;
  distance: CheckpointDistance;
  /** Where the copy goes on. */
  from: Omit<CopiedSoFar, 'blocks'>;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #so: Omit<CopiedSoFar, 'blocks'>;
  #records: Buffer[] = [];
  /** Bytes and time of the last one. */
  #last: { dataBytes: number; time: number };
  #underWay: Promise<void> | null = null;
  #failure: { error: unknown } | null = null;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#so = { ...options.from };
    this.#last = { dataBytes: options.from.dataBytes, time: options.now() };
  }

  /** Hears of a block (CopyOptions.onCopied). @throws what made the last checkpoint fail */
  readonly add = (block: CopiedBlock): void => {
    if (this.#failure !== null) throw this.#failure.error;
    if (block.places.length > 0) this.#records.push(encodeRecord(block));
    const { dataBytes, zeroBytes } = this.#so;
    this.#so = {
      next: block.offset + block.length,
      dataBytes: dataBytes + block.dataBytes,
      zeroBytes: zeroBytes + block.zeroBytes,
    };
    if (this.#underWay !== null) return;
    const { distance, now } = this.#options;
    const isFar = this.#so.dataBytes - this.#last.dataBytes >= distance.bytes;
    if (isFar || now() - this.#last.time >= distance.milliseconds) this.#start();
  };

  /** One more, of all so far; returns when it is durable. @throws as `add` */
  async write(): Promise<void> {
    await this.settle();
    if (this.#failure === null) {
      this.#start();
      await this.settle();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Waits until nothing is under way. */
  async settle(): Promise<void> {
    await this.#underWay;
  }

  #start(): void {
    const records = Buffer.concat(this.#records);
    this.#records = [];
    this.#last = { dataBytes: this.#so.dataBytes, time: this.#options.now() };
    this.#underWay = this.#checkpoint(records, this.#so)
      .catch((error: unknown) => void (this.#failure = { error }))
      .finally(() => void (this.#underWay = null));
  }

  async #checkpoint(records: Buffer, so: Omit<CopiedSoFar, 'blocks'>): Promise<void> {
    const { journal, step, log, writer } = this.#options;
    const badSectors = [...this.#options.badSectors()];
    await writer.flush!();
    const held = await log.append(records);
    // The list would make every line of the journal long; the last checkpoint before stays good.
    if (badSectors.length > MOST_BAD_SECTORS) return;
    await journal.write(step, 'checkpoint', { ...so, ...held, badSectors });
  }
}
