/**
 * One writer at a time. SQLite itself lets writers of several programs take turns; here the second one is to know at once
 * that it may only read. The lock is an exclusive transaction on an empty second database beside the file,
 * `NAME.ironlift-lock`: the operating system releases it when the process ends, however it ends, on Windows and on the
 * file systems of USB sticks too, and SQLite knows how to take it there.
 *
 * The file itself must never be opened with node:fs while SQLite has it open in this process: closing it there gives up
 * all POSIX locks of the process on it (https://sqlite.org/howtocorrupt.html 2.2).
 */
import Database from 'better-sqlite3';
import { existsSync, rmSync } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';

export const lockPath = (path: string): string => `${path}-lock`;

export interface Lock {
  /** Once. */
  release(): void;
}

const ATTEMPTS = 5;

/** The lock, or null where another process or thread has it or nothing can be written there. */
export function takeLock(path: string): Lock | null {
  const file = lockPath(path);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const database = tryLock(file);
    if (database === null) return null;
    // Whoever had it before may have removed the file between our opening and our locking it.
    if (existsSync(file)) return { release: () => releaseLock(file, database) };
    database.close();
  }
  return null;
}

function tryLock(file: string): Database.Database | null {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: 0 });
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if (systemErrorCode(error)?.startsWith('SQLITE_') === true || error instanceof TypeError) return null;
    throw error;
  }
}

function releaseLock(file: string, database: Database.Database): void {
  // Removed while it is still held, so that nobody locks a file that is about to go; Windows does not allow that.
  const remove = (): void => {
    try {
      rmSync(file, { force: true });
    } catch {
      // Stays as an empty file that the next writer takes.
    }
  };
  if (process.platform !== 'win32') remove();
  database.close();
  if (process.platform === 'win32') remove();
}
