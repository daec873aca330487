/** Connections to an engagement file: what SQLite is told about safety. */
import Database from 'better-sqlite3';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IronliftError, systemErrorCode } from '../base/errors.ts';

/** Milliseconds to wait for another connection: longer than any of our transactions on a slow stick. */
const BUSY_TIMEOUT = 10_000;
/** Bytes that the write-ahead log may keep after a long import. */
const LOG_LIMIT = 16 << 20;

/** Nothing is read or written before the first statement; so a file that is none of ours stays as it is. */
export function connect(path: string, readonly: boolean): Database.Database {
  const database = new Database(path, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT });
  try {
    // What the schema of a stranger's file wants to run, does not run.
    database.pragma('trusted_schema = OFF');
    database.pragma('cell_size_check = ON');
    database.pragma('foreign_keys = ON');
    if (readonly) database.pragma('query_only = ON');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * A connection for reading where the folder cannot be written: SQLite's log of a writer that was killed needs its index
 * beside it. Without such a log the file can be read as one that does not change.
 * @throws ENGAGEMENT_READ_ONLY where changes wait in the log
 */
export function connectUnchanging(path: string): Database.Database {
  for (const end of ['-wal', '-journal']) {
    if ((statSync(path + end, { throwIfNoEntry: false })?.size ?? 0) > 0)
      throw new IronliftError(
        'ENGAGEMENT_READ_ONLY',
        `The last changes of ${basename(path)} wait in ${basename(path)}${end}, and nothing can be written there.`,
        { next: 'Copy both files to a folder in which you may write, and open the copy.', data: { path } },
      );
  }
  const database = new Database(`${pathToFileURL(path).href}?immutable=1`, { readonly: true });
  database.pragma('trusted_schema = OFF');
  database.pragma('cell_size_check = ON');
  return database;
}

/**
 * Makes committed transactions durable and lets others read meanwhile: a write-ahead log that is synced with every
 * commit, so that a stick that is pulled loses nothing. Where shared memory cannot be had (some network drives), a
 * rollback journal, whose removal is synced too.
 */
export function makeDurable(database: Database.Database): 'wal' | 'delete' {
  try {
    const mode = database.pragma('journal_mode = WAL', { simple: true });
    if (mode === 'wal') {
      database.pragma('synchronous = FULL');
      database.pragma(`journal_size_limit = ${LOG_LIMIT}`);
      // The shared memory is opened by the first transaction, not by the pragma.
      database.exec('BEGIN IMMEDIATE; ROLLBACK');
      return 'wal';
    }
  } catch (error) {
    if (!/^SQLITE_(CANTOPEN|IOERR|PROTOCOL)/u.test(systemErrorCode(error) ?? '')) throw error;
  }
  // Exclusive mode keeps the index of a log in memory, and so can leave it behind.
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('journal_mode = DELETE');
  database.pragma('locking_mode = NORMAL');
  database.pragma('synchronous = EXTRA');
  database.exec('BEGIN IMMEDIATE; ROLLBACK');
  return 'delete';
}

/** Brings everything into the one file. Others that read it meanwhile keep the log beside it until the next time. */
export function disconnect(database: Database.Database, readOnly: boolean): void {
  try {
    if (!readOnly && database.open) {
      database.pragma('busy_timeout = 0');
      database.pragma('wal_checkpoint(TRUNCATE)');
      // Also lets it be read from a medium that cannot be written, for which a log's index cannot be made.
      database.pragma('journal_mode = DELETE');
    }
  } catch {
    // Full, or read by another: what was committed is in the log, and the next one to open it finds it there.
  } finally {
    database.close();
  }
}
