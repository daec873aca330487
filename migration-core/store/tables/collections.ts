/** Where everything came from, and what of it could not be used. */
import type { Database, Statement } from 'better-sqlite3';
import type { CollectionCounts, CollectionProblem, CollectionRecord } from '../engagement.ts';

/** Of each collection, with their text; all are counted. */
export const MAX_PROBLEMS = 1000;
const MAX_EXCERPT = 200;
/** A sentence; what is longer quotes a stranger at length. */
const MAX_MESSAGE = 1000;

type Row = Omit<CollectionRecord, 'counts'> & CollectionCounts;
type ProblemRow = Omit<CollectionProblem, 'excerpt'> & { excerpt: string | null };

export class CollectionTable {
  readonly #begin: Statement<[string, string, string | null, number]>;
  readonly #count: Statement<CollectionCounts & { id: number }>;
  readonly #finish: Statement<[number, number]>;
  readonly #all: Statement<[], Row>;
  readonly #kept: Statement<[number], { kept: number }>;
  readonly #addProblem: Statement<[number, number, string, string, string | null]>;
  readonly #countProblems: Statement<[number, number]>;
  readonly #problems: Statement<[number], ProblemRow>;

  constructor(database: Database) {
    this.#begin = database.prepare(
      'INSERT INTO collection (collector, source, digest, started_at) VALUES (?, ?, ?, ?)',
    );
    this.#count = database.prepare(
      `UPDATE collection SET servers = :servers, samples = :samples, repeated = :repeated, inventories = :inventories,
        problems = max(problems, :problems) WHERE id = :id`,
    );
    this.#finish = database.prepare('UPDATE collection SET finished_at = ? WHERE id = ?');
    this.#all = database.prepare(
      `SELECT id, collector, source, digest, started_at AS startedAt, finished_at AS finishedAt,
        servers, samples, repeated, inventories, problems FROM collection ORDER BY id`,
    );
    this.#kept = database.prepare('SELECT count(*) AS kept FROM problem WHERE collection = ?');
    this.#addProblem = database.prepare(
      'INSERT INTO problem (collection, at, unit, message, excerpt) VALUES (?, ?, ?, ?, ?)',
    );
    this.#countProblems = database.prepare('UPDATE collection SET problems = problems + ? WHERE id = ?');
    this.#problems = database.prepare(
      'SELECT at, unit, message, excerpt FROM problem WHERE collection = ? ORDER BY id',
    );
  }

  begin(about: { collector: string; source: string; digest: string | null; startedAt: number }): number {
    const { collector, source, digest, startedAt } = about;
    return Number(this.#begin.run(collector, source, digest, startedAt).lastInsertRowid);
  }

  count(id: number, counts: CollectionCounts): void {
    this.#count.run({ ...counts, id });
  }

  finish(id: number, finishedAt: number): void {
    this.#finish.run(finishedAt, id);
  }

  all(): CollectionRecord[] {
    return this.#all.all().map(({ servers, samples, repeated, inventories, problems, ...record }) => ({
      ...record,
      counts: { servers, samples, repeated, inventories, problems },
    }));
  }

  addProblems(id: number, problems: readonly CollectionProblem[]): void {
    const room = MAX_PROBLEMS - this.#kept.get(id)!.kept;
    for (const { at, unit, message, excerpt } of problems.slice(0, Math.max(0, room)))
      this.#addProblem.run(
        id,
        at,
        unit,
        message.slice(0, MAX_MESSAGE),
        excerpt?.slice(0, MAX_EXCERPT) ?? null,
      );
    this.#countProblems.run(problems.filter(({ at }) => at > 0).length, id);
  }

  problems(collection: number): CollectionProblem[] {
    return this.#problems
      .all(collection)
      .map(({ excerpt, ...problem }) => ({ ...problem, ...(excerpt === null ? {} : { excerpt }) }));
  }
}
