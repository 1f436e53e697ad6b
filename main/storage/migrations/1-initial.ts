import type { Migration } from './migration.ts';

/** Runs and what they were made from. A parent may be unknown here: forgotten, or made on another machine. */
export const initial: Migration = {
  version: 1,
  sql: `
    CREATE TABLE runs (
      id TEXT PRIMARY KEY NOT NULL,
      kind TEXT NOT NULL,
      status TEXT NOT NULL,
      title TEXT NOT NULL,
      folder TEXT NOT NULL,
      spec TEXT NOT NULL CHECK (json_valid(spec)),
      metrics TEXT NOT NULL CHECK (json_valid(metrics)),
      timings TEXT NOT NULL CHECK (json_valid(timings)),
      engine TEXT,
      versions TEXT NOT NULL CHECK (json_valid(versions)),
      error TEXT CHECK (error IS NULL OR json_valid(error)),
      created_at TEXT NOT NULL,
      started_at TEXT,
      ended_at TEXT,
      host_pid INTEGER,
      host_started TEXT
    ) STRICT;
    CREATE INDEX runs_by_creation ON runs (created_at);
    CREATE INDEX runs_by_folder ON runs (folder);
    CREATE INDEX runs_by_status ON runs (status);

    CREATE TABLE run_parents (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      parent_id TEXT NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT;
    CREATE INDEX run_parents_by_parent ON run_parents (parent_id);
  `,
};
