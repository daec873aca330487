import type { Migration } from './migration.ts';

/** What people say of servers, what was computed from samples, and documents (planning.ts). */
export const planningSchema: Migration = {
  name: 'annotations, demand profiles, documents',
  sql: `
CREATE TABLE annotation (
  server INTEGER PRIMARY KEY REFERENCES server (id) ON DELETE CASCADE,
  -- model/annotations.ts, JSON.
  data TEXT NOT NULL,
  -- Sentences, a JSON list: what was left of two that were merged.
  remarks TEXT NOT NULL DEFAULT '[]'
) STRICT;

-- There is none where samples, an inventory or another server came since.
CREATE TABLE demand_profile (
  server INTEGER PRIMARY KEY REFERENCES server (id) ON DELETE CASCADE,
  -- CRC-32C of the data.
  checksum INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE document (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  changed_at REAL NOT NULL,
  -- SHA-256 of what it was computed from; NULL for what people wrote.
  inputs TEXT,
  -- JSON packed by zlib.
  data BLOB NOT NULL,
  UNIQUE (kind, name)
) STRICT;
`,
};
