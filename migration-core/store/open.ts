/** Making and opening engagement files. */
import './node-version.ts';
import Database from 'better-sqlite3';
import { existsSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { checkWhole, notAnEngagement, versionOf, wasLeftOpen, WHOLE_CHECK_LIMIT } from './check.ts';
import { connect, connectForWriting, connectUnchanging, disconnect } from './connection.ts';
import type { EngagementFile } from './engagement.ts';
import { SqliteEngagement } from './file.ts';
import { lockPath, takeLock, type Lock } from './lock.ts';
import { backUp, migrate, syncFolder } from './migrate.ts';
import type { Migration } from './migrations/migration.ts';
import { migrations as allMigrations } from './migrations/table.ts';
import { explain, readOnlyError } from './sqlite-errors.ts';

export interface CreateOptions {
  /** What the consultant calls it: the customer, the site. */
  name: string;
  /** Milliseconds since 1970: what "now" is. */
  now: () => number;
  /** Of the site, minutes east of UTC; 0 unless given. */
  utcOffsetMinutes?: number | undefined;
  /** For tests: versions that there are not yet. */
  migrations?: readonly Migration[] | undefined;
}

export interface OpenOptions {
  /** Reads only, even where writing is possible. */
  readOnly?: boolean | undefined;
  now: () => number;
  migrations?: readonly Migration[] | undefined;
}

/** Bytes. Chunks of 0.5 to 3 KB leave a third of a page of 4096 unused, and a tenth of this one. */
const PAGE_SIZE = 8192;

/** The hours of the world's clocks: from 12 west to 14 east. */
const MAX_OFFSET = 14 * 60;

/**
 * Makes a new, empty engagement file and opens it for writing. It appears under its name when it is whole.
 * @throws DESTINATION_EXISTS, ENGAGEMENT_READ_ONLY (another program is making it), ENGAGEMENT_FULL, WRITE_FAILED
 */
export function createEngagement(path: string, options: CreateOptions): EngagementFile {
  const { name, now, utcOffsetMinutes = 0, migrations = allMigrations } = options;
  if (!Number.isInteger(utcOffsetMinutes) || Math.abs(utcOffsetMinutes) > MAX_OFFSET)
    throw new IronliftError('USAGE', `No place on earth is ${utcOffsetMinutes} minutes from UTC.`, {
      next: 'Give the minutes east of UTC, between -840 and 840.',
    });
  const whole = resolve(path);
  const partial = `${whole}.partial`;
  refuseExisting(whole);
  if (!existsSync(dirname(whole))) throw folderMissing(whole);
  // Else two that make it at once take each other's half, and the one that is renamed last wins.
  const lock = takeLock(whole);
  if (lock === null && existsSync(lockPath(whole))) throw readOnlyError(whole);
  try {
    refuseExisting(whole);
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(partial + end, { force: true });
    const database = new Database(partial);
    try {
      database.pragma(`page_size = ${PAGE_SIZE}`);
      database.pragma('synchronous = EXTRA');
      migrate(database, 0, migrations, now());
      database
        .prepare('INSERT INTO engagement (id, name, created_at, utc_offset_minutes) VALUES (1, ?, ?, ?)')
        .run(name, now(), utcOffsetMinutes);
    } finally {
      database.close();
    }
    refuseExisting(whole);
    renameSync(partial, whole);
    syncFolder(dirname(whole));
  } catch (error) {
    for (const end of ['', '-journal']) rmSync(partial + end, { force: true });
    lock?.release();
    throw explain(error, whole);
  }
  if (lock === null) return openEngagement(whole, { now, migrations });
  try {
    return openForWriting(realpathSync(whole), lock, { now, migrations });
  } catch (error) {
    throw explain(error, whole);
  }
}

function refuseExisting(path: string): void {
  if (existsSync(path))
    throw new IronliftError('DESTINATION_EXISTS', `${basename(path)} is there already.`, {
      next: 'Choose another name, or open the file that is there.',
      data: { path },
    });
}

const folderMissing = (path: string): IronliftError =>
  new IronliftError('WRITE_FAILED', `The folder ${dirname(path)} does not exist.`, {
    next: 'Make the folder first, or choose another one.',
    data: { path },
  });

/**
 * Opens an engagement file: for writing, unless another program has it open, or the medium allows no writing, or
 * `readOnly` is given. A file of an older version is brought to the newest; a copy is made beside it before.
 * @throws ENGAGEMENT_NOT_FOUND, NOT_AN_ENGAGEMENT, ENGAGEMENT_TOO_NEW, ENGAGEMENT_DAMAGED, ENGAGEMENT_READ_ONLY (it is
 * of an older version and cannot be written), ENGAGEMENT_FULL (no room for the copy)
 */
export function openEngagement(path: string, options: OpenOptions): EngagementFile {
  const whole = find(path);
  const lock = options.readOnly === true ? null : takeLock(whole);
  try {
    return lock === null ? openForReading(whole, options) : openForWriting(whole, lock, options);
  } catch (error) {
    throw explain(error, whole);
  }
}

/** One name for the file whatever links lead to it: the lock goes by it. */
function find(path: string): string {
  try {
    const whole = realpathSync(path);
    const { size, isFile } = describe(whole);
    // SQLite takes an empty file for a database.
    if (!isFile || size === 0) throw notAnEngagement(path);
    return whole;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined || error instanceof IronliftError) throw error;
    throw new IronliftError('ENGAGEMENT_NOT_FOUND', `There is no engagement file ${basename(path)}.`, {
      next: 'Check the name and the folder, or make a new engagement.',
      data: { path, code },
      cause: error,
    });
  }
}

function describe(path: string): { size: number; isFile: boolean } {
  const stats = statSync(path);
  return { size: stats.size, isFile: stats.isFile() };
}

function openForWriting(path: string, lock: Lock, options: OpenOptions): EngagementFile {
  const { migrations = allMigrations, now } = options;
  let database: Database.Database | undefined;
  try {
    const everyPage = wasLeftOpen(path) || statSync(path).size <= WHOLE_CHECK_LIMIT;
    const opened = connectForWriting(path, (one) => versionOf(one, path, migrations.length));
    database = opened.database;
    const version = opened.checked;
    checkWhole(database, path, migrations.slice(0, version), everyPage);
    if (version < migrations.length) {
      backUp(database, path, migrations.length);
      migrate(database, version, migrations, now());
    }
    return new SqliteEngagement(path, database, lock);
  } catch (error) {
    if (database !== undefined) disconnect(database, true);
    lock.release();
    // The folder can be written, the file cannot.
    if (systemErrorCode(error)?.startsWith('SQLITE_READONLY') === true) return openForReading(path, options);
    throw error;
  }
}

/** To bring it to the newest is to write. */
const olderVersion = (path: string, version: number): IronliftError =>
  new IronliftError(
    'ENGAGEMENT_READ_ONLY',
    `${basename(path)} was made by an older Ironlift, and has to be brought to the newest version before it can be read.`,
    {
      next: 'Open it once where it can be written, or copy it to a folder in which you may write; a copy as it was is kept beside it.',
      data: { path, olderVersion: version },
    },
  );

function openForReading(path: string, { migrations = allMigrations }: OpenOptions): EngagementFile {
  const everyPage = statSync(path).size <= WHOLE_CHECK_LIMIT;
  let database = connect(path, true);
  try {
    let version: number;
    try {
      version = versionOf(database, path, migrations.length);
    } catch (error) {
      if (!/^SQLITE_(CANTOPEN|READONLY)/u.test(systemErrorCode(error) ?? '')) throw error;
      database.close();
      database = connectUnchanging(path);
      version = versionOf(database, path, migrations.length);
    }
    checkWhole(database, path, migrations.slice(0, version), everyPage);
    if (version < migrations.length) throw olderVersion(path, version);
    return new SqliteEngagement(path, database, null);
  } catch (error) {
    database.close();
    throw error;
  }
}
