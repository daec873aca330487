/** What people say of servers. */
import type { Database, Statement } from 'better-sqlite3';
import { z } from 'zod';
import { IronliftError } from '../../base/errors.ts';
import { damaged } from '../damaged.ts';
import { parseJson } from '../json.ts';
import { serverAnnotations, type ServerAnnotations } from '../model/annotations.ts';

const ANNOTATIONS = 'What was said of a server in the engagement file is';
/** Characters. The longest lists that the model allows come to three million; what is longer is not read into memory. */
const MAX_JSON = 8 << 20;
/** Of one server; each is of a merge, and nobody merges more often. */
const MAX_REMARKS = 100;
/** Characters of a value in a remark. */
const SHOWN = 100;

interface Row {
  data: string | null;
  remarks: string | null;
}

export class AnnotationTable {
  readonly #get: Statement<[number], Row>;
  readonly #put: Statement<[number, string, string]>;
  readonly #remove: Statement<[number]>;

  constructor(database: Database) {
    this.#get = database.prepare(
      `SELECT iif(length(data) <= ${MAX_JSON}, data, NULL) AS data,
        iif(length(remarks) <= ${MAX_JSON}, remarks, NULL) AS remarks FROM annotation WHERE server = ?`,
    );
    this.#put = database.prepare(
      `INSERT INTO annotation (server, data, remarks) VALUES (?, ?, ?)
       ON CONFLICT (server) DO UPDATE SET data = excluded.data, remarks = excluded.remarks`,
    );
    this.#remove = database.prepare('DELETE FROM annotation WHERE server = ?');
  }

  get(server: number): ServerAnnotations {
    return this.#read(server).annotations;
  }

  remarks(server: number): string[] {
    return this.#read(server).remarks;
  }

  /** Whoever says all of it anew has seen what was remarked. @throws USAGE where it is not what the model allows */
  put(server: number, annotations: ServerAnnotations): void {
    const parsed = serverAnnotations.safeParse(annotations);
    if (!parsed.success)
      throw new IronliftError('USAGE', `That cannot be said of a server: ${z.prettifyError(parsed.error)}.`, {
        next: 'Correct it, and save it again.',
      });
    this.#keep(server, parsed.data, []);
  }

  #keep(server: number, annotations: ServerAnnotations, remarks: readonly string[]): void {
    if (Object.keys(annotations).length === 0 && remarks.length === 0) this.#remove.run(server);
    else this.#put.run(server, JSON.stringify(annotations), JSON.stringify(remarks.slice(-MAX_REMARKS)));
  }

  /** What was said of one that turned out to be the other: what the other has of its own stays. */
  move(from: number, into: number, fromName: string): void {
    const moved = this.#read(from);
    const there = this.#read(into);
    const remarks = [...there.remarks, ...moved.remarks];
    for (const [key, value] of Object.entries(moved.annotations)) {
      const own = (there.annotations as Record<string, unknown>)[key];
      if (own !== undefined && JSON.stringify(own) !== JSON.stringify(value))
        remarks.push(
          `${fromName} turned out to be this server; of it was said: ${key} ${shown(value)}. Kept is what was said of this one: ${shown(own)}.`,
        );
    }
    if (Object.keys(moved.annotations).length + remarks.length > 0)
      this.#keep(into, { ...moved.annotations, ...there.annotations }, remarks);
  }

  #read(server: number): { annotations: ServerAnnotations; remarks: string[] } {
    const row = this.#get.get(server);
    if (row === undefined) return { annotations: {}, remarks: [] };
    if (row.data === null || row.remarks === null) throw damaged(ANNOTATIONS, 'it is too long');
    return {
      annotations: parseJson(serverAnnotations, row.data, ANNOTATIONS),
      remarks: parseJson(z.array(z.string()).max(MAX_REMARKS), row.remarks, ANNOTATIONS),
    };
  }
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 1)}…`;
};
