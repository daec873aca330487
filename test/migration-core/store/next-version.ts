/** The schema as it could be one version later: a table more, a column more, and much to write. */
import { migrations } from '../../../migration-core/store/migrations/table.ts';
import type { Migration } from '../../../migration-core/store/migrations/migration.ts';

export const nextVersion: readonly Migration[] = [
  ...migrations,
  {
    name: 'a test',
    sql: `
CREATE TABLE note (id INTEGER PRIMARY KEY, server INTEGER NOT NULL REFERENCES server (id), text TEXT NOT NULL) STRICT;
ALTER TABLE server ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';
INSERT INTO note (server, text) SELECT server.id, hex(data) FROM server, chunk, (VALUES (1), (2), (3), (4), (5), (6), (7), (8));
`,
  },
];
