/** From the version of a file to the newest, all steps in one transaction, after a copy was made beside it. */
import type { Database } from 'better-sqlite3';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { APPLICATION_ID } from './check.ts';
import type { Migration } from './migrations/migration.ts';

/** Runs the steps after `version`; with all of it the file is of the newest version, or nothing has changed. */
export function migrate(
  database: Database,
  version: number,
  migrations: readonly Migration[],
  now: number,
): void {
  // A step may make a table anew; what refers to it is checked at the end.
  database.pragma('foreign_keys = OFF');
  database.exec('BEGIN EXCLUSIVE');
  try {
    for (const { sql } of migrations.slice(version)) database.exec(sql);
    const note = database.prepare('INSERT INTO migration (version, at) VALUES (?, ?)');
    for (let made = version + 1; made <= migrations.length; made++) note.run(made, now);
    const orphans = database.pragma('foreign_key_check') as unknown[];
    if (orphans.length > 0)
      throw new Error(`Migration from version ${version} leaves ${orphans.length} orphans.`);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
  database.pragma('foreign_keys = ON');
}

/**
 * A copy of the file as it is, `NAME.before-vN`, whole and synced before this returns. An older copy of that name stays;
 * the new one gets a number.
 * @returns its path
 */
export function backUp(database: Database, path: string, newVersion: number): string {
  let copy = `${path}.before-v${newVersion}`;
  for (let number = 2; existsSync(copy); number++) copy = `${path}.before-v${newVersion}-${number}`;
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  try {
    database.prepare('VACUUM INTO ?').run(partial);
    sync(partial, 'r+');
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  renameSync(partial, copy);
  syncFolder(dirname(copy));
  return copy;
}

function sync(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** So that a new name is not lost with the power; Windows has no such call and needs none. */
export function syncFolder(path: string): void {
  if (process.platform !== 'win32') sync(path, 'r');
}
