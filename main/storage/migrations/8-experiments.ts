import type { Migration } from './migration.ts';

/**
 * Experiments, each with the process that works on it, and the runs that fill their cells. A run may fill cells of several, and
 * be gone; a cell is known by the key of what it computes.
 */
export const experiments: Migration = {
  version: 8,
  sql: `
    CREATE TABLE experiments (
      id TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL,
      folder TEXT NOT NULL,
      spec TEXT NOT NULL CHECK (json_valid(spec)),
      runs INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      host_pid INTEGER,
      host_started TEXT
    ) STRICT;
    CREATE UNIQUE INDEX experiments_by_name ON experiments (lower(name));
    CREATE INDEX experiments_by_folder ON experiments (folder);

    CREATE TABLE experiment_runs (
      experiment_id TEXT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      run_id TEXT NOT NULL,
      PRIMARY KEY (experiment_id, key)
    ) STRICT;
    CREATE INDEX experiment_runs_by_key ON experiment_runs (key);
    CREATE INDEX experiment_runs_by_run ON experiment_runs (run_id);
  `,
};
