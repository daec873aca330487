/**
 * The journal of a conversion: one JSON line for each step begun and ended and for each checkpoint within one, durable
 * before the next step starts. After a kill at any instant it says how far the job came; resuming and undoing stand on it.
 */
import { open, stat, truncate, type FileHandle } from 'node:fs/promises';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { writeFailed } from '../block/file-errors.ts';

export const JOURNAL_NAME = 'ironlift.journal.jsonl';

/** A checkpoint takes some 300 bytes and comes every 5 seconds: a week of them. Bytes. */
const LARGEST_JOURNAL = 64 << 20;

export interface JournalEntry {
  /** ISO 8601, UTC. */
  at: string;
  step: string;
  state: 'begun' | 'checkpoint' | 'done' | 'failed';
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

  /** Goes on with one that was read: what comes behind its whole lines (`length`, bytes) is cut off. */
  static async reopen(path: string, length: number, now: () => number): Promise<Journal> {
    try {
      await truncate(path, length);
      return new Journal(path, await open(path, 'a'), now);
    } catch (error) {
      throw writeFailed(path, error);
    }
  }

  /** @throws DESTINATION_FULL, WRITE_FAILED */
  async write(step: string, state: JournalEntry['state'], data?: Record<string, unknown>): Promise<void> {
    const entry: JournalEntry = {
      at: new Date(this.#now()).toISOString(),
      step,
      state,
      ...(data === undefined ? {} : { data }),
    };
    try {
      await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
      await this.#file.datasync();
    } catch (error) {
      throw writeFailed(this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

const STATES: ReadonlySet<unknown> = new Set(['begun', 'checkpoint', 'done', 'failed']);

/** Reads a journal; a last line cut short by a kill is left out, and so is what is no entry. */
export function parseJournal(text: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      const entry = JSON.parse(line) as JournalEntry | null;
      if (typeof entry?.step === 'string' && STATES.has(entry.state)) entries.push(entry);
    } catch {
      // Cut short by a kill: what was not written whole did not happen.
    }
  }
  return entries;
}

/** Reads the journal file; null where there is none. `length`: bytes of its whole lines. @throws JOURNAL_DAMAGED */
export async function readJournal(path: string): Promise<{ entries: JournalEntry[]; length: number } | null> {
  let file: FileHandle | null = null;
  try {
    if (!(await stat(path)).isFile()) throw journalDamaged(path, 'it is not a file');
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > LARGEST_JOURNAL) throw journalDamaged(path, `it has ${size} bytes, more than any job writes`);
    const bytes = await file.readFile();
    const length = bytes.lastIndexOf(0x0a) + 1;
    return { entries: parseJournal(bytes.toString('utf8', 0, length)), length };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    if (error instanceof IronliftError) throw error;
    throw journalDamaged(path, `it cannot be read (${systemErrorCode(error) ?? String(error)})`, error);
  } finally {
    await file?.close();
  }
}

export function journalDamaged(path: string, why: string, cause?: unknown): IronliftError {
  return new IronliftError('JOURNAL_DAMAGED', `The journal ${path} does not tell how to go on: ${why}.`, {
    next: 'Convert the server again with --force, which replaces what is there, or into another folder.',
    data: { path },
    cause,
  });
}
