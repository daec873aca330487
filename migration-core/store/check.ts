/** Is it an engagement file, of a version that is known, and whole? */
import Database from 'better-sqlite3';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { damaged } from './damaged.ts';
import type { Migration } from './migrations/migration.ts';

/** "Iron" in the header of the file (SQLite file format 1.3.17). */
export const APPLICATION_ID = 0x49726f6e;

/**
 * Bytes up to which every page is read when the file is opened. `quick_check` takes 2 ms for each MiB in the page cache
 * (71 MiB: 153 ms; `integrity_check`, which compares indexes too: 218 ms), and a stick gives 30 MiB in a second: 128 MiB,
 * 35 million samples, are four seconds at worst. Larger files are read whole only when the one who wrote them last was
 * killed (a log is beside them); else all tables (1 ms) but those of measurements, inventories and what was computed, whose
 * blobs have checksums of their own and are checked when they are read.
 */
export const WHOLE_CHECK_LIMIT = 128 << 20;
const BULK_TABLES = new Set(['chunk', 'inventory', 'rollup', 'demand_profile', 'document']);

export const notAnEngagement = (path: string, cause?: unknown): IronliftError =>
  new IronliftError('NOT_AN_ENGAGEMENT', `${basename(path)} is not an engagement file of Ironlift.`, {
    next: 'Choose a file that Ironlift has made; files of other tools are imported with `ironlift collect import`.',
    data: { path },
    cause,
  });

/** @returns the version of its schema. @throws NOT_AN_ENGAGEMENT, ENGAGEMENT_TOO_NEW */
export function versionOf(database: Database.Database, path: string, newest: number): number {
  let id: unknown;
  let version: unknown;
  try {
    id = database.pragma('application_id', { simple: true });
    version = database.pragma('user_version', { simple: true });
  } catch (error) {
    if (systemErrorCode(error) === 'SQLITE_NOTADB') throw notAnEngagement(path, error);
    throw error;
  }
  if (id !== APPLICATION_ID || typeof version !== 'number' || version < 1) throw notAnEngagement(path);
  if (version > newest)
    throw new IronliftError(
      'ENGAGEMENT_TOO_NEW',
      `${basename(path)} was written by a newer Ironlift: it has version ${version}, and this program knows versions up to ${newest}.`,
      { next: 'Open it with the newer program, or install that one here.', data: { path, version, newest } },
    );
  return version;
}

/** Whether a writer was killed: what it committed last is beside the file, not in it. Asked before it is opened. */
export const wasLeftOpen = (path: string): boolean =>
  ['-wal', '-journal'].some((end) => (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0) > 0);

/** @throws ENGAGEMENT_DAMAGED unless it has exactly the tables of its version and its pages are in order */
export function checkWhole(
  database: Database.Database,
  path: string,
  migrations: readonly Migration[],
  everyPage: boolean,
): void {
  const what = `The engagement file ${basename(path)} is`;
  const expected = schemaOf(migrations);
  const found = readSchema(database);
  // Also keeps triggers and views of strangers out.
  if (found.length !== expected.length || found.some((sql, at) => sql !== expected[at]))
    throw damaged(what, 'its tables are not those of its version', { path });
  const tables = everyPage
    ? [undefined]
    : database
        .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .pluck()
        .all()
        .filter((name) => !BULK_TABLES.has(name) && !name.startsWith('sqlite_'));
  for (const table of tables) {
    const argument = table === undefined ? '10' : `"${table}"`;
    const answers = database.pragma(`quick_check(${argument})`) as { quick_check: string }[];
    const faults = answers.map(({ quick_check: answer }) => answer).filter((answer) => answer !== 'ok');
    if (faults.length > 0)
      throw damaged(what, 'its pages contradict each other', { path, faults: faults.slice(0, 10) });
  }
}

function readSchema(database: Database.Database): string[] {
  return database
    .prepare<[], string>(
      `SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema
       WHERE name NOT LIKE 'sqlite!_stat%' ESCAPE '!' ORDER BY type, name`,
    )
    .pluck()
    .all();
}

/** What the migrations make of nothing. */
function schemaOf(migrations: readonly Migration[]): string[] {
  const database = new Database(':memory:');
  try {
    for (const { sql } of migrations) database.exec(sql);
    return readSchema(database);
  } finally {
    database.close();
  }
}
