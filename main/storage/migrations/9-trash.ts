import type { Migration } from './migration.ts';

/**
 * Locks of runs and experiments, and the trash. What is in the trash has its rows here and no longer in `runs` and
 * `experiments`, so that nothing has to leave it out. `place` is where its folder lies; null if it had none. `step` says
 * what is being done to it and `host_pid` by whom: a process that was killed leaves the step to the next start.
 */
export const trash: Migration = {
  version: 9,
  sql: `
    ALTER TABLE runs ADD COLUMN locked INTEGER CHECK (locked IN (0, 1));
    ALTER TABLE experiments ADD COLUMN locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1));

    CREATE TABLE trash (
      id TEXT PRIMARY KEY NOT NULL,
      what TEXT NOT NULL,
      name TEXT NOT NULL,
      folder TEXT NOT NULL,
      place TEXT,
      kept TEXT NOT NULL CHECK (json_valid(kept)),
      trashed_at TEXT NOT NULL,
      bytes INTEGER,
      step TEXT NOT NULL CHECK (step IN ('moving', 'there', 'restoring', 'deleting')),
      target TEXT,
      host_pid INTEGER,
      host_started TEXT
    ) STRICT;
    CREATE INDEX trash_by_folder ON trash (folder);

    CREATE TABLE trashed_runs (
      trash_id TEXT NOT NULL REFERENCES trash (id) ON DELETE CASCADE,
      run_id TEXT NOT NULL,
      record TEXT,
      PRIMARY KEY (trash_id, run_id)
    ) STRICT;
    CREATE INDEX trashed_runs_by_run ON trashed_runs (run_id);
  `,
};
