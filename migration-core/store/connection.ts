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
 * A connection whose committed transactions are durable while others read: a write-ahead log that is synced with every
 * commit, so that a stick that is pulled loses nothing. Where the shared memory for it cannot be had (network drives), a
 * rollback journal, whose removal is synced too.
 * @param check reads first, and throws where the file is not to be touched
 */
export function connectForWriting<T>(
  path: string,
  check: (database: Database.Database) => T,
): { database: Database.Database; checked: T } {
  try {
    return using(path, (database) => {
      const checked = check(database);
      const isLog = database.pragma('journal_mode = WAL', { simple: true }) === 'wal';
      makeDurable(database, isLog ? 'FULL' : 'EXTRA');
      return { database, checked };
    });
  } catch (error) {
    if (!/^SQLITE_(CANTOPEN|IOERR_SHM|PROTOCOL)/u.test(systemErrorCode(error) ?? '')) throw error;
  }
  // In exclusive mode the index of a log is in memory: it can be read once more, and left behind.
  using(path, (database) => {
    database.pragma('locking_mode = EXCLUSIVE');
    check(database);
    database.pragma('journal_mode = DELETE');
    return { database };
  }).database.close();
  return using(path, (database) => {
    const checked = check(database);
    makeDurable(database, 'EXTRA');
    return { database, checked };
  });
}

function makeDurable(database: Database.Database, synchronous: 'FULL' | 'EXTRA'): void {
  database.pragma(`synchronous = ${synchronous}`);
  database.pragma(`journal_size_limit = ${LOG_LIMIT}`);
  // Shared memory is opened by the first transaction; so is what cannot be written.
  database.exec('BEGIN IMMEDIATE; ROLLBACK');
}

/** Closes the connection where the work fails. */
function using<T>(path: string, work: (database: Database.Database) => T): T {
  const database = connect(path, false);
  try {
    return work(database);
  } catch (error) {
    database.close();
    throw error;
  }
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
