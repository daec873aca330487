/**
 * The journal of a conversion: one JSON line for each step begun and ended, durable before the next step starts. After
 * a kill at any instant it says how far the job came; resuming and undoing stand on it.
 */
import { open, type FileHandle } from 'node:fs/promises';

export const JOURNAL_NAME = 'ironlift.journal.jsonl';

export interface JournalEntry {
  /** ISO 8601, UTC. */
  at: string;
  step: string;
  state: 'begun' | 'done' | 'failed';
  /** Facts that resuming needs: source fingerprint, file names, digests. */
  data?: Record<string, unknown>;
}

export class Journal {
  readonly #file: FileHandle;
  readonly #now: () => number;
  readonly path: string;

  private constructor(path: string, file: FileHandle, now: () => number) {
    this.path = path;
    this.#file = file;
    this.#now = now;
  }

  /** Starts a new journal; the file must not exist. */
  static async create(path: string, now: () => number): Promise<Journal> {
    return new Journal(path, await open(path, 'wx', 0o644), now);
  }

  async write(step: string, state: JournalEntry['state'], data?: Record<string, unknown>): Promise<void> {
    const entry: JournalEntry = {
      at: new Date(this.#now()).toISOString(),
      step,
      state,
      ...(data === undefined ? {} : { data }),
    };
    await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Reads a journal; a last line cut short by a kill is left out. */
export function parseJournal(text: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      const entry = JSON.parse(line) as JournalEntry;
      if (typeof entry.step === 'string' && typeof entry.state === 'string') entries.push(entry);
    } catch {
      // Cut short by a kill: what was not written whole did not happen.
    }
  }
  return entries;
}
