/** Documents by kind and name: JSON packed by zlib, for an assessment of ten thousand servers is long. */
import { deflateSync, inflateSync } from 'node:zlib';
import type { Database, Statement } from 'better-sqlite3';
import { IronliftError } from '../../base/errors.ts';
import { damaged } from '../damaged.ts';
import type { DocumentInfo, DocumentKind } from '../planning.ts';

const DOCUMENT = 'A document in the engagement file is';
/** Unpacked. Ten thousand servers with 10 KB of reasons each are 100 MB; Node's longest text is twice this. */
const MAX_JSON_BYTES = 256 << 20;
const MAX_PACKED_BYTES = 64 << 20;
/** Characters of a name. */
const MAX_NAME = 200;

export class DocumentTable {
  readonly #get: Statement<[string, string], { data: Uint8Array | null }>;
  readonly #put: Statement<[string, string, number, string | null, Uint8Array]>;
  readonly #remove: Statement<[string, string]>;
  readonly #removeComputed: Statement<[]>;
  readonly #all: Statement<[string], DocumentInfo>;

  constructor(database: Database) {
    this.#get = database.prepare(
      `SELECT iif(length(data) <= ${MAX_PACKED_BYTES}, data, NULL) AS data FROM document WHERE kind = ? AND name = ?`,
    );
    this.#put = database.prepare(
      `INSERT INTO document (kind, name, changed_at, inputs, data) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (kind, name) DO UPDATE SET
        changed_at = excluded.changed_at, inputs = excluded.inputs, data = excluded.data`,
    );
    this.#remove = database.prepare('DELETE FROM document WHERE kind = ? AND name = ?');
    this.#removeComputed = database.prepare('DELETE FROM document WHERE inputs IS NOT NULL');
    this.#all = database.prepare(
      'SELECT name, changed_at AS changedAt, inputs FROM document WHERE kind = ? ORDER BY name',
    );
  }

  get(kind: DocumentKind, name: string): unknown {
    const row = this.#get.get(kind, name);
    if (row === undefined) return null;
    if (row.data === null) throw damaged(DOCUMENT, 'it is too long', { kind, name });
    let text: string;
    try {
      text = inflateSync(row.data, { maxOutputLength: MAX_JSON_BYTES }).toString();
    } catch {
      throw damaged(DOCUMENT, 'it cannot be unpacked', { kind, name });
    }
    try {
      return JSON.parse(text);
    } catch {
      throw damaged(DOCUMENT, 'it is no JSON', { kind, name });
    }
  }

  /** @throws USAGE for a name that is empty or too long, INTERNAL for a value that is too long or no JSON */
  put(
    kind: DocumentKind,
    name: string,
    value: unknown,
    { inputs, changedAt }: Omit<DocumentInfo, 'name'>,
  ): void {
    if (name === '' || name.length > MAX_NAME)
      throw new IronliftError('USAGE', `A name has 1 to ${MAX_NAME} characters, this one ${name.length}.`, {
        next: 'Choose another name.',
      });
    this.#put.run(kind, name, changedAt, inputs, packed(value));
  }

  remove(kind: DocumentKind, name: string): void {
    this.#remove.run(kind, name);
  }

  removeComputed(): void {
    this.#removeComputed.run();
  }

  all(kind: DocumentKind): DocumentInfo[] {
    return this.#all.all(kind);
  }
}

function packed(value: unknown): Uint8Array {
  // Undefined and functions are no JSON, whatever the type of the library says.
  const text = JSON.stringify(value) as string | undefined;
  if (text !== undefined) {
    const bytes = Buffer.from(text);
    const data = bytes.length <= MAX_JSON_BYTES ? deflateSync(bytes) : bytes;
    if (data.length <= MAX_PACKED_BYTES) return data;
  }
  throw new IronliftError('INTERNAL', 'A document is too long to be kept, or is none.', {
    next: 'Report this; nothing of it was kept.',
  });
}
