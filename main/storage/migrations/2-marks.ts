import type { Migration } from './migration.ts';

/** What a person adds to a run: tags, notes, whether it is pinned or put away. */
export const marks: Migration = {
  version: 2,
  sql: `
    ALTER TABLE runs ADD COLUMN notes TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));
    ALTER TABLE runs ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1));

    CREATE TABLE run_tags (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      tag TEXT NOT NULL,
      PRIMARY KEY (run_id, position)
    ) STRICT;
    CREATE INDEX run_tags_by_tag ON run_tags (tag);
  `,
};
