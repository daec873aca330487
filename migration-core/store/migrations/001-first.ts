import type { Migration } from './migration.ts';

/** Times are milliseconds since 1970. Texts of strangers are kept as they came. */
export const firstSchema: Migration = {
  name: 'servers, inventories, measurements, collections',
  sql: `
CREATE TABLE engagement (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  created_at REAL NOT NULL,
  -- Of the site, minutes east of UTC: whose hours a week and a night have.
  utc_offset_minutes INTEGER NOT NULL
) STRICT;

-- Which version of the schema came when.
CREATE TABLE migration (
  version INTEGER PRIMARY KEY,
  at REAL NOT NULL
) STRICT;

CREATE TABLE server (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- model/identity.ts, JSON; first the name, so that a list by name needs no JSON.
  name TEXT NOT NULL,
  identity TEXT NOT NULL,
  first_seen REAL NOT NULL,
  last_seen REAL NOT NULL,
  -- Of the newest inventory that knows it.
  vendor TEXT,
  model TEXT,
  operating_system TEXT,
  cores INTEGER,
  memory_bytes REAL,
  disk_bytes REAL,
  first_sample REAL,
  last_sample REAL,
  -- model/rollup.ts ServerRollup, JSON.
  rollup TEXT
) STRICT;

-- By what a server is known; the name of two servers may be the same.
CREATE TABLE server_key (
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
  PRIMARY KEY (key, value, server)
) STRICT, WITHOUT ROWID;
CREATE INDEX server_key_server ON server_key (server);

-- Servers that turned out to be another one that is known.
CREATE TABLE server_merged (
  id INTEGER PRIMARY KEY,
  into_server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX server_merged_into ON server_merged (into_server);

CREATE TABLE collection (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  collector TEXT NOT NULL,
  source TEXT NOT NULL,
  digest TEXT,
  started_at REAL NOT NULL,
  finished_at REAL,
  servers INTEGER NOT NULL DEFAULT 0,
  samples INTEGER NOT NULL DEFAULT 0,
  repeated INTEGER NOT NULL DEFAULT 0,
  inventories INTEGER NOT NULL DEFAULT 0,
  problems INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE problem (
  id INTEGER PRIMARY KEY,
  collection INTEGER NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
  at REAL NOT NULL,
  unit TEXT NOT NULL,
  message TEXT NOT NULL,
  excerpt TEXT
) STRICT;
CREATE INDEX problem_collection ON problem (collection);

CREATE TABLE inventory (
  id INTEGER PRIMARY KEY,
  server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
  observed_at REAL NOT NULL,
  collection INTEGER NOT NULL REFERENCES collection (id),
  -- model/inventory.ts, JSON packed by zlib.
  data BLOB NOT NULL,
  UNIQUE (server, observed_at, collection)
) STRICT;
CREATE INDEX inventory_collection ON inventory (collection);

CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  server INTEGER NOT NULL REFERENCES server (id) ON DELETE CASCADE,
  metric TEXT NOT NULL,
  instance TEXT NOT NULL,
  samples INTEGER NOT NULL,
  first REAL,
  last REAL,
  -- Seconds: what the tool was told, and what was seen.
  interval_told REAL NOT NULL,
  interval_seen REAL NOT NULL,
  UNIQUE (server, metric, instance)
) STRICT;

-- samples/chunk.ts; chunks of a series do not overlap in time.
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY,
  series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  first REAL NOT NULL,
  last REAL NOT NULL,
  samples INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunk_series_first ON chunk (series, first);

CREATE TABLE rollup (
  series INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE,
  -- model/rollup.ts Rollup without its week, JSON.
  data TEXT NOT NULL,
  -- The 168 hours of the week, one column of samples/column.ts.
  week BLOB NOT NULL
) STRICT;
`,
};
