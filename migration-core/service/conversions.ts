/**
 * The conversions that were begun: in the engagement where one is open (a report tells of them), otherwise in the
 * program's own folder. What is in their folders is the truth; this only remembers where they are.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import { conversionRecord, type ConversionRecord } from '../convert/conversion-record.ts';
import type { EngagementFile } from '../store/engagement.ts';
import type { Session } from './session.ts';

/** More are not remembered outside an engagement; the oldest go. */
const MOST = 500;
const FILE = 'conversions.json';

/** A document has a name: one for each folder. */
const nameOf = (folder: string): string =>
  createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 32);

export class Conversions {
  readonly #session: Session;
  constructor(session: Session) {
    this.#session = session;
  }

  /** The newest first. */
  list(): ConversionRecord[] {
    const engagement = this.#session.engagementPath() === null ? null : this.#session.engagement();
    const kept =
      engagement === null
        ? this.#own()
        : [
            ...engagement.documents('conversion').flatMap(({ name }) => readOf(engagement, name)),
            // Begun while the engagement could not be written.
            ...this.#own().filter(({ job }) => job !== null && this.#isOfThisRun(job)),
          ];
    const byFolder = new Map(kept.map((record) => [record.folder, record]));
    return [...byFolder.values()].sort((a, b) => b.startedAt - a.startedAt || (a.folder < b.folder ? -1 : 1));
  }

  find(folder: string): ConversionRecord | null {
    return this.list().find((record) => record.folder === resolve(folder)) ?? null;
  }

  /** Keeps it, in place of what was known of the folder. */
  put(record: ConversionRecord): void {
    const engagement = this.#session.engagementPath() === null ? null : this.#session.engagement();
    if (engagement !== null && !engagement.readOnly)
      engagement.putDocument('conversion', nameOf(record.folder), record, null, this.#session.shell.now());
    else this.#putOwn(record);
    this.#session.changed('conversions');
  }

  #isOfThisRun(job: string): boolean {
    return this.#session.jobs.list().some(({ id }) => id === job);
  }

  get #path(): string {
    return join(this.#session.shell.dataFolder, FILE);
  }

  /** A damaged list is as good as none: the folders themselves are untouched. */
  #own(): ConversionRecord[] {
    try {
      const kept = JSON.parse(readFileSync(this.#path, 'utf8')) as unknown;
      return Array.isArray(kept) ? kept.slice(0, MOST).flatMap(read) : [];
    } catch {
      return [];
    }
  }

  #putOwn(record: ConversionRecord): void {
    const others = this.#own().filter(({ folder }) => folder !== record.folder);
    const all = [record, ...others].sort((a, b) => b.startedAt - a.startedAt).slice(0, MOST);
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(all), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      throw new IronliftError('WRITE_FAILED', 'The list of conversions could not be saved.', {
        next: 'See whether the disk with your own files is full; the conversion itself goes on.',
        cause: error,
      });
    }
  }
}

/** One that is damaged does not hide the others. */
function readOf(engagement: EngagementFile, name: string): ConversionRecord[] {
  try {
    return read(engagement.document('conversion', name));
  } catch (error) {
    if (isIronliftError(error, 'ENGAGEMENT_DAMAGED')) return [];
    throw error;
  }
}

function read(value: unknown): ConversionRecord[] {
  const parsed = conversionRecord.safeParse(value);
  return parsed.success ? [parsed.data] : [];
}
